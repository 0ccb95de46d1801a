//! Gate: nothing grows while the load stays the same.

use crate::gate::Measure;
use crate::metric::number;
use crate::series::{self, Series};
use crate::{Gate, LeakLimits, Rise, RunFacts, Standing, block_s, rise};

/// A load that lasts less than this tells no leak, s: its blocks would be under 20 s.
const LOAD_S_MIN: f64 = 570.0;

pub(super) fn gate(facts: &RunFacts<'_>, limits: &LeakLimits) -> Gate {
    let load_s = facts.evidence.manifest.schedule_ms as f64 / 1_000.0;
    let (from, to) = judged(load_s, limits);
    let not_judged = if load_s < LOAD_S_MIN {
        Some(format!("a load of {load_s:.0} s is too short to tell a leak: it takes ten minutes"))
    } else {
        series::unsteady(facts, (from, to), block_s(to - from))
    };
    if let Some(reason) = not_judged {
        let measure = Measure::new("growth", Standing::NotJudged, reason, "");
        return Gate::of("leak", 13, vec![measure], "");
    }
    let block = block_s(to - from);
    let measures: Vec<Measure> = series::series(facts, (from, to), block)
        .iter()
        .map(|one| measure(one, rise(&one.points, (from, to), block, limits, one.floor), limits))
        .collect();
    let fine =
        format!("none of {} series grows over {:.0} minutes", measures.len(), (to - from) / 60.0);
    Gate::of("leak", 13, measures, &fine)
}

/// From when to when the load is judged: not while it warms up and is reached, nor while it ends.
fn judged(load_s: f64, limits: &LeakLimits) -> (f64, f64) {
    let warmup = limits.warmup_percent / 100.0;
    (load_s * warmup, load_s * (1.0 - warmup / 2.0))
}

fn measure(series: &Series, rise: Option<Rise>, limits: &LeakLimits) -> Measure {
    let Some(rise) = rise else {
        let said = "recorded too seldom to tell".to_owned();
        return Measure::new(series.name, Standing::NotJudged, said, series.look_at);
    };
    let [start, end] = [rise.start, rise.end].map(number);
    let share = 100.0 * (rise.end / rise.start - 1.0);
    let share = if share.is_finite() { format!(" ({share:+.1} %)") } else { String::new() };
    let trend = format!(
        "{start} to {end} {}{share} in {} medians, p {:.4}; a leak is p < {} and at least {} %",
        series.unit, rise.blocks, rise.p, limits.p_max, limits.rise_percent_min
    );
    let (standing, said) = match (rise.leaks, series.expected) {
        (true, Some(reason)) => (Standing::NotJudged, format!("{trend}; {reason}")),
        (true, None) => (Standing::Fail, trend),
        (false, _) => (Standing::Pass, trend),
    };
    Measure::new(series.name, standing, said, series.look_at)
}
