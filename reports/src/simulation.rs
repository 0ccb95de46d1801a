//! The page of `vazao simulate --from`: a run, measured and simulated.

use claims::words::grouped;
use maud::{Markup, html};
use runlog::RunManifest;
use simulator::{Compared, Validation};

use crate::ReportError;
use crate::charts::{BLUE, ORANGE};
use crate::page::{Head, scrolling, section};
use crate::plots::{Axis, Plot, Series, Stroke};

const FILE: &str = "simulation.html";

/// Makes the page. `calibration` says in words what was taken from the run.
///
/// # Errors
/// If a chart cannot be drawn.
pub fn simulation_page(
    manifest: &RunManifest,
    validation: &Validation,
    calibration: &[(String, String)],
) -> Result<String, ReportError> {
    let page = page(manifest, validation, calibration);
    page.map_err(|cause| ReportError { file: FILE, cause })
}

fn page(
    manifest: &RunManifest,
    validation: &Validation,
    calibration: &[(String, String)],
) -> Result<String, String> {
    let (class, headline) = if validation.valid {
        ("holds", "The model is valid for this run")
    } else {
        ("broken", "The model is not valid for this run")
    };
    let head = Head {
        title: format!("vazao {}, simulated", manifest.id),
        class,
        kicker: format!("vazao · {} · {} · measured and simulated", manifest.profile, manifest.id),
        headline: headline.to_owned(),
        explanation: html! {
            @if validation.valid {
                p { "The same " (grouped(manifest.planned)) " orders at the same instants through the settings of the run, twelve times: medians within 10 %, 99th percentiles within 25 %, invocations and compute within 10 %." }
            } @else {
                ul { @for reason in &validation.reasons { li { (reason) } } }
            }
        },
    };
    let sections = [
        ("numbers", "Measured against simulated", numbers(validation)),
        ("distribution", "Time from acceptance to document", distribution(validation)?),
        ("backlog", "Backlog", backlog(validation)?),
        ("taken", "What was taken from the run", taken(calibration)),
    ];
    let contents = sections.each_ref().map(|(id, title, _)| (*id, *title));
    let body = html! { @for (id, title, body) in &sections { (section(id, title, body)) } };
    Ok(crate::page::page(&head, &contents, &body))
}

fn numbers(validation: &Validation) -> Markup {
    scrolling(
        "Measured against simulated",
        &html! {
            table {
                thead { tr {
                    th scope="col" { "number" } th.number scope="col" { "measured" } th.number scope="col" { "simulated" }
                    th.number scope="col" { "off" } th.number scope="col" { "allowed" } th scope="col" { "so it is" }
                } }
                tbody { @for number in &validation.compared { (row(number)) } }
            }
        },
    )
}

fn row(number: &Compared) -> Markup {
    let value = |value: f64| {
        if number.unit.is_empty() { grouped(value.round() as u64) } else { format!("{value:.2}") }
    };
    html! {
        tr {
            td { (number.name) @if !number.unit.is_empty() { " " span.unit { (number.unit) } } }
            td.number { (value(number.measured)) }
            td.number { (value(number.simulated)) }
            td.number { @if let Some(off) = number.off { (format!("{:+.1} %", off * 100.0)) } }
            td.number { @if let Some(most) = number.tolerance { (format!("{:.0} %", most * 100.0)) } }
            td {
                @if number.tolerance.is_some() {
                    @if number.is_within() {
                        span.standing.holds { "within" }
                    } @else {
                        span.standing.broken { "off" }
                    }
                }
            }
        }
    }
}

fn distribution(validation: &Validation) -> Result<Markup, String> {
    let points = |of: fn(&simulator::Quantile) -> f64| {
        validation.quantiles.iter().map(|q| (of(q), 1.0 - q.quantile)).collect()
    };
    Plot {
        title: "The tail, measured and simulated",
        x: Axis { name: "from acceptance to document, ms", unit: "ms", logarithmic: true },
        y: Axis { name: "share that took longer", unit: "took longer", logarithmic: true },
        series: vec![
            Series {
                name: "measured",
                color: BLUE,
                points: points(|q| q.measured_ms),
                stroke: Stroke::Plain,
            },
            Series {
                name: "simulated",
                color: ORANGE,
                points: points(|q| q.simulated_ms),
                stroke: Stroke::Dashed,
            },
        ],
        marks: Vec::new(),
        caption: html! { "From the queue's time stamp, whose resolution is 1 ms, to the end of the invocation that documented the order. Where the lines cross 0.01 is the 99th percentile." },
    }
    .figure()
}

fn backlog(validation: &Validation) -> Result<Markup, String> {
    let line = |of: fn(&simulator::Backlog) -> f64| {
        validation.backlog.iter().map(|point| (point.second as f64, of(point))).collect()
    };
    Plot {
        title: "Messages that wait",
        x: Axis { name: "seconds of the run", unit: "s", logarithmic: false },
        y: Axis { name: "messages that wait", unit: "messages", logarithmic: false },
        series: vec![
            Series {
                name: "measured",
                color: BLUE,
                points: line(|point| point.measured),
                stroke: Stroke::Plain,
            },
            Series {
                name: "simulated, the mean of twelve",
                color: ORANGE,
                points: line(|point| point.simulated),
                stroke: Stroke::Dashed,
            },
        ],
        marks: Vec::new(),
        caption: html! { "Looked at once a second, so that a backlog of milliseconds is seen by chance only." },
    }
    .figure()
}

fn taken(calibration: &[(String, String)]) -> Markup {
    html! {
            table {
                tbody { @for (name, value) in calibration {
                    tr { th scope="row" { (name) } td.number { (value) } }
                } }
            }
            p.note { "Taken from the run: how long invocations take, by the size of their batch and by how many run at once; cold starts; failures; the time between queue and function. Simulated: which orders share a batch, who waits for whom, how long, and what that comes to." }
    }
}
