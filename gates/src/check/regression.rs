//! Gate: nothing is worse than in the nights before.

use runlog::HistoryRow;

use crate::gate::Measure;
use crate::metric::{COST, METRICS, Metric, number};
use crate::{Gate, RegressionLimits, Standing, Trend, trend};

pub(super) fn gate(
    before: &[&HistoryRow],
    tonight: &HistoryRow,
    limits: &RegressionLimits,
) -> Gate {
    if before.len() < limits.nights_min {
        let said = format!(
            "{} comparable nights before this one, {} are needed",
            before.len(),
            limits.nights_min
        );
        let measure = Measure::new("history", Standing::NotJudged, said, "");
        return Gate::of("regression", 12, vec![measure], "");
    }
    let metrics = METRICS.iter().filter(|metric| metric.column != COST.column);
    let measures: Vec<Measure> =
        metrics.map(|metric| measure(metric, before, tonight, limits)).collect();
    let fine = format!("no number is worse than in the {} nights before", before.len());
    Gate::of("regression", 12, measures, &fine)
}

/// One metric against its nights.
pub(super) fn measure(
    metric: &Metric,
    before: &[&HistoryRow],
    tonight: &HistoryRow,
    limits: &RegressionLimits,
) -> Measure {
    let of = |standing, said| Measure::new(metric.name, standing, said, metric.look_at);
    let Some(value) = (metric.of)(tonight) else {
        return of(Standing::NotJudged, "not recorded tonight".to_owned());
    };
    let rows: Vec<&HistoryRow> =
        before.iter().copied().filter(|row| (metric.of)(row).is_some()).collect();
    if rows.len() < limits.nights_min {
        let said = format!("recorded in {} nights, {} are needed", rows.len(), limits.nights_min);
        return of(Standing::NotJudged, said);
    }
    let nights: Vec<f64> = rows.iter().filter_map(|row| (metric.of)(row)).chain([value]).collect();
    let trend = trend(&nights, limits, metric.floor);
    let standing = if trend.fails() {
        Standing::Fail
    } else if trend.warns {
        Standing::Warn
    } else {
        Standing::Pass
    };
    of(standing, say(&trend, value, metric, &rows))
}

fn say(trend: &Trend, value: f64, metric: &Metric, rows: &[&HistoryRow]) -> String {
    let unit = metric.unit;
    let Some(line) = trend.line else { return format!("{} {unit}", number(value)) };
    let [value_said, median, limit] = [value, line.median, line.limit].map(number);
    let mut said = format!("{value_said} {unit}, median {median} of the last nights, line {limit}");
    if trend.twice {
        said.push_str("; over its line for two nights running");
    }
    if let Some(change) = trend.recent_change {
        // The change may be tonight's own.
        let since = rows.get(change.index).map_or("tonight", |row| row.run.as_str());
        said.push_str(&format!(
            "; {:+.1} % since {since} (p {:.4})",
            change.change() * 100.0,
            change.test.p
        ));
    }
    said
}
