//! `trend.html`: the nights that are like tonight, number by number, with the change points. One
//! file, no script, no network; light or dark as the reader's machine is.

mod chart;

use claims::words::grouped;
use gates::{Check, METRICS, Metric, RegressionLimits, Standing, Trend, number, trend};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use runlog::HistoryRow;

use crate::ReportError;

const STYLE: &str = include_str!("trend/trend.css");

/// Nights that the table shows, the last ones.
const TABLE_NIGHTS: usize = 60;

/// Makes the page. `rows` are comparable runs in the order of their start, the last of them that of
/// `check`.
///
/// # Errors
/// If a chart cannot be drawn.
pub fn trend_page(
    rows: &[&HistoryRow],
    check: &Check,
    limits: &RegressionLimits,
) -> Result<String, ReportError> {
    page(rows, check, limits)
        .map(PreEscaped::into_string)
        .map_err(|cause| ReportError { file: "trend.html", cause })
}

fn page(rows: &[&HistoryRow], check: &Check, limits: &RegressionLimits) -> Result<Markup, String> {
    let class = if check.exit_code == 0 { "good" } else { "bad" };
    let profile = rows.last().map_or("", |row| row.profile.as_str());
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "vazao trend: " (profile) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class=(class) {
                    p.soft { "vazao · trend · " (profile) " · " (grouped(rows.len() as u64)) " nights" }
                    h1 { @if check.exit_code == 0 { "Every gate passed" } @else { "Exit " (check.exit_code) } }
                    p { (check.reason) }
                }
                (gates(check))
                h2 { "Night by night" }
                p.soft {
                    "A dot is a run; less is better. The dashed line is what tonight is held against: the median of the last 14 nights and the greatest of 3 median distances, "
                    (limits.change_percent_min) " % and what can be measured. An upright line is a change point: E-divisive with Student's test at p < "
                    (limits.p_max) ", and at least " (limits.change_percent_min) " %. "
                    "With fewer than " (limits.nights_min) " nights before, neither is drawn."
                }
                @for metric in METRICS { (metric_section(metric, rows, limits)?) }
                (table(rows))
                p.soft { "Compared with " (check.compared_with) "." }
            }
        }
    })
}

fn gates(check: &Check) -> Markup {
    html! {
        table {
            thead { tr { th { "gate" } th { "standing" } th { "because" } } }
            tbody {
                @for gate in &check.gates {
                    tr {
                        td { (gate.name) }
                        td class=(class(gate.standing)) { (gate.standing) }
                        td { (gate.reason) }
                    }
                }
            }
        }
    }
}

fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Pass => "standing pass",
        Standing::Fail => "standing fail",
        Standing::Warn | Standing::Inconclusive => "standing open",
        Standing::NotJudged => "standing soft",
    }
}

/// A chart of the nights that have the metric; nothing where none has.
fn metric_section(
    metric: &Metric,
    rows: &[&HistoryRow],
    limits: &RegressionLimits,
) -> Result<Markup, String> {
    let measured: Vec<(&HistoryRow, f64)> =
        rows.iter().filter_map(|row| Some((*row, (metric.of)(row)?))).collect();
    if measured.is_empty() {
        return Ok(html! {});
    }
    let values: Vec<f64> = measured.iter().map(|night| night.1).collect();
    let trend = trend(&values, limits, metric.floor);
    let days: Vec<String> =
        measured.iter().map(|(row, _)| row.started_at.strftime("%m-%d").to_string()).collect();
    let svg = chart::nights(metric.unit, &values, &days, &trend)?;
    Ok(html! {
        section {
            h3 { (metric.name) ", " (metric.unit) }
            figure { (PreEscaped(svg)) figcaption { (caption(metric, &trend, &measured)) } }
        }
    })
}

/// What the chart shows, in words.
fn caption(metric: &Metric, trend: &Trend, nights: &[(&HistoryRow, f64)]) -> Markup {
    html! {
        @if let Some((row, value)) = nights.last() {
            (row.run) ": " (number(*value)) " " (metric.unit)
            @if let Some(line) = trend.line {
                ", median " (number(line.median)) ", line " (number(line.limit))
            }
            @if trend.warns { strong { ", over the line" } }
            @if trend.twice { strong { " for two nights running" } }
            ". "
        }
        @for change in &trend.changes {
            "Changed by " strong { (format!("{:+.1} %", change.change() * 100.0)) }
            " with " (nights[change.index].0.run) " (p " (format!("{:.4}", change.test.p)) "). "
        }
        @if trend.warns || trend.fails() { "Look at " (metric.look_at) "." }
    }
}

fn table(rows: &[&HistoryRow]) -> Markup {
    let shown = &rows[rows.len().saturating_sub(TABLE_NIGHTS)..];
    html! {
        details open[rows.len() < 15] {
            summary { "The numbers of the last " (shown.len()) " nights" }
            div.wide { table.numbers {
                thead { tr {
                    th { "run" } th { "exit" }
                    @for metric in METRICS { th { (metric.name) ", " (metric.unit) } }
                } }
                tbody { @for row in shown.iter().rev() { tr {
                    td { (row.run) } td { (row.exit_code) }
                    @for metric in METRICS { td { ((metric.of)(row).map_or_else(String::new, number)) } }
                } } }
            } }
        }
    }
}

#[cfg(test)]
pub(crate) mod example {
    use gates::{Check, Gate, Measure, Standing};

    fn gate(name: &str, exit_code: u8, standing: Standing, measure: (&str, &str, &str)) -> Gate {
        let (what, said, look_at) = measure;
        Gate {
            name: name.to_owned(),
            exit_code,
            standing,
            reason: format!("{what}: {said}"),
            measures: vec![Measure {
                name: what.to_owned(),
                standing,
                said: said.to_owned(),
                look_at: look_at.to_owned(),
            }],
        }
    }

    /// Gates of which one passes, one fails, one cannot tell and one is not judged.
    pub(crate) fn check() -> Check {
        Check {
            version: 1,
            run: "20261127-030000-soak".to_owned(),
            exit_code: 13,
            reason: "leak: function memory: 20.0 to 31.0 MB".to_owned(),
            compared_with: "2 earlier runs".to_owned(),
            gates: vec![
                gate(
                    "generator",
                    20,
                    Standing::Pass,
                    ("generator", "start lag p99 1 ms", "run.json"),
                ),
                gate(
                    "service level",
                    10,
                    Standing::Inconclusive,
                    ("acceptance, p99", "400 are too few", "latency.hlog"),
                ),
                gate(
                    "leak",
                    13,
                    Standing::Fail,
                    ("function memory", "20.0 to 31.0 MB", "the memory columns of timeline.csv"),
                ),
                gate("regression", 12, Standing::NotJudged, ("history", "2 nights", "")),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty nights around 10 ms, from the 31st on around 13 ms.
    fn rows() -> Vec<HistoryRow> {
        (0..40)
            .map(|night| HistoryRow {
                run: format!("night-{night:02}"),
                started_at: jiff::Timestamp::from_second(86_400 * night).unwrap(),
                profile: "soak".to_owned(),
                accept_p99_ms: Some(
                    if night < 30 { 10.0 } else { 13.0 } + 0.1 * (night % 3) as f64,
                ),
                ..HistoryRow::default()
            })
            .collect()
    }

    #[test]
    fn the_page_is_one_file_that_marks_and_says_the_change() {
        let rows = rows();
        let nights: Vec<&HistoryRow> = rows.iter().collect();
        let page = trend_page(&nights, &example::check(), &RegressionLimits::default()).unwrap();
        assert!(page.contains("with night-30 (p "), "the change is said");
        assert!(page.contains("Changed by <strong>+29.6 %</strong>"), "{page}");
        let chart = page.split("<svg").nth(1).and_then(|rest| rest.split("</svg>").next());
        assert!(chart.unwrap().contains("+29.6 %"), "and marked in the chart");
        assert_eq!(page.matches("<svg").count(), 1, "what was not measured has no chart");
        for outside in ["<script", "http://", "https://", "<link", "url("] {
            let outside_of_svg = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!outside_of_svg.contains(outside), "{outside}");
        }
        assert!(page.contains("prefers-color-scheme: dark") && page.contains("currentColor"));
    }

    #[test]
    fn a_first_night_has_a_page() {
        let rows = rows();
        let page =
            trend_page(&[&rows[0]], &example::check(), &RegressionLimits::default()).unwrap();
        assert!(page.contains("night-00: 10.0 ms") && page.contains("<svg"), "{page}");
    }
}
