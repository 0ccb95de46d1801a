//! `vazao simulate`: queues and pipelines that are only imagined.

mod from;
mod model;
mod settings;
mod volumes;

use std::thread::available_parallelism;

use crate::args::SimulateArguments;
use crate::failure::Failure;

pub(crate) fn execute(arguments: &SimulateArguments) -> Result<u8, Failure> {
    match (&arguments.model, &arguments.from) {
        (Some(file), _) => model::execute(file, arguments),
        (None, Some(run)) if arguments.per_day.is_empty() => from::execute(run, arguments),
        (None, Some(_) | None) => volumes::execute(arguments),
    }
}

/// A run that cannot be simulated, by the flag that named it.
fn from_run(error: reports::RecordedError) -> Failure {
    Failure::usage(format!("--from: {error}"))
}

/// The threads to use.
fn threads(arguments: &SimulateArguments) -> usize {
    let wanted = arguments.threads.or_else(|| available_parallelism().ok());
    wanted.map_or(1, |threads| threads.get())
}

/// Prints a value as JSON.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::internal)?;
    println!("{text}");
    Ok(())
}
