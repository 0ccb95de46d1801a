//! `vazao simulate`: queues and pipelines that are only imagined.

mod model;
mod volumes;

use std::thread::available_parallelism;

use crate::args::SimulateArguments;
use crate::failure::Failure;

pub(crate) fn execute(arguments: &SimulateArguments) -> Result<u8, Failure> {
    if let Some(file) = &arguments.model {
        return model::execute(file, arguments);
    }
    volumes::execute(arguments)
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
