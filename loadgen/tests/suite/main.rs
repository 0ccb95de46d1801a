//! The whole generator against a gateway of the tests' own, which remembers what it was sent.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attempts;
mod credentials;
mod gateway;
mod load;
mod sending;
mod stall;
mod transports;
