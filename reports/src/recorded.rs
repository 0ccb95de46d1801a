//! What a run recorded, for a simulation of it and beyond it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use runlog::{
    Handled, HandledTally, Handling, RunDirectory, RunFileError, RunManifest, each_handling,
    read_timeline,
};
use simulator::{
    Calibration, Deployed, Extrapolation, Observation, ObservedInvocation, ObservedMessage,
    PipelineSettings, Quotas, RatePoint, ServiceLevel, Validation, extrapolate, rate_curve,
};

/// What is asked of the documents where nobody has said: 99 of 100 within 5 s.
const DOCUMENTED: ServiceLevel = ServiceLevel { quantile: 0.99, us_max: 5_000_000 };
/// The seed of what a report simulates, so that it is the same each time it is made.
const SEED: u64 = 1;
/// Threads of it; the result does not depend on them.
const THREADS: usize = 2;
/// Rates of the curve, as parts of the largest that keeps the service level; where none does, of one
/// a second.
const RATES: [f64; 11] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 0.9, 1.0, 1.1, 1.3];
/// Runs whose schedule is at most so long have intervals of a second, longer ones of ten, ms.
const SHORT_RUN_MS: u64 = 600_000;

/// A run that cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// A file of the run cannot be read.
    #[error(transparent)]
    File(#[from] RunFileError),
    /// A file that older runs do not have.
    #[error("{0}; runs recorded before vazao wrote this file cannot be simulated: run again")]
    Old(RunFileError),
    /// Nothing to calibrate by.
    #[error("{path}: not one invocation succeeded", path = .0.display())]
    NoInvocation(PathBuf),
}

/// What was recorded of a run, for a simulation.
#[derive(Debug)]
pub struct Recorded {
    /// The run.
    pub manifest: RunManifest,
    /// The settings of its pipeline.
    pub deployed: Deployed,
    /// What was seen of it.
    pub observed: Observation,
    /// What that says of the pipeline.
    pub calibration: Calibration,
    /// What the function did, over time.
    pub handled: Handled,
}

impl Recorded {
    /// Reads what a simulation needs of a run.
    ///
    /// # Errors
    /// If a file of it is missing or broken, or no invocation succeeded.
    pub fn read(run: &Path) -> Result<Self, RecordedError> {
        let directory = RunDirectory::open(run);
        let manifest: RunManifest = RunDirectory::read_json(&directory.manifest())?;
        let deployed: Deployed =
            RunDirectory::read_json(&directory.pipeline()).map_err(RecordedError::Old)?;
        let mut tally =
            HandledTally::new(if manifest.schedule_ms <= SHORT_RUN_MS { 1 } else { 10 });
        let mut messages = Messages::default();
        each_handling(&directory.invocations(), |row| {
            tally.add(&row);
            messages.add(&row);
        })
        .map_err(RecordedError::Old)?;
        let reconciliation: runlog::Reconciliation =
            RunDirectory::read_json(&directory.reconciliation())?;
        let timeline = read_timeline(&directory.timeline())?;
        let (arrivals_us, invocations) = messages.finish();
        let observed = Observation {
            arrivals_us,
            invocations,
            dead_letters: reconciliation.dead_letters,
            backlog: timeline
                .iter()
                .filter_map(|point| Some((point.second, point.visible?)))
                .collect(),
        };
        let calibration = Calibration::of(&observed.invocations)
            .ok_or_else(|| RecordedError::NoInvocation(run.to_owned()))?;
        Ok(Self { manifest, deployed, observed, calibration, handled: tally.finish() })
    }

    /// The run against its simulation, what that says beyond the run, and the pipeline at constant
    /// rates if it says anything.
    pub fn extrapolation(&self) -> (Validation, Extrapolation, Vec<RatePoint>) {
        let mut settings = PipelineSettings::deployed(&self.deployed, &Quotas::defaults());
        self.calibration.apply(&mut settings);
        let (validation, extrapolation) =
            extrapolate(&settings, &self.observed, &self.calibration, DOCUMENTED, (SEED, THREADS));
        if !validation.valid {
            return (validation, extrapolation, Vec::new());
        }
        let largest = extrapolation.largest_per_s.unwrap_or(1.0);
        let rates = RATES.map(|part| (part * largest).max(0.05));
        let curve = rate_curve(&settings, &rates, SEED);
        (validation, extrapolation, curve)
    }
}

/// Messages and invocations, as they come.
#[derive(Default)]
struct Messages {
    /// When the queue took each message, by its name.
    arrived: HashMap<i64, i64>,
    /// Where in `invocations` each is.
    places: HashMap<i64, usize>,
    invocations: Vec<(i64, ObservedInvocation)>,
}

impl Messages {
    fn add(&mut self, row: &Handling) {
        self.arrived.entry(row.message).or_insert(row.sent_us);
        let next = self.invocations.len();
        let place = *self.places.entry(row.invocation).or_insert(next);
        if place == next {
            self.invocations.push((row.invocation, invocation(row)));
        }
        self.invocations[place].1.messages.push(ObservedMessage {
            message: row.message.cast_unsigned(),
            sent_us: not_negative(row.sent_us),
            receive: not_negative(row.receive),
            processed: row.processed == 1,
        });
    }

    /// When the queue took each message, sorted, and the invocations by their number.
    fn finish(self) -> (Vec<u64>, Vec<ObservedInvocation>) {
        let mut arrivals: Vec<u64> = self.arrived.into_values().map(not_negative).collect();
        arrivals.sort_unstable();
        let mut invocations = self.invocations;
        invocations.sort_by_key(|(number, _)| *number);
        (arrivals, invocations.into_iter().map(|(_, invocation)| invocation).collect())
    }
}

fn invocation(row: &Handling) -> ObservedInvocation {
    ObservedInvocation {
        polled_us: not_negative(row.polled_us),
        received_us: not_negative(row.received_us),
        ended_us: not_negative(row.ended_us),
        duration_us: not_negative(row.duration_us),
        init_us: not_negative(row.init_us),
        throttles: not_negative(row.throttles),
        succeeded: row.succeeded == 1,
        messages: Vec::with_capacity(usize::try_from(row.messages).unwrap_or(0)),
    }
}

/// What happened before the run began happened at its begin.
fn not_negative(us: i64) -> u64 {
    us.max(0).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_arrives_once_and_not_before_the_run() {
        let row = |message, sent_us| Handling { message, sent_us, ..Handling::default() };
        // Message 7 came twice; one was sent before the run began.
        let rows = [row(7, 3_001), row(8, 2_999), row(7, 3_001), row(9, 5_000), row(1, -2_000)];
        let mut messages = Messages::default();
        rows.iter().for_each(|row| messages.add(row));
        assert_eq!(messages.finish().0, [0, 2_999, 3_001, 5_000]);
    }
}
