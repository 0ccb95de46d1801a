//! `vazao prices show`.

use costmodel::{Entry, Region};
use serde::Serialize;

use super::{key, range, usd};
use crate::args::ShowArguments;
use crate::failure::Failure;
use crate::{numbers, price_book};

#[derive(Serialize)]
struct Row<'a> {
    region: &'a str,
    offer: &'a str,
    usage_type: &'a str,
    operation: &'a str,
    sku: &'a str,
    unit: &'a str,
    description: &'a str,
    free_a_month: rust_decimal::Decimal,
    effective: &'a str,
    published: &'a str,
    source: &'a str,
    grade: &'a str,
    tiers: Vec<Tier<'a>>,
}

#[derive(Serialize)]
struct Tier<'a> {
    begin: rust_decimal::Decimal,
    end: Option<rust_decimal::Decimal>,
    usd: rust_decimal::Decimal,
    rate_code: &'a str,
}

pub(crate) fn execute(arguments: &ShowArguments) -> Result<u8, Failure> {
    let mut sheets = Vec::new();
    for region in price_book::regions(&arguments.region)? {
        sheets.push(price_book::sheet(arguments.prices.as_deref(), region)?);
    }
    let found: Vec<(Region, Vec<&Entry>)> = sheets
        .iter()
        .map(|sheet| {
            let wanted = sheet.entries().iter().filter(|entry| is_wanted(entry, arguments));
            (sheet.region(), wanted.collect())
        })
        .collect();
    if arguments.json {
        let rows: Vec<Row<'_>> = found
            .iter()
            .flat_map(|(region, entries)| entries.iter().map(|entry| row(*region, entry)))
            .collect();
        println!("{}", serde_json::to_string_pretty(&rows).map_err(Failure::internal)?);
    } else {
        print(&found);
    }
    let is_empty = found.iter().all(|(_, entries)| entries.is_empty());
    if is_empty { Err(Failure::usage("no price has all of these words")) } else { Ok(0) }
}

fn is_wanted(entry: &Entry, arguments: &ShowArguments) -> bool {
    let listed = &entry.price.listed;
    let text =
        [&entry.offer, &listed.usage_type, &entry.operation, &listed.sku, &listed.description]
            .map(|part| part.to_lowercase())
            .join(" ");
    let has = |word: &String| text.contains(&word.to_lowercase());
    let is_of = |service: &String| entry.offer.to_lowercase().contains(&service.to_lowercase());
    arguments.words.iter().all(has) && arguments.service.as_ref().is_none_or(is_of)
}

fn row(region: Region, entry: &Entry) -> Row<'_> {
    let listed = &entry.price.listed;
    Row {
        region: region.code(),
        offer: &entry.offer,
        usage_type: &listed.usage_type,
        operation: &entry.operation,
        sku: &listed.sku,
        unit: &listed.unit,
        description: &listed.description,
        free_a_month: entry.price.free,
        effective: &listed.effective,
        published: &listed.published,
        source: &listed.source,
        grade: &listed.grade,
        tiers: entry
            .price
            .tiers
            .iter()
            .map(|tier| Tier {
                begin: tier.begin,
                end: tier.end,
                usd: tier.unit_price,
                rate_code: &tier.rate_code,
            })
            .collect(),
    }
}

fn print(found: &[(Region, Vec<&Entry>)]) {
    for (region, entries) in found {
        println!("{region}: {} prices, USD, before tax", entries.len());
        let mut offer = "";
        for entry in entries {
            if entry.offer != offer {
                offer = &entry.offer;
                println!("\n  {offer}");
            }
            print_entry(entry);
        }
        println!();
    }
}

fn print_entry(entry: &Entry) {
    let (price, listed) = (&entry.price, &entry.price.listed);
    let source = match listed.source.as_str() {
        "" => String::new(),
        source => format!("  {source} ({})", listed.grade),
    };
    for (k, tier) in price.tiers.iter().enumerate() {
        let name = if k == 0 { key(&listed.usage_type, &entry.operation) } else { String::new() };
        let dated = if k == 0 { format!("{}{source}", listed.published) } else { String::new() };
        println!(
            "    {name:<58} {:>14} {:<24} {:<34} {dated}",
            usd(tier.unit_price),
            listed.unit,
            range(tier.begin, tier.end),
        );
    }
    if !price.free.is_zero() {
        println!("    {:<58} {:>14} a month free", "", numbers::grouped(price.free));
    }
}
