//! The first sheet: what finance looks for.

use costmodel::forecast::Band;
use rust_decimal::Decimal;
use rust_xlsxwriter::XlsxError;

use super::Context;
use super::page::{Page, letters};
use crate::verdict::{band, float};

/// Dollars as assumed and in bands, then the same in reais.
const USD: u16 = 1;
const BRL: u16 = 5;
const LAST: u16 = 8;

pub(super) fn pages(context: &Context<'_>) -> Result<Vec<Page>, XlsxError> {
    let (words, formats) = (context.words, &context.formats);
    let mut page = Page::new(words.summary, &[44.0, 17.0, 17.0, 17.0, 17.0])?;
    page.sheet.set_column_range_width(BRL, LAST, 17.0)?;
    page.sheet.set_tab_color(0x0b_5c_6b);
    page.text(0, words.title, &formats.title)?;
    page.row += 1;
    page.text(0, &context.what(), &formats.text)?;
    page.row += 2;
    periods(context, &mut page)?;
    page.row += 1;
    unit_costs(context, &mut page)?;
    page.row += 1;
    page.text(0, words.verdict, &formats.heading)?;
    page.row += 1;
    for sentence in context.finance.verdict() {
        // A line of the merged cells holds some 150 letters.
        let lines = sentence.chars().count().div_ceil(120);
        page.paragraph(LAST, &sentence, 15.0 * lines as f64 + 3.0, &formats.wrapped)?;
    }
    page.row += 1;
    page.paragraph(LAST, words.bands_note, 32.0, &formats.note)?;
    Ok(vec![page])
}

impl Context<'_> {
    /// What was looked at, where, at which prices.
    pub(super) fn what(&self) -> String {
        let (words, study) = (self.words, &self.finance.study);
        let subject = match &self.finance.run {
            Some(run) => format!("{} {}", words.of_run, run.id),
            None => format!("{}, {}", study.name, words.of_forecast),
        };
        format!(
            "{subject}; {} {}; {} {}",
            words.region, study.region, words.list_prices, study.prices_published
        )
    }
}

/// Month 1, the last month, year 1, all of it: as assumed and p10 to p90.
fn periods(context: &Context<'_>, page: &mut Page) -> Result<(), XlsxError> {
    let (words, finance) = (context.words, context.finance);
    let forecast = &finance.study.forecast;
    let mut titles = vec![words.amount, words.expected, "p10", "p50", "p90"];
    let with_brl: Vec<String> = titles[1..].iter().map(|title| format!("{title}, BRL")).collect();
    let with_usd: Vec<String> = titles[1..].iter().map(|title| format!("{title}, USD")).collect();
    titles.truncate(1);
    titles.extend(with_usd.iter().map(String::as_str));
    if context.has_brl() {
        titles.extend(with_brl.iter().map(String::as_str));
    }
    page.head(&titles, &context.formats.head)?;
    let draws = &finance.study.uncertainty;
    let months = forecast.months.len();
    let month = |n: usize| (finance.month_usd(n - 1), band(draws.months.get(n - 1)));
    let (usd, band_1) = month(1);
    period(context, page, (words.month_1, "month_1"), "=INDEX(months_usd,1)", (usd, band_1))?;
    if months > 1 {
        let label = format!("{} {months}", words.month_n);
        let formula = format!("=INDEX(months_usd,{months})");
        period(context, page, (&label, "month_last"), &formula, month(months))?;
    }
    let year = (finance.year_usd(0), band(draws.years.first()));
    period(context, page, (words.year_1, "year_1"), "=year_1_usd", year)?;
    let years = forecast.years.len();
    if years > 1 {
        let label = format!("{} {years}", words.year_n);
        let year = (finance.year_usd(years - 1), band(draws.years.last()));
        period(context, page, (&label, "year_last"), &format!("=year_{years}_usd"), year)?;
    }
    let all = draws.alternatives.first();
    let all = all.map_or(band(None), |all| Band { p10: all.p10, p50: all.p50, p90: all.p90 });
    let label = format!("{} ({months})", words.all_months);
    period(context, page, (&label, "all"), "=SUM(months_usd)", (forecast.total.exact(), all))
}

fn period(
    context: &Context<'_>,
    page: &mut Page,
    (label, name): (&str, &str),
    formula: &str,
    (usd, band): (Decimal, Band),
) -> Result<(), XlsxError> {
    let formats = &context.formats;
    page.text(0, label, &formats.strong)?;
    page.formula(USD, formula, float(usd), &formats.usd_large)?;
    page.define(&format!("summary_{name}"), USD);
    for (n, usd) in [band.p10, band.p50, band.p90].into_iter().enumerate() {
        page.number(USD + 1 + n as u16, usd, &formats.usd)?;
    }
    if let Some(rate) = context.finance.locale.brl_per_usd {
        let row = page.row + 1;
        let values = [float(usd), band.p10, band.p50, band.p90];
        for (n, usd) in values.into_iter().enumerate() {
            let n = n as u16;
            let formula = format!("={}{row}*fx_brl", letters(USD + n));
            page.formula(BRL + n, &formula, usd * float(rate), &formats.brl)?;
        }
    }
    page.row += 1;
    Ok(())
}

/// What an order costs, in its month and with what is kept of it.
fn unit_costs(context: &Context<'_>, page: &mut Page) -> Result<(), XlsxError> {
    let (words, formats, finance) = (context.words, &context.formats, context.finance);
    let Some(own) = finance.per_order() else { return Ok(()) };
    let mut titles: Vec<String> = vec![words.per_order.to_owned()];
    titles.push(format!("{}, USD", words.one_order));
    titles.push(format!("{}, USD", words.per_million));
    if context.has_brl() {
        titles.push(format!("{}, BRL", words.one_order));
        titles.push(format!("{}, BRL", words.per_million));
    }
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    page.head(&titles, &formats.head)?;
    let kept = finance.retention_per_order;
    for (label, name, formula, usd) in [
        (words.per_order_own, "per_order_usd", "=(bill_usd-fixed_usd)/bill_orders", own),
        (words.per_order_kept, "per_order_kept_usd", "=retention_per_order", kept),
        (
            words.per_order_all,
            "per_order_with_retention_usd",
            "=per_order_usd+per_order_kept_usd",
            own + kept,
        ),
    ] {
        page.text(0, label, &formats.strong)?;
        page.formula(1, formula, float(usd), &formats.usd_fine)?;
        page.define(name, 1);
        let million = Decimal::from(1_000_000);
        page.formula(2, &format!("={name}*1000000"), float(usd * million), &formats.usd_large)?;
        if let Some(rate) = finance.locale.brl_per_usd {
            let brl = usd * rate;
            page.formula(3, &format!("={name}*fx_brl"), float(brl), &formats.brl_fine)?;
            let formula = format!("={name}*1000000*fx_brl");
            page.formula(4, &formula, float(brl * million), &formats.brl)?;
        }
        page.row += 1;
    }
    Ok(())
}
