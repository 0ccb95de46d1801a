//! The partners' side: every order, every body that was sent under its number, every attempt.

use orders::{Cnpj, Order};
use runlog::Outcome;
use sha2::{Digest, Sha256};

use crate::OrderName;
use crate::content::lines_digest;

/// A body that was sent under an order's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Digest of its lines ([`lines_digest`]); none if it is no order.
    pub lines: Option<u64>,
    /// Who buys; none if it is no order.
    pub buyer: Option<Cnpj>,
}

impl Body {
    /// What the proof keeps of a body.
    pub fn of(bytes: &[u8]) -> Self {
        let order = Order::parse(bytes).ok();
        let lines = order.as_ref().map(|order| {
            let line = |item: &orders::Item| (item.ean.as_str().to_owned(), item.qty.get().into());
            lines_digest(order.items.iter().map(line))
        });
        let buyer = order.map(|order| order.buyer.cnpj);
        Self { sha256: Sha256::digest(bytes).into(), lines, buyer }
    }
}

/// One attempt at an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Which of the order's bodies was sent.
    pub body: u32,
    /// What the partner was told.
    pub outcome: Outcome,
}

/// What must become of an order that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Billed, or refused for a business reason.
    Settled,
    /// Refused with a reason: never billed.
    Refused,
    /// The gateway must not take it: no trace.
    NotTaken,
    /// No code can process it: it must end in the dead-letter queue and nowhere else.
    DeadLetter,
}

/// An order as its partner knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentOrder {
    /// The partner that authenticated, and the number in the path.
    pub name: OrderName,
    /// What must become of it.
    pub fate: Fate,
    /// The bodies, each once.
    pub bodies: Vec<Body>,
    /// The attempts, in order.
    pub attempts: Vec<Attempt>,
}

impl SentOrder {
    /// Whether an attempt with this body was acknowledged.
    pub(crate) fn acknowledged(&self, body: usize) -> bool {
        self.attempts
            .iter()
            .any(|attempt| attempt.body as usize == body && attempt.outcome == Outcome::Accepted)
    }

    /// Whether any attempt was acknowledged: the system owes this order.
    pub fn is_acknowledged(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.outcome == Outcome::Accepted)
    }

    /// Whether a body may be inside although nobody promised it: no answer, or an answer after
    /// which SQS may have it (5xx).
    pub(crate) fn may_be_inside(&self, body: usize) -> bool {
        self.attempts.iter().any(|attempt| {
            attempt.body as usize == body
                && match attempt.outcome {
                    Outcome::Accepted | Outcome::Failed | Outcome::Unknown => true,
                    Outcome::Rejected | Outcome::Throttled => false,
                }
        })
    }

    /// The body with this hash, if it was sent.
    pub(crate) fn body_with(&self, sha256: &[u8; 32]) -> Option<usize> {
        self.bodies.iter().position(|body| body.sha256 == *sha256)
    }
}
