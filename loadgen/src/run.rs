//! A whole load: from a plan to a result, every arrival accounted for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use orders::Sampler;
use runlog::GeneratorHealth;
use thiserror::Error;

use crate::client::Gateway;
use crate::driver::{Driver, Sending};
use crate::{
    ArrivalSchedule, Credentials, GatewayAddress, OutcomeLog, PerSecond, Progress, RecorderFiles,
    host, recorder,
};

/// Drivers of one process, a thread each; two keep two cores busy.
const DRIVERS: u64 = 2;

/// What is to be sent, where, and where it is written down.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    /// When each arrival is due.
    pub schedule: ArrivalSchedule,
    /// What order k is.
    pub sampler: Sampler,
    /// Where orders go.
    pub gateway: GatewayAddress,
    /// How partners say who they are.
    pub credentials: Credentials,
    /// Most orders in flight at the same time.
    pub in_flight_max: u64,
    /// When the first second of the schedule begins, on the monotonic clock.
    pub start: Instant,
    /// The same instant by the calendar.
    pub start_unix: jiff::Timestamp,
    /// The files to write.
    pub files: RecorderFiles,
}

/// What became of the load.
#[derive(Debug, Clone)]
pub struct LoadResult {
    /// How the generator fared.
    pub generator: GeneratorHealth,
    /// The outcome of every arrival.
    pub outcomes: OutcomeLog,
    /// Orders by second.
    pub per_second: PerSecond,
    /// From the start to the last answer.
    pub sent_within: Duration,
}

/// A load that could not be made, or not be written down.
#[derive(Debug, Error)]
pub enum LoadError {
    /// Settings of which no client can be made.
    #[error("{0}")]
    Client(String),
    /// The run's files cannot be written.
    #[error("{0}")]
    Recorder(String),
    /// goose refused to run.
    #[error("goose: {0}")]
    Host(String),
}

/// Sends everything that is planned, or what is due until it is stopped.
///
/// # Errors
/// If the load cannot start, or its files cannot be written. Orders that fail are no error: they
/// are in the result.
pub async fn run(plan: LoadPlan, progress: Arc<Progress>) -> Result<LoadResult, LoadError> {
    let gateway = Gateway::new(&plan.gateway, &plan.credentials).map_err(LoadError::Client)?;
    let orders = plan.schedule.planned();
    let recorder = recorder::start(plan.files.clone(), orders, Arc::clone(&progress))
        .map_err(LoadError::Recorder)?;
    let sending = Sending {
        schedule: plan.schedule,
        gateway,
        sampler: plan.sampler,
        start: plan.start,
        start_unix: plan.start_unix,
        progress: Arc::clone(&progress),
        is_stopped: host::is_stopped,
        journal: plan.files.journal.clone(),
    };
    let drivers = drivers(&sending, plan.in_flight_max);
    host::execute(drivers, &plan.gateway.0, recorder.batches)
        .await
        .map_err(|error| LoadError::Host(error.to_string()))?;

    let recorded = recorder
        .thread
        .join()
        .map_err(|_| LoadError::Recorder("the recorder panicked".to_owned()))?
        .map_err(LoadError::Recorder)?;
    let counters = progress.snapshot();
    Ok(LoadResult {
        generator: GeneratorHealth {
            response: recorded.response,
            service: recorded.service,
            start_lag: recorded.start_lag,
            in_flight_max: counters.in_flight_max,
            in_flight_cap: plan.in_flight_max,
            capped: counters.capped,
            outcomes: counters.outcomes,
        },
        outcomes: recorded.outcomes,
        per_second: recorded.per_second,
        sent_within: Duration::from_micros(recorded.last_end_us),
    })
}

/// The drivers of a run, the cap shared out among them.
fn drivers(sending: &Sending, in_flight_max: u64) -> Vec<Driver> {
    let of = DRIVERS.min(in_flight_max).min(sending.schedule.orders());
    (0..of)
        .map(|position| {
            let share = in_flight_max / of + u64::from(position < in_flight_max % of);
            Driver {
                sending: sending.clone(),
                position,
                of,
                in_flight_max: usize::try_from(share).unwrap_or(usize::MAX),
            }
        })
        .collect()
}
