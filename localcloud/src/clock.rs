//! The one place that reads a clock. Everything else is handed a time.
//!
//! The local cloud's time is the wall clock's as it was at the start, and goes on by a clock that
//! nobody sets: a visibility timeout is as long as it says, whatever becomes of the machine's clock.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// A clock that goes on while the machine sleeps, as queues do.
#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::Monotonic;

fn now() -> Duration {
    static BEGIN: LazyLock<(Duration, Duration)> = LazyLock::new(|| (wall(), steady()));
    let (wall, begin) = *BEGIN;
    wall + steady().saturating_sub(begin)
}

fn steady() -> Duration {
    let time = clock_gettime(STEADY);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanoseconds)
}

fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Milliseconds since the Unix epoch, AWS's own resolution for messages and deadlines.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(now().as_millis()).unwrap_or(u64::MAX)
}

/// Microseconds since the Unix epoch, for records of our own.
pub(crate) fn now_us() -> u64 {
    u64::try_from(now().as_micros()).unwrap_or(u64::MAX)
}

/// Milliseconds since the Unix epoch by the wall clock: for an instant that another process will
/// compare with the wall clock.
pub(crate) fn wall_ms() -> u64 {
    u64::try_from(wall().as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since the Unix epoch by the wall clock, for the same.
pub(crate) fn wall_s() -> i64 {
    i64::try_from(wall().as_secs()).unwrap_or(i64::MAX)
}

/// Seconds since the Unix epoch, the resolution of metrics.
pub(crate) fn now_s() -> i64 {
    i64::try_from(now_ms() / 1000).unwrap_or(i64::MAX)
}

/// ISO 8601 in UTC with milliseconds, as AWS writes instants in XML.
pub(crate) fn iso8601(epoch_ms: u64) -> String {
    let ms = i64::try_from(epoch_ms).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(timestamp) => format!("{timestamp:.3}"),
        Err(_) => String::new(),
    }
}
