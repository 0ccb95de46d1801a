//! The same bill in floating point, for draws: each month's total, and nothing else. A property
//! test holds it equal to the exact one.

use rust_decimal::prelude::ToPrimitive as _;

use super::meter::Meter;
use super::plan::Plan;
use crate::storage::LAGS;
use crate::{PriceSheet, Terms};

/// Tiers of a price: at most four are known to AWS's lists.
const TIERS_MAX: usize = 6;

/// A price as a broken line: from each edge on, each unit costs so much more than before it.
#[derive(Debug, Clone, Copy)]
struct BrokenLine {
    first: f64,
    edges: [(f64, f64); TIERS_MAX],
    count: usize,
    free: f64,
}

impl BrokenLine {
    /// What so much costs, without free units.
    #[inline]
    fn cost(&self, quantity: f64) -> f64 {
        let rises =
            self.edges[..self.count].iter().map(|(edge, rise)| (quantity - edge).max(0.0) * rise);
        self.first * quantity + rises.sum::<f64>()
    }

    /// Free units come first and occupy their tier.
    #[inline]
    fn amount(&self, quantity: f64) -> f64 {
        if self.free == 0.0 {
            return self.cost(quantity);
        }
        self.cost(quantity) - self.cost(quantity.min(self.free))
    }
}

/// A price sheet in floating point.
#[derive(Debug, Clone)]
pub(crate) struct FastSheet {
    /// By [`Meter`]; none where the list has no price.
    lines: [Option<BrokenLine>; Meter::ALL.len()],
}

impl FastSheet {
    pub(crate) fn of(sheet: &PriceSheet, terms: Terms) -> Self {
        let lines = Meter::ALL.map(|meter| {
            let rate = meter.rate();
            let price = sheet.price(rate.offer, rate.usage_type, rate.operation).ok()?;
            let number = |decimal: rust_decimal::Decimal| decimal.to_f64();
            let mut line = BrokenLine {
                first: number(price.tiers.first()?.unit_price)?,
                edges: [(0.0, 0.0); TIERS_MAX],
                count: price.tiers.len() - 1,
                free: if terms.free_tier { number(price.free)? } else { 0.0 },
            };
            for (edge, pair) in line.edges.iter_mut().zip(price.tiers.windows(2)) {
                let rise = pair[1].unit_price - pair[0].unit_price;
                *edge = (number(pair[1].begin)?, number(rise)?);
            }
            (line.count <= TIERS_MAX).then_some(line)
        });
        Self { lines }
    }

    /// Each month's total, USD. A meter without a price makes it not a number: whoever draws has
    /// priced the plan exactly before, and that names the price.
    pub(crate) fn totals(&self, plan: &Plan, out: &mut [f64; LAGS]) {
        out.fill(0.0);
        let months = plan.months;
        for flows in plan.meters() {
            let Some(line) = &self.lines[flows[0].meter as usize] else {
                if (0..months).any(|month| plan.quantity(flows, month) > 0.0) {
                    out.fill(f64::NAN);
                    return;
                }
                continue;
            };
            if line.count == 0 && line.free == 0.0 {
                for flow in flows {
                    let each = flow.each * line.first;
                    for (total, base) in out.iter_mut().zip(plan.series(flow.base)) {
                        *total += each * base;
                    }
                }
                continue;
            }
            let mut quantity = [0.0; LAGS];
            for flow in flows {
                for (sum, base) in quantity.iter_mut().zip(plan.series(flow.base)) {
                    *sum += flow.each * base;
                }
            }
            for (total, quantity) in out.iter_mut().zip(&quantity[..months]) {
                *total += line.amount(quantity.max(0.0));
            }
        }
    }
}
