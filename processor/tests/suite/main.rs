//! The function's tests: batches, the bucket, and how it starts. What documents say is tested in
//! `tests/documents`, and the databases in `tests/database`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod handler;
mod startup;
mod store;
mod support;
