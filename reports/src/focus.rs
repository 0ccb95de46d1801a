//! `focus-1.2.csv`: the bill as AWS would export it (Data Exports, table `FOCUS_1_2_AWS`), so that a
//! simulated bill and a real one meet in a join on service, meter and period. Columns and allowed
//! values: the FOCUS specification 1.2, and AWS's table dictionary for the three `x_` columns.
//! `focus-1.4.csv` is the same bill in the columns of the Cost and Usage dataset of version 1.4, for
//! who has gone on to that; AWS has not.
//!
//! One row a line and tier. What a list-price bill of usage does not have (discounts, commitments,
//! resources, an invoice) is null: docs/finance.md.

use costmodel::{LineItem, Region, TierCharge};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rust_decimal::Decimal;

use crate::ReportError;
use crate::finance::Finance;

/// No number: what reads a CSV would take an account's digits for a quantity.
const ACCOUNT: &str = "vazao-simulated";

/// Columns of 1.2, in the order of their names.
const COLUMNS_1_2: [&str; 57] = [
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "CommitmentDiscountUnit",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
];

/// AWS's own, which come last.
const COLUMNS_OF_AWS: [&str; 3] = ["x_Discounts", "x_Operation", "x_ServiceCode"];

/// Columns of 1.2 that 1.4 has no more: what they said, the first two below say.
const GONE_IN_1_4: [&str; 2] = ["ProviderName", "PublisherName"];

/// Columns that came with 1.3 and 1.4.
const NEW_IN_1_4: [&str; 10] = [
    "HostProviderName",
    "ServiceProviderName",
    "AllocatedMethodDetails",
    "AllocatedMethodId",
    "AllocatedResourceId",
    "AllocatedResourceName",
    "AllocatedTags",
    "CommitmentProgramEligibilityDetails",
    "ContractApplied",
    "InvoiceDetailId",
];

/// A version of the specification that a bill is written by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FocusVersion {
    /// 1.2, of May 2025: what AWS exports.
    V1_2,
    /// 1.4, of June 2026.
    V1_4,
}

impl FocusVersion {
    /// The file of a run's bill.
    pub const fn file(self) -> &'static str {
        match self {
            Self::V1_2 => "focus-1.2.csv",
            Self::V1_4 => "focus-1.4.csv",
        }
    }

    /// The columns in the order of their names; AWS's own last.
    fn columns(self) -> Vec<&'static str> {
        let mut columns = COLUMNS_1_2.to_vec();
        if self == Self::V1_4 {
            columns.retain(|column| !GONE_IN_1_4.contains(column));
            columns.extend(NEW_IN_1_4);
            columns.sort_unstable();
        }
        columns.extend(COLUMNS_OF_AWS);
        columns
    }
}

/// The time that a bill is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period {
    /// The first day of the month, and of the next.
    billing: [Date; 2],
    /// The first day, and the day after the last.
    charge: [Date; 2],
}

/// The bill of a run. A forecast has none: its months have no dates.
///
/// # Errors
/// If it is of a forecast, or cannot be written.
pub fn focus_bill(finance: &Finance, version: FocusVersion) -> Result<Vec<u8>, ReportError> {
    let wrong = |cause: &dyn std::fmt::Display| ReportError {
        file: version.file(),
        cause: cause.to_string(),
    };
    let run = finance.run.as_ref().ok_or_else(|| wrong(&"a forecast has no dates"))?;
    let period = Period::of(run.started_at).map_err(|error| wrong(&error))?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = version.columns();
    writer.write_record(&columns).map_err(|error| wrong(&error))?;
    for line in &finance.bill {
        for charge in &line.charges {
            let row =
                columns.iter().map(|column| cell(column, (finance, &run.id), period, line, charge));
            writer.write_record(row).map_err(|error| wrong(&error))?;
        }
    }
    writer.into_inner().map_err(|error| wrong(&error))
}

impl Period {
    /// The day of an instant, and its month, in UTC as AWS has them.
    fn of(instant: Timestamp) -> Result<Self, jiff::Error> {
        let day = TimeZone::UTC.to_datetime(instant).date();
        let month = day.first_of_month();
        Ok(Self {
            billing: [month, month.checked_add(1.month())?],
            charge: [day, day.checked_add(1.day())?],
        })
    }
}

/// A cell of a row; an empty one is null.
fn cell(
    column: &str,
    (finance, run): (&Finance, &str),
    period: Period,
    line: &LineItem,
    charge: &TierCharge,
) -> String {
    let midnight = |day: Date| format!("{day}T00:00:00Z");
    let (category, subcategory, name) = service(&line.offer);
    let cost = || number(charge.quantity * charge.unit_price);
    match column {
        "BilledCost"
        | "ContractedCost"
        | "EffectiveCost"
        | "ListCost"
        | "PricingCurrencyEffectiveCost" => cost(),
        "BillingAccountId" | "SubAccountId" => ACCOUNT.to_owned(),
        "BillingAccountName" | "SubAccountName" => "simulated by vazao".to_owned(),
        "BillingAccountType" | "SubAccountType" => "Simulated".to_owned(),
        "BillingCurrency" | "PricingCurrency" => "USD".to_owned(),
        "BillingPeriodEnd" => midnight(period.billing[1]),
        "BillingPeriodStart" => midnight(period.billing[0]),
        "ChargeCategory" => "Usage".to_owned(),
        "ChargeDescription" => format!(
            "${} per {} - {} ({})",
            number(charge.unit_price),
            unit(&line.unit),
            line.item,
            line.formula
        ),
        "ChargeFrequency" => "Usage-Based".to_owned(),
        "ChargePeriodEnd" => midnight(period.charge[1]),
        "ChargePeriodStart" => midnight(period.charge[0]),
        "ConsumedQuantity" | "PricingQuantity" => number(charge.quantity),
        "ConsumedUnit" | "PricingUnit" => unit(&line.unit),
        "ContractedUnitPrice"
        | "ListUnitPrice"
        | "PricingCurrencyContractedUnitPrice"
        | "PricingCurrencyListUnitPrice" => number(charge.unit_price),
        "HostProviderName"
        | "InvoiceIssuerName"
        | "ProviderName"
        | "PublisherName"
        | "ServiceProviderName" => "AWS".to_owned(),
        "PricingCategory" => "Standard".to_owned(),
        "RegionId" => finance.study.region.clone(),
        "RegionName" => region_name(&finance.study.region).to_owned(),
        "ServiceCategory" => category.to_owned(),
        "ServiceName" => if name.is_empty() { line.service.as_str() } else { name }.to_owned(),
        "ServiceSubcategory" => subcategory.to_owned(),
        "SkuId" => charge.rate_code.split('.').next().unwrap_or_default().to_owned(),
        "SkuMeter" => line.usage_type.clone(),
        "SkuPriceId" => charge.rate_code.clone(),
        "Tags" => {
            let provenance = format!("{:?}", line.provenance).to_lowercase();
            serde_json::json!({ "vazao:provenance": provenance, "vazao:run": run }).to_string()
        }
        "x_Operation" => line.operation.clone(),
        "x_ServiceCode" => line.offer.clone(),
        _ => String::new(),
    }
}

/// Exact, without zeros at its end.
fn number(exact: Decimal) -> String {
    exact.normalize().to_string()
}

/// A unit as FOCUS writes it: `GB-Months`, `Requests`.
fn unit(of_model: &str) -> String {
    let capital = |part: &str| match part.chars().next() {
        Some(first) if part.chars().all(char::is_lowercase) => {
            first.to_uppercase().chain(part.chars().skip(1)).collect()
        }
        Some(_) | None => part.to_owned(),
    };
    let parts: Vec<String> = of_model.split('-').map(capital).collect();
    parts.join("-")
}

/// Category, subcategory and AWS's name for people, by the offer's code.
fn service(offer: &str) -> (&'static str, &'static str, &'static str) {
    match offer {
        "AmazonApiGateway" => ("Integration", "API Management", "Amazon API Gateway"),
        "AWSQueueService" => ("Integration", "Messaging", "Amazon Simple Queue Service"),
        "AWSLambda" => ("Compute", "Serverless Compute", "AWS Lambda"),
        "AmazonS3" => ("Storage", "Object Storage", "Amazon Simple Storage Service"),
        "AmazonCloudWatch" => ("Management and Governance", "Observability", "Amazon CloudWatch"),
        "awskms" => ("Security", "Secret Management", "AWS Key Management Service"),
        "AmazonECS" => ("Compute", "Containers", "Amazon Elastic Container Service"),
        "AmazonEC2" => ("Compute", "Virtual Machines", "Amazon Elastic Compute Cloud"),
        "AWSELB" => ("Networking", "Application Networking", "Elastic Load Balancing"),
        "AmazonVPC" => ("Networking", "Network Infrastructure", "Amazon Virtual Private Cloud"),
        "AmazonRDS" => ("Databases", "Relational Databases", "Amazon Relational Database Service"),
        "AWSDataTransfer" => ("Networking", "Network Connectivity", "AWS Data Transfer"),
        _ => ("Other", "Other (Other)", ""),
    }
}

/// AWS's name of a region.
fn region_name(code: &str) -> &'static str {
    match code.parse() {
        Ok(Region::SaEast1) => "South America (Sao Paulo)",
        Ok(Region::UsEast1) => "US East (N. Virginia)",
        Ok(Region::EuWest1) => "EU (Ireland)",
        Ok(Region::UsWest2) => "US West (Oregon)",
        Err(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 57 columns of the one, 65 of the other, as their specifications count them.
    #[test]
    fn columns_are_in_the_order_of_their_names_and_awss_own_come_last() {
        for (version, count) in [(FocusVersion::V1_2, 57), (FocusVersion::V1_4, 65)] {
            let columns = version.columns();
            let (focus, own) = columns.split_at(count);
            assert!(focus.is_sorted() && own.is_sorted());
            assert!(own.len() == 3 && own.iter().all(|column| column.starts_with("x_")));
        }
    }

    #[test]
    fn units_begin_with_a_capital_letter() {
        let units = ["requests", "GB-months", "vCPU-hours", "GB"].map(unit);
        assert_eq!(units, ["Requests", "GB-Months", "vCPU-Hours", "GB"]);
    }

    #[test]
    fn a_period_is_the_day_in_its_month_also_at_the_end_of_a_year() {
        let period = Period::of("2026-12-31T23:59:59Z".parse().unwrap()).unwrap();
        let days = |days: [Date; 2]| days.map(|day| day.to_string());
        assert_eq!(days(period.billing), ["2026-12-01", "2027-01-01"]);
        assert_eq!(days(period.charge), ["2026-12-31", "2027-01-01"]);
    }
}
