//! Orders per CPU-second of the pipeline's model, and bytes per queued order, in one run.
//!
//! `cargo run --release -p simulator --example speed`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::fs;

use simulator::{Limit, MinuteRates, PipelineSettings, Quotas, simulate};

fn main() {
    let settings = PipelineSettings::assumed(&Quotas::defaults());
    for (name, per_day, minutes) in
        [("1 M/day", 1e6, 8 * 1_440), ("10 M/day", 1e7, 1_440), ("100 M/day", 1e8, 144)]
    {
        let rates = MinuteRates::constant(per_day / 86_400.0, minutes);
        let before = cpu_s();
        let forecast = simulate(&settings, rates.arrivals(7), 7);
        let took = cpu_s() - before;
        println!(
            "{name}: {} orders in {took:.2} CPU-s: {:.1} M orders per CPU-s; p50 {} us, p99 {} us, \
             {:.3} orders an invocation, {} cold starts",
            forecast.arrivals,
            forecast.arrivals as f64 / took / 1e6,
            forecast.quantile_us(0.5),
            forecast.quantile_us(0.99),
            forecast.done as f64 / forecast.invocations as f64,
            forecast.cold_starts,
        );
    }
    backlog(settings);
}

/// A backlog of millions behind two invocations.
fn backlog(mut settings: PipelineSettings) {
    settings.mapping.maximum_concurrency = Some(2);
    settings.mapping.batch_size = 10;
    let before = peak_bytes();
    let rates = MinuteRates::constant(10_000.0, 10);
    let forecast = simulate(&settings, rates.arrivals(3), 3);
    let grown = peak_bytes().saturating_sub(before);
    let held = forecast.held_us[Limit::MaximumConcurrency as usize];
    println!(
        "backlog of {}: {:.1} bytes a queued order (held back for {} s)",
        forecast.backlog_max,
        grown as f64 / forecast.backlog_max as f64,
        held / 1_000_000,
    );
}

/// CPU time of this thread, s.
fn cpu_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let on_cpu_ns: f64 =
        stat.split_ascii_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(f64::NAN);
    on_cpu_ns / 1e9
}

/// The most memory that this process had, bytes.
fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0)
        * 1_024
}
