//! What a run ends with on the terminal: about 25 lines, the verdict first.

use std::fmt::Write as _;
use std::path::Path;

use claims::words::{duration, grouped};
use claims::{Judgement, Standing};
use runlog::RunManifest;
use textwrap::Options;

use crate::account::Account;

/// Where long sentences are broken.
const COLUMNS: usize = 110;

/// The whole text.
pub(crate) fn text(
    manifest: &RunManifest,
    account: &Account,
    judgement: &Judgement,
    root: &Path,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, manifest, account, judgement, root);
    out
}

fn write(
    out: &mut String,
    manifest: &RunManifest,
    account: &Account,
    judgement: &Judgement,
    root: &Path,
) -> std::fmt::Result {
    let pace = if (manifest.speed - 1.0).abs() > f64::EPSILON {
        format!(", time x {:.0}", manifest.speed)
    } else {
        String::new()
    };
    writeln!(
        out,
        "\nvazao run {}   {} orders in {}{pace}, seed {}\n",
        manifest.profile,
        grouped(manifest.planned),
        duration_ms(manifest.schedule_ms),
        manifest.seed
    )?;
    claims(out, judgement)?;
    orders(out, manifest, account)?;
    latency(out, manifest)?;
    money(out, account)?;
    machine(out, manifest)?;
    writeln!(out, "\n  report   {}", root.join("report.html").display())?;
    writeln!(out, "  samples  {}", root.join("samples").display())?;
    writeln!(out, "  exit {}   {}", judgement.exit_code, judgement.reason)
}

fn claims(out: &mut String, judgement: &Judgement) -> std::fmt::Result {
    for finding in &judgement.findings {
        let mark = match finding.standing {
            Standing::Holds => "ok",
            Standing::Broken => "XX",
            Standing::NotShown => "??",
        };
        writeln!(out, "  {mark} {:<10} {}: {}", finding.standing, finding.promise, finding.reason)?;
    }
    let caveats = judgement.findings.iter().flat_map(|finding| &finding.caveats);
    for caveat in caveats {
        let options = Options::new(COLUMNS).initial_indent("   ! ").subsequent_indent("     ");
        writeln!(out, "{}", textwrap::fill(caveat, options))?;
    }
    writeln!(out)
}

fn orders(out: &mut String, manifest: &RunManifest, account: &Account) -> std::fmt::Result {
    let (book, sent) = (&account.reconciliation, &account.reconciliation.sent);
    let not_accepted = sent.rejected + sent.throttled + sent.failed + sent.unknown;
    writeln!(
        out,
        "  orders     planned {} = accepted {} + not accepted {} + not sent {}",
        grouped(book.planned),
        grouped(sent.accepted),
        grouped(not_accepted),
        grouped(book.not_sent)
    )?;
    writeln!(
        out,
        "             documented {} | refused {} | lost {} | duplicated {} | dead letters {} | invoice gaps {}",
        grouped(book.documented + book.recovered),
        grouped(book.refused),
        grouped(book.lost.count),
        grouped(book.duplicated.count),
        grouped(book.dead_letters),
        grouped(account.ledger.number_gaps),
    )?;
    if book.malformed + book.repeated > 0 {
        writeln!(
            out,
            "             on purpose: malformed and refused {} | sent again and accepted {}, and not billed again",
            grouped(book.malformed),
            grouped(book.repeated),
        )?;
    }
    let redelivered = account.readings.redelivered.unwrap_or(0.0);
    let errors = account.readings.errors.unwrap_or(0.0);
    let seconds = (manifest.phases.send_ms + manifest.phases.drain_ms) as f64 / 1_000.0;
    writeln!(
        out,
        "  pace       peak {:.0}/s offered, {:.0}/s end to end, queue empty {} after the last order",
        manifest.peak_rate_per_s,
        book.documented as f64 / seconds.max(0.001),
        duration_ms(manifest.phases.drain_ms),
    )?;
    writeln!(
        out,
        "             {} invocations, {errors:.0} failed, {redelivered:.0} orders came a second time and were not billed again",
        grouped(account.usage.lambda.invocations.amount),
    )
}

fn latency(out: &mut String, manifest: &RunManifest) -> std::fmt::Result {
    let generator = &manifest.generator;
    for (name, times) in [
        ("response", &generator.response),
        ("service", &generator.service),
        ("start lag", &generator.start_lag),
    ] {
        writeln!(
            out,
            "  {name:<10} p50 {:>9} | p90 {:>9} | p99 {:>9} | max {:>9} | p99 is within {} to {}",
            duration(times.p50_us),
            duration(times.p90_us),
            duration(times.p99_us),
            duration(times.max_us),
            duration(times.p99_low_us),
            duration(times.p99_high_us),
        )?;
    }
    if generator.retries > 0 {
        writeln!(out, "  retries    {} attempts beyond the first", grouped(generator.retries))?;
    }
    Ok(())
}

fn money(out: &mut String, account: &Account) -> std::fmt::Result {
    for region in &account.cost.regions {
        let floor: costmodel::Usd = region.floor.iter().map(|item| item.amount).sum();
        writeln!(
            out,
            "  cost       {}: {} this run, {} per million orders, {} a month without orders ({} list prices)",
            region.region,
            region.run.total,
            region.per_million.total,
            floor,
            region.run.prices_published
        )?;
    }
    Ok(())
}

fn machine(out: &mut String, manifest: &RunManifest) -> std::fmt::Result {
    for process in &manifest.processes {
        let per_order_us = process.cpu_ms * 1_000 / manifest.generator.outcomes.total().max(1);
        let memory = process
            .peak_rss_kb
            .map_or_else(String::new, |kb| format!(", peak memory {} MB", kb.div_ceil(1_024)));
        writeln!(
            out,
            "  cpu        {:<20} {per_order_us:>5} us an order, {} process(es){memory}",
            process.name, process.processes
        )?;
    }
    Ok(())
}

fn duration_ms(ms: u64) -> String {
    duration(ms * 1_000)
}
