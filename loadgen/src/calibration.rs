//! Measures what this machine can send in time: faster and faster until orders leave late, then
//! between the last rate that went and the first that did not.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use orders::{RunTag, Sampler, World};

use crate::{
    ArrivalSchedule, Capacity, Credentials, Curve, GatewayAddress, LoadError, LoadPlan, LoadResult,
    Progress, RecorderFiles, Retries, Sink, Transport, run,
};

/// Rates that are tried, orders per second.
const RATES_PER_S: [f64; 8] =
    [1_000.0, 2_500.0, 5_000.0, 10_000.0, 20_000.0, 40_000.0, 80_000.0, 160_000.0];

/// How long each is tried, s. Long enough for a p99 of two thousand orders.
const STEP_S: f64 = 2.0;

/// How many rates are tried between the last that went and the first that did not.
const STEPS_BETWEEN: u32 = 2;

/// One rate that was tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Orders per second.
    pub rate_per_s: f64,
    /// 99 of 100 orders left within this of their instant, µs.
    pub start_lag_p99_us: u64,
    /// CPU time of the driver threads per order, µs.
    pub cpu_us_per_order: f64,
    /// Whether orders left in time.
    pub is_in_time: bool,
}

/// Tries rates until orders leave later than `start_lag_p99_us_max`; `each` hears of every step.
/// The folder is for files of the load's, which nobody needs afterwards. Without a rate that went,
/// the capacity is 0 orders per second.
///
/// # Errors
/// If a load cannot start, or its files cannot be written.
pub async fn calibrate(
    folder: &Path,
    start_lag_p99_us_max: u64,
    mut each: impl FnMut(&Step),
) -> Result<Capacity, LoadError> {
    let sink = Sink::start().map_err(|error| LoadError::Client(format!("no sink: {error}")))?;
    let (mut best, mut too_fast) = (None::<Step>, None);
    let mut rates = RATES_PER_S.into_iter();
    let mut steps_left = STEPS_BETWEEN;
    loop {
        let rate_per_s = match too_fast {
            None => match rates.next() {
                Some(rate) => rate,
                None => break,
            },
            Some(_) if steps_left == 0 => break,
            Some(too_fast) => {
                steps_left -= 1;
                let Some(best) = best else { break };
                f64::sqrt(best.rate_per_s * too_fast)
            }
        };
        let result = try_rate(&sink, folder, rate_per_s).await?;
        let step = step(rate_per_s, &result, start_lag_p99_us_max);
        each(&step);
        if step.is_in_time {
            best = Some(step);
        } else {
            too_fast = Some(rate_per_s);
        }
    }
    Ok(Capacity {
        version: 1,
        measured_at: Timestamp::now(),
        processors: std::thread::available_parallelism()
            .map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX)),
        rate_per_s_max: best.map_or(0.0, |step| step.rate_per_s.floor()),
        start_lag_p99_us_max,
        cpu_us_per_order: best.map_or(0.0, |step| step.cpu_us_per_order),
    })
}

fn step(rate_per_s: f64, result: &LoadResult, start_lag_p99_us_max: u64) -> Step {
    let generator = &result.generator;
    let sent = generator.outcomes.total();
    Step {
        rate_per_s,
        start_lag_p99_us: generator.start_lag.p99_us,
        cpu_us_per_order: result.driver_cpu.as_secs_f64() * 1e6 / sent.max(1) as f64,
        is_in_time: generator.outcomes.accepted == sent
            && generator.capped == 0
            && generator.start_lag.p99_us <= start_lag_p99_us_max,
    }
}

async fn try_rate(sink: &Sink, folder: &Path, rate_per_s: f64) -> Result<LoadResult, LoadError> {
    let orders = (rate_per_s * STEP_S) as u64;
    let plan = LoadPlan {
        schedule: ArrivalSchedule::new(Curve::constant(STEP_S), orders, 1.0, Some(1)),
        sampler: Sampler::new(1, RunTag::from_seed_text("calibration"), World::default()),
        gateway: GatewayAddress(sink.url().to_owned()),
        credentials: Credentials::None,
        transport: Transport::default(),
        retries: Retries::default(),
        abort: None,
        in_flight_max: 256,
        start: Instant::now() + Duration::from_millis(300),
        start_unix: Timestamp::now(),
        files: RecorderFiles {
            exchanges: folder.join("calibration.parquet"),
            latency: folder.join("calibration.hlog"),
            interval: Duration::from_secs(1),
            start_unix_s: 0.0,
            journal: None,
        },
    };
    run(plan, Arc::new(Progress::default())).await
}
