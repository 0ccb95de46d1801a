//! The page of `vazao simulate --from`: a run, measured and simulated.

use claims::words::grouped;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use runlog::RunManifest;
use simulator::{Compared, Validation};

use crate::ReportError;
use crate::charts::{BLUE, ORANGE};
use crate::plots::{Axis, Legend, Series, plot};

const FILE: &str = "simulation.html";
const STYLE: &str = include_str!("report.css");

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
    page.map(PreEscaped::into_string).map_err(|cause| ReportError { file: FILE, cause })
}

fn page(
    manifest: &RunManifest,
    validation: &Validation,
    calibration: &[(String, String)],
) -> Result<Markup, String> {
    let (class, headline) = if validation.valid {
        ("holds", "The model is valid for this run")
    } else {
        ("broken", "The model is not valid for this run")
    };
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "vazao " (manifest.id) ", simulated" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class=(class) {
                    p.kicker { "vazao · " (manifest.profile) " · " (manifest.id) " · measured and simulated" }
                    h1 { (headline) }
                    @if validation.valid {
                        p { "The same " (grouped(manifest.planned)) " orders at the same instants through the settings of the run, twelve times: medians within 10 %, 99th percentiles within 25 %, invocations and compute within 10 %." }
                    } @else {
                        ul { @for reason in &validation.reasons { li { (reason) } } }
                    }
                }
                (numbers(validation))
                (distribution(validation)?)
                (backlog(validation)?)
                (taken(calibration))
            }
        }
    })
}

fn numbers(validation: &Validation) -> Markup {
    html! {
        section {
            h2 { "Measured against simulated" }
            table {
                thead { tr {
                    th { "" } th.number { "measured" } th.number { "simulated" }
                    th.number { "off" } th.number { "allowed" } th { "" }
                } }
                tbody { @for number in &validation.compared { (row(number)) } }
            }
        }
    }
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
    let svg = plot(
        (
            Axis { name: "from acceptance to document, ms", logarithmic: true },
            Axis { name: "share that took longer", logarithmic: true },
        ),
        &[
            Series {
                name: "measured",
                color: BLUE,
                points: points(|q| q.measured_ms),
                marked: false,
            },
            Series {
                name: "simulated",
                color: ORANGE,
                points: points(|q| q.simulated_ms),
                marked: false,
            },
        ],
        &[],
        Legend::Bottom,
    )?;
    Ok(html! {
        section {
            h2 { "Time from acceptance to document" }
            figure {
                (PreEscaped(svg))
                figcaption { "From the queue's time stamp, whose resolution is 1 ms, to the end of the invocation that documented the order. Where the lines cross 0.01 is the 99th percentile." }
            }
        }
    })
}

fn backlog(validation: &Validation) -> Result<Markup, String> {
    let line = |of: fn(&simulator::Backlog) -> f64| {
        validation.backlog.iter().map(|point| (point.second as f64, of(point))).collect()
    };
    let svg = plot(
        (
            Axis { name: "seconds of the run", logarithmic: false },
            Axis { name: "messages that wait", logarithmic: false },
        ),
        &[
            Series {
                name: "measured",
                color: BLUE,
                points: line(|point| point.measured),
                marked: false,
            },
            Series {
                name: "simulated, the mean of twelve",
                color: ORANGE,
                points: line(|point| point.simulated),
                marked: false,
            },
        ],
        &[],
        Legend::Top,
    )?;
    Ok(html! {
        section {
            h2 { "Backlog" }
            figure {
                (PreEscaped(svg))
                figcaption { "Looked at once a second, so that a backlog of milliseconds is seen by chance only." }
            }
        }
    })
}

fn taken(calibration: &[(String, String)]) -> Markup {
    html! {
        section {
            h2 { "What was taken from the run" }
            table {
                tbody { @for (name, value) in calibration {
                    tr { td { (name) } td.number { (value) } }
                } }
            }
            p.note { "Taken from the run: how long invocations take, by the size of their batch and by how many run at once; cold starts; failures; the time between queue and function. Simulated: which orders share a batch, who waits for whom, how long, and what that comes to." }
        }
    }
}
