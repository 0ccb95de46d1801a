//! What the pipeline does at volumes that were not tried, and plain queues that theory has exact
//! answers for, so that the same machinery can be held against them. Events, no clock; every random
//! choice comes from a seed.

mod chance;
mod distribution;
mod forecast;
mod histogram;
mod hybrid;
mod parallel;
mod pipeline;
mod queue;
mod quotas;
mod volume;

pub use distribution::Distribution;
pub use forecast::{Forecast, Limit, Minute};
pub use hybrid::{HybridForecast, simulate_long};
pub use pipeline::{
    Database, EventSourceMapping, Fault, Function, MinuteRates, PipelineSettings, QuantileTable,
    ServiceTime, simulate,
};
pub use queue::{
    ArrivalProcess, Counts, Discipline, Estimate, Fails, GroupSize, ModelError, QueueModel,
    QueueReport, QueueSettings, Retry, Servers, Times, simulate_queue,
};
pub use quotas::{Quota, Quotas};
pub use volume::{OrderFootprint, VolumeForecast, heat_map, largest_volume, volumes};
