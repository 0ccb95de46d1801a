//! The page of `vazao simulate --per-day`: the pipeline over volumes.

use claims::words::grouped;
use maud::{Markup, PreEscaped, html};
use simulator::{CurvePoint, ScalingCurve, SensitivityLine, Volume};

use crate::ReportError;
use crate::charts::{BLUE, GREEN, ORANGE};
use crate::heat_map::{self, Map};
use crate::page::{Head, scrolling, section};
use crate::plots::{Axis, Mark, Plot, Series, Stroke};

const FILE: &str = "scaling.html";

const PER_DAY: Axis<'static> =
    Axis { name: "orders a day", unit: "orders a day", logarithmic: true };

/// Makes the page.
///
/// # Errors
/// If a chart cannot be drawn.
pub fn scaling_page(curve: &ScalingCurve) -> Result<String, ReportError> {
    page(curve).map_err(|cause| ReportError { file: FILE, cause })
}

fn page(curve: &ScalingCurve) -> Result<String, String> {
    let headline = match curve.largest_per_day {
        Some(largest) => format!("{} orders a day keep {}", words(largest), curve.service_level),
        None => format!("No volume keeps {}", curve.service_level),
    };
    let head = Head {
        title: "vazao, simulated volumes".to_owned(),
        class: "unshown",
        kicker: format!(
            "vazao · simulated, not measured · seed {} · prices of {}",
            curve.seed, curve.region
        ),
        headline,
        explanation: html! { p { "On business days; beyond, the busiest minutes break it, or orders are refused or throttled." } },
    };
    let sections = [
        ("volumes", "Volumes", points(curve)),
        ("times", "Time to document", times(curve)?),
        ("load", "Backlog and concurrency", load(curve)?),
        ("cost", "What orders cost", cost(curve)?),
        ("map", "p99 by rate and maximum concurrency", map(curve)?),
        ("sensitivity", "What it depends on", sensitivity(curve)),
        ("assumptions", "What all of it rests on", assumptions(curve)),
    ];
    let contents = sections.each_ref().map(|(id, title, _)| (*id, *title));
    let body = html! { @for (id, title, body) in &sections { (section(id, title, body)) } };
    Ok(crate::page::page(&head, &contents, &body))
}

/// 1.2 million, 34,000.
fn words(count: f64) -> String {
    match count {
        1e6.. => format!("{:.1} million", count / 1e6),
        _ => grouped(count.round() as u64),
    }
}

fn points(curve: &ScalingCurve) -> Markup {
    html! {
        (scrolling("Volumes", &html! {
            table {
                thead { tr {
                    th.number { "orders a day" } th.number { "busiest/s" } th.number { "p50 ms" }
                    th.number { "p99 ms" } th.number { "backlog" } th.number { "at once" }
                    th.number { "USD/order" } th { "what holds back first, and what to change" }
                } }
                tbody { @for point in &curve.volumes { (point_row(point)) } }
            }
        }))
            @if let Some(measured) = curve.measured_up_to_per_day {
                p.note { "Times were measured up to " (words(measured)) " orders a day; volumes marked * are extrapolated." }
            }
    }
}

fn point_row(point: &CurvePoint) -> Markup {
    let outcome =
        |of: fn(&Volume) -> String| point.outcome.as_ref().map_or_else(|| "grows".to_owned(), of);
    html! {
        tr {
            td.number { (grouped(point.per_day as u64)) @if point.extrapolated { "*" } }
            td.number { (format!("{:.1}", point.peak_per_s)) }
            td.number { (outcome(|volume| format!("{:.1}", volume.p50_ms))) }
            td.number { (outcome(|volume| format!("{:.1}", volume.p99_ms))) }
            td.number { (outcome(|volume| grouped(volume.backlog_max))) }
            td.number { (outcome(|volume| grouped(volume.concurrency_max))) }
            td.number { (point.usd_per_order.as_deref().unwrap_or("-")) }
            td { (point.bottleneck_in_words()) }
        }
    }
}

/// A line over the volumes that have an outcome.
fn over_volumes(curve: &ScalingCurve, of: impl Fn(&Volume) -> f64) -> Vec<(f64, f64)> {
    let point = |point: &CurvePoint| Some((point.per_day, of(point.outcome.as_ref()?)));
    curve.volumes.iter().filter_map(point).collect()
}

fn marks(curve: &ScalingCurve) -> Vec<Mark<'_>> {
    let largest = curve
        .largest_per_day
        .map(|at| Mark { name: "largest that keeps the service level", x: at });
    let measured =
        curve.measured_up_to_per_day.map(|at| Mark { name: "measured up to here", x: at });
    largest.into_iter().chain(measured).collect()
}

fn times(curve: &ScalingCurve) -> Result<Markup, String> {
    Plot {
        title: "Of all orders of a business day",
        x: PER_DAY,
        y: Axis { name: "from acceptance to document, ms", unit: "ms", logarithmic: true },
        series: vec![
            Series {
                name: "p50",
                color: BLUE,
                points: over_volumes(curve, |v| v.p50_ms),
                stroke: Stroke::Marked,
            },
            Series {
                name: "p99",
                color: ORANGE,
                points: over_volumes(curve, |v| v.p99_ms),
                stroke: Stroke::Marked,
            },
        ],
        marks: marks(curve),
        caption: html! { "Of all orders of a business day." },
    }
    .figure()
}

fn load(curve: &ScalingCurve) -> Result<Markup, String> {
    Plot {
        title: "At most at the same time",
        x: PER_DAY,
        y: Axis { name: "at most at the same time", unit: "", logarithmic: true },
        series: vec![
            Series {
                name: "messages that wait",
                color: ORANGE,
                points: over_volumes(curve, |v| v.backlog_max as f64),
                stroke: Stroke::Marked,
            },
            Series {
                name: "invocations",
                color: GREEN,
                points: over_volumes(curve, |v| v.concurrency_max as f64),
                stroke: Stroke::Marked,
            },
        ],
        marks: Vec::new(),
        caption: html! { "A backlog of none is not drawn." },
    }
    .figure()
}

fn cost(curve: &ScalingCurve) -> Result<Markup, String> {
    let priced = |point: &CurvePoint| {
        let usd: f64 = point.usd_per_order.as_deref()?.parse().ok()?;
        Some((point.per_day, usd * 1e6))
    };
    Plot {
        title: "A million orders",
        x: PER_DAY,
        y: Axis { name: "USD for a million orders", unit: "USD", logarithmic: true },
        series: vec![Series {
            name: "at list prices, no free tier",
            color: BLUE,
            points: curve.volumes.iter().filter_map(priced).collect(),
            stroke: Stroke::Marked,
        }],
        marks: Vec::new(),
        caption: html! { "A month of such days, by volume: pollers ask whether or not there are orders, which weighs on few." },
    }
    .figure()
}

fn map(curve: &ScalingCurve) -> Result<Markup, String> {
    let map = &curve.heat_map;
    let svg = heat_map::draw(&Map {
        rows: map.rates_per_s.iter().map(|rate| grouped(*rate as u64)).collect(),
        columns: map.maximum_concurrency.iter().map(|n| grouped(u64::from(*n))).collect(),
        cells: &map.p99_ms,
        row_name: "orders/s",
        column_name: "maximum concurrency",
        none: "beyond",
    })?;
    Ok(html! {
        figure {
            div.drawn role="region" tabindex="0" aria-label="p99 by rate and maximum concurrency" { (PreEscaped(svg)) }
            figcaption { "Ten minutes at a constant rate, from an empty system: the event source mapping still scales up in them. Beyond: more orders than full batches in all places can take." }
        }
    })
}

fn sensitivity(curve: &ScalingCurve) -> Markup {
    html! {
        (scrolling("What it depends on", &html! {
            table {
                thead { tr {
                    th { "assumption" } th.number { "as it is" } th.number { "p99 ms" }
                    th.number { "from" } th.number { "p99 ms" } th.number { "to" } th.number { "p99 ms" }
                    th.number { "billed ms an order" }
                } }
                tbody { @for line in &curve.sensitivity { (line_row(line)) } }
            }
        }))
            p.note { "A business day of " (grouped(curve.sensitivity_per_day as u64)) " orders, the same arrivals each time, one assumption at an end of its range and the others as they are." }
    }
}

fn line_row(line: &SensitivityLine) -> Markup {
    let p99 = |index: usize| {
        line.p99_ms[index].map_or_else(|| "beyond".to_owned(), |p99| format!("{p99:.1}"))
    };
    let billed = line.billed_ms_per_order;
    html! {
        tr {
            td { (line.name) div.note { (line.about) } }
            td.number { (line.value) } td.number { (p99(0)) }
            td.number { (line.range[0]) } td.number { (p99(1)) }
            td.number { (line.range[1]) } td.number { (p99(2)) }
            td.number { (format!("{:.1} / {:.1} / {:.1}", billed[0], billed[1], billed[2])) }
        }
    }
}

fn assumptions(curve: &ScalingCurve) -> Markup {
    html! {
        aside.caveats aria-label="Assumptions" {
            ul { @for assumption in &curve.assumptions { li { (assumption) } } }
        }
    }
}
