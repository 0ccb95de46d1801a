//! Bills that others printed, each line exactly and the whole to the cent, and one that AWS sent.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use costmodel::{PriceSheet, Statement, UsageFile};
use rust_decimal::Decimal;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    usage: String,
    lines: Vec<Decimal>,
    printed: Decimal,
    differs: Option<String>,
}

fn priced(text: &str) -> Statement {
    let file = UsageFile::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let sheet = PriceSheet::snapshot(file.region().unwrap()).unwrap();
    file.bill(&sheet).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A share of a month need not be a decimal: 28 digits of it, of which 12 decimals are compared.
fn comparable(mut amounts: Vec<Decimal>) -> Vec<Decimal> {
    for amount in &mut amounts {
        *amount = amount.round_dp(12).normalize();
    }
    amounts.retain(|amount| !amount.is_zero());
    amounts.sort();
    amounts
}

#[test]
fn every_line_is_exact_and_every_total_is_what_its_source_prints() {
    let cases: Cases = toml::from_str(include_str!("printed_bills.toml")).unwrap();
    for case in &cases.case {
        let bill = priced(&case.usage);
        let found = bill.lines.iter().map(|line| line.amount.exact()).collect();
        let expected: Decimal = case.lines.iter().sum();
        assert_eq!(comparable(found), comparable(case.lines.clone()), "{}", case.id);
        assert_eq!(bill.total.exact().round_dp(12), expected.round_dp(12), "{}", case.id);
        let printed = [bill.total_rounded, bill.total_of_rounded_lines].contains(&case.printed);
        assert_eq!(printed, case.differs.is_none(), "{}: {}", case.id, bill.total_rounded);
    }
    let ids: BTreeSet<&str> = cases.case.iter().map(|case| case.id.as_str()).collect();
    assert_eq!((cases.case.len(), ids.len()), (42, 42));
}

/// Within half a per cent.
fn is_near(found: Decimal, reported: &str) -> bool {
    let reported: Decimal = reported.parse().unwrap();
    (found - reported).abs() / reported <= "0.005".parse().unwrap()
}

fn amount(bill: &Statement, item: &str) -> Decimal {
    bill.lines.iter().find(|line| line.item == item).unwrap().amount.exact()
}

/// NixOS moved 62 million objects from Standard-IA to Intelligent-Tiering on 2026-05-14, and
/// published what it was billed: github.com/NixOS/infra, issue 1056.
#[test]
fn the_bill_that_nixos_published_comes_out_within_half_a_per_cent() {
    let days = Decimal::from(31);
    let before = priced(include_str!("../../docs/examples/nixos-before.toml"));
    assert!(is_near(before.total.exact() / days, "215.17"), "{}", before.total);
    let after = priced(include_str!("../../docs/examples/nixos-after.toml"));
    assert!(is_near(amount(&after, "storage") / days, "380"), "{}", after.total);
    assert!(is_near(amount(&after, "transitions"), "623.886"));
    assert!(is_near(amount(&after, "monitoring"), "55.17"));
}
