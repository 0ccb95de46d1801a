//! Several bills in columns; each but the first with its difference from the first.

use std::collections::{BTreeMap, BTreeSet};

use costmodel::{Statement, Usd};
use rust_decimal::Decimal;
use serde::Serialize;

use super::json;
use crate::args::CostArguments;
use crate::failure::Failure;
use crate::numbers::cents;

#[derive(Serialize)]
struct Scenarios<'a> {
    version: u32,
    statements: &'a [Statement],
    differences: Vec<Difference>,
}

/// A scenario less the first.
#[derive(Serialize)]
struct Difference {
    name: String,
    total: Usd,
    percent: Option<Decimal>,
    services: BTreeMap<String, Usd>,
}

pub(super) fn print(statements: &[Statement], arguments: &CostArguments) -> Result<(), Failure> {
    let differences: Vec<Difference> =
        statements.iter().skip(1).map(|one| difference(&statements[0], one)).collect();
    if arguments.json {
        return json(&Scenarios { version: 1, statements, differences });
    }
    if arguments.explain {
        for statement in statements {
            println!("{}\n", super::show::text(statement, true));
        }
    }
    table(statements, &differences);
    Ok(())
}

fn difference(first: &Statement, other: &Statement) -> Difference {
    let of = |statement: &Statement, service: &str| {
        statement.services.get(service).copied().unwrap_or_default()
    };
    let services = services(&[first, other])
        .into_iter()
        .map(|service| (service.to_owned(), of(other, service) - of(first, service)))
        .filter(|(_, by)| *by != Usd::ZERO)
        .collect();
    let total = other.total - first.total;
    let percent = (total.exact() * Decimal::ONE_HUNDRED).checked_div(first.total.exact());
    let percent = percent.map(|percent| percent.round_dp(1));
    Difference { name: other.name.clone(), total, percent, services }
}

fn services<'a>(statements: &[&'a Statement]) -> BTreeSet<&'a str> {
    statements.iter().flat_map(|statement| statement.services.keys().map(String::as_str)).collect()
}

fn table(statements: &[Statement], differences: &[Difference]) {
    let cell = |text: &str| format!("{:>20}", text.chars().take(19).collect::<String>());
    let row = |name: &str, cells: Vec<String>| {
        println!("{name:<18}{}", cells.iter().map(|text| cell(text)).collect::<String>());
    };
    row("USD", statements.iter().map(|one| one.name.clone()).collect());
    row("region", statements.iter().map(|one| one.region.clone()).collect());
    row("oldest price", statements.iter().map(|one| one.prices_published.clone()).collect());
    println!();
    let usd = |amount: Usd| cents(amount.exact());
    for service in services(&statements.iter().collect::<Vec<_>>()) {
        let of =
            |one: &Statement| one.services.get(service).map_or("-".to_owned(), |sum| usd(*sum));
        row(service, statements.iter().map(of).collect());
    }
    println!("{}", "-".repeat(18 + 20 * statements.len()));
    row("total", statements.iter().map(|one| usd(one.total)).collect());
    let year = |one: &Statement| one.year.map_or("-".to_owned(), usd);
    row("a year", statements.iter().map(year).collect());
    let each = |one: &Statement| one.per_order.map_or("-".to_owned(), |each| each.to_string());
    row("an order", statements.iter().map(each).collect());
    if statements.iter().any(|one| one.converted.is_some()) {
        let there = |one: &Statement| {
            one.converted.as_ref().map_or("-".to_owned(), |there| {
                format!("{} {}", there.currency, cents(there.total))
            })
        };
        row("total", statements.iter().map(there).collect());
    }
    let first = std::iter::once(String::new());
    let by = differences.iter().map(|one| format!("{:+}", one.total.exact().round_dp(2)));
    row("to the first", first.chain(by).collect());
    let percent = differences
        .iter()
        .map(|one| one.percent.map_or(String::new(), |percent| format!("{percent:+} %")));
    row("", std::iter::once(String::new()).chain(percent).collect());
}
