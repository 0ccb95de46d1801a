//! Limits over recorded numbers: what a run may not exceed, what may not grow while it lasts, and
//! what may not be worse than the nights before. Arithmetic over a run's files: no I/O, no clock.
//!
//! [`check`] looks at every gate of a run, [`compare`] at two runs; `history.csv` is runlog's.

mod check;
mod compare;
mod facts;
mod gate;
mod limits;
mod metric;
mod nights;
mod rise;
mod samples;
mod series;
pub mod statistics;
mod trend;

pub use check::{Check, check};
pub use compare::{Compared, Comparison, Outcome, compare};
pub use facts::RunFacts;
pub use gate::{Gate, Measure, Standing};
pub use limits::{
    CostLimits, DrainLimits, LeakLimits, Limits, LimitsError, RegressionLimits, ServiceLevelLimits,
};
pub use metric::{COST, METRICS, Metric, number};
pub use nights::{Nights, incomparable, nights};
pub use rise::{Rise, block_s, rise};
pub use samples::{Quantile, Samples, quantile, sorted};
pub use trend::{Trend, trend};
