//! `vazao prices verify`.

use std::path::Path;

use costmodel::{Gap, PriceSheet, Region, gaps, meter_keys};
use serde::Serialize;

use super::key;
use crate::args::VerifyArguments;
use crate::failure::Failure;
use crate::price_book;

/// Exit code of a list that is not whole.
const NOT_WHOLE: u8 = 2;

#[derive(Serialize)]
struct Findings {
    region: String,
    prices: usize,
    /// What a usage file can ask for.
    meters: usize,
    oldest: String,
    newest: String,
    too_old: Option<String>,
    /// Of the shipped lists of the region, or of the folder's: SHA-256 over all.
    sha256: String,
    /// Missing, and nobody knows why.
    missing: Vec<String>,
    /// Missing, because no source names it.
    known_gaps: Vec<String>,
    /// Files that are not as they were written.
    altered: Vec<String>,
}

pub(crate) fn execute(arguments: &VerifyArguments) -> Result<u8, Failure> {
    let folder = arguments.prices.as_deref();
    let altered = folder.map_or(Ok(Vec::new()), altered)?;
    let mut all = Vec::new();
    let mut failed = None;
    for region in price_book::regions(&arguments.region)? {
        let sheet = match price_book::sheet(folder, region) {
            Ok(sheet) => sheet,
            // A folder need not have every region, unless it was asked for by name.
            Err(error) if folder.is_some() && arguments.region.is_empty() => {
                failed = Some(error);
                continue;
            }
            Err(error) => return Err(error),
        };
        all.push(findings(&sheet, arguments, &altered)?);
    }
    if let (true, Some(error)) = (all.is_empty(), failed) {
        return Err(error);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&all).map_err(Failure::internal)?);
    } else {
        all.iter().for_each(print);
    }
    let is_whole = all.iter().all(|one| one.missing.is_empty() && one.altered.is_empty());
    Ok(if is_whole { 0 } else { NOT_WHOLE })
}

fn findings(
    sheet: &PriceSheet,
    arguments: &VerifyArguments,
    altered: &[String],
) -> Result<Findings, Failure> {
    let (known, missing): (Vec<Gap>, Vec<Gap>) =
        gaps(sheet).into_iter().partition(|gap| gap.known.is_some());
    let name = |gap: &Gap| format!("{} {}", gap.offer, key(&gap.usage, &gap.operation));
    let because =
        |gap: &Gap| format!("{}: {}", name(gap), gap.known.as_deref().unwrap_or_default());
    let dates = sheet.entries().iter().map(|entry| entry.price.listed.published.as_str());
    let oldest = dates.clone().min().unwrap_or_default();
    Ok(Findings {
        region: sheet.region().to_string(),
        prices: sheet.entries().len(),
        meters: meter_keys().len(),
        oldest: oldest.to_owned(),
        newest: dates.max().unwrap_or_default().to_owned(),
        too_old: price_book::age_warning(oldest, arguments.max_price_age_days),
        sha256: checksum(arguments.prices.as_deref(), sheet.region())?,
        missing: missing.iter().map(name).collect(),
        known_gaps: known.iter().map(because).collect(),
        altered: altered.to_vec(),
    })
}

/// One checksum of all lists that a region's prices come from.
fn checksum(folder: Option<&Path>, region: Region) -> Result<String, Failure> {
    let Some(folder) = folder else {
        return Ok(price_book::checksum(PriceSheet::shipped(region).concat().as_bytes()));
    };
    let mut all = Vec::new();
    for path in price_book::offer_files(folder)? {
        let bytes = std::fs::read(&path)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        all.push(price_book::checksum(&bytes));
    }
    Ok(price_book::checksum(all.concat().as_bytes()))
}

/// The files of a folder whose checksum is not the manifest's, or that are not there.
fn altered(folder: &Path) -> Result<Vec<String>, Failure> {
    let Some(manifest) = price_book::manifest(folder)? else { return Ok(Vec::new()) };
    let is_altered = |file: &&price_book::ManifestFile| {
        let bytes = std::fs::read(folder.join(&file.file)).unwrap_or_default();
        price_book::checksum(&bytes) != file.sha256
    };
    Ok(manifest.files.iter().filter(is_altered).map(|file| file.file.clone()).collect())
}

fn print(of: &Findings) {
    let mark = if of.missing.is_empty() && of.altered.is_empty() { "ok" } else { "!!" };
    println!(
        "{mark} {}: {} prices of {} to {}; {} of {} meters have one; sha256 {}",
        of.region,
        of.prices,
        of.oldest,
        of.newest,
        of.meters - of.missing.len() - of.known_gaps.len(),
        of.meters,
        &of.sha256[..16]
    );
    if let Some(warning) = &of.too_old {
        println!("   ! {warning}");
    }
    for name in &of.altered {
        println!("  !! {name} is not as `vazao prices refresh` wrote it, or gone");
    }
    for name in &of.missing {
        println!("  !! no price for {name}");
    }
    for name in &of.known_gaps {
        println!("   - no price for {name}");
    }
}
