//! The bill: quantity by price, tier by tier, each a formula over named cells.

use costmodel::{LineItem, Provenance};
use rust_decimal::Decimal;
use rust_xlsxwriter::XlsxError;

use super::Context;
use super::page::{Page, letters};
use crate::finance_words::Words;
use crate::portuguese::named;
use crate::rate::Rate;
use crate::verdict::float;

const AMOUNT: u16 = 9;
const BRL: u16 = 10;

pub(super) fn pages(context: &Context<'_>) -> Result<Vec<Page>, XlsxError> {
    let (words, formats, finance) = (context.words, &context.formats, context.finance);
    let widths = [14.0, 32.0, 30.0, 16.0, 14.0, 12.0, 40.0, 16.0, 16.0, 16.0, 16.0, 60.0];
    let mut page = Page::new(words.calculation, &widths)?;
    let note = match finance.run {
        Some(_) => words.calculation_of_run,
        None => words.calculation_of_month,
    };
    page.paragraph(AMOUNT, note, 18.0, &formats.note)?;
    let titles = [
        words.service,
        words.item,
        words.usage_type,
        words.quantity,
        words.unit,
        words.kind,
        words.rate_code,
        words.quantity_in_tier,
        words.unit_price,
        words.amount_usd,
        if context.has_brl() { words.amount_brl } else { "" },
        words.how_made,
    ];
    page.head(&titles, &formats.head)?;
    page.sheet.set_freeze_panes(2, 2)?;
    let first = page.row;
    for (n, line) in finance.bill.iter().enumerate() {
        item(context, &mut page, n + 1, line)?;
    }
    let last = page.row - 1;
    total(context, &mut page, first, last)?;
    Ok(vec![page])
}

/// The rows of one line: its quantity, and each tier.
fn item(
    context: &Context<'_>,
    page: &mut Page,
    n: usize,
    line: &LineItem,
) -> Result<(), XlsxError> {
    let (formats, language) = (&context.formats, context.finance.locale.language);
    let quantity = format!("quantity_{n:02}");
    page.text(0, &line.service, &formats.text)?;
    page.text(1, &named(language, &line.item), &formats.text)?;
    page.text(2, &line.usage_type, &formats.text)?;
    page.exact(3, line.quantity, &formats.input)?;
    page.define(&quantity, 3);
    page.text(4, &named(language, &line.unit), &formats.text)?;
    page.text(5, provenance(context.words, line.provenance), &formats.text)?;
    page.text(11, &named(language, &line.formula), &formats.text)?;
    let first = page.row;
    match context.finance.rate(line) {
        Some(rate) => tiers(context, page, line, (rate, &quantity))?,
        // Without a price there is no line; a run of before may have one that nobody knows.
        None => {
            page.exact(AMOUNT, line.amount.exact(), &formats.usd_fine)?;
            page.row += 1;
        }
    }
    page.define_rows(&format!("amount_{n:02}"), AMOUNT, first, page.row - 1);
    Ok(())
}

fn tiers(
    context: &Context<'_>,
    page: &mut Page,
    line: &LineItem,
    (rate, quantity): (&Rate, &str),
) -> Result<(), XlsxError> {
    let formats = &context.formats;
    for (n, tier) in rate.tiers.iter().enumerate() {
        let number = n + 1;
        let within = within(rate, n, line.quantity);
        let row = page.row + 1;
        page.text(2, &line.usage_type, &formats.text)?;
        page.text(6, &tier.rate_code, &formats.text)?;
        page.formula(7, &within_formula(rate, number, quantity), float(within), &formats.number)?;
        let price = format!("=price_{}_{number}", rate.name);
        page.formula(8, &price, float(tier.unit_price), &formats.usd_fine)?;
        let amount = within * tier.unit_price;
        let product = format!("={}{row}*{}{row}", letters(7), letters(8));
        page.formula(AMOUNT, &product, float(amount), &formats.usd_fine)?;
        brl(context, page, &format!("{}{row}", letters(AMOUNT)), amount)?;
        page.row += 1;
    }
    Ok(())
}

/// The same amount in reais.
fn brl(context: &Context<'_>, page: &mut Page, of: &str, usd: Decimal) -> Result<(), XlsxError> {
    let Some(rate) = context.finance.locale.brl_per_usd else { return Ok(()) };
    page.formula(BRL, &format!("={of}*fx_brl"), float(usd * rate), &context.formats.brl_fine)
}

/// How much of a quantity is in a tier: free units come first and occupy their tier.
fn within(rate: &Rate, n: usize, quantity: Decimal) -> Decimal {
    let tier = &rate.tiers[n];
    let begin = tier.begin.max(rate.free.min(quantity));
    let end = tier.end.map_or(quantity, |end| end.min(quantity));
    (end - begin).max(Decimal::ZERO)
}

fn within_formula(rate: &Rate, number: usize, quantity: &str) -> String {
    let name = &rate.name;
    let begin = format!("MAX(from_{name}_{number},MIN(free_{name},{quantity}))");
    if number < rate.tiers.len() {
        format!("=MAX(0,MIN({quantity},to_{name}_{number})-{begin})")
    } else {
        format!("=MAX(0,{quantity}-{begin})")
    }
}

fn total(context: &Context<'_>, page: &mut Page, first: u32, last: u32) -> Result<(), XlsxError> {
    let (words, formats, finance) = (context.words, &context.formats, context.finance);
    page.text(0, words.total, &formats.strong)?;
    let column = letters(AMOUNT);
    let sum = format!("=SUM({column}{}:{column}{})", first + 1, last + 1);
    page.formula(AMOUNT, &sum, float(finance.bill_total()), &formats.usd_total)?;
    page.define("bill_usd", AMOUNT);
    if let Some(rate) = finance.locale.brl_per_usd {
        let value = float(finance.bill_total() * rate);
        page.formula(BRL, "=bill_usd*fx_brl", value, &formats.brl_total)?;
        page.define("bill_brl", BRL);
    }
    page.row += 1;
    Ok(())
}

/// Where a number came from.
fn provenance(words: &Words, of: Provenance) -> &'static str {
    match of {
        Provenance::Measured => words.measured,
        Provenance::Derived => words.derived,
        Provenance::Simulated => words.simulated,
        Provenance::Assumed => words.assumed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use costmodel::Tier;
    use rust_decimal::prelude::ToPrimitive as _;

    /// Tiers to 10, to 30 and on; 4 are free.
    fn rate() -> Rate {
        let number = Decimal::from;
        let tier = |begin: u32, end: Option<u32>| Tier {
            begin: number(begin),
            end: end.map(number),
            unit_price: number(1),
            rate_code: String::new(),
        };
        Rate {
            tiers: vec![tier(0, Some(10)), tier(10, Some(30)), tier(30, None)],
            free: number(4),
            name: "x".to_owned(),
            ..Rate::default()
        }
    }

    #[test]
    fn each_unit_is_in_its_own_tier_and_free_ones_occupy_the_first() {
        let rate = rate();
        let of = |quantity: u32| -> [u32; 3] {
            [0, 1, 2].map(|n| within(&rate, n, quantity.into()).to_u32().unwrap())
        };
        assert_eq!(of(3), [0, 0, 0]);
        assert_eq!(of(5), [1, 0, 0]);
        assert_eq!(of(10), [6, 0, 0]);
        assert_eq!(of(31), [6, 20, 1]);
    }

    #[test]
    fn the_last_tier_has_no_end() {
        assert_eq!(
            within_formula(&rate(), 2, "q"),
            "=MAX(0,MIN(q,to_x_2)-MAX(from_x_2,MIN(free_x,q)))"
        );
        assert_eq!(within_formula(&rate(), 3, "q"), "=MAX(0,q-MAX(from_x_3,MIN(free_x,q)))");
    }
}
