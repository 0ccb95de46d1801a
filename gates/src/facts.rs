//! What the gates look at.

use claims::Evidence;
use runlog::{HISTORY_VERSION, HistoryRow, Target};
use rust_decimal::prelude::ToPrimitive as _;

use crate::samples::{Samples, quantile, sorted};
use crate::statistics::median;

/// What a run recorded, as far as gates look at it.
#[derive(Debug, Clone, Copy)]
pub struct RunFacts<'a> {
    /// The recorded facts.
    pub evidence: Evidence<'a>,
    /// Response times of the orders, by their intended second.
    pub response: &'a Samples,
    /// From acceptance until the documents are stored, by the second of acceptance; empty where the
    /// cloud does not tell.
    pub end_to_end: &'a Samples,
}

impl RunFacts<'_> {
    /// The run as a row of the history, with the exit code of its verdict.
    pub fn row(&self, exit_code: u8) -> HistoryRow {
        let manifest = self.evidence.manifest;
        let [accept_p50_ms, accept_p99_ms] = quantiles(self.response);
        let [end_to_end_p50_ms, end_to_end_p99_ms] = quantiles(self.end_to_end);
        let over_time = |of: fn(&runlog::TimelinePoint) -> Option<f64>| -> Vec<f64> {
            self.evidence.timeline.iter().filter_map(of).collect()
        };
        let target = match manifest.target {
            Target::LocalCloud => "local-cloud",
            Target::Aws => "aws",
        };
        HistoryRow {
            version: HISTORY_VERSION,
            run: manifest.id.clone(),
            started_at: manifest.started_at,
            profile: manifest.profile.clone(),
            seed: manifest.seed,
            orders: manifest.planned,
            speed: manifest.speed,
            target: target.to_owned(),
            machine: manifest.machine.clone(),
            software: manifest.software.clone(),
            exit_code,
            accept_p50_ms,
            accept_p99_ms,
            end_to_end_p50_ms,
            end_to_end_p99_ms,
            function_ms: self.function_ms(),
            function_memory_mb: median(&over_time(|point| point.function_memory_mb)),
            generator_memory_mb: median(&over_time(|point| point.generator_memory_mb)),
            concurrency: median(&over_time(|point| point.concurrency.filter(|busy| *busy > 0.0))),
            queue_age_s: over_time(|point| point.oldest_age_s).into_iter().reduce(f64::max),
            drain_ms: Some(manifest.phases.drain_ms as f64),
            error_percent: self.errors().map(|(errors, n)| 100.0 * errors as f64 / n as f64),
            usd_per_1000: self.usd_per_1000(),
        }
    }

    /// Orders that were throttled, failed or got no answer, of how many; `None` of none.
    pub fn errors(&self) -> Option<(u64, u64)> {
        let sent = &self.evidence.reconciliation.sent;
        let total = sent.total();
        (total > 0).then_some((sent.throttled + sent.failed + sent.unknown, total))
    }

    /// Mean of the seconds' means, weighted by what each second documented.
    fn function_ms(&self) -> Option<f64> {
        let weighted = self.evidence.timeline.iter().filter_map(|point| {
            let weight = point.documented as f64;
            Some((point.function_ms? * weight, weight))
        });
        let (sum, weight) = weighted.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        (weight > 0.0).then(|| sum / weight)
    }

    /// List price per 1,000 orders in the run's own region, USD.
    pub fn usd_per_1000(&self) -> Option<f64> {
        let region = self.evidence.cost.regions.first()?;
        Some(region.per_million.total.exact().to_f64()? / 1_000.0)
    }
}

fn quantiles(samples: &Samples) -> [Option<f64>; 2] {
    let sorted = sorted(samples);
    [0.5, 0.99].map(|q| quantile(&sorted, q).map(|quantile| quantile.ms))
}
