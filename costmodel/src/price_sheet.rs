//! Prices in the layout in which AWS publishes them (offer files, `formatVersion` v1.0).
//!
//! Rules of that layout, from the price-list API guide and the files themselves: every number is a
//! text; ranges are `[begin, end)` of the monthly quantity, in any order, `Inf` at the end; a usage
//! type alone is not unique, so the key is (offer, usage type, operation); a free tier is a SKU of
//! location `Any`, restricted to "Limited SKU Usage", whose `appliesTo` names the SKUs that share
//! its pool; keys that we do not know are to be ignored.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use thiserror::Error;

use crate::Region;

/// Free pools that no offer file at hand has a row of: (offer, usage type without its region's
/// prefix, units a month, source).
const POOLS_WITHOUT_A_ROW: &[(&str, &str, u64, &str)] = &[
    ("AWSQueueService", "Requests-Tier1", 1_000_000, "SQS pricing page: first million requests"),
    ("AWSQueueService", "Requests-FIFO-Tier1", 1_000_000, "the same million"),
    ("AmazonCloudWatch", "VendedLog-Bytes", 5, "CloudWatch pricing page: 5 GB of logs"),
    ("AmazonCloudWatch", "DataProcessing-Bytes", 5, "the same 5 GB"),
    ("AmazonCloudWatch", "TimedStorage-ByteHrs", 5, "CloudWatch pricing page: 5 GB archived"),
    ("AmazonCloudWatch", "CW:MetricMonitorUsage", 10, "CloudWatch pricing page: 10 metrics"),
    ("AmazonCloudWatch", "CW:AlarmMonitorUsage", 10, "CloudWatch pricing page: 10 alarms"),
    ("AmazonCloudWatch", "CW:DashboardsUsageHour", 3, "CloudWatch pricing page: 3 dashboards"),
    ("AmazonCloudWatch", "CW:Requests", 1_000_000, "CloudWatch pricing page: 1 million requests"),
    ("AWSDataTransfer", "DataTransfer-Out-Bytes", 100, "EC2 pricing page: 100 GB out, all regions"),
    ("awskms", "KMS-Requests", 20_000, "KMS pricing page: 20,000 requests"),
];

/// The shipped lists of each region: (region, offer files).
const SNAPSHOTS: &[(&str, &[&str])] = include!("../prices/shipped.in");

/// A price list that cannot be read, or has no price for what was used. Never a price of zero.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PriceError {
    /// Not an offer file.
    #[error("price list {offer}: {cause}")]
    Malformed {
        /// The offer, as far as it could be read.
        offer: String,
        /// What is wrong.
        cause: String,
    },
    /// No price for this usage.
    #[error("no price for {offer} {usage_type:?} operation {operation:?} in {region}")]
    Missing {
        /// The offer.
        offer: &'static str,
        /// The usage type, with the region's prefix.
        usage_type: String,
        /// The operation.
        operation: &'static str,
        /// The region.
        region: Region,
    },
    /// The price ends below the quantity.
    #[error("the prices of {offer} {usage_type:?} in {region} end below {quantity}")]
    EndsBelow {
        /// The offer.
        offer: &'static str,
        /// The usage type, with the region's prefix.
        usage_type: String,
        /// The region.
        region: Region,
        /// The quantity.
        quantity: Decimal,
    },
}

/// One tier of a price: `[begin, end)` of the monthly quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tier {
    pub(crate) begin: Decimal,
    /// None at the last.
    pub(crate) end: Option<Decimal>,
    pub(crate) unit_price: Decimal,
    pub(crate) rate_code: String,
}

/// The price of one usage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Price {
    /// By rising range.
    pub(crate) tiers: Vec<Tier>,
    /// Units a month that the free tier covers.
    pub(crate) free: Decimal,
}

/// What one of each thing costs in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSheet {
    region: Region,
    published: String,
    prices: BTreeMap<(String, String, String), Price>,
}

impl PriceSheet {
    /// The prices that vazao ships.
    ///
    /// # Errors
    /// Not for the regions of [`Region::ALL`]; a test sees to it.
    pub fn snapshot(region: Region) -> Result<Self, PriceError> {
        let name = region.to_string();
        let lists = SNAPSHOTS.iter().find(|(of, _)| *of == name).map_or(&[][..], |entry| entry.1);
        Self::from_offers(region, lists.iter().copied())
    }

    /// The prices of offer files as AWS publishes them, each for one region.
    ///
    /// # Errors
    /// If a file is not one.
    pub fn from_offers<'a>(
        region: Region,
        files: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, PriceError> {
        let mut sheet = Self { region, published: String::new(), prices: BTreeMap::new() };
        for file in files {
            let malformed = |cause: String| PriceError::Malformed { offer: head_of(file), cause };
            let offer: Offer = serde_json::from_str(file).map_err(|e| malformed(e.to_string()))?;
            let date = offer.publication_date.get(..10).unwrap_or("").to_owned();
            if sheet.published.is_empty() || date < sheet.published {
                sheet.published = date;
            }
            sheet.add(&offer).map_err(malformed)?;
        }
        sheet.add_pools_without_a_row();
        Ok(sheet)
    }

    /// The region.
    pub fn region(&self) -> Region {
        self.region
    }

    /// The publication date of the oldest list that the sheet is made of: `2026-08-10`.
    pub fn published(&self) -> &str {
        &self.published
    }

    fn add(&mut self, offer: &Offer) -> Result<(), String> {
        let mut keys = BTreeMap::new();
        for (sku, product) in &offer.products {
            let attributes = &product.attributes;
            if attributes.region_code == self.region.to_string() {
                let key = (
                    offer.offer_code.clone(),
                    attributes.usagetype.clone(),
                    attributes.operation.clone(),
                );
                keys.insert(sku.as_str(), key);
            }
        }
        for term in offer.terms.on_demand.values().flat_map(BTreeMap::values) {
            let is_free = term.attributes.restriction.as_deref() == Some("Limited SKU Usage");
            for dimension in term.price_dimensions.values() {
                if is_free {
                    let pool = decimal(&dimension.end_range)?;
                    for key in dimension.applies_to.iter().filter_map(|sku| keys.get(sku.as_str()))
                    {
                        self.prices.entry(key.clone()).or_default().free = pool;
                    }
                } else if let Some(key) = keys.get(term.sku.as_str()) {
                    let tier = dimension.tier()?;
                    self.prices.entry(key.clone()).or_default().tiers.push(tier);
                }
            }
        }
        self.prices.values_mut().for_each(|price| price.tiers.sort_by_key(|tier| tier.begin));
        Ok(())
    }

    fn add_pools_without_a_row(&mut self) {
        for (offer, usage, units, _source) in POOLS_WITHOUT_A_ROW {
            let usage = format!("{}{usage}", self.region.usage_prefix());
            if let Some(price) = self.prices.get_mut(&((*offer).to_owned(), usage, String::new())) {
                price.free = price.free.max(Decimal::from(*units));
            }
        }
    }

    /// The price of a usage; `usage` is without the region's prefix.
    pub(crate) fn price(
        &self,
        offer: &'static str,
        usage: &str,
        operation: &'static str,
    ) -> Result<&Price, PriceError> {
        let usage_type = format!("{}{usage}", self.region.usage_prefix());
        let key = (offer.to_owned(), usage_type.clone(), operation.to_owned());
        let missing = PriceError::Missing { offer, usage_type, operation, region: self.region };
        self.prices.get(&key).filter(|price| !price.tiers.is_empty()).ok_or(missing)
    }

    /// The price of the first unit of a usage.
    pub(crate) fn first_tier(
        &self,
        offer: &'static str,
        usage: &str,
    ) -> Result<Decimal, PriceError> {
        Ok(self.price(offer, usage, "")?.tiers[0].unit_price)
    }
}

/// The offer code of a file that may be no offer file at all.
fn head_of(file: &str) -> String {
    let code = file.split("\"offerCode\"").nth(1).and_then(|rest| rest.split('"').nth(1));
    code.unwrap_or("of unknown offer").to_owned()
}

fn decimal(text: &str) -> Result<Decimal, String> {
    text.parse().map_err(|error| format!("{text:?} is no number: {error}"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    offer_code: String,
    publication_date: String,
    products: BTreeMap<String, Product>,
    terms: Terms,
}

#[derive(Deserialize)]
struct Product {
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    #[serde(default)]
    usagetype: String,
    #[serde(default)]
    operation: String,
    #[serde(default)]
    region_code: String,
}

#[derive(Deserialize)]
struct Terms {
    #[serde(rename = "OnDemand")]
    on_demand: BTreeMap<String, BTreeMap<String, Term>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    sku: String,
    price_dimensions: BTreeMap<String, Dimension>,
    #[serde(rename = "termAttributes", default)]
    attributes: TermAttributes,
}

#[derive(Deserialize, Default)]
struct TermAttributes {
    #[serde(rename = "Restriction")]
    restriction: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    rate_code: String,
    begin_range: String,
    end_range: String,
    price_per_unit: PricePerUnit,
    #[serde(default)]
    applies_to: Vec<String>,
}

#[derive(Deserialize)]
struct PricePerUnit {
    #[serde(rename = "USD")]
    usd: String,
}

impl Dimension {
    fn tier(&self) -> Result<Tier, String> {
        let is_last = self.end_range == "Inf";
        Ok(Tier {
            begin: decimal(&self.begin_range)?,
            end: if is_last { None } else { Some(decimal(&self.end_range)?) },
            unit_price: decimal(&self.price_per_unit.usd)?,
            rate_code: self.rate_code.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_region_has_a_sheet_with_its_date() {
        // The oldest of each: SQS and KMS, and in us-east-1 Aurora.
        let published = ["2025-08-28", "2024-07-01", "2025-08-28", "2025-08-28"];
        for (region, published) in Region::ALL.iter().zip(published) {
            let sheet = PriceSheet::snapshot(*region).unwrap();
            assert_eq!(sheet.published(), published, "{region}");
        }
    }

    #[test]
    fn the_tiers_of_a_shipped_price_join_without_a_gap() {
        for region in Region::ALL {
            for (key, price) in PriceSheet::snapshot(*region).unwrap().prices {
                let ends = price.tiers.iter().map(|tier| tier.end);
                let begins = price.tiers.iter().skip(1).map(|tier| Some(tier.begin));
                assert_eq!(price.tiers[0].begin, Decimal::ZERO, "{key:?}");
                assert!(begins.eq(ends.take(price.tiers.len() - 1)), "{key:?}");
            }
        }
    }

    #[test]
    fn the_free_pool_of_lambda_is_read_from_the_list_for_both_architectures() {
        let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
        for usage in ["Lambda-GB-Second", "Lambda-GB-Second-ARM"] {
            assert_eq!(sheet.price("AWSLambda", usage, "").unwrap().free, Decimal::from(400_000));
        }
        for usage in ["Request", "Request-ARM"] {
            assert_eq!(sheet.price("AWSLambda", usage, "").unwrap().free, Decimal::from(1_000_000));
        }
    }

    #[test]
    fn a_missing_price_names_offer_usage_and_region() {
        let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
        let error =
            sheet.price("AmazonS3", "TimedStorage-GDA-ByteHrs", "").unwrap_err().to_string();
        for part in ["AmazonS3", "SAE1-TimedStorage-GDA-ByteHrs", "sa-east-1"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_no_offer_is_refused() {
        let error = PriceSheet::from_offers(Region::UsEast1, ["{\"offerCode\": \"AmazonS3\"}"]);
        assert!(error.unwrap_err().to_string().contains("AmazonS3"));
    }
}
