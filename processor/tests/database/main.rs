//! One suite for both databases: SQLite, and a PostgreSQL server that the tests start themselves.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod contract;
mod delivery;
mod migration;
mod schema;
mod server;
mod shop;
