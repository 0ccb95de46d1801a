//! Metrics at a resolution of one second: sum, count, minimum and maximum of each second.
//!
//! For percentiles each second keeps its distinct values while they are few, and then their
//! distribution within 1%. No clock and no protocol; those
//! are `cloudwatch.rs`'s.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use crate::lock::{lock, read, write};

/// A metric's full identity. Dimensions are sorted, so equal sets are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct MetricId {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: Vec<(String, String)>,
}

impl MetricId {
    pub(crate) fn new(namespace: &str, name: &str, mut dimensions: Vec<(String, String)>) -> Self {
        dimensions.sort();
        MetricId { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }
}

/// What a span of time saw.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Summary {
    pub(crate) sum: f64,
    pub(crate) count: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Summary {
    pub(crate) fn of(value: f64) -> Self {
        Summary { sum: value, count: 1.0, min: value, max: value }
    }

    fn add(&mut self, other: Summary) {
        self.sum += other.sum;
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// The values of a span of time, each with how often it came, in order.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Distribution {
    values: Vec<(f64, f64)>,
}

/// As long as a second has no more distinct values than this, percentiles are exact.
const EXACT_VALUES_MAX: usize = 48;
/// Beyond, values within this ratio are one.
const BIN_RATIO: f64 = 1.02;

impl Distribution {
    fn add(&mut self, value: f64, count: f64) {
        let value = if self.values.len() > EXACT_VALUES_MAX { bin(value) } else { value };
        match self.values.binary_search_by(|slot| slot.0.total_cmp(&value)) {
            Ok(at) => self.values[at].1 += count,
            Err(at) => {
                self.values.insert(at, (value, count));
                if self.values.len() == EXACT_VALUES_MAX + 1 {
                    self.coarsen();
                }
            }
        }
    }

    fn coarsen(&mut self) {
        let exact = std::mem::take(&mut self.values);
        for (value, count) in exact {
            let value = bin(value);
            match self.values.last_mut() {
                Some((last, total)) if *last == value => *total += count,
                Some(_) | None => self.values.push((value, count)),
            }
        }
    }

    fn merge(&mut self, other: &Distribution) {
        other.values.iter().for_each(|(value, count)| {
            match self.values.binary_search_by(|slot| slot.0.total_cmp(value)) {
                Ok(at) => self.values[at].1 += count,
                Err(at) => self.values.insert(at, (*value, *count)),
            }
        });
    }

    /// The least value that this share of all, 0 to 1, does not exceed (nearest rank).
    fn quantile(&self, share: f64) -> f64 {
        let total: f64 = self.values.iter().map(|(_, count)| count).sum();
        // Not more than the share asks for because of the last bit of a product.
        let rank = (share * total * (1.0 - 1e-12)).ceil().max(1.0);
        let mut seen = 0.0;
        let reached = self.values.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        reached.or(self.values.last()).map_or(0.0, |(value, _)| *value)
    }
}

/// The middle of the bin that a value is in; zero and its neighbourhood are one bin.
fn bin(value: f64) -> f64 {
    if value.abs() < 1e-9 {
        return 0.0;
    }
    let index = (value.abs().ln() / BIN_RATIO.ln()).round();
    value.signum() * BIN_RATIO.powf(index)
}

/// One number about a span of time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Statistic {
    Sum,
    SampleCount,
    Average,
    Minimum,
    Maximum,
    /// The share of the values, 0 to 1.
    Percentile(f64),
}

impl Statistic {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "Sum" => Statistic::Sum,
            "SampleCount" => Statistic::SampleCount,
            "Average" => Statistic::Average,
            "Minimum" => Statistic::Minimum,
            "Maximum" => Statistic::Maximum,
            // "p" and up to 100, with up to ten decimals.
            other => {
                let percent: f64 = other.strip_prefix('p')?.parse().ok()?;
                let valid = (0.0..=100.0).contains(&percent);
                return valid.then_some(Statistic::Percentile(percent / 100.0));
            }
        })
    }

    pub(crate) fn of(self, period: &Period) -> f64 {
        let summary = &period.summary;
        match self {
            Statistic::Percentile(share) => {
                period.values.quantile(share).clamp(summary.min, summary.max)
            }
            Statistic::Sum => summary.sum,
            Statistic::SampleCount => summary.count,
            Statistic::Average => summary.sum / summary.count,
            Statistic::Minimum => summary.min,
            Statistic::Maximum => summary.max,
        }
    }
}

/// A span of time, from `start` on.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Period {
    /// Seconds since the epoch.
    pub(crate) start: i64,
    pub(crate) summary: Summary,
    values: Distribution,
}

impl Period {
    fn new(start: i64, summary: Summary) -> Self {
        let mut period = Period { start, summary, values: Distribution::default() };
        period.spread(summary);
        period
    }

    fn add(&mut self, summary: Summary) {
        self.summary.add(summary);
        self.spread(summary);
    }

    /// A statistic set says nothing of its values between the ends: AWS gives no percentiles
    /// for it unless minimum and maximum are one; ours are the average's.
    fn spread(&mut self, summary: Summary) {
        if summary.count > 0.0 {
            self.values.add(summary.sum / summary.count, summary.count);
        }
    }
}

/// The seconds of one metric. Services keep the handle, so recording does no look-up.
#[derive(Default, Debug)]
pub(crate) struct Series {
    /// Sorted by second. Nearly every value belongs to the last one.
    seconds: Mutex<Vec<Period>>,
    unit: OnceLock<String>,
}

impl Series {
    pub(crate) fn record(&self, second: i64, value: f64) {
        self.record_summary(second, Summary::of(value));
    }

    pub(crate) fn record_summary(&self, second: i64, summary: Summary) {
        let mut seconds = lock(&self.seconds);
        match seconds.last_mut() {
            Some(last) if last.start == second => last.add(summary),
            Some(last) if last.start > second => {
                match seconds.binary_search_by_key(&second, |period| period.start) {
                    Ok(at) => seconds[at].add(summary),
                    Err(at) => seconds.insert(at, Period::new(second, summary)),
                }
            }
            Some(_) | None => seconds.push(Period::new(second, summary)),
        }
    }

    /// The unit that came with the first value; without one, None.
    pub(crate) fn unit(&self) -> &str {
        self.unit.get().map_or("None", String::as_str)
    }

    pub(crate) fn set_unit(&self, unit: &str) {
        // The first one stays.
        let _ = self.unit.set(unit.to_owned());
    }

    /// The periods of `[start, end)`, each under its aligned beginning; empty ones are absent.
    pub(crate) fn periods(&self, start: i64, end: i64, period: i64) -> Vec<Period> {
        let first = start.div_euclid(period) * period;
        let seconds = lock(&self.seconds);
        let from = seconds.partition_point(|slot| slot.start < first);
        let mut periods: Vec<Period> = Vec::new();
        for slot in seconds[from..].iter().take_while(|slot| slot.start < end) {
            let aligned = slot.start.div_euclid(period) * period;
            match periods.last_mut() {
                Some(last) if last.start == aligned => {
                    last.summary.add(slot.summary);
                    last.values.merge(&slot.values);
                }
                Some(_) | None => periods.push(Period { start: aligned, ..slot.clone() }),
            }
        }
        periods
    }
}

/// The units of AWS's own metrics, from each service's page of metrics.
fn aws_unit(id: &MetricId) -> Option<&'static str> {
    if !id.namespace.starts_with("AWS/") {
        return None;
    }
    Some(match id.name.as_str() {
        "Latency"
        | "IntegrationLatency"
        | "Duration"
        | "FirstByteLatency"
        | "TotalRequestLatency" => "Milliseconds",
        "SentMessageSize" | "BytesUploaded" | "BytesDownloaded" | "IncomingBytes"
        | "BucketSizeBytes" => "Bytes",
        "ApproximateAgeOfOldestMessage" => "Seconds",
        _ => "Count",
    })
}

/// Every metric of the cloud.
#[derive(Default, Debug)]
pub(crate) struct MetricStore {
    series: RwLock<BTreeMap<MetricId, Arc<Series>>>,
}

impl MetricStore {
    /// The series of a metric, made if it is new.
    pub(crate) fn series(&self, id: MetricId) -> Arc<Series> {
        if let Some(series) = read(&self.series).get(&id) {
            return series.clone();
        }
        let unit = aws_unit(&id);
        let series = write(&self.series).entry(id).or_default().clone();
        if let Some(unit) = unit {
            series.set_unit(unit);
        }
        series
    }

    pub(crate) fn find(&self, id: &MetricId) -> Option<Arc<Series>> {
        read(&self.series).get(id).cloned()
    }

    /// The metrics with data that `wanted` accepts.
    pub(crate) fn list(&self, wanted: impl Fn(&MetricId) -> bool) -> Vec<MetricId> {
        let series = read(&self.series);
        let has_data = |series: &Series| !lock(&series.seconds).is_empty();
        series
            .iter()
            .filter(|(id, series)| has_data(series) && wanted(id))
            .map(|(id, _)| id.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[(i64, f64)]) -> Series {
        let series = Series::default();
        values.iter().for_each(|(second, value)| series.record(*second, *value));
        series
    }

    #[test]
    fn a_period_sums_its_seconds_and_starts_on_its_multiple() {
        let series = series(&[(119, 1.0), (120, 2.0), (121, 5.0), (179, 11.0), (180, 23.0)]);
        let periods = series.periods(125, 180, 60);
        assert_eq!(periods.len(), 1);
        assert_eq!(periods[0].start, 120);
        let summary = periods[0].summary;
        assert_eq!((summary.sum, summary.count, summary.min, summary.max), (18.0, 3.0, 2.0, 11.0));
    }

    #[test]
    fn the_average_is_the_sum_over_the_count() {
        let summary = Summary { sum: 18.0, count: 3.0, min: 2.0, max: 11.0 };
        assert_eq!(Statistic::Average.of(&Period::new(0, summary)), 6.0);
        assert_eq!(Statistic::parse("p100.1"), None);
        assert_eq!(Statistic::parse("tm99"), None);
    }

    fn percentile(series: &Series, name: &str) -> f64 {
        Statistic::parse(name).unwrap().of(&series.periods(0, 600, 600)[0])
    }

    #[test]
    fn a_percentile_of_few_values_a_second_is_exact() {
        let values: Vec<(i64, f64)> = (1..=40).map(|n| (n % 2, n as f64)).collect();
        let series = series(&values);
        assert_eq!(percentile(&series, "p50"), 20.0);
        assert_eq!(percentile(&series, "p90"), 36.0);
        assert_eq!(percentile(&series, "p99.9"), 40.0);
        assert_eq!(percentile(&series, "p0"), 1.0);
    }

    #[test]
    fn a_percentile_of_many_values_is_within_two_percent() {
        let series = series(&(1..=10_000).map(|n| (3, f64::from(n) / 10.0)).collect::<Vec<_>>());
        for (name, exact) in [("p50", 500.0), ("p90", 900.0), ("p99", 990.0), ("p99.9", 999.0)] {
            let found = percentile(&series, name);
            assert!((found / exact - 1.0).abs() < 0.02, "{name}: {found}, not {exact}");
        }
    }

    #[test]
    fn a_late_value_finds_its_second() {
        let series = series(&[(10, 1.0), (12, 2.0), (11, 4.0), (10, 8.0)]);
        let sums: Vec<(i64, f64)> =
            series.periods(0, 100, 1).iter().map(|p| (p.start, p.summary.sum)).collect();
        assert_eq!(sums, [(10, 9.0), (11, 4.0), (12, 2.0)]);
    }

    #[test]
    fn dimensions_are_a_set() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let one = MetricId::new("n", "m", vec![pair("a", "1"), pair("b", "2")]);
        let other = MetricId::new("n", "m", vec![pair("b", "2"), pair("a", "1")]);
        assert_eq!(one, other);
    }

    #[test]
    fn a_metric_without_data_is_not_listed() {
        let store = MetricStore::default();
        let id = MetricId::new("n", "m", vec![]);
        let series = store.series(id.clone());
        assert!(store.list(|_| true).is_empty());
        series.record(1, 1.0);
        assert_eq!(store.list(|_| true), [id]);
    }
}
