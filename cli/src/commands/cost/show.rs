//! A bill as people read it: by service, aligned, every tier with its price.

use std::fmt::Write as _;

use costmodel::{LineItem, Period, PriceProvenance, Provenance, Statement, TierCharge, Usd};

use crate::numbers::{cents, grouped, grouped_to};

/// Widths of the columns: item, quantity, unit, price of one, amount.
const ITEM: usize = 44;

/// The whole bill.
pub(super) fn text(bill: &Statement, explain: bool) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}\n", heading(bill));
    let mut service = "";
    for line in &bill.lines {
        if line.service != service {
            service = &line.service;
            let sum = bill.services.get(service).copied().unwrap_or_default();
            let _ = writeln!(out, "{service:<97} {:>14}", usd(sum));
        }
        push_line(&mut out, line, explain);
    }
    push_totals(&mut out, bill);
    out.trim_end().to_owned()
}

fn heading(bill: &Statement) -> String {
    let hours = bill.month_hours.map_or(String::new(), |hours| format!(" of {hours} hours"));
    let period = match bill.period {
        Period::Month => format!("a month{hours}"),
        Period::Run => "this run".to_owned(),
    };
    let orders = match bill.orders {
        0 => String::new(),
        orders => format!(", {} orders", grouped(orders.into())),
    };
    let free = if bill.free_tier { "free tier taken off" } else { "no free tier" };
    format!(
        "{}: {period} in {}{orders}; list prices in USD before tax, the oldest of {}; {free}",
        bill.name, bill.region, bill.prices_published
    )
}

/// One row for each tier; what it took to make them below, if that is asked for.
fn push_line(out: &mut String, line: &LineItem, explain: bool) {
    for (k, part) in line.charges.iter().enumerate() {
        let is_first = k == 0;
        let item = if is_first { line.item.as_str() } else { "" };
        let amount = Usd::new(part.quantity * part.unit_price);
        let _ = writeln!(
            out,
            "  {:<ITEM$} {:>18} {:<17} {:>13} {:>14}",
            shortened(item),
            grouped_to(part.quantity, 6),
            line.unit,
            price(part),
            usd(amount)
        );
        if explain && part.rate_code != "free tier" {
            let _ = writeln!(out, "      rate {}", part.rate_code);
        }
    }
    if explain {
        let _ = writeln!(out, "      {} = {}", grouped_to(line.quantity, 6), line.formula);
        let _ = writeln!(out, "      quantity {}; {}", said(line.provenance), priced(line));
    }
}

fn price(part: &TierCharge) -> String {
    if part.rate_code == "free tier" {
        "free".to_owned()
    } else {
        part.unit_price.normalize().to_string()
    }
}

fn said(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Measured => "measured",
        Provenance::Derived => "derived from what was measured",
        Provenance::Simulated => "simulated",
        Provenance::Assumed => "assumed",
    }
}

fn priced(line: &LineItem) -> String {
    match line.price_provenance {
        PriceProvenance::Priced => {
            let operation = match line.operation.as_str() {
                "" => String::new(),
                operation => format!(" {operation}"),
            };
            format!(
                "priced as {} {}{operation}, list of {}",
                line.offer, line.usage_type, line.price_published
            )
        }
        PriceProvenance::Assumed => "price assumed: stated in the usage file".to_owned(),
    }
}

fn push_totals(out: &mut String, bill: &Statement) {
    let rule = "-".repeat(112);
    let _ = writeln!(out, "{rule}");
    let mut row = |name: &str, usd_is: String, other: Option<String>| {
        let other = other.unwrap_or_default();
        let _ = writeln!(out, "{name:<60} {other:>36} {usd_is:>14}");
    };
    let there = bill.converted.as_ref();
    let code = there.map_or("", |there| there.currency.as_str());
    let money = |amount| format!("{code} {}", cents(amount));
    let period = match bill.period {
        Period::Month => "a month",
        Period::Run => "this run",
    };
    row(period, usd(bill.total), there.map(|there| money(there.total)));
    if let Some(year) = bill.year {
        row("a year of such months", usd(year), there.and_then(|there| there.year).map(money));
    }
    if let Some(each) = bill.per_order {
        let small = |amount: rust_decimal::Decimal| {
            format!("{code} {}", amount.round_sf(3).unwrap_or(amount).normalize())
        };
        row("an order", each.to_string(), there.and_then(|there| there.per_order).map(small));
        let million = Usd::new(each.exact() * rust_decimal::Decimal::from(1_000_000));
        row("a million orders", usd(million), None);
    }
    if let Some(there) = there {
        let _ = writeln!(out, "1 USD = {} {code}, as stated", there.per_usd);
    }
}

/// To the cent with thousands; below a cent to three digits.
fn usd(amount: Usd) -> String {
    let exact = amount.exact();
    let is_small = exact.abs() < rust_decimal::Decimal::new(1, 1);
    if is_small { amount.to_string() } else { format!("${}", cents(exact)) }
}

/// An item that fits its column.
fn shortened(item: &str) -> String {
    if item.chars().count() <= ITEM {
        return item.to_owned();
    }
    item.chars().take(ITEM - 1).chain(['…']).collect()
}
