//! `report.html`: one file, no script, no network; opens anywhere and prints.

use claims::words::{duration, grouped};
use claims::{Finding, Standing};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use runlog::{LatencySummary, TimelinePoint};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::charts::{self, BLUE, GREEN, GREY, Line, ORANGE};
use crate::words::{bytes, class, headline};
use crate::{ReportError, ReportInput};

const STYLE: &str = include_str!("report.css");

pub(crate) fn render(input: &ReportInput<'_>) -> Result<String, ReportError> {
    page(input)
        .map(PreEscaped::into_string)
        .map_err(|cause| ReportError { file: "report.html", cause })
}

fn page(input: &ReportInput<'_>) -> Result<Markup, String> {
    let manifest = input.evidence.manifest;
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "vazao " (manifest.id) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(input))
                (verdicts(input))
                (caveats(input))
                (account(input))
                (latency(input)?)
                (throughput(input)?)
                (bill(input))
                (floor(input))
                (provenance(input))
            }
        }
    })
}

fn head(input: &ReportInput<'_>) -> Markup {
    let manifest = input.evidence.manifest;
    let worst = worst(&input.judgement.findings);
    html! {
        header class=(class(worst)) {
            p.kicker { "vazao · " (manifest.profile) " · " (manifest.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")) }
            h1 { (headline(input.judgement.verdict)) }
            p { (input.judgement.reason) }
        }
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

fn verdicts(input: &ReportInput<'_>) -> Markup {
    html! {
        section {
            h2 { "The claims" }
            table.verdicts {
                thead { tr { th { "claim" } th { "standing" } th { "because" } } }
                tbody {
                    @for finding in &input.judgement.findings {
                        tr {
                            td.promise { (finding.promise) }
                            td { span class={ "standing " (class(finding.standing)) } { (finding.standing) } }
                            td {
                                (finding.reason)
                                details {
                                    summary { "the numbers that decided" }
                                    table.facts {
                                        @for fact in &finding.facts {
                                            tr {
                                                td { (fact.label) }
                                                td.number { (fact.value) }
                                                td.provenance { (fact.provenance) }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn caveats(input: &ReportInput<'_>) -> Markup {
    let caveats = || input.judgement.findings.iter().flat_map(|finding| &finding.caveats);
    html! {
        @if caveats().next().is_some() {
            section.caveats {
                h2 { "What does not hold, or not yet" }
                ul { @for caveat in caveats() { li { (caveat) } } }
            }
        }
    }
}

fn account(input: &ReportInput<'_>) -> Markup {
    let account = input.evidence.reconciliation;
    let sent = &account.sent;
    let row = |label: &str, count: u64, note: &str| {
        html! { tr { td { (label) } td.number { (grouped(count)) } td.note { (note) } } }
    };
    html! {
        section {
            h2 { "The account of every order" }
            p { "Compared order by order in the sender's ledger, the billing table and the bucket; a loss and a duplicate cannot cancel out." }
            div.columns {
                table {
                    caption { "What went in" }
                    (row("planned", account.planned, ""))
                    (row("accepted", sent.accepted, "202: the queue has it"))
                    (row("rejected", sent.rejected, "4xx"))
                    (row("throttled", sent.throttled, "429"))
                    (row("failed", sent.failed, "5xx, or no connection"))
                    (row("unknown", sent.unknown, "no answer"))
                    (row("not sent", account.not_sent, "the run was stopped"))
                }
                table {
                    caption { "What came out" }
                    (row("documented", account.documented, "one billing row, one XML, one PDF"))
                    (row("refused", account.refused, "a business reason, stored"))
                    (row("recovered", account.recovered, "no promise was heard, and yet processed"))
                    (row("absent", account.absent, "no promise was heard, and not processed"))
                    (row("lost", account.lost.count, &account.lost.examples.join(" ")))
                    (row("duplicated", account.duplicated.count, &account.duplicated.examples.join(" ")))
                    (row("unexpected", account.unexpected.count, &account.unexpected.examples.join(" ")))
                }
            }
        }
    }
}

fn latency(input: &ReportInput<'_>) -> Result<Markup, String> {
    let quantile = |name, color, of: fn(&LatencySummary) -> u64, filled| Line {
        name,
        color,
        points: input
            .latency
            .iter()
            .map(|(second, summary)| (*second, of(summary) as f64 / 1_000.0))
            .collect(),
        filled,
    };
    let chart = charts::over_time(
        "ms",
        &[
            quantile("p50", BLUE, |summary| summary.p50_us, true),
            quantile("p99", ORANGE, |summary| summary.p99_us, false),
        ],
    )?;
    let generator = &input.evidence.manifest.generator;
    let rows = [
        ("response", "from the intended instant: what a partner waits", &generator.response),
        ("service", "from the send: what the gateway takes", &generator.service),
        (
            "start lag",
            "from the intended instant to the send: the generator's own lateness",
            &generator.start_lag,
        ),
    ];
    Ok(html! {
        section {
            h2 { "Latency of acceptance" }
            figure { (PreEscaped(chart)) figcaption { (compression(input)) "Response time by the second that intended the order." } }
            table.quantiles {
                thead { tr { th { "time" } th { "what it is" } th { "p50" } th { "p90" } th { "p99" } th { "p99.9" } th { "max" } } }
                @for (name, meaning, summary) in rows {
                    tr {
                        td { (name) } td.note { (meaning) }
                        @for value in [summary.p50_us, summary.p90_us, summary.p99_us, summary.p999_us, summary.max_us] {
                            td.number { (duration(value)) }
                        }
                    }
                }
            }
        }
    })
}

fn compression(input: &ReportInput<'_>) -> Markup {
    let speed = input.evidence.manifest.speed;
    html! { @if (speed - 1.0).abs() > f64::EPSILON { "Time compressed " (format!("{speed:.0}")) " times. " } }
}

fn throughput(input: &ReportInput<'_>) -> Result<Markup, String> {
    let timeline = input.evidence.timeline;
    let step_s = timeline.get(1).map_or(1, |point| point.second).max(1) as f64;
    let line = |name, color, filled, of: &dyn Fn(&TimelinePoint) -> Option<f64>| Line {
        name,
        color,
        points: timeline
            .iter()
            .filter_map(|point| of(point).map(|value| (point.second as f64, value)))
            .collect(),
        filled,
    };
    let rates = charts::over_time(
        "orders/s",
        &[
            line("offered", GREY, true, &|point| Some(point.offered as f64 / step_s)),
            line("accepted", BLUE, false, &|point| Some(point.accepted as f64 / step_s)),
            line("documented", GREEN, false, &|point| Some(point.documented as f64 / step_s)),
        ],
    )?;
    let backlog = charts::over_time(
        "messages",
        &[
            line("waiting in the queue", ORANGE, true, &|point| point.visible),
            line("in the function", BLUE, false, &|point| point.in_flight),
        ],
    )?;
    Ok(html! {
        section {
            h2 { "Throughput and backlog" }
            figure { (PreEscaped(rates)) figcaption { (compression(input)) "Orders offered by the schedule, accepted by the gateway, and documented in the bucket." } }
            figure { (PreEscaped(backlog)) figcaption { (compression(input)) "Messages of the queue; what the function cannot take at once waits, and is not lost." } }
        }
    })
}

fn bill(input: &ReportInput<'_>) -> Markup {
    html! {
        section {
            h2 { "The bill" }
            p { "What the usage of this run would have cost on AWS, documents kept for one month; scaled to a million orders for the unit cost." }
            @for region in &input.evidence.cost.regions {
                h3 { (region.region) " · list prices published " (region.run.prices_published) }
                table.bill {
                    thead { tr { th { "service" } th { "item" } th { "quantity" } th { "unit" } th { "this run" } th { "per million orders" } th { "how" } } }
                    @for (item, million) in region.run.lines.iter().zip(&region.per_million.lines) {
                        tr {
                            td { (item.service) } td { (item.item) }
                            td.number { (quantity(item.quantity)) } td.unit { (item.unit) }
                            td.number { (item.amount) } td.number { (million.amount) }
                            td.note { (format!("{:?}", item.provenance).to_lowercase()) "; " (item.formula) }
                        }
                    }
                    tfoot {
                        tr { td colspan="4" { "total" } td.number { (region.run.total) } td.number { (region.per_million.total) } td {} }
                        tr { td colspan="4" { "total, free tier of an otherwise unused account taken off" } td.number { (region.run_free_tier.total) } td {} td {} }
                    }
                }
            }
        }
    }
}

/// Whole as it is; else to four significant digits.
fn quantity(exact: Decimal) -> String {
    if exact.is_integer() {
        return grouped(exact.to_u64().unwrap_or(u64::MAX));
    }
    exact.round_sf(4).unwrap_or(exact).normalize().to_string()
}

fn floor(input: &ReportInput<'_>) -> Markup {
    let s3 = &input.evidence.usage.s3;
    let objects = s3.small_objects.amount + s3.large_objects.amount;
    let mean = (s3.small_bytes.amount + s3.large_bytes.amount) / objects.max(1);
    html! {
        section {
            h2 { "A month without orders, and documents too small to be tiered" }
            @for region in &input.evidence.cost.regions {
                h3 { (region.region) }
                table {
                    @for item in &region.floor {
                        tr { td { (item.service) } td { (item.item) } td.number { (item.amount) } td.note { (item.formula) } }
                    }
                }
            }
            p {
                (grouped(s3.small_objects.amount)) " of " (grouped(objects)) " objects are under 128 KB; the mean is " (bytes(mean)) ". "
                "S3 Intelligent-Tiering never moves such an object and never charges its monitoring."
            }
        }
    }
}

fn provenance(input: &ReportInput<'_>) -> Markup {
    let manifest = input.evidence.manifest;
    html! {
        section.provenance-section {
            h2 { "Where the numbers come from" }
            table {
                tr { td { "run" } td { (manifest.id) ", order numbers " (manifest.tag) "-..." } }
                tr { td { "software" } td { (manifest.software) } }
                tr { td { "seed" } td { (manifest.seed) } }
                tr { td { "target" } td { (format!("{:?}", manifest.target)) ", prices of " (manifest.deployment.region) ", function " (manifest.deployment.memory_mb) " MB, batch " (manifest.deployment.batch_size) ", at most " (manifest.deployment.maximum_concurrency) " at once" } }
                @for process in &manifest.processes {
                    tr {
                        td { (process.name) }
                        td {
                            (process.processes) " process(es), CPU " (duration(process.cpu_ms * 1_000))
                            @if let Some(peak) = process.peak_rss_kb { ", peak memory " (bytes(peak * 1_024)) }
                        }
                    }
                }
            }
            details { summary { "the profile as resolved" } pre { (manifest.profile_toml) } }
        }
    }
}
