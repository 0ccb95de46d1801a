//! `report.html`: one file for whoever signs a system off, or does not. It works offline, prints,
//! and reads without its script. A module a section.

mod account;
mod bill;
mod break_even;
mod latency;
mod path;
mod provenance;
mod scaling;
mod storage;
mod throughput;
mod verdicts;

use claims::{Finding, Standing};
use maud::{Markup, html};

use crate::page::{Head, page, section};
use crate::words::{class, headline};
use crate::{ReportError, ReportInput};

/// A section: its id, its title, and how it is made.
type Section = (&'static str, &'static str, fn(&ReportInput<'_>) -> Result<Markup, String>);

/// Every section, in the order in which they are read.
const SECTIONS: &[Section] = &[
    ("claims", "The claims", verdicts::body),
    ("path", "The order's path", path::body),
    ("latency", "Latency", latency::body),
    ("throughput", "Throughput and backlog", throughput::body),
    ("account", "The account of every order", account::body),
    ("scaling", "How far it scales", scaling::body),
    ("bill", "The bill", bill::body),
    ("storage", "Documents in S3 Intelligent-Tiering", storage::body),
    ("break-even", "Break-even", break_even::body),
    ("provenance", "Where the numbers come from", provenance::body),
];

pub(crate) fn render(input: &ReportInput<'_>) -> Result<String, ReportError> {
    let failed = |cause| ReportError { file: "report.html", cause };
    let mut body = Vec::new();
    for (id, title, make) in SECTIONS {
        body.push(section(id, title, &make(input).map_err(failed)?));
    }
    let contents: Vec<_> = SECTIONS.iter().map(|(id, title, _)| (*id, *title)).collect();
    Ok(page(&head(input), &contents, &html! { @for section in body { (section) } }))
}

fn head(input: &ReportInput<'_>) -> Head {
    let manifest = input.evidence.manifest;
    Head {
        title: format!("vazao {}", manifest.id),
        class: class(worst(&input.judgement.findings)),
        kicker: format!(
            "vazao · {} · {}",
            manifest.profile,
            manifest.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        ),
        headline: headline(input.judgement.verdict).to_owned(),
        explanation: html! { p { (input.judgement.reason) } },
    }
}

fn worst(findings: &[Finding]) -> Standing {
    let any = |standing| findings.iter().any(|finding| finding.standing == standing);
    if any(Standing::Broken) {
        Standing::Broken
    } else if any(Standing::NotShown) {
        Standing::NotShown
    } else {
        Standing::Holds
    }
}

/// Never that compressed time is time.
fn compression(input: &ReportInput<'_>) -> Markup {
    let speed = input.evidence.manifest.speed;
    html! { @if (speed - 1.0).abs() > f64::EPSILON { "Time is compressed " (format!("{speed:.0}")) " times. " } }
}

/// Where a number comes from, as a mark beside it.
fn from(provenance: &str) -> Markup {
    let kind = provenance.split([',', ' ']).next().unwrap_or_default();
    html! { span class={ "from " (kind) } { (provenance) } }
}
