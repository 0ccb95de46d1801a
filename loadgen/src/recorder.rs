//! Writes exchanges down, on a thread of its own so that no driver waits for a disk.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use runlog::{Exchange, ExchangeWriter, Journal, LatencyKind, LatencyLog, LatencySummary, Outcome};

use crate::abort::{AbortRule, AbortWatch};
use crate::driver::Batch;
use crate::{Progress, host};

/// The files that a recorder writes, and how its histograms are cut.
#[derive(Debug, Clone)]
pub struct RecorderFiles {
    /// One row per attempt.
    pub exchanges: PathBuf,
    /// The HdrHistogram interval log.
    pub latency: PathBuf,
    /// Length of a latency interval.
    pub interval: Duration,
    /// When the run started, seconds since the epoch.
    pub start_unix_s: f64,
    /// Where each batch is written down as it comes, and each order claimed before it is sent, for
    /// a run that somebody else may have to finish.
    pub journal: Option<Arc<Journal>>,
}

/// The outcome of every arrival, a byte each.
#[derive(Debug, Clone)]
pub struct OutcomeLog(Vec<u8>);

const NOT_SENT: u8 = u8::MAX;

impl OutcomeLog {
    fn new(orders: u64) -> Self {
        Self(vec![NOT_SENT; usize::try_from(orders).unwrap_or(usize::MAX)])
    }

    /// Takes in one more attempt.
    fn add(&mut self, index: u64, outcome: Outcome) {
        let known = self.get(index).map_or(outcome, |before| before.followed_by(outcome));
        if let Some(place) = usize::try_from(index).ok().and_then(|index| self.0.get_mut(index)) {
            *place = u8::try_from(known.code()).unwrap_or(NOT_SENT);
        }
    }

    /// The outcome of arrival `k`; `None` if it was not sent.
    pub fn get(&self, k: u64) -> Option<Outcome> {
        let code = *usize::try_from(k).ok().and_then(|k| self.0.get(k))?;
        Outcome::from_code(i32::from(code))
    }
}

/// Orders by the second of the run, from second 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PerSecond {
    /// By the second in which they were due.
    pub offered: Vec<u64>,
    /// Those accepted, by the second in which the answer was complete.
    pub accepted: Vec<u64>,
    /// Those that ended throttled, failed or without an answer, by the second of that end.
    pub failed: Vec<u64>,
}

impl PerSecond {
    fn add(&mut self, exchange: &Exchange) {
        if exchange.attempt == 1 {
            count(&mut self.offered, exchange.intended_us);
        }
        match exchange.outcome {
            Outcome::Accepted => count(&mut self.accepted, exchange.end_us),
            Outcome::Throttled | Outcome::Failed | Outcome::Unknown if exchange.is_last => {
                count(&mut self.failed, exchange.end_us);
            }
            Outcome::Throttled | Outcome::Failed | Outcome::Unknown | Outcome::Rejected => {}
        }
    }
}

fn count(seconds: &mut Vec<u64>, us: u64) {
    let second = usize::try_from(us / 1_000_000).unwrap_or(usize::MAX - 1);
    if seconds.len() <= second {
        seconds.resize(second + 1, 0);
    }
    seconds[second] += 1;
}

/// What the recorder knows at the end.
pub(crate) struct Recorded {
    pub(crate) per_second: PerSecond,
    pub(crate) response: LatencySummary,
    pub(crate) service: LatencySummary,
    pub(crate) start_lag: LatencySummary,
    pub(crate) outcomes: OutcomeLog,
    pub(crate) last_end_us: u64,
}

/// A running recorder.
pub(crate) struct Recorder {
    /// Takes exchanges; the recorder ends when every copy is gone.
    pub(crate) batches: mpsc::Sender<Batch>,
    /// Gives what was recorded.
    pub(crate) thread: JoinHandle<Result<Recorded, String>>,
}

/// How often the live quantiles are computed.
const LIVE_EVERY: Duration = Duration::from_millis(250);

/// Starts the recorder.
pub(crate) fn start(
    files: RecorderFiles,
    orders: u64,
    abort: Option<AbortRule>,
    progress: Arc<Progress>,
) -> Result<Recorder, String> {
    let create = |path: &PathBuf| {
        File::create(path).map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    let exchanges = create(&files.exchanges)?;
    let latency = BufWriter::new(create(&files.latency)?);
    let (sender, receiver) = mpsc::channel();
    let handle = thread::Builder::new()
        .name("recorder".to_owned())
        .spawn(move || {
            let cannot =
                |what: &PathBuf, why: String| format!("cannot write {}: {why}", what.display());
            let writer = ExchangeWriter::new(exchanges)
                .map_err(|error| cannot(&files.exchanges, error.to_string()))?;
            let log = LatencyLog::new(latency, files.interval, files.start_unix_s)
                .map_err(|error| cannot(&files.latency, error.to_string()))?;
            let abort = abort.map(AbortWatch::new);
            let books = Books { file: writer, log, abort, journal: files.journal };
            books.record(&receiver, orders, &progress).map_err(|why| cannot(&files.exchanges, why))
        })
        .map_err(|error| format!("cannot start the recorder: {error}"))?;
    Ok(Recorder { batches: sender, thread: handle })
}

/// What a recorder writes into and looks at.
struct Books {
    file: ExchangeWriter<File>,
    log: LatencyLog<BufWriter<File>>,
    abort: Option<AbortWatch>,
    journal: Option<Arc<Journal>>,
}

impl Books {
    fn record(
        mut self,
        batches: &mpsc::Receiver<Batch>,
        orders: u64,
        progress: &Progress,
    ) -> Result<Recorded, String> {
        let mut outcomes = OutcomeLog::new(orders);
        let mut last_end_us = 0;
        let mut per_second = PerSecond::default();
        let mut shown = Instant::now();
        for batch in batches {
            if let Some(journal) = &self.journal {
                journal.append(&batch).map_err(|error| error.to_string())?;
            }
            for exchange in batch {
                outcomes.add(exchange.index, exchange.outcome);
                last_end_us = last_end_us.max(exchange.end_us);
                per_second.add(&exchange);
                self.watch(&exchange, progress);
                self.log.record(&exchange).map_err(|error| error.to_string())?;
                self.file.write(exchange).map_err(|error| error.to_string())?;
            }
            if shown.elapsed() >= LIVE_EVERY {
                let of = |kind| self.log.summary(kind);
                progress.set_latency(&of(LatencyKind::Response), &of(LatencyKind::StartLag));
                shown = Instant::now();
            }
        }
        self.file.finish().map_err(|error| error.to_string())?;
        let [response, service, start_lag] =
            self.log.finish().map_err(|error| error.to_string())?;
        progress.set_latency(&response, &start_lag);
        Ok(Recorded { per_second, response, service, start_lag, outcomes, last_end_us })
    }

    /// Ends the load if the abort rule says so.
    fn watch(&mut self, exchange: &Exchange, progress: &Progress) {
        let Some(watch) = &mut self.abort else { return };
        if let Some(reason) = watch.see(exchange.outcome, exchange.end_us) {
            self.abort = None;
            progress.abort(reason);
            host::end_load("abort rule");
        }
    }
}
