//! What a volume costs: from assumptions to usage to bills, month by month for up to eleven years,
//! with the documents that every month leaves behind.
//!
//! [`ForecastFile`] is what a person writes, [`Forecast`] what comes out. Alternatives of the same
//! assumptions are in [`Change`], their crossings in [`Crossing`], uncertainty in [`Draws`].
//!
//! Quantities are expectations in floating point; each becomes a decimal once, and from there on
//! money is exact. Prices by time of day, discounts and taxes are not here.

mod alternatives;
mod assumptions;
mod break_even;
mod fast;
mod file;
mod inputs;
mod layouts;
mod meter;
mod per_order;
mod plan;
#[cfg(test)]
mod properties;
mod storage_plan;
mod study;
mod uncertainty;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::bill::line_item;
use crate::storage::AgeGrid;
use crate::{LineItem, PriceError, PriceSheet, Terms, Usd};
use plan::{Base, Intake, Plan};

pub use alternatives::{Change, Saving, savings};
pub use assumptions::{
    Api, Assumptions, Documents, Function, Hosting, LayoutName, Logs, Network, Orders, Platform,
    Queue, Reads, Servers, Storage,
};
pub use break_even::{CostCurve, Crossing, crossings, curves};
pub use file::{Assumed, ForecastError, ForecastFile};
pub use inputs::{INPUTS, Input};
pub use layouts::{LayoutCost, Layouts, compare_layouts, layout_cost};
pub use study::{Alternative, Drawing, Study};
pub use uncertainty::{Band, DrawPlan, Drawn, Draws, Spread, Swing, Uncertain};

/// A month of a forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastMonth {
    /// From 1.
    pub month: usize,
    /// Orders that come in it.
    pub orders: f64,
    /// What it costs.
    pub total: Usd,
    /// The sum of each service's lines.
    pub services: BTreeMap<String, Usd>,
}

/// What assumptions cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// The months.
    pub months: Vec<ForecastMonth>,
    /// The lines of each month.
    #[serde(skip)]
    pub lines: Vec<Vec<LineItem>>,
    /// The lines of the first month.
    pub first_month: Vec<LineItem>,
    /// The lines of the last month.
    pub last_month: Vec<LineItem>,
    /// Twelve months each; the last may have fewer.
    pub years: Vec<Usd>,
    /// All of it.
    pub total: Usd,
    /// Orders of all months.
    pub orders: f64,
    /// All of it by the orders; none without orders.
    pub per_order: Option<Usd>,
    /// What a month's orders cost from their arrival until their documents are deleted, each.
    pub per_order_with_retention: Option<Usd>,
    /// Of that, what the months after the first cost: the liability that an order leaves.
    pub retention_per_order: Option<Usd>,
    /// A month of the same system in which no order comes and nothing is kept.
    pub floor: Usd,
}

/// Prices the months of a plan, line by line.
struct Priced {
    months: Vec<Vec<LineItem>>,
}

impl Priced {
    fn of(plan: &Plan, sheet: &PriceSheet, terms: Terms) -> Result<Self, PriceError> {
        let months = (0..plan.months).map(|month| lines(plan, month, sheet, terms));
        Ok(Self { months: months.collect::<Result<_, _>>()? })
    }

    fn total(&self) -> Usd {
        self.months.iter().map(|lines| sum(lines)).sum()
    }
}

fn sum(lines: &[LineItem]) -> Usd {
    lines.iter().map(|line| line.amount).sum()
}

/// The lines of one month.
fn lines(
    plan: &Plan,
    month: usize,
    sheet: &PriceSheet,
    terms: Terms,
) -> Result<Vec<LineItem>, PriceError> {
    let mut lines = Vec::new();
    for flows in plan.meters() {
        let quantity = plan.quantity(flows, month);
        // What is no number is no quantity: ranges of the inputs keep it from coming here.
        // A billionth of a unit is kept: with prices of 10 decimals, sums of up to a billion
        // dollars stay exact in 28 digits.
        let quantity = Decimal::try_from(quantity).unwrap_or(Decimal::MAX).round_dp(9);
        if quantity.is_zero() {
            continue;
        }
        let used = flows[0].meter.used(quantity, plan.formula(flows, month));
        lines.push(line_item(used, sheet, terms)?);
    }
    Ok(lines)
}

impl Forecast {
    /// Makes it.
    ///
    /// # Errors
    /// If something is used that has no price.
    pub fn of(
        a: &Assumptions,
        months: usize,
        sheet: &PriceSheet,
        terms: Terms,
    ) -> Result<Self, PriceError> {
        let mut grid = daily_grid(a);
        let plan = Plan::of(a, &mut grid, months, Intake::Growing);
        let priced = Priced::of(&plan, sheet, terms)?;
        let rows: Vec<ForecastMonth> = priced
            .months
            .iter()
            .enumerate()
            .map(|(index, lines)| month_of(index, plan.at(Base::Orders, index), lines))
            .collect();
        let orders: f64 = plan.series(Base::Orders).iter().sum();
        let total = priced.total();
        let floor = month_cost(&without_orders(a), sheet, terms)?;
        let kept = kept_cost(a, &mut grid, sheet, terms, floor)?;
        Ok(Self {
            years: rows.chunks(12).map(|year| year.iter().map(|month| month.total).sum()).collect(),
            first_month: priced.months.first().cloned().unwrap_or_default(),
            last_month: priced.months.last().cloned().unwrap_or_default(),
            lines: priced.months,
            months: rows,
            total,
            orders,
            per_order: each(total, orders),
            per_order_with_retention: kept.map(|kept| kept.0),
            retention_per_order: kept.map(|kept| kept.1),
            floor,
        })
    }
}

fn month_of(index: usize, orders: f64, lines: &[LineItem]) -> ForecastMonth {
    let mut services: BTreeMap<String, Usd> = BTreeMap::new();
    for line in lines {
        let sum = services.entry(line.service.clone()).or_default();
        *sum = *sum + line.amount;
    }
    ForecastMonth { month: index + 1, orders, total: sum(lines), services }
}

fn each(total: Usd, orders: f64) -> Option<Usd> {
    let orders = Decimal::try_from(orders).ok().filter(|orders| *orders > Decimal::ZERO)?;
    Some(Usd::new(total.exact() / orders))
}

fn daily_grid(a: &Assumptions) -> AgeGrid {
    AgeGrid::daily(a.storage.retention_months as usize, &a.read_pattern())
}

/// The same system, to which no order comes.
fn without_orders(a: &Assumptions) -> Assumptions {
    let mut idle = *a;
    idle.orders.per_day = 0.0;
    idle
}

/// What one month costs that nothing came before: storage is half a month of its own documents.
///
/// # Errors
/// If something is used that has no price.
pub fn month_cost(a: &Assumptions, sheet: &PriceSheet, terms: Terms) -> Result<Usd, PriceError> {
    // Of what is kept longer than a month, this month sees only the beginning.
    let mut grid = AgeGrid::daily(2, &a.read_pattern());
    let plan = Plan::of(a, &mut grid, 1, Intake::Growing);
    Ok(sum(&lines(&plan, 0, sheet, terms)?))
}

/// What an order costs until its documents are deleted, and how much of that comes after its own
/// month: the first month's orders alone, less the floor of each month.
fn kept_cost(
    a: &Assumptions,
    grid: &mut AgeGrid,
    sheet: &PriceSheet,
    terms: Terms,
    floor: Usd,
) -> Result<Option<(Usd, Usd)>, PriceError> {
    let months = (a.storage.retention_months as usize + 1).min(crate::storage::LAGS);
    let plan = Plan::of(a, grid, months, Intake::Once);
    let priced = Priced::of(&plan, sheet, terms)?;
    let first = sum(priced.months.first().map_or(&[][..], Vec::as_slice)) - floor;
    let floors = Usd::new(floor.exact() * Decimal::from(months as u64));
    let all = priced.total() - floors;
    let orders = plan.at(Base::Orders, 0);
    Ok(each(all, orders).zip(each(all - first, orders)))
}
