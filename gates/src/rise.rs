//! One series within a run: does it grow?

use crate::LeakLimits;
use crate::statistics::{block_medians, mann_kendall, theil_sen};

/// Fewer medians than this tell no trend.
pub(crate) const BLOCKS_MIN: usize = 8;

/// Blocks of a soak at least, and how long one is at most, s.
const BLOCKS: f64 = 24.0;
const BLOCK_S_MAX: f64 = 1_200.0;

/// How a series goes over a soak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rise {
    /// Where Theil-Sen's line begins, in the series' unit.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// Mann-Kendall's chance of such a rise without a trend.
    pub p: f64,
    /// Medians that were looked at.
    pub blocks: usize,
    /// Whether it counts as a leak.
    pub leaks: bool,
}

/// The length of a block, s: 20 minutes, or a 24th of what is judged where that is less.
pub fn block_s(judged_s: f64) -> f64 {
    (judged_s / BLOCKS).min(BLOCK_S_MAX)
}

/// Examines points (second, value) from second `from` to `to`, by medians of blocks of `block_s`
/// seconds. A rise below `floor`, in the series' unit, is none. `None` with fewer than eight
/// medians.
pub fn rise(
    points: &[(f64, f64)],
    (from, to): (f64, f64),
    block_s: f64,
    limits: &LeakLimits,
    floor: f64,
) -> Option<Rise> {
    let blocks = block_medians(points, from, to, block_s);
    if blocks.len() < BLOCKS_MIN {
        return None;
    }
    let p = mann_kendall(&blocks.iter().map(|block| block.1).collect::<Vec<_>>()).p_rising;
    let line = theil_sen(&blocks)?;
    let at = |second: f64| line.at_zero + line.slope * second;
    let (start, end) = (at(from), at(to));
    let needed = (limits.rise_percent_min / 100.0 * start.abs()).max(floor);
    let leaks = p < limits.p_max && end - start >= needed && end > start;
    Some(Rise { start, end, p, blocks: blocks.len(), leaks })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 24 blocks of 10 s with five points each, rising by `share` of 200 in all, with a wobble.
    fn points(share: f64) -> Vec<(f64, f64)> {
        (0..120)
            .map(|k| {
                (
                    2.0 * f64::from(k),
                    200.0 * (1.0 + share * f64::from(k) / 120.0) + 0.2 * f64::from(k % 3),
                )
            })
            .collect()
    }

    fn of(points: &[(f64, f64)], floor: f64) -> Option<Rise> {
        rise(points, (0.0, 240.0), 10.0, &LeakLimits::default(), floor)
    }

    #[test]
    fn a_certain_rise_is_a_leak_from_three_percent_on() {
        for (share, leaks) in [(0.028, false), (0.032, true)] {
            let rise = of(&points(share), 0.0).unwrap();
            assert!(rise.p < 1e-6, "the rise is certain either way");
            assert_eq!((rise.leaks, rise.blocks), (leaks, 24));
            assert!(((rise.end - rise.start) / 200.0 - share).abs() < 0.002, "{rise:?}");
        }
    }

    #[test]
    fn a_rise_below_the_floor_is_none() {
        assert!(!of(&points(0.032), 7.0).unwrap().leaks);
        assert!(of(&points(0.032), 6.0).unwrap().leaks);
    }

    #[test]
    fn seven_medians_are_too_few() {
        let few: Vec<_> = points(0.5).into_iter().filter(|point| point.0 < 80.0).collect();
        assert_eq!(of(&few, 0.0).unwrap().blocks, 8);
        let fewer: Vec<_> = few.into_iter().filter(|point| point.0 < 70.0).collect();
        assert_eq!(of(&fewer, 0.0), None);
    }

    #[test]
    fn a_block_is_twenty_minutes_or_a_24th() {
        assert_eq!([600.0, 28_800.0, 86_400.0].map(block_s), [25.0, 1_200.0, 1_200.0]);
    }
}
