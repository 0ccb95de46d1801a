//! `vazao ladder`: the same day at four volumes, one after the other, and one page of them.
//!
//! Each rung is a `vazao run` of its own process, so that none finds the caches, the memory or the
//! signal handlers of another.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use runlog::{RunDirectory, RunManifest};
use serde::Serialize;

use crate::args::LadderArguments;
use crate::failure::Failure;
use crate::rungs;

/// A volume: orders a day, and the seconds into which its day is compressed.
const RUNGS: [(u64, f64); 4] = [(1, 10.0), (100, 20.0), (10_000, 40.0), (1_000_000, 720.0)];
const DAY_S: f64 = 86_400.0;

/// What is printed as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    page: String,
    exit_code: u8,
    runs: Vec<Run<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    id: &'a str,
    per_day: f64,
    orders: u64,
    speed: f64,
    peak_per_s: f64,
    accept_p99_us: Option<u64>,
    document_p99_us: Option<u64>,
    usd_per_order: f64,
    lost: u64,
    duplicated: u64,
    exit_code: u8,
}

pub(crate) fn execute(arguments: &LadderArguments) -> Result<u8, Failure> {
    let stopped = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&stopped);
    // The run hears the signal too, ends its load and accounts for it; no other is begun.
    ctrlc::set_handler(move || heard.store(true, Ordering::Relaxed)).map_err(Failure::internal)?;
    let folder =
        arguments.out.join(format!("{}-ladder", Timestamp::now().strftime("%Y%m%d-%H%M%S")));
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::usage(format!("--out {}: {error}", folder.display())))?;
    let volumes = RUNGS.iter().filter(|(per_day, _)| *per_day <= arguments.up_to);
    let count = volumes.clone().count();
    for (n, (per_day, seconds)) in volumes.enumerate() {
        let settled = expected_s(&folder, *per_day).filter(|expected| expected > seconds);
        let slower = settled.map_or_else(String::new, |expected| {
            let minutes = (expected / 60.0).ceil();
            format!("; by what the last volume took, this machine settles them in {minutes} min")
        });
        eprintln!("== {} of {count}: {per_day} orders a day, in {seconds} s{slower}", n + 1);
        run(&folder, *per_day, DAY_S / seconds)?;
        if stopped.load(Ordering::Relaxed) {
            eprintln!("stopped: what was run is kept");
            break;
        }
    }
    report(&folder, arguments.json, stopped.load(Ordering::Relaxed))
}

/// A smaller run is mostly its start and its end.
const TELLING_ORDERS: u64 = 1_000;

/// How long the processors of this machine need for so many orders, s, by what each order of the
/// last run took of them; `None` where none was large enough to tell.
fn expected_s(folder: &Path, orders: u64) -> Option<f64> {
    let latest = recorded(folder).ok()?.pop()?;
    let run: RunManifest = RunDirectory::read_json(&RunDirectory::open(latest).manifest()).ok()?;
    if run.planned < TELLING_ORDERS {
        return None;
    }
    let cpu_ms: u64 = run.processes.iter().map(|group| group.cpu_ms).sum();
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    Some(cpu_ms as f64 / 1_000.0 / run.planned as f64 * orders as f64 / processors as f64)
}

/// Runs one volume; how it ended is in its folder.
fn run(folder: &Path, per_day: u64, speed: f64) -> Result<(), Failure> {
    let program = std::env::current_exe().map_err(Failure::internal)?;
    let status = Command::new(program)
        .args(["run", "business-day", "--json", "--orders", &per_day.to_string()])
        .args(["--speed", &speed.to_string(), "--out"])
        .arg(folder)
        .stdout(Stdio::null())
        .status()
        .map_err(Failure::internal)?;
    match status.code() {
        Some(1 | 2) => Err(Failure::internal(format!("the run of {per_day} orders a day failed"))),
        Some(_) | None => Ok(()),
    }
}

fn report(folder: &Path, json: bool, stopped: bool) -> Result<u8, Failure> {
    let runs = recorded(folder)?;
    if runs.is_empty() {
        let message = format!("stopped before the first run ended: {}", folder.display());
        return Err(Failure { exit_code: 130, message });
    }
    let page = folder.join("ladder.html");
    let rungs = rungs::write(&runs, &page)?;
    // A stopped ladder whose runs hold is just stopped.
    let exit_code = match rungs::worst(&rungs) {
        0 if stopped => 130,
        code => code,
    };
    if json {
        let runs = rungs.iter().map(line).collect();
        let answer = Answer { page: page.display().to_string(), exit_code, runs };
        println!("{}", serde_json::to_string_pretty(&answer).map_err(Failure::internal)?);
    } else {
        println!("{}", rungs::text(&rungs).trim_end());
        println!("\n  report   {}\n  exit {exit_code}", page.display());
    }
    Ok(exit_code)
}

/// The folders below this one that hold a whole run.
fn recorded(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot =
        |error: std::io::Error| Failure::internal(format!("{}: {error}", folder.display()));
    let mut runs = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.join(crate::reporting::VERDICT).exists() {
            runs.push(path);
        }
    }
    runs.sort();
    Ok(runs)
}

fn line(rung: &reports::Rung) -> Run<'_> {
    Run {
        id: &rung.id,
        per_day: rung.per_day,
        orders: rung.orders,
        speed: rung.speed,
        peak_per_s: rung.peak_per_s,
        accept_p99_us: rung.accept_p99_us,
        document_p99_us: rung.document_p99_us,
        usd_per_order: rung.usd_per_order,
        lost: rung.lost,
        duplicated: rung.duplicated,
        exit_code: rung.exit_code,
    }
}
