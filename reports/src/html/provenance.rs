//! Of which kind each number is, and of which run.

use claims::words::duration;
use maud::{Markup, html};
use runlog::Target;

use super::from;
use crate::ReportInput;
use crate::page::scrolling;
use crate::words::bytes;

/// Kinds of numbers, and where on the page they are.
const KINDS: [(&str, &str, &str); 5] = [
    (
        "measured",
        "read from a meter, a ledger or a clock of this run",
        "the path, the latencies, throughput and backlog, the account, quantities of the bill",
    ),
    (
        "derived",
        "computed from measured numbers by a rule that is written beside it",
        "intervals of percentiles, the bound of the loss rate, requests that no meter counts",
    ),
    (
        "priced",
        "a measured or derived quantity times a list price",
        "the bill, the documents in S3",
    ),
    (
        "assumed",
        "somebody's assumption, with its range in vazao forecast and vazao simulate",
        "a month without orders, what servers can carry, break-even",
    ),
    (
        "simulated",
        "from a model that this run calibrated and was held against",
        "dashed lines, how far it scales, the first bottleneck",
    ),
];

#[expect(clippy::unnecessary_wraps, reason = "every section is made alike")]
pub(super) fn body(input: &ReportInput<'_>) -> Result<Markup, String> {
    Ok(html! {
        (scrolling("Kinds of numbers", &html! {
            table {
                thead { tr { th scope="col" { "kind" } th scope="col" { "what it is" } th scope="col" { "where" } } }
                tbody { @for (kind, what, place) in KINDS {
                    tr { th scope="row" { (from(kind)) } td { (what) } td.note { (place) } }
                } }
            }
        }))
        (scrolling("The run", &html! { table { caption { "The run" } tbody { (run(input)) } } }))
        details { summary { "The profile as resolved" } pre role="region" tabindex="0" aria-label="The profile as resolved" { (input.evidence.manifest.profile_toml) } }
    })
}

fn run(input: &ReportInput<'_>) -> Markup {
    let manifest = input.evidence.manifest;
    let deployment = &manifest.deployment;
    let target = match manifest.target {
        Target::LocalCloud => "the local cloud, an imitation of AWS on this machine",
        Target::Aws => "an AWS account",
    };
    html! {
        tr { th scope="row" { "run" } td { (manifest.id) ", order numbers " (manifest.tag) "-..." } }
        tr { th scope="row" { "software, seed" } td { (manifest.software) ", seed " (manifest.seed) } }
        tr { th scope="row" { "target" } td { (target) } }
        tr { th scope="row" { "settings" } td {
            "prices of " (deployment.region) ", function " (deployment.memory_mb) " MB, batches of " (deployment.batch_size)
            ", at most " (deployment.maximum_concurrency) " at once, visibility timeout " (deployment.visibility_timeout_s) " s"
        } }
        @for region in &input.evidence.cost.regions {
            tr { th scope="row" { "price list" } td { (region.region) ", published " (region.run.prices_published) } }
        }
        @for process in &manifest.processes {
            tr {
                th scope="row" { (process.name) }
                td {
                    (process.processes) " process(es), CPU " (duration(process.cpu_ms * 1_000))
                    @if let Some(peak) = process.peak_rss_kb { ", peak memory " (bytes(peak * 1_024)) }
                }
            }
        }
    }
}
