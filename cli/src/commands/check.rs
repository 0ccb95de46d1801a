//! `vazao check`: the gates of a run, and what follows.

use std::fs;
use std::path::{Path, PathBuf};

use gates::{Check, Limits, Standing, check, nights};
use runlog::{RunDirectory, append_history, read_history};
use textwrap::Options;

use crate::args::{CheckArguments, GateArguments};
use crate::facts::Facts;
use crate::failure::Failure;
use crate::{history, reporting};

/// Where long sentences are broken.
const COLUMNS: usize = 110;

/// The page over the history, beside it.
const TREND: &str = "trend.html";

pub(crate) fn execute(arguments: &CheckArguments) -> Result<u8, Failure> {
    check_run(&arguments.run, &arguments.gates, arguments.json)
}

/// Checks a run, writes what follows, and prints it.
pub(crate) fn check_run(run: &Path, arguments: &GateArguments, json: bool) -> Result<u8, Failure> {
    let limits = limits(arguments.gates.as_deref())?;
    let path = history_file(run, arguments.history.as_deref())?;
    let directory = RunDirectory::open(run);
    eprintln!("vazao: reading {}", run.display());
    let facts = Facts::read(&directory)?;
    let before =
        read_history(&path).map_err(|error| Failure::usage(format!("--history: {error}")))?;
    let check = check(&facts.facts(), &before.rows, &limits);
    RunDirectory::write_json(&directory.file(reporting::CHECK), &check)
        .map_err(Failure::internal)?;
    eprintln!("vazao: making the reports");
    reporting::write_reports(&directory)?;
    let tonight = facts.facts().row(check.exit_code);
    append_history(&path, &tonight).map_err(Failure::usage)?;
    let mut rows = nights(&before.rows, &tonight).before;
    rows.push(&tonight);
    let page = reports::trend_page(&rows, &check, &limits.regression).map_err(Failure::internal)?;
    let trend = path.with_file_name(TREND);
    RunDirectory::write(&trend, page.as_bytes()).map_err(Failure::internal)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&check).map_err(Failure::internal)?);
    } else {
        print(&check, run, &path, &trend);
    }
    if before.torn > 0 {
        eprintln!("vazao: {} lines of {} were torn and are left out", before.torn, path.display());
    }
    Ok(check.exit_code)
}

/// The limits of a file, or the defaults.
pub(crate) fn limits(file: Option<&Path>) -> Result<Limits, Failure> {
    let Some(file) = file else { return Ok(Limits::default()) };
    let shown = file.display().to_string();
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("--gates: cannot read {shown}: {error}")))?;
    Limits::parse(&text, &shown).map_err(Failure::usage)
}

/// The file that `--history` means: itself, the one in a folder, or the one beside the run.
fn history_file(run: &Path, given: Option<&Path>) -> Result<PathBuf, Failure> {
    match given {
        None => Ok(history::beside(run)),
        Some(path) if path.extension().is_some_and(|end| end == "csv") => Ok(path.to_owned()),
        Some(path) if path.is_file() => Err(Failure::usage(format!(
            "--history {} is a file that does not end in .csv: name history.csv or its folder",
            path.display()
        ))),
        Some(folder) => Ok(folder.join(history::FILE)),
    }
}

fn print(check: &Check, run: &Path, history: &Path, trend: &Path) {
    println!("\nvazao check {}\n", check.run);
    for gate in &check.gates {
        let indent = format!("  {:<12} {:<15}", gate.standing.to_string(), gate.name);
        let options = Options::new(COLUMNS)
            .initial_indent(&indent)
            .subsequent_indent("                              ");
        println!("{}", textwrap::fill(&gate.reason, options));
        if matches!(gate.standing, Standing::Fail | Standing::Warn | Standing::Inconclusive) {
            for place in gate.look_at() {
                println!("                              look at {place}");
            }
        }
    }
    println!("\n  compared   with {}", check.compared_with);
    println!("  summary    {}", run.join("summary.md").display());
    println!("  history    {}", history.display());
    println!("  trend      {}", trend.display());
    println!("  exit {}    {}", check.exit_code, check.reason);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_a_file_a_folder_or_beside_the_run() {
        let run = Path::new("runs/a");
        let of = |given: Option<&str>| history_file(run, given.map(Path::new)).unwrap();
        assert_eq!(of(None), Path::new("runs/history.csv"));
        assert_eq!(of(Some("nights")), Path::new("nights/history.csv"));
        assert_eq!(of(Some("nights/soak.csv")), Path::new("nights/soak.csv"));
        assert_eq!(history_file(Path::new("a"), None).unwrap(), Path::new("./history.csv"));
        assert!(history_file(run, Some(Path::new("Cargo.toml"))).is_err());
    }
}
