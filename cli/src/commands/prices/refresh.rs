//! `vazao prices refresh`: a folder of prices from newer offer files.

mod download;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use costmodel::{
    OfferFile, PriceSheet, Product, Region, gaps, is_metered, meter_keys, price_changes,
};

use crate::args::RefreshArguments;
use crate::failure::Failure;
use crate::price_book::{self, MANIFEST, Manifest, ManifestFile};

/// A file that was read, and where it came from.
struct Found {
    file: OfferFile,
    from: String,
}

/// By region and offer.
type Lists = BTreeMap<(&'static str, String), Found>;

pub(crate) fn execute(arguments: &RefreshArguments) -> Result<u8, Failure> {
    let regions = price_book::regions(&arguments.region)?;
    let mut lists = Lists::new();
    if arguments.from.is_empty() {
        download::each(arguments, &regions, |path, url| {
            take(&mut lists, &regions, path, url.to_owned())
        })?;
    } else {
        for path in files(&arguments.from)? {
            take(&mut lists, &regions, &path, path.display().to_string())?;
        }
    }
    if lists.is_empty() {
        return Err(Failure::usage("--from: no price of these regions is there"));
    }
    let before: Vec<Option<PriceSheet>> =
        regions.iter().map(|region| sheet(&arguments.to, *region)).collect();
    let manifest = write(&arguments.to, &regions, lists)?;
    println!("{}: {} lists", arguments.to.display(), manifest.files.len());
    for (region, before) in regions.iter().zip(before) {
        tell(&arguments.to, *region, before)?;
    }
    Ok(0)
}

/// The prices that the folder has already, or those that are shipped.
fn sheet(folder: &Path, region: Region) -> Option<PriceSheet> {
    let own = folder.is_dir().then(|| price_book::sheet(Some(folder), region).ok()).flatten();
    own.or_else(|| PriceSheet::snapshot(region).ok())
}

fn files(from: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in from {
        all.extend(price_book::offer_files(path)?);
    }
    Ok(all)
}

/// Reads a file once, whatever its size, and keeps what is metered in each region. A newer version
/// of the same list takes the place of an older.
fn take(lists: &mut Lists, regions: &[Region], path: &Path, from: String) -> Result<(), Failure> {
    let keys = meter_keys();
    let all = price_book::is_small(path);
    let keep = |offer: &str, product: &Product| {
        regions.iter().any(|region| {
            (all && price_book::is_of(*region, product))
                || is_metered(*region, &keys, offer, product)
        })
    };
    let megabytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len() >> 20);
    eprintln!("vazao: reading {from} ({megabytes} MB)");
    let file = price_book::read(path, keep)?;
    for region in regions.iter().filter(|region| file.has(**region)) {
        let key = (region.code(), file.offer_code.clone());
        let is_newer = |other: &Found| file.publication_date > other.file.publication_date;
        if lists.get(&key).is_none_or(is_newer) {
            let part = file.of_region(*region);
            lists.insert(key, Found { file: part, from: from.clone() });
        }
    }
    Ok(())
}

/// Writes every offer of every region: the newer file, or else the shipped list.
fn write(folder: &Path, regions: &[Region], mut lists: Lists) -> Result<Manifest, Failure> {
    let mut manifest = Manifest { version: 1, files: Vec::new() };
    for region in regions {
        for shipped in PriceSheet::shipped(*region) {
            let shipped = OfferFile::parse(shipped, |_, _| true).map_err(Failure::internal)?;
            let key = (region.code(), shipped.offer_code.clone());
            let mut found = lists
                .remove(&key)
                .unwrap_or_else(|| Found { file: shipped.clone(), from: "shipped".to_owned() });
            for pool in found.file.keep_free_tiers(*region, &shipped) {
                eprintln!("vazao: {} of {region}: {pool} kept, the newer list lacks it", key.1);
            }
            put(folder, *region, &found, &mut manifest)?;
        }
        let names: Vec<_> = lists.keys().filter(|key| key.0 == region.code()).cloned().collect();
        for found in names.iter().filter_map(|key| lists.remove(key)) {
            put(folder, *region, &found, &mut manifest)?;
        }
    }
    let text = serde_json::to_string_pretty(&manifest).map_err(Failure::internal)?;
    save(&folder.join(MANIFEST), &format!("{text}\n"))?;
    Ok(manifest)
}

fn put(
    folder: &Path,
    region: Region,
    found: &Found,
    manifest: &mut Manifest,
) -> Result<(), Failure> {
    let file = format!("{region}/{}.json", found.file.offer_code);
    let text = serde_json::to_string_pretty(&found.file).map_err(Failure::internal)?;
    save(&folder.join(&file), &format!("{text}\n"))?;
    manifest.files.push(ManifestFile {
        file,
        region: region.to_string(),
        offer: found.file.offer_code.clone(),
        list_version: found.file.version.clone(),
        published: found.file.publication_date.clone(),
        from: found.from.clone(),
        sha256: price_book::checksum(format!("{text}\n").as_bytes()),
    });
    Ok(())
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    let named = |error| Failure::usage(format!("--to: {}: {error}", path.display()));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(named)?;
    }
    std::fs::write(path, text).map_err(named)
}

/// What the new folder says of a region: what changed, and what has no price any more.
fn tell(folder: &Path, region: Region, before: Option<PriceSheet>) -> Result<(), Failure> {
    let after = price_book::sheet(Some(folder), region)?;
    let changes = before.map_or(0, |before| price_changes(&before, &after).len());
    let missing: Vec<String> = gaps(&after)
        .into_iter()
        .filter(|gap| gap.known.is_none())
        .map(|gap| format!("{} {} {}", gap.offer, gap.usage, gap.operation).trim_end().to_owned())
        .collect();
    println!("  {region}: {} prices, {changes} changes to before", after.entries().len());
    for name in missing {
        println!("    ! no price any more for {name}");
    }
    Ok(())
}
