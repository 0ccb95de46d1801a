//! The function's tests: batches, the bucket, and how it starts.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod handler;
mod startup;
mod store;
mod support;
