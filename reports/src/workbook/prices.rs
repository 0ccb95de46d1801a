//! Every price, tier by tier: what a formula multiplies by, with its code, source and date.

use rust_xlsxwriter::XlsxError;

use super::Context;
use super::page::Page;
use crate::portuguese::named;
use crate::verdict::float;

pub(super) fn pages(context: &Context<'_>) -> Result<Vec<Page>, XlsxError> {
    let (words, formats) = (context.words, &context.formats);
    let widths = [14.0, 34.0, 40.0, 15.0, 15.0, 18.0, 18.0, 18.0, 12.0, 16.0, 14.0];
    let mut page = Page::new(words.prices, &widths)?;
    let titles = [
        words.service,
        words.usage_type,
        words.rate_code,
        words.unit,
        words.tier_from,
        words.tier_to,
        words.unit_price,
        words.price_step,
        words.published,
        words.source,
        words.free_units,
    ];
    page.head(&titles, &formats.head)?;
    page.sheet.set_freeze_panes(1, 2)?;
    for rate in &context.finance.rates {
        let first = page.row;
        for (n, tier) in rate.tiers.iter().enumerate() {
            let name = |what: &str| format!("{what}_{}_{}", rate.name, n + 1);
            page.text(0, &rate.service, &formats.text)?;
            page.text(1, &rate.usage_type, &formats.text)?;
            page.text(2, &tier.rate_code, &formats.text)?;
            page.text(3, &named(context.finance.locale.language, &rate.unit), &formats.text)?;
            page.exact(4, tier.begin, &formats.input)?;
            page.define(&name("from"), 4);
            match tier.end {
                Some(end) => page.exact(5, end, &formats.input)?,
                None => page.text(5, words.no_end, &formats.note)?,
            }
            page.define(&name("to"), 5);
            page.exact(6, tier.unit_price, &formats.input_price)?;
            page.define(&name("price"), 6);
            let before = n.checked_sub(1).map(|before| rate.tiers[before].unit_price);
            let step = tier.unit_price - before.unwrap_or_default();
            let formula = match before {
                None => format!("=G{}", page.row + 1),
                Some(_) => format!("=G{}-G{}", page.row + 1, page.row),
            };
            page.formula(7, &formula, float(step), &formats.usd_fine)?;
            page.date(8, &rate.published, &formats.date)?;
            page.text(9, &rate.source, &formats.text)?;
            page.row += 1;
        }
        let last = page.row - 1;
        page.define_rows(&format!("from_{}", rate.name), 4, first, last);
        page.define_rows(&format!("step_{}", rate.name), 7, first, last);
        page.row = first;
        page.exact(10, rate.free, &formats.input)?;
        page.define(&format!("free_{}", rate.name), 10);
        page.row = last + 1;
    }
    Ok(vec![page])
}
