//! How fast a series rises: the median slope of all pairs, which a fifth of outliers does not move.

use super::median;

/// A line through a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Value per unit of the place.
    pub slope: f64,
    /// The value at place 0.
    pub at_zero: f64,
}

/// The line of Theil and Sen through points (place, value): the median of the slopes of all pairs,
/// and the median of what is left. None of fewer than two places.
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Line> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (position, earlier) in points.iter().enumerate() {
        for later in points[position + 1..].iter().filter(|later| later.0 != earlier.0) {
            slopes.push((later.1 - earlier.1) / (later.0 - earlier.0));
        }
    }
    let slope = median(&slopes)?;
    let rest: Vec<f64> = points.iter().map(|point| point.1 - slope * point.0).collect();
    Some(Line { slope, at_zero: median(&rest)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_the_median_of_the_pairs() {
        // Slopes: 0-1: 3, 0-2: 1, 0-4: 2, 1-2: -1, 1-4: 5/3, 2-4: 3. Median (5/3 + 2)/2 = 11/6.
        // What is left: 1, 4 - 11/6 = 13/6, 3 - 22/6 = -2/3, 9 - 44/6 = 5/3: median (1 + 5/3)/2 = 4/3.
        let line = theil_sen(&[(0.0, 1.0), (1.0, 4.0), (2.0, 3.0), (4.0, 9.0)]).unwrap();
        assert!(
            (line.slope - 11.0 / 6.0).abs() < 1e-12 && (line.at_zero - 4.0 / 3.0).abs() < 1e-12
        );
    }

    #[test]
    fn an_outlier_does_not_turn_the_line() {
        let mut points: Vec<(f64, f64)> =
            (0..20).map(|x| (f64::from(x), 5.0 + 2.0 * f64::from(x))).collect();
        points[19].1 = 9_000.0;
        let line = theil_sen(&points).unwrap();
        assert!((line.slope - 2.0).abs() < 1e-12 && (line.at_zero - 5.0).abs() < 1e-12);
        assert_eq!(theil_sen(&[(1.0, 7.0)]), None);
    }
}
