//! How long partners waited for an answer, and orders for their documents.

use claims::words::duration;
use maud::{Markup, html};
use runlog::LatencySummary;

use super::compression;
use crate::ReportInput;
use crate::charts::{BLUE, GREEN, ORANGE};
use crate::page::scrolling;
use crate::plots::{Axis, Plot, Series, Stroke};

const SECONDS: Axis<'static> = Axis { name: "seconds of the run", unit: "s", logarithmic: false };
const MS: Axis<'static> = Axis { name: "ms", unit: "ms", logarithmic: true };

pub(super) fn body(input: &ReportInput<'_>) -> Result<Markup, String> {
    let handled = input.study.handled.as_ref();
    let response = over_time(
        "Response time of acceptance",
        input.latency.to_vec(),
        html! { (compression(input)) "By the second that intended the order, from that instant: what a partner waits. A stall shows where it was, not where it ended." },
    )?;
    let documented: Vec<_> = handled
        .map(|handled| {
            handled.documented.iter().map(|(s, summary)| (*s as f64, *summary)).collect()
        })
        .unwrap_or_default();
    let end_to_end = over_time(
        "From acceptance to document",
        documented,
        html! { (compression(input)) "By the second in which the queue took the order, to the end of the invocation that documented it." },
    )?;
    Ok(html! {
        (quantiles(input))
        (response)
        (end_to_end)
        (tail(input)?)
    })
}

fn over_time(
    title: &str,
    intervals: Vec<(f64, LatencySummary)>,
    caption: Markup,
) -> Result<Markup, String> {
    let line = |name, color, of: fn(&LatencySummary) -> u64, stroke| Series {
        name,
        color,
        points: intervals.iter().map(|(s, summary)| (*s, of(summary) as f64 / 1e3)).collect(),
        stroke,
    };
    Plot {
        title,
        x: SECONDS,
        y: MS,
        series: vec![
            line("p50", BLUE, |summary| summary.p50_us, Stroke::Plain),
            line("p90", GREEN, |summary| summary.p90_us, Stroke::Plain),
            line("p99", ORANGE, |summary| summary.p99_us, Stroke::Plain),
        ],
        marks: Vec::new(),
        caption,
    }
    .figure()
}

/// The tail: which share took longer.
fn tail(input: &ReportInput<'_>) -> Result<Markup, String> {
    let validation = input.study.validation.as_ref();
    let of_simulated = validation.map_or_else(Vec::new, |validation| {
        validation.quantiles.iter().map(|q| (q.simulated_ms, 1.0 - q.quantile)).collect()
    });
    let measured = input.study.handled.as_ref().map_or_else(Vec::new, |h| h.tail.clone());
    let caption = match validation {
        Some(validation) if validation.valid => {
            html! { "The simulation sends the same orders at the same instants through the settings of the run, twelve times; it is valid for this run: the median within 10 %, the 99th percentile within 25 %." }
        }
        Some(validation) => {
            html! { "The simulation is not valid for this run, and nothing is said by it beyond: " (validation.reasons.join("; ")) "." }
        }
        None => html! { "Not simulated: the cloud did not tell of invocations." },
    };
    Plot {
        title: "Acceptance to document: the tail, measured and simulated",
        x: Axis { name: "ms from acceptance to document", unit: "ms", logarithmic: true },
        y: Axis { name: "share that took longer", unit: "took longer", logarithmic: true },
        series: vec![
            Series { name: "measured", color: BLUE, points: measured, stroke: Stroke::Marked },
            Series {
                name: "simulated",
                color: ORANGE,
                points: of_simulated,
                stroke: Stroke::Dashed,
            },
        ],
        marks: Vec::new(),
        caption: html! { (caption) " Where a line crosses 0.01 is its 99th percentile." },
    }
    .figure()
}

fn quantiles(input: &ReportInput<'_>) -> Markup {
    let generator = &input.evidence.manifest.generator;
    let documented = input.study.handled.as_ref().and_then(|handled| handled.whole.as_ref());
    let rows = [
        ("response", "from the intended instant: what a partner waits", Some(&generator.response)),
        ("service", "from the send: what the gateway takes", Some(&generator.service)),
        ("start lag", "the generator's own lateness", Some(&generator.start_lag)),
        ("to the document", "from acceptance to the last document", documented),
    ];
    scrolling(
        "Quantiles of the latencies",
        &html! {
            table.quantiles {
                thead { tr {
                    th scope="col" { "time" } th scope="col" { "what it is" }
                    @for name in ["p50", "p90", "p99", "p99 is within", "p99.9", "max"] { th.number scope="col" { (name) } }
                } }
                tbody { @for (name, meaning, summary) in rows { @if let Some(summary) = summary {
                    tr {
                        th scope="row" { (name) } td.note { (meaning) }
                        td.number { (duration(summary.p50_us)) }
                        td.number { (duration(summary.p90_us)) }
                        td.number { b { (duration(summary.p99_us)) } }
                        td.number.note { (duration(summary.p99_low_us)) " to " (duration(summary.p99_high_us)) }
                        td.number { (duration(summary.p999_us)) }
                        td.number { (duration(summary.max_us)) }
                    }
                } } }
            }
        },
    )
}
