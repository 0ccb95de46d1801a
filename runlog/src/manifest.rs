//! `run.json`: what was run, with what, when, and how the generator itself fared.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{LatencySummary, OutcomeCounts};

/// Where the orders went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The embedded stand-in on 127.0.0.1.
    LocalCloud,
    /// An AWS account.
    Aws,
}

/// What the run promised of the gateway's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevel {
    /// 99 of 100 accepted orders must be answered within this, ms, from the intended instant.
    pub accept_p99_ms_max: u64,
}

/// The settings of the system under load, as far as they bear on cost and scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// AWS region whose prices apply.
    pub region: String,
    /// The function's memory, MB.
    pub memory_mb: u32,
    /// Most messages in one invocation.
    pub batch_size: u32,
    /// Most invocations at the same time.
    pub maximum_concurrency: u32,
    /// The queue's visibility timeout, s.
    pub visibility_timeout_s: u64,
}

/// How the generator fared: a run whose generator was the bottleneck says nothing of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorHealth {
    /// From the intended instant to the end.
    pub response: LatencySummary,
    /// From the send to the end.
    pub service: LatencySummary,
    /// From the intended instant to the send.
    pub start_lag: LatencySummary,
    /// Most orders in flight at the same time.
    pub in_flight_max: u64,
    /// The cap on orders in flight.
    pub in_flight_cap: u64,
    /// Arrivals that found the cap reached and had to wait.
    pub capped: u64,
    /// Outcomes, by count of orders.
    pub outcomes: OutcomeCounts,
    /// Attempts beyond the first of an order.
    #[serde(default)]
    pub retries: u64,
    /// The share of a processor that the busiest of the generator's threads used while it sent,
    /// in thousandths; what is above 800 leaves it no room to be in time.
    #[serde(default)]
    pub cpu_permille: u32,
    /// How far the gateway's clock is ahead of this machine's: what it is at least and at most by
    /// the `date` of its answers, ms; absent if none had one.
    #[serde(default)]
    pub clock_offset_ms: Option<[i64; 2]>,
    /// How far this machine's clock was set while the run lasted, ms.
    #[serde(default)]
    pub clock_step_ms: i64,
}

/// What one of our processes used of this machine; absent where the platform does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessUse {
    /// Which: `generator`, `local cloud`, `processor`.
    pub name: String,
    /// How many processes.
    pub processes: u32,
    /// CPU time of all of them, user and system, ms.
    pub cpu_ms: u64,
    /// Peak resident memory of the largest, KB; absent for a part of a process.
    pub peak_rss_kb: Option<u64>,
}

/// How long each phase of the run took, ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phases {
    /// From the first intended arrival to the last answer.
    pub send_ms: u64,
    /// From the last answer to empty queues.
    pub drain_ms: u64,
    /// Reading meters and comparing sets.
    pub reconcile_ms: u64,
}

/// The run, as it was asked for and as it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunManifest {
    /// Version of this file's format.
    pub version: u32,
    /// The run's name, and its directory's.
    pub id: String,
    /// What begins each of its order numbers.
    pub tag: String,
    /// Version of vazao, and its commit where that is known.
    pub software: String,
    /// Everything random in the run comes from this.
    pub seed: u64,
    /// When the run began.
    pub started_at: Timestamp,
    /// Where the orders went.
    pub target: Target,
    /// Name of the load profile.
    pub profile: String,
    /// The profile as resolved, flags included, in the profile's own format.
    pub profile_toml: String,
    /// Orders that the schedule planned.
    pub planned: u64,
    /// Time compression: seconds of the profile per second of the clock.
    pub speed: f64,
    /// How long the schedule lasts on the clock, ms.
    pub schedule_ms: u64,
    /// The schedule's highest rate, orders per second of the clock.
    pub peak_rate_per_s: f64,
    /// The service level asked for.
    pub service_level: ServiceLevel,
    /// The system's settings.
    pub deployment: Deployment,
    /// Why the run was stopped before its end, if it was: `SIGINT`, `SIGTERM`.
    pub stopped: Option<String>,
    /// What the abort rule of the profile saw, if it ended the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aborted: Option<String>,
    /// How long each phase took.
    pub phases: Phases,
    /// How the generator fared.
    pub generator: GeneratorHealth,
    /// What it ran on: architecture, processors and their model; empty where nobody said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub machine: String,
    /// What our processes used of this machine.
    pub processes: Vec<ProcessUse>,
    /// How often each planned fault struck, by name; absent where none was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<BTreeMap<String, u64>>,
}
