//! What `report.html` shows beside the facts and the judgement. Whatever could not be made is
//! empty, and the page says so.

use costmodel::forecast::{Assumptions, Change, CostCurve, Hosting, curves};
use costmodel::{PriceSheet, Region, Terms, Usage};
use runlog::Handled;
use simulator::{Extrapolation, RatePoint, Validation};

use crate::Recorded;

/// What was computed from a run for its page.
#[derive(Debug, Clone, Default)]
pub struct RunStudy {
    /// What the function did over time; none where the cloud does not tell of invocations.
    pub handled: Option<Handled>,
    /// The run against its simulation; none for the same reason.
    pub validation: Option<Validation>,
    /// The pipeline at constant rates, by a simulation that the run calibrated; empty if that is
    /// not valid.
    pub rates: Vec<RatePoint>,
    /// A month's bill over volumes: as deployed, and on servers that are always on.
    pub break_even: Vec<CostCurve>,
}

impl RunStudy {
    /// Studies a run: what it recorded, where the cloud told, and its usage at the prices of a
    /// region.
    pub fn of(
        recorded: Option<Recorded>,
        usage: &Usage,
        region: &str,
    ) -> (Self, Option<Extrapolation>) {
        let break_even = break_even(usage, region).unwrap_or_default();
        let Some(recorded) = recorded else {
            return (Self { break_even, ..Self::default() }, None);
        };
        let (validation, extrapolation, rates) = recorded.extrapolation();
        let handled = Some(recorded.handled);
        (Self { handled, validation: Some(validation), rates, break_even }, Some(extrapolation))
    }
}

/// A month's bill over volumes, by what an order of this run used.
fn break_even(usage: &Usage, region: &str) -> Option<Vec<CostCurve>> {
    if usage.orders == 0 {
        return None;
    }
    let sheet = PriceSheet::snapshot(region.parse::<Region>().ok()?).ok()?;
    let ways = [Change::AsIs, Change::Hosting(Hosting::Fargate), Change::Hosting(Hosting::Ec2)];
    curves(&Assumptions::of_usage(usage), &ways, &sheet, Terms { free_tier: false }).ok()
}
