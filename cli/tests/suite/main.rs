//! The program as its users run it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod cost;
mod forecast;
mod plan;
mod schema;
mod shards;
mod simulate;
mod vazao;
mod whole_path;
