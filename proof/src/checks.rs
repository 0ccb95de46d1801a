//! The eight checks, by name.

use runlog::Residual;
use serde::{Deserialize, Serialize};

/// Which check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CheckId {
    /// Nothing is lost.
    C1,
    /// Nothing is invented.
    C2,
    /// Everything is there once.
    C3,
    /// What is documented is what was sent.
    C4,
    /// It is filed under who sent it.
    C5,
    /// Nothing is left over.
    C6,
    /// What nobody was promised is whole or absent.
    C7,
    /// Whoever must be woken was.
    C8,
}

impl CheckId {
    /// Every check.
    pub const ALL: [Self; 8] =
        [Self::C1, Self::C2, Self::C3, Self::C4, Self::C5, Self::C6, Self::C7, Self::C8];

    /// What it says, for whoever reads it first.
    pub fn promise(self) -> &'static str {
        match self {
            Self::C1 => {
                "Every order that a partner was told is accepted is settled: billed with its XML, \
                 PDF and status, or refused with a reason and a status, or recorded as a conflict \
                 with the order that stands; what cannot be processed is in the dead-letter queue"
            }
            Self::C2 => {
                "Nothing is there that nobody sent, or that its partner was told was refused"
            }
            Self::C3 => {
                "Exactly one row, invoice, XML, PDF and status an order, each written once; invoice \
                 numbers are unique and without gaps; stock and credit moved once for each order"
            }
            Self::C4 => {
                "The documents say what was sent: the body's hash, the buyer, every line, and the \
                 same amount in row, XML and status"
            }
            Self::C5 => "Every document is filed under the partner that authenticated",
            Self::C6 => {
                "When all faults are over nothing waits, nothing is dead but what cannot be \
                 processed, and every document is noted as stored"
            }
            Self::C7 => {
                "An order whose partner got no promise is either processed whole (recovered) or \
                 absent, never in part"
            }
            Self::C8 => "Every alarm fired for which there was a reason",
        }
    }
}

/// A check and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Which.
    pub id: CheckId,
    /// Orders or things that break it, the first of them with what is wrong.
    pub offenders: Residual,
}

impl Check {
    /// Whether nothing breaks it.
    pub fn holds(&self) -> bool {
        self.offenders.is_empty()
    }
}
