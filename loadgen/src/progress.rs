//! How a run is getting on, for whoever watches it. Written by the drivers, read by the screen.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use runlog::{Outcome, OutcomeCounts};

/// Counters of a running load.
#[derive(Debug, Default)]
pub struct Progress {
    due: AtomicU64,
    outcomes: [AtomicU64; 5],
    in_flight: AtomicU64,
    in_flight_max: AtomicU64,
    capped: AtomicU64,
    response_p99_us: AtomicU64,
}

/// The counters at an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProgressSnapshot {
    /// Arrivals handed to a driver.
    pub sent: u64,
    /// Outcomes so far.
    pub outcomes: OutcomeCounts,
    /// Orders without an answer yet.
    pub in_flight: u64,
    /// The most of them so far.
    pub in_flight_max: u64,
    /// Arrivals that found the cap on orders in flight reached.
    pub capped: u64,
    /// 99 of 100 answers so far came within this, µs, from the intended instant.
    pub response_p99_us: u64,
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
            response_p99_us: self.response_p99_us.load(Relaxed),
        }
    }

    pub(crate) fn starts(&self, was_capped: bool) {
        self.due.fetch_add(1, Relaxed);
        if was_capped {
            self.capped.fetch_add(1, Relaxed);
        }
        let now = self.in_flight.fetch_add(1, Relaxed) + 1;
        self.in_flight_max.fetch_max(now, Relaxed);
    }

    pub(crate) fn ends(&self, outcome: Outcome) {
        self.in_flight.fetch_sub(1, Relaxed);
        let position = Outcome::ALL.iter().position(|each| *each == outcome).unwrap_or(0);
        self.outcomes[position].fetch_add(1, Relaxed);
    }

    pub(crate) fn set_response_p99_us(&self, value: u64) {
        self.response_p99_us.store(value, Relaxed);
    }
}
