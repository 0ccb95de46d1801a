//! What a run recorded, for a simulation of it and beyond it.

use std::collections::BTreeMap;
use std::path::Path;

use runlog::{Handling, RunDirectory, RunManifest, read_handlings, read_timeline};
use simulator::{
    Calibration, Deployed, Extrapolation, Observation, ObservedInvocation, ObservedMessage,
    PipelineSettings, Quotas, ServiceLevel, extrapolate,
};

use crate::failure::Failure;

/// What is asked of the documents where nobody has said: 99 of 100 within 5 s.
const DOCUMENTED: ServiceLevel = ServiceLevel { quantile: 0.99, us_max: 5_000_000 };
/// The seed of what a report simulates, so that it is the same each time it is made.
const SEED: u64 = 1;
/// Threads of it; the result does not depend on them.
const THREADS: usize = 2;

/// What was recorded of a run, for a simulation.
pub(crate) struct Recorded {
    pub(crate) manifest: RunManifest,
    pub(crate) deployed: Deployed,
    pub(crate) observed: Observation,
    pub(crate) calibration: Calibration,
}

impl Recorded {
    /// Reads what a simulation needs of a run.
    pub(crate) fn read(run: &Path) -> Result<Self, Failure> {
        let directory = RunDirectory::open(run);
        let manifest: RunManifest =
            RunDirectory::read_json(&directory.manifest()).map_err(Failure::usage)?;
        let old = |error| {
            Failure::usage(format!(
                "--from: {error}; runs recorded before vazao wrote this file cannot be simulated: run \
                 again"
            ))
        };
        let deployed: Deployed = RunDirectory::read_json(&directory.pipeline()).map_err(old)?;
        let handlings = read_handlings(&directory.invocations()).map_err(old)?;
        let reconciliation: runlog::Reconciliation =
            RunDirectory::read_json(&directory.reconciliation()).map_err(Failure::usage)?;
        let timeline = read_timeline(&directory.timeline()).map_err(Failure::usage)?;
        let observed = Observation {
            arrivals_us: arrivals(&handlings),
            invocations: invocations(&handlings),
            dead_letters: reconciliation.dead_letters,
            backlog: timeline
                .iter()
                .filter_map(|point| Some((point.second, point.visible?)))
                .collect(),
        };
        let calibration = Calibration::of(&observed.invocations).ok_or_else(|| {
            Failure::usage(format!("--from {}: not one invocation succeeded", run.display()))
        })?;
        Ok(Self { manifest, deployed, observed, calibration })
    }

    /// What the run says beyond itself.
    pub(crate) fn extrapolation(&self) -> Extrapolation {
        let mut settings = PipelineSettings::deployed(&self.deployed, &Quotas::defaults());
        self.calibration.apply(&mut settings);
        extrapolate(&settings, &self.observed, &self.calibration, DOCUMENTED, (SEED, THREADS))
    }
}

/// When the queue took each message.
fn arrivals(handlings: &[Handling]) -> Vec<u64> {
    let mut first: BTreeMap<i64, i64> = BTreeMap::new();
    for handling in handlings {
        first.entry(handling.message).or_insert(handling.sent_us);
    }
    let mut all: Vec<u64> = first.into_values().map(not_negative).collect();
    all.sort_unstable();
    all
}

fn invocations(handlings: &[Handling]) -> Vec<ObservedInvocation> {
    let mut all: BTreeMap<i64, ObservedInvocation> = BTreeMap::new();
    for row in handlings {
        let invocation = all.entry(row.invocation).or_insert_with(|| ObservedInvocation {
            polled_us: not_negative(row.polled_us),
            received_us: not_negative(row.received_us),
            ended_us: not_negative(row.ended_us),
            duration_us: not_negative(row.duration_us),
            init_us: not_negative(row.init_us),
            throttles: not_negative(row.throttles),
            succeeded: row.succeeded == 1,
            messages: Vec::new(),
        });
        invocation.messages.push(ObservedMessage {
            message: row.message.cast_unsigned(),
            sent_us: not_negative(row.sent_us),
            receive: not_negative(row.receive),
            processed: row.processed == 1,
        });
    }
    all.into_values().collect()
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
        assert_eq!(arrivals(&rows), [0, 2_999, 3_001, 5_000]);
    }
}
