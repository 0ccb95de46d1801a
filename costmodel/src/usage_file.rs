//! A usage that somebody wrote down: TOML, every meter that a bill can have, unknown keys refused.
//! `docs/usage.md` says what each key means; [`UsageFile::bill`] prices it.

mod api_gateway;
mod cloudwatch;
mod keys;
mod lambda;
mod month;
mod platform;
mod servers;
mod sqs;
mod stated;
mod storage;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use thiserror::Error;

use crate::bill::{Used, charge};
use crate::free_pools::FreePools;
use crate::statement::{Basis, Period, Statement};
use crate::{
    LineItem, PriceError, PriceProvenance, PriceSheet, Provenance, Region, RegionError, Usd,
};

pub use keys::{KeysOf, keys_of_sections};
use month::Month;
use stated::StatedPrices;

/// A usage file that cannot be priced.
#[derive(Debug, Error)]
pub enum UsageFileError {
    /// Not TOML, a key that nobody knows, or a value of the wrong kind: the message has the line.
    #[error("{0}")]
    Toml(String),
    /// A key whose value makes no sense.
    #[error("{key}: {cause}")]
    Value {
        /// The key.
        key: String,
        /// What is wrong, and what would be right.
        cause: String,
    },
    /// A region without prices.
    #[error("region: {0}")]
    Region(#[from] RegionError),
    /// Something was used that has no price.
    #[error(transparent)]
    Price(#[from] PriceError),
}

/// A month's usage, as a person writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageFile {
    /// What the scenario is called.
    #[serde(default)]
    pub name: String,
    /// The AWS region, such as `sa-east-1`.
    pub region: String,
    /// Whether the free tier is taken off.
    #[serde(default)]
    pub free_tier: bool,
    /// What is left of each free pool, if not all.
    #[serde(default)]
    pub free_pools: FreePools,
    /// Hours of the month: 730, or 24 x the days of a calendar month.
    pub month_hours: Option<Decimal>,
    /// The same as a calendar month, such as `2026-02`.
    pub month: Option<String>,
    /// Orders that the usage carried: the divisor of the unit cost.
    #[serde(default)]
    pub orders: u64,
    /// Where the numbers come from.
    #[serde(default = "assumed")]
    pub provenance: Provenance,
    /// Another currency to show sums in, such as `BRL`.
    pub currency: Option<String>,
    /// How much of it is one USD.
    pub currency_per_usd: Option<Decimal>,
    #[serde(default)]
    lambda: Vec<lambda::Lambda>,
    #[serde(default)]
    sqs: Vec<sqs::Sqs>,
    #[serde(default)]
    api_gateway: Vec<api_gateway::ApiGateway>,
    #[serde(default)]
    s3: Vec<storage::S3>,
    cloudwatch: Option<cloudwatch::CloudWatch>,
    kms: Option<platform::Kms>,
    data_transfer: Option<platform::DataTransfer>,
    nat: Option<platform::Nat>,
    vpc_endpoints: Option<platform::VpcEndpoints>,
    rds: Option<platform::Rds>,
    database: Option<stated::Database>,
    waf: Option<platform::Waf>,
    #[serde(default)]
    fargate: Vec<servers::Fargate>,
    #[serde(default)]
    ec2: Vec<servers::Ec2>,
    load_balancer: Option<servers::LoadBalancer>,
    #[serde(default)]
    other: Vec<stated::Other>,
    #[serde(default)]
    fixed: Vec<stated::Fixed>,
    #[serde(default)]
    prices: Vec<stated::Price>,
}

fn assumed() -> Provenance {
    Provenance::Assumed
}

impl UsageFile {
    /// Reads one.
    ///
    /// # Errors
    /// With the line, if it is no TOML or has a key that nobody knows.
    pub fn parse(text: &str) -> Result<Self, UsageFileError> {
        let file: Self =
            toml::from_str(text).map_err(|error| UsageFileError::Toml(keys::explained(&error)))?;
        keys::no_negative(text)?;
        file.hours()?;
        file.in_currency()?;
        Ok(file)
    }

    /// The region whose prices it asks for.
    ///
    /// # Errors
    /// If no prices of it are shipped.
    pub fn region(&self) -> Result<Region, UsageFileError> {
        Ok(self.region.parse()?)
    }

    /// Takes another month than the file's: hours, or a calendar month such as `2026-02`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn set_month(&mut self, month: &str) -> Result<(), UsageFileError> {
        self.month_hours = Some(month::hours("month", month)?);
        self.month = None;
        Ok(())
    }

    /// Prices it.
    ///
    /// # Errors
    /// If a value makes no sense, or something that was used has no price.
    pub fn bill(&self, sheet: &PriceSheet) -> Result<Statement, UsageFileError> {
        let month = Month { hours: self.hours()?, provenance: self.provenance };
        let used = self.used(month)?;
        let stated = StatedPrices::new(&self.prices, sheet)?;
        stated.check_all_used(&used, &self.other, sheet.region())?;
        let mut lines = self.price(used, sheet, &stated)?;
        for other in &self.other {
            lines.push(other.line(month, &lines, sheet, &stated)?);
        }
        lines.extend(self.database.iter().flat_map(|database| database.lines(month)));
        lines.extend(self.fixed.iter().map(|fixed| fixed.line(month)));
        let basis = Basis {
            name: &self.name,
            period: Period::Month,
            free_tier: self.free_tier,
            month_hours: Some(month.hours),
            orders: self.orders,
        };
        let statement = Statement::new(&basis, sheet, lines);
        Ok(match self.in_currency()? {
            Some((currency, per_usd)) => statement.converted_to(currency, per_usd),
            None => statement,
        })
    }

    fn hours(&self) -> Result<Decimal, UsageFileError> {
        match (self.month_hours, &self.month) {
            (Some(_), Some(_)) => Err(value("month", "state it or month_hours, not both")),
            (None, Some(month)) => month::hours("month", month),
            (Some(hours), None) => positive("month_hours", hours),
            (None, None) => Ok(month::TYPICAL_HOURS),
        }
    }

    fn in_currency(&self) -> Result<Option<(&str, Decimal)>, UsageFileError> {
        match (&self.currency, self.currency_per_usd) {
            (None, None) => Ok(None),
            (Some(currency), None) if currency == "USD" => Ok(None),
            (Some(currency), Some(rate)) => {
                Ok(Some((currency, positive("currency_per_usd", rate)?)))
            }
            (Some(_), None) => Err(value("currency", "currency_per_usd has to say the rate")),
            (None, Some(_)) => Err(value("currency_per_usd", "currency has to say of what")),
        }
    }

    /// Lines of the same price are one quantity for AWS: its tiers and free units go over the sum.
    fn price(
        &self,
        used: Vec<Used>,
        sheet: &PriceSheet,
        stated: &StatedPrices,
    ) -> Result<Vec<LineItem>, UsageFileError> {
        let mut left: BTreeMap<&'static str, Decimal> = BTreeMap::new();
        let mut lines = Vec::with_capacity(used.len());
        for used in summed(used) {
            let own = stated.price(used.offer, &used.usage_type, used.operation);
            let price = match own {
                Some(price) => price,
                None => sheet.price(used.offer, &used.usage_type, used.operation)?,
            };
            let mut free = Decimal::ZERO;
            let pool = self.free_pools.of(used.offer, &used.usage_type);
            if let (true, Some((name, said))) = (self.free_tier, pool) {
                let rest = left.entry(name).or_insert(said.unwrap_or(price.free));
                free = used.quantity.min(*rest);
                *rest -= free;
            }
            let mut line = charge(used, price, free, sheet)?;
            if own.is_some() {
                line.price_provenance = PriceProvenance::Assumed;
            }
            lines.push(line);
        }
        Ok(lines)
    }

    /// What was used, in the order in which an order meets the services.
    pub(crate) fn used(&self, month: Month) -> Result<Vec<Used>, UsageFileError> {
        let mut all = Vec::with_capacity(64);
        for entry in &self.api_gateway {
            all.extend(entry.used(month)?);
        }
        let pooled = all.len();
        for entry in &self.sqs {
            all.extend(entry.used(month)?);
        }
        for entry in &self.lambda {
            all.extend(entry.used(month)?);
        }
        all[pooled..].sort_by_key(pool_order);
        for entry in &self.s3 {
            all.extend(entry.used(month)?);
        }
        all.extend(self.cloudwatch.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.kms.iter().flat_map(|entry| entry.used(month)));
        if let Some(entry) = &self.data_transfer {
            all.extend(entry.used(month)?);
        }
        all.extend(self.nat.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.vpc_endpoints.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.rds.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.waf.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.fargate.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.ec2.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.load_balancer.iter().flat_map(|entry| entry.used(month)));
        Ok(all)
    }

    /// What the meters of this file are called in a price list: (offer, usage, operation).
    pub(crate) fn price_keys(&self) -> Result<Vec<(String, String, String)>, UsageFileError> {
        let month = Month { hours: self.hours()?, provenance: self.provenance };
        let key = |used: &Used| {
            (used.offer.to_owned(), used.usage_type.to_string(), used.operation.to_string())
        };
        Ok(self.used(month)?.iter().map(key).collect())
    }
}

const KB: Decimal = Decimal::from_parts(1024, 0, 0, false, 0);

/// So many steps of a size were started; at least one.
fn started(bytes: Decimal, step_kb: u32) -> Decimal {
    (bytes / (Decimal::from(step_kb) * KB)).ceil().max(Decimal::ONE)
}

fn value(key: &str, cause: &str) -> UsageFileError {
    UsageFileError::Value { key: key.to_owned(), cause: cause.to_owned() }
}

fn positive(key: &str, number: Decimal) -> Result<Decimal, UsageFileError> {
    if number > Decimal::ZERO { Ok(number) } else { Err(value(key, "it must be above 0")) }
}

/// A line of an amount that is known already: nothing of a price list.
fn known(
    (service, item): (&str, &str),
    (quantity, unit, unit_price): (Decimal, &str, Decimal),
    provenance: Provenance,
    formula: String,
) -> LineItem {
    LineItem {
        service: service.to_owned(),
        item: item.to_owned(),
        quantity,
        unit: unit.to_owned(),
        provenance,
        formula,
        offer: String::new(),
        usage_type: String::new(),
        operation: String::new(),
        price_provenance: PriceProvenance::Assumed,
        price_published: String::new(),
        charges: vec![crate::TierCharge {
            quantity,
            unit_price,
            rate_code: stated::RATE_CODE.to_owned(),
        }],
        amount: Usd::new(quantity * unit_price),
    }
}

/// Of what shares a free pool, the cheaper uses it up first, whatever the order of the file:
/// standard queues before FIFO, arm64 before x86. AWS does not say which it takes.
fn pool_order(used: &Used) -> (bool, bool) {
    let is_lambda = used.service == "Lambda";
    let is_dearer = if is_lambda {
        !used.usage_type.ends_with("-ARM")
    } else {
        used.usage_type.contains("FIFO")
    };
    (is_lambda, is_dearer)
}

/// Usage of one price and one name becomes one line, so that two functions share their tiers.
fn summed(used: Vec<Used>) -> Vec<Used> {
    let mut sums: Vec<Used> = Vec::with_capacity(used.len());
    for next in used {
        let same = |sum: &&mut Used| {
            sum.usage_type == next.usage_type
                && sum.offer == next.offer
                && sum.operation == next.operation
        };
        match sums.iter_mut().find(same) {
            Some(sum) => {
                sum.quantity += next.quantity;
                sum.formula = format!("{} + {}", sum.formula, next.formula);
                if sum.item != next.item {
                    sum.item = format!("{}; {}", sum.item, next.item);
                }
            }
            None => sums.push(next),
        }
    }
    sums
}
