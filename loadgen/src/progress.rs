//! How a run is getting on, for whoever watches it. Written by the drivers, read by the screen.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use jiff::Timestamp;
use runlog::{LatencySummary, Outcome, OutcomeCounts};

/// The seconds of a clock that shows whole ones, and of a server that looks at it once a second.
const DATE_IS_OLD_MS_MAX: i64 = 2_000;

/// Counters of a running load.
#[derive(Debug)]
pub struct Progress {
    due: AtomicU64,
    outcomes: [AtomicU64; 5],
    in_flight: AtomicU64,
    in_flight_max: AtomicU64,
    capped: AtomicU64,
    retries: AtomicU64,
    /// Response times p50, p90 and p99.
    response_us: [AtomicU64; 3],
    start_lag_p99_us: AtomicU64,
    cpu_permille: AtomicU64,
    driver_cpu_us: AtomicU64,
    /// The gateway's clock is ahead by at least and at most this.
    clock_offset_ms: [AtomicI64; 2],
    aborted: OnceLock<String>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            due: AtomicU64::default(),
            outcomes: Default::default(),
            in_flight: AtomicU64::default(),
            in_flight_max: AtomicU64::default(),
            capped: AtomicU64::default(),
            retries: AtomicU64::default(),
            response_us: Default::default(),
            start_lag_p99_us: AtomicU64::default(),
            cpu_permille: AtomicU64::default(),
            driver_cpu_us: AtomicU64::default(),
            clock_offset_ms: [AtomicI64::new(i64::MIN), AtomicI64::new(i64::MAX)],
            aborted: OnceLock::new(),
        }
    }
}

/// The counters at an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProgressSnapshot {
    /// Arrivals handed to a driver.
    pub sent: u64,
    /// Outcomes so far.
    pub outcomes: OutcomeCounts,
    /// Orders that are under way now.
    pub in_flight: u64,
    /// The most of them so far.
    pub in_flight_max: u64,
    /// Arrivals that found the cap on orders in flight reached.
    pub capped: u64,
    /// Attempts beyond the first of an order.
    pub retries: u64,
    /// 50, 90 and 99 of 100 answers so far came within this, µs, from the intended instant.
    pub response_us: [u64; 3],
    /// 99 of 100 orders so far left within this of their intended instant, µs.
    pub start_lag_p99_us: u64,
}

impl Progress {
    /// Reads every counter.
    pub fn snapshot(&self) -> ProgressSnapshot {
        let [accepted, rejected, throttled, failed, unknown] =
            [0, 1, 2, 3, 4].map(|position: usize| self.outcomes[position].load(Relaxed));
        ProgressSnapshot {
            sent: self.due.load(Relaxed),
            outcomes: OutcomeCounts { accepted, rejected, throttled, failed, unknown },
            in_flight: self.in_flight.load(Relaxed),
            in_flight_max: self.in_flight_max.load(Relaxed),
            capped: self.capped.load(Relaxed),
            retries: self.retries.load(Relaxed),
            response_us: [0, 1, 2].map(|position: usize| self.response_us[position].load(Relaxed)),
            start_lag_p99_us: self.start_lag_p99_us.load(Relaxed),
        }
    }

    /// What the abort rule saw, if it ended the load.
    pub fn aborted(&self) -> Option<&str> {
        self.aborted.get().map(String::as_str)
    }

    pub(crate) fn starts(&self, was_capped: bool) {
        self.due.fetch_add(1, Relaxed);
        if was_capped {
            self.capped.fetch_add(1, Relaxed);
        }
        self.under_way();
    }

    pub(crate) fn starts_again(&self) {
        self.retries.fetch_add(1, Relaxed);
        self.under_way();
    }

    fn under_way(&self) {
        let now = self.in_flight.fetch_add(1, Relaxed) + 1;
        self.in_flight_max.fetch_max(now, Relaxed);
    }

    pub(crate) fn attempt_ends(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// An order has had its last attempt.
    pub(crate) fn settles(&self, outcome: Outcome) {
        let position = Outcome::ALL.iter().position(|each| *each == outcome).unwrap_or(0);
        self.outcomes[position].fetch_add(1, Relaxed);
    }

    pub(crate) fn set_latency(&self, response: &LatencySummary, start_lag: &LatencySummary) {
        let quantiles = [response.p50_us, response.p90_us, response.p99_us];
        for (place, value) in self.response_us.iter().zip(quantiles) {
            place.store(value, Relaxed);
        }
        self.start_lag_p99_us.store(start_lag.p99_us, Relaxed);
    }

    /// A driver has used so much CPU time in the time that it sent.
    pub(crate) fn driver_ends(&self, cpu: Duration, elapsed: Duration) {
        let share = cpu.as_secs_f64() / elapsed.as_secs_f64().max(1e-3);
        self.cpu_permille.fetch_max((share * 1_000.0) as u64, Relaxed);
        self.driver_cpu_us.fetch_add(cpu.as_micros() as u64, Relaxed);
    }

    /// CPU time of all drivers that have ended.
    pub(crate) fn driver_cpu(&self) -> Duration {
        Duration::from_micros(self.driver_cpu_us.load(Relaxed))
    }

    pub(crate) fn cpu_permille(&self) -> u32 {
        u32::try_from(self.cpu_permille.load(Relaxed)).unwrap_or(u32::MAX)
    }

    /// The gateway's clock showed `date`, to the second, somewhere between `sent` and `end` of
    /// ours. Each answer narrows what its clock can be ahead by.
    pub(crate) fn saw_date(&self, date: Timestamp, sent: Timestamp, end: Timestamp) {
        let [least, most] = &self.clock_offset_ms;
        least.fetch_max(date.as_millisecond() - end.as_millisecond(), Relaxed);
        let latest = date.as_millisecond() + DATE_IS_OLD_MS_MAX;
        most.fetch_min(latest - sent.as_millisecond(), Relaxed);
    }

    pub(crate) fn clock_offset_ms(&self) -> Option<[i64; 2]> {
        let [least, most] = &self.clock_offset_ms;
        let offset = [least.load(Relaxed), most.load(Relaxed)];
        (offset[0] != i64::MIN).then_some(offset)
    }

    pub(crate) fn abort(&self, reason: String) {
        // The first reason stands.
        let _ = self.aborted.set(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dates_of_answers_narrow_the_offset_of_the_gateways_clock() {
        let progress = Progress::default();
        assert_eq!(progress.clock_offset_ms(), None);
        let at = |ms: i64| Timestamp::from_millisecond(1_700_000_000_000 + ms).unwrap();
        // The gateway is 300 ms ahead: at our 800 it turns to second 1, at our 1,600 it is there.
        progress.saw_date(at(1_000), at(790), at(810));
        assert_eq!(progress.clock_offset_ms(), Some([190, 2_210]));
        progress.saw_date(at(1_000), at(1_600), at(1_650));
        assert_eq!(progress.clock_offset_ms(), Some([190, 1_400]));
    }

    #[test]
    fn an_order_that_is_tried_again_is_under_way_once_and_settled_once() {
        let progress = Progress::default();
        progress.starts(false);
        progress.attempt_ends();
        progress.starts_again();
        progress.starts(true);
        let now = progress.snapshot();
        assert_eq!((now.sent, now.in_flight, now.capped, now.retries), (2, 2, 1, 1));
        progress.attempt_ends();
        progress.settles(Outcome::Throttled);
        let now = progress.snapshot();
        assert_eq!((now.in_flight, now.in_flight_max, now.outcomes.throttled), (1, 2, 1));
    }
}
