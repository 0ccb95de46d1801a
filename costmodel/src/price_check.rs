//! Whether everything that a usage file can ask for has a price, and what is known to have none.

use crate::meter_key::without_region;
use crate::offer_file::Product;
use crate::price_sheet::is_of;
use crate::{PriceSheet, Region, UsageFile};

/// One usage of every meter: whatever a usage file can name.
pub(crate) const EVERY_METER: &str = include_str!("every_meter.toml");

/// Prices that no source at hand names, a line each: region, offer, usage type, operation, why.
const GAPS: &str = include_str!("../prices/gaps.csv");

/// A price that a meter asks for and a sheet does not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The offer.
    pub offer: String,
    /// The usage type without its region.
    pub usage: String,
    /// The operation.
    pub operation: String,
    /// Why it is missing; none if nobody knows.
    pub known: Option<String>,
}

/// What the meters are called in price lists: (offer, usage, operation), each once.
pub fn meter_keys() -> Vec<(String, String, String)> {
    let file = UsageFile::parse(EVERY_METER);
    let mut keys = file.and_then(|file| file.price_keys()).unwrap_or_default();
    keys.sort();
    keys.dedup();
    keys
}

/// The prices that the meters may ask for and `sheet` does not have.
pub fn gaps(sheet: &PriceSheet) -> Vec<Gap> {
    let known = known_gaps(sheet.region());
    let to_itself = format!("{}-AWS-Out-Bytes", sheet.region().billing_name());
    meter_keys()
        .into_iter()
        .filter(|(_, usage, _)| *usage != to_itself)
        .filter(|(offer, usage, operation)| sheet.price(offer, usage, operation).is_err())
        .map(|(offer, usage, operation)| {
            let same = |gap: &&Gap| {
                (&gap.offer, &gap.usage, &gap.operation) == (&offer, &usage, &operation)
            };
            let known = known.iter().find(same).and_then(|gap| gap.known.clone());
            Gap { offer, usage, operation, known }
        })
        .collect()
}

/// What the shipped list of a region is known to lack.
pub fn known_gaps(region: Region) -> Vec<Gap> {
    let rows = GAPS.lines().skip(1).filter(|row| !row.trim().is_empty());
    rows.filter_map(|row| {
        let mut cells = row.splitn(5, ',').map(str::to_owned);
        let of = cells.next()?;
        (of == region.code()).then_some(())?;
        Some(Gap {
            offer: cells.next()?,
            usage: cells.next()?,
            operation: cells.next()?,
            known: cells.next(),
        })
    })
    .collect()
}

/// Whether a product of a region is one that a meter can ask for, or a free tier: what is kept of
/// an offer file. Of EC2 every type of server with Linux is.
pub fn is_metered(
    region: Region,
    keys: &[(String, String, String)],
    offer: &str,
    product: &Product,
) -> bool {
    if !is_of(region, product) {
        return false;
    }
    let usage = without_region(region, product.attribute("usagetype"));
    let is_server = offer == "AmazonEC2"
        && usage.starts_with("BoxUsage:")
        && product.attribute("operation") == "RunInstances";
    let is_managed = usage.starts_with("Lambda-Managed-Instances-");
    product.is_global()
        || is_server
        || is_managed
        || keys.iter().any(|(of, metered, _)| of == offer && metered == usage)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::keys_of_sections;

    /// Sections that have no price in a list.
    const WITHOUT_METERS: [&str; 5] = ["free_pools", "database", "other", "fixed", "prices"];

    #[test]
    fn every_key_of_every_section_is_in_the_usage_of_every_meter() {
        let table: toml::Table = EVERY_METER.parse().unwrap();
        for (section, keys) in keys_of_sections() {
            if section.is_empty() || WITHOUT_METERS.contains(&section) {
                continue;
            }
            let entries = match &table[section] {
                toml::Value::Array(entries) => entries.clone(),
                one => vec![one.clone()],
            };
            let there: BTreeSet<String> = entries
                .iter()
                .flat_map(|entry| entry.as_table().unwrap().keys().cloned())
                .collect();
            let keys: BTreeSet<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            assert_eq!(there, keys, "[{section}]");
        }
    }

    #[test]
    fn what_has_no_price_is_known_and_what_is_known_has_none() {
        let mut wrong = Vec::new();
        for region in Region::ALL {
            let found = gaps(&PriceSheet::snapshot(*region).unwrap());
            let known = known_gaps(*region);
            let name =
                |gap: &Gap| format!("{region},{},{},{}", gap.offer, gap.usage, gap.operation);
            let names = |gaps: &[Gap]| gaps.iter().map(name).collect::<BTreeSet<String>>();
            let (found, known) = (names(&found), names(&known));
            wrong.extend(found.difference(&known).map(|gap| format!("{gap},has no price")));
            wrong.extend(known.difference(&found).map(|gap| format!("{gap},has a price")));
        }
        assert!(wrong.is_empty(), "add a price, or correct gaps.csv:\n{}", wrong.join("\n"));
    }
}
