//! `vazao prices`: what the price lists say, whether they are whole, and how to get newer ones.

mod diff;
mod refresh;
mod show;
mod verify;

use rust_decimal::Decimal;

use crate::args::{PricesArguments, PricesCommand};
use crate::failure::Failure;

pub(crate) fn execute(arguments: &PricesArguments) -> Result<u8, Failure> {
    match &arguments.command {
        PricesCommand::Show(show) => show::execute(show),
        PricesCommand::Verify(verify) => verify::execute(verify),
        PricesCommand::Refresh(refresh) => refresh::execute(refresh),
        PricesCommand::Diff(diff) => diff::execute(diff),
    }
}

/// A price as people read it: `0.0000166667`.
fn usd(price: Decimal) -> String {
    price.normalize().to_string()
}

/// Where a tier begins and ends: `0 to 6,000,000,000`.
fn range(begin: Decimal, end: Option<Decimal>) -> String {
    match (begin.is_zero(), end) {
        (true, None) => String::new(),
        (_, None) => format!("from {}", crate::numbers::grouped(begin)),
        (_, Some(end)) => {
            format!("{} to {}", crate::numbers::grouped(begin), crate::numbers::grouped(end))
        }
    }
}

/// A key as people read it.
fn key(usage: &str, operation: &str) -> String {
    if operation.is_empty() { usage.to_owned() } else { format!("{usage} {operation}") }
}
