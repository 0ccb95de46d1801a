//! An offer file, as AWS publishes it (`formatVersion` v1.0), read as a stream: of a file of
//! hundreds of MB only the products that are asked for are ever in memory.
//!
//! Rules of that layout, from the price-list API guide and the files themselves: every number is a
//! text; ranges are `[begin, end)` of the monthly quantity, in any order, `Inf` at the end; keys
//! that we do not know are to be ignored; `products` comes before `terms`, and the offer's code
//! before both.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use rust_decimal::Decimal;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::PriceError;

/// The term attribute by which a free tier's SKU is known, and its value.
const RESTRICTION: &str = "Restriction";
const IS_FREE: &str = "Limited SKU Usage";

/// What one file says of the products that were kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferFile {
    /// Always `v1.0`.
    pub format_version: String,
    /// What the publisher has to say.
    pub disclaimer: String,
    /// The offer, such as `AmazonS3`.
    pub offer_code: String,
    /// The list's version, such as `20260810200249`.
    pub version: String,
    /// When it was published, such as `2026-08-10T20:02:49Z`.
    pub publication_date: String,
    /// By SKU.
    pub products: BTreeMap<String, Product>,
    /// The prices of those products.
    pub terms: Terms,
}

/// A thing that has a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Its code.
    pub sku: String,
    /// Many requests and fees have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_family: Option<String>,
    /// `usagetype`, `operation`, `regionCode`, `location` and whatever else the service has.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl Product {
    /// An attribute, or nothing.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// Whether it is a free tier of all regions.
    pub fn is_global(&self) -> bool {
        self.attribute("location") == "Any"
    }
}

/// The prices on demand; reserved ones are not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// By SKU and term.
    #[serde(rename = "OnDemand")]
    pub on_demand: BTreeMap<String, BTreeMap<String, Term>>,
}

/// The price of one SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Term {
    /// `JRTCKXETXF` on demand, `A429C66SYZ` for a free tier.
    #[serde(default)]
    pub offer_term_code: String,
    /// The SKU.
    pub sku: String,
    /// Since when.
    #[serde(default)]
    pub effective_date: String,
    /// By rate code.
    pub price_dimensions: BTreeMap<String, Dimension>,
    /// `Restriction` of a free tier.
    #[serde(default)]
    pub term_attributes: BTreeMap<String, String>,
}

impl Term {
    /// Whether it is a free tier: a pool that the SKUs of its `appliesTo` share.
    pub fn is_free(&self) -> bool {
        self.term_attributes.get(RESTRICTION).is_some_and(|value| value == IS_FREE)
    }
}

/// One tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dimension {
    /// AWS's code of the rate.
    pub rate_code: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Where the tier begins.
    #[serde(default)]
    pub begin_range: String,
    /// Where it ends, or `Inf`.
    #[serde(default)]
    pub end_range: String,
    /// The unit; the same thing is spelled in several ways.
    #[serde(default)]
    pub unit: String,
    /// By currency.
    pub price_per_unit: BTreeMap<String, String>,
    /// The SKUs that share a free pool.
    #[serde(default)]
    pub applies_to: Vec<String>,
}

impl OfferFile {
    /// Reads a file and keeps the products that `keep` says, given the offer's code.
    ///
    /// # Errors
    /// If it is no offer file.
    pub fn read(
        reader: impl Read,
        keep: impl Fn(&str, &Product) -> bool,
    ) -> Result<Self, PriceError> {
        let mut json = serde_json::Deserializer::from_reader(reader);
        Self::from_json(&mut json, &keep)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// If it is no offer file.
    pub fn parse(text: &str, keep: impl Fn(&str, &Product) -> bool) -> Result<Self, PriceError> {
        let mut json = serde_json::Deserializer::from_str(text);
        Self::from_json(&mut json, &keep)
    }

    fn from_json<'de, D: Deserializer<'de, Error = serde_json::Error>>(
        json: D,
        keep: &dyn Fn(&str, &Product) -> bool,
    ) -> Result<Self, PriceError> {
        let mut file = Self::default();
        let seed = WholeFile { file: &mut file, keep };
        let done = seed.deserialize(json);
        let offer = if file.offer_code.is_empty() { "?" } else { &file.offer_code };
        done.map_err(|error| PriceError::Malformed {
            offer: offer.to_owned(),
            cause: error.to_string(),
        })?;
        Ok(file)
    }
}

/// A number of a price list: plain, or with an exponent.
pub(crate) fn decimal(text: &str) -> Result<Decimal, String> {
    text.parse()
        .or_else(|_| Decimal::from_scientific(text))
        .map_err(|error| format!("{text:?} is no number: {error}"))
}

/// Fills `file` from the outermost object.
struct WholeFile<'a> {
    file: &'a mut OfferFile,
    keep: &'a dyn Fn(&str, &Product) -> bool,
}

impl<'de> DeserializeSeed<'de> for WholeFile<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for WholeFile<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an offer file of AWS's price list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { file, keep } = self;
        let mut has_terms = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "formatVersion" => file.format_version = map.next_value()?,
                "disclaimer" => file.disclaimer = map.next_value()?,
                "offerCode" => file.offer_code = map.next_value()?,
                "version" => file.version = map.next_value()?,
                "publicationDate" => file.publication_date = map.next_value()?,
                "products" if file.offer_code.is_empty() => {
                    return Err(A::Error::custom("offerCode has to come before products"));
                }
                "products" => map.next_value_seed(Products { file: &mut *file, keep })?,
                "terms" => {
                    has_terms = true;
                    map.next_value_seed(TermsOf { file: &mut *file })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if file.offer_code.is_empty() || !has_terms || file.publication_date.is_empty() {
            return Err(A::Error::custom("offerCode, publicationDate and terms are needed"));
        }
        Ok(())
    }
}

struct Products<'a> {
    file: &'a mut OfferFile,
    keep: &'a dyn Fn(&str, &Product) -> bool,
}

impl<'de> DeserializeSeed<'de> for Products<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Products<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("products by SKU")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((sku, product)) = map.next_entry::<String, Product>()? {
            if (self.keep)(&self.file.offer_code, &product) {
                self.file.products.insert(sku, product);
            }
        }
        Ok(())
    }
}

struct TermsOf<'a> {
    file: &'a mut OfferFile,
}

impl<'de> DeserializeSeed<'de> for TermsOf<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for TermsOf<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("terms by kind")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(kind) = map.next_key::<String>()? {
            if kind == "OnDemand" {
                map.next_value_seed(OnDemand { file: &mut *self.file })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct OnDemand<'a> {
    file: &'a mut OfferFile,
}

impl<'de> DeserializeSeed<'de> for OnDemand<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OnDemand<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("terms by SKU")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(sku) = map.next_key::<String>()? {
            if self.file.products.contains_key(&sku) {
                self.file.terms.on_demand.insert(sku, map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{ "formatVersion": "v1.0", "unknown": [1, {"a": null}], "offerCode": "AmazonEC2",
        "version": "20260101000000", "publicationDate": "2026-01-01T00:00:00Z",
        "products": {
            "AAA": { "sku": "AAA", "attributes": { "usagetype": "BoxUsage:t4g.large", "regionCode": "us-east-1" } },
            "BBB": { "sku": "BBB", "productFamily": "Compute", "attributes": { "usagetype": "BoxUsage:x9", "regionCode": "us-east-1" } } },
        "terms": { "Reserved": { "AAA": { "AAA.R": { "not": "read" } } }, "OnDemand": {
            "AAA": { "AAA.JRTCKXETXF": { "sku": "AAA", "priceDimensions": { "AAA.JRTCKXETXF.1": { "rateCode": "AAA.JRTCKXETXF.1",
                "beginRange": "0", "endRange": "Inf", "pricePerUnit": { "USD": "7E-2" } } } } },
            "BBB": { "BBB.JRTCKXETXF": "never looked at" } } } }"#;

    #[test]
    fn only_what_is_asked_for_is_kept_and_only_that_is_understood() {
        let keep = |offer: &str, product: &Product| {
            offer == "AmazonEC2" && product.attribute("usagetype") == "BoxUsage:t4g.large"
        };
        let file = OfferFile::read(FILE.as_bytes(), keep).unwrap();
        assert_eq!(file.products.keys().collect::<Vec<_>>(), ["AAA"]);
        let term = &file.terms.on_demand["AAA"]["AAA.JRTCKXETXF"];
        let price = &term.price_dimensions["AAA.JRTCKXETXF.1"].price_per_unit["USD"];
        assert_eq!(decimal(price).unwrap(), "0.07".parse().unwrap());
        assert!(!term.is_free());
    }

    #[test]
    fn a_file_whose_products_come_before_its_code_is_refused() {
        let error = OfferFile::parse(r#"{"products": {}}"#, |_, _| true).unwrap_err();
        assert!(error.to_string().contains("offerCode"), "{error}");
    }
}
