//! A whole load: from a plan to a result, every arrival accounted for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use orders::Sampler;
use runlog::GeneratorHealth;
use thiserror::Error;

use crate::driver::{Driver, Sending};
use crate::gateway::Gateway;
use crate::{
    AbortRule, ArrivalSchedule, Credentials, GatewayAddress, OutcomeLog, PerSecond, Progress,
    RecorderFiles, Retries, Transport, host, recorder,
};

/// What one driver sends with room to spare, orders per second. A second thread, where one is
/// enough, only makes both wake up more often.
const DRIVER_RATE_PER_S: f64 = 20_000.0;

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
    /// How the gateway is spoken to.
    pub transport: Transport,
    /// Whether an order is sent again.
    pub retries: Retries,
    /// When the load ends before its time.
    pub abort: Option<AbortRule>,
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
    /// What the abort rule saw, if it ended the load.
    pub aborted: Option<String>,
    /// CPU time of the driver threads, user and system.
    pub driver_cpu: Duration,
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
    let gateway =
        Gateway::new(&plan.gateway, plan.credentials, plan.transport).map_err(LoadError::Client)?;
    let orders = plan.schedule.planned();
    let journal = plan.files.journal.clone();
    let recorder = recorder::start(plan.files, orders, plan.abort, Arc::clone(&progress))
        .map_err(LoadError::Recorder)?;
    let clock_before = clock_difference_ms(plan.start);
    let sending = Sending {
        schedule: plan.schedule,
        gateway,
        sampler: plan.sampler,
        retries: plan.retries,
        start: plan.start,
        start_unix: plan.start_unix,
        progress: Arc::clone(&progress),
        is_stopped: host::is_stopped,
        journal,
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
            retries: counters.retries,
            cpu_permille: progress.cpu_permille(),
            clock_offset_ms: progress.clock_offset_ms(),
            clock_step_ms: clock_difference_ms(plan.start) - clock_before,
        },
        outcomes: recorded.outcomes,
        per_second: recorded.per_second,
        sent_within: Duration::from_micros(recorded.last_end_us),
        aborted: progress.aborted().map(str::to_owned),
        driver_cpu: progress.driver_cpu(),
    })
}

/// The calendar's clock less the monotonic one since an instant, ms: a number that means nothing
/// and only changes when somebody sets the clock.
fn clock_difference_ms(since: Instant) -> i64 {
    let now = Instant::now();
    let elapsed = now.saturating_duration_since(since).as_millis() as i64
        - since.saturating_duration_since(now).as_millis() as i64;
    jiff::Timestamp::now().as_millisecond() - elapsed
}

/// The drivers of a run, the cap shared out among them.
fn drivers(sending: &Sending, in_flight_max: u64) -> Vec<Driver> {
    let wanted = (sending.schedule.peak_rate_per_s() / DRIVER_RATE_PER_S).ceil().max(1.0) as u64;
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let of = wanted.min(cores).min(in_flight_max).min(sending.schedule.orders());
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
