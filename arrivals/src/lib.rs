//! When orders arrive: schedules as arithmetic, for the generator that sends them and for the
//! simulator that imagines them. No clock, no I/O, constant memory (a replay excepted: eight bytes
//! an arrival).
//!
//! A schedule is made of three choices that do not know of each other: a **shape** (a [`Curve`], or
//! a [`Replay`]) says how the rate goes over time; a [`Placement`] says where within it arrivals
//! fall; [`BatchSizes`] say whether they come alone. What a machine of several sends is a [`Shard`]
//! of the same schedule.

mod batches;
mod business_day;
mod business_week;
mod curve;
mod placement;
mod poisson;
mod ramp;
mod replay;
mod schedule;
mod shard;
mod soak;
mod spike;
mod steps;

pub use batches::{BatchSizes, BatchSizesError};
pub use business_week::Weekday;
pub use curve::Curve;
pub use placement::Placement;
pub use replay::{Replay, ReplayError};
pub use schedule::ArrivalSchedule;
pub use shard::{IndexRanges, Shard, ShardError};
pub use spike::Spike;
