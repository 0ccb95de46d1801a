//! Several recorded runs, side by side.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use claims::Judgement;
use claims::words::{duration, grouped};
use loadgen::{LoadProfile, Shape};
use reports::Rung;
use runlog::{CostRecord, HandledTally, Reconciliation, RunDirectory, RunManifest, each_handling};
use rust_decimal::prelude::ToPrimitive as _;

use crate::failure::Failure;
use crate::reporting;

/// Seconds of a day, and the exit codes of failing gates, the one that decides first.
const DAY_S: f64 = 86_400.0;
const GATES: [u8; 3] = [20, 11, 10];
const NOT_ENOUGH_EVIDENCE: u8 = 21;

/// Reads the runs and writes their page.
pub(crate) fn write(runs: &[PathBuf], page: &Path) -> Result<Vec<Rung>, Failure> {
    let rungs: Vec<Rung> = runs.iter().map(|run| rung(run, page)).collect::<Result<_, _>>()?;
    let html = reports::ladder_page(&rungs).map_err(Failure::internal)?;
    RunDirectory::write(page, html.as_bytes()).map_err(Failure::usage)?;
    Ok(rungs)
}

/// The exit code of all of them: that of the first failing gate in the order of a run's. One order or a
/// hundred tell no p99; where a larger run tells it, they need not.
pub(crate) fn worst(rungs: &[Rung]) -> u8 {
    let codes: Vec<u8> = rungs.iter().map(|rung| rung.exit_code).collect();
    let is_there = |code: &&u8| codes.contains(code);
    let open = |code: &&u8| **code == NOT_ENOUGH_EVIDENCE && codes.contains(&0);
    let failed = GATES.iter().find(is_there);
    failed.or_else(|| codes.iter().find(|code| **code != 0 && !open(code))).copied().unwrap_or(0)
}

/// The runs as a table, by rising volume.
pub(crate) fn text(rungs: &[Rung]) -> String {
    let mut rungs: Vec<&Rung> = rungs.iter().collect();
    rungs.sort_by(|a, b| a.per_day.total_cmp(&b.per_day));
    let time = |us: Option<u64>| us.map_or_else(|| "-".to_owned(), duration);
    let mut text = format!(
        "{:>12} {:>10} {:>9} {:>12} {:>12} {:>13} {:>6} {:>8} {:>5}\n",
        "orders/day",
        "sent",
        "peak/s",
        "accept p99",
        "document p99",
        "USD/order",
        "lost",
        "doubled",
        "exit"
    );
    for rung in &rungs {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:>12} {:>10} {:>9.0} {:>12} {:>12} {:>13.7} {:>6} {:>8} {:>5}",
            grouped(rung.per_day.round() as u64),
            grouped(rung.orders),
            rung.peak_per_s,
            time(rung.accept_p99_us),
            time(rung.document_p99_us),
            rung.usd_per_order,
            grouped(rung.lost),
            grouped(rung.duplicated),
            rung.exit_code
        );
    }
    for rung in rungs.iter().filter(|rung| rung.owed > 0) {
        let (per_day, owed) = (grouped(rung.per_day.round() as u64), grouped(rung.owed));
        let _ = writeln!(text, "\n  {per_day} a day: {owed} orders still waited at its end");
    }
    for (rung, hours) in rungs.iter().filter_map(|rung| Some((rung, rung.hours?))) {
        let per_day = grouped(rung.per_day.round() as u64);
        let _ = writeln!(
            text,
            "\n  {per_day} a day: its first {hours} hours, at the rates of the whole day"
        );
    }
    text
}

fn rung(run: &Path, page: &Path) -> Result<Rung, Failure> {
    let directory = RunDirectory::open(run);
    let read = |error| Failure::usage(format!("--runs {}: {error}", run.display()));
    let manifest: RunManifest = RunDirectory::read_json(&directory.manifest()).map_err(read)?;
    let account: Reconciliation =
        RunDirectory::read_json(&directory.reconciliation()).map_err(read)?;
    let cost: CostRecord = RunDirectory::read_json(&directory.bill()).map_err(read)?;
    let judgement: Judgement =
        RunDirectory::read_json(&directory.file(reporting::VERDICT)).map_err(read)?;
    let documented = if directory.invocations().exists() {
        let mut tally = HandledTally::new(u64::MAX);
        each_handling(&directory.invocations(), |row| tally.add(&row)).map_err(read)?;
        tally.finish().whole
    } else {
        None
    };
    let bill = cost.regions.first().and_then(|region| region.per_million.total.exact().to_f64());
    let response = &manifest.generator.response;
    let is_owed = claims::is_owed(&account);
    let profile = LoadProfile::parse(&manifest.profile_toml, &manifest.profile).ok();
    Ok(Rung {
        link: link(run, page),
        per_day: profile.as_ref().and_then(LoadProfile::per_day).unwrap_or(per_day(&manifest)),
        hours: profile.and_then(|profile| match profile.shape {
            Shape::BusinessDay { hours, .. } => hours,
            _ => None,
        }),
        orders: account.planned - account.not_sent,
        speed: manifest.speed,
        peak_per_s: manifest.peak_rate_per_s,
        accept_p99_us: (response.count > 0).then_some(response.p99_us),
        document_p99_us: documented.map(|summary| summary.p99_us),
        usd_per_order: bill.unwrap_or(0.0) / 1e6,
        lost: if is_owed { 0 } else { account.lost.count },
        owed: if is_owed { account.undrained } else { 0 },
        duplicated: account.duplicated.count,
        findings: judgement.findings,
        exit_code: judgement.exit_code,
        id: manifest.id,
    })
}

/// Orders in 24 hours of the profile's time: those planned, over the time they took before it was
/// compressed.
fn per_day(manifest: &RunManifest) -> f64 {
    let profile_s = manifest.schedule_ms as f64 / 1e3 * manifest.speed;
    if profile_s > 0.0 { manifest.planned as f64 / (profile_s / DAY_S) } else { 1.0 }
}

/// The run's page from where the other page is, where both are below one folder; else its whole path.
fn link(run: &Path, page: &Path) -> String {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = page.parent().filter(|folder| !folder.as_os_str().is_empty());
    let (run, folder) = (whole(run), whole(folder.unwrap_or(Path::new("."))));
    let (from, to): (Vec<_>, Vec<_>) = (folder.components().collect(), run.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to[shared..].iter().copied()).collect();
    path.join("report.html").display().to_string().replace(' ', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(exit_code: u8) -> Rung {
        Rung {
            id: "r".to_owned(),
            link: String::new(),
            hours: None,
            per_day: 3.0,
            orders: 5,
            speed: 1.0,
            peak_per_s: 7.0,
            accept_p99_us: None,
            document_p99_us: Some(11),
            usd_per_order: 0.13,
            lost: 0,
            owed: 0,
            duplicated: 0,
            findings: Vec::new(),
            exit_code,
        }
    }

    #[test]
    fn the_first_failing_gate_of_any_run_decides() {
        let of = |codes: &[u8]| worst(&codes.iter().map(|code| rung(*code)).collect::<Vec<_>>());
        assert_eq!(of(&[0, 0]), 0);
        assert_eq!(of(&[21, 0, 11]), 11);
        assert_eq!(of(&[10, 20, 21]), 20);
        assert_eq!(of(&[0, 130]), 130);
        // What a large run tells, a small one need not.
        assert_eq!(of(&[21, 21, 0]), 0);
        assert_eq!(of(&[21, 21]), 21);
        assert_eq!(of(&[21, 0, 130]), 130);
    }

    #[test]
    fn a_run_beside_the_page_and_one_elsewhere_are_linked_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let (beside, elsewhere) = (folder.path().join("a/r1"), folder.path().join("b/r2"));
        for run in [&beside, &elsewhere] {
            std::fs::create_dir_all(run).unwrap();
        }
        let page = folder.path().join("a/ladder.html");
        assert_eq!(link(&beside, &page), "r1/report.html");
        assert_eq!(link(&elsewhere, &page), "../b/r2/report.html");
    }
}
