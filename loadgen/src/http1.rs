//! HTTP/1.1 as far as sending one order after another takes it: requests are written whole, and of
//! an answer the status is kept.
//!
//! What a client library does above this (a pool shared by threads, tasks, redirects, retries)
//! costs more than the request itself, and an order must leave exactly once: what was written to a
//! connection is never written to another.

mod connection;
mod response;
mod stamp;

pub(crate) use connection::{Connection, Step};
