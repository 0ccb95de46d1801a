//! What a claim may look at.

use costmodel::Usage;
use runlog::{CostRecord, Reconciliation, RunManifest, TimelinePoint};
use simulator::Extrapolation;

/// The recorded facts of one run.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// What was run.
    pub manifest: &'a RunManifest,
    /// The account of every order.
    pub reconciliation: &'a Reconciliation,
    /// What it used.
    pub usage: &'a Usage,
    /// What that costs.
    pub cost: &'a CostRecord,
    /// The run over time.
    pub timeline: &'a [TimelinePoint],
    /// What a simulation that the run calibrated says beyond it; none where the cloud did not
    /// record invocations.
    pub extrapolation: Option<&'a Extrapolation>,
}
