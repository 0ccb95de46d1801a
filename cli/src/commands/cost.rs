//! `vazao cost`: the bill of a recorded run or of a usage file, one or several side by side.

mod budget;
mod compare;
mod show;
mod side_by_side;

use std::path::Path;

use costmodel::{PriceSheet, Statement, Terms, Usage, UsageFile};
use runlog::{RunDirectory, RunManifest};

use crate::args::{CostArguments, CostCommand, TermsArguments};
use crate::failure::Failure;
use crate::price_book;

use budget::Budget;

/// Where a run is priced if it does not say where it was.
const HOME: &str = "sa-east-1";

pub(crate) fn execute(arguments: &CostArguments) -> Result<u8, Failure> {
    if let Some(CostCommand::Compare(compare)) = &arguments.command {
        return compare::execute(compare);
    }
    let budgets = Budget::all(&arguments.budget)?;
    let statements = statements(arguments)?;
    for statement in &statements {
        warn_of_age(statement, &arguments.terms);
    }
    match statements.as_slice() {
        [] => {
            return Err(Failure::usage(
                "nothing to price: name a run's folder, or --usage FILE (docs/usage.md)",
            ));
        }
        [one] if arguments.json => json(one)?,
        [one] => println!("{}", show::text(one, arguments.explain)),
        several => side_by_side::print(several, arguments)?,
    }
    budget::judge(&budgets, &statements)
}

/// Prints a value as JSON.
fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    println!("{}", serde_json::to_string_pretty(value).map_err(Failure::internal)?);
    Ok(())
}

fn statements(arguments: &CostArguments) -> Result<Vec<Statement>, Failure> {
    let terms = &arguments.terms;
    let of_runs = arguments.runs.iter().map(|run| of_run(run, arguments.orders, terms));
    let of_files = arguments.usage.iter().map(|file| of_file(file, terms));
    of_runs.chain(of_files).collect()
}

/// The bill of a run's folder or of a usage file, whichever it is.
fn of_either(
    path: &Path,
    orders: Option<u64>,
    terms: &TermsArguments,
) -> Result<Statement, Failure> {
    if path.is_dir() { of_run(path, orders, terms) } else { of_file(path, terms) }
}

fn named(path: &Path) -> impl Fn(&dyn std::fmt::Display) -> Failure {
    move |cause| Failure::usage(format!("{}: {cause}", path.display()))
}

/// The name of a folder or file, without what follows its last dot.
fn name_of(path: &Path) -> String {
    path.file_stem().map_or(String::new(), |name| name.to_string_lossy().into_owned())
}

fn of_run(path: &Path, orders: Option<u64>, terms: &TermsArguments) -> Result<Statement, Failure> {
    let directory = RunDirectory::open(path);
    let usage: Usage = RunDirectory::read_json(&directory.usage())
        .map_err(|error| Failure::usage(format!("{}: no run: {error}", path.display())))?;
    if terms.month.is_some() {
        return Err(Failure::usage("--month is for usage files: a run has no hours of a month"));
    }
    let sheet = sheet(terms, || recorded_region(&directory))?;
    let free = Terms { free_tier: terms.free_tier.unwrap_or(false) };
    let statement =
        Statement::of_run(&name_of(path), &usage, orders, &sheet, free).map_err(Failure::usage)?;
    Ok(converted(statement, terms))
}

/// The region that a run was recorded with.
fn recorded_region(directory: &RunDirectory) -> String {
    let manifest: Result<RunManifest, _> = RunDirectory::read_json(&directory.manifest());
    manifest.map_or(HOME.to_owned(), |manifest| manifest.deployment.region)
}

fn of_file(path: &Path, terms: &TermsArguments) -> Result<Statement, Failure> {
    let named = named(path);
    let text = std::fs::read_to_string(path).map_err(|error| named(&error))?;
    let mut file = UsageFile::parse(&text).map_err(|error| named(&error))?;
    if file.name.is_empty() {
        file.name = name_of(path);
    }
    if let Some(region) = &terms.region {
        file.region.clone_from(region);
    }
    if let Some(free_tier) = terms.free_tier {
        file.free_tier = free_tier;
    }
    if let Some(month) = &terms.month {
        file.set_month(month).map_err(|error| Failure::usage(format!("--month: {error}")))?;
    }
    file.region().map_err(|error| named(&error))?;
    let sheet = sheet(terms, || file.region.clone())?;
    let statement = file.bill(&sheet).map_err(|error| named(&error))?;
    Ok(converted(statement, terms))
}

/// The prices of the region asked for, or else of the usage's own.
fn sheet(terms: &TermsArguments, own: impl Fn() -> String) -> Result<PriceSheet, Failure> {
    let name = terms.region.clone().unwrap_or_else(own);
    price_book::sheet(terms.prices.as_deref(), price_book::region(&name)?)
}

fn converted(statement: Statement, terms: &TermsArguments) -> Statement {
    match (&terms.currency, terms.rate) {
        (Some(currency), Some(rate)) => statement.converted_to(currency, rate),
        (Some(_) | None, None) | (None, Some(_)) => statement,
    }
}

fn warn_of_age(statement: &Statement, terms: &TermsArguments) {
    let warning = price_book::age_warning(&statement.prices_published, terms.max_price_age_days);
    if let Some(warning) = warning {
        eprintln!("vazao: {}: {warning}", statement.name);
    }
}
