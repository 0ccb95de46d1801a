//! What all of it rests on: value, unit, source, date, and whether it was measured.

use rust_decimal::Decimal;
use rust_xlsxwriter::XlsxError;

use super::Context;
use super::page::Page;
use crate::portuguese::named;

/// When the defaults of `costmodel/src/forecast/assumptions.rs` were settled.
const DEFAULTS_SETTLED: &str = "2026-11-24";

pub(super) fn pages(context: &Context<'_>) -> Result<Vec<Page>, XlsxError> {
    let (words, formats, finance) = (context.words, &context.formats, context.finance);
    let mut page = Page::new(words.assumptions, &[42.0, 18.0, 12.0, 52.0, 12.0, 18.0])?;
    let titles = [words.input, words.value, words.unit, words.source, words.date, words.kind];
    page.head(&titles, &formats.head)?;
    page.sheet.set_freeze_panes(1, 1)?;
    let published = finance.study.prices_published.clone();
    if let Some(rate) = finance.locale.brl_per_usd {
        let row = (words.fx, rate, "BRL/USD", words.stated_rate, "", words.assumed);
        named_value(context, &mut page, "fx_brl", row)?;
    }
    let (source, date, kind) = match &finance.run {
        Some(run) => (run.id.clone(), context.run_day(), words.measured),
        None => (words.model.to_owned(), published.clone(), words.derived),
    };
    let orders = (words.bill_orders, finance.bill_orders, "orders", &*source, &*date, kind);
    named_value(context, &mut page, "bill_orders", orders)?;
    let fixed = (words.floor, finance.fixed, "USD", words.model, &*published, words.derived);
    named_value(context, &mut page, "fixed_usd", fixed)?;
    let retained = (
        words.retention,
        finance.retention_per_order,
        "USD",
        words.model,
        &*published,
        words.derived,
    );
    named_value(context, &mut page, "retention_per_order", retained)?;
    page.row += 1;
    page.text(0, words.choices, &formats.strong)?;
    page.text(1, &named(finance.locale.language, &finance.study.choices), &formats.text)?;
    page.row += 2;
    for input in &finance.study.assumptions {
        page.text(0, input.key, &formats.text)?;
        page.number(1, input.value, &formats.number)?;
        page.define(&format!("in_{}", input.key.replace('.', "_")), 1);
        page.text(2, &named(finance.locale.language, input.unit), &formats.text)?;
        let day = context.run_day();
        let (source, date, kind) = match input.source {
            "measured" => (source.as_str(), day.as_str(), words.measured),
            "derived" => (source.as_str(), day.as_str(), words.derived),
            "assumed, stated" => (words.stated_in_file, "", words.assumed),
            _ => (words.default_of, DEFAULTS_SETTLED, words.assumed),
        };
        page.text(3, source, &formats.text)?;
        page.date(4, date, &formats.date)?;
        page.text(5, kind, &formats.text)?;
        page.row += 1;
    }
    Ok(vec![page])
}

impl Context<'_> {
    /// The day of the run.
    fn run_day(&self) -> String {
        let run = self.finance.run.as_ref();
        let at = run.map_or_else(String::new, |run| run.started_at.to_string());
        at.get(..10).unwrap_or_default().to_owned()
    }
}

/// A value by which formulas go.
fn named_value(
    context: &Context<'_>,
    page: &mut Page,
    name: &str,
    (label, value, unit, source, date, kind): (&str, Decimal, &str, &str, &str, &str),
) -> Result<(), XlsxError> {
    let formats = &context.formats;
    page.text(0, label, &formats.strong)?;
    let format = if unit == "USD" { &formats.input_price } else { &formats.input };
    page.exact(1, value, format)?;
    page.define(name, 1);
    page.text(2, &named(context.finance.locale.language, unit), &formats.text)?;
    page.text(3, source, &formats.text)?;
    page.date(4, date, &formats.date)?;
    page.text(5, kind, &formats.text)?;
    page.row += 1;
    Ok(())
}
