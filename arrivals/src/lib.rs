//! When orders arrive: schedules as arithmetic, for the generator that sends them and for the
//! simulator that imagines them. No clock, no I/O, constant memory.

mod business_day;
mod curve;
mod schedule;

pub use curve::Curve;
pub use schedule::ArrivalSchedule;
