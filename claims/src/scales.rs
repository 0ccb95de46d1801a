//! Claim: it scales from one order to millions a day. A run shows it up to the rate that it
//! offered, and no further; and only if the generator kept its own schedule. What a simulation that
//! the run calibrated says beyond is shown as that, and decides nothing.

use crate::generator_health::bottleneck;
use crate::words::{duration, grouped};
use crate::{Evidence, Finding, Standing, Summary};

const PROMISE: &str = "scales from one order to millions a day";

/// Fewer answers than this do not tell a p99: 10 / (1 - 0.99).
const ANSWERS_MIN: u64 = 1_000;

/// The share of the offered orders that must be accepted.
const ACHIEVED_MIN: f64 = 0.999;

/// A queue that is empty within this after the last order, or within a tenth of the sending time, kept
/// up, ms.
const DRAIN_ALWAYS_FINE_MS: u64 = 10_000;

pub(crate) fn examine(evidence: &Evidence<'_>) -> Finding {
    let manifest = evidence.manifest;
    let (standing, reason) = decide(evidence);
    let response = &manifest.generator.response;
    let per_day = manifest.peak_rate_per_s * 86_400.0;
    let backlog = evidence.timeline.iter().filter_map(|point| point.visible).fold(0.0, f64::max);
    let finding = Finding::new("scales", PROMISE, standing, reason)
        .summed_up(summary(evidence))
        .fact(
            "peak rate offered",
            format!("{:.0}/s, as {} a day", manifest.peak_rate_per_s, grouped(per_day as u64)),
            "measured",
        )
        .fact("achieved of offered", format!("{:.2} %", achieved(evidence) * 100.0), "measured")
        .fact(
            "response time p50 / p99 / max",
            format!(
                "{} / {} / {}",
                duration(response.p50_us),
                duration(response.p99_us),
                duration(response.max_us)
            ),
            "measured",
        )
        .fact("longest backlog", format!("{backlog:.0} messages"), "measured")
        .fact(
            "to empty the queue after the last order",
            duration(manifest.phases.drain_ms * 1_000),
            "measured",
        )
        .fact("start lag p99", duration(manifest.generator.start_lag.p99_us), "measured");
    let finding = beyond(behind(finding, evidence), evidence);
    let compression = (manifest.speed - 1.0).abs() > f64::EPSILON;
    if compression {
        finding.caveat(format!(
            "time is compressed {:.0} times: arrivals are, visibility timeouts and scaling ramps are not",
            manifest.speed
        ))
    } else {
        finding
    }
}

fn summary(evidence: &Evidence<'_>) -> Summary {
    let manifest = evidence.manifest;
    let response = &manifest.generator.response;
    let peak = manifest.peak_rate_per_s;
    Summary {
        value: format!("p99 {}", duration(response.p99_us)),
        interval: format!(
            "{} to {}",
            duration(response.p99_low_us),
            duration(response.p99_high_us)
        ),
        threshold: format!(
            "p99 within {}, {} % accepted",
            duration(manifest.service_level.accept_p99_ms_max * 1_000),
            ACHIEVED_MIN * 100.0
        ),
        tested: format!("to {peak:.0}/s, as {} a day", grouped((peak * 86_400.0) as u64)),
        simulated: simulated_to(evidence),
    }
}

/// How far the simulation goes.
fn simulated_to(evidence: &Evidence<'_>) -> String {
    let Some(extrapolation) = evidence.extrapolation else {
        return "not at all: invocations were not recorded".to_owned();
    };
    match (extrapolation.not_valid.as_slice(), extrapolation.largest_per_s) {
        ([_, ..], _) => "not at all: the model is not valid for this run".to_owned(),
        ([], None) => format!("no rate keeps {}", extrapolation.service_level),
        ([], Some(largest)) => {
            format!("to {largest:.0}/s, {} to the document", extrapolation.service_level)
        }
    }
}

/// Whether orders were accepted faster than they were settled. Nothing is lost by that, and partners
/// do not feel it, but documents come late.
fn behind(finding: Finding, evidence: &Evidence<'_>) -> Finding {
    let manifest = evidence.manifest;
    let phases = &manifest.phases;
    if phases.drain_ms <= DRAIN_ALWAYS_FINE_MS.max(phases.send_ms / 10) {
        return finding;
    }
    let account = evidence.reconciliation;
    let settled = account.sent.accepted.saturating_sub(account.undrained);
    let seconds = (phases.send_ms + phases.drain_ms) as f64 / 1_000.0;
    finding.caveat(format!(
        "documents came late: the queue took {} more to empty than the {} of sending. With up to {} invocations at once, on this machine, {:.0} orders/s were settled",
        duration(phases.drain_ms * 1_000),
        duration(phases.send_ms * 1_000),
        manifest.deployment.maximum_concurrency,
        settled as f64 / seconds,
    ))
}

/// What was not measured but simulated, and says so.
fn beyond(finding: Finding, evidence: &Evidence<'_>) -> Finding {
    let Some(extrapolation) = evidence.extrapolation else { return finding };
    if let Some(reason) = extrapolation.not_valid.first() {
        return finding.caveat(format!(
            "nothing is said beyond the measured rate: the simulation is not valid for this run ({reason})"
        ));
    }
    let peak = evidence.manifest.peak_rate_per_s;
    let level = &extrapolation.service_level;
    let Some(largest) = extrapolation.largest_per_s else {
        return finding.caveat(format!("simulated, no rate keeps {level} to the document"));
    };
    let stop = extrapolation.first_limit.map_or_else(
        || format!("{largest:.0}/s; nothing stops it there"),
        |limit| format!("{largest:.0}/s, {}: {}", limit.name(), limit.remedy()),
    );
    if largest <= peak {
        return finding.fact("first limit", stop, "simulated");
    }
    let finding = finding
        .fact(
            "beyond what was measured",
            format!(
                "from {peak:.0}/s to {largest:.0}/s, as {} a day, with {level} to the document",
                grouped((largest * 86_400.0) as u64)
            ),
            "simulated, extrapolated",
        )
        .fact("first limit", stop, "simulated, extrapolated");
    if extrapolation.at_once_needed > extrapolation.at_once_measured as u64 {
        return finding.caveat(format!(
            "{largest:.0}/s needs {} invocations at once; their times were measured with up to {}",
            extrapolation.at_once_needed, extrapolation.at_once_measured
        ));
    }
    finding
}

fn decide(evidence: &Evidence<'_>) -> (Standing, String) {
    let manifest = evidence.manifest;
    let response = &manifest.generator.response;
    let limit_us = manifest.service_level.accept_p99_ms_max * 1_000;
    let peak = manifest.peak_rate_per_s;
    if let Some(reason) = bottleneck(manifest) {
        return (Standing::NotShown, format!("the generator was the bottleneck: {reason}"));
    }
    if let Some(reason) = &manifest.aborted {
        return (Standing::Broken, format!("the load was ended early: {reason}"));
    }
    if let Some(signal) = &manifest.stopped {
        return (Standing::NotShown, format!("the run was stopped by {signal}"));
    }
    if achieved(evidence) < ACHIEVED_MIN {
        let reason =
            format!("only {:.2} % of the offered orders were accepted", achieved(evidence) * 100.0);
        return (Standing::Broken, reason);
    }
    if response.count < ANSWERS_MIN {
        let reason = format!(
            "{} answers are too few for a p99: it takes {}",
            grouped(response.count),
            grouped(ANSWERS_MIN)
        );
        return (Standing::NotShown, reason);
    }
    if response.p99_low_us > limit_us {
        let reason = format!(
            "p99 is {} at {peak:.0}/s, over the {} of the profile",
            duration(response.p99_us),
            duration(limit_us)
        );
        return (Standing::Broken, reason);
    }
    if response.p99_high_us > limit_us {
        let reason = format!(
            "p99 is between {} and {}, and the profile wants {}",
            duration(response.p99_low_us),
            duration(response.p99_high_us),
            duration(limit_us)
        );
        return (Standing::NotShown, reason);
    }
    let reason = format!(
        "up to {peak:.0} orders/s: all accepted, p99 {} within {}",
        duration(response.p99_us),
        duration(limit_us)
    );
    (Standing::Holds, reason)
}

/// The share of the offered orders that was accepted; those that had to be refused do not count.
fn achieved(evidence: &Evidence<'_>) -> f64 {
    let account = evidence.reconciliation;
    let offered = account.planned - account.not_sent - account.malformed;
    account.sent.accepted as f64 / offered.max(1) as f64
}
