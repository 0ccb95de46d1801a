//! A usage that somebody wrote down: TOML, every meter that a bill can have, unknown keys refused.
//! `docs/usage.md` says what each key means; [`UsageFile::bill`] prices it.

mod meters;
mod platform;
mod storage;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::bill::{Used, charge};
use crate::{LineItem, PriceError, PriceSheet, Provenance, Region, RegionError, Usd};

/// A month of 365 / 12 days, as AWS's calculator takes it.
const TYPICAL_MONTH_HOURS: Decimal = Decimal::from_parts(730, 0, 0, false, 0);

/// A usage file that cannot be priced.
#[derive(Debug, Error)]
pub enum UsageFileError {
    /// Not TOML, a key that nobody knows, or a value of the wrong kind: the message has the line.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
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

/// What the free tier still covers, by pool; a pool that is left out is whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreePools {
    /// Lambda requests, both architectures, all regions.
    pub lambda_requests: Option<Decimal>,
    /// Lambda GB-seconds on demand.
    pub lambda_gb_seconds: Option<Decimal>,
    /// GB streamed by Lambda beyond 6 MB a response.
    pub lambda_streamed_gb: Option<Decimal>,
    /// SQS requests, standard and FIFO together.
    pub sqs_requests: Option<Decimal>,
    /// GB of logs ingested, Lambda's and others' together.
    pub logs_ingested_gb: Option<Decimal>,
    /// GB-months of logs stored.
    pub logs_stored_gb: Option<Decimal>,
    /// Custom metrics.
    pub metrics: Option<Decimal>,
    /// Alarms of standard resolution.
    pub alarms: Option<Decimal>,
    /// Dashboards.
    pub dashboards: Option<Decimal>,
    /// CloudWatch API requests; never `GetMetricData`.
    pub cloudwatch_api_requests: Option<Decimal>,
    /// GB to the internet.
    pub data_transfer_out_gb: Option<Decimal>,
    /// KMS requests.
    pub kms_requests: Option<Decimal>,
}

impl FreePools {
    /// The pool that covers a usage, and what the file says is left of it.
    fn of(&self, offer: &str, usage_type: &str) -> Option<(&'static str, Option<Decimal>)> {
        Some(match (offer, usage_type) {
            ("AWSLambda", "Request" | "Request-ARM") => ("lambda_requests", self.lambda_requests),
            ("AWSLambda", "Lambda-GB-Second" | "Lambda-GB-Second-ARM") => {
                ("lambda_gb_seconds", self.lambda_gb_seconds)
            }
            ("AWSLambda", "Lambda-Streaming-Response-Processed-Bytes") => {
                ("lambda_streamed_gb", self.lambda_streamed_gb)
            }
            ("AWSQueueService", _) => ("sqs_requests", self.sqs_requests),
            ("AmazonCloudWatch", "VendedLog-Bytes" | "DataProcessing-Bytes") => {
                ("logs_ingested_gb", self.logs_ingested_gb)
            }
            ("AmazonCloudWatch", "TimedStorage-ByteHrs") => ("logs_stored_gb", self.logs_stored_gb),
            ("AmazonCloudWatch", "CW:MetricMonitorUsage") => ("metrics", self.metrics),
            ("AmazonCloudWatch", "CW:AlarmMonitorUsage") => ("alarms", self.alarms),
            ("AmazonCloudWatch", "CW:DashboardsUsageHour") => ("dashboards", self.dashboards),
            ("AmazonCloudWatch", "CW:Requests") => {
                ("cloudwatch_api_requests", self.cloudwatch_api_requests)
            }
            ("AWSDataTransfer", "DataTransfer-Out-Bytes") => {
                ("data_transfer_out_gb", self.data_transfer_out_gb)
            }
            ("awskms", "KMS-Requests") => ("kms_requests", self.kms_requests),
            (_, _) => return None,
        })
    }
}

/// A month's usage, as a person writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageFile {
    /// The AWS region, such as `sa-east-1`.
    pub region: String,
    /// Whether the free tier is taken off.
    #[serde(default)]
    pub free_tier: bool,
    /// What is left of each free pool, if not all.
    #[serde(default)]
    pub free_pools: FreePools,
    /// Hours of the month: 730, or 24 x the days of a calendar month.
    #[serde(default = "typical_month")]
    pub month_hours: Decimal,
    /// Orders that the usage carried: the divisor of the unit cost.
    #[serde(default)]
    pub orders: u64,
    /// Where the numbers come from.
    #[serde(default = "assumed")]
    pub provenance: Provenance,
    #[serde(default)]
    lambda: Vec<meters::Lambda>,
    #[serde(default)]
    sqs: Vec<meters::Sqs>,
    #[serde(default)]
    api_gateway: Vec<meters::ApiGateway>,
    #[serde(default)]
    s3: Vec<storage::S3>,
    cloudwatch: Option<meters::CloudWatch>,
    kms: Option<platform::Kms>,
    data_transfer: Option<platform::DataTransfer>,
    nat: Option<platform::Nat>,
    vpc_endpoints: Option<platform::VpcEndpoints>,
    rds: Option<platform::Rds>,
    waf: Option<platform::Waf>,
    #[serde(default)]
    fargate: Vec<platform::Fargate>,
    #[serde(default)]
    ec2: Vec<platform::Ec2>,
    load_balancer: Option<platform::LoadBalancer>,
}

fn typical_month() -> Decimal {
    TYPICAL_MONTH_HOURS
}

fn assumed() -> Provenance {
    Provenance::Assumed
}

/// The bill of a usage file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Layout of this record.
    pub version: u32,
    /// The region.
    pub region: String,
    /// Always `USD`: list prices, before tax.
    pub currency: &'static str,
    /// The publication date of the oldest price list used.
    pub prices_published: String,
    /// Whether the free tier is taken off.
    pub free_tier: bool,
    /// Hours of the month.
    pub month_hours: Decimal,
    /// Orders carried.
    pub orders: u64,
    /// The sum of the lines, exact.
    pub total: Usd,
    /// The total, rounded to the cent, halves away from zero.
    pub total_rounded: Decimal,
    /// Twelve such months.
    pub year: Usd,
    /// The total by orders; none without orders.
    pub per_order: Option<Usd>,
    /// The sum of each service's lines.
    pub services: BTreeMap<String, Usd>,
    /// The lines.
    pub lines: Vec<LineItem>,
}

impl UsageFile {
    /// Reads one.
    ///
    /// # Errors
    /// With the line, if it is no TOML or has a key that nobody knows.
    pub fn parse(text: &str) -> Result<Self, UsageFileError> {
        Ok(toml::from_str(text)?)
    }

    /// The region whose prices it asks for.
    ///
    /// # Errors
    /// If no prices of it are shipped.
    pub fn region(&self) -> Result<Region, UsageFileError> {
        Ok(self.region.parse()?)
    }

    /// Prices it.
    ///
    /// # Errors
    /// If a value makes no sense, or something that was used has no price.
    pub fn bill(&self, sheet: &PriceSheet) -> Result<Statement, UsageFileError> {
        let lines = self.price(self.used()?, sheet)?;
        let mut services: BTreeMap<String, Usd> = BTreeMap::new();
        for line in &lines {
            let sum = services.entry(line.service.clone()).or_default();
            *sum = *sum + line.amount;
        }
        let total: Usd = lines.iter().map(|line| line.amount).sum();
        let strategy = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
        Ok(Statement {
            version: 1,
            region: sheet.region().to_string(),
            currency: "USD",
            prices_published: sheet.published().to_owned(),
            free_tier: self.free_tier,
            month_hours: self.month_hours,
            orders: self.orders,
            total,
            total_rounded: total.exact().round_dp_with_strategy(2, strategy),
            year: Usd::new(total.exact() * Decimal::from(12)),
            per_order: (self.orders > 0)
                .then(|| Usd::new(total.exact() / Decimal::from(self.orders))),
            services,
            lines,
        })
    }

    /// Lines of the same price are one quantity for AWS: its tiers and free units go over the sum.
    fn price(&self, used: Vec<Used>, sheet: &PriceSheet) -> Result<Vec<LineItem>, UsageFileError> {
        let mut left: BTreeMap<&'static str, Decimal> = BTreeMap::new();
        let mut lines = Vec::new();
        for used in summed(used) {
            let price = sheet.price(used.offer, &used.usage_type, used.operation)?;
            let mut free = Decimal::ZERO;
            let pool = self.free_pools.of(used.offer, &used.usage_type);
            if let (true, Some((name, stated))) = (self.free_tier, pool) {
                let rest = left.entry(name).or_insert(stated.unwrap_or(price.free));
                free = used.quantity.min(*rest);
                *rest -= free;
            }
            lines.push(charge(used, price, free, sheet)?);
        }
        Ok(lines)
    }

    fn used(&self) -> Result<Vec<Used>, UsageFileError> {
        positive("month_hours", self.month_hours)?;
        let month = Month { hours: self.month_hours, provenance: self.provenance };
        let mut all = Vec::new();
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
        all.extend(self.data_transfer.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.nat.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.vpc_endpoints.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.rds.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.waf.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.fargate.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.ec2.iter().flat_map(|entry| entry.used(month)));
        all.extend(self.load_balancer.iter().flat_map(|entry| entry.used(month)));
        all.retain(|used| !used.quantity.is_zero());
        match all.iter().find(|used| used.quantity.is_sign_negative()) {
            Some(used) => Err(value(&used.item, "a quantity is not negative")),
            None => Ok(all),
        }
    }
}

/// What every meter needs to know besides its own keys.
#[derive(Debug, Clone, Copy)]
struct Month {
    hours: Decimal,
    provenance: Provenance,
}

impl Month {
    fn line(
        self,
        (service, item): (&'static str, &str),
        (offer, usage_type, operation): (&'static str, &str, &'static str),
        (quantity, unit): (Decimal, &'static str),
        formula: String,
    ) -> Used {
        Used {
            service,
            item: item.to_owned(),
            offer,
            usage_type: usage_type.to_owned().into(),
            operation,
            quantity,
            unit,
            provenance: self.provenance,
            formula,
        }
    }
}

fn value(key: &str, cause: &str) -> UsageFileError {
    UsageFileError::Value { key: key.to_owned(), cause: cause.to_owned() }
}

fn positive(key: &str, number: Decimal) -> Result<(), UsageFileError> {
    if number > Decimal::ZERO { Ok(()) } else { Err(value(key, "it must be above 0")) }
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
    let mut sums: Vec<Used> = Vec::new();
    for next in used {
        let same = |sum: &&mut Used| {
            (sum.offer, &sum.usage_type, sum.operation)
                == (next.offer, &next.usage_type, next.operation)
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
