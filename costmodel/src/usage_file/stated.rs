//! What a price list does not say: prices that are stated, costs that are known, the existing
//! database, and usage types that no section has.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Month, UsageFileError, known, value};
use crate::bill::{Used, walk};
use crate::meter_key::without_region;
use crate::price_sheet::{Listed, Price as ListedPrice, Tier};
use crate::{LineItem, PriceProvenance, PriceSheet, Region, Usd};

/// What stands instead of AWS's rate code.
pub(super) const RATE_CODE: &str = "stated in the usage file";

/// `[[prices]]`: a price to take instead of the list's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    offer: String,
    usage_type: String,
    #[serde(default)]
    operation: String,
    usd: Option<Decimal>,
    #[serde(default)]
    tiers: Vec<StatedTier>,
    free: Option<Decimal>,
}

/// One tier: up to this much of the month's quantity, or the rest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedTier {
    to: Option<Decimal>,
    usd: Decimal,
}

impl Price {
    fn tiers(&self, usage_type: &str) -> Result<Vec<Tier>, UsageFileError> {
        let wrong = |cause: &str| Err(value(&format!("prices, {usage_type}"), cause));
        let stated = match (self.usd, self.tiers.as_slice()) {
            (Some(usd), []) => vec![StatedTier { to: None, usd }],
            (None, [_, ..]) => self.tiers.clone(),
            (Some(_), [_, ..]) | (None, []) => return wrong("state either usd or tiers"),
        };
        let mut tiers: Vec<Tier> = Vec::with_capacity(stated.len());
        let last = stated.len() - 1;
        for (k, tier) in stated.into_iter().enumerate() {
            let begin = tiers.last().map_or(Some(Decimal::ZERO), |before| before.end);
            let begin = begin.unwrap_or_default();
            if tier.to.is_none() != (k == last) || tier.to.is_some_and(|end| end <= begin) {
                return wrong("tiers rise, and only the last has no `to`");
            }
            let rate_code = RATE_CODE.to_owned();
            tiers.push(Tier { begin, end: tier.to, unit_price: tier.usd, rate_code });
        }
        Ok(tiers)
    }
}

/// The stated prices of a file, ready to be looked up.
pub(super) struct StatedPrices(Vec<(String, String, String, ListedPrice)>);

impl StatedPrices {
    /// The free units are the list's, unless they are stated too.
    pub(super) fn new(prices: &[Price], sheet: &PriceSheet) -> Result<Self, UsageFileError> {
        let region = sheet.region();
        let entry = |price: &Price| {
            let usage = without_region(region, &price.usage_type).to_owned();
            let listed = Listed {
                usage_type: format!("{}{usage}", region.usage_prefix()),
                ..Listed::default()
            };
            let free = sheet.price(&price.offer, &usage, &price.operation).map(|list| list.free);
            let listed = ListedPrice {
                tiers: price.tiers(&price.usage_type)?,
                free: price.free.unwrap_or(free.unwrap_or_default()),
                listed,
                ..ListedPrice::default()
            };
            Ok((price.offer.clone(), usage, price.operation.clone(), listed))
        };
        Ok(Self(prices.iter().map(entry).collect::<Result<_, UsageFileError>>()?))
    }

    /// One without an operation is for all of them.
    pub(super) fn price(&self, offer: &str, usage: &str, operation: &str) -> Option<&ListedPrice> {
        let of = |(of_offer, of_usage, of_operation, _): &&(String, String, String, _)| {
            of_offer == offer
                && of_usage == usage
                && (of_operation.is_empty() || of_operation == operation)
        };
        self.0.iter().find(of).map(|(_, _, _, price)| price)
    }

    /// A stated price that nothing uses is a name that is spelled wrong.
    pub(super) fn check_all_used(
        &self,
        used: &[Used],
        others: &[Other],
        region: Region,
    ) -> Result<(), UsageFileError> {
        for (offer, usage, operation, _) in &self.0 {
            let is_used = used.iter().any(|used| used.offer == offer && used.usage_type == *usage)
                || others.iter().any(|other| {
                    other.offer == *offer && without_region(region, &other.usage_type) == usage
                });
            if !is_used {
                let key = format!("{offer} {usage} {operation}");
                let cause = "nothing in this file uses it; `vazao prices show` lists the names";
                return Err(value(&format!("prices, {}", key.trim_end()), cause));
            }
        }
        Ok(())
    }
}

/// `[[other]]`: a usage type that no section has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Other {
    offer: String,
    usage_type: String,
    #[serde(default)]
    operation: String,
    quantity: Decimal,
    #[serde(default = "other")]
    service: String,
    item: Option<String>,
}

fn other() -> String {
    "Other".to_owned()
}

impl Other {
    pub(super) fn line(
        &self,
        month: Month,
        before: &[LineItem],
        sheet: &PriceSheet,
        stated: &StatedPrices,
    ) -> Result<LineItem, UsageFileError> {
        let region = sheet.region();
        let usage = without_region(region, &self.usage_type);
        let own = stated.price(&self.offer, usage, &self.operation);
        let price = match own {
            Some(price) => price,
            None => sheet.price(&self.offer, usage, &self.operation)?,
        };
        let is_there = |line: &LineItem| {
            line.offer == self.offer
                && without_region(region, &line.usage_type) == usage
                && line.operation == self.operation
        };
        if before.iter().any(is_there) {
            let cause = "a line of this file has this price already: add the quantity there";
            return Err(value(&format!("other, {}", self.usage_type), cause));
        }
        let charges = walk(price, self.quantity, Decimal::ZERO).ok_or_else(|| {
            crate::PriceError::EndsBelow {
                offer: self.offer.clone(),
                usage_type: self.usage_type.clone(),
                region,
                quantity: self.quantity,
            }
        })?;
        let item = self.item.clone().unwrap_or_else(|| usage.to_owned());
        let unit = if price.listed.unit.is_empty() { "units" } else { &price.listed.unit };
        let mut line = known(
            (&self.service, &item),
            (self.quantity, unit, Decimal::ZERO),
            month.provenance,
            format!("{} {unit}", self.quantity),
        );
        line.amount = charges.iter().map(|part| Usd::new(part.quantity * part.unit_price)).sum();
        line.charges = charges;
        line.offer.clone_from(&self.offer);
        line.usage_type.clone_from(&price.listed.usage_type);
        line.operation.clone_from(&self.operation);
        line.price_published.clone_from(&price.listed.published);
        if own.is_none() {
            line.price_provenance = PriceProvenance::Priced;
        }
        Ok(line)
    }
}

/// `[[fixed]]`: a cost that is known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fixed {
    #[serde(default = "other")]
    service: String,
    item: String,
    usd_a_month: Decimal,
}

impl Fixed {
    pub(super) fn line(&self, month: Month) -> LineItem {
        let names = (self.service.as_str(), self.item.as_str());
        let amount = (Decimal::ONE, "months", self.usd_a_month);
        known(names, amount, month.provenance, format!("{} USD a month", self.usd_a_month))
    }
}

/// `[database]`: the existing database, whatever it is and whoever runs it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Database {
    usd_a_month: Decimal,
    instances: Decimal,
    usd_an_hour: Decimal,
    hours: Option<Decimal>,
    storage_gb_months: Decimal,
    usd_a_gb_month: Decimal,
}

impl Database {
    pub(super) fn lines(&self, month: Month) -> impl Iterator<Item = LineItem> + use<> {
        let each = self.hours.unwrap_or(month.hours);
        let instances = (self.instances * each, "hours", self.usd_an_hour);
        let storage = (self.storage_gb_months, "GB-months", self.usd_a_gb_month);
        [
            ("a month", (Decimal::ONE, "months", self.usd_a_month)),
            ("instances", instances),
            ("storage", storage),
        ]
        .into_iter()
        .filter(|(_, (quantity, _, price))| !(*quantity * *price).is_zero())
        .map(move |(item, amount)| {
            let formula = format!("{} {} at {} USD", amount.0, amount.1, amount.2);
            known(("Database", item), amount, month.provenance, formula)
        })
    }
}
