//! SimFaaS's README example, by SimFaaS and by the pipeline's model, in one run: the same six
//! numbers, and how long each took. SimFaaS is installed from PyPI into a temporary environment of
//! Python, which is removed.
//!
//! `cargo run --release -p simulator --example beside_simfaas`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use simulator::{
    Distribution, MinuteRates, PipelineSettings, QuantileTable, Quotas, ServiceTime, simulate,
};

/// Simulated by both, s.
const SECONDS: f64 = 1e6;
const SEEDS: [u64; 3] = [1, 2, 3];

/// One JSON object: CPU seconds of the simulation, then what it found.
const PROGRAM: &str = "
import json, sys, time
import numpy
from simfaas.ServerlessSimulator import ServerlessSimulator
numpy.random.seed(int(sys.argv[1]))
began = time.process_time()
sim = ServerlessSimulator(arrival_rate=0.9, warm_service_rate=1/1.991,
    cold_service_rate=1/2.244, expiration_threshold=600, max_time=float(sys.argv[2]))
sim.generate_trace(debug_print=False, progress=False)
took = time.process_time() - began
found = {name: float(value) for name, value in sim.get_result_dict().items()}
print(json.dumps({'cpu_s': took, **found}))
";

const NAMES: [&str; 6] = [
    "cold-start probability",
    "rejection probability",
    "instance life span, s",
    "average servers",
    "running",
    "idle",
];

/// One simulation.
struct Run {
    found: [f64; 6],
    requests: f64,
    cpu_s: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("beside-simfaas-{}", std::process::id()));
    let theirs = install(&folder).and_then(|python| run_simfaas(&python));
    // Only tidying up.
    let _ = std::fs::remove_dir_all(&folder);
    let theirs = theirs?;
    let ours: Vec<Run> = SEEDS.iter().map(|seed| run_ours(*seed)).collect();
    println!(
        "0.9 requests/s, warm 1.991 s, cold 2.244 s, idle 600 s, {SECONDS:e} s, three seeds each"
    );
    for (index, name) in NAMES.iter().enumerate() {
        let of = |runs: &[Run]| -> String {
            runs.iter().map(|run| format!("{:>12.6}", run.found[index])).collect()
        };
        println!("{name:<24} SimFaaS {}   here {}", of(&theirs), of(&ours));
    }
    let rate = |runs: &[Run]| {
        runs.iter().map(|run| run.requests).sum::<f64>()
            / runs.iter().map(|run| run.cpu_s).sum::<f64>()
    };
    println!(
        "requests per CPU-second: SimFaaS {:.0}, here {:.0}: {:.0} times",
        rate(&theirs),
        rate(&ours),
        rate(&ours) / rate(&theirs)
    );
    Ok(())
}

fn install(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let python = folder.join("bin/python");
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "simfaas==0.2.2"]))?;
    Ok(python)
}

fn run_simfaas(python: &Path) -> Result<Vec<Run>, Box<dyn Error>> {
    let one = |seed: &u64| {
        let arguments = [seed.to_string(), SECONDS.to_string()];
        let said = run(Command::new(python).args(["-c", PROGRAM]).args(arguments))?;
        let found: serde_json::Value = serde_json::from_str(&said)?;
        let number = |name: &str| found[name].as_f64().ok_or(format!("SimFaaS says no {name}"));
        Ok(Run {
            found: [
                number("prob_cold")?,
                number("prob_reject")?,
                number("lifespan_avg")?,
                number("inst_count_avg")?,
                number("inst_running_count_avg")?,
                number("inst_idle_count_avg")?,
            ],
            requests: number("reqs_total")?,
            cpu_s: number("cpu_s")?,
        })
    };
    SEEDS.iter().map(one).collect()
}

fn run(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Scale per request: the pipeline without queue, batches and ramp.
fn run_ours(seed: u64) -> Run {
    let mut settings = PipelineSettings::assumed(&Quotas::defaults());
    settings.mapping.start = 1_000;
    settings.mapping.batch_size = 1;
    settings.visibility_timeout_us = u64::MAX >> 20;
    let function = &mut settings.function;
    function.order_failure_probability = 0.0;
    function.cold_start = QuantileTable::constant(253_000);
    function.idle_lifetime_us = 600_000_000;
    let warm = Distribution::Exponential { mean_s: 1.991 };
    function.service = ServiceTime::Linear { invocation_us: 0, order: QuantileTable::of(&warm) };
    let rates = MinuteRates::constant(0.9, (SECONDS / 60.0) as usize);
    let before = cpu_s();
    let forecast = simulate(&settings, rates.arrivals(seed), seed);
    let took = cpu_s() - before;
    let (requests, cold) = (forecast.done as f64, forecast.cold_starts as f64);
    let environments_s = forecast.environment_us as f64 / 1e6;
    let running_s = (forecast.busy_us + forecast.init_us) as f64 / 1e6;
    Run {
        found: [
            cold / requests,
            forecast.refused as f64 / requests,
            environments_s / cold,
            environments_s / SECONDS,
            running_s / SECONDS,
            (environments_s - running_s) / SECONDS,
        ],
        requests,
        cpu_s: took,
    }
}

/// CPU time of this thread, s.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let on_cpu_ns: f64 =
        stat.split_ascii_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(f64::NAN);
    on_cpu_ns / 1e9
}
