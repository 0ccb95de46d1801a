//! What a run wrote down: the only door between the crates that act (load, observe) and the crates
//! that explain (claims, reports). Everything here is plain data with a file format; nothing here
//! sends, waits or judges.
//!
//! One run is one directory, see [`RunDirectory`] for what each file in it is.

mod cost;
mod damaged;
mod directory;
mod exchange;
mod exchanges_file;
mod handled;
mod handling;
mod history;
mod index_set;
mod journal;
mod latency;
mod manifest;
mod merge;
mod reconciliation;
mod shard_attempt;
mod timeline;

pub use cost::{CostRecord, RegionCost};
pub use directory::{RunDirectory, RunFileError};
pub use exchange::{Exchange, Outcome, OutcomeCounts};
pub use exchanges_file::{ExchangeReader, ExchangeRows, ExchangeWriter};
pub use handled::{Handled, HandledTally};
pub use handling::{Handling, HandlingWriter, each_handling, read_handlings};
pub use history::{HISTORY_VERSION, History, HistoryRow, append_history, read_history};
pub use index_set::IndexSet;
pub use journal::{Journal, JournalEntry, JournalReader};
pub use latency::{LatencyKind, LatencyLog, LatencySummary, read_latency_log};
pub use manifest::{
    Deployment, GeneratorHealth, Phases, ProcessUse, RunManifest, ServiceLevel, Target,
};
pub use merge::{MergeFiles, Merged, merge_exchanges};
pub use reconciliation::{Delivery, Reconciliation, Residual, Tally, reconcile, reconcile_mixed};
pub use shard_attempt::{ATTEMPT_FILES, AttemptDirectory, AttemptEnd, ShardAttempt};
pub use timeline::{TimelinePoint, read_timeline, write_timeline};
