//! What may grow while a load lasts, as series over the seconds of the run.

use runlog::{Target, TimelinePoint};

use crate::RunFacts;
use crate::samples::{Samples, quantile, sorted};

/// A series: (second of the run, value).
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// A rise below this is none: the resolution of the meter, or what nobody would notice.
    pub(crate) floor: f64,
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) look_at: &'static str,
    /// Why it grows as it should, if it does.
    pub(crate) expected: Option<&'static str>,
}

/// A block of a quantile has so many points; each is the quantile of the orders of that time.
const POINTS_PER_BLOCK: f64 = 20.0;

/// Orders that a point of a quantile has at least, where there are as many.
const ORDERS_PER_POINT: f64 = 100.0;

/// In a local run the generator and the cloud are one process.
const ONE_PROCESS: &str = "not judged: in a local run the cloud lives in the same process, and keeps the key of every object that it stores";

/// Every series that was recorded, between these seconds.
pub(crate) fn series(facts: &RunFacts<'_>, judged: (f64, f64), block_s: f64) -> Vec<Series> {
    let accepting = "latency.hlog and the latency chart of report.html";
    let processing = "invocations.parquet and timeline.csv; what the function keeps between invocations, and its database";
    let memory = "the memory columns of timeline.csv";
    let over_time = |of: fn(&TimelinePoint) -> Option<f64>| -> Vec<(f64, f64)> {
        let points = facts.evidence.timeline.iter();
        points.filter_map(|point| Some((point.second as f64, of(point)?))).collect()
    };
    let quantiles = |samples: &Samples, q: f64| quantile_points(samples, q, judged, block_s);
    let is_local = facts.evidence.manifest.target == Target::LocalCloud;
    let one = |name, unit, floor, points, look_at| Series {
        name,
        unit,
        floor,
        points,
        look_at,
        expected: None,
    };
    let generator = Series {
        expected: is_local.then_some(ONE_PROCESS),
        ..one("generator memory", "MB", 4.0, over_time(|point| point.generator_memory_mb), memory)
    };
    let all = vec![
        one("acceptance, p50", "ms", 0.1, quantiles(facts.response, 0.5), accepting),
        one("acceptance, p99", "ms", 0.5, quantiles(facts.response, 0.99), accepting),
        one(
            "acceptance to documents, p50",
            "ms",
            0.5,
            quantiles(facts.end_to_end, 0.5),
            processing,
        ),
        one(
            "acceptance to documents, p99",
            "ms",
            2.0,
            quantiles(facts.end_to_end, 0.99),
            processing,
        ),
        one("function duration", "ms", 0.1, over_time(|point| point.function_ms), processing),
        one("function memory", "MB", 2.0, over_time(|point| point.function_memory_mb), memory),
        generator,
        one("concurrency", "invocations", 1.0, over_time(|point| point.concurrency), processing),
        one("oldest message", "s", 1.0, over_time(|point| point.oldest_age_s), processing),
        one("errors", "%", 0.05, error_points(facts, judged, block_s), "exchanges.parquet"),
    ];
    all.into_iter().filter(|series| !series.points.is_empty()).collect()
}

/// The quantile of the samples of each stretch of a block.
fn quantile_points(
    samples: &Samples,
    q: f64,
    (from, to): (f64, f64),
    block_s: f64,
) -> Vec<(f64, f64)> {
    let judged: Vec<(f64, f64)> =
        samples.iter().filter(|s| s.0 >= from && s.0 < to).copied().collect();
    let per_s = judged.len() as f64 / (to - from);
    let step_s = (block_s / POINTS_PER_BLOCK).max(ORDERS_PER_POINT / per_s).min(block_s);
    let steps = ((to - from) / step_s).floor() as usize;
    let mut stretches: Vec<Vec<(f64, f64)>> = vec![Vec::new(); steps];
    for sample in judged {
        if let Some(stretch) = stretches.get_mut(((sample.0 - from) / step_s) as usize) {
            stretch.push(sample);
        }
    }
    let middle = |step: usize| from + (step as f64 + 0.5) * step_s;
    let points = stretches.iter().enumerate();
    points.filter_map(|(step, all)| Some((middle(step), quantile(&sorted(all), q)?.ms))).collect()
}

/// Errors of the orders of each block, %: a median of seconds would be 0.
fn error_points(facts: &RunFacts<'_>, judged: (f64, f64), block_s: f64) -> Vec<(f64, f64)> {
    let errors = per_block(facts, judged, block_s, |point| point.failed);
    let offered = per_block(facts, judged, block_s, |point| point.offered);
    let middle = |block: usize| judged.0 + (block as f64 + 0.5) * block_s;
    let blocks = errors.iter().zip(&offered).enumerate();
    blocks
        .filter(|(_, (_, offered))| **offered > 0)
        .map(|(block, (errors, offered))| (middle(block), 100.0 * *errors as f64 / *offered as f64))
        .collect()
}

fn per_block(
    facts: &RunFacts<'_>,
    (from, to): (f64, f64),
    block_s: f64,
    of: fn(&TimelinePoint) -> u64,
) -> Vec<u64> {
    let mut blocks = vec![0; ((to - from) / block_s).floor() as usize];
    for point in facts.evidence.timeline.iter().filter(|point| point.second as f64 >= from) {
        if let Some(block) = blocks.get_mut(((point.second as f64 - from) / block_s) as usize) {
            *block += of(point);
        }
    }
    blocks
}

/// Why growth says nothing here: the load itself was not the same all the time. Blocks may differ
/// by a tenth, and by what chance does to a count: five standard deviations of a Poisson number.
pub(crate) fn unsteady(facts: &RunFacts<'_>, judged: (f64, f64), block_s: f64) -> Option<String> {
    let offered = per_block(facts, judged, block_s, |point| point.offered);
    let (least, most) = (offered.iter().min()?, offered.iter().max()?);
    let mean = offered.iter().sum::<u64>() as f64 / offered.len() as f64;
    let room = 0.1 * mean + 5.0 * mean.sqrt();
    (mean == 0.0 || (most - least) as f64 > room).then(|| {
        format!("the load was not steady ({least} to {most} orders in {block_s:.0} s): growth would be its own")
    })
}
