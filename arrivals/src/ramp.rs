//! A rate that rises or falls in one straight line, to find where a system gives in.
//!
//! ```text
//!  to   |            *
//!       |        *
//!       |    *
//!  from |*
//!       0            duration
//! ```

use crate::Curve;

impl Curve {
    /// From one rate to another over `duration_s`; the rates are relative, and one of them is above
    /// 0.
    pub fn ramp(from: f64, to: f64, duration_s: f64) -> Self {
        Self::through(&[(0.0, from), (duration_s, to)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_to_three_times_the_rate_has_three_eighths_in_its_first_half() {
        // Areas: (1 + 2) / 2 and (2 + 3) / 2 over equal halves.
        let ramp = Curve::ramp(1.0, 3.0, 80.0);
        assert!((ramp.cumulative(40.0) - 0.375).abs() < 1e-12);
        let falling = Curve::ramp(3.0, 1.0, 80.0);
        assert!((falling.cumulative(40.0) - 0.625).abs() < 1e-12);
    }
}
