//! What was promised, and whether this run shows it.

use claims::Finding;
use maud::{Markup, html};

use super::from;
use crate::ReportInput;
use crate::page::scrolling;
use crate::words::class;

const COLUMNS: [&str; 7] =
    ["claim", "verdict", "value", "threshold", "tested", "simulated", "evidence"];

#[expect(clippy::unnecessary_wraps, reason = "every section is made alike")]
pub(super) fn body(input: &ReportInput<'_>) -> Result<Markup, String> {
    let findings = &input.judgement.findings;
    Ok(html! {
        // A small screen shows each row as a card, which takes the table's roles away: they are
        // said here.
        table.verdicts role="table" aria-label="The claims and their verdicts" {
            thead role="rowgroup" { tr role="row" { @for name in COLUMNS { th role="columnheader" scope="col" { (name) } } } }
            tbody role="rowgroup" { @for finding in findings { (row(finding)) } }
        }
        @for finding in findings { (numbers(finding)) }
        (caveats(findings))
    })
}

fn row(finding: &Finding) -> Markup {
    let summary = &finding.summary;
    html! {
        tr role="row" {
            th.promise role="rowheader" scope="row" { (finding.promise) }
            td role="cell" { span class={ "standing " (class(finding.standing)) } { (finding.standing) } }
            td role="cell" data-label=(COLUMNS[2]) { b { (summary.value) } div.note { (summary.interval) } }
            td role="cell" data-label=(COLUMNS[3]) { (summary.threshold) }
            td role="cell" data-label=(COLUMNS[4]) { (summary.tested) }
            td role="cell" data-label=(COLUMNS[5]) { (summary.simulated) }
            td role="cell" data-label=(COLUMNS[6]) { a href={ "#" (evidence(&finding.claim).0) } { (evidence(&finding.claim).1) } }
        }
    }
}

/// The section that shows what decided a claim.
fn evidence(claim: &str) -> (&'static str, &'static str) {
    match claim {
        "no-order-lost" => ("account", "the account"),
        "scales" => ("latency", "the latencies"),
        "pays-for-use" => ("bill", "the bill"),
        _ => ("provenance", "the run"),
    }
}

fn numbers(finding: &Finding) -> Markup {
    let name = format!("The numbers behind: {}", finding.promise);
    html! {
        details {
            summary { (name) }
            p { (finding.reason) "." }
            (scrolling(&name, &html! {
                table.facts { tbody {
                    @for fact in &finding.facts {
                        tr { th scope="row" { (fact.label) } td.value { (fact.value) } td { (from(&fact.provenance)) } }
                    }
                } }
            }))
        }
    }
}

fn caveats(findings: &[Finding]) -> Markup {
    let caveats = || findings.iter().flat_map(|finding| &finding.caveats);
    html! {
        @if caveats().next().is_some() {
            aside.caveats aria-label="What does not hold, or not yet" {
                h3 { "What does not hold, or not yet" }
                ul { @for caveat in caveats() { li { (caveat) } } }
            }
        }
    }
}
