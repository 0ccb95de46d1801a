//! Gate: what a thousand orders cost, against the budget and the nights before.

use runlog::HistoryRow;

use super::regression;
use crate::gate::Measure;
use crate::metric::{COST, number};
use crate::{Gate, Limits, Standing};

pub(super) fn gate(before: &[&HistoryRow], tonight: &HistoryRow, limits: &Limits) -> Gate {
    let measures = vec![
        budget(tonight, limits.cost.usd_per_1000_max),
        regression::measure(&COST, before, tonight, &limits.regression),
    ];
    let fine: Vec<String> = measures
        .iter()
        .filter(|measure| measure.standing == Standing::Pass)
        .map(|measure| format!("{} {}", measure.name, measure.said))
        .collect();
    Gate::of("cost", 14, measures, &fine.join("; "))
}

fn budget(tonight: &HistoryRow, max: Option<f64>) -> Measure {
    let of = |standing, said| Measure::new("budget", standing, said, COST.look_at);
    match (tonight.usd_per_1000, max) {
        (None, _) => of(Standing::NotJudged, "the run has no bill".to_owned()),
        (Some(cost), None) => of(
            Standing::NotJudged,
            format!(
                "${} per 1,000 orders; no budget: cost.usd_per_1000_max of --gates sets one",
                number(cost)
            ),
        ),
        (Some(cost), Some(max)) => of(
            if cost <= max { Standing::Pass } else { Standing::Fail },
            format!("${} per 1,000 orders, limit ${}", number(cost), number(max)),
        ),
    }
}
