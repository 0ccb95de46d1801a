//! What a queue did, with the standard error of every mean.

use serde::Serialize;

/// A value and how far it may be off: one standard error, by batch means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Its standard error; not a number with fewer than two batches.
    pub standard_error: f64,
}

impl Estimate {
    /// The same, in a unit that is so many times as large.
    pub(super) fn divided_by(self, by: f64) -> Self {
        Self { value: self.value / by, standard_error: self.standard_error / by }
    }

    /// How many standard errors this is from an exact value.
    pub fn standard_errors_from(&self, exact: f64) -> f64 {
        (self.value - exact).abs() / self.standard_error
    }
}

/// A time: its mean and percentiles, s. Percentiles are exact within 0.1 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Times {
    /// The mean.
    pub mean: Estimate,
    /// The median.
    pub p50: Estimate,
    /// 90 of 100 are at most this.
    pub p90: Estimate,
    /// 95 of 100 are at most this.
    pub p95: Estimate,
    /// 99 of 100 are at most this.
    pub p99: Estimate,
    /// 999 of 1,000 are at most this.
    pub p999: Estimate,
    /// The longest that was seen.
    pub max: f64,
}

/// The account of every customer since the start, warm-up included:
/// `arrivals = done + dead_letters + blocked + in_system`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Who came.
    pub arrivals: u64,
    /// Who was served well.
    pub done: u64,
    /// Who was given up after the last receive.
    pub dead_letters: u64,
    /// Who found the system full.
    pub blocked: u64,
    /// Who was still there at the end.
    pub in_system: u64,
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self) {
        self.arrivals += other.arrivals;
        self.done += other.done;
        self.dead_letters += other.dead_letters;
        self.blocked += other.blocked;
        self.in_system += other.in_system;
    }
}

/// What a queue did after its warm-up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueueReport {
    /// The seed.
    pub seed: u64,
    /// Customers measured.
    pub customers: u64,
    /// Customers that left before measuring began, in each replication.
    pub warm_up: u64,
    /// Batches behind the standard errors.
    pub batches: u64,
    /// Independent replications.
    pub replications: u32,
    /// Time measured, s, all replications together.
    pub simulated_s: f64,
    /// From arrival to the start of the first service; blocked customers do not count.
    pub wait_s: Times,
    /// From arrival to leaving, well or as a dead letter; blocked customers do not count.
    pub sojourn_s: Times,
    /// The chance of having to wait.
    pub delay_probability: Estimate,
    /// Waiting, time average.
    pub queue_length: Estimate,
    /// Customers in service, time average.
    pub in_service: Estimate,
    /// Waiting to become visible again after a failure, time average.
    pub invisible: Estimate,
    /// All of those, time average.
    pub in_system: Estimate,
    /// Services under way, time average.
    pub busy_servers: Estimate,
    /// The share of the servers that is busy; none when they are infinite.
    pub utilisation: Option<Estimate>,
    /// The share of the arrivals that found the system full.
    pub blocking_probability: Estimate,
    /// Arrivals per second, blocked ones too.
    pub arrival_rate_per_s: Estimate,
    /// Customers served well per second.
    pub throughput_per_s: Estimate,
    /// Services of a customer until it left.
    pub services_per_customer: Estimate,
    /// The share of the served that became dead letters.
    pub dead_letter_fraction: Estimate,
    /// Customers in one service: how full the batches are.
    pub customers_per_service: Estimate,
    /// Little's law: number in system less throughput times sojourn, in customers.
    pub littles_law_difference: Estimate,
    /// The account of every customer.
    pub counts: Counts,
    /// The share of time with n in the system, n from 0 on, up to 4,095.
    pub in_system_probability: Vec<f64>,
}
