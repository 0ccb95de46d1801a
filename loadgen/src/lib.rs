//! Sends orders on a schedule and accounts for every one of them.
//!
//! The path of an arrival: a [`LoadProfile`] (a file) becomes an [`ArrivalSchedule`] (arithmetic,
//! no clock); the pacer (a clock, no arithmetic) hands each arrival to its driver at its instant;
//! the driver, hosted by goose, sends it and gets an outcome; the recorder writes it down.
//!
//! The model is open: an arrival is due when the schedule says so, whatever became of those before
//! it. When the cap on orders in flight is reached, arrivals wait and keep their intended instant,
//! so the wait is in the response time, and the start lag says whose fault it was.

mod abort;
mod calibration;
mod capacity;
mod credentials;
mod driver;
mod gateway;
mod host;
mod http1;
mod pacer;
mod profile;
mod progress;
mod recorder;
mod request;
mod retries;
mod run;
mod shards;
mod signature;
mod sink;
mod transport;

pub use abort::AbortRule;
pub use arrivals::{
    ArrivalSchedule, BatchSizes, Curve, IndexRanges, Placement, Replay, Shard, Spike, Weekday,
};
pub use calibration::{Step, calibrate};
pub use capacity::{Capacity, CapacityError};
pub use credentials::{Credentials, SecretError, SigV4, SigV4User, read_secret};
pub use gateway::GatewayAddress;
pub use host::stop;
pub use profile::{
    Arrivals, BatchRow, DayOfWeek, LoadProfile, MixShares, PartnerShare, ProfileError,
    ProfileOverrides, ReplayFileError, ReplayFormat, Shape, Stair, read_replay,
};
pub use progress::{Progress, ProgressSnapshot};
pub use recorder::{OutcomeLog, PerSecond, RecorderFiles};
pub use retries::Retries;
pub use run::{LoadError, LoadPlan, LoadResult, run};
pub use shards::ShardState;
pub use sink::Sink;
pub use transport::{Protocol, Transport};
