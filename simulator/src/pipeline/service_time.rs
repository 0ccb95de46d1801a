//! How long an invocation takes, drawn from tables of quantiles.

use std::collections::BTreeMap;

use crate::Distribution;
use crate::chance::Chance;

/// Points of a table: one draw is one lookup, and the mean of a lognormal is kept within 0.1 %.
const POINTS: usize = 4_096;
/// Draws behind a table that is made of a distribution.
const DRAWS: usize = 1 << 18;

/// 4,096 equally likely times, µs.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileTable(Vec<u32>);

impl QuantileTable {
    /// Of a distribution: the means of the 4,096 slices of a large sorted sample of a fixed seed.
    pub fn of(distribution: &Distribution) -> Self {
        let (sampler, mut chance) = (distribution.sampler(), Chance::new(0x0074_6162_6c65, 0));
        let mut draws: Vec<f64> = (0..DRAWS).map(|_| sampler.draw(&mut chance)).collect();
        draws.sort_unstable_by(f64::total_cmp);
        let slice = DRAWS / POINTS;
        // The sample's mean is off by chance; a table is used for billions of draws.
        let mean = draws.iter().sum::<f64>() / DRAWS as f64;
        let exact = distribution.mean_s();
        let correction = if mean > 0.0 && exact.is_finite() { exact / mean } else { 1.0 };
        let points = draws.chunks(slice).map(|chunk| {
            let seconds = chunk.iter().sum::<f64>() / chunk.len() as f64 * correction;
            (seconds * 1e6).round() as u32
        });
        Self(points.collect())
    }

    /// Of measured times, µs, at least one: their quantiles.
    pub fn measured(mut times_us: Vec<u64>) -> Self {
        times_us.sort_unstable();
        let last = times_us.len().saturating_sub(1);
        let point = |index: usize| {
            let rank = ((index as f64 + 0.5) / POINTS as f64 * times_us.len() as f64) as usize;
            times_us.get(rank.min(last)).map_or(0, |us| u32::try_from(*us).unwrap_or(u32::MAX))
        };
        Self((0..POINTS).map(point).collect())
    }

    /// Always the same.
    pub fn constant(us: u32) -> Self {
        Self(vec![us; POINTS])
    }

    /// The same with every time multiplied.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self(self.0.iter().map(|us| (f64::from(*us) * factor).round() as u32).collect())
    }

    /// The mean, µs.
    pub fn mean_us(&self) -> f64 {
        self.0.iter().map(|us| f64::from(*us)).sum::<f64>() / self.0.len() as f64
    }

    #[inline]
    pub(crate) fn draw(&self, chance: &mut Chance) -> u64 {
        self.at(chance.bits())
    }

    /// The time at a quantile, whose fraction is given in 64 bits.
    #[inline]
    fn at(&self, fraction: u64) -> u64 {
        u64::from(self.0[(fraction >> 52) as usize & (POINTS - 1)])
    }
}

/// How often each table has been dealt from.
#[derive(Debug)]
pub(crate) struct Dealt {
    counts: BTreeMap<(usize, u64), u64>,
    chance: Chance,
}

impl Dealt {
    pub(crate) fn new(seed: u64) -> Self {
        Self { counts: BTreeMap::new(), chance: Chance::new(seed, 0x6465_616c) }
    }

    /// The next of a table: multiples of the golden ratio, modulo 1, from a random start.
    fn next(&mut self, table: (usize, u64)) -> u64 {
        let chance = &mut self.chance;
        let place = self.counts.entry(table).or_insert_with(|| chance.bits());
        *place = place.wrapping_add(0x9e37_79b9_7f4a_7c15);
        *place
    }
}

/// How long an invocation takes by the number of orders in it.
#[derive(Debug, Clone, PartialEq)]
pub enum ServiceTime {
    /// A fixed part, and for each order a draw.
    Linear {
        /// Whatever the batch, µs.
        invocation_us: u64,
        /// Each order.
        order: QuantileTable,
    },
    /// A measured table for each batch size, from 1 on; the last serves all larger ones.
    ByBatchSize(Vec<QuantileTable>),
    /// The same for each number of invocations at once, from 1 (it alone) on; the last serves all
    /// larger numbers. Where invocations share processors or a database, more take longer.
    ByConcurrency(Vec<Vec<QuantileTable>>),
}

impl ServiceTime {
    /// The same with every time multiplied.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let all = |tables: &[QuantileTable]| -> Vec<QuantileTable> {
            tables.iter().map(|table| table.scaled(factor)).collect()
        };
        match self {
            Self::Linear { invocation_us, order } => Self::Linear {
                invocation_us: (*invocation_us as f64 * factor).round() as u64,
                order: order.scaled(factor),
            },
            Self::ByBatchSize(tables) => Self::ByBatchSize(all(tables)),
            Self::ByConcurrency(rows) => {
                Self::ByConcurrency(rows.iter().map(|tables| all(tables)).collect())
            }
        }
    }

    /// One time, with so many invocations at once, this one included.
    #[inline]
    pub(crate) fn draw(&self, orders: u64, at_once: usize, chance: &mut Chance) -> u64 {
        match self {
            Self::Linear { invocation_us, order } => {
                invocation_us + (0..orders).map(|_| order.draw(chance)).sum::<u64>()
            }
            Self::ByBatchSize(tables) => {
                nth(tables, orders as usize).map_or(0, |table| table.draw(chance))
            }
            Self::ByConcurrency(tables) => nth(tables, at_once)
                .and_then(|tables| nth(tables, orders as usize))
                .map_or(0, |table| table.draw(chance)),
        }
    }

    /// One time as [`Self::draw`] gives, but dealt: the times of one table come in an order that
    /// is spread evenly over its quantiles at any stage. Where the sum of a stretch was measured,
    /// drawing would only add chance to it.
    pub(crate) fn deal(&self, orders: u64, at_once: usize, dealt: &mut Dealt) -> u64 {
        match self {
            Self::Linear { .. } | Self::ByBatchSize(_) => {
                self.draw(orders, at_once, &mut dealt.chance)
            }
            Self::ByConcurrency(tables) => {
                let row = at_once.min(tables.len()).saturating_sub(1);
                nth(tables, at_once)
                    .and_then(|tables| nth(tables, orders as usize))
                    .map_or(0, |table| table.at(dealt.next((row, orders))))
            }
        }
    }

    /// The mean for a batch of this size, µs, with the most invocations at once that there is a
    /// table for.
    pub fn mean_us(&self, orders: u32) -> f64 {
        match self {
            Self::Linear { invocation_us, order } => {
                *invocation_us as f64 + f64::from(orders) * order.mean_us()
            }
            Self::ByBatchSize(tables) => {
                nth(tables, orders as usize).map_or(0.0, QuantileTable::mean_us)
            }
            Self::ByConcurrency(tables) => tables
                .last()
                .and_then(|tables| nth(tables, orders as usize))
                .map_or(0.0, QuantileTable::mean_us),
        }
    }
}

/// The n-th, from 1 on, or the last.
#[inline]
fn nth<T>(all: &[T], n: usize) -> Option<&T> {
    all.get(n.min(all.len()).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_keeps_the_mean_of_its_distribution() {
        let table = QuantileTable::of(&Distribution::Lognormal { mean_s: 0.04, cv2: 0.284 });
        assert!((table.mean_us() / 40_000.0 - 1.0).abs() < 1e-4, "{}", table.mean_us());
        let mut chance = Chance::new(1, 2);
        let mean = (0..1_000_000).map(|_| table.draw(&mut chance)).sum::<u64>() as f64 / 1e6;
        assert!((mean / 40_000.0 - 1.0).abs() < 0.003, "{mean}");
    }

    #[test]
    fn what_is_dealt_has_the_mean_of_its_table_after_few() {
        let table = QuantileTable::measured((1..=4_096).collect());
        let service = ServiceTime::ByConcurrency(vec![vec![table]]);
        for seed in 0..20 {
            let mut dealt = Dealt::new(seed);
            let sum: u64 = (0..34).map(|_| service.deal(1, 1, &mut dealt)).sum();
            // 34 multiples leave gaps of at most 1/21, so the mean is off by at most half of one:
            // 98. Drawn, it would be 2,048 +- 203.
            assert!((sum as f64 / 34.0 - 2_048.5).abs() < 98.0, "seed {seed}: {sum}");
        }
    }

    #[test]
    fn a_measured_table_has_the_quantiles_of_the_measurement() {
        let table = QuantileTable::measured((1..=8_192).collect());
        assert_eq!((table.0[0], table.0[2_047], table.0[4_095]), (2, 4_096, 8_192));
        let by_size = ServiceTime::ByBatchSize(vec![
            QuantileTable::measured(vec![7]),
            QuantileTable::measured(vec![11]),
        ]);
        assert_eq!([1, 2, 9].map(|orders| by_size.mean_us(orders)), [7.0, 11.0, 11.0]);
    }
}
