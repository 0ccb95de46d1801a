//! At which volume one way of doing it becomes cheaper than another: a month's bill of both, and
//! the orders a day at which they cross, to the order.

use serde::Serialize;

use super::alternatives::Change;
use super::assumptions::Assumptions;
use super::{Decimal, month_cost};
use crate::{PriceError, PriceSheet, Terms, Usd};

/// Volumes between which crossings are looked for, orders a day.
const PER_DAY: (f64, f64) = (1.0, 1e9);
/// Volumes looked at for each power of ten.
const STEPS_PER_DECADE: usize = 48;

/// The cost of one way over volumes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CostCurve {
    /// Which way.
    pub name: String,
    /// Orders a day, and a month's bill, USD.
    pub points: Vec<(f64, Usd)>,
}

/// A volume from which on another way is cheaper.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Crossing {
    /// The way that is cheaper below.
    pub below: String,
    /// The way that is cheaper from here on.
    pub above: String,
    /// Orders a day.
    pub per_day: u64,
    /// A month's bill there, of the way that is cheaper from here on.
    pub month: Usd,
}

/// A month's bill over volumes, for each change. A month sees only the first half month of its own
/// documents: what is kept longer is the same for all of them.
///
/// # Errors
/// If something is used that has no price.
pub fn curves(
    a: &Assumptions,
    changes: &[Change],
    sheet: &PriceSheet,
    terms: Terms,
) -> Result<Vec<CostCurve>, PriceError> {
    let curve = |change: &Change| {
        let points = volumes(12).map(|per_day| {
            cost(&change.of(a), per_day.round(), sheet, terms).map(|usd| (per_day.round(), usd))
        });
        Ok(CostCurve { name: change.to_string(), points: points.collect::<Result<_, _>>()? })
    };
    changes.iter().map(curve).collect()
}

/// Every volume at which two ways cross, from 1 to a billion orders a day, by bisection on their
/// bills. Servers come one by one, so there may be several.
///
/// # Errors
/// If something is used that has no price.
pub fn crossings(
    a: &Assumptions,
    (one, other): (Change, Change),
    sheet: &PriceSheet,
    terms: Terms,
) -> Result<Vec<Crossing>, PriceError> {
    let (first, second) = (one.of(a), other.of(a));
    let difference = |per_day: f64| {
        let second = cost(&second, per_day, sheet, terms)?;
        Ok::<Decimal, PriceError>(cost(&first, per_day, sheet, terms)?.exact() - second.exact())
    };
    let mut found = Vec::new();
    let mut before: Option<(f64, bool)> = None;
    for per_day in volumes(STEPS_PER_DECADE).map(f64::round) {
        let dearer = difference(per_day)? > Decimal::ZERO;
        if let Some((low, was)) = before.filter(|(_, was)| *was != dearer) {
            let (mut low, mut high) = (low, per_day);
            while high - low > 1.0 {
                let middle = f64::midpoint(low, high).floor();
                if (difference(middle)? > Decimal::ZERO) == was {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            let (below, above) = if dearer { (one, other) } else { (other, one) };
            found.push(Crossing {
                below: below.to_string(),
                above: above.to_string(),
                per_day: high as u64,
                month: cost(&above.of(a), high, sheet, terms)?,
            });
        }
        before = Some((per_day, dearer));
    }
    Ok(found)
}

fn volumes(per_decade: usize) -> impl Iterator<Item = f64> {
    let decades = (PER_DAY.1 / PER_DAY.0).log10().round() as usize;
    (0..=decades * per_decade)
        .map(move |step| PER_DAY.0 * 10_f64.powf(step as f64 / per_decade as f64))
}

fn cost(
    a: &Assumptions,
    per_day: f64,
    sheet: &PriceSheet,
    terms: Terms,
) -> Result<Usd, PriceError> {
    let mut at = *a;
    at.orders.per_day = per_day;
    month_cost(&at, sheet, terms)
}
