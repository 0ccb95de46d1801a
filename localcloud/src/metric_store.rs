//! Metrics at a resolution of one second: sum, count, minimum and maximum of each second.
//!
//! No percentiles: they would need the values themselves. No clock and no protocol; those
//! are `cloudwatch.rs`'s.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};

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

/// One number about a span of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Statistic {
    Sum,
    SampleCount,
    Average,
    Minimum,
    Maximum,
}

impl Statistic {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "Sum" => Statistic::Sum,
            "SampleCount" => Statistic::SampleCount,
            "Average" => Statistic::Average,
            "Minimum" => Statistic::Minimum,
            "Maximum" => Statistic::Maximum,
            _ => return None,
        })
    }

    pub(crate) fn of(self, summary: &Summary) -> f64 {
        match self {
            Statistic::Sum => summary.sum,
            Statistic::SampleCount => summary.count,
            Statistic::Average => summary.sum / summary.count,
            Statistic::Minimum => summary.min,
            Statistic::Maximum => summary.max,
        }
    }
}

/// The seconds of one metric. Services keep the handle, so recording does no look-up.
#[derive(Default, Debug)]
pub(crate) struct Series {
    /// Sorted by second. Nearly every value belongs to the last one.
    seconds: Mutex<Vec<(i64, Summary)>>,
}

impl Series {
    pub(crate) fn record(&self, second: i64, value: f64) {
        self.record_summary(second, Summary::of(value));
    }

    pub(crate) fn record_summary(&self, second: i64, summary: Summary) {
        let mut seconds = lock(&self.seconds);
        match seconds.last_mut() {
            Some((last, total)) if *last == second => total.add(summary),
            Some((last, _)) if *last > second => {
                match seconds.binary_search_by_key(&second, |slot| slot.0) {
                    Ok(at) => seconds[at].1.add(summary),
                    Err(at) => seconds.insert(at, (second, summary)),
                }
            }
            Some(_) | None => seconds.push((second, summary)),
        }
    }

    /// The periods of `[start, end)`, each under its aligned beginning; empty ones are absent.
    pub(crate) fn periods(&self, start: i64, end: i64, period: i64) -> Vec<(i64, Summary)> {
        let first = start.div_euclid(period) * period;
        let seconds = lock(&self.seconds);
        let from = seconds.partition_point(|slot| slot.0 < first);
        let mut periods: Vec<(i64, Summary)> = Vec::new();
        for (second, summary) in seconds[from..].iter().take_while(|slot| slot.0 < end) {
            let aligned = second.div_euclid(period) * period;
            match periods.last_mut() {
                Some((last, total)) if *last == aligned => total.add(*summary),
                Some(_) | None => periods.push((aligned, *summary)),
            }
        }
        periods
    }
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
        write(&self.series).entry(id).or_default().clone()
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
        assert_eq!(periods[0].0, 120);
        let summary = periods[0].1;
        assert_eq!((summary.sum, summary.count, summary.min, summary.max), (18.0, 3.0, 2.0, 11.0));
    }

    #[test]
    fn the_average_is_the_sum_over_the_count() {
        let summary = Summary { sum: 18.0, count: 3.0, min: 2.0, max: 11.0 };
        assert_eq!(Statistic::Average.of(&summary), 6.0);
        assert_eq!(Statistic::parse("p99"), None);
    }

    #[test]
    fn a_late_value_finds_its_second() {
        let series = series(&[(10, 1.0), (12, 2.0), (11, 4.0), (10, 8.0)]);
        let sums: Vec<(i64, f64)> =
            series.periods(0, 100, 1).iter().map(|(s, p)| (*s, p.sum)).collect();
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
