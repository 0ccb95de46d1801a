//! Latency as HdrHistograms: three kinds, one histogram per kind and interval, written as a V2
//! interval log that every HdrHistogram tool reads. Histograms merge exactly; percentiles do not.
//!
//! An arrival belongs to the interval of its *intended* instant, never of its completion, so that
//! a stall cannot move its own evidence into the recovery.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use base64::Engine as _;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogHistogram, IntervalLogIterator, LogEntry, Tag,
};
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Serialize};

use crate::Exchange;

/// Shortest and longest latency that is told apart, µs, and the significant digits. The same
/// bounds everywhere, or histograms would not add.
const LOWEST_US: u64 = 1;
const HIGHEST_US: u64 = 600_000_000;
const DIGITS: u8 = 3;

/// How long intervals are kept open for late completions: longer than an answer is waited for. A
/// completion later than that gets a second line for its interval, which a merge adds up.
const OPEN_FOR: Duration = Duration::from_secs(40);

/// Which two instants a latency lies between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatencyKind {
    /// From the intended instant to the end.
    Response,
    /// From the send to the end.
    Service,
    /// From the intended instant to the send.
    StartLag,
}

impl LatencyKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Response, Self::Service, Self::StartLag];

    /// The tag of this kind in the interval log.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Service => "service",
            Self::StartLag => "start-lag",
        }
    }

    /// What an exchange has of it.
    fn of(self, exchange: &Exchange) -> Option<u64> {
        match self {
            Self::Response => exchange.is_last.then(|| exchange.response_us()),
            Self::Service => Some(exchange.service_us()),
            Self::StartLag => (exchange.attempt == 1).then(|| exchange.start_lag_us()),
        }
    }
}

pub(crate) fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(LOWEST_US, HIGHEST_US, DIGITS)
        .expect("constant bounds that the histogram accepts")
}

/// The same to two digits, for the many intervals of a chart: 24 KB each instead of 172.
pub(crate) fn coarse() -> Histogram<u64> {
    Histogram::new_with_bounds(LOWEST_US, HIGHEST_US, 2)
        .expect("constant bounds that the histogram accepts")
}

/// The quantiles of one kind of latency over a whole run, µs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencySummary {
    /// How many were recorded.
    pub count: u64,
    /// Median, µs.
    pub p50_us: u64,
    /// Lower end of the 95 % interval of the true median, µs.
    pub p50_low_us: u64,
    /// Upper end of the 95 % interval of the true median, µs.
    pub p50_high_us: u64,
    /// 90 of 100 are at most this, µs.
    pub p90_us: u64,
    /// Lower end of the 95 % interval of the true p90, µs.
    pub p90_low_us: u64,
    /// Upper end of the 95 % interval of the true p90, µs.
    pub p90_high_us: u64,
    /// 99 of 100 are at most this, µs.
    pub p99_us: u64,
    /// Lower end of the 95 % interval of the true p99, µs.
    pub p99_low_us: u64,
    /// Upper end of the 95 % interval of the true p99, µs; the longest where there are too few.
    pub p99_high_us: u64,
    /// 999 of 1000 are at most this, µs.
    pub p999_us: u64,
    /// The longest, µs.
    pub max_us: u64,
}

impl From<&Histogram<u64>> for LatencySummary {
    fn from(histogram: &Histogram<u64>) -> Self {
        let count = histogram.len();
        let ends = |quantile: f64| {
            quantile_interval(quantile, count).map(|end| histogram.value_at_quantile(end))
        };
        let ([p50_low_us, p50_high_us], [p90_low_us, p90_high_us]) = (ends(0.5), ends(0.9));
        let [p99_low_us, p99_high_us] = ends(0.99);
        Self {
            count,
            p50_us: histogram.value_at_quantile(0.5),
            p50_low_us,
            p50_high_us,
            p90_us: histogram.value_at_quantile(0.9),
            p90_low_us,
            p90_high_us,
            p99_us: histogram.value_at_quantile(0.99),
            p99_low_us,
            p99_high_us,
            p999_us: histogram.value_at_quantile(0.999),
            max_us: histogram.max(),
        }
    }
}

/// The quantiles between which the true quantile `q` lies with 95 % confidence, from order
/// statistics: ranks n q +/- 1.96 sqrt(n q (1 - q)).
fn quantile_interval(q: f64, count: u64) -> [f64; 2] {
    let half = 1.96 * (q * (1.0 - q) / count.max(1) as f64).sqrt();
    [(q - half).max(0.0), (q + half).min(1.0)]
}

/// Records exchanges and writes the interval log as intervals get old. Memory is bounded, whatever
/// the length of the run, by three histograms of 172 KB for each interval of the last 40 s: 20 MB
/// with intervals of a second, 3 MB with intervals of ten.
pub struct LatencyLog<W> {
    out: W,
    interval: Duration,
    open: BTreeMap<u64, [Histogram<u64>; 3]>,
    whole: [Histogram<u64>; 3],
}

impl<W: Write> LatencyLog<W> {
    /// Starts a log of intervals of this length, the first at `start_unix_s`.
    ///
    /// # Errors
    /// What the writer says.
    pub fn new(mut out: W, interval: Duration, start_unix_s: f64) -> io::Result<Self> {
        writeln!(out, "#[response: intended instant to end; service: send to end]")?;
        writeln!(out, "#[start-lag: intended instant to send; intervals by intended instant]")?;
        writeln!(out, "#[Histogram log format version 1.3]")?;
        writeln!(out, "#[StartTime: {start_unix_s:.3} (seconds since epoch)]")?;
        writeln!(out, "#[BaseTime: {start_unix_s:.3} (seconds since epoch)]")?;
        writeln!(
            out,
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\""
        )?;
        Ok(Self { out, interval, open: BTreeMap::new(), whole: [empty(), empty(), empty()] })
    }

    /// Adds one exchange: an order's start lag with its first attempt, its response time with its
    /// last, a service time with each.
    ///
    /// # Errors
    /// What the writer says when an old interval is written.
    pub fn record(&mut self, exchange: &Exchange) -> io::Result<()> {
        let interval_us = u64::try_from(self.interval.as_micros()).unwrap_or(u64::MAX);
        let interval = exchange.intended_us / interval_us;
        let open = self.open.entry(interval).or_insert_with(|| [empty(), empty(), empty()]);
        for (position, kind) in LatencyKind::ALL.into_iter().enumerate() {
            let Some(value) = kind.of(exchange) else { continue };
            open[position].saturating_record(value);
            self.whole[position].saturating_record(value);
        }
        let open_max = OPEN_FOR.as_micros().div_ceil(u128::from(interval_us)) + 1;
        if self.open.len() as u128 > open_max { self.write_oldest() } else { Ok(()) }
    }

    /// The quantiles so far.
    pub fn summary(&self, kind: LatencyKind) -> LatencySummary {
        let position = LatencyKind::ALL.iter().position(|each| *each == kind).unwrap_or(0);
        LatencySummary::from(&self.whole[position])
    }

    /// Writes every open interval.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(mut self) -> io::Result<[LatencySummary; 3]> {
        while !self.open.is_empty() {
            self.write_oldest()?;
        }
        self.out.flush()?;
        Ok(LatencyKind::ALL.map(|kind| self.summary(kind)))
    }

    fn write_oldest(&mut self) -> io::Result<()> {
        let Some((interval, histograms)) = self.open.pop_first() else { return Ok(()) };
        let length_s = self.interval.as_secs_f64();
        let start_s = interval as f64 * length_s;
        for (kind, histogram) in LatencyKind::ALL.into_iter().zip(&histograms) {
            let mut bytes = Vec::new();
            V2DeflateSerializer::new()
                .serialize(histogram, &mut bytes)
                .map_err(|error| io::Error::other(error.to_string()))?;
            let text = base64::engine::general_purpose::STANDARD.encode(&bytes);
            let tag = kind.tag();
            // The format's maximum is in milliseconds when values are in microseconds.
            let max_ms = histogram.max() as f64 / 1_000.0;
            writeln!(self.out, "Tag={tag},{start_s:.3},{length_s:.3},{max_ms:.3},{text}")?;
        }
        Ok(())
    }
}

/// Reads an interval log back: for each interval start (seconds from the run's start), the
/// histogram of one kind, in µs. Lines of the same interval are added.
///
/// # Errors
/// A sentence on the line that is not an interval log's.
pub fn read_latency_log(
    text: &[u8],
    kind: LatencyKind,
) -> Result<BTreeMap<u64, Histogram<u64>>, String> {
    let mut intervals: BTreeMap<u64, Histogram<u64>> = BTreeMap::new();
    let mut deserializer = Deserializer::new();
    for entry in IntervalLogIterator::new(text) {
        let entry = entry.map_err(|error| format!("not an interval log: {error:?}"))?;
        let LogEntry::Interval(interval) = entry else { continue };
        if interval.tag() != Tag::new(kind.tag()) {
            continue;
        }
        let histogram = decode(&interval, &mut deserializer)?;
        let start_ms = u64::try_from(interval.start_timestamp().as_millis()).unwrap_or(u64::MAX);
        intervals
            .entry(start_ms)
            .or_insert_with(empty)
            .add(histogram)
            .map_err(|error| format!("histograms of other bounds: {error}"))?;
    }
    Ok(intervals)
}

fn decode(
    interval: &IntervalLogHistogram<'_>,
    deserializer: &mut Deserializer,
) -> Result<Histogram<u64>, String> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(interval.encoded_histogram())
        .map_err(|error| format!("a histogram that is not base64: {error}"))?;
    deserializer
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| format!("a histogram that does not decode: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;

    fn exchange(intended_us: u64, lag_us: u64, service_us: u64) -> Exchange {
        Exchange {
            index: 0,
            intended_us,
            sent_us: intended_us + lag_us,
            end_us: intended_us + lag_us + service_us,
            status: 202,
            outcome: Outcome::Accepted,
            attempt: 1,
            is_last: true,
        }
    }

    #[test]
    fn an_order_of_two_attempts_has_one_lag_one_response_and_two_services() {
        let mut log = LatencyLog::new(Vec::new(), Duration::from_secs(1), 0.0).unwrap();
        log.record(&Exchange { is_last: false, ..exchange(1_000, 30, 200) }).unwrap();
        log.record(&Exchange { attempt: 2, ..exchange(1_000, 700, 400) }).unwrap();
        let [response, service, lag] = log.finish().unwrap();
        assert_eq!((response.count, response.max_us), (1, 1_100));
        assert_eq!((service.count, service.p50_us, service.max_us), (2, 200, 400));
        assert_eq!((lag.count, lag.max_us), (1, 30));
    }

    #[test]
    fn open_intervals_are_bounded_by_time_and_not_by_number() {
        for (interval_s, intervals) in [(1, 41), (10, 5)] {
            let interval = Duration::from_secs(interval_s);
            let mut log = LatencyLog::new(Vec::new(), interval, 0.0).unwrap();
            for second in 0..500 {
                log.record(&exchange(second * 1_000_000, 0, 1_000)).unwrap();
            }
            assert_eq!(log.open.len(), intervals, "{interval_s} s");
        }
    }

    #[test]
    fn a_late_answer_belongs_to_the_second_that_intended_it() {
        let mut text = Vec::new();
        let mut log = LatencyLog::new(&mut text, Duration::from_secs(1), 1_700_000_000.0).unwrap();
        log.record(&exchange(999_999, 0, 3_000_000)).unwrap();
        log.record(&exchange(1_000_000, 0, 5_000)).unwrap();
        log.finish().unwrap();
        let read = read_latency_log(&text, LatencyKind::Response).unwrap();
        assert_eq!(read.keys().copied().collect::<Vec<_>>(), [0, 1_000]);
        assert!(read[&0].max() >= 3_000_000 && read[&1_000].max() < 5_010);
    }

    #[test]
    fn the_three_kinds_are_kept_apart() {
        let mut text = Vec::new();
        let mut log = LatencyLog::new(&mut text, Duration::from_secs(1), 0.0).unwrap();
        log.record(&exchange(10, 300, 700)).unwrap();
        let [response, service, lag] = log.finish().unwrap();
        assert_eq!((response.p50_us, service.p50_us, lag.p50_us), (1_000, 700, 300));
    }

    #[test]
    fn the_merged_intervals_are_the_whole_run() {
        let mut text = Vec::new();
        let mut log = LatencyLog::new(&mut text, Duration::from_secs(1), 0.0).unwrap();
        // More intervals than stay open, with a straggler for one that has been written.
        for second in 0..100_u64 {
            log.record(&exchange(second * 1_000_000, 0, 1_000 + second * 37)).unwrap();
        }
        log.record(&exchange(0, 0, 90_000_000)).unwrap();
        let [whole, ..] = log.finish().unwrap();
        let mut merged = empty();
        for histogram in read_latency_log(&text, LatencyKind::Response).unwrap().values() {
            merged.add(histogram).unwrap();
        }
        assert_eq!(LatencySummary::from(&merged), whole);
        assert_eq!(whole.count, 101);
    }

    #[test]
    fn the_interval_of_p99_narrows_with_the_count() {
        // n = 1,000: p98.38 to p99.62; n = 10,000: p98.80 to p99.20; n = 1: everything.
        for (count, low, high) in [(1_000, 0.9838, 0.9962), (10_000, 0.9880, 0.9920)] {
            let interval = quantile_interval(0.99, count);
            assert!((interval[0] - low).abs() < 5e-5 && (interval[1] - high).abs() < 5e-5);
        }
        assert_eq!(quantile_interval(0.99, 1)[1], 1.0);
        // The median of 400: ranks 200 +/- 19.6.
        let median = quantile_interval(0.5, 400);
        assert!((median[0] - 0.451).abs() < 1e-9 && (median[1] - 0.549).abs() < 1e-9);
    }

    #[test]
    fn a_latency_over_the_highest_is_counted_at_the_highest() {
        let mut log = LatencyLog::new(Vec::new(), Duration::from_secs(1), 0.0).unwrap();
        log.record(&exchange(0, 0, HIGHEST_US * 2)).unwrap();
        assert_eq!(log.summary(LatencyKind::Service).count, 1);
    }
}
