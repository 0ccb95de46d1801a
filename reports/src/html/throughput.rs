//! What was offered and what was done, and what waited meanwhile.

use maud::{Markup, html};
use plotters::prelude::RGBColor;
use runlog::TimelinePoint;

use super::compression;
use crate::ReportInput;
use crate::charts::{BLUE, GREEN, GREY, ORANGE};
use crate::plots::{Axis, Plot, Series, Stroke};

const SECONDS: Axis<'static> = Axis { name: "seconds of the run", unit: "s", logarithmic: false };

pub(super) fn body(input: &ReportInput<'_>) -> Result<Markup, String> {
    Ok(html! {
        (rates(input)?)
        (backlog(input)?)
        (age(input)?)
        (concurrency(input)?)
    })
}

/// A line of the timeline.
fn line<'a>(
    input: &ReportInput<'_>,
    (name, color, stroke): (&'a str, RGBColor, Stroke),
    of: impl Fn(&TimelinePoint) -> Option<f64>,
) -> Series<'a> {
    let timeline = input.evidence.timeline;
    let points = timeline.iter().filter_map(|at| of(at).map(|value| (at.second as f64, value)));
    Series { name, color, points: points.collect(), stroke }
}

fn chart(
    title: &str,
    (name, unit): (&str, &str),
    series: Vec<Series<'_>>,
    caption: Markup,
) -> Result<Markup, String> {
    let y = Axis { name, unit, logarithmic: false };
    Plot { title, x: SECONDS, y, series, marks: Vec::new(), caption }.figure()
}

fn rates(input: &ReportInput<'_>) -> Result<Markup, String> {
    let timeline = input.evidence.timeline;
    let step_s = timeline.get(1).map_or(1, |point| point.second).max(1) as f64;
    let rate = |count: u64| Some(count as f64 / step_s);
    chart(
        "Offered against achieved",
        ("orders/s", "orders/s"),
        vec![
            line(input, ("offered", GREY, Stroke::Filled), |at| rate(at.offered)),
            line(input, ("accepted", BLUE, Stroke::Plain), |at| rate(at.accepted)),
            line(input, ("documented", GREEN, Stroke::Plain), |at| rate(at.documented)),
        ],
        html! { (compression(input)) "Offered by the schedule, accepted by the gateway, documented in the bucket." },
    )
}

fn backlog(input: &ReportInput<'_>) -> Result<Markup, String> {
    let simulated = input.study.validation.as_ref().map_or_else(Vec::new, |validation| {
        validation.backlog.iter().map(|at| (at.second as f64, at.simulated)).collect()
    });
    let mut series = vec![
        line(input, ("waiting in the queue", ORANGE, Stroke::Filled), |at| at.visible),
        line(input, ("in the function", BLUE, Stroke::Plain), |at| at.in_flight),
    ];
    series.push(Series {
        name: "waiting, simulated",
        color: GREY,
        points: simulated,
        stroke: Stroke::Dashed,
    });
    chart(
        "Backlog",
        ("messages", "messages"),
        series,
        html! { (compression(input)) "What the function cannot take at once waits, and is not lost. Looked at once a period: a backlog of milliseconds is seen by chance only." },
    )
}

fn age(input: &ReportInput<'_>) -> Result<Markup, String> {
    chart(
        "Age of the oldest message",
        ("s", "s"),
        vec![line(input, ("oldest message", ORANGE, Stroke::Filled), |at| at.oldest_age_s)],
        html! { (compression(input)) "How long the message that waits longest has waited, once a period." },
    )
}

fn concurrency(input: &ReportInput<'_>) -> Result<Markup, String> {
    let cold = input.study.handled.as_ref().map_or_else(Vec::new, |handled| {
        handled.cold_starts.iter().map(|(second, n)| (*second as f64, *n as f64)).collect()
    });
    let limit = input.evidence.manifest.deployment.maximum_concurrency;
    chart(
        "Concurrency and cold starts",
        ("at once", ""),
        vec![
            line(input, ("invocations at once", BLUE, Stroke::Filled), |at| at.concurrency),
            Series {
                name: "cold starts in the period",
                color: ORANGE,
                points: cold,
                stroke: Stroke::Dots,
            },
        ],
        html! { (compression(input)) "The event source mapping may run " (limit) " at once. An environment that starts is a cold start." },
    )
}
