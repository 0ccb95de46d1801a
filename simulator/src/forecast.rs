//! What a simulation found.

/// Buckets of the time an order takes: 64 a doubling, so a quantile is at most 1.6 % too high.
const BUCKETS_PER_DOUBLING: u32 = 6;

/// What became of the simulated orders.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forecast {
    /// Invocations.
    pub invocations: u64,
    /// Sum of the invocations' durations, µs.
    pub busy_us: u64,
    /// Most orders that waited at the same time.
    pub backlog_max: u64,
    /// When the last order was documented, µs from the start.
    pub ended_us: u64,
    counts: Vec<u64>,
    orders: u64,
    sum_us: u128,
    max_us: u64,
}

impl Forecast {
    /// Orders that went through.
    pub fn orders(&self) -> u64 {
        self.orders
    }

    /// From acceptance to document: the longest, µs.
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// From acceptance to document: the mean, µs; 0 without orders.
    pub fn mean_us(&self) -> f64 {
        self.sum_us as f64 / self.orders.max(1) as f64
    }

    /// From acceptance to document: a quantile, µs, at most 1.6 % too high.
    pub fn quantile_us(&self, quantile: f64) -> u64 {
        let rank = ((quantile * self.orders as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return highest_of(bucket).min(self.max_us);
            }
        }
        self.max_us
    }

    pub(crate) fn saw_backlog(&mut self, waiting: u64) {
        self.backlog_max = self.backlog_max.max(waiting);
    }

    pub(crate) fn order_took(&mut self, us: u64) {
        let bucket = bucket_of(us);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.orders += 1;
        self.sum_us += u128::from(us);
        self.max_us = self.max_us.max(us);
    }

    pub(crate) fn invocation_took(&mut self, us: u64, end: u64) {
        self.invocations += 1;
        self.busy_us += us;
        self.ended_us = self.ended_us.max(end);
    }
}

/// Exact up to 127, then 64 buckets between a power of two and the next.
fn bucket_of(value: u64) -> usize {
    let shift = (63 - (value | 1).leading_zeros()).saturating_sub(BUCKETS_PER_DOUBLING);
    ((u64::from(shift) << BUCKETS_PER_DOUBLING) + (value >> shift)) as usize
}

/// The highest value of a bucket.
fn highest_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket >> BUCKETS_PER_DOUBLING).saturating_sub(1);
    let start = (bucket - (shift << BUCKETS_PER_DOUBLING)) << shift;
    start + (1 << shift) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_of_a_hundred_known_values() {
        let mut forecast = Forecast::default();
        (1..=100).for_each(|us| forecast.order_took(us));
        assert_eq!([0.5, 0.99, 1.0].map(|q| forecast.quantile_us(q)), [50, 99, 100]);
    }

    proptest! {
        #[test]
        fn a_bucket_ends_at_most_one_sixty_fourth_above_its_value(value in 0_u64..1 << 40) {
            let highest = highest_of(bucket_of(value));
            prop_assert!(highest >= value);
            prop_assert!(highest - value <= value / 64);
            prop_assert_eq!(bucket_of(highest), bucket_of(value));
            prop_assert_eq!(bucket_of(highest + 1), bucket_of(value) + 1);
        }
    }
}
