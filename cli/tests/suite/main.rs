//! The program as its users run it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod artefact;
mod bad_input;
mod clock;
mod cost;
mod dead_letters;
mod deployed;
mod finance;
mod forecast;
mod full_disk;
mod gates;
mod local;
mod moto;
mod on_a_server;
mod overload;
mod pages;
mod plan;
mod prove;
mod schema;
mod security;
#[allow(dead_code, reason = "the processor's tests use the rest")]
#[path = "../../../processor/tests/database/server.rs"]
mod server;
mod shards;
mod simulate;
mod vazao;
mod whole_path;
