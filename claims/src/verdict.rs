//! From findings to one verdict: the first failing gate decides.

use serde::{Deserialize, Serialize};

use crate::generator_health::bottleneck;
use crate::{CLAIMS, Evidence, Finding, Standing};

/// The verdict of a run, which is also its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunVerdict {
    /// Every claim holds: 0.
    Holds,
    /// A service level is broken: 10.
    ServiceLevelBroken,
    /// An order is lost, duplicated or unaccounted for: 11.
    OrderLost,
    /// The generator was the bottleneck: 20.
    Invalid,
    /// Too little to tell: 21.
    NotEnoughEvidence,
    /// Stopped by SIGINT: 130, or SIGTERM: 143.
    Stopped,
}

/// The findings of a run and what follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// Version of this file's format.
    pub version: u32,
    /// The verdict.
    pub verdict: RunVerdict,
    /// The exit code that says it.
    pub exit_code: u8,
    /// Why, in one sentence.
    pub reason: String,
    /// What was found on each claim.
    pub findings: Vec<Finding>,
}

/// Examines every claim and decides. The order of the gates: invalid, lost, service level,
/// not enough evidence; a stopped run in which nothing is lost is just stopped.
pub fn judge(evidence: &Evidence<'_>) -> Judgement {
    let findings: Vec<Finding> = CLAIMS.iter().map(|claim| (claim.examine)(evidence)).collect();
    let [lost, scales, pays] = [&findings[0], &findings[1], &findings[2]];
    let stopped = evidence.manifest.stopped.as_deref();
    let (verdict, reason) =
        if let Some(signal) = stopped.filter(|_| lost.standing != Standing::Broken) {
            (RunVerdict::Stopped, format!("stopped by {signal}; what was sent is accounted for"))
        } else if let Some(reason) = bottleneck(evidence.manifest) {
            (RunVerdict::Invalid, format!("the run says nothing of the system's speed: {reason}"))
        } else if lost.standing == Standing::Broken {
            (RunVerdict::OrderLost, lost.reason.clone())
        } else if scales.standing == Standing::Broken {
            (RunVerdict::ServiceLevelBroken, scales.reason.clone())
        } else if pays.standing == Standing::Broken {
            (RunVerdict::ServiceLevelBroken, pays.reason.clone())
        } else if let Some(finding) = findings.iter().find(|f| f.standing == Standing::NotShown) {
            (RunVerdict::NotEnoughEvidence, format!("{}: {}", finding.promise, finding.reason))
        } else {
            (RunVerdict::Holds, format!("{}; {}", lost.reason, scales.reason))
        };
    Judgement { version: 1, verdict, exit_code: exit_code(verdict, stopped), reason, findings }
}

fn exit_code(verdict: RunVerdict, stopped: Option<&str>) -> u8 {
    match verdict {
        RunVerdict::Holds => 0,
        RunVerdict::ServiceLevelBroken => 10,
        RunVerdict::OrderLost => 11,
        RunVerdict::Invalid => 20,
        RunVerdict::NotEnoughEvidence => 21,
        RunVerdict::Stopped if stopped == Some("SIGTERM") => 143,
        RunVerdict::Stopped => 130,
    }
}
