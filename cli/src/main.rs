//! vazao, the one front door: arguments, wiring and exit codes. It decides nothing that a crate
//! below could decide.

#[macro_use]
mod output;

mod account;
mod args;
mod bill_export;
mod commands;
mod database;
mod deployed;
mod facts;
mod failure;
mod history;
mod invocations;
mod meeting;
mod numbers;
mod partners;
mod price_book;
mod pricing;
mod process_use;
mod profiles;
mod prove;
mod reporting;
mod rungs;
mod screen;
mod sending;
mod summary;
mod system;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Command::Run(run) => commands::run::execute(run),
        Command::Plan(plan) => commands::plan::execute(plan),
        Command::Merge(merge) => commands::merge::execute(merge),
        Command::Resume(resume) => commands::resume::execute(resume),
        Command::Report(report) => commands::report::execute(report),
        Command::Ladder(ladder) => commands::ladder::execute(ladder),
        Command::Check(check) => commands::check::execute(check),
        Command::Compare(compare) => commands::compare::execute(compare),
        Command::Soak(soak) => commands::soak::execute(soak),
        Command::Cost(cost) => commands::cost::execute(cost),
        Command::Prices(prices) => commands::prices::execute(prices),
        Command::Forecast(forecast) => commands::forecast::execute(forecast),
        Command::Local(local) => commands::local::execute(local),
        Command::Dlq(dlq) => commands::dlq::execute(dlq),
        Command::Stack(stack) => commands::stack::execute(stack),
        Command::Simulate(simulate) => commands::simulate::execute(simulate),
        Command::Prove(prove) => commands::prove::execute(prove),
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
