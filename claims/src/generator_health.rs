//! Whether the run measured the system, or its own generator.

use runlog::RunManifest;

use crate::words::{duration, grouped};

/// The start lag that is never held against a generator, µs.
const LAG_ALWAYS_FINE_US: u64 = 5_000;

/// The p99 of the start lag above which a run is invalid, µs: 5 ms, or 2 % of the service level
/// where that is more.
pub(crate) fn start_lag_p99_us_max(manifest: &RunManifest) -> u64 {
    let service_level_us = manifest.service_level.accept_p99_ms_max * 1_000;
    LAG_ALWAYS_FINE_US.max(service_level_us / 50)
}

/// Why the generator was the bottleneck; `None` if it was not.
pub(crate) fn bottleneck(manifest: &RunManifest) -> Option<String> {
    let generator = &manifest.generator;
    let lag_max = start_lag_p99_us_max(manifest);
    if generator.capped > 0 {
        Some(format!(
            "{} arrivals waited because {} orders were in flight already",
            grouped(generator.capped),
            grouped(generator.in_flight_cap),
        ))
    } else if generator.start_lag.p99_us > lag_max {
        Some(format!(
            "orders left late: p99 of the start lag is {}, over {}",
            duration(generator.start_lag.p99_us),
            duration(lag_max),
        ))
    } else {
        None
    }
}
