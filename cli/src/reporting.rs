//! From a run's folder to its reports, whether the run has just ended or is long over.

use claims::{Evidence, Judgement};
use costmodel::{BilledLine, Usage};
use gates::Check;
use reports::{Finance, Locale, REPORTS, Recorded, ReportInput, RunStudy};
use runlog::{
    CostRecord, LatencyKind, LatencySummary, Reconciliation, RunDirectory, RunManifest,
    read_latency_log, read_timeline,
};
use rust_decimal::Decimal;

use crate::args::LocaleArguments;
use crate::failure::Failure;

/// The file of the verdict and the findings.
pub(crate) const VERDICT: &str = "verdict.json";

/// The file of what the gates said, once they were checked.
pub(crate) const CHECK: &str = "check.json";

/// Judges the run in this folder and writes every report of it, in English and in dollars.
pub(crate) fn write_reports(directory: &RunDirectory) -> Result<Judgement, Failure> {
    write_reports_for(directory, Locale::default(), None)
}

/// The same for a reader, and with what AWS billed beside what was predicted.
pub(crate) fn write_reports_for(
    directory: &RunDirectory,
    locale: Locale,
    billed: Option<Vec<BilledLine>>,
) -> Result<Judgement, Failure> {
    let manifest: RunManifest = read(directory.manifest())?;
    let reconciliation: Reconciliation = read(directory.reconciliation())?;
    let usage: Usage = read(directory.usage())?;
    let cost: CostRecord = read(directory.bill())?;
    let timeline = read_timeline(&directory.timeline()).map_err(Failure::usage)?;
    // Not there in runs of before, and where the cloud does not tell of invocations.
    let recorded = if directory.invocations().exists() && directory.pipeline().exists() {
        Recorded::read(directory.root()).ok()
    } else {
        None
    };
    let (study, extrapolation) = RunStudy::of(recorded, &usage, &manifest.deployment.region);
    let evidence = Evidence {
        manifest: &manifest,
        reconciliation: &reconciliation,
        usage: &usage,
        cost: &cost,
        timeline: &timeline,
        extrapolation: extrapolation.as_ref(),
    };
    let judgement = claims::judge(&evidence);
    let latency = latency(directory)?;
    let check: Option<Check> = match directory.file(CHECK) {
        path if path.exists() => Some(read(path)?),
        _ => None,
    };
    let mut finance = Finance::of_run(&evidence, &judgement, locale).map_err(Failure::internal)?;
    if let Some(billed) = billed {
        finance = finance.beside(billed);
    }
    let input = ReportInput {
        evidence,
        judgement: &judgement,
        latency: &latency,
        study: &study,
        check: check.as_ref(),
        finance: &finance,
    };
    for report in REPORTS {
        let content = (report.render)(&input).map_err(Failure::internal)?;
        RunDirectory::write(&directory.file(report.file), &content).map_err(Failure::usage)?;
    }
    RunDirectory::write_json(&directory.file(VERDICT), &judgement).map_err(Failure::usage)?;
    Ok(judgement)
}

/// What the flags say of a reader.
pub(crate) fn locale(arguments: &LocaleArguments) -> Result<Locale, Failure> {
    let brl_per_usd = arguments.brl_rate;
    if brl_per_usd.is_some_and(|rate| rate <= Decimal::ZERO) {
        return Err(Failure::usage("--brl-rate must be above 0, such as 5.40"));
    }
    Ok(Locale { language: arguments.lang, brl_per_usd })
}

fn read<T: serde::de::DeserializeOwned>(path: std::path::PathBuf) -> Result<T, Failure> {
    RunDirectory::read_json(&path).map_err(Failure::usage)
}

/// Response time by interval.
fn latency(directory: &RunDirectory) -> Result<Vec<(f64, LatencySummary)>, Failure> {
    let path = directory.latency();
    let text = std::fs::read(&path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    let intervals = read_latency_log(&text, LatencyKind::Response)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Ok(intervals
        .iter()
        .map(|(start_ms, histogram)| (*start_ms as f64 / 1_000.0, LatencySummary::from(histogram)))
        .collect())
}
