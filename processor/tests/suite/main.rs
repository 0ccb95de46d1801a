//! The function's tests: billing, batches, the bucket, and what an order costs.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod billing;
mod cost;
mod handler;
mod startup;
mod store;
mod support;
