//! Gate: how soon the queue is empty, and how old a message gets.

use runlog::HistoryRow;

use crate::gate::Measure;
use crate::metric::number;
use crate::{DrainLimits, Gate, Standing};

pub(super) fn gate(tonight: &HistoryRow, limits: &DrainLimits) -> Gate {
    let measure = |name: &str, value_s: Option<f64>, limit_s: f64| {
        let look_at = "backlog and oldest_age_s in timeline.csv; concurrency of the function";
        let Some(value_s) = value_s else {
            return Measure::new(name, Standing::NotJudged, "not recorded".to_owned(), look_at);
        };
        let standing = if value_s <= limit_s { Standing::Pass } else { Standing::Fail };
        let said = format!("{} s, limit {} s", number(value_s), number(limit_s));
        Measure::new(name, standing, said, look_at)
    };
    let measures = vec![
        measure(
            "empty queues after the last answer",
            tonight.drain_ms.map(|ms| ms / 1_000.0),
            limits.drain_s_max,
        ),
        measure("oldest message", tonight.queue_age_s, limits.queue_age_s_max),
    ];
    let fine: Vec<String> =
        measures.iter().map(|measure| format!("{} {}", measure.name, measure.said)).collect();
    Gate::of("drain", 10, measures, &fine.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_limit_is_within_and_what_was_not_recorded_is_not_judged() {
        let row = |drain_ms, queue_age_s| HistoryRow { drain_ms, queue_age_s, ..<_>::default() };
        let limits = DrainLimits { drain_s_max: 4.0, queue_age_s_max: 9.0 };
        for (drain_ms, age_s, standing) in [
            (Some(4_000.0), Some(9.0), Standing::Pass),
            (Some(4_001.0), Some(9.0), Standing::Fail),
            (Some(4_000.0), Some(9.1), Standing::Fail),
            (Some(4_000.0), None, Standing::Pass),
            (None, None, Standing::NotJudged),
        ] {
            assert_eq!(gate(&row(drain_ms, age_s), &limits).standing, standing);
        }
    }
}
