//! A histogram of times with a bounded relative error and bounded memory.

use std::ops::Range;

/// Bits of the fraction that choose a bucket: 2^10 buckets a doubling, each 0.1 % wide.
const FRACTION_BITS: u32 = 10;
/// The smallest value that is told from 0: 2^-34 s, 58 ps.
const SMALLEST_EXPONENT: u64 = 1_023 - 34;
/// The largest: 2^34 s, 544 years.
const LARGEST_EXPONENT: u64 = 1_023 + 34;
const BASE: u64 = SMALLEST_EXPONENT << FRACTION_BITS;
const BUCKETS: usize = ((LARGEST_EXPONENT - SMALLEST_EXPONENT) << FRACTION_BITS) as usize;

/// What is in use of an empty histogram: joined with any range it is that range.
const NO_BUCKETS: Range<usize> = Range { start: BUCKETS, end: 0 };

/// Counts of times in buckets that grow with the time; zero is counted apart.
#[derive(Debug, Clone)]
pub(crate) struct LogHistogram {
    zeros: u64,
    counts: Vec<u32>,
    total: u64,
    /// The buckets in use, so that a nearly empty histogram is cheap to read and to clear.
    used: Range<usize>,
}

impl Default for LogHistogram {
    fn default() -> Self {
        Self { zeros: 0, counts: vec![0; BUCKETS], total: 0, used: NO_BUCKETS }
    }
}

impl LogHistogram {
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        self.total += 1;
        let position = value.to_bits() >> (52 - FRACTION_BITS);
        if value <= 0.0 || position < BASE {
            self.zeros += 1;
            return;
        }
        let bucket = ((position - BASE) as usize).min(BUCKETS - 1);
        self.counts[bucket] += 1;
        self.used.start = self.used.start.min(bucket);
        self.used.end = self.used.end.max(bucket + 1);
    }

    /// Counts what another counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        for bucket in other.used.clone() {
            self.counts[bucket] += other.counts[bucket];
        }
        self.zeros += other.zeros;
        self.total += other.total;
        self.used.start = self.used.start.min(other.used.start);
        self.used.end = self.used.end.max(other.used.end);
    }

    pub(crate) fn clear(&mut self) {
        for bucket in self.used.clone() {
            self.counts[bucket] = 0;
        }
        (self.zeros, self.total, self.used) = (0, 0, NO_BUCKETS);
    }

    /// A quantile, by a straight line within its bucket; NaN when nothing was counted.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        if self.total == 0 {
            return f64::NAN;
        }
        let rank = quantile * self.total as f64;
        let mut seen = self.zeros as f64;
        if rank <= seen {
            return 0.0;
        }
        for bucket in self.used.clone() {
            let count = f64::from(self.counts[bucket]);
            if count > 0.0 && seen + count >= rank {
                let (from, to) = (edge(bucket), edge(bucket + 1));
                return from + (to - from) * (rank - seen) / count;
            }
            seen += count;
        }
        edge(self.used.end)
    }
}

/// The lower edge of a bucket.
fn edge(bucket: usize) -> f64 {
    f64::from_bits((bucket as u64 + BASE) << (52 - FRACTION_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_thousandth_and_zeros_are_exact() {
        let mut histogram = LogHistogram::default();
        (0..=1_000_u32).for_each(|step| histogram.add(f64::from(step) * 0.01));
        assert_eq!(histogram.quantile(0.0), 0.0);
        for quantile in [0.1, 0.5, 0.9, 0.99, 1.0] {
            let exact = quantile * 10.0;
            let got = histogram.quantile(quantile);
            assert!((got / exact - 1.0).abs() < 2e-3, "{got} for {exact}");
        }
        assert_eq!(histogram.zeros, 1);
    }

    #[test]
    fn a_cleared_histogram_is_an_empty_one() {
        let mut histogram = LogHistogram::default();
        [0.0, 3e-9, 5.0, 7e9].iter().for_each(|value| histogram.add(*value));
        let mut other = LogHistogram::default();
        other.merge(&histogram);
        assert!((other.quantile(0.75) / 5.0 - 1.0).abs() < 2e-3);
        histogram.clear();
        assert!(histogram.quantile(0.5).is_nan());
        assert_eq!(histogram.counts.iter().sum::<u32>(), 0);
    }
}
