//! The whole pipeline: gateway, queue, event source mapping, function, database.

mod arrivals;
mod deployed;
mod engine;
mod environments;
mod invocation;
mod ramp;
mod service_time;
mod settings;

pub use arrivals::MinuteRates;
pub use deployed::{Deployed, Pollers};
pub use engine::simulate;
pub use service_time::{QuantileTable, ServiceTime};
pub use settings::{Crash, Database, EventSourceMapping, Fault, Function, Pace, PipelineSettings};
