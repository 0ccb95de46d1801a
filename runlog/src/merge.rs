//! The exchanges of several senders as those of one: in the order of their ends, as a single sender
//! would have written them, with histograms made of the exchanges themselves. Nothing is averaged,
//! so nothing is lost: the merged files are those of a run that was never split.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Duration;

use crate::{
    Exchange, ExchangeWriter, IndexSet, LatencyLog, LatencySummary, Outcome, OutcomeCounts,
    RunFileError,
};

/// The files that a merge writes.
#[derive(Debug, Clone)]
pub struct MergeFiles {
    /// One row an exchange.
    pub exchanges: PathBuf,
    /// The HdrHistogram interval log.
    pub latency: PathBuf,
    /// Length of a latency interval.
    pub interval: Duration,
    /// When the run started, seconds since the epoch.
    pub start_unix_s: f64,
}

/// What a merge found.
#[derive(Debug, Clone)]
pub struct Merged {
    /// Which arrivals have an exchange.
    pub seen: IndexSet,
    /// First attempts at an arrival that has had one already, and whatever nobody planned.
    pub again: u64,
    /// Exchanges, of which an order has one for each attempt.
    pub attempts: u64,
    /// Attempts beyond the first of an order.
    pub retries: u64,
    /// Outcomes, by count of orders.
    pub outcomes: OutcomeCounts,
    codes: OutcomeCodes,
    /// Response, service and start lag over the whole run.
    pub latency: [LatencySummary; 3],
    /// When the last exchange ended, µs from the start.
    pub last_end_us: u64,
}

const NOT_SENT: u8 = u8::MAX;

impl Merged {
    /// The outcome of arrival `k`; none if it has no exchange.
    pub fn outcome(&self, k: u64) -> Option<Outcome> {
        self.codes.get(k)
    }
}

/// What is known of each arrival after all of its attempts.
#[derive(Debug, Clone)]
struct OutcomeCodes {
    /// The code of each outcome; 255 where there is none.
    codes: Vec<u8>,
    /// Arrivals whose newest attempt was followed by another, which may be under way.
    open: BTreeSet<u64>,
}

impl OutcomeCodes {
    fn new(planned: u64) -> Self {
        let codes = vec![NOT_SENT; usize::try_from(planned).unwrap_or(usize::MAX)];
        Self { codes, open: BTreeSet::new() }
    }

    fn get(&self, k: u64) -> Option<Outcome> {
        let code = *self.codes.get(usize::try_from(k).ok()?)?;
        Outcome::from_code(i32::from(code))
    }

    fn add(&mut self, exchange: &Exchange) {
        self.follow(exchange.index, exchange.outcome);
        if exchange.is_last {
            self.open.remove(&exchange.index);
        } else {
            self.open.insert(exchange.index);
        }
    }

    fn follow(&mut self, k: u64, outcome: Outcome) {
        let known = self.get(k).map_or(outcome, |before| before.followed_by(outcome));
        if let Some(place) = usize::try_from(k).ok().and_then(|k| self.codes.get_mut(k)) {
            *place = u8::try_from(known.code()).unwrap_or(NOT_SENT);
        }
    }

    /// An attempt that a dead sender began and did not write down may have been taken.
    fn close(&mut self) {
        while let Some(k) = self.open.pop_first() {
            self.follow(k, Outcome::Unknown);
        }
    }

    fn counts(&self) -> OutcomeCounts {
        let mut counts = OutcomeCounts::default();
        let codes = self.codes.iter().copied().map(i32::from);
        codes.filter_map(Outcome::from_code).for_each(|outcome| counts.add(outcome));
        counts
    }
}

/// Merges the exchanges of several senders. Each source is nearly in the order of its ends, as
/// senders write; one of them may lag by as much as an order takes. Memory is what the sources
/// hold, and nine bits an arrival.
///
/// # Errors
/// If a source cannot be read, or a file not be written; the message names it.
pub fn merge_exchanges<S>(
    sources: Vec<S>,
    planned: u64,
    files: &MergeFiles,
) -> Result<Merged, RunFileError>
where
    S: Iterator<Item = Result<Exchange, RunFileError>>,
{
    let create =
        |path: &PathBuf| File::create(path).map_err(|error| RunFileError::unwritable(path, &error));
    let in_exchanges = |error| RunFileError::unwritable(&files.exchanges, &error);
    let in_latency = |error| RunFileError::unwritable(&files.latency, &error);
    let mut rows = ExchangeWriter::new(create(&files.exchanges)?).map_err(in_exchanges)?;
    let mut log = LatencyLog::new(
        BufWriter::new(create(&files.latency)?),
        files.interval,
        files.start_unix_s,
    )
    .map_err(in_latency)?;
    let mut seen = IndexSet::new(planned);
    let mut codes = OutcomeCodes::new(planned);
    let (mut again, mut attempts, mut retries, mut last_end_us) = (0, 0, 0, 0);
    for exchange in ByEnd::new(sources)? {
        let exchange = exchange?;
        let is_planned = exchange.index < planned;
        let is_new = is_planned && seen.insert(exchange.index);
        let is_retry = is_planned && exchange.attempt > 1;
        again += u64::from(!is_new && !is_retry);
        attempts += 1;
        retries += u64::from(is_retry);
        codes.add(&exchange);
        last_end_us = last_end_us.max(exchange.end_us);
        log.record(&exchange).map_err(in_latency)?;
        rows.write(exchange).map_err(in_exchanges)?;
    }
    rows.finish().map_err(in_exchanges)?;
    let latency = log.finish().map_err(in_latency)?;
    codes.close();
    let outcomes = codes.counts();
    Ok(Merged { seen, again, attempts, retries, outcomes, codes, latency, last_end_us })
}

/// Several sources as one, always the exchange that ended first.
struct ByEnd<S> {
    sources: Vec<S>,
    /// End, index and source of the next of each.
    next: BinaryHeap<Reverse<(u64, u64, usize)>>,
    waiting: Vec<Option<Exchange>>,
}

impl<S: Iterator<Item = Result<Exchange, RunFileError>>> ByEnd<S> {
    fn new(sources: Vec<S>) -> Result<Self, RunFileError> {
        let waiting = vec![None; sources.len()];
        let mut merged = Self { sources, next: BinaryHeap::new(), waiting };
        for source in 0..merged.sources.len() {
            merged.advance(source)?;
        }
        Ok(merged)
    }

    fn advance(&mut self, source: usize) -> Result<(), RunFileError> {
        let next = self.sources[source].next().transpose()?;
        if let Some(exchange) = next {
            self.next.push(Reverse((exchange.end_us, exchange.index, source)));
        }
        self.waiting[source] = next;
        Ok(())
    }
}

impl<S: Iterator<Item = Result<Exchange, RunFileError>>> Iterator for ByEnd<S> {
    type Item = Result<Exchange, RunFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((_, _, source)) = self.next.pop()?;
        let exchange = self.waiting[source].take()?;
        match self.advance(source) {
            Ok(()) => Some(Ok(exchange)),
            Err(error) => Some(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ExchangeReader, LatencyKind, read_latency_log};

    fn files(folder: &std::path::Path, name: &str) -> MergeFiles {
        MergeFiles {
            exchanges: folder.join(format!("{name}.parquet")),
            latency: folder.join(format!("{name}.hlog")),
            interval: Duration::from_secs(1),
            start_unix_s: 1_795_439_671.0,
        }
    }

    /// A run of so many orders over two minutes, in the order of their ends.
    fn run(orders: u64, seed: u64) -> Vec<Exchange> {
        let mut all: Vec<Exchange> = (0..orders)
            .map(|index| {
                let noise = orders::seed::mix(seed, 1, index);
                let intended_us = index * 120_000_000 / orders;
                let sent_us = intended_us + noise % 400;
                Exchange {
                    index,
                    intended_us,
                    sent_us,
                    end_us: sent_us + 900 + (noise >> 20) % 80_000,
                    status: 202,
                    outcome: Outcome::ALL[usize::from(noise.is_multiple_of(50))],
                    attempt: 1,
                    is_last: true,
                }
            })
            .collect();
        all.sort_by_key(|exchange| (exchange.end_us, exchange.index));
        all
    }

    fn merge(parts: Vec<Vec<Exchange>>, planned: u64, files: &MergeFiles) -> Merged {
        let sources = parts.into_iter().map(|part| part.into_iter().map(Ok)).collect();
        merge_exchanges(sources, planned, files).unwrap()
    }

    fn rows(files: &MergeFiles) -> Vec<Exchange> {
        let mut rows = Vec::new();
        ExchangeReader::read(&files.exchanges, |row| rows.push(row)).unwrap();
        rows
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn shards_merge_into_the_run_that_was_never_split(
            orders in 1_u64..3_000, of in 1_u64..9, seed: u64,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let all = run(orders, seed);
            let single = files(folder.path(), "single");
            let whole = merge(vec![all.clone()], orders, &single);
            let parts: Vec<Vec<Exchange>> = (0..of)
                .map(|i| all.iter().filter(|e| e.index % of == i).copied().collect())
                .collect();
            let merged_files = files(folder.path(), "merged");
            let merged = merge(parts, orders, &merged_files);
            prop_assert_eq!(&merged.seen, &whole.seen);
            prop_assert_eq!(merged.latency, whole.latency);
            prop_assert_eq!(merged.outcomes, whole.outcomes);
            prop_assert_eq!((merged.again, merged.seen.len()), (0, orders));
            prop_assert_eq!(rows(&merged_files), rows(&single));
            for kind in LatencyKind::ALL {
                let read = |files: &MergeFiles| {
                    read_latency_log(&std::fs::read(&files.latency).unwrap(), kind).unwrap()
                };
                prop_assert_eq!(read(&merged_files), read(&single));
            }
        }
    }

    #[test]
    fn the_attempts_of_an_order_are_one_order_and_no_repeats() {
        use Outcome::{Accepted, Failed, Rejected, Throttled, Unknown};
        let attempt = |index, attempt, is_last, outcome| Exchange {
            outcome,
            attempt,
            is_last,
            end_us: u64::from(attempt) * 1_000 + index,
            ..run(4, 5)[0]
        };
        let at = |index, exchange: Exchange| Exchange { index, ..exchange };
        // Orders 0 to 3: accepted at the third, unknown and then rejected, throttled with a second
        // attempt of which nothing is known, and one that nobody sent again.
        let source = vec![
            at(0, attempt(0, 1, false, Failed)),
            at(1, attempt(1, 1, false, Unknown)),
            at(2, attempt(2, 1, false, Throttled)),
            at(3, attempt(3, 1, true, Rejected)),
            at(0, attempt(0, 2, false, Throttled)),
            at(1, attempt(1, 2, true, Rejected)),
            at(0, attempt(0, 3, true, Accepted)),
        ];
        let folder = tempfile::tempdir().unwrap();
        let merged = merge(vec![source], 5, &files(folder.path(), "merged"));
        assert_eq!((merged.attempts, merged.retries, merged.again), (7, 3, 0));
        let known: Vec<_> = (0..5).map(|k| merged.outcome(k)).collect();
        assert_eq!(known, [Some(Accepted), Some(Unknown), Some(Unknown), Some(Rejected), None]);
        let expected = OutcomeCounts { accepted: 1, unknown: 2, rejected: 1, ..<_>::default() };
        assert_eq!(merged.outcomes, expected);
    }

    #[test]
    fn an_exchange_that_is_there_twice_is_counted_as_such_and_a_missing_one_is_not_seen() {
        let folder = tempfile::tempdir().unwrap();
        let mut parts = vec![run(10, 3), run(10, 3).into_iter().take(2).collect()];
        parts[0].retain(|exchange| exchange.index != 7);
        let again = parts[1].iter().filter(|exchange| exchange.index != 7).count() as u64;
        let merged = merge(parts, 10, &files(folder.path(), "merged"));
        assert!(!merged.seen.contains(7) || again < 2);
        assert_eq!(merged.again, again);
    }
}
