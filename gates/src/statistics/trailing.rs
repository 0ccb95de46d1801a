//! Tonight against the nights before: the rule that warns.

use super::{mad, median};

/// The nights that the rule looks back on.
pub(super) const TRAILING_NIGHTS: usize = 14;

/// Where the rule draws its line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trailing {
    /// The median of the nights before.
    pub median: f64,
    /// What is more than this is too much.
    pub limit: f64,
}

/// The line of the last 14 of `before`: their median and the greatest of three
/// median distances from it, `share` of it, and `floor`, in the metric's unit. `None` of nothing.
///
/// A median distance is scaled to the standard deviation of normal nights ([`mad`]). What the rule
/// means in false alarms is simulated in `tests/error_rates.rs`.
pub fn trailing(before: &[f64], share: f64, floor: f64) -> Option<Trailing> {
    let nights = &before[before.len().saturating_sub(TRAILING_NIGHTS)..];
    let median = median(nights)?;
    let room = (3.0 * mad(nights)?).max(share * median.abs()).max(floor);
    Some(Trailing { median, limit: median + room })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_of_spread_share_and_floor_decides() {
        // Median 100, distances 0, 1, 2, 3, 4: 3 MAD = 3 * 1.4826 * 2 = 8.8956.
        let nights = [100.0, 101.0, 98.0, 103.0, 96.0];
        let by_spread = trailing(&nights, 0.05, 1.0).unwrap();
        assert!(by_spread.median == 100.0 && (by_spread.limit - 108.8956).abs() < 1e-4);
        assert_eq!(trailing(&nights, 0.25, 1.0).unwrap().limit, 125.0);
        assert_eq!(trailing(&nights, 0.05, 9.0).unwrap().limit, 109.0);
        assert_eq!(trailing(&[], 0.05, 9.0), None);
    }

    #[test]
    fn only_the_last_fourteen_nights_count() {
        let mut nights = vec![900.0; 30];
        nights.extend([10.0; TRAILING_NIGHTS]);
        assert_eq!(trailing(&nights, 0.05, 0.0).unwrap(), Trailing { median: 10.0, limit: 10.5 });
    }
}
