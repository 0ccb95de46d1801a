//! A year of ten million orders a day by the hybrid, and its error against the exact run of a week.
//!
//! `cargo run --release -p simulator --example year -- [days of the exact run, default 7]`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use arrivals::Curve;
use simulator::{Forecast, MinuteRates, PipelineSettings, Quotas, simulate, simulate_long};

fn main() {
    let days = std::env::args().nth(1).and_then(|days| days.parse().ok()).unwrap_or(7);
    let settings = PipelineSettings::assumed(&Quotas::defaults());
    let smooth = MinuteRates::of_curve(&Curve::business_day(), 1e7);
    let mut spiked = smooth.clone();
    for minute in 540..550 {
        spiked.0[minute] *= 20.0;
    }
    for (name, day) in [("business days", smooth), ("with a spike x20 at 9:00", spiked)] {
        let year = MinuteRates(day.0.repeat(365));
        let before = cpu_s();
        let hybrid = simulate_long(&settings, &year, 1);
        println!(
            "{name}: a year of {} orders in {:.2} CPU-s, {} of them simulated",
            hybrid.forecast.arrivals,
            cpu_s() - before,
            hybrid.simulated
        );
        let before = cpu_s();
        let exact = simulate(&settings, MinuteRates(day.0.repeat(days)).arrivals(2), 2);
        println!("  exact, {days} days: {:.1} CPU-s; the hybrid against it:", cpu_s() - before);
        let hybrid = hybrid.forecast;
        let off = |of: fn(&Forecast) -> f64| (of(&hybrid) / of(&exact) - 1.0) * 100.0;
        println!("  invocations/order {:+.3} %", off(|f| f.invocations as f64 / f.done as f64));
        println!("  GB-s/order        {:+.3} %", off(|f| f.gb_s(256) / f.done as f64));
        println!("  p50               {:+.2} %", off(|f| f.quantile_us(0.5) as f64));
        println!("  p99               {:+.2} %", off(|f| f.quantile_us(0.99) as f64));
        println!("  backlog max       {:+.2} %", off(|f| f.backlog_max as f64));
    }
}

/// CPU time of this thread, s.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let on_cpu_ns: f64 =
        stat.split_ascii_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(f64::NAN);
    on_cpu_ns / 1e9
}
