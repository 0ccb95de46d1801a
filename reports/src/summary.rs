//! `summary.md`: the verdict for a pull request or a chat.

use std::fmt::Write as _;

use claims::words::{duration, grouped};

use crate::words::headline;
use crate::{ReportError, ReportInput};

pub(crate) fn render(input: &ReportInput<'_>) -> Result<String, ReportError> {
    let mut text = String::new();
    write(&mut text, input)
        .map_err(|error| ReportError { file: "summary.md", cause: error.to_string() })?;
    Ok(text)
}

fn write(out: &mut String, input: &ReportInput<'_>) -> std::fmt::Result {
    let (manifest, account) = (input.evidence.manifest, input.evidence.reconciliation);
    writeln!(out, "## {}\n", headline(input.judgement.verdict))?;
    writeln!(
        out,
        "{} of {} orders documented in `{}` (profile {}, seed {}). {}.\n",
        grouped(account.documented + account.recovered),
        grouped(account.planned),
        manifest.id,
        manifest.profile,
        manifest.seed,
        input.judgement.reason,
    )?;
    writeln!(out, "| claim | standing | because |\n|---|---|---|")?;
    for finding in &input.judgement.findings {
        writeln!(out, "| {} | **{}** | {} |", finding.promise, finding.standing, finding.reason)?;
    }
    let response = &manifest.generator.response;
    writeln!(out, "\n| measure | value |\n|---|---|")?;
    writeln!(
        out,
        "| response time p50 / p99 / max | {} / {} / {} |",
        duration(response.p50_us),
        duration(response.p99_us),
        duration(response.max_us)
    )?;
    writeln!(
        out,
        "| queue empty after the last order | {} |",
        duration(manifest.phases.drain_ms * 1_000)
    )?;
    for region in &input.evidence.cost.regions {
        writeln!(
            out,
            "| cost per million orders, {} list prices | {} |",
            region.region, region.per_million.total
        )?;
    }
    for caveat in input.judgement.findings.iter().flat_map(|finding| &finding.caveats) {
        writeln!(out, "\n> {caveat}")?;
    }
    Ok(())
}
