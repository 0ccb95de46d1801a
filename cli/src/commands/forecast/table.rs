//! A forecast as a person reads it.

use claims::words::grouped;
use costmodel::Usd;
use costmodel::forecast::{Forecast, Study};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// Longest bar of the tornado.
const BAR_MAX: f64 = 30.0;
/// Longest remark beside an alternative.
const BESIDES_MAX: usize = 46;

/// Dollars in groups of three; cents below a thousand.
fn money(usd: Usd) -> String {
    dollars(usd.exact())
}

fn dollars(exact: Decimal) -> String {
    if exact.abs() < Decimal::ONE_THOUSAND {
        return Usd::new(exact).to_string().replacen("$-", "-$", 1);
    }
    let sign = if exact.is_sign_negative() { "-" } else { "" };
    let whole = exact.abs().round().to_u64().unwrap_or(u64::MAX);
    format!("{sign}${}", grouped(whole))
}

fn float(usd: f64) -> String {
    Decimal::try_from(usd).map_or_else(|_| format!("${usd:.0}"), dollars)
}

/// The main numbers of several scenarios, a column each.
pub(super) fn side_by_side(studies: &[Study]) {
    type Number = fn(&Forecast) -> String;
    let rows: [(&str, Number); 7] = [
        ("first month", |f| f.months.first().map_or_else(String::new, |m| money(m.total))),
        ("last month", |f| f.months.last().map_or_else(String::new, |m| money(m.total))),
        ("all months", |f| money(f.total)),
        ("an order", |f| f.per_order.map_or_else(String::new, money)),
        ("an order, until its documents go", |f| {
            f.per_order_with_retention.map_or_else(String::new, money)
        }),
        ("a month without orders", |f| money(f.floor)),
        ("orders", |f| grouped(f.orders.round() as u64)),
    ];
    let row = |label: &str, cell: &dyn Fn(&Study) -> String| {
        let cells: String = studies.iter().map(|study| format!(" {:>22}", cell(study))).collect();
        println!("{label:<34}{cells}");
    };
    row("side by side", &|study| study.name.clone());
    for (label, number) in rows {
        row(label, &|study| number(&study.forecast));
    }
    row("all months, p10 to p90", &|study| {
        let drawn = study.uncertainty.alternatives.first();
        drawn.map_or_else(String::new, |d| format!("{} - {}", float(d.p10), float(d.p90)))
    });
    println!();
}

/// One scenario.
pub(super) fn study(study: &Study) {
    let forecast = &study.forecast;
    println!("{}: {}", study.name, study.choices);
    println!(
        "{} orders in {} months; {}, list prices of {}, USD, before tax{}; everything is assumed",
        grouped(forecast.orders.round() as u64),
        forecast.months.len(),
        study.region,
        study.prices_published,
        if study.free_tier { ", free tier taken off" } else { "" },
    );
    stated(study);
    bill(forecast);
    years(forecast);
    units(forecast);
    alternatives(study);
    layouts(study);
    break_even(study);
    savings(study);
    uncertainty(study);
}

fn stated(study: &Study) {
    let stated: Vec<String> = study
        .assumptions
        .iter()
        .filter(|assumed| assumed.source == "assumed, stated")
        .map(|assumed| format!("{} = {}", assumed.key, assumed.value))
        .collect();
    let rest = study.assumptions.len() - stated.len();
    let all = if stated.is_empty() { "nothing".to_owned() } else { stated.join(", ") };
    println!("stated: {all}; {rest} numbers by default (--json lists them)\n");
}

fn bill(forecast: &Forecast) {
    println!("{:<52} {:>18} {:<14} {:>12}", "the first month", "", "", "USD");
    for line in &forecast.first_month {
        println!(
            "  {:<50} {:>18} {:<14} {:>12}",
            format!("{}: {}", line.service, line.item),
            quantity(line.quantity),
            line.unit,
            money(line.amount)
        );
    }
    let first = forecast.months.first().map_or(Usd::ZERO, |month| month.total);
    println!("  {:<84} {:>12}\n", "all of it", money(first));
}

/// One decimal, or two digits of what is less.
fn quantity(exact: Decimal) -> String {
    let short = match exact.round_dp(1) {
        zero if zero.is_zero() => exact.round_sf(2).unwrap_or(exact),
        some => some,
    };
    short.normalize().to_string()
}

fn years(forecast: &Forecast) {
    println!("{:<10} {:>16} {:>16} {:>16}", "year", "USD", "last month", "S3 of it");
    for (index, year) in forecast.years.iter().enumerate() {
        let last = forecast.months[index * 12..].iter().take(12).next_back();
        let storage = last.and_then(|month| month.services.get("S3")).copied();
        println!(
            "{:<10} {:>16} {:>16} {:>16}",
            index + 1,
            money(*year),
            last.map_or_else(String::new, |month| money(month.total)),
            money(storage.unwrap_or(Usd::ZERO)),
        );
    }
    println!("{:<10} {:>16}\n", "all", money(forecast.total));
}

fn units(forecast: &Forecast) {
    let million = |usd: Usd| money(Usd::new(usd.exact() * Decimal::from(1_000_000)));
    if let Some(each) = forecast.per_order {
        println!("{:<60} {:>14}", "a million orders, of these months", million(each));
    }
    if let (Some(all), Some(kept)) =
        (forecast.per_order_with_retention, forecast.retention_per_order)
    {
        println!("{:<60} {:>14}", "a million orders, until their documents go", million(all));
        println!("{:<60} {:>14}", "  of which after their own month: a liability", million(kept));
    }
    println!("{:<60} {:>14}\n", "a month without orders", money(forecast.floor));
}

fn alternatives(study: &Study) {
    println!(
        "{:<44} {:>14} {:>14}  besides",
        "alternatives, in the mean of the months", "USD", "difference"
    );
    for alternative in &study.alternatives {
        println!(
            "  {:<42} {:>14} {:>14}  {}",
            alternative.name,
            money(alternative.per_month),
            money(alternative.difference_per_month),
            beginning(&alternative.costs_besides)
        );
    }
    for (name, reason) in &study.left_out {
        println!("  {name:<42} left out: {reason}");
    }
    println!();
}

/// The beginning of a text that the savings and the JSON have whole.
fn beginning(text: &str) -> String {
    match text.char_indices().nth(BESIDES_MAX) {
        Some((end, _)) => format!("{}...", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

fn layouts(study: &Study) {
    println!(
        "{:<54} {:>12} {:>10} {:>10} {:>10} {:>9} {:>12} {:>9}",
        "ways to keep the documents, all months",
        "storage",
        "PUT",
        "monitoring",
        "reads",
        "compute",
        "USD",
        "per 1 M"
    );
    for cost in &study.layouts.costs {
        println!(
            "  {:<52} {:>12} {:>10} {:>10} {:>10} {:>9} {:>12} {:>9}",
            cost.name,
            money(cost.storage),
            money(cost.puts),
            money(cost.monitoring),
            money(cost.reads),
            money(cost.compute),
            money(cost.total),
            cost.per_million_orders.map_or_else(String::new, money)
        );
    }
    for (name, reason) in &study.layouts.left_out {
        println!("  {name:<52} left out: {reason}");
    }
    if let Some(best) = study.best_layout() {
        println!(
            "  best: {}\n    latency: {}\n    complexity: {}",
            best.name, best.latency, best.complexity
        );
    }
    println!();
}

fn break_even(study: &Study) {
    println!("break-even volumes, orders a day");
    if study.crossings.is_empty() {
        println!("  none between 1 and a billion");
    }
    for crossing in &study.crossings {
        println!(
            "  from {} on {} is cheaper than {} ({} a month there)",
            grouped(crossing.per_day),
            crossing.above,
            crossing.below,
            money(crossing.month)
        );
    }
    println!();
}

fn savings(study: &Study) {
    println!("what would save most, in the mean of the months, each alone");
    if study.savings.is_empty() {
        println!("  nothing that was tried");
    }
    for (place, saving) in study.savings.iter().enumerate() {
        println!(
            "  {}. {}: {} a month ({} %)\n     {}",
            place + 1,
            saving.name,
            money(saving.per_month),
            saving.percent,
            saving.costs_besides
        );
    }
    println!();
}

fn uncertainty(study: &Study) {
    let draws = &study.uncertainty;
    let of = if study.uncertainty_stated {
        "what the file says is uncertain"
    } else {
        "spreads by default"
    };
    println!("all months in {} draws (seed {}) of {of}", grouped(draws.draws as u64), draws.seed);
    println!("  {:<60} {:>14} {:>14} {:>14} {:>9}", "", "p10", "p50", "p90", "cheaper");
    for drawn in &draws.alternatives {
        println!(
            "  {:<60} {:>14} {:>14} {:>14} {:>7.0} %",
            drawn.name,
            float(drawn.p10),
            float(drawn.p50),
            float(drawn.p90),
            drawn.cheaper * 100.0
        );
    }
    let effect = |swing: &costmodel::forecast::Swing| (swing.high.1 - swing.low.1).abs();
    let most = draws.swings.iter().map(effect).fold(0.0, f64::max);
    println!(
        "what matters most: from the 10th to the 90th percentile of each, the rest at its median"
    );
    for swing in &draws.swings {
        let length = if most > 0.0 { effect(swing) / most * BAR_MAX } else { 0.0 };
        println!(
            "  {:<38} {:>14} .. {:<14} {}",
            swing.key,
            float(swing.low.1),
            float(swing.high.1),
            "#".repeat((length.round() as usize).max(1))
        );
    }
    println!();
}
