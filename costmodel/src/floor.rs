//! A month in which no order comes. What is billed all the same: the event source mapping asks the
//! queue whether there is anything.
//!
//! What watches the deployed stack costs more than that, orders or not: [`idle_stack`].
//!
//! Not here, because the reference system does not have it: NAT gateways, interface endpoints, RDS
//! Proxy, KMS keys, provisioned concurrency. And not here because it is not of the month: storage
//! of the documents of earlier months, which goes on.

use crate::bill::line_item;
use crate::services::sqs_requests;
use crate::{LineItem, PriceError, PriceSheet, Provenance, Terms, UsageFile, Usd};

/// Pollers of an idle event source mapping: it goes back to five (Lambda developer guide, "Scaling
/// for SQS"; it may go down to two, so this is the dearer case).
const IDLE_POLLERS: u64 = 5;

/// A long poll lasts 20 s; a month of 30 days has 129,600 of them.
const LONG_POLLS_A_MONTH: u64 = 30 * 86_400 / 20;

/// What a month without orders costs.
///
/// # Errors
/// If a price is missing.
pub fn floor(sheet: &PriceSheet, terms: Terms) -> Result<Vec<LineItem>, PriceError> {
    let polls = IDLE_POLLERS * LONG_POLLS_A_MONTH;
    let formula =
        format!("{IDLE_POLLERS} idle pollers x {LONG_POLLS_A_MONTH} long polls of 20 s in 30 days");
    let mut idle = line_item(sqs_requests(polls, Provenance::Assumed, formula), sheet, terms)?;
    idle.item = "empty receives of the event source mapping".to_owned();
    Ok(vec![idle])
}

/// A month of the deployed template without an order, as a usage file.
const IDLE_STACK: &str = include_str!("../../infra/idle.toml");

/// What a month without orders costs with everything that `infra/template.yaml` deploys: polls,
/// sweeper, alarms, dashboard. None where one of them has no price.
pub fn idle_stack(sheet: &PriceSheet, terms: Terms) -> Option<Usd> {
    let mut usage = UsageFile::parse(IDLE_STACK).ok()?;
    usage.region = sheet.region().to_string();
    usage.free_tier = terms.free_tier;
    usage.bill(sheet).ok().map(|statement| statement.total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Region;

    #[test]
    fn the_deployed_stack_costs_some_dollars_a_month_without_orders() {
        let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
        let cents =
            |free_tier| idle_stack(&sheet, Terms { free_tier }).unwrap().exact().round_dp(2);
        // 0.2592 of polls, 19 x 0.135 of alarms, 3 of a dashboard, and less than a cent; free are
        // the polls, ten alarms and the dashboard.
        assert_eq!(cents(false).to_string(), "5.83");
        assert!(cents(true) >= "1.21".parse().unwrap() && cents(true) < "1.23".parse().unwrap());
    }

    #[test]
    fn five_idle_pollers_make_648_000_requests_which_the_free_tier_covers() {
        let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
        let list = floor(&sheet, Terms { free_tier: false }).unwrap();
        // 648,000 x 0.40 USD per million.
        assert_eq!(list[0].amount, Usd::new("0.2592".parse().unwrap()));
        assert_eq!(floor(&sheet, Terms { free_tier: true }).unwrap()[0].amount, Usd::ZERO);
    }
}
