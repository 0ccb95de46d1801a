//! `vazao simulate --model`: a plain queue, measured.

use std::path::Path;

use simulator::{Estimate, QueueModel, QueueReport, Times, simulate_queue};

use super::{print_json, threads};
use crate::args::SimulateArguments;
use crate::failure::Failure;

pub(crate) fn execute(file: &Path, arguments: &SimulateArguments) -> Result<u8, Failure> {
    let mut model = QueueModel::read(file).map_err(Failure::usage)?;
    if let Some(seed) = arguments.seed {
        model.seed = seed;
    }
    let report = simulate_queue(&model, threads(arguments));
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&report);
    }
    Ok(0)
}

fn print(report: &QueueReport) {
    println!(
        "{} customers in {} batches, after {} of warm-up; seed {}; simulated, +- one standard error",
        report.customers, report.batches, report.warm_up, report.seed
    );
    times("wait, s", &report.wait_s);
    times("sojourn, s", &report.sojourn_s);
    for (name, estimate) in [
        ("probability of waiting", report.delay_probability),
        ("queue length", report.queue_length),
        ("in service", report.in_service),
        ("invisible after a failure", report.invisible),
        ("in system", report.in_system),
        ("busy servers", report.busy_servers),
        ("blocking probability", report.blocking_probability),
        ("throughput, 1/s", report.throughput_per_s),
        ("services per customer", report.services_per_customer),
        ("dead letters", report.dead_letter_fraction),
        ("customers per service", report.customers_per_service),
        ("L - lambda W", report.littles_law_difference),
    ] {
        line(name, estimate);
    }
    if let Some(utilisation) = report.utilisation {
        line("utilisation", utilisation);
    }
    let counts = report.counts;
    println!(
        "{} arrivals = {} done + {} dead letters + {} blocked + {} in system",
        counts.arrivals, counts.done, counts.dead_letters, counts.blocked, counts.in_system
    );
}

fn times(name: &str, times: &Times) {
    line(&format!("{name}, mean"), times.mean);
    for (quantile, estimate) in [
        ("p50", times.p50),
        ("p90", times.p90),
        ("p95", times.p95),
        ("p99", times.p99),
        ("p99.9", times.p999),
    ] {
        line(&format!("{name}, {quantile}"), estimate);
    }
}

fn line(name: &str, estimate: Estimate) {
    println!("{name:<28} {:>14.6} +- {:.6}", estimate.value, estimate.standard_error);
}
