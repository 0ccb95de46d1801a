//! `vazao cost compare`: the model's bill beside an export of AWS's.

use costmodel::{BillComparison, LoneLine, compare};
use rust_decimal::Decimal;

use super::{json, of_either};
use crate::args::CompareArguments;
use crate::bill_export;
use crate::failure::Failure;
use crate::numbers::{cents, grouped_to};

pub(super) fn execute(arguments: &CompareArguments) -> Result<u8, Failure> {
    let export =
        bill_export::read(&arguments.bill, arguments.period.as_deref(), arguments.list_cost)?;
    let statement = of_either(&arguments.usage, arguments.orders, &arguments.terms)?;
    super::warn_of_age(&statement, &arguments.terms);
    let found = compare(&statement, &export.lines).map_err(Failure::usage)?;
    if arguments.json {
        json(&found)?;
        return Ok(0);
    }
    println!(
        "{}: {} lines of {} ({}), {}; against {} in {}\n",
        arguments.bill.display(),
        export.lines.len(),
        export.period,
        export.format,
        if arguments.list_cost { "at list cost" } else { "as billed" },
        statement.name,
        statement.region
    );
    print(&found);
    Ok(0)
}

fn signed(percent: Option<Decimal>) -> String {
    percent.map_or("-".to_owned(), |percent| format!("{percent:+} %"))
}

fn print(found: &BillComparison) {
    println!(
        "{:<16} {:<34} {:>16} {:>16} {:>10} {:>12} {:>12} {:>10} {:>10}",
        "", "usage type", "model", "billed", "off by", "model USD", "billed USD", "error", ""
    );
    for line in &found.matched {
        println!(
            "{:<16} {:<34} {:>16} {:>16} {:>10} {:>12} {:>12} {:>10} {:>10}",
            line.service,
            line.usage,
            grouped_to(line.model_quantity, 3),
            grouped_to(line.billed_quantity, 3),
            signed(line.quantity_error_percent),
            cents(line.model.exact()),
            cents(line.billed.exact()),
            format!("{:+}", line.error.exact().round_dp(2)),
            signed(line.error_percent)
        );
    }
    lone("billed, and not in the model", &found.only_billed);
    lone("in the model, and not billed", &found.only_model);
    if !found.not_usage.is_empty() {
        println!("\nbilled, and no usage (left out of the totals)");
        for (kind, sum) in &found.not_usage {
            println!("  {kind:<66} {:>12}", cents(sum.exact()));
        }
    }
    println!(
        "\nmodel {} USD, billed {} USD: off by {:+} USD ({}); {} % of what was billed is of usage \
         types that the model has",
        cents(found.model_total.exact()),
        cents(found.billed_total.exact()),
        found.error.exact().round_dp(2),
        signed(found.error_percent),
        found.explained_percent.map_or("-".to_owned(), |percent| percent.to_string())
    );
}

fn lone(title: &str, lines: &[LoneLine]) {
    if lines.is_empty() {
        return;
    }
    println!("\n{title}");
    for line in lines {
        println!(
            "  {:<16} {:<32} {:>16} {:>12}",
            line.service,
            line.usage,
            grouped_to(line.quantity, 3),
            cents(line.cost.exact())
        );
    }
}
