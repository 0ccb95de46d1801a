//! Orders that come together: a chain's upload at closing time is many orders at one instant.
//!
//! Batches follow the sizes of a table. In each cycle every row comes as often as its weight says,
//! in an order that the seed chooses, so that the distribution is exact over every cycle and any
//! order's batch is found without the others.

use orders::seed::Draws;
use thiserror::Error;

/// Most batches of one cycle, and so what finding one costs.
const CYCLE_MAX: usize = 100;
/// Stream of the run's seed in which cycles are shuffled.
const STREAM: u64 = 0x0062_6174_6368_6573; // "batches"

/// Sizes of batches and how often each comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSizes {
    /// The sizes of one cycle, in the order of the table.
    cycle: Vec<u64>,
    orders_in_cycle: u64,
}

/// A table that is no distribution of sizes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BatchSizesError {
    /// No row.
    #[error("a batch needs at least one row of orders and weight")]
    Empty,
    /// A size or weight of 0.
    #[error("orders and weight of a batch must be at least 1")]
    Zero,
    /// Weights whose smallest whole ratio is too long.
    #[error(
        "the weights of the batches add up to {0} in smallest whole numbers, over 100: use percentages"
    )]
    TooFine(u64),
    /// More orders than can be counted.
    #[error("batches of so many orders cannot be counted")]
    TooLarge,
}

impl BatchSizes {
    /// From rows of (orders in a batch, weight).
    ///
    /// # Errors
    /// If there is no row, a 0, or weights that need more than 100 batches to come out even.
    pub fn new(rows: &[(u64, u32)]) -> Result<Self, BatchSizesError> {
        if rows.is_empty() {
            return Err(BatchSizesError::Empty);
        }
        if rows.iter().any(|(orders, weight)| *orders == 0 || *weight == 0) {
            return Err(BatchSizesError::Zero);
        }
        let divisor = rows.iter().fold(0, |divisor, (_, weight)| gcd(divisor, *weight));
        let batches: u64 = rows.iter().map(|(_, weight)| u64::from(weight / divisor)).sum();
        if batches > CYCLE_MAX as u64 {
            return Err(BatchSizesError::TooFine(batches));
        }
        let times = |weight: u32| (weight / divisor) as usize;
        let cycle: Vec<u64> = rows
            .iter()
            .flat_map(|(orders, weight)| std::iter::repeat_n(*orders, times(*weight)))
            .collect();
        let orders_in_cycle = cycle.iter().try_fold(0_u64, |sum, orders| sum.checked_add(*orders));
        Ok(Self { cycle, orders_in_cycle: orders_in_cycle.ok_or(BatchSizesError::TooLarge)? })
    }

    /// Orders of the largest batch.
    pub fn largest(&self) -> u64 {
        self.cycle.iter().copied().max().unwrap_or(1)
    }

    /// Orders of a batch on average.
    pub fn mean(&self) -> f64 {
        self.orders_in_cycle as f64 / self.cycle.len() as f64
    }

    /// The batch of order `k`; it does not fall with k, and rises by at most 1.
    pub(crate) fn batch_of(&self, seed: u64, k: u64) -> u64 {
        let number = k / self.orders_in_cycle;
        let mut rest = k % self.orders_in_cycle;
        let before = number * self.cycle.len() as u64;
        let sizes = self.shuffled(seed, number);
        for (position, size) in (0..).zip(&sizes[..self.cycle.len()]) {
            if rest < *size {
                return before + position;
            }
            rest -= size;
        }
        before
    }

    /// Cycle `number`, by Fisher and Yates.
    fn shuffled(&self, seed: u64, number: u64) -> [u64; CYCLE_MAX] {
        let mut sizes = [0; CYCLE_MAX];
        sizes[..self.cycle.len()].copy_from_slice(&self.cycle);
        let mut draws = Draws::new(seed, STREAM, number);
        for last in (1..self.cycle.len()).rev() {
            sizes.swap(last, draws.below(last as u64 + 1) as usize);
        }
        sizes
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// How many orders each batch has.
    fn sizes(table: &BatchSizes, seed: u64, orders: u64) -> Vec<u64> {
        let mut sizes = BTreeMap::new();
        (0..orders).for_each(|k| *sizes.entry(table.batch_of(seed, k)).or_insert(0) += 1);
        assert!(sizes.keys().copied().eq(0..sizes.len() as u64));
        sizes.into_values().collect()
    }

    #[test]
    fn every_cycle_has_each_size_as_often_as_its_weight_says() {
        // 7 of 1, 2 of 20 and 1 of 300: 347 orders a cycle.
        let table = BatchSizes::new(&[(1, 70), (20, 20), (300, 10)]).unwrap();
        let sizes = sizes(&table, 5, 2 * 347);
        for cycle in sizes.chunks(10) {
            let mut cycle = cycle.to_vec();
            cycle.sort_unstable();
            assert_eq!(cycle, [1, 1, 1, 1, 1, 1, 1, 20, 20, 300]);
        }
        assert_ne!(sizes[..10], sizes[10..], "both cycles have one order");
        assert_eq!((table.largest(), table.mean()), (300, 34.7));
    }

    #[test]
    fn the_last_batch_is_cut_where_the_orders_end() {
        let table = BatchSizes::new(&[(8, 1)]).unwrap();
        assert_eq!(sizes(&table, 1, 19), [8, 8, 3]);
    }

    #[test]
    fn a_table_that_is_none_says_why() {
        assert_eq!(BatchSizes::new(&[]), Err(BatchSizesError::Empty));
        assert_eq!(BatchSizes::new(&[(0, 1)]), Err(BatchSizesError::Zero));
        assert_eq!(BatchSizes::new(&[(3, 0)]), Err(BatchSizesError::Zero));
        assert!(BatchSizes::new(&[(1, 99), (2, 1)]).is_ok());
        assert_eq!(BatchSizes::new(&[(1, 99), (2, 2)]), Err(BatchSizesError::TooFine(101)));
        assert_eq!(BatchSizes::new(&[(u64::MAX, 1), (1, 1)]), Err(BatchSizesError::TooLarge));
    }

    proptest! {
        #[test]
        fn batches_are_numbered_without_a_gap(
            rows in prop::collection::vec((1_u64..40, 1_u32..9), 1..5), seed: u64, orders in 1_u64..900,
        ) {
            let table = BatchSizes::new(&rows).unwrap();
            prop_assert_eq!(sizes(&table, seed, orders).iter().sum::<u64>(), orders);
        }
    }
}
