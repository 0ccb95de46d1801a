//! `vazao calibrate`: what this machine can send, written down for `vazao plan`.

use std::path::PathBuf;

use loadgen::{Capacity, Step};

use crate::args::CalibrateArguments;
use crate::failure::Failure;

pub(crate) fn execute(arguments: &CalibrateArguments) -> Result<u8, Failure> {
    if arguments.start_lag_p99_us == 0 {
        return Err(Failure::usage("--start-lag-p99-us must be at least 1"));
    }
    let path = path(arguments)?;
    let folder = std::env::temp_dir().join(format!("vazao-calibrate-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(Failure::internal)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::internal)?;
    eprintln!("  orders/s   start lag p99   CPU an order");
    let measured = runtime.block_on(loadgen::calibrate(&folder, arguments.start_lag_p99_us, say));
    // Only tidying up.
    let _ = std::fs::remove_dir_all(&folder);
    let capacity = measured.map_err(Failure::internal)?;
    capacity.write(&path).map_err(Failure::usage)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&capacity).map_err(Failure::internal)?);
    } else {
        println!(
            "this machine sends {:.0} orders/s in time (99 of 100 within {} µs), {:.1} µs of CPU an order: {}",
            capacity.rate_per_s_max,
            capacity.start_lag_p99_us_max,
            capacity.cpu_us_per_order,
            path.display()
        );
    }
    Ok(0)
}

fn path(arguments: &CalibrateArguments) -> Result<PathBuf, Failure> {
    arguments.out.clone().or_else(Capacity::default_path).ok_or_else(|| {
        Failure::usage("there is no home folder to keep the result in: give --out FILE")
    })
}

fn say(step: &Step) {
    eprintln!(
        "  {:>8.0}   {:>10} µs   {:>9.1} µs   {}",
        step.rate_per_s,
        step.start_lag_p99_us,
        step.cpu_us_per_order,
        if step.is_in_time { "in time" } else { "late" }
    );
}
