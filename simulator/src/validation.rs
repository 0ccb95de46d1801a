//! A run against its simulation: the same orders at the same instants through the same settings.

use serde::Serialize;

use crate::calibration::ObservedInvocation;
use crate::{Forecast, PipelineSettings, parallel, simulate};

/// Simulations of the same arrivals. Their quantiles are averaged: pooled, the worst of them
/// would make the tail, and a run is one.
const REPLICATIONS: usize = 12;
/// How far off a median may be.
const MEDIAN_OFF_MAX: f64 = 0.10;
/// How far off a 99th percentile may be.
const P99_OFF_MAX: f64 = 0.25;
/// How far off counts that money depends on may be.
const USAGE_OFF_MAX: f64 = 0.10;
/// Fewer orders than this do not tell a p99.
const ORDERS_MIN: usize = 1_000;

/// One number, measured and simulated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Which.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What the run recorded.
    pub measured: f64,
    /// What the simulation says; the mean of the replications.
    pub simulated: f64,
    /// simulated / measured - 1; none where nothing was measured.
    pub off: Option<f64>,
    /// How far it may be off for the model to be valid; none for what is only shown.
    pub tolerance: Option<f64>,
}

impl Compared {
    /// Whether it is within its tolerance; what has none always is.
    pub fn is_within(&self) -> bool {
        match (self.tolerance, self.off) {
            (None, _) => true,
            (Some(tolerance), Some(off)) => off.abs() <= tolerance,
            (Some(_), None) => self.simulated == self.measured,
        }
    }
}

/// Messages that waited at the end of a second of the run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Backlog {
    /// Start of the second, s from the start of the run.
    pub second: u64,
    /// Measured.
    pub measured: f64,
    /// Simulated, the mean of the replications.
    pub simulated: f64,
    /// The most and least of the replications.
    pub simulated_range: [u64; 2],
}

/// A share of the orders, and the time within which they were documented, ms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quantile {
    /// The share.
    pub quantile: f64,
    /// Measured.
    pub measured_ms: f64,
    /// Simulated, the mean of the replications.
    pub simulated_ms: f64,
}

/// What a run recorded, as far as a simulation says it too.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When the queue took each order, µs from the start of the run, sorted.
    pub arrivals_us: Vec<u64>,
    /// Every invocation.
    pub invocations: Vec<ObservedInvocation>,
    /// Messages in the dead-letter queue at the end.
    pub dead_letters: u64,
    /// Messages that waited, by second of the run.
    pub backlog: Vec<(u64, f64)>,
}

/// Measured against simulated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validation {
    /// Whether every number that has a tolerance is within it.
    pub valid: bool,
    /// Why not.
    pub reasons: Vec<String>,
    /// The numbers.
    pub compared: Vec<Compared>,
    /// The distribution of the time from acceptance to document.
    pub quantiles: Vec<Quantile>,
    /// The backlog, second by second.
    pub backlog: Vec<Backlog>,
}

impl Observation {
    /// From the queue's acceptance to the deletion after the invocation that documented the order,
    /// µs, sorted.
    pub fn latencies_us(&self) -> Vec<u64> {
        let mut done = std::collections::HashSet::new();
        let mut all = Vec::new();
        for invocation in &self.invocations {
            for message in invocation.messages.iter().filter(|message| message.processed) {
                if done.insert(message.message) {
                    all.push(invocation.ended_us.saturating_sub(message.sent_us));
                }
            }
        }
        all.sort_unstable();
        all
    }

    fn ran(&self) -> impl Iterator<Item = &ObservedInvocation> {
        self.invocations.iter().filter(|one| one.succeeded || one.duration_us > 0)
    }

    fn last_end_us(&self) -> u64 {
        self.invocations.iter().map(|one| one.ended_us).max().unwrap_or(0)
    }
}

/// Simulates the arrivals of a run and compares.
pub fn validate(
    settings: &PipelineSettings,
    observed: &Observation,
    seed: u64,
    threads: usize,
) -> Validation {
    let settings = PipelineSettings { step_us: 1_000_000, ..settings.clone() };
    let seeds: Vec<u64> = (0..REPLICATIONS as u64).map(|n| seed.wrapping_add(n)).collect();
    let arrivals = || observed.arrivals_us.iter().copied();
    let all = parallel::map(&seeds, threads, |seed| simulate(&settings, arrivals(), *seed));
    let latencies = observed.latencies_us();
    let compared = compare(&settings, observed, &latencies, &all);
    let reasons = reasons(&compared, latencies.len());
    Validation {
        valid: reasons.is_empty(),
        reasons,
        quantiles: quantiles(&latencies, &all),
        backlog: backlog(observed, &all),
        compared,
    }
}

fn reasons(compared: &[Compared], orders: usize) -> Vec<String> {
    let mut reasons: Vec<String> = compared
        .iter()
        .filter(|number| !number.is_within())
        .map(|number| {
            format!(
                "{} is {:.3} {unit} measured and {:.3} {unit} simulated, more than {:.0} % off",
                number.name,
                number.measured,
                number.simulated,
                number.tolerance.unwrap_or(0.0) * 100.0,
                unit = number.unit,
            )
        })
        .collect();
    if orders < ORDERS_MIN {
        reasons.push(format!(
            "{orders} documented orders are too few for a p99: it takes {ORDERS_MIN}"
        ));
    }
    reasons
}

fn compare(
    settings: &PipelineSettings,
    observed: &Observation,
    latencies: &[u64],
    all: &[Forecast],
) -> Vec<Compared> {
    let mean = |of: fn(&Forecast) -> u64| {
        all.iter().map(|forecast| of(forecast) as f64).sum::<f64>() / all.len().max(1) as f64
    };
    let count = |name, measured: u64, simulated, tolerance| {
        compared(name, "", (measured as f64, simulated), tolerance)
    };
    let latency = |name, quantile, tolerance| {
        let measured = measured_us(latencies, quantile) / 1e3;
        let simulated = mean_quantile_us(all, quantile) / 1e3;
        compared(name, "ms", (measured, simulated), tolerance)
    };
    let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let ran = observed.ran().count() as u64;
    let cold = observed.ran().filter(|one| one.init_us > 0).count() as u64;
    let memory_gb = f64::from(settings.function.memory_mb) / 1_024.0;
    let billed_us: u64 = observed.ran().map(|one| one.duration_us + one.init_us).sum();
    let billed = |forecast: &Forecast| forecast.busy_us + forecast.init_us;
    let backlog_measured = most(&mut observed.backlog.iter().map(|(_, waiting)| *waiting));
    let backlog_simulated = all
        .iter()
        .map(|forecast| most(&mut forecast.steps.iter().map(|step| step.backlog_end as f64)));
    let backlog_simulated = backlog_simulated.sum::<f64>() / all.len().max(1) as f64;
    vec![
        latency("acceptance to document, p50", 0.5, Some(MEDIAN_OFF_MAX)),
        latency("acceptance to document, p90", 0.9, None),
        latency("acceptance to document, p99", 0.99, Some(P99_OFF_MAX)),
        count("invocations", ran, mean(|f| f.invocations), Some(USAGE_OFF_MAX)),
        compared(
            "compute",
            "GB-s",
            (billed_us as f64 / 1e6 * memory_gb, mean(billed) / 1e6 * memory_gb),
            Some(USAGE_OFF_MAX),
        ),
        count("cold starts", cold, mean(|f| f.cold_starts), None),
        count("documented", latencies.len() as u64, mean(|f| f.done), None),
        count("dead letters", observed.dead_letters, mean(|f| f.dead_letters), None),
        compared("longest backlog", "", (backlog_measured, backlog_simulated), None),
        compared(
            "the last order documented after",
            "s",
            (observed.last_end_us() as f64 / 1e6, mean(|f| f.ended_us) / 1e6),
            None,
        ),
    ]
}

fn compared(
    name: &'static str,
    unit: &'static str,
    (measured, simulated): (f64, f64),
    tolerance: Option<f64>,
) -> Compared {
    let off = (measured > 0.0).then(|| simulated / measured - 1.0);
    Compared { name, unit, measured, simulated, off, tolerance }
}

/// The mean of the replications' quantile, µs.
fn mean_quantile_us(all: &[Forecast], quantile: f64) -> f64 {
    let sum: u64 = all.iter().map(|forecast| forecast.quantile_us(quantile)).sum();
    sum as f64 / all.len().max(1) as f64
}

/// The nearest rank of sorted values, µs.
fn measured_us(sorted: &[u64], quantile: f64) -> f64 {
    let rank = (quantile * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank.min(sorted.len()).saturating_sub(1)).map_or(0.0, |us| *us as f64)
}

fn quantiles(latencies: &[u64], all: &[Forecast]) -> Vec<Quantile> {
    let shares = (1..100).map(|percent| f64::from(percent) / 100.0).chain([0.995, 0.999]);
    shares
        .map(|quantile| Quantile {
            quantile,
            measured_ms: measured_us(latencies, quantile) / 1e3,
            simulated_ms: mean_quantile_us(all, quantile) / 1e3,
        })
        .collect()
}

fn backlog(observed: &Observation, all: &[Forecast]) -> Vec<Backlog> {
    let at = |forecast: &Forecast, second: u64| {
        forecast.steps.get(second as usize).map_or(0, |step| step.backlog_end)
    };
    observed
        .backlog
        .iter()
        .map(|(second, measured)| {
            let values: Vec<u64> = all.iter().map(|forecast| at(forecast, *second)).collect();
            Backlog {
                second: *second,
                measured: *measured,
                simulated: values.iter().sum::<u64>() as f64 / values.len().max(1) as f64,
                simulated_range: [
                    values.iter().copied().min().unwrap_or(0),
                    values.iter().copied().max().unwrap_or(0),
                ],
            }
        })
        .collect()
}
