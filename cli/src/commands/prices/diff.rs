//! `vazao prices diff`.

use std::path::Path;

use costmodel::{ChangeKind, PriceChange, PriceSheet, Region, price_changes};
use serde::Serialize;

use super::{key, usd};
use crate::args::DiffArguments;
use crate::failure::Failure;
use crate::{numbers, price_book};

#[derive(Serialize)]
struct Changes {
    region: String,
    before: String,
    after: String,
    changes: Vec<PriceChange>,
}

pub(crate) fn execute(arguments: &DiffArguments) -> Result<u8, Failure> {
    let mut all = Vec::new();
    let mut failed = None;
    for region in price_book::regions(&arguments.region)? {
        match compared(&arguments.before, &arguments.after, region) {
            Ok(changes) => all.push(changes),
            // A folder need not have every region, unless it was asked for by name.
            Err(error) if arguments.region.is_empty() => failed = Some(error),
            Err(error) => return Err(error),
        }
    }
    if let (true, Some(error)) = (all.is_empty(), failed) {
        return Err(error);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&all).map_err(Failure::internal)?);
    } else {
        all.iter().for_each(print);
    }
    Ok(0)
}

fn compared(before: &Path, after: &Path, region: Region) -> Result<Changes, Failure> {
    let (before, after) = (named(before, region)?, named(after, region)?);
    Ok(Changes {
        region: region.to_string(),
        before: before.published().to_owned(),
        after: after.published().to_owned(),
        changes: price_changes(&before, &after),
    })
}

/// The list of a folder, or the shipped one.
fn named(path: &Path, region: Region) -> Result<PriceSheet, Failure> {
    let folder = (path != Path::new("shipped")).then_some(path);
    price_book::sheet(folder, region)
}

fn print(of: &Changes) {
    let count = |kind: ChangeKind| of.changes.iter().filter(|change| change.kind == kind).count();
    println!(
        "{}: lists of {} and {}: {} changed, {} added, {} gone",
        of.region,
        of.before,
        of.after,
        count(ChangeKind::Changed),
        count(ChangeKind::Added),
        count(ChangeKind::Gone)
    );
    for change in &of.changes {
        let tier = match change.begin {
            begin if begin.is_zero() => String::new(),
            begin => format!(" from {}", numbers::grouped(begin)),
        };
        let price = |price: Option<rust_decimal::Decimal>| price.map_or("-".to_owned(), usd);
        let percent = change.percent.map_or(String::new(), |percent| format!("{percent:+} %"));
        let word = match change.kind {
            ChangeKind::Changed => "changed",
            ChangeKind::Added => "added",
            ChangeKind::Gone => "gone",
        };
        let name = format!("{} {}{tier}", change.offer, key(&change.usage, &change.operation));
        println!(
            "  {word:<8} {name:<76} {:>14} -> {:<14} {percent}",
            price(change.before),
            price(change.after)
        );
    }
}
