//! An export of AWS's bill (Data Exports): CUR 2.0 or FOCUS 1.2, as CSV, CSV with gzip, or Parquet.
//! Only the columns that a comparison needs are read.

mod table;

use std::collections::BTreeSet;
use std::path::Path;

use costmodel::{BilledKind, BilledLine};
use rust_decimal::Decimal;

use crate::failure::Failure;
use table::Table;

/// What is read of an export.
pub(crate) struct Export {
    /// `CUR 2.0` or `FOCUS 1.2`.
    pub(crate) format: &'static str,
    /// The month, such as `2026-10`.
    pub(crate) period: String,
    pub(crate) lines: Vec<BilledLine>,
}

/// The columns of a layout.
struct Layout {
    name: &'static str,
    service: &'static str,
    usage_type: &'static str,
    quantity: &'static str,
    billed: &'static str,
    list: &'static str,
    kind: &'static str,
    currency: &'static str,
    period: &'static str,
    /// The kinds that are usage.
    usage: &'static [&'static str],
}

/// Source of the names: the table dictionaries of AWS Data Exports, "CUR 2.0" and "FOCUS 1.2 with
/// AWS columns". `ServiceName` of FOCUS is a name for people; `x_ServiceCode` is the offer's.
static LAYOUTS: [Layout; 2] = [
    Layout {
        name: "CUR 2.0",
        service: "line_item_product_code",
        usage_type: "line_item_usage_type",
        quantity: "line_item_usage_amount",
        billed: "line_item_unblended_cost",
        list: "pricing_public_on_demand_cost",
        kind: "line_item_line_item_type",
        currency: "line_item_currency_code",
        period: "bill_billing_period_start_date",
        usage: &["Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"],
    },
    Layout {
        name: "FOCUS 1.2",
        service: "x_ServiceCode",
        usage_type: "SkuMeter",
        quantity: "PricingQuantity",
        billed: "BilledCost",
        list: "ListCost",
        kind: "ChargeCategory",
        currency: "BillingCurrency",
        period: "BillingPeriodStart",
        usage: &["Usage"],
    },
];

impl Layout {
    /// In the order in which a row's cells are read.
    fn columns(&self, list_cost: bool) -> [&'static str; 7] {
        let cost = if list_cost { self.list } else { self.billed };
        [self.service, self.usage_type, self.quantity, cost, self.kind, self.currency, self.period]
    }
}

/// Reads one month of an export.
pub(crate) fn read(path: &Path, period: Option<&str>, list_cost: bool) -> Result<Export, Failure> {
    let named =
        |cause: &dyn std::fmt::Display| Failure::usage(format!("{}: {cause}", path.display()));
    let table = Table::open(path).map_err(|error| named(&error))?;
    let names = table.columns();
    let layout = LAYOUTS.iter().find(|layout| names.iter().any(|name| name == layout.usage_type));
    let Some(layout) = layout else {
        let key = |layout: &Layout| format!("{:?} ({})", layout.usage_type, layout.name);
        let keys: Vec<String> = LAYOUTS.iter().map(key).collect();
        return Err(named(&format!(
            "no column {}: not an export of AWS's bill",
            keys.join(" or ")
        )));
    };
    let rows = table.rows(&layout.columns(list_cost)).map_err(|error| named(&error))?;
    let months: BTreeSet<&str> = rows.iter().map(|row| month(&row[6])).collect();
    let period = the_period(&months, period).map_err(|error| named(&error))?;
    let mut lines = Vec::new();
    for (k, row) in rows.iter().enumerate().filter(|(_, row)| month(&row[6]) == period) {
        // The first row of a table is its second line.
        let line = line(layout, row).map_err(|error| named(&format!("row {}: {error}", k + 1)))?;
        lines.push(line);
    }
    Ok(Export { format: layout.name, period, lines })
}

fn month(date: &str) -> &str {
    date.get(..7).unwrap_or(date)
}

fn the_period(months: &BTreeSet<&str>, asked: Option<&str>) -> Result<String, String> {
    let all: Vec<&str> = months.iter().copied().collect();
    match (asked, all.as_slice()) {
        (_, []) => Err("it has no rows".to_owned()),
        (None, [one]) => Ok((*one).to_owned()),
        (None, several) => {
            Err(format!("it has the months {}: say which with --period", several.join(", ")))
        }
        (Some(asked), _) if months.contains(asked) => Ok(asked.to_owned()),
        (Some(asked), several) => {
            Err(format!("--period {asked}: it has the months {}", several.join(", ")))
        }
    }
}

fn line(layout: &Layout, row: &[String; 7]) -> Result<BilledLine, String> {
    let [service, usage_type, quantity, cost, kind, currency, _] = row;
    if !currency.is_empty() && currency != "USD" {
        return Err(format!("{} is {currency}, and prices are in USD", layout.currency));
    }
    let number = |name: &str, text: &str| -> Result<Decimal, String> {
        if text.is_empty() {
            return Ok(Decimal::ZERO);
        }
        let number = text.parse().or_else(|_| Decimal::from_scientific(text));
        number.map_err(|_| format!("{name} is {text:?}, no number"))
    };
    let is_usage = layout.usage.contains(&kind.as_str());
    Ok(BilledLine {
        service: service.clone(),
        usage_type: usage_type.clone(),
        kind: if is_usage { BilledKind::Usage } else { BilledKind::Other(kind.clone()) },
        quantity: number(layout.quantity, quantity)?,
        cost: number("the cost", cost)?,
    })
}
