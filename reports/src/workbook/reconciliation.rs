//! Predicted beside billed, one row a usage type: what AWS billed is given, or pasted in later.

use std::collections::BTreeMap;

use costmodel::BilledKind;
use rust_decimal::Decimal;
use rust_xlsxwriter::XlsxError;

use super::Context;
use super::page::Page;
use crate::verdict::float;

/// Rows for what was billed and not predicted.
const SPARE_ROWS: usize = 12;

/// What stands on either side of a usage type.
#[derive(Default)]
struct Row {
    service: String,
    /// Names of the amounts that are summed.
    amounts: Vec<String>,
    predicted: Decimal,
    quantity: Decimal,
    billed: Option<(Decimal, Decimal)>,
}

pub(super) fn pages(context: &Context<'_>) -> Result<Vec<Page>, XlsxError> {
    let (words, formats) = (context.words, &context.formats);
    let widths = [20.0, 40.0, 18.0, 18.0, 18.0, 18.0, 18.0, 12.0];
    let mut page = Page::new(words.reconciliation, &widths)?;
    page.paragraph(7, words.reconciliation_note, 32.0, &formats.note)?;
    let titles = [
        words.service,
        words.usage_type,
        words.quantity,
        words.actual_quantity,
        words.predicted,
        words.actual,
        words.variance,
        words.variance_percent,
    ];
    page.head(&titles, &formats.head)?;
    page.sheet.set_freeze_panes(2, 2)?;
    let first = page.row;
    let (rows, alone) = rows(context);
    for (usage_type, row) in &rows {
        write(context, &mut page, usage_type, row)?;
    }
    for (usage_type, row) in &alone {
        write(context, &mut page, usage_type, row)?;
    }
    for _ in alone.len()..SPARE_ROWS {
        write(context, &mut page, "", &Row::default())?;
    }
    total(context, &mut page, first, rows.values().chain(alone.values()))?;
    Ok(vec![page])
}

/// What is predicted, by usage type, with what was billed for it; and what was billed alone.
fn rows(context: &Context<'_>) -> (BTreeMap<String, Row>, BTreeMap<String, Row>) {
    let finance = context.finance;
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for (n, line) in finance.bill.iter().enumerate() {
        let row = rows.entry(key(&line.offer, &line.usage_type)).or_default();
        row.service.clone_from(&line.service);
        row.amounts.push(format!("amount_{:02}", n + 1));
        row.predicted += line.amount.exact();
        row.quantity += line.quantity;
    }
    let mut alone: BTreeMap<String, Row> = BTreeMap::new();
    let billed = finance.actual.iter().flatten();
    for line in billed.filter(|line| line.kind == BilledKind::Usage) {
        let key = key(&line.service, &line.usage_type);
        let row = match rows.get_mut(&key) {
            Some(row) => row,
            None => alone.entry(key).or_default(),
        };
        if row.service.is_empty() {
            row.service.clone_from(&line.service);
        }
        let sum = row.billed.get_or_insert_default();
        sum.0 += line.quantity;
        sum.1 += line.cost;
    }
    (rows, alone)
}

/// The offer is in it, because two of them may have the same usage type.
fn key(offer: &str, usage_type: &str) -> String {
    format!("{offer} {usage_type}")
}

fn write(
    context: &Context<'_>,
    page: &mut Page,
    usage_type: &str,
    row: &Row,
) -> Result<(), XlsxError> {
    let formats = &context.formats;
    let at = page.row + 1;
    let is_spare = row.amounts.is_empty();
    let text = if is_spare { &formats.paste_text } else { &formats.text };
    page.text(0, &row.service, text)?;
    page.text(1, usage_type, text)?;
    page.exact(2, row.quantity, &formats.number)?;
    let sum: Vec<String> = row.amounts.iter().map(|name| format!("SUM({name})")).collect();
    let sum = if is_spare { "0".to_owned() } else { sum.join("+") };
    page.formula(4, &format!("={sum}"), float(row.predicted), &formats.usd_fine)?;
    match row.billed {
        Some((quantity, cost)) => {
            page.exact(3, quantity, &formats.paste)?;
            page.exact(5, cost, &formats.paste)?;
        }
        None => {
            page.sheet.write_blank(page.row, 3, &formats.paste)?;
            page.sheet.write_blank(page.row, 5, &formats.paste)?;
        }
    }
    variance(context, page, at, (row.predicted, row.billed.map(|billed| billed.1)))?;
    page.row += 1;
    Ok(())
}

/// Empty until something was billed.
fn variance(
    context: &Context<'_>,
    page: &mut Page,
    at: u32,
    (predicted, billed): (Decimal, Option<Decimal>),
) -> Result<(), XlsxError> {
    let formats = &context.formats;
    let absolute = format!("=IF(F{at}=\"\",\"\",E{at}-F{at})");
    let relative = format!("=IF(N(F{at})=0,\"\",G{at}/F{at})");
    let Some(billed) = billed else {
        page.empty_formula(6, &absolute, &formats.usd_fine)?;
        return page.empty_formula(7, &relative, &formats.percent);
    };
    let difference = predicted - billed;
    page.formula(6, &absolute, float(difference), &formats.usd_fine)?;
    match difference.checked_div(billed) {
        Some(share) => page.formula(7, &relative, float(share), &formats.percent),
        None => page.empty_formula(7, &relative, &formats.percent),
    }
}

fn total<'a>(
    context: &Context<'_>,
    page: &mut Page,
    first: u32,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<(), XlsxError> {
    let formats = &context.formats;
    let mut billed = Decimal::ZERO;
    let mut is_billed = false;
    for row in rows {
        billed += row.billed.unwrap_or_default().1;
        is_billed |= row.billed.is_some();
    }
    let (from, to) = (first + 1, page.row);
    let predicted = context.finance.bill_total();
    page.text(0, context.words.total, &formats.strong)?;
    page.formula(4, &format!("=SUM(E{from}:E{to})"), float(predicted), &formats.usd_total)?;
    page.formula(5, &format!("=SUM(F{from}:F{to})"), float(billed), &formats.usd_total)?;
    let at = page.row + 1;
    let absolute = format!("=IF(COUNT(F{from}:F{to})=0,\"\",E{at}-F{at})");
    let relative = format!("=IF(F{at}=0,\"\",(E{at}-F{at})/F{at})");
    if is_billed {
        page.formula(6, &absolute, float(predicted - billed), &formats.usd_total)?;
    } else {
        page.empty_formula(6, &absolute, &formats.usd_total)?;
    }
    match (predicted - billed).checked_div(billed) {
        Some(share) => page.formula(7, &relative, float(share), &formats.percent)?,
        None => page.empty_formula(7, &relative, &formats.percent)?,
    }
    page.row += 1;
    Ok(())
}
