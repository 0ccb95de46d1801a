//! A rate held for hours, reached and left slowly, so that what grows is a leak and not a start.

use crate::Curve;

impl Curve {
    /// The same rate for `duration_s`, of which the first and the last `ramp_s` lead up to it and
    /// down from it; `ramp_s` is at most half of the duration.
    pub fn soak(duration_s: f64, ramp_s: f64) -> Self {
        let points = [(0.0, 0.0), (ramp_s, 1.0), (duration_s - ramp_s, 1.0), (duration_s, 0.0)];
        if ramp_s > 0.0 { Self::through(&points) } else { Self::constant(duration_s) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramps_have_half_of_what_their_time_would_have() {
        // 10 s of ramp on each side of 80 s: areas 5, 80 and 5.
        let soak = Curve::soak(100.0, 10.0);
        assert!((soak.cumulative(10.0) - 5.0 / 90.0).abs() < 1e-12);
        assert!((soak.cumulative(90.0) - 85.0 / 90.0).abs() < 1e-12);
    }

    #[test]
    fn without_a_ramp_it_is_constant() {
        assert_eq!(Curve::soak(60.0, 0.0), Curve::constant(60.0));
    }
}
