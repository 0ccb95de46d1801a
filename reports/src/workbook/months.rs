//! Usage by month, as the model makes it, and the months, which are formulas over usage and prices:
//! for each meter the sum over its tiers of (what is above the tier's begin) x (the tier's price less
//! that of the tier before).

use costmodel::LineItem;
use rust_xlsxwriter::{Chart, ChartType, XlsxError};

use super::Context;
use super::page::{Page, letters};
use crate::finance::Finance;
use crate::portuguese::named;
use crate::rate::Rate;
use crate::verdict::{band, float};

/// Columns of the months before those of the services.
const LEAD: u16 = 2;

/// Something that the months use: its column in the usage.
struct Meter<'a> {
    line: &'a LineItem,
    rate: &'a Rate,
}

pub(super) fn pages(context: &Context<'_>) -> Result<Vec<Page>, XlsxError> {
    let meters = meters(context.finance);
    let usage = usage(context, &meters)?;
    let months = months(context, &meters)?;
    Ok(vec![months, usage])
}

/// Every meter of any month, each once.
fn meters(finance: &Finance) -> Vec<Meter<'_>> {
    let mut meters: Vec<Meter<'_>> = Vec::new();
    for line in finance.study.forecast.lines.iter().flatten() {
        if !meters.iter().any(|meter| same(meter.line, line))
            && let Some(rate) = finance.rate(line)
        {
            meters.push(Meter { line, rate });
        }
    }
    meters
}

fn same(a: &LineItem, b: &LineItem) -> bool {
    (&a.item, &a.usage_type, &a.operation) == (&b.item, &b.usage_type, &b.operation)
}

fn usage(context: &Context<'_>, meters: &[Meter<'_>]) -> Result<Page, XlsxError> {
    let (words, formats, finance) = (context.words, &context.formats, context.finance);
    let mut page = Page::new(words.monthly_usage, &[8.0])?;
    page.sheet.set_column_range_width(1, meters.len() as u16, 18.0)?;
    page.text(0, words.month, &formats.head)?;
    for (n, meter) in meters.iter().enumerate() {
        let language = finance.locale.language;
        let (item, unit) = (named(language, &meter.line.item), named(language, &meter.line.unit));
        let title = format!("{}: {item}, {unit}", meter.line.service);
        page.text(n as u16 + 1, &title, &formats.head)?;
    }
    page.sheet.set_row_height(0, 45.0)?;
    page.row = 1;
    for (month, lines) in finance.study.forecast.lines.iter().enumerate() {
        page.number(0, month as f64 + 1.0, &formats.whole)?;
        for (n, meter) in meters.iter().enumerate() {
            let line = lines.iter().find(|line| same(line, meter.line));
            let quantity = line.map_or_else(Default::default, |line| line.quantity);
            page.exact(n as u16 + 1, quantity, &formats.input)?;
        }
        page.row += 1;
    }
    page.sheet.set_freeze_panes(1, 1)?;
    page.row += 1;
    page.text(0, words.usage_note, &formats.text)?;
    Ok(page)
}

fn months(context: &Context<'_>, meters: &[Meter<'_>]) -> Result<Page, XlsxError> {
    let (words, formats, finance) = (context.words, &context.formats, context.finance);
    let services: Vec<&str> = finance.services().iter().map(|(service, _)| *service).collect();
    let total = LEAD + services.len() as u16;
    let (brl, p10) = (total + 1, total + 2);
    let mut page = Page::new(words.months, &[8.0, 16.0])?;
    page.sheet.set_column_range_width(LEAD, p10 + 2, 14.0)?;
    let mut titles = vec![words.month, words.orders];
    titles.extend(&services);
    titles.push(words.total);
    titles.push(if context.has_brl() { words.amount_brl } else { "" });
    titles.extend(["p10", "p50", "p90"]);
    page.head(&titles, &formats.head)?;
    page.sheet.set_freeze_panes(1, 1)?;
    let first = page.row;
    for month in &finance.study.forecast.months {
        page.number(0, month.month as f64, &formats.whole)?;
        page.number(1, month.orders, &formats.number)?;
        for (n, service) in services.iter().enumerate() {
            let formula = cost_formula(words.monthly_usage, meters, service, page.row);
            let usd = month.services.get(*service).copied().unwrap_or_default();
            page.formula(LEAD + n as u16, &formula, float(usd.exact()), &formats.usd)?;
        }
        let usd = month.total.exact();
        let row = page.row + 1;
        let sum = format!("=SUM({}{row}:{}{row})", letters(LEAD), letters(total - 1));
        page.formula(total, &sum, float(usd), &formats.usd_total)?;
        if let Some(rate) = finance.locale.brl_per_usd {
            let formula = format!("={}{row}*fx_brl", letters(total));
            page.formula(brl, &formula, float(usd * rate), &formats.brl_total)?;
        }
        let band = band(finance.study.uncertainty.months.get(month.month - 1));
        for (n, usd) in [band.p10, band.p50, band.p90].into_iter().enumerate() {
            page.number(p10 + n as u16, usd, &formats.usd)?;
        }
        page.row += 1;
    }
    let last = page.row - 1;
    page.define_rows("months_usd", total, first, last);
    page.define_rows("months_orders", 1, first, last);
    years(context, &mut page, total)?;
    page.row += 1;
    let columns = (LEAD, total);
    chart(words.cost_by_service, ChartType::AreaStacked, &mut page, (columns, first, last))?;
    page.row += 20;
    let bands = (total, p10 + 3);
    chart(words.cost_bands, ChartType::Line, &mut page, (bands, first, last))?;
    Ok(page)
}

/// What a service's meters cost in the month of this row; the usage has the same rows.
fn cost_formula(usage: &str, meters: &[Meter<'_>], service: &str, row: u32) -> String {
    let mut formula = String::from("=0");
    let numbered = meters.iter().enumerate();
    for (n, meter) in numbered.filter(|(_, meter)| meter.line.service == service) {
        let cell = format!("'{usage}'!{}{}", letters(n as u16 + 1), row + 1);
        let name = &meter.rate.name;
        formula.push_str(&format!("+{}", tiered(&cell, name)));
        if !meter.rate.free.is_zero() {
            let free = format!("MIN({cell},free_{name})");
            formula.push_str(&format!("-{}", tiered(&free, name)));
        }
    }
    formula
}

fn tiered(quantity: &str, name: &str) -> String {
    format!("SUMPRODUCT(({quantity}>from_{name})*({quantity}-from_{name})*step_{name})")
}

/// Twelve months each.
fn years(context: &Context<'_>, page: &mut Page, total: u16) -> Result<(), XlsxError> {
    let (words, formats, finance) = (context.words, &context.formats, context.finance);
    page.row += 1;
    page.text(0, words.year, &formats.heading)?;
    page.row += 1;
    let months = finance.study.forecast.months.len();
    for (n, usd) in finance.study.forecast.years.iter().enumerate() {
        let (first, last) = (n * 12 + 2, ((n + 1) * 12).min(months) + 1);
        let column = letters(total);
        let sum = |column: &str| format!("=SUM({column}{first}:{column}{last})");
        page.number(0, n as f64 + 1.0, &formats.whole)?;
        let orders: f64 =
            finance.study.forecast.months[n * 12..last - 1].iter().map(|month| month.orders).sum();
        page.formula(1, &sum("B"), orders, &formats.number)?;
        page.formula(total, &sum(&column), float(usd.exact()), &formats.usd_total)?;
        page.define(&format!("year_{}_usd", n + 1), total);
        if let Some(rate) = finance.locale.brl_per_usd {
            let formula = format!("=year_{}_usd*fx_brl", n + 1);
            page.formula(total + 1, &formula, float(usd.exact() * rate), &formats.brl_total)?;
        }
        let band = band(finance.study.uncertainty.years.get(n));
        for (n, usd) in [band.p10, band.p50, band.p90].into_iter().enumerate() {
            page.number(total + 2 + n as u16, usd, &formats.usd)?;
        }
        page.row += 1;
    }
    Ok(())
}

/// A native chart of columns over the months.
fn chart(
    title: &str,
    kind: ChartType,
    page: &mut Page,
    ((from, to), first, last): ((u16, u16), u32, u32),
) -> Result<(), XlsxError> {
    let mut chart = Chart::new(kind);
    chart.title().set_name(title);
    chart.title().set_font(rust_xlsxwriter::ChartFont::new().set_size(12));
    let sheet = page.sheet.name();
    for column in from..to {
        // The column of reais has another currency.
        let is_brl = column == to.saturating_sub(4) && kind == ChartType::Line;
        if is_brl {
            continue;
        }
        chart
            .add_series()
            .set_name((sheet.as_str(), 0, column))
            .set_categories((sheet.as_str(), first, 0, last, 0))
            .set_values((sheet.as_str(), first, column, last, column));
    }
    chart.x_axis().set_name("");
    chart.y_axis().set_num_format("#,##0");
    chart.set_width(900).set_height(380);
    let row = page.row;
    page.sheet.insert_chart(row, 0, &chart).map(drop)
}
