//! A Brazilian business-to-business day: nothing much at night, pharmacies ordering from eight,
//! a dip at lunch, and the chains' uploads after closing time at ten in the evening.
//!
//! ```text
//!  10 |          *
//!   8 |         * * *  ***
//!   6 |        *   * **   **
//!   4 |       *             **  **
//!   2 |      *                **  *
//!   0 |******                      *
//!      0     6     12    18    24 h
//! ```
//! The weights are this project's assumption, with about a tenth of the day in the busiest hour;
//! a real day is to be replayed from a file.

use crate::Curve;

/// Relative rate at each full hour, 0 h to 24 h.
pub(crate) const RATE_AT_HOUR: [f64; 25] = [
    0.6, 0.3, 0.2, 0.2, 0.2, 0.4, 1.0, 2.5, 5.5, 8.5, 10.0, 9.0, 6.0, 6.5, 8.5, 9.0, 9.0, 8.0, 6.0,
    4.0, 3.0, 4.0, 5.0, 2.0, 0.6,
];

impl Curve {
    /// A Brazilian business-to-business day, 24 hours from midnight.
    pub fn business_day() -> Self {
        let points: Vec<_> = RATE_AT_HOUR
            .iter()
            .zip(0_u32..)
            .map(|(rate, hour)| (f64::from(hour) * 3_600.0, *rate))
            .collect();
        Self::through(&points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_hour_has_about_a_tenth_of_the_day() {
        let day = Curve::business_day();
        let hour =
            |from: f64| day.cumulative((from + 1.0) * 3_600.0) - day.cumulative(from * 3_600.0);
        let busiest = (0..24_u32).map(|start| hour(f64::from(start))).fold(0.0, f64::max);
        assert!((0.08..0.11).contains(&busiest), "{busiest}");
    }

    #[test]
    fn the_night_has_arrivals_but_few() {
        let night = Curve::business_day().cumulative(5.0 * 3_600.0);
        assert!((0.005..0.03).contains(&night), "{night}");
    }
}
