//! The program as its users run it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod forecast;
mod schema;
mod simulate;
mod vazao;
mod whole_path;
