//! Whether the run measured the system, or its own generator.

use runlog::{GeneratorHealth, RunManifest};

use crate::words::{duration, grouped};

/// The start lag that is never held against a generator, µs.
const LAG_ALWAYS_FINE_US: u64 = 5_000;

/// The share of a processor above which a thread of the generator has no room to be in time,
/// thousandths.
const CPU_PERMILLE_MAX: u32 = 800;

/// How far a clock may be set while a run lasts, ms: more moves orders into other seconds of the
/// meters.
const CLOCK_STEP_MS_MAX: u64 = 50;

/// How far the gateway's clock may be off, ms: more than the second of its meters.
const CLOCK_OFFSET_MS_MAX: i64 = 1_000;

/// The p99 of the start lag above which a run is invalid, µs: 5 ms, or 2 % of the service level
/// where that is more.
pub(crate) fn start_lag_p99_us_max(manifest: &RunManifest) -> u64 {
    let service_level_us = manifest.service_level.accept_p99_ms_max * 1_000;
    LAG_ALWAYS_FINE_US.max(service_level_us / 50)
}

/// Why the generator was the bottleneck, so that the run says nothing of the system's speed; `None`
/// if it was not.
pub fn bottleneck(manifest: &RunManifest) -> Option<String> {
    let generator = &manifest.generator;
    let lag_max = start_lag_p99_us_max(manifest);
    if generator.capped > 0 {
        Some(format!(
            "{} arrivals waited because {} orders were in flight already: raise in_flight_max, or the system is too slow for this load",
            grouped(generator.capped),
            grouped(generator.in_flight_cap),
        ))
    } else if generator.start_lag.p99_us > lag_max {
        Some(format!(
            "orders left late: p99 of the start lag is {}, over {}",
            duration(generator.start_lag.p99_us),
            duration(lag_max),
        ))
    } else if generator.cpu_permille > CPU_PERMILLE_MAX {
        Some(format!(
            "a thread of the generator was busy {} % of the time, over {} %",
            generator.cpu_permille / 10,
            CPU_PERMILLE_MAX / 10,
        ))
    } else {
        wrong_clock(generator)
    }
}

fn wrong_clock(generator: &GeneratorHealth) -> Option<String> {
    let step_ms = generator.clock_step_ms.unsigned_abs();
    if step_ms > CLOCK_STEP_MS_MAX {
        return Some(format!("this machine's clock was set by {step_ms} ms during the run"));
    }
    let [least, most] = generator.clock_offset_ms?;
    let off_ms = if least > CLOCK_OFFSET_MS_MAX {
        least
    } else if most < -CLOCK_OFFSET_MS_MAX {
        most
    } else {
        return None;
    };
    Some(format!("the gateway's clock is off by at least {} ms", off_ms.unsigned_abs()))
}
