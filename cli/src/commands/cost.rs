//! `vazao cost`: the bill of a usage file.

use costmodel::{PriceSheet, Statement, UsageFile, Usd};

use crate::args::CostArguments;
use crate::failure::Failure;

/// Exit code of a budget that is exceeded.
const OVER_BUDGET: u8 = 14;

pub(crate) fn execute(arguments: &CostArguments) -> Result<u8, Failure> {
    let path = &arguments.usage;
    let named =
        |cause: &dyn std::fmt::Display| Failure::usage(format!("{}: {cause}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| named(&error))?;
    let file = UsageFile::parse(&text).map_err(|error| named(&error))?;
    let region = file.region().map_err(|error| named(&error))?;
    let sheet = PriceSheet::snapshot(region).map_err(Failure::internal)?;
    let bill = file.bill(&sheet).map_err(|error| named(&error))?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&bill).map_err(Failure::internal)?);
    } else {
        show(&bill);
    }
    let budget = arguments.budget.map(Usd::new);
    match budget {
        Some(budget) if bill.total > budget => {
            eprintln!("vazao: {} a month is over the budget of {budget}", bill.total);
            Ok(OVER_BUDGET)
        }
        Some(_) | None => Ok(0),
    }
}

fn show(bill: &Statement) {
    for line in &bill.lines {
        let item = format!("{}: {}", line.service, line.item);
        println!(
            "{item:<52} {:>14} {:<14} {:>12}",
            line.quantity.round_dp(3).normalize(),
            line.unit,
            line.amount
        );
    }
    println!("{:<52} {:>42}", "a month", bill.total);
    println!("{:<52} {:>42}", "a year", bill.year);
    if let Some(each) = bill.per_order {
        println!("{:<52} {each:>42}", "an order");
    }
    println!("list prices of {} in {}, USD, before tax", bill.prices_published, bill.region);
}
