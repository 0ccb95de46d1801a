//! What a simulation of the pipeline found.

use serde::Serialize;

/// Buckets of the time an order takes: 64 a doubling, so a quantile is at most 1.6 % too high.
const BITS_PER_DOUBLING: u32 = 6;

/// What can hold messages back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The gateway's throttle.
    GatewayThrottle,
    /// The event source mapping has not scaled up yet.
    MappingRamp,
    /// The mapping's `MaximumConcurrency`.
    MaximumConcurrency,
    /// The most that a mapping ever does.
    MappingCeiling,
    /// The account's concurrent executions.
    AccountConcurrency,
    /// Execution environments are not added fast enough.
    FunctionScaling,
    /// SQS's in-flight messages.
    InFlight,
    /// The database's connections.
    Database,
    /// The batch window, as it was asked for.
    BatchWindow,
}

impl Limit {
    /// All of them, in the order of [`Forecast::held_us`].
    pub const ALL: [Self; 9] = [
        Self::GatewayThrottle,
        Self::MappingRamp,
        Self::MaximumConcurrency,
        Self::MappingCeiling,
        Self::AccountConcurrency,
        Self::FunctionScaling,
        Self::InFlight,
        Self::Database,
        Self::BatchWindow,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::GatewayThrottle => "the gateway's throttle",
            Self::MappingRamp => "the ramp of the event source mapping",
            Self::MaximumConcurrency => "the maximum concurrency of the event source mapping",
            Self::MappingCeiling => "the ceiling of the event source mapping",
            Self::AccountConcurrency => "Lambda's concurrent executions",
            Self::FunctionScaling => "Lambda's scaling rate",
            Self::InFlight => "the queue's in-flight messages",
            Self::Database => "the database",
            Self::BatchWindow => "the batch window",
        }
    }

    /// What the share of [`Forecast::bottleneck`] is a share of.
    pub fn share_in_words(self, share: f64) -> String {
        let percent = match share * 100.0 {
            0.0..0.01 => "less than 0.01 %".to_owned(),
            percent => format!("{percent:.2} %"),
        };
        match self {
            Self::GatewayThrottle => format!("{percent} of the orders"),
            Self::AccountConcurrency | Self::FunctionScaling => format!("{percent} of the batches"),
            Self::MappingRamp
            | Self::MaximumConcurrency
            | Self::MappingCeiling
            | Self::InFlight
            | Self::Database
            | Self::BatchWindow => format!("orders {percent} of the time"),
        }
    }

    /// What to change.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::GatewayThrottle => "request a higher API Gateway throttle rate",
            Self::MappingRamp => {
                "set provisioned mode (ProvisionedPollerConfig) on the event source mapping"
            }
            Self::MaximumConcurrency => {
                "raise ScalingConfig.MaximumConcurrency of the event source mapping"
            }
            Self::MappingCeiling => {
                "raise BatchSize, or set provisioned mode, on the event source mapping"
            }
            Self::AccountConcurrency => "request more Lambda concurrent executions",
            Self::FunctionScaling => "set provisioned concurrency on the function",
            Self::InFlight => {
                "request more in-flight messages of the queue, or shorten its retries"
            }
            Self::Database => "give the database more connections, or put a proxy before it",
            Self::BatchWindow => "shorten MaximumBatchingWindowInSeconds",
        }
    }
}

/// One step of the simulated time, [`crate::PipelineSettings::step_us`] long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Orders that arrived.
    pub arrivals: u64,
    /// Most messages that waited at the same time.
    pub backlog_max: u64,
    /// Messages that waited at its end.
    pub backlog_end: u64,
    /// Most invocations at the same time.
    pub concurrency_max: u64,
}

/// What became of the simulated orders.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forecast {
    /// Orders that came.
    pub arrivals: u64,
    /// Orders that the gateway refused with 429.
    pub refused: u64,
    /// Orders that were documented.
    pub done: u64,
    /// Orders that went to the dead-letter queue.
    pub dead_letters: u64,
    /// Deliveries of messages whose order was done already.
    pub duplicates: u64,
    /// Invocations.
    pub invocations: u64,
    /// Sum of the invocations' durations, without initialization, µs.
    pub busy_us: u64,
    /// The same, each rounded up to 1 ms, ms.
    pub billed_ms: u64,
    /// Invocations that began with a cold start.
    pub cold_starts: u64,
    /// Sum of the initializations, µs.
    pub init_us: u64,
    /// Sum of the environments' lives, busy and idle, µs; by the time it is their average number.
    pub environment_us: u64,
    /// Batches that Lambda refused for want of concurrency.
    pub throttles: u64,
    /// Most invocations at the same time.
    pub concurrency_max: u64,
    /// Most messages that waited at the same time.
    pub backlog_max: u64,
    /// The longest that a message waited while others were held back, µs.
    pub oldest_us: u64,
    /// When the last invocation ended, µs from the start.
    pub ended_us: u64,
    /// How long each limit of [`Limit::ALL`] held messages back, µs; for the database, the wait
    /// for connections by their number; for Lambda's throttles, the sum of the pauses.
    pub held_us: [u64; 9],
    /// The steps.
    pub steps: Vec<Step>,
    step: Step,
    counts: Vec<u64>,
    sum_us: u128,
    max_us: u64,
}

impl Forecast {
    /// From acceptance to document: the longest, µs.
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// From acceptance to document: the mean, µs; 0 without orders.
    pub fn mean_us(&self) -> f64 {
        self.sum_us as f64 / self.done.max(1) as f64
    }

    /// From acceptance to document: a quantile, µs, at most 1.6 % too high.
    pub fn quantile_us(&self, quantile: f64) -> u64 {
        let rank = ((quantile * self.done as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return highest_of(bucket).min(self.max_us);
            }
        }
        self.max_us
    }

    /// The share of the documented orders that took at most this long.
    pub fn share_within(&self, us: u64) -> f64 {
        let bucket = bucket_of(us);
        let within: u64 = self.counts.iter().take(bucket + 1).sum();
        within as f64 / self.done.max(1) as f64
    }

    /// What held messages back longest, with the share of the time that it did.
    pub fn bottleneck(&self) -> Option<(Limit, f64)> {
        let longest = Limit::ALL
            .into_iter()
            .zip(self.held_us)
            .filter(|(limit, _)| *limit != Limit::BatchWindow)
            .max_by_key(|(_, held)| *held)?;
        if self.refused > 0 {
            return Some((Limit::GatewayThrottle, self.refused as f64 / self.arrivals as f64));
        }
        if self.throttles > 0 {
            let share = self.throttles as f64 / (self.throttles + self.invocations) as f64;
            let held = |limit| self.held_us[limit as usize];
            let scaling = held(Limit::FunctionScaling) > held(Limit::AccountConcurrency);
            let limit = if scaling { Limit::FunctionScaling } else { Limit::AccountConcurrency };
            return Some((limit, share));
        }
        (longest.1 > 0).then(|| (longest.0, longest.1 as f64 / self.ended_us.max(1) as f64))
    }

    /// Memory times time, GB-s, as billed; initialization too.
    pub fn gb_s(&self, memory_mb: u32) -> f64 {
        (self.billed_ms as f64 / 1e3 + self.init_us as f64 / 1e6) * f64::from(memory_mb) / 1_024.0
    }

    /// Adds `times` copies of another forecast: of a minute that stands for many.
    pub fn add(&mut self, other: &Self, times: f64) {
        let scaled = |amount: u64| (amount as f64 * times).round() as u64;
        self.arrivals += scaled(other.arrivals);
        self.refused += scaled(other.refused);
        self.dead_letters += scaled(other.dead_letters);
        self.duplicates += scaled(other.duplicates);
        self.invocations += scaled(other.invocations);
        self.busy_us += scaled(other.busy_us);
        self.billed_ms += scaled(other.billed_ms);
        self.cold_starts += scaled(other.cold_starts);
        self.init_us += scaled(other.init_us);
        self.environment_us += scaled(other.environment_us);
        self.throttles += scaled(other.throttles);
        self.sum_us += (other.sum_us as f64 * times) as u128;
        self.concurrency_max = self.concurrency_max.max(other.concurrency_max);
        self.backlog_max = self.backlog_max.max(other.backlog_max);
        self.oldest_us = self.oldest_us.max(other.oldest_us);
        self.max_us = self.max_us.max(other.max_us);
        for (held, more) in self.held_us.iter_mut().zip(other.held_us) {
            *held += scaled(more);
        }
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            let more = scaled(*more);
            *count += more;
            self.done += more;
        }
    }

    /// Takes off what a shorter run of the same seed counted: what is left happened after it.
    pub(crate) fn take_off(&mut self, first: &Self) {
        self.arrivals -= first.arrivals.min(self.arrivals);
        self.refused -= first.refused.min(self.refused);
        self.dead_letters -= first.dead_letters.min(self.dead_letters);
        self.duplicates -= first.duplicates.min(self.duplicates);
        self.invocations -= first.invocations.min(self.invocations);
        self.busy_us -= first.busy_us.min(self.busy_us);
        self.billed_ms -= first.billed_ms.min(self.billed_ms);
        self.cold_starts -= first.cold_starts.min(self.cold_starts);
        self.init_us -= first.init_us.min(self.init_us);
        self.environment_us -= first.environment_us.min(self.environment_us);
        self.throttles -= first.throttles.min(self.throttles);
        self.sum_us -= first.sum_us.min(self.sum_us);
        self.steps.drain(..first.steps.len().saturating_sub(1).min(self.steps.len()));
        for (held, less) in self.held_us.iter_mut().zip(first.held_us) {
            *held -= less.min(*held);
        }
        for (count, less) in self.counts.iter_mut().zip(&first.counts) {
            *count -= (*less).min(*count);
        }
        self.done = self.counts.iter().sum();
        let most = |of: fn(&Step) -> u64| self.steps.iter().map(of).max().unwrap_or(0);
        (self.backlog_max, self.concurrency_max) =
            (most(|step| step.backlog_max), most(|step| step.concurrency_max));
    }

    #[inline]
    pub(crate) fn arrived(&mut self) {
        self.arrivals += 1;
        self.step.arrivals += 1;
    }

    pub(crate) fn refuse(&mut self) {
        self.refused += 1;
    }

    pub(crate) fn throttle(&mut self, limit: Limit, pause_us: u64) {
        self.throttles += 1;
        self.held(limit, pause_us);
    }

    pub(crate) fn dead_letter(&mut self) {
        self.dead_letters += 1;
    }

    pub(crate) fn delivered_again(&mut self) {
        self.duplicates += 1;
    }

    #[inline]
    pub(crate) fn held(&mut self, limit: Limit, us: u64) {
        self.held_us[limit as usize] += us;
    }

    #[inline]
    pub(crate) fn backlog(&mut self, waiting: u64, oldest_us: u64) {
        self.step.backlog_max = self.step.backlog_max.max(waiting);
        self.oldest_us = self.oldest_us.max(oldest_us);
    }

    #[inline]
    pub(crate) fn order_took(&mut self, us: u64) {
        let bucket = bucket_of(us);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.done += 1;
        self.sum_us += u128::from(us);
        self.max_us = self.max_us.max(us);
    }

    #[inline]
    pub(crate) fn invoked(&mut self, us: u64, init_us: u64, concurrency: u64, end: u64) {
        self.invocations += 1;
        self.busy_us += us;
        self.environment_us += us + init_us;
        self.billed_ms += us.div_ceil(1_000);
        self.step.concurrency_max = self.step.concurrency_max.max(concurrency);
        self.ended_us = self.ended_us.max(end);
        if init_us > 0 {
            self.cold_starts += 1;
            self.init_us += init_us;
        }
    }

    pub(crate) fn close_step(&mut self, waiting: u64) {
        self.step.backlog_end = waiting;
        self.backlog_max = self.backlog_max.max(self.step.backlog_max);
        self.concurrency_max = self.concurrency_max.max(self.step.concurrency_max);
        self.steps.push(self.step);
        self.step = Step::default();
    }

    /// The same of a forecast that was put together of parts, up to a share of the orders.
    pub(crate) fn check_account_within(&self, share: f64) {
        let accounted = self.done + self.dead_letters + self.refused;
        let off = self.arrivals.abs_diff(accounted) as f64;
        assert!(
            off <= share * self.arrivals as f64 + 1.0,
            "{} orders, {accounted} accounted for",
            self.arrivals
        );
    }

    /// Every order must have become something.
    pub(crate) fn check_account(&self, in_system: u64) {
        let accounted = self.done + self.dead_letters + self.refused + in_system;
        assert_eq!(self.arrivals, accounted, "an order was lost or made by the simulation");
    }
}

/// Exact up to 127, then 64 buckets between a power of two and the next.
#[inline]
fn bucket_of(value: u64) -> usize {
    let shift = (63 - (value | 1).leading_zeros()).saturating_sub(BITS_PER_DOUBLING);
    ((u64::from(shift) << BITS_PER_DOUBLING) + (value >> shift)) as usize
}

/// The highest value of a bucket.
fn highest_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket >> BITS_PER_DOUBLING).saturating_sub(1);
    let start = (bucket - (shift << BITS_PER_DOUBLING)) << shift;
    start + (1 << shift) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_of_a_hundred_known_values() {
        let mut forecast = Forecast::default();
        (1..=100).for_each(|us| forecast.order_took(us));
        assert_eq!([0.5, 0.99, 1.0].map(|q| forecast.quantile_us(q)), [50, 99, 100]);
        assert_eq!(forecast.share_within(25), 0.25);
    }

    proptest! {
        #[test]
        fn a_bucket_ends_at_most_one_sixty_fourth_above_its_value(value in 0_u64..1 << 40) {
            let highest = highest_of(bucket_of(value));
            prop_assert!(highest >= value);
            prop_assert!(highest - value <= value / 64);
            prop_assert_eq!(bucket_of(highest), bucket_of(value));
            prop_assert_eq!(bucket_of(highest + 1), bucket_of(value) + 1);
        }
    }
}
