//! Arrivals as they once were: the instants of a file, which whoever may read files has read.

use std::sync::Arc;

use thiserror::Error;

/// Pieces into which a replay is cut to say its rate at an instant.
const RATE_PIECES: f64 = 200.0;

/// The instants of real arrivals, as µs from the first: eight bytes each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    offsets_us: Arc<[u64]>,
}

/// Instants that are no replay.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// None at all.
    #[error("no arrival")]
    Empty,
    /// All at the same instant.
    #[error("all {0} arrivals are at the same instant, which has no rate")]
    NoTime(usize),
}

impl Replay {
    /// From instants, µs from any zero, in any order.
    ///
    /// # Errors
    /// If there are none, or several and no time between them.
    pub fn new(mut instants_us: Vec<i64>) -> Result<Self, ReplayError> {
        instants_us.sort_unstable();
        let (Some(first), Some(last)) = (instants_us.first(), instants_us.last()) else {
            return Err(ReplayError::Empty);
        };
        if first == last && instants_us.len() > 1 {
            return Err(ReplayError::NoTime(instants_us.len()));
        }
        let first = *first;
        let offsets_us = instants_us.iter().map(|instant| instant.abs_diff(first)).collect();
        Ok(Self { offsets_us })
    }

    /// How many arrivals there were.
    pub fn arrivals(&self) -> u64 {
        self.offsets_us.len() as u64
    }

    /// From the first arrival to the last, s; a single one has a second.
    pub fn duration_s(&self) -> f64 {
        match self.offsets_us.last() {
            Some(last) if *last > 0 => *last as f64 / 1e6,
            Some(_) | None => 1.0,
        }
    }

    /// When arrival `k` was, s.
    pub(crate) fn at_s(&self, k: u64) -> Option<f64> {
        let k = usize::try_from(k).ok()?;
        self.offsets_us.get(k).map(|us| *us as f64 / 1e6)
    }

    /// The time before which this share of the arrivals lies, s: in a straight line from one
    /// arrival to the next.
    pub(crate) fn inverse(&self, share: f64) -> f64 {
        let position = share * self.arrivals() as f64;
        let last = self.offsets_us.len() - 1;
        let before = (position as usize).min(last);
        let (from, to) = (self.offsets_us[before], self.offsets_us[(before + 1).min(last)]);
        let part = (position - before as f64).clamp(0.0, 1.0);
        (from as f64 + part * (to - from) as f64) / 1e6
    }

    /// The share of the arrivals a second around a time; 0 outside.
    pub(crate) fn share_per_s(&self, time_s: f64) -> f64 {
        let half = self.duration_s() / RATE_PIECES / 2.0;
        let edge = |time: f64| time.clamp(0.0, self.duration_s());
        let (from, to) = (edge(time_s - half), edge(time_s + half));
        if to <= from {
            return 0.0;
        }
        let before = |time: f64| self.offsets_us.partition_point(|us| (*us as f64) < time * 1e6);
        (before(to) - before(from)) as f64 / self.arrivals() as f64 / (to - from)
    }

    /// The largest share that falls into any `window_s`, per second.
    pub(crate) fn peak_share_per_s(&self, window_s: f64) -> f64 {
        let window_us = (window_s * 1e6).max(1.0) as u64;
        let mut from = 0;
        let mut most = 0;
        for (to, us) in self.offsets_us.iter().enumerate() {
            while us - self.offsets_us[from] >= window_us {
                from += 1;
            }
            most = most.max(to + 1 - from);
        }
        most as f64 / self.arrivals() as f64 / window_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(instants_us: &[i64]) -> Replay {
        Replay::new(instants_us.to_vec()).unwrap()
    }

    #[test]
    fn instants_are_sorted_and_counted_from_the_first() {
        let replay = replay(&[5_000_000, -1_000_000, 2_500_000]);
        let at: Vec<_> = (0..4).map(|k| replay.at_s(k)).collect();
        assert_eq!(at, [Some(0.0), Some(3.5), Some(6.0), None]);
        assert_eq!((replay.arrivals(), replay.duration_s()), (3, 6.0));
    }

    #[test]
    fn nothing_and_no_time_are_no_replay() {
        assert_eq!(Replay::new(vec![]), Err(ReplayError::Empty));
        assert_eq!(Replay::new(vec![7, 7, 7]), Err(ReplayError::NoTime(3)));
        assert_eq!(replay(&[7]).duration_s(), 1.0);
    }

    #[test]
    fn the_peak_is_the_fullest_second() {
        // Four arrivals within 0.9 s, three more spread out.
        let replay = replay(&[0, 3_000_000, 3_300_000, 3_600_000, 3_900_000, 6_000_000, 9_000_000]);
        assert!((replay.peak_share_per_s(1.0) - 4.0 / 7.0).abs() < 1e-12);
        // A second apart is not within a second.
        assert!((self::replay(&[0, 1_000_000]).peak_share_per_s(1.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_rate_is_where_the_arrivals_are() {
        let instants: Vec<i64> = (0..1_000).map(|k| k * 1_000).chain([10_000_000]).collect();
        let replay = replay(&instants);
        assert!((replay.share_per_s(0.5) - 1_000.0 / 1_001.0).abs() < 0.05);
        assert_eq!((replay.share_per_s(5.0), replay.share_per_s(11.0)), (0.0, 0.0));
    }
}
