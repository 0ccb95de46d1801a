//! `vazao compare`: two runs, number by number.

use std::path::Path;

use gates::{Compared, Comparison, Outcome, compare, number};
use runlog::RunDirectory;

use super::check::limits;
use crate::args::CompareRunsArguments;
use crate::facts::Facts;
use crate::failure::Failure;

pub(crate) fn execute(arguments: &CompareRunsArguments) -> Result<u8, Failure> {
    let limits = limits(arguments.gates.as_deref())?;
    let read = |run: &Path| {
        eprintln!("vazao: reading {}", run.display());
        Facts::read(&RunDirectory::open(run))
    };
    let (a, b) = (read(&arguments.a)?, read(&arguments.b)?);
    let comparison = compare(&a.facts(), &b.facts(), &limits.regression);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&comparison).map_err(Failure::internal)?);
    } else {
        print(&comparison);
    }
    Ok(comparison.exit_code)
}

fn print(comparison: &Comparison) {
    println!("\nvazao compare\n  A  {}\n  B  {}\n", comparison.a, comparison.b);
    println!("  {:<29} {:>10} {:>10} {:>10}   {:<24} B is", "", "A", "B", "B - A", "95 % interval");
    for one in &comparison.metrics {
        println!("{}", line(one));
    }
    let mut sources: Vec<&str> = Vec::new();
    for one in &comparison.metrics {
        if !sources.contains(&one.interval_by.as_str()) {
            sources.push(&one.interval_by);
        }
    }
    println!("\n  intervals: {}", sources.join("; "));
    for difference in &comparison.incomparable {
        println!("  ! not comparable, {difference}");
    }
    let said = match comparison.exit_code {
        0 => "nothing is worse",
        12 => "something is worse",
        _ => "the runs are not comparable: the differences say nothing",
    };
    println!("  exit {}   {said}", comparison.exit_code);
}

fn line(one: &Compared) -> String {
    let outcome = match one.outcome {
        Outcome::Same => "the same",
        Outcome::Better => "better",
        Outcome::Worse => "WORSE",
        Outcome::CannotTell => "cannot tell",
    };
    let interval = one.interval.map_or_else(
        || "none".to_owned(),
        |[low, high]| format!("{} to {}", number(low), number(high)),
    );
    format!(
        "  {:<29} {:>10} {:>10} {:>10}   {interval:<24} {outcome}",
        format!("{}, {}", one.name, one.unit),
        number(one.a),
        number(one.b),
        number(one.difference)
    )
}
