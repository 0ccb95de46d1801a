//! Twenty published experiments on AWS Lambda (SimFaaS, `examples/exp.csv`): measured cold-start
//! probability and instance count against the simulation. The file is not shipped: get it from
//! <https://github.com/pacslab/simfaas> (MIT).
//!
//! `cargo run --release -p simulator --example lambda_experiments -- exp.csv`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use simulator::{
    Distribution, Forecast, MinuteRates, PipelineSettings, QuantileTable, Quotas, ServiceTime,
    simulate,
};

/// Simulated for each experiment, s.
const SECONDS: f64 = 1e7;

fn main() -> std::io::Result<()> {
    // SimFaaS's README example.
    let started = std::time::Instant::now();
    let (cold, instances, orders) = run(0.9, 1.991, 2.244, 600.0, 1e6);
    println!(
        "0.9/s, 1.991 s warm, 2.244 s cold, 600 s, T = 1e6 s: cold {cold:.6}, instances \
         {instances:.4}, {orders} requests in {:.3} s",
        started.elapsed().as_secs_f64()
    );
    let Some(path) = std::env::args().nth(1) else { return Ok(()) };
    let text = std::fs::read_to_string(path)?;
    let (mut cold_off, mut instances_off, mut rows) = (0.0, 0.0, 0.0);
    for line in text.lines().skip(1) {
        let numbers: Vec<f64> =
            line.split(',').skip(1).filter_map(|field| field.parse().ok()).collect();
        let [rate, warm_ms, cold_ms, idle_min, instances, _, cold, ..] = numbers[..] else {
            continue;
        };
        let (cold_here, instances_here, _) =
            run(rate, warm_ms / 1e3, cold_ms / 1e3, idle_min * 60.0, SECONDS);
        cold_off += (cold_here / cold - 1.0).abs();
        instances_off += (instances_here / instances - 1.0).abs();
        rows += 1.0;
    }
    println!(
        "{rows} experiments, mean absolute error: cold-start probability {:.2} %, instances {:.2} %",
        cold_off / rows * 100.0,
        instances_off / rows * 100.0
    );
    Ok(())
}

/// Cold-start probability, average number of environments, requests.
fn run(rate_per_s: f64, warm_s: f64, cold_s: f64, idle_s: f64, seconds: f64) -> (f64, f64, u64) {
    let mut settings = PipelineSettings::assumed(&Quotas::defaults());
    // Scale per request: no queue, no batches, no ramp.
    settings.mapping.start = 1_000;
    settings.mapping.batch_size = 1;
    settings.visibility_timeout_us = u64::MAX >> 20;
    let function = &mut settings.function;
    function.order_failure_probability = 0.0;
    function.cold_start = QuantileTable::constant(((cold_s - warm_s) * 1e6) as u32);
    function.idle_lifetime_us = (idle_s * 1e6) as u64;
    let warm = Distribution::Exponential { mean_s: warm_s };
    function.service = ServiceTime::Linear { invocation_us: 0, order: QuantileTable::of(&warm) };
    let rates = MinuteRates::constant(rate_per_s, (seconds / 60.0) as usize);
    let forecast: Forecast = simulate(&settings, rates.arrivals(1), 1);
    let cold = forecast.cold_starts as f64 / forecast.done as f64;
    (cold, forecast.environment_us as f64 / 1e6 / seconds, forecast.done)
}
