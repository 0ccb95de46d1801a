//! A rate that is held, and then changes at once: a staircase, each stair long enough to see the
//! system settle.
//!
//! ```text
//!  |            *****
//!  |      ******
//!  |******
//!  0
//! ```

use crate::Curve;

impl Curve {
    /// One stair after another, each (relative rate, duration s); at least one rate is above 0.
    pub fn steps(stairs: &[(f64, f64)]) -> Self {
        let mut points = Vec::with_capacity(stairs.len() * 2);
        let mut time_s = 0.0;
        for (rate, duration_s) in stairs {
            points.push((time_s, *rate));
            time_s += duration_s;
            points.push((time_s, *rate));
        }
        Self::through(&points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stair_has_the_share_of_its_area() {
        // 2 x 10, 5 x 30 and 3 x 20: 20, 150 and 60 of 230.
        let stairs = Curve::steps(&[(2.0, 10.0), (5.0, 30.0), (3.0, 20.0)]);
        assert_eq!(stairs.duration_s(), 60.0);
        assert!((stairs.cumulative(10.0) - 20.0 / 230.0).abs() < 1e-12);
        assert!((stairs.cumulative(40.0) - 170.0 / 230.0).abs() < 1e-12);
        assert!((stairs.peak_share_per_s() - 5.0 / 230.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_arrives_on_a_stair_of_rate_zero() {
        let stairs = Curve::steps(&[(1.0, 10.0), (0.0, 10.0), (1.0, 10.0)]);
        for k in 0..1_000 {
            let time = stairs.inverse((f64::from(k) + 0.5) / 1_000.0);
            assert!(!(10.001..19.999).contains(&time), "{time}");
        }
    }
}
