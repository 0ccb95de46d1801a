//! Gate: the service levels, with intervals. It passes only if the upper end is within, it fails
//! only if the lower end is beyond, and else the run cannot tell.

use claims::words::grouped;

use crate::gate::Measure;
use crate::metric::number;
use crate::samples::{Quantile, Samples, quantile, sorted};
use crate::statistics::wilson;
use crate::{Gate, RunFacts, ServiceLevelLimits, Standing};

pub(super) fn gate(facts: &RunFacts<'_>, limits: &ServiceLevelLimits) -> Gate {
    let manifest = facts.evidence.manifest;
    let of_profile = manifest.service_level.accept_p99_ms_max as f64;
    let accepting = "latency.hlog and the latency chart of report.html";
    let processing = "invocations.parquet, backlog and concurrency in timeline.csv";
    let end_to_end_p99 = Some(limits.end_to_end_p99_ms_max);
    let mut measures = quantiles(
        ("acceptance", facts.response, accepting),
        &[
            (0.5, limits.accept_p50_ms_max),
            (0.9, limits.accept_p90_ms_max),
            (0.99, Some(limits.accept_p99_ms_max.unwrap_or(of_profile))),
        ],
    );
    measures.extend(quantiles(
        ("acceptance to documents", facts.end_to_end, processing),
        &[(0.5, limits.end_to_end_p50_ms_max), (0.99, end_to_end_p99)],
    ));
    measures.extend(errors(facts, limits.error_percent_max));
    if let Some(reason) = &manifest.aborted {
        let said = format!("the load was ended early: {reason}");
        measures.push(Measure::new("the load", Standing::Fail, said, accepting));
    }
    let said: Vec<String> = measures
        .iter()
        .filter(|measure| measure.standing == Standing::Pass)
        .map(|measure| format!("{} {}", measure.name, measure.said))
        .collect();
    Gate::of("service level", 10, measures, &said.join("; "))
}

/// The quantiles that are asked of one kind of latency.
fn quantiles(
    (name, samples, look_at): (&str, &Samples, &str),
    asked: &[(f64, Option<f64>)],
) -> Vec<Measure> {
    let sorted = sorted(samples);
    let each = asked.iter().filter_map(|(q, limit_ms)| {
        let (name, limit_ms) = (format!("{name}, p{:.0}", q * 100.0), (*limit_ms)?);
        let (standing, said) = match quantile(&sorted, *q) {
            Some(quantile) => (judge(&quantile, limit_ms), say(&quantile, limit_ms)),
            None => (Standing::NotJudged, "nothing was recorded".to_owned()),
        };
        Some(Measure::new(&name, standing, said, look_at))
    });
    each.collect()
}

/// Where the interval lies to the limit; too few to tell the quantile is never a pass.
fn judge(quantile: &Quantile, limit_ms: f64) -> Standing {
    let is_enough = quantile.n >= Quantile::n_min(quantile.q);
    if quantile.low_ms > limit_ms && is_enough {
        Standing::Fail
    } else if quantile.high_ms <= limit_ms && is_enough {
        Standing::Pass
    } else {
        Standing::Inconclusive
    }
}

fn say(quantile: &Quantile, limit_ms: f64) -> String {
    let [ms, low, high, limit] =
        [quantile.ms, quantile.low_ms, quantile.high_ms, limit_ms].map(number);
    let n_min = Quantile::n_min(quantile.q);
    if quantile.n < n_min {
        let n = grouped(quantile.n as u64);
        return format!("{n} are too few to tell it: it takes {}", grouped(n_min as u64));
    }
    format!("{ms} ms ({low} to {high}), limit {limit} ms")
}

/// The share of errors, by Wilson's interval.
fn errors(facts: &RunFacts<'_>, limit_percent: f64) -> Option<Measure> {
    let (errors, n) = facts.errors()?;
    let [low, high] = wilson(errors, n).map(|share| share * 100.0);
    let standing = if high <= limit_percent {
        Standing::Pass
    } else if low > limit_percent {
        Standing::Fail
    } else {
        Standing::Inconclusive
    };
    let said = format!(
        "{} of {} ({:.4} % to {:.4} %), limit {limit_percent} %",
        grouped(errors),
        grouped(n),
        low,
        high
    );
    Some(Measure::new(
        "errors",
        standing,
        said,
        "exchanges.parquet, rows whose outcome is not accepted",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(low_ms: f64, high_ms: f64, n: usize) -> Quantile {
        Quantile { q: 0.99, n, ms: f64::midpoint(low_ms, high_ms), low_ms, high_ms }
    }

    #[test]
    fn the_interval_decides_and_not_the_number() {
        for (low, high, standing) in [
            (90.0, 100.0, Standing::Pass),
            (90.0, 100.1, Standing::Inconclusive),
            (100.0, 130.0, Standing::Inconclusive),
            (100.1, 130.0, Standing::Fail),
        ] {
            assert_eq!(judge(&quantile(low, high, 1_000), 100.0), standing, "{low} to {high}");
        }
    }

    #[test]
    fn too_few_neither_pass_nor_fail() {
        assert_eq!(judge(&quantile(1.0, 2.0, 999), 100.0), Standing::Inconclusive);
        assert_eq!(judge(&quantile(300.0, 400.0, 999), 100.0), Standing::Inconclusive);
        assert!(say(&quantile(1.0, 2.0, 999), 100.0).contains("it takes 1,000"));
    }
}
