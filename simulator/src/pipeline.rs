//! The whole pipeline: gateway, queue, event source mapping, function, database.

mod arrivals;
mod engine;
mod service_time;
mod settings;

pub use arrivals::MinuteRates;
pub use engine::simulate;
pub use service_time::{QuantileTable, ServiceTime};
pub use settings::{Database, EventSourceMapping, Fault, Function, PipelineSettings};
