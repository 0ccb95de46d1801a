//! One suite for both databases: SQLite, and a PostgreSQL server that the tests start themselves.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod connections;
mod contract;
mod delivery;
mod migration;
mod proof;
mod schema;
#[allow(dead_code, reason = "the examples use the rest")]
mod server;
#[allow(dead_code, reason = "the examples use the rest")]
mod shop;
mod stale;
