//! From a run to what was not tried: how far the measured pipeline would go, and what would stop it.

use serde::Serialize;

use crate::volume::{Probe, largest_rate};
use crate::{
    Calibration, Limit, MinuteRates, Observation, PipelineSettings, ServiceLevel, Validation,
    simulate, validate,
};

/// How long each rate is tried: the first minute is not counted.
const PROBE: Probe = Probe { minutes: 4, lead: 1, within: 1.05 };
/// How much more than the largest rate shows what stops it.
const BEYOND: f64 = 1.1;

/// What a simulation calibrated by a run says beyond it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Extrapolation {
    /// Why the model is not valid for the run, so that it says nothing beyond it.
    pub not_valid: Vec<String>,
    /// The service level that was asked for, such as `p99<=5s`.
    pub service_level: String,
    /// The largest constant rate that keeps it, orders a second; none if none does.
    pub largest_per_s: Option<f64>,
    /// What stops a larger one.
    pub first_limit: Option<Limit>,
    /// Invocations at once up to which times were measured; the largest rate may need more.
    pub at_once_measured: usize,
    /// Invocations at once at the largest rate.
    pub at_once_needed: u64,
}

/// One constant rate, simulated for some minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RatePoint {
    /// Orders a second.
    pub per_s: f64,
    /// From acceptance to document, ms: half of the orders at most.
    pub p50_ms: f64,
    /// The same for 99 of 100.
    pub p99_ms: f64,
    /// Most messages that waited.
    pub backlog_max: u64,
    /// Most invocations at once.
    pub at_once_max: u64,
}

/// Orders at each rate, about: enough for a p99 that does not jump, and a rate of thousands takes
/// no longer than one of tens.
const CURVE_ORDERS: f64 = 30_000.0;

/// The same pipeline at constant rates, each from an empty system, for one to ten minutes.
pub fn rate_curve(settings: &PipelineSettings, per_s: &[f64], seed: u64) -> Vec<RatePoint> {
    let point = |rate: &f64| {
        let minutes = (CURVE_ORDERS / (rate * 60.0)).ceil().clamp(1.0, 10.0) as usize;
        let rates = MinuteRates::constant(*rate, minutes);
        let forecast = simulate(settings, rates.arrivals(seed), seed);
        RatePoint {
            per_s: *rate,
            p50_ms: forecast.quantile_us(0.5) as f64 / 1e3,
            p99_ms: forecast.quantile_us(0.99) as f64 / 1e3,
            backlog_max: forecast.backlog_max,
            at_once_max: forecast.concurrency_max,
        }
    };
    per_s.iter().map(point).collect()
}

/// Holds the model against the run, and if it is valid, looks for the largest rate.
pub fn extrapolate(
    settings: &PipelineSettings,
    observed: &Observation,
    calibration: &Calibration,
    level: ServiceLevel,
    (seed, threads): (u64, usize),
) -> (Validation, Extrapolation) {
    // What was recorded was accepted: the gateway has done its part.
    let mut replay =
        PipelineSettings { gateway_rate_per_s: 1e9, gateway_burst: 1e9, ..settings.clone() };
    calibration.apply_to_replay(&mut replay);
    let validation = validate(&replay, observed, seed, threads);
    let nothing = Extrapolation {
        not_valid: validation.reasons.clone(),
        service_level: level.to_string(),
        largest_per_s: None,
        first_limit: None,
        at_once_measured: calibration.at_once_max,
        at_once_needed: 0,
    };
    if !nothing.not_valid.is_empty() {
        return (validation, nothing);
    }
    let largest = largest_rate(settings, level, PROBE, seed);
    let at = |rate: f64| {
        simulate(settings, MinuteRates::constant(rate, PROBE.minutes).arrivals(seed), seed)
    };
    let (capacity, bound) = settings.capacity();
    let beyond = largest.unwrap_or(1.0) * BEYOND;
    let first_limit = if beyond > capacity {
        Some(bound)
    } else {
        at(beyond).bottleneck().map(|(limit, _)| limit)
    };
    let at_once_needed = largest.map_or(0, |rate| at(rate).concurrency_max);
    let found = Extrapolation { largest_per_s: largest, first_limit, at_once_needed, ..nothing };
    (validation, found)
}
