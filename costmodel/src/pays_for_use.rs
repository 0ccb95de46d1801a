//! The arithmetic behind "you pay strictly for what you use": what a month without orders costs,
//! what an order costs, what its documents go on costing, and from which volume servers that are
//! always on would be cheaper.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::forecast::{Assumptions, Change, Forecast, Hosting, Saving, crossings, savings};
use crate::storage::MONTH_DAYS;
use crate::{PriceError, PriceSheet, Terms, Usage, Usd, bill, floor, idle_stack};

/// Orders by which costs are stated.
const ORDERS: u64 = 1_000_000;
/// Volumes at which the fixed share is stated, orders a month.
const VOLUMES: [u64; 4] = [1_000, 100_000, 10_000_000, 1_000_000_000];
/// The volume at which changes are priced, orders a day, and for how long.
const SAVINGS_PER_DAY: u32 = 1_000_000;
const SAVINGS_MONTHS: usize = 60;
/// Changes that are named.
const SAVINGS: usize = 3;

/// The part of a bill that is there without orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedShare {
    /// Orders a month.
    pub orders_per_month: u64,
    /// Of the bill, percent.
    pub percent: Decimal,
}

/// Servers that do the same and are always on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlwaysOn {
    /// Which.
    pub name: String,
    /// Orders a day from which they are cheaper; none up to a billion.
    pub cheaper_from_per_day: Option<u64>,
}

/// What the claim comes to, list prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaysForUse {
    /// A month without orders.
    pub floor: Usd,
    /// The same with all that watches the deployed stack; none where that has no price.
    #[serde(default)]
    pub idle_stack: Option<Usd>,
    /// The same in an account that uses nothing else.
    #[serde(default)]
    pub idle_stack_free_tier: Option<Usd>,
    /// A million orders more.
    pub marginal_per_million: Usd,
    /// How much of a bill is fixed, by volume.
    pub fixed_shares: Vec<FixedShare>,
    /// What the documents of a million orders cost after their own month, until they are deleted.
    pub retained_per_million: Usd,
    /// When that is, months.
    pub retention_months: u64,
    /// Servers instead.
    pub always_on: Vec<AlwaysOn>,
    /// Orders a day at which the changes are priced.
    pub savings_per_day: u32,
    /// The changes that save most.
    pub savings: Vec<Saving>,
}

impl PaysForUse {
    /// Does the arithmetic on what a run used; none if it carried no order.
    ///
    /// # Errors
    /// If something that was used has no price.
    pub fn of(usage: &Usage, sheet: &PriceSheet) -> Result<Option<Self>, PriceError> {
        if usage.orders == 0 {
            return Ok(None);
        }
        let list = Terms { free_tier: false };
        let floor: Usd = floor(sheet, list)?.iter().map(|line| line.amount).sum();
        let marginal = bill(&usage.scaled_to(ORDERS), sheet, list)?.total;
        let mut a = Assumptions::of_usage(usage);
        let retention_months = a.storage.retention_months as u64;
        a.orders.per_day = ORDERS as f64 / MONTH_DAYS;
        let kept = Forecast::of(&a, 1, sheet, list)?.retention_per_order.unwrap_or(Usd::ZERO);
        a.orders.per_day = f64::from(SAVINGS_PER_DAY);
        let mut savings = savings(&a, SAVINGS_MONTHS, sheet, list)?;
        savings.truncate(SAVINGS);
        Ok(Some(Self {
            floor,
            idle_stack: idle_stack(sheet, list),
            idle_stack_free_tier: idle_stack(sheet, Terms { free_tier: true }),
            marginal_per_million: marginal,
            fixed_shares: VOLUMES.map(|volume| fixed_share(floor, marginal, volume)).into(),
            retained_per_million: Usd::new(kept.exact() * Decimal::from(ORDERS)),
            retention_months,
            always_on: [Hosting::Fargate, Hosting::Ec2]
                .map(|hosting| always_on(&a, hosting, sheet, list))
                .into_iter()
                .collect::<Result<_, _>>()?,
            savings_per_day: SAVINGS_PER_DAY,
            savings,
        }))
    }
}

fn fixed_share(floor: Usd, marginal: Usd, orders_per_month: u64) -> FixedShare {
    let variable = marginal.exact() * Decimal::from(orders_per_month) / Decimal::from(ORDERS);
    let all = floor.exact() + variable;
    let share = if all.is_zero() { Decimal::ZERO } else { floor.exact() / all };
    FixedShare { orders_per_month, percent: (share * Decimal::ONE_HUNDRED).round_dp(3) }
}

fn always_on(
    a: &Assumptions,
    hosting: Hosting,
    sheet: &PriceSheet,
    terms: Terms,
) -> Result<AlwaysOn, PriceError> {
    let change = Change::Hosting(hosting);
    let found = crossings(a, (Change::AsIs, change), sheet, terms)?;
    Ok(AlwaysOn {
        name: change.to_string(),
        cheaper_from_per_day: found.first().map(|crossing| crossing.per_day),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.2592 fixed and 20 a million: at 1,000 orders 0.2592 of 0.2792; at 10 million of 200.2592.
    #[test]
    fn the_fixed_share_falls_with_the_volume() {
        let usd = |text: &str| Usd::new(text.parse().unwrap());
        let of = |volume| fixed_share(usd("0.2592"), usd("20"), volume).percent.to_string();
        assert_eq!([of(1_000), of(10_000_000)], ["92.837", "0.129"]);
    }
}
