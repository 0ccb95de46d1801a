//! What else one could do: other scenarios, one thing changed, other ways to keep the documents.

use costmodel::forecast::Study;
use rust_decimal::Decimal;
use rust_xlsxwriter::XlsxError;

use super::Context;
use super::page::{Page, letters};
use crate::portuguese::named;
use crate::verdict::float;

pub(super) fn pages(context: &Context<'_>) -> Result<Vec<Page>, XlsxError> {
    let widths = [48.0, 18.0, 16.0, 18.0, 14.0, 16.0, 16.0, 16.0, 80.0];
    let mut page = Page::new(context.words.scenarios, &widths)?;
    scenarios(context, &mut page)?;
    alternatives(context, &mut page)?;
    layouts(context, &mut page)?;
    Ok(vec![page])
}

/// The forecasts that were asked for, side by side.
fn scenarios(context: &Context<'_>, page: &mut Page) -> Result<(), XlsxError> {
    let (words, formats, finance) = (context.words, &context.formats, context.finance);
    let titles = [
        words.scenario,
        words.all_months,
        words.per_month,
        words.difference,
        words.difference_percent,
        "p10",
        "p50",
        "p90",
        words.choices,
    ];
    page.head(&titles, &formats.head)?;
    let first = page.row + 1;
    for study in std::iter::once(&finance.study).chain(&finance.others) {
        let total = study.forecast.total.exact();
        page.text(0, &study.name, &formats.text)?;
        if page.row + 1 == first {
            page.formula(1, "=SUM(months_usd)", float(total), &formats.usd)?;
        } else {
            page.exact(1, total, &formats.usd)?;
        }
        means(context, page, first, (total, study))?;
        if let Some(drawn) = study.uncertainty.alternatives.first() {
            for (n, usd) in [drawn.p10, drawn.p50, drawn.p90].into_iter().enumerate() {
                page.number(5 + n as u16, usd, &formats.usd)?;
            }
        }
        page.text(8, &named(finance.locale.language, &study.choices), &formats.text)?;
        page.row += 1;
    }
    page.row += 1;
    Ok(())
}

/// The mean of a month, and its difference to that of the first row.
fn means(
    context: &Context<'_>,
    page: &mut Page,
    first: u32,
    (total, study): (Decimal, &Study),
) -> Result<(), XlsxError> {
    let (formats, base) = (&context.formats, &context.finance.study.forecast);
    let row = page.row + 1;
    let mean = |total: Decimal, months: usize| total / Decimal::from(months.max(1) as u64);
    let months = study.forecast.months.len();
    let (own, of) = (mean(total, months), mean(base.total.exact(), base.months.len()));
    page.formula(2, &format!("=B{row}/{months}"), float(own), &formats.usd)?;
    page.formula(3, &format!("=C{row}-C{first}"), float(own - of), &formats.usd)?;
    let share = (own - of).checked_div(of).unwrap_or_default();
    let formula = format!("=IF(C{first}=0,0,D{row}/C{first})");
    page.formula(4, &formula, float(share), &formats.percent)
}

/// One thing changed at a time.
fn alternatives(context: &Context<'_>, page: &mut Page) -> Result<(), XlsxError> {
    let (words, formats, finance) = (context.words, &context.formats, context.finance);
    let (language, study) = (finance.locale.language, &finance.study);
    let titles = [
        words.alternative,
        words.all_months,
        words.per_month,
        words.difference,
        words.difference_percent,
        "p10",
        "p50",
        "p90",
        words.besides,
    ];
    page.head(&titles, &formats.head)?;
    let first = page.row + 1;
    let total = study.forecast.total.exact();
    page.text(0, words.as_it_is, &formats.text)?;
    page.formula(1, "=SUM(months_usd)", float(total), &formats.usd)?;
    means(context, page, first, (total, study))?;
    page.row += 1;
    for alternative in &study.alternatives {
        page.text(0, &named(language, &alternative.name), &formats.text)?;
        page.exact(1, alternative.total.exact(), &formats.usd)?;
        means(context, page, first, (alternative.total.exact(), study))?;
        let drawn = study.uncertainty.alternatives.iter().find(|d| d.name == alternative.name);
        if let Some(drawn) = drawn {
            for (n, usd) in [drawn.p10, drawn.p50, drawn.p90].into_iter().enumerate() {
                page.number(5 + n as u16, usd, &formats.usd)?;
            }
        }
        page.text(8, &named(language, &alternative.costs_besides), &formats.text)?;
        page.row += 1;
    }
    page.row += 1;
    Ok(())
}

/// Ways to keep the documents, by rising cost: each total is the sum of its parts.
fn layouts(context: &Context<'_>, page: &mut Page) -> Result<(), XlsxError> {
    let (words, formats, finance) = (context.words, &context.formats, context.finance);
    let language = finance.locale.language;
    let titles = [
        words.layouts,
        words.storage,
        words.puts,
        words.monitoring,
        words.reads,
        words.compute,
        words.total,
        "",
        words.besides,
    ];
    page.head(&titles, &formats.head)?;
    for cost in &finance.study.layouts.costs {
        let row = page.row + 1;
        page.text(0, &named(language, &cost.name), &formats.text)?;
        let parts = [cost.storage, cost.puts, cost.monitoring, cost.reads, cost.compute];
        for (n, usd) in parts.into_iter().enumerate() {
            page.exact(1 + n as u16, usd.exact(), &formats.usd)?;
        }
        let sum = format!("=SUM(B{row}:{}{row})", letters(5));
        page.formula(6, &sum, float(cost.total.exact()), &formats.usd_total)?;
        let besides = format!("latency: {}; complexity: {}", cost.latency, cost.complexity);
        page.text(8, &named(language, &besides), &formats.text)?;
        page.row += 1;
    }
    Ok(())
}
