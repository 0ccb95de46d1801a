//! A part of a schedule, for one of several machines: every N-th arrival, so that each part has the
//! whole's curve and a part that is lost thins the load evenly.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Part `index` of `of`: the arrivals `index`, `index + of`, `index + 2 of`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    index: u64,
    of: u64,
}

/// Numbers that are no shard.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a shard is written i/N with i from 0 to N - 1, such as 3/8, not {0}")]
pub struct ShardError(String);

impl Shard {
    /// The whole.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Part `index` of `of`, counted from 0.
    ///
    /// # Errors
    /// If there is no such part.
    pub fn new(index: u64, of: u64) -> Result<Self, ShardError> {
        if index < of { Ok(Self { index, of }) } else { Err(ShardError(format!("{index}/{of}"))) }
    }

    /// Which part, from 0.
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many parts there are.
    pub fn of(self) -> u64 {
        self.of
    }

    /// How many of `planned` arrivals are its own.
    pub fn count(self, planned: u64) -> u64 {
        planned.saturating_sub(self.index).div_ceil(self.of)
    }

    /// The arrival of the whole that is its `m`-th.
    pub fn nth(self, m: u64) -> u64 {
        self.index + m * self.of
    }

    /// The place of arrival `k` of the whole among its own; none if it is another's.
    pub fn place_of(self, k: u64) -> Option<u64> {
        (k % self.of == self.index).then(|| k / self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let wrong = || ShardError(text.to_owned());
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let number = |text: &str| text.parse().map_err(|_| wrong());
        Self::new(number(index)?, number(of)?).map_err(|_| wrong())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index, self.of)
    }
}

/// Some of many indices, kept as runs of neighbours: what a machine that died has left to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexRanges {
    /// First index of each run, and how many indices lie in the runs before it.
    runs: Vec<(u64, u64)>,
    count: u64,
}

impl IndexRanges {
    /// From rising indices.
    pub fn of_rising(indices: impl IntoIterator<Item = u64>) -> Self {
        let mut ranges = Self::default();
        for index in indices {
            let follows = ranges.runs.last().is_some_and(|(first, before)| {
                first.checked_add(ranges.count - before) == Some(index)
            });
            if !follows {
                ranges.runs.push((index, ranges.count));
            }
            ranges.count += 1;
        }
        ranges
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The `m`-th of them; the last where there are not so many.
    pub fn nth(&self, m: u64) -> u64 {
        let run = self.runs.partition_point(|(_, before)| *before <= m).saturating_sub(1);
        self.runs.get(run).map_or(0, |(first, before)| first + (m - before))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shard_is_read_as_it_is_written_and_the_last_is_one_less_than_their_number() {
        let shard: Shard = "7/8".parse().unwrap();
        assert_eq!((shard.index(), shard.of(), shard.to_string()), (7, 8, "7/8".to_owned()));
        for wrong in ["8/8", "1", "-1/2", "0/0", "a/b", "1/2/3", ""] {
            let error = wrong.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains("such as 3/8"), "{wrong}: {error}");
        }
    }

    #[test]
    fn ten_arrivals_on_four_machines_are_three_three_two_and_two() {
        let counts: Vec<u64> = (0..4).map(|i| Shard::new(i, 4).unwrap().count(10)).collect();
        assert_eq!(counts, [3, 3, 2, 2]);
        assert_eq!(Shard::new(3, 4).unwrap().count(2), 0);
    }

    proptest! {
        #[test]
        fn every_arrival_is_in_one_shard(planned in 0_u64..300, of in 1_u64..20) {
            let mut seen = vec![0; usize::try_from(planned).unwrap()];
            for index in 0..of {
                let shard = Shard::new(index, of).unwrap();
                for m in 0..shard.count(planned) {
                    let k = shard.nth(m);
                    prop_assert_eq!(shard.place_of(k), Some(m));
                    seen[usize::try_from(k).unwrap()] += 1;
                }
            }
            prop_assert!(seen.iter().all(|times| *times == 1));
        }

        #[test]
        fn ranges_give_back_what_was_put_in(set in prop::collection::btree_set(0_u64..400, 0..120)) {
            let ranges = IndexRanges::of_rising(set.iter().copied());
            let back: Vec<u64> = (0..ranges.len()).map(|m| ranges.nth(m)).collect();
            prop_assert_eq!(back, set.into_iter().collect::<Vec<_>>());
        }
    }
}
