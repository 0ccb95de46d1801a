//! The model's bill beside AWS's, joined on the usage type.
//!
//! A usage type alone is not unique, so the service has to be the same too; except that transfer
//! of data is billed under whatever service moved it. The region is not part of the join: the same
//! thing is `SAE1-Request` and, in us-east-1, sometimes `USE1-Request` and sometimes `Request`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::meter_key::without_region;
use crate::{Region, RegionError, Statement, Usd};

/// The offer whose lines any service may bill.
const TRANSFER: &str = "AWSDataTransfer";

/// One line of an export of AWS's bill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BilledLine {
    /// AWS's code of the service, such as `AmazonS3`.
    pub service: String,
    /// The usage type, with its region.
    pub usage_type: String,
    /// What kind of line: usage, or `Tax`, `Credit` and so on.
    pub kind: BilledKind,
    /// How much, in the unit of the price list.
    pub quantity: Decimal,
    /// What was billed, or its list price, USD.
    pub cost: Decimal,
}

/// What a billed line is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum BilledKind {
    /// Something that was used.
    #[default]
    Usage,
    /// Anything else, by AWS's name for it.
    Other(String),
}

/// One usage type on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparedLine {
    /// AWS's code of the service.
    pub service: String,
    /// The usage type without its region.
    pub usage: String,
    /// What the model calls it.
    pub items: String,
    /// The model's quantity.
    pub model_quantity: Decimal,
    /// The bill's quantity.
    pub billed_quantity: Decimal,
    /// The model's cost, USD.
    pub model: Usd,
    /// The bill's cost, USD.
    pub billed: Usd,
    /// Model less bill, USD.
    pub error: Usd,
    /// The error by the bill, per cent; none if nothing was billed.
    pub error_percent: Option<Decimal>,
    /// The same of the quantity.
    pub quantity_error_percent: Option<Decimal>,
}

/// A line that only one side has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoneLine {
    /// AWS's code of the service.
    pub service: String,
    /// The usage type without its region.
    pub usage: String,
    /// How much.
    pub quantity: Decimal,
    /// What it costs, USD.
    pub cost: Usd,
}

/// Model and bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BillComparison {
    /// Layout of this record.
    pub version: u32,
    /// The region of the model's prices.
    pub region: String,
    /// What both have, dearest first.
    pub matched: Vec<ComparedLine>,
    /// What was billed and is not in the model, dearest first.
    pub only_billed: Vec<LoneLine>,
    /// What is in the model and was not billed, dearest first.
    pub only_model: Vec<LoneLine>,
    /// What was billed and is no usage, by AWS's name for it: taxes, credits, fees.
    pub not_usage: BTreeMap<String, Usd>,
    /// The model's total.
    pub model_total: Usd,
    /// The total of what was billed as usage.
    pub billed_total: Usd,
    /// Model less bill, USD.
    pub error: Usd,
    /// The error by the bill, per cent.
    pub error_percent: Option<Decimal>,
    /// The part of the billed usage whose usage type the model has, per cent.
    pub explained_percent: Option<Decimal>,
}

#[derive(Debug, Clone, Default)]
struct Side {
    quantity: Decimal,
    cost: Decimal,
    items: String,
}

type Sides = BTreeMap<(String, String), Side>;

/// Compares.
///
/// # Errors
/// If the statement is of a region that does not exist.
pub fn compare(
    statement: &Statement,
    billed: &[BilledLine],
) -> Result<BillComparison, RegionError> {
    let region: Region = statement.region.parse()?;
    let mut model = model_side(statement, region);
    let (mut bill, not_usage) = billed_side(billed, region, &model);
    let mut matched = Vec::new();
    model.retain(|key, side| match bill.remove(key) {
        Some(other) => {
            matched.push(compared(key, side, &other));
            false
        }
        None => true,
    });
    matched.sort_by_key(|line| std::cmp::Reverse(line.billed));
    let billed_matched: Usd = matched.iter().map(|line| line.billed).sum();
    let (only_billed, only_model) = (lone(bill), lone(model));
    let billed_total = billed_matched + only_billed.iter().map(|line| line.cost).sum();
    Ok(BillComparison {
        version: 1,
        region: statement.region.clone(),
        matched,
        only_billed,
        only_model,
        not_usage,
        model_total: statement.total,
        billed_total,
        error: statement.total - billed_total,
        error_percent: percent((statement.total - billed_total).exact(), billed_total.exact()),
        explained_percent: percent(billed_matched.exact(), billed_total.exact()),
    })
}

fn model_side(statement: &Statement, region: Region) -> Sides {
    let mut sides = Sides::new();
    for line in &statement.lines {
        let usage = match line.usage_type.as_str() {
            "" => line.item.as_str(),
            usage_type => without_region(region, usage_type),
        };
        let service = if line.offer.is_empty() { &line.service } else { &line.offer };
        let side = sides.entry((service.clone(), usage.to_owned())).or_default();
        side.quantity += line.quantity;
        side.cost += line.amount.exact();
        let comma = if side.items.is_empty() { "" } else { "; " };
        side.items.push_str(comma);
        side.items.push_str(&line.item);
    }
    sides
}

fn billed_side(
    billed: &[BilledLine],
    region: Region,
    model: &Sides,
) -> (Sides, BTreeMap<String, Usd>) {
    let mut sides = Sides::new();
    let mut not_usage: BTreeMap<String, Usd> = BTreeMap::new();
    for line in billed {
        if let BilledKind::Other(kind) = &line.kind {
            let sum = not_usage.entry(kind.clone()).or_default();
            *sum = *sum + Usd::new(line.cost);
            continue;
        }
        let usage = without_region(region, &line.usage_type).to_owned();
        let transfer = (TRANSFER.to_owned(), usage.clone());
        let own = (line.service.clone(), usage);
        let is_transfer = !model.contains_key(&own) && model.contains_key(&transfer);
        let side = sides.entry(if is_transfer { transfer } else { own }).or_default();
        side.quantity += line.quantity;
        side.cost += line.cost;
    }
    (sides, not_usage)
}

fn compared((service, usage): &(String, String), model: &Side, bill: &Side) -> ComparedLine {
    ComparedLine {
        service: service.clone(),
        usage: usage.clone(),
        items: model.items.clone(),
        model_quantity: model.quantity,
        billed_quantity: bill.quantity,
        model: Usd::new(model.cost),
        billed: Usd::new(bill.cost),
        error: Usd::new(model.cost - bill.cost),
        error_percent: percent(model.cost - bill.cost, bill.cost),
        quantity_error_percent: percent(model.quantity - bill.quantity, bill.quantity),
    }
}

fn lone(sides: Sides) -> Vec<LoneLine> {
    let line = |((service, usage), side): ((String, String), Side)| LoneLine {
        service,
        usage,
        quantity: side.quantity,
        cost: Usd::new(side.cost),
    };
    let mut lines: Vec<LoneLine> = sides.into_iter().map(line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.cost));
    lines
}

fn percent(part: Decimal, of: Decimal) -> Option<Decimal> {
    Some((part * Decimal::ONE_HUNDRED).checked_div(of)?.round_dp(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PriceSheet, UsageFile};

    fn billed(service: &str, usage_type: &str, quantity: &str, cost: &str) -> BilledLine {
        BilledLine {
            service: service.to_owned(),
            usage_type: usage_type.to_owned(),
            kind: BilledKind::Usage,
            quantity: quantity.parse().unwrap(),
            cost: cost.parse().unwrap(),
        }
    }

    /// 2 M PUTs at 7 a million, 3 M SQS requests at 0.40, 40 GB out at 0.15, 1 key.
    fn statement() -> Statement {
        let text = "region='sa-east-1'\n[[s3]]\nclass='standard'\nput_requests=2000000\n[[sqs]]\n\
                    type='standard'\nrequests=3000000\n[data_transfer]\nout_gb=40\n[kms]\nkeys=1";
        let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
        UsageFile::parse(text).unwrap().bill(&sheet).unwrap()
    }

    #[test]
    fn lines_meet_by_service_and_usage_type_and_transfer_by_usage_type_alone() {
        let tax = BilledLine {
            kind: BilledKind::Other("Tax".to_owned()),
            cost: "2.5".parse().unwrap(),
            ..BilledLine::default()
        };
        let bill = [
            billed("AmazonS3", "SAE1-Requests-Tier1", "1500000", "10.5"),
            billed("AmazonS3", "SAE1-Requests-Tier1", "100000", "0.7"),
            billed("AWSQueueService", "SAE1-Requests-Tier1", "3200000", "1.28"),
            billed("AmazonApiGateway", "SAE1-DataTransfer-Out-Bytes", "50", "7.5"),
            billed("AWSGlue", "SAE1-Crawler", "9", "3.96"),
            tax,
        ];
        let found = compare(&statement(), &bill).unwrap();
        let lines: Vec<_> = found
            .matched
            .iter()
            .map(|line| (line.usage.as_str(), line.error.exact(), line.error_percent.unwrap()))
            .collect();
        let number = |text: &str| -> Decimal { text.parse().unwrap() };
        assert_eq!(
            lines,
            [
                // 14.00 - 11.20 of 11.20; 6.00 - 7.50 of 7.50; 1.20 - 1.28 of 1.28.
                ("Requests-Tier1", number("2.8"), number("25")),
                ("DataTransfer-Out-Bytes", number("-1.5"), number("-20")),
                ("Requests-Tier1", number("-0.08"), number("-6.25")),
            ]
        );
        assert_eq!(found.matched[0].quantity_error_percent, Some(number("25")));
        assert_eq!(found.only_billed[0].usage, "Crawler");
        assert_eq!(found.only_model[0].usage, "KMS-Keys");
        assert_eq!(found.not_usage["Tax"].exact(), number("2.5"));
        // 11.20 + 1.28 + 7.50 + 3.96 = 23.94; 22.20 - 23.94 = -1.74; 19.98 of 23.94.
        assert_eq!(found.billed_total.exact(), number("23.94"));
        assert_eq!(found.error.exact(), number("-1.74"));
        assert_eq!(found.error_percent, Some(number("-7.27")));
        assert_eq!(found.explained_percent, Some(number("83.46")));
    }
}
