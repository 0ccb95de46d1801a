//! What one of each thing costs in one region, by (offer, usage type, operation): a usage type
//! alone is not unique. A free tier is a SKU of location `Any`, restricted to "Limited SKU Usage",
//! whose `appliesTo` names the SKUs that share its pool.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use thiserror::Error;

use crate::Region;
use crate::meter_key::without_region;
use crate::offer_file::{Dimension, OfferFile, Product, decimal};

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
    #[error(
        "no price for {offer} {usage_type:?} operation {operation:?} in {region} (list of {published}): \
         `vazao prices refresh` reads newer lists, and [[prices]] in a usage file states a price"
    )]
    Missing {
        /// The offer.
        offer: String,
        /// The usage type, with the region's prefix.
        usage_type: String,
        /// The operation.
        operation: String,
        /// The region.
        region: Region,
        /// The sheet's publication date.
        published: String,
    },
    /// Several prices for this usage.
    #[error("{offer} {usage_type:?} in {region} has different prices by operation: {operations}")]
    Ambiguous {
        /// The offer.
        offer: String,
        /// The usage type, with the region's prefix.
        usage_type: String,
        /// The operations, or the SKUs of one operation.
        operations: String,
        /// The region.
        region: Region,
    },
    /// The price ends below the quantity.
    #[error("the prices of {offer} {usage_type:?} in {region} end below {quantity}")]
    EndsBelow {
        /// The offer.
        offer: String,
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
pub struct Tier {
    /// Where it begins.
    pub begin: Decimal,
    /// None at the last.
    pub end: Option<Decimal>,
    /// The price of one, USD.
    pub unit_price: Decimal,
    /// AWS's code of the rate.
    pub rate_code: String,
}

/// The price of one usage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Price {
    /// By rising range.
    pub tiers: Vec<Tier>,
    /// Units a month that the free tier covers.
    pub free: Decimal,
    /// What the list says of it.
    pub listed: Listed,
    /// Other SKUs of the same key at another price.
    pub(crate) rivals: Vec<String>,
}

/// Where a price stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// The usage type, as the list writes it.
    pub usage_type: String,
    /// The SKU.
    pub sku: String,
    /// The unit, as the list writes it.
    pub unit: String,
    /// What the list calls it.
    pub description: String,
    /// Since when: `2026-08-01`.
    pub effective: String,
    /// When it was published: `2026-08-10`.
    pub published: String,
    /// Of a shipped price, who says so; `costmodel/prices/README.md` has the names.
    pub source: String,
    /// Of a shipped price, how sure that is: A to D.
    pub grade: String,
}

/// A key and its price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The offer, such as `AmazonS3`.
    pub offer: String,
    /// The usage type without its region.
    pub usage: String,
    /// Of a usage there may be several, at different prices.
    pub operation: String,
    /// The price.
    pub price: Price,
}

impl Entry {
    pub(crate) fn key(&self) -> (&str, &str, &str) {
        (&self.offer, &self.usage, &self.operation)
    }
}

/// What one of each thing costs in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSheet {
    region: Region,
    published: String,
    /// By key.
    entries: Vec<Entry>,
}

impl PriceSheet {
    /// The prices that vazao ships.
    ///
    /// # Errors
    /// Not for the regions of [`Region::ALL`]; a test sees to it.
    pub fn snapshot(region: Region) -> Result<Self, PriceError> {
        Self::from_offers(region, Self::shipped(region).iter().copied())
    }

    /// The offer files that vazao ships for a region.
    pub fn shipped(region: Region) -> &'static [&'static str] {
        let name = region.to_string();
        SNAPSHOTS.iter().find(|(of, _)| *of == name).map_or(&[][..], |entry| entry.1)
    }

    /// The prices of offer files as AWS publishes them.
    ///
    /// # Errors
    /// If a file is not one.
    pub fn from_offers<'a>(
        region: Region,
        files: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, PriceError> {
        let keep = |_: &str, product: &Product| is_of(region, product);
        let files: Result<Vec<_>, _> =
            files.into_iter().map(|text| OfferFile::parse(text, keep)).collect();
        Self::of(region, &files?)
    }

    /// The prices of files that were read.
    ///
    /// # Errors
    /// If a number in them is none.
    pub fn of<'a>(
        region: Region,
        files: impl IntoIterator<Item = &'a OfferFile>,
    ) -> Result<Self, PriceError> {
        let mut published: Option<String> = None;
        let mut prices = BTreeMap::new();
        for file in files {
            let date = day(&file.publication_date);
            if published.as_deref().is_none_or(|oldest| date < oldest) {
                published = Some(date.to_owned());
            }
            let malformed = |cause| PriceError::Malformed { offer: file.offer_code.clone(), cause };
            add(&mut prices, region, file).map_err(malformed)?;
        }
        let entries = prices
            .into_iter()
            .map(|((offer, usage, operation), price)| Entry { offer, usage, operation, price })
            .filter(|entry| !entry.price.tiers.is_empty())
            .collect();
        Ok(Self { region, published: published.unwrap_or_default(), entries })
    }

    /// The region.
    pub fn region(&self) -> Region {
        self.region
    }

    /// The publication date of the oldest list that the sheet is made of: `2026-08-10`.
    pub fn published(&self) -> &str {
        &self.published
    }

    /// Every price, by offer, usage and operation.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The price of a usage; `usage` is without its region. No operation means: whichever, if all
    /// are at one price.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn price(&self, offer: &str, usage: &str, operation: &str) -> Result<&Price, PriceError> {
        let of_usage = self.of_usage(offer, usage);
        let exact = of_usage.iter().find(|entry| entry.operation == operation);
        let found = exact.or_else(|| of_usage.first().filter(|_| operation.is_empty()));
        let Some(found) = found else {
            return Err(self.missing(offer, usage, operation));
        };
        let differs = |entry: &Entry| !same_prices(&entry.price, &found.price);
        if exact.is_none() && of_usage.iter().any(differs) {
            let names: Vec<&str> = of_usage.iter().map(|entry| entry.operation.as_str()).collect();
            return Err(self.ambiguous(found, names.join(", ")));
        }
        if !found.price.rivals.is_empty() {
            let skus = format!("{}, {}", found.price.listed.sku, found.price.rivals.join(", "));
            return Err(self.ambiguous(found, format!("{operation:?}, SKUs {skus}")));
        }
        Ok(&found.price)
    }

    /// The price of the first unit of a usage.
    pub(crate) fn first_tier(&self, offer: &str, usage: &str) -> Result<Decimal, PriceError> {
        Ok(self.price(offer, usage, "")?.tiers[0].unit_price)
    }

    fn of_usage(&self, offer: &str, usage: &str) -> &[Entry] {
        let key = (offer, usage);
        let of = |entry: &Entry| (entry.offer.as_str(), entry.usage.as_str()).cmp(&key);
        let begin = self.entries.partition_point(|entry| of(entry).is_lt());
        let length = self.entries[begin..].iter().take_while(|entry| of(entry).is_eq()).count();
        &self.entries[begin..begin + length]
    }

    fn missing(&self, offer: &str, usage: &str, operation: &str) -> PriceError {
        PriceError::Missing {
            offer: offer.to_owned(),
            usage_type: format!("{}{usage}", self.region.usage_prefix()),
            operation: operation.to_owned(),
            region: self.region,
            published: self.published.clone(),
        }
    }

    fn ambiguous(&self, entry: &Entry, operations: String) -> PriceError {
        PriceError::Ambiguous {
            offer: entry.offer.clone(),
            usage_type: entry.price.listed.usage_type.clone(),
            operations,
            region: self.region,
        }
    }
}

/// Whether a product has to do with a region: its own, or a free tier of all.
pub(crate) fn is_of(region: Region, product: &Product) -> bool {
    product.attribute("regionCode") == region.code() || product.is_global()
}

type Prices = BTreeMap<(String, String, String), Price>;

fn key_of(region: Region, offer: &str, product: &Product) -> (String, String, String) {
    let usage = without_region(region, product.attribute("usagetype"));
    (offer.to_owned(), usage.to_owned(), product.attribute("operation").to_owned())
}

fn add(prices: &mut Prices, region: Region, file: &OfferFile) -> Result<(), String> {
    for (sku, terms) in &file.terms.on_demand {
        let Some(product) = file.products.get(sku) else { continue };
        for term in terms.values().filter(|term| !term.is_free()) {
            if product.attribute("regionCode") != region.code() {
                continue;
            }
            let tiers = tiers(term.price_dimensions.values())?;
            let key = key_of(region, &file.offer_code, product);
            let price = Price {
                tiers,
                free: Decimal::ZERO,
                listed: listed(product, term, &file.publication_date),
                rivals: Vec::new(),
            };
            match prices.get_mut(&key) {
                None => drop(prices.insert(key, price)),
                Some(first) if same_prices(first, &price) => {}
                Some(first) => first.rivals.push(sku.clone()),
            }
        }
    }
    add_free_tiers(prices, region, file)
}

fn add_free_tiers(prices: &mut Prices, region: Region, file: &OfferFile) -> Result<(), String> {
    for term in file.terms.on_demand.values().flat_map(BTreeMap::values) {
        for dimension in term.price_dimensions.values().filter(|_| term.is_free()) {
            let pool = decimal(&dimension.end_range)?;
            for product in dimension.applies_to.iter().filter_map(|sku| file.products.get(sku)) {
                let key = key_of(region, &file.offer_code, product);
                if let Some(price) = prices.get_mut(&key) {
                    price.free = pool;
                }
            }
        }
    }
    Ok(())
}

/// By rising range: a file has them in any order.
fn tiers<'a>(dimensions: impl Iterator<Item = &'a Dimension>) -> Result<Vec<Tier>, String> {
    let mut tiers = dimensions.map(tier).collect::<Result<Vec<_>, _>>()?;
    tiers.sort_by_key(|tier| tier.begin);
    Ok(tiers)
}

fn tier(dimension: &Dimension) -> Result<Tier, String> {
    let usd = dimension.price_per_unit.get("USD");
    let usd = usd.ok_or_else(|| format!("{} has no price in USD", dimension.rate_code))?;
    let begin = if dimension.begin_range.is_empty() { "0" } else { &dimension.begin_range };
    let is_last = ["Inf", ""].contains(&dimension.end_range.as_str());
    Ok(Tier {
        begin: decimal(begin)?,
        end: if is_last { None } else { Some(decimal(&dimension.end_range)?) },
        unit_price: decimal(usd)?,
        rate_code: dimension.rate_code.clone(),
    })
}

fn listed(product: &Product, term: &crate::offer_file::Term, published: &str) -> Listed {
    let first = term.price_dimensions.values().next();
    let own = product.attribute("published");
    Listed {
        usage_type: product.attribute("usagetype").to_owned(),
        sku: product.sku.clone(),
        unit: first.map_or(String::new(), |dimension| dimension.unit.clone()),
        description: first.map_or(String::new(), |dimension| dimension.description.clone()),
        effective: day(&term.effective_date).to_owned(),
        published: if own.is_empty() { day(published) } else { own }.to_owned(),
        source: product.attribute("source").to_owned(),
        grade: product.attribute("grade").to_owned(),
    }
}

fn same_prices(one: &Price, other: &Price) -> bool {
    let plain = |price: &Price| -> Vec<(Decimal, Option<Decimal>, Decimal)> {
        price.tiers.iter().map(|tier| (tier.begin, tier.end, tier.unit_price)).collect()
    };
    plain(one) == plain(other)
}

/// The day of a point in time: `2026-08-10` of `2026-08-10T20:02:49Z`.
fn day(instant: &str) -> &str {
    instant.get(..10).unwrap_or("")
}

#[cfg(test)]
mod tests;
