//! A bill: line items, each with the arithmetic that made it.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::price_sheet::Price;
use crate::services::SERVICES;
use crate::{PriceError, PriceSheet, Provenance, Usage, Usd};

/// What is agreed besides the prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Whether the free tier is taken off, as in a month of an account that uses nothing else.
    pub free_tier: bool,
}

/// A part of a quantity at one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierCharge {
    /// How much of the quantity.
    pub quantity: Decimal,
    /// The price of one, USD.
    pub unit_price: Decimal,
    /// AWS's code of the rate, or `free tier`.
    pub rate_code: String,
}

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineItem {
    /// The service, by AWS's name.
    pub service: String,
    /// What of it.
    pub item: String,
    /// How much.
    pub quantity: Decimal,
    /// Of what.
    pub unit: String,
    /// Where the quantity came from.
    pub provenance: Provenance,
    /// How the quantity was made, in words and numbers.
    pub formula: String,
    /// The offer that its price is of, such as `AmazonS3`; empty if the price was stated.
    #[serde(default)]
    pub offer: String,
    /// AWS's usage type, as the price list writes it: the key of a real bill.
    #[serde(default)]
    pub usage_type: String,
    /// The operation, where a usage type has several.
    #[serde(default)]
    pub operation: String,
    /// Where the price came from.
    #[serde(default)]
    pub price_provenance: PriceProvenance,
    /// When the price was published: `2026-08-10`; empty if it was stated.
    #[serde(default)]
    pub price_published: String,
    /// The quantity by tiers.
    pub charges: Vec<TierCharge>,
    /// What it costs.
    pub amount: Usd,
}

/// Where the price of a line came from; where its quantity came from is a [`Provenance`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceProvenance {
    /// From a dated price list.
    #[default]
    Priced,
    /// Stated by whoever wrote the usage.
    Assumed,
}

/// A bill for a usage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bill {
    /// The region.
    pub region: String,
    /// The publication date of the oldest price list in it.
    pub prices_published: String,
    /// Whether the free tier is taken off.
    pub free_tier: bool,
    /// The orders that the usage carried.
    pub orders: u64,
    /// The lines.
    pub lines: Vec<LineItem>,
    /// Their sum.
    pub total: Usd,
}

impl Bill {
    /// The total by orders; none without orders.
    pub fn per_order(&self) -> Option<Usd> {
        (self.orders > 0).then(|| Usd::new(self.total.exact() / Decimal::from(self.orders)))
    }
}

/// Prices a usage.
///
/// # Errors
/// If something was used that has no price.
pub fn bill(usage: &Usage, sheet: &PriceSheet, terms: Terms) -> Result<Bill, PriceError> {
    let mut lines = Vec::new();
    for service in SERVICES {
        for used in service(usage) {
            lines.push(line_item(used, sheet, terms)?);
        }
    }
    Ok(Bill {
        region: sheet.region().to_string(),
        prices_published: sheet.published().to_owned(),
        free_tier: terms.free_tier,
        orders: usage.orders,
        total: lines.iter().map(|line| line.amount).sum(),
        lines,
    })
}

/// An amount of something that has a price: what a service makes of a usage.
#[derive(Debug, Clone)]
pub(crate) struct Used {
    pub(crate) service: &'static str,
    pub(crate) item: String,
    pub(crate) offer: &'static str,
    /// Without the region's prefix.
    pub(crate) usage_type: Cow<'static, str>,
    /// Of the same usage type there may be several, at different prices.
    pub(crate) operation: &'static str,
    pub(crate) quantity: Decimal,
    pub(crate) unit: &'static str,
    pub(crate) provenance: Provenance,
    pub(crate) formula: String,
}

pub(crate) fn line_item(
    used: Used,
    sheet: &PriceSheet,
    terms: Terms,
) -> Result<LineItem, PriceError> {
    let price = sheet.price(used.offer, &used.usage_type, used.operation)?;
    let free = if terms.free_tier { price.free } else { Decimal::ZERO };
    charge(used, price, free, sheet)
}

/// A line of which so many units are free.
pub(crate) fn charge(
    used: Used,
    price: &Price,
    free: Decimal,
    sheet: &PriceSheet,
) -> Result<LineItem, PriceError> {
    let charges = walk(price, used.quantity, free).ok_or_else(|| PriceError::EndsBelow {
        offer: used.offer.to_owned(),
        usage_type: price.listed.usage_type.clone(),
        region: sheet.region(),
        quantity: used.quantity,
    })?;
    let amount = charges.iter().map(|charge| Usd::new(charge.quantity * charge.unit_price)).sum();
    Ok(LineItem {
        service: used.service.to_owned(),
        item: used.item,
        quantity: used.quantity,
        unit: used.unit.to_owned(),
        provenance: used.provenance,
        formula: used.formula,
        offer: used.offer.to_owned(),
        usage_type: price.listed.usage_type.clone(),
        operation: used.operation.to_owned(),
        price_provenance: PriceProvenance::Priced,
        price_published: price.listed.published.clone(),
        charges,
        amount,
    })
}

/// Each unit at the price of its own tier. Free units come first and occupy their tier: AWS's own
/// example of 62 TB of transfer subtracts the free ones inside the first tier.
pub(crate) fn walk(price: &Price, quantity: Decimal, free: Decimal) -> Option<Vec<TierCharge>> {
    let free = free.min(quantity);
    let mut charges = Vec::new();
    if !free.is_zero() {
        let rate_code = "free tier".to_owned();
        charges.push(TierCharge { quantity: free, unit_price: Decimal::ZERO, rate_code });
    }
    let mut priced = free;
    for tier in &price.tiers {
        let end = tier.end.map_or(quantity, |end| end.min(quantity));
        let within = end - tier.begin.max(priced);
        if within > Decimal::ZERO {
            let (unit_price, rate_code) = (tier.unit_price, tier.rate_code.clone());
            charges.push(TierCharge { quantity: within, unit_price, rate_code });
            priced += within;
        }
    }
    (priced == quantity).then_some(charges)
}
