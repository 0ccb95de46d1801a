//! Makes the page of a run's folder, and says how long each part took and how much memory it needed
//! at most: `cargo run --release -p reports --example report -- runs/<id>`.
#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use claims::Evidence;
use costmodel::Usage;
use reports::{Finance, Locale, REPORTS, Recorded, ReportInput, RunStudy};
use runlog::{
    CostRecord, LatencyKind, LatencySummary, Reconciliation, RunDirectory, RunManifest,
    read_latency_log, read_timeline,
};

fn main() -> Result<(), Box<dyn Error>> {
    let run = std::env::args().nth(1).ok_or("give a run's folder")?;
    let directory = RunDirectory::open(PathBuf::from(run));
    let mut clock = Instant::now();
    let mut lap = |what: &str| {
        println!("{what:<28} {:>7.3} s", clock.elapsed().as_secs_f64());
        clock = Instant::now();
    };
    let manifest: RunManifest = RunDirectory::read_json(&directory.manifest())?;
    let reconciliation: Reconciliation = RunDirectory::read_json(&directory.reconciliation())?;
    let usage: Usage = RunDirectory::read_json(&directory.usage())?;
    let cost: CostRecord = RunDirectory::read_json(&directory.bill())?;
    let timeline = read_timeline(&directory.timeline())?;
    lap("small files");
    let log = read_latency_log(&std::fs::read(directory.latency())?, LatencyKind::Response)?;
    let latency: Vec<(f64, LatencySummary)> = log
        .iter()
        .map(|(start_ms, histogram)| (*start_ms as f64 / 1e3, LatencySummary::from(histogram)))
        .collect();
    drop(log);
    lap("latency.hlog");
    let recorded = Recorded::read(directory.root()).ok();
    lap("invocations, calibration");
    let (study, extrapolation) = RunStudy::of(recorded, &usage, &manifest.deployment.region);
    lap("simulation, break-even");
    let evidence = Evidence {
        manifest: &manifest,
        reconciliation: &reconciliation,
        usage: &usage,
        cost: &cost,
        timeline: &timeline,
        extrapolation: extrapolation.as_ref(),
    };
    let judgement = claims::judge(&evidence);
    let finance = Finance::of_run(&evidence, &judgement, Locale::default())?;
    lap("sixty months for finance");
    let input = ReportInput {
        evidence,
        judgement: &judgement,
        latency: &latency,
        study: &study,
        check: None,
        finance: &finance,
    };
    for report in REPORTS {
        RunDirectory::write(&directory.file(report.file), &(report.render)(&input)?)?;
        lap(report.file);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
    Ok(())
}
