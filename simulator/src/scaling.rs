//! The scaling curve, as data: what `vazao simulate --per-day --json` prints and what its page
//! shows.

use serde::Serialize;

use crate::Limit;

/// A pipeline over volumes.
#[derive(Debug, Clone, Serialize)]
pub struct ScalingCurve {
    /// `simulated`.
    pub provenance: &'static str,
    /// Orders a day of a business day whose busiest second was measured in the run that the times
    /// are from; none if they are assumed. Larger volumes are extrapolated.
    pub measured_up_to_per_day: Option<f64>,
    /// What all of it rests on, a sentence each.
    pub assumptions: Vec<String>,
    /// The seed.
    pub seed: u64,
    /// The region whose prices are taken.
    pub region: String,
    /// The service level that a volume has to keep.
    pub service_level: String,
    /// The volumes.
    pub volumes: Vec<CurvePoint>,
    /// The largest business day, orders, whose busiest minutes keep the service level.
    pub largest_per_day: Option<f64>,
    /// The volume at which the assumptions were varied.
    pub sensitivity_per_day: f64,
    /// How much results depend on each assumption.
    pub sensitivity: Vec<SensitivityLine>,
    /// Rate against maximum concurrency.
    pub heat_map: HeatMap,
}

/// A business day at one volume.
#[derive(Debug, Clone, Serialize)]
pub struct CurvePoint {
    /// Orders a day.
    pub per_day: f64,
    /// Orders a second in the busiest minute.
    pub peak_per_s: f64,
    /// Orders a second with full batches and every place busy.
    pub capacity_per_s: f64,
    /// Whether it is more than was measured.
    pub extrapolated: bool,
    /// Every order simulated; otherwise most minutes are from a table.
    pub exact: bool,
    /// What became of the orders; none where the backlog only grows.
    #[serde(flatten)]
    pub outcome: Option<Volume>,
    /// What an order costs in a month of such days, USD.
    pub usd_per_order: Option<String>,
    /// What held orders back longest.
    pub bottleneck: Option<Limit>,
    /// The share of the time, or of the orders or batches, that it did.
    pub bottleneck_share: Option<f64>,
    /// What that is set to.
    pub now: Option<String>,
    /// The quota or setting to change.
    pub to_change: Option<&'static str>,
}

/// What became of the orders of a day.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Volume {
    /// Orders that came.
    pub orders: u64,
    /// Refused by the gateway.
    pub refused: u64,
    /// Given up.
    pub dead_letters: u64,
    /// Median from acceptance to document, ms.
    pub p50_ms: f64,
    /// 99th percentile from acceptance to document, ms.
    pub p99_ms: f64,
    /// The longest that a message waited, s.
    pub oldest_s: f64,
    /// Most messages that waited at the same time.
    pub backlog_max: u64,
    /// Most invocations at the same time.
    pub concurrency_max: u64,
    /// Cold starts.
    pub cold_starts: u64,
    /// Batches that Lambda refused.
    pub throttles: u64,
    /// Invocations.
    pub invocations: u64,
    /// Compute, as billed.
    pub gb_s: f64,
}

/// Results with one assumption as it is and at both ends of its range.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SensitivityLine {
    /// The assumption.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// As it is.
    pub value: f64,
    /// The ends of its range.
    pub range: [f64; 2],
    /// The 99th percentile, ms: as it is, at the ends; none beyond the capacity.
    pub p99_ms: [Option<f64>; 3],
    /// Billed milliseconds an order.
    pub billed_ms_per_order: [f64; 3],
    /// Invocations an order.
    pub invocations_per_order: [f64; 3],
}

/// p99, ms, by rate (rows) and maximum concurrency (columns); none beyond the capacity.
#[derive(Debug, Clone, Serialize)]
pub struct HeatMap {
    /// Orders a second.
    pub rates_per_s: Vec<f64>,
    /// Invocations at once.
    pub maximum_concurrency: Vec<u32>,
    /// p99, ms.
    pub p99_ms: Vec<Vec<Option<f64>>>,
}

impl CurvePoint {
    /// The first bottleneck, and what to do about it.
    pub fn bottleneck_in_words(&self) -> String {
        let (Some(limit), Some(now), Some(change)) = (self.bottleneck, &self.now, self.to_change)
        else {
            return "nothing held an order back".to_owned();
        };
        let name = limit.name();
        match self.bottleneck_share {
            Some(share) => {
                format!("{name} ({now}) held back {}: {change}", limit.share_in_words(share))
            }
            None => {
                format!("{name} ({now}) bounds it at {:.0} orders/s: {change}", self.capacity_per_s)
            }
        }
    }
}

impl SensitivityLine {
    /// By how much the p99 or the billed time moves over the range, relative to as it is; infinite
    /// where it goes beyond the capacity.
    pub fn moves(&self) -> f64 {
        let Some(base) = self.p99_ms[0] else { return f64::INFINITY };
        let of_p99 =
            self.p99_ms.map(|p99| p99.map_or(f64::INFINITY, |p99| (p99 / base - 1.0).abs()));
        let of_bill =
            self.billed_ms_per_order.map(|ms| (ms / self.billed_ms_per_order[0] - 1.0).abs());
        of_p99.into_iter().chain(of_bill).fold(0.0, f64::max)
    }
}
