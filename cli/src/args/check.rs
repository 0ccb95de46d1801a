//! The arguments of `check`, `compare` and `soak`.

use std::path::PathBuf;

use clap::Args;

use super::SystemArguments;

/// Holds a run against its limits and against the runs before it that are like it (the same
/// profile, seed, orders, speed, target and machine), and writes check.json, junit.xml, summary.md,
/// the run's row of history.csv and trend.html beside it: docs/gates.md.
///
/// Exit codes, the first that fails: 20 the generator was the bottleneck; 11 an order lost or
/// duplicated; 10 a service level or the drain time broken; 13 something grows; 12 worse than the
/// nights before; 14 over the budget; 21 not enough evidence. 0 if none does; 2 usage.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// A run's folder, such as runs/20261123-101500-soak
    pub(crate) run: PathBuf,

    #[command(flatten)]
    pub(crate) gates: GateArguments,

    /// Print what the gates say as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a run is held against.
#[derive(Debug, Args)]
pub(crate) struct GateArguments {
    /// history.csv, or the folder that it is in [default: the one beside the run]
    #[arg(long, value_name = "DIR|FILE")]
    pub(crate) history: Option<PathBuf>,

    /// Other limits than the defaults (TOML; every key is in docs/gates.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) gates: Option<PathBuf>,
}

/// Says of each number whether it is the same in both runs, better or worse in the second, or
/// cannot be told, with the 95 % interval of the difference.
///
/// Exit codes: 0 nothing is worse; 2 usage; 12 something is worse; 21 the runs are not comparable:
/// the differences are shown, and say nothing.
#[derive(Debug, Args)]
pub(crate) struct CompareRunsArguments {
    /// The folder of the run that is compared with
    pub(crate) a: PathBuf,

    /// The folder of the run that may be better or worse
    pub(crate) b: PathBuf,

    /// Other limits than the defaults (TOML): regression.change_percent_min is what counts as a
    /// difference
    #[arg(long, value_name = "FILE")]
    pub(crate) gates: Option<PathBuf>,

    /// Print the comparison as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs the profile `soak`, a steady load for a long time, then `vazao check`, which also draws the
/// nights before: trend.html beside history.csv. Ctrl-C ends the load, and what was sent is
/// accounted for and checked.
///
/// Exit codes: those of `vazao check`; 130 or 143 stopped.
#[derive(Debug, Args)]
pub(crate) struct SoakArguments {
    /// Last so many minutes instead of the profile's 24 hours, at the profile's rate
    #[arg(long, value_name = "M", conflicts_with = "hours")]
    pub(crate) minutes: Option<f64>,

    /// Last so many hours instead, at the profile's rate
    #[arg(long, value_name = "H")]
    pub(crate) hours: Option<f64>,

    /// Send exactly this many orders in that time, whatever the profile's rate
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) orders: Option<i64>,

    /// The seed of everything random; only runs of the same seed are compared
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Folder under which the run's own folder is made
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    pub(crate) out: PathBuf,

    /// After the last order, wait for the queue to empty, and give up when it has not shrunk for
    /// this long, s
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    pub(crate) drain_timeout: u64,

    #[command(flatten)]
    pub(crate) gates: GateArguments,

    /// Print what the gates say as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) system: SystemArguments,
}
