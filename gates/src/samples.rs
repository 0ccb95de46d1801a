//! Single latencies, and what order statistics say of their quantiles.

/// Latencies of a run: (second of the run, ms), the second that of the intended instant or of the
/// acceptance.
pub type Samples = [(f64, f64)];

/// A quantile with its 95 % interval, ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// The share of the latencies that are at most `ms`.
    pub q: f64,
    /// How many latencies there were.
    pub n: usize,
    /// The quantile, ms.
    pub ms: f64,
    /// Lower end, ms.
    pub low_ms: f64,
    /// Upper end, ms.
    pub high_ms: f64,
}

impl Quantile {
    /// Fewer latencies than this do not tell the quantile: 10 / (1 - q).
    pub fn n_min(q: f64) -> usize {
        (10.0 / (1.0 - q)).round() as usize
    }
}

/// The quantile `q` of sorted latencies; the interval lies between the ranks n q +/- 1.96 sqrt(n q (1
/// - q)). `None` of nothing.
pub fn quantile(sorted_ms: &[f64], q: f64) -> Option<Quantile> {
    let n = sorted_ms.len();
    let last = n.checked_sub(1)?;
    let middle = n as f64 * q;
    let half = 1.96 * (middle * (1.0 - q)).sqrt();
    // The k-th of n, counted from 1, is the smallest that at least k are not above.
    let at = |rank: f64| sorted_ms[(rank.ceil().max(1.0) as usize - 1).min(last)];
    let (ms, low_ms, high_ms) = (at(middle), at(middle - half), at(middle + half));
    Some(Quantile { q, n, ms, low_ms, high_ms })
}

/// The latencies alone, sorted, ms.
pub fn sorted(samples: &Samples) -> Vec<f64> {
    let mut sorted: Vec<f64> = samples.iter().map(|sample| sample.1).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_lies_between_ranks() {
        // n = 1,000, q = 0.99: ranks 990 +/- 6.167: 984 (983.83 up) and 997 (996.17 up).
        let sorted: Vec<f64> = (1..=1_000).map(f64::from).collect();
        let p99 = quantile(&sorted, 0.99).unwrap();
        assert_eq!((p99.ms, p99.low_ms, p99.high_ms), (990.0, 984.0, 997.0));
        // n = 400, q = 0.5: ranks 200 +/- 19.6: 181 and 220.
        let median = quantile(&sorted[..400], 0.5).unwrap();
        assert_eq!((median.ms, median.low_ms, median.high_ms), (200.0, 181.0, 220.0));
    }

    #[test]
    fn too_few_have_the_longest_as_their_upper_end() {
        let p99 = quantile(&[3.0, 8.0], 0.99).unwrap();
        assert_eq!((p99.ms, p99.high_ms), (8.0, 8.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!([0.5, 0.9, 0.99].map(Quantile::n_min), [20, 100, 1_000]);
    }
}
