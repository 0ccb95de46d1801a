//! Where prices come from: the lists that are shipped, or a folder of offer files. A folder that
//! `vazao prices refresh` made has a manifest with the checksum of each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use costmodel::{OfferFile, PriceSheet, Product, Region, is_metered, meter_keys};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// The manifest's name in a folder of prices.
pub(crate) const MANIFEST: &str = "prices.json";

/// Of a file smaller than this, every product of a region is kept; of a larger one, what is metered.
const SMALL_BYTES: u64 = 16 << 20;

/// How deep under the folder an offer file may lie: region, offer, version.
const DEEPEST: u32 = 4;

/// A folder of prices: what each file is, and that nobody changed it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Version of this file's format.
    pub(crate) version: u32,
    /// The files.
    pub(crate) files: Vec<ManifestFile>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ManifestFile {
    pub(crate) file: String,
    pub(crate) region: String,
    pub(crate) offer: String,
    /// AWS's version of the list.
    pub(crate) list_version: String,
    pub(crate) published: String,
    /// A path, a URL, or `shipped`.
    pub(crate) from: String,
    pub(crate) sha256: String,
}

/// The regions named, or all whose prices are shipped.
pub(crate) fn regions(names: &[String]) -> Result<Vec<Region>, Failure> {
    if names.is_empty() {
        return Ok(Region::ALL.to_vec());
    }
    names.iter().map(|name| region(name)).collect()
}

pub(crate) fn region(name: &str) -> Result<Region, Failure> {
    name.parse().map_err(|error| Failure::usage(format!("--region: {error}")))
}

/// The prices of a region: of a folder, or the shipped ones.
pub(crate) fn sheet(folder: Option<&Path>, region: Region) -> Result<PriceSheet, Failure> {
    let Some(folder) = folder else {
        return PriceSheet::snapshot(region).map_err(Failure::internal);
    };
    let keys = meter_keys();
    let mut files: BTreeMap<String, (PathBuf, OfferFile)> = BTreeMap::new();
    for path in offer_files(folder)? {
        let all = is_small(&path);
        let file = read(&path, |offer, product| {
            (all && is_of(region, product)) || is_metered(region, &keys, offer, product)
        })?;
        let is_of_region =
            file.products.values().any(|product| product.attribute("regionCode") == region.code());
        if !is_of_region {
            continue;
        }
        if let Some((other, _)) = files.get(&file.offer_code) {
            let cause = format!("both are {} of {region}: keep one", file.offer_code);
            return Err(Failure::usage(format!(
                "{}, {}: {cause}",
                other.display(),
                path.display()
            )));
        }
        files.insert(file.offer_code.clone(), (path, file));
    }
    if files.is_empty() {
        let cause = format!("no offer file of {region} is there");
        return Err(Failure::usage(format!("{}: {cause}", folder.display())));
    }
    PriceSheet::of(region, files.values().map(|(_, file)| file))
        .map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))
}

/// Whether all of a file is kept: not of EC2's, which is hundreds of MB.
pub(crate) fn is_small(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.len() < SMALL_BYTES)
}

/// Whether a product has to do with a region: its own, or a free tier of all.
pub(crate) fn is_of(region: Region, product: &Product) -> bool {
    product.attribute("regionCode") == region.code() || product.is_global()
}

/// Reads an offer file as a stream.
pub(crate) fn read(
    path: &Path,
    keep: impl Fn(&str, &Product) -> bool,
) -> Result<OfferFile, Failure> {
    let named =
        |cause: &dyn std::fmt::Display| Failure::usage(format!("{}: {cause}", path.display()));
    let file = File::open(path).map_err(|error| named(&error))?;
    OfferFile::read(BufReader::with_capacity(1 << 20, file), keep).map_err(|error| named(&error))
}

/// The JSON files of a folder, or the file itself; not the manifest.
pub(crate) fn offer_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    collect(path, DEEPEST, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(path: &Path, depth: u32, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let named =
        |cause: &dyn std::fmt::Display| Failure::usage(format!("{}: {cause}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|error| named(&error))?;
    if metadata.is_file() {
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(|error| named(&error))? {
        let entry = entry.map_err(|error| named(&error))?.path();
        let is_json = entry.extension().is_some_and(|extension| extension == "json");
        let is_manifest = entry.file_name().is_some_and(|name| name == MANIFEST);
        if entry.is_dir() && depth > 0 {
            collect(&entry, depth - 1, found)?;
        } else if is_json && !is_manifest {
            found.push(entry);
        }
    }
    Ok(())
}

/// The manifest of a folder, if it has one.
pub(crate) fn manifest(folder: &Path) -> Result<Option<Manifest>, Failure> {
    let path = folder.join(MANIFEST);
    if !path.exists() {
        return Ok(None);
    }
    let named =
        |cause: &dyn std::fmt::Display| Failure::usage(format!("{}: {cause}", path.display()));
    let text = std::fs::read_to_string(&path).map_err(|error| named(&error))?;
    serde_json::from_str(&text).map(Some).map_err(|error| named(&error))
}

/// SHA-256, in hexadecimal.
pub(crate) fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One line, if prices of this date are older than so many days.
pub(crate) fn age_warning(published: &str, max_age_days: u32) -> Option<String> {
    let published: jiff::civil::Date = published.parse().ok()?;
    let today = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
    let days = today.duration_since(published).as_hours() / 24;
    (days > i64::from(max_age_days)).then(|| {
        format!(
            "prices of {published} are {days} days old, more than --max-price-age-days \
             {max_age_days}: `vazao prices refresh` reads newer ones"
        )
    })
}
