//! The function's tests: documents, batches, the bucket, the outside verifiers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod documents;
mod handler;
mod startup;
mod store;
mod support;
mod verifiers;
