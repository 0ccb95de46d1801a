//! What a proof wrote down: `proof.json`, of which the page is a view.

use serde::{Deserialize, Serialize};

use crate::{Caught, Examination, Fault, loss_rate_bound};

/// What is taken for granted, in plain words.
pub const ASSUMED: &[&str] = &[
    "SQS keeps what it has taken, and S3 keeps what it has written: a disk that AWS loses is not tried here.",
    "One region. If all of it is gone, so is what was not copied to another.",
    "A partner that gets no 202 sends the order again, under the same number. An order for which no \
     attempt was answered with 202 was never promised.",
    "The function is back before the queue's retention ends (four days), and somebody drives dead \
     letters back before theirs does (fourteen).",
    "The local cloud does what AWS does where it matters here; what it does not imitate is listed in \
     localcloud/src/fidelity.md. Nothing of this was run on AWS.",
];

/// How often a fault struck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultCount {
    /// Which.
    pub fault: Fault,
    /// How often, at the least.
    pub count: u64,
    /// Of what that is made up: the name in the local cloud or in the model, and its count.
    pub made_of: Vec<(String, u64)>,
}

/// A layer of the proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerProof {
    /// What was run, in words.
    pub name: String,
    /// What runs it again.
    pub command: String,
    /// Sets and checks; of the model the sums over its interleavings.
    pub examination: Examination,
    /// Interleavings; none where there is only one.
    pub interleavings: Option<u64>,
    /// Faults that were asked for, and how often each struck.
    pub faults: Vec<FaultCount>,
    /// Wall time, ms.
    pub took_ms: u64,
    /// Other numbers worth a line.
    pub notes: Vec<(String, String)>,
}

impl LayerProof {
    /// The faults that were asked for and never struck.
    pub fn never_struck(&self) -> impl Iterator<Item = Fault> {
        self.faults.iter().filter(|fault| fault.count == 0).map(|fault| fault.fault)
    }

    /// Whether every check holds and every fault struck.
    pub fn holds(&self) -> bool {
        self.examination.holds() && self.never_struck().next().is_none()
    }
}

/// A whole proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Version of this file's format.
    pub version: u32,
    /// The run's name.
    pub id: String,
    /// The program.
    pub software: String,
    /// When it began, UTC.
    pub started_at: String,
    /// Everything random comes from this.
    pub seed: u64,
    /// SHA-256 of the template.
    pub template_sha256: String,
    /// SHA-256 of the function's binary.
    pub bootstrap_sha256: String,
    /// The layers.
    pub layers: Vec<LayerProof>,
    /// The bugs that were planted.
    pub planted: Vec<Caught>,
    /// The signal that stopped it.
    pub stopped: Option<String>,
}

impl Proof {
    /// Orders that were acknowledged, over all layers.
    pub fn acknowledged(&self) -> u64 {
        self.layers.iter().map(|layer| layer.examination.sets.acknowledged).sum()
    }

    /// Orders that were lost, over all layers.
    pub fn lost(&self) -> u64 {
        self.layers.iter().map(|layer| layer.examination.sets.lost).sum()
    }

    /// The 95 % bound of the rate of loss, if none was lost.
    pub fn bound(&self) -> Option<f64> {
        (self.lost() == 0).then(|| loss_rate_bound(self.acknowledged()))
    }

    /// Bugs that were caught.
    pub fn caught(&self) -> usize {
        self.planted.iter().filter(|bug| bug.is_caught()).count()
    }

    /// Whether all of it holds.
    pub fn holds(&self) -> bool {
        self.layers.iter().all(LayerProof::holds) && self.caught() == self.planted.len()
    }
}
