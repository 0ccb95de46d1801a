//! What the examination of a claim found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a claim stands after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The run shows it.
    Holds,
    /// The run shows the opposite.
    Broken,
    /// The run cannot tell.
    NotShown,
}

impl fmt::Display for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Holds => "HOLDS",
            Self::Broken => "BROKEN",
            Self::NotShown => "NOT SHOWN",
        })
    }
}

/// One number that decided, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What was looked at.
    pub label: String,
    /// What it was, with its unit.
    pub value: String,
    /// `measured`, `derived`, `priced`, `simulated` or `assumed`.
    pub provenance: String,
}

/// A finding as one row of a table, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The number that decides.
    pub value: String,
    /// What it may be, at 95 % confidence, or why it is exact.
    pub interval: String,
    /// What it is held against.
    pub threshold: String,
    /// How far the run tried it.
    pub tested: String,
    /// How far a simulation goes that the run calibrated, or why none does.
    pub simulated: String,
}

/// What the examination of a claim found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Short name of the claim.
    pub claim: String,
    /// The promise, as it would be advertised.
    pub promise: String,
    /// How it stands.
    pub standing: Standing,
    /// The reason, in one sentence.
    pub reason: String,
    /// The same as one row of a table; empty in verdicts of before there was one.
    #[serde(default)]
    pub summary: Summary,
    /// The numbers that decided.
    pub facts: Vec<Fact>,
    /// What does not hold though the claim does, with the remedy.
    pub caveats: Vec<String>,
}

impl Finding {
    pub(crate) fn new(claim: &str, promise: &str, standing: Standing, reason: String) -> Self {
        Self {
            claim: claim.to_owned(),
            promise: promise.to_owned(),
            standing,
            reason,
            summary: Summary::default(),
            facts: Vec::new(),
            caveats: Vec::new(),
        }
    }

    pub(crate) fn summed_up(mut self, summary: Summary) -> Self {
        self.summary = summary;
        self
    }

    pub(crate) fn fact(mut self, label: &str, value: impl fmt::Display, provenance: &str) -> Self {
        self.facts.push(Fact {
            label: label.to_owned(),
            value: value.to_string(),
            provenance: provenance.to_owned(),
        });
        self
    }

    pub(crate) fn caveat(mut self, caveat: String) -> Self {
        self.caveats.push(caveat);
        self
    }
}
