//! What the run says beyond itself, by a simulation that it calibrated.

use claims::words::grouped;
use maud::{Markup, html};

use crate::ReportInput;
use crate::charts::{BLUE, GREEN, ORANGE};
use crate::plots::{Axis, Mark, Plot, Series, Stroke};

pub(super) fn body(input: &ReportInput<'_>) -> Result<Markup, String> {
    let Some(beyond) = input.evidence.extrapolation else {
        return Ok(
            html! { p { "Nothing is said beyond the measured rate: the cloud did not tell of invocations, so that no simulation could be calibrated." } },
        );
    };
    if !beyond.not_valid.is_empty() {
        return Ok(html! {
            p { "Nothing is said beyond the measured rate. The simulation is not valid for this run:" }
            ul { @for reason in &beyond.not_valid { li { (reason) } } }
        });
    }
    let measured = input.evidence.manifest.peak_rate_per_s;
    Ok(html! {
        (limit(input))
        (chart(input, measured)?)
    })
}

fn limit(input: &ReportInput<'_>) -> Markup {
    let Some(beyond) = input.evidence.extrapolation else { return html! {} };
    html! {
        div.cards {
            div.card { p.note { "measured up to" } p.big { (format!("{:.0}/s", input.evidence.manifest.peak_rate_per_s)) } p { "offered at the peak of this run" } }
            div.card {
                p.note { "simulated up to" }
                @match beyond.largest_per_s {
                    Some(largest) => {
                        p.big { (format!("{largest:.0}/s")) }
                        p { "as " (grouped((largest * 86_400.0) as u64)) " a day, with " (beyond.service_level) " to the document" }
                    }
                    None => { p.big { "none" } p { "no rate keeps " (beyond.service_level) " to the document" } }
                }
            }
            div.card {
                p.note { "first bottleneck" }
                @match beyond.first_limit {
                    Some(limit) => { p.big { (limit.name()) } p { (limit.remedy()) } }
                    None => { p.big { "none found" } p { "nothing stops it there" } }
                }
            }
        }
    }
}

fn chart(input: &ReportInput<'_>, measured: f64) -> Result<Markup, String> {
    let rates = &input.study.rates;
    let whole = input.study.handled.as_ref().and_then(|handled| handled.whole.as_ref());
    let here = whole.map(|summary| (measured, summary.p99_us as f64 / 1e3));
    let largest = input.evidence.extrapolation.and_then(|beyond| beyond.largest_per_s);
    Plot {
        title: "Time to document by rate",
        x: Axis { name: "orders/s", unit: "orders/s", logarithmic: true },
        y: Axis { name: "ms to document", unit: "ms", logarithmic: true },
        series: vec![
            Series {
                name: "p50, simulated",
                color: BLUE,
                points: rates.iter().map(|at| (at.per_s, at.p50_ms)).collect(),
                stroke: Stroke::Dashed,
            },
            Series {
                name: "p99, simulated",
                color: ORANGE,
                points: rates.iter().map(|at| (at.per_s, at.p99_ms)).collect(),
                stroke: Stroke::Dashed,
            },
            Series {
                name: "p99 of this run, measured",
                color: GREEN,
                points: here.into_iter().collect(),
                stroke: Stroke::Marked,
            },
        ],
        marks: largest
            .map(|x| Mark { name: "largest rate that keeps the service level", x })
            .into_iter()
            .collect(),
        caption: html! { "Each rate constant and from an empty system, for one to ten minutes; the run's own rate varied, and is shown at its peak. Beyond the mark the backlog grows for as long as the load lasts, and the time with it." },
    }
    .figure()
}
