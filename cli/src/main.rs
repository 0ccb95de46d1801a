//! vazao, the one front door: arguments, wiring and exit codes. It decides nothing that a crate
//! below could decide.
#![expect(clippy::print_stdout, reason = "a program that talks to a person")]
#![expect(clippy::print_stderr, reason = "a program that talks to a person")]

mod account;
mod args;
mod commands;
mod failure;
mod pricing;
mod process_use;
mod profiles;
mod reporting;
mod screen;
mod summary;
mod system;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Command::Run(run) => commands::run::execute(run),
        Command::Report(report) => commands::report::execute(report),
        Command::Cost(cost) => commands::cost::execute(cost),
        Command::Local(local) => commands::local::execute(local),
        Command::Simulate(simulate) => commands::simulate::execute(simulate),
        Command::Profiles => commands::profiles::execute(),
        Command::Calibrate(calibrate) => commands::calibrate::execute(calibrate),
    };
    match outcome {
        Ok(exit_code) => ExitCode::from(exit_code),
        Err(failure) => {
            eprintln!("vazao: {failure}");
            ExitCode::from(failure.exit_code)
        }
    }
}
