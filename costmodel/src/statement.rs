//! The bill of a month, or of a run, with everything that it rests on.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use crate::bill::{Terms, bill};
use crate::{LineItem, PriceError, PriceSheet, Usage, Usd};

/// What a statement is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A month's usage.
    Month,
    /// What a run used, however long it was.
    Run,
}

/// The same sums in another currency, at a rate that somebody stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Converted {
    /// The currency, such as `BRL`.
    pub currency: String,
    /// How much of it is one USD.
    pub per_usd: Decimal,
    /// The total.
    pub total: Decimal,
    /// The total to the cent.
    pub total_rounded: Decimal,
    /// Twelve months.
    pub year: Option<Decimal>,
    /// The total by orders.
    pub per_order: Option<Decimal>,
}

/// A bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Layout of this record.
    pub version: u32,
    /// The scenario's name.
    pub name: String,
    /// What it is of.
    pub period: Period,
    /// The region.
    pub region: String,
    /// Always `USD`: list prices, before tax.
    pub currency: &'static str,
    /// The publication date of the oldest price used; of the oldest list, if none was.
    pub prices_published: String,
    /// Whether the free tier is taken off.
    pub free_tier: bool,
    /// Hours of the month; none of a run.
    pub month_hours: Option<Decimal>,
    /// Orders carried.
    pub orders: u64,
    /// The sum of the lines, exact.
    pub total: Usd,
    /// The total, rounded to the cent, halves away from zero.
    pub total_rounded: Decimal,
    /// The sum of the lines, each rounded to the cent first: how AWS's own examples add.
    pub total_of_rounded_lines: Decimal,
    /// Twelve such months; none of a run.
    pub year: Option<Usd>,
    /// The total by orders; none without orders.
    pub per_order: Option<Usd>,
    /// In the currency that was asked for.
    pub converted: Option<Converted>,
    /// The sum of each service's lines.
    pub services: BTreeMap<String, Usd>,
    /// The lines.
    pub lines: Vec<LineItem>,
}

/// What a statement rests on besides its lines.
pub(crate) struct Basis<'a> {
    pub(crate) name: &'a str,
    pub(crate) period: Period,
    pub(crate) free_tier: bool,
    pub(crate) month_hours: Option<Decimal>,
    pub(crate) orders: u64,
}

impl Statement {
    pub(crate) fn new(basis: &Basis<'_>, sheet: &PriceSheet, lines: Vec<LineItem>) -> Self {
        let mut services: BTreeMap<String, Usd> = BTreeMap::new();
        for line in &lines {
            match services.get_mut(&line.service) {
                Some(sum) => *sum = *sum + line.amount,
                None => drop(services.insert(line.service.clone(), line.amount)),
            }
        }
        let total: Usd = lines.iter().map(|line| line.amount).sum();
        let dates = lines.iter().map(|line| line.price_published.as_str());
        let oldest = dates.filter(|date| !date.is_empty()).min();
        let prices_published = oldest.unwrap_or(sheet.published()).to_owned();
        let is_month = basis.period == Period::Month;
        Self {
            version: 1,
            name: basis.name.to_owned(),
            period: basis.period,
            region: sheet.region().to_string(),
            currency: "USD",
            prices_published,
            free_tier: basis.free_tier,
            month_hours: basis.month_hours,
            orders: basis.orders,
            total,
            total_rounded: cents(total.exact()),
            total_of_rounded_lines: lines.iter().map(|line| cents(line.amount.exact())).sum(),
            year: is_month.then(|| Usd::new(total.exact() * Decimal::from(12))),
            per_order: (basis.orders > 0)
                .then(|| Usd::new(total.exact() / Decimal::from(basis.orders))),
            converted: None,
            services,
            lines,
        }
    }

    /// The bill of what a run used; scaled to a month of so many orders, if that is asked for.
    ///
    /// # Errors
    /// If something was used that has no price.
    pub fn of_run(
        name: &str,
        usage: &Usage,
        orders_a_month: Option<u64>,
        sheet: &PriceSheet,
        terms: Terms,
    ) -> Result<Self, PriceError> {
        let usage = orders_a_month.map_or(*usage, |orders| usage.scaled_to(orders));
        let basis = Basis {
            name,
            period: if orders_a_month.is_some() { Period::Month } else { Period::Run },
            free_tier: terms.free_tier,
            month_hours: None,
            orders: usage.orders,
        };
        Ok(Self::new(&basis, sheet, bill(&usage, sheet, terms)?.lines))
    }

    /// The same, with its sums in another currency too.
    #[must_use]
    pub fn converted_to(mut self, currency: &str, per_usd: Decimal) -> Self {
        let at_rate = |usd: Usd| usd.exact() * per_usd;
        self.converted = Some(Converted {
            currency: currency.to_owned(),
            per_usd,
            total: at_rate(self.total),
            total_rounded: cents(at_rate(self.total)),
            year: self.year.map(at_rate),
            per_order: self.per_order.map(at_rate),
        });
        self
    }
}

/// To the cent, halves away from zero.
fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}
