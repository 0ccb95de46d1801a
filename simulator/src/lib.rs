//! What the pipeline does at volumes that were not tried: a queue in front of a bounded number of
//! concurrent invocations, each taking a batch. Events, no clock, no randomness of its own: the
//! arrivals come from outside.
//!
//! Not here yet: the pollers' ramp, cold starts, retries, throttling, and service times from a
//! measured histogram. A forecast is therefore the best case of the given settings, and whoever
//! shows one says so.

mod forecast;
mod pipeline;

pub use forecast::Forecast;
pub use pipeline::{PipelineModel, simulate};
