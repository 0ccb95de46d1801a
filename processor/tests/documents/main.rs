//! The documents: facts worked by hand, and what programs of others say.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod certificates;
mod facts;
mod support;
mod verifiers;
