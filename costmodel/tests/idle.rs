//! The table of infra/README.md is the bill of infra/idle.toml, and not somebody's arithmetic.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use costmodel::{LineItem, PriceSheet, Region, UsageFile, Usd};

const USAGE: &str = include_str!("../../infra/idle.toml");
const README: &str = include_str!("../../infra/README.md");

/// Rounded to a hundredth of a cent, for a person.
fn money(amount: Usd) -> String {
    format!("{:.4}", amount.exact().round_dp(4))
}

fn table() -> String {
    let file = UsageFile::parse(USAGE).unwrap();
    let bill = file.bill(&PriceSheet::snapshot(Region::SaEast1).unwrap()).unwrap();
    let row = |line: &LineItem| {
        format!("| {} | {} | {} |\n", line.service, line.item, money(line.amount))
    };
    let rows: String = bill.lines.iter().map(row).collect();
    let mut free = UsageFile::parse(USAGE).unwrap();
    free.free_tier = true;
    let free = free.bill(&PriceSheet::snapshot(Region::SaEast1).unwrap()).unwrap();
    format!(
        "| service | what | USD a month, {} |\n|---|---|---|\n{rows}| all | | {} |\n\
         | all | in an account that uses nothing else | {} |\n",
        bill.region,
        money(bill.total),
        money(free.total),
    )
}

#[test]
fn the_readme_says_what_the_cost_model_says() {
    let begin = README.split_once("<!-- idle: costmodel/tests/idle.rs -->\n").unwrap().1;
    let block = begin.split_once("<!-- /idle -->").unwrap().0;
    assert_eq!(block, table(), "infra/README.md must have this between its marks:\n{}", table());
}

/// 648,000 polls x 0.40 USD a million, 19 alarm metrics x 0.135, a dashboard of 3, and a cent.
#[test]
fn an_idle_month_is_polls_alarms_and_a_dashboard() {
    let file = UsageFile::parse(USAGE).unwrap();
    let bill = file.bill(&PriceSheet::snapshot(Region::SaEast1).unwrap()).unwrap();
    let known: Usd = ["0.2592", "2.565", "3"].iter().map(|n| Usd::new(n.parse().unwrap())).sum();
    let rest = bill.total.exact() - known.exact();
    assert!(rest > "0".parse().unwrap() && rest < "0.02".parse().unwrap(), "{rest}");
}
