//! Tails of the normal and of Student's distribution.

use std::f64::consts::SQRT_2;

/// The chance of a standard normal number above `z`.
pub fn normal_above(z: f64) -> f64 {
    0.5 * libm::erfc(z / SQRT_2)
}

/// The chance of a number farther from 0 than `t`, either way, in Student's distribution with this
/// many degrees of freedom: the regularised incomplete beta function I_x(df/2, 1/2) at
/// x = df / (df + t^2) (Abramowitz and Stegun 26.7.1). 1 where `t` or `df` is no number.
pub fn student_two_sided(t: f64, df: f64) -> f64 {
    if t.is_nan() || !df.is_finite() || df <= 0.0 {
        return 1.0;
    }
    if t.is_infinite() {
        return 0.0;
    }
    incomplete_beta(df / 2.0, 0.5, df / (df + t * t))
}

/// I_x(a, b), by the continued fraction on the side where it converges fast (Abramowitz and Stegun
/// 26.5.8; the symmetry is 26.5.2).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let log_front =
        libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * x.ln() + b * (1.0 - x).ln();
    if x < (a + 1.0) / (a + b + 2.0) {
        log_front.exp() * continued_fraction(a, b, x) / a
    } else {
        1.0 - log_front.exp() * continued_fraction(b, a, 1.0 - x) / b
    }
}

/// The continued fraction of the incomplete beta function, by Lentz's method.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const STEPS_MAX: u32 = 500;
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..=STEPS_MAX {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / not_zero(1.0 + even * d);
        c = not_zero(1.0 + even / c);
        fraction *= c * d;
        d = 1.0 / not_zero(1.0 + odd * d);
        c = not_zero(1.0 + odd / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tails_are_those_of_scipy() {
        // scipy 1.16.3: norm.sf(1.96), norm.sf(3.5), norm.sf(-1).
        for (z, p) in [
            (1.96, 0.024997895148220435),
            (3.5, 0.00023262907903552502),
            (-1.0, 0.8413447460685429),
        ] {
            assert!((normal_above(z) - p).abs() < 1e-13, "{z}");
        }
        // scipy: 2 * t.sf(t, df).
        for (t, df, p) in [
            (2.0, 5.0, 0.10193947882985828),
            (4.5, 13.7, 0.0005259484458341449),
            (0.3, 1.0, 0.8144528418445154),
            (12.0, 98.0, 6.000153201837787e-21),
        ] {
            let ours = student_two_sided(t, df);
            assert!((ours - p).abs() < 1e-10 * p, "t {t} df {df}: {ours} and not {p}");
        }
    }

    #[test]
    fn what_is_no_number_is_no_evidence() {
        assert_eq!(student_two_sided(f64::NAN, 8.0), 1.0);
        assert_eq!(student_two_sided(3.0, 0.0), 1.0);
        assert_eq!(student_two_sided(f64::INFINITY, 8.0), 0.0);
    }
}
