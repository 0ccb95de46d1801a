//! What the pipeline does at volumes that were not tried, and plain queues that theory has exact
//! answers for, so that the same machinery can be held against them. Events, no clock; every random
//! choice comes from a seed.

mod assumption;
mod calibration;
mod chance;
mod distribution;
mod extrapolation;
mod forecast;
mod histogram;
mod hybrid;
mod parallel;
mod pipeline;
mod queue;
mod quotas;
mod scaling;
mod service_level;
mod validation;
mod volume;

pub use assumption::{ASSUMPTIONS, Assumption};
pub use calibration::{Calibration, ObservedInvocation, ObservedMessage};
pub use distribution::Distribution;
pub use extrapolation::{Extrapolation, RatePoint, extrapolate, rate_curve};
pub use forecast::{Forecast, Limit, Step};
pub use hybrid::{HybridForecast, simulate_long};
pub use pipeline::{
    Crash, Database, Deployed, EventSourceMapping, Fault, Function, MinuteRates, Pace,
    PipelineSettings, Pollers, QuantileTable, ServiceTime, simulate,
};
pub use queue::{
    ArrivalProcess, Counts, Discipline, Estimate, Fails, GroupSize, ModelError, QueueModel,
    QueueReport, QueueSettings, Retry, Servers, Times, simulate_queue,
};
pub use quotas::{Quota, Quotas};
pub use scaling::{CurvePoint, HeatMap, ScalingCurve, SensitivityLine, Volume};
pub use service_level::{ServiceLevel, ServiceLevelError};
pub use validation::{Backlog, Compared, Observation, Quantile, Validation, validate};
pub use volume::{
    OrderFootprint, Sensitivity, VolumeForecast, heat_map, largest_volume, sensitivity, volumes,
};
