//! What the pipeline is: the deployed template, the quotas of the account, and what AWS does not
//! document.

use super::service_time::{QuantileTable, ServiceTime};
use crate::{Distribution, Limit, Quotas};

/// A pipeline: gateway, queue, event source mapping, function, database.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineSettings {
    /// Orders a second that the gateway lets through in the long run.
    pub gateway_rate_per_s: f64,
    /// Orders that it lets through at once.
    pub gateway_burst: f64,
    /// From a receive until the message can be received again, µs.
    pub visibility_timeout_us: u64,
    /// After so many receives a message goes to the dead-letter queue, at least 1.
    pub max_receive_count: u16,
    /// Most messages received and not deleted.
    pub in_flight_max: u64,
    /// The event source mapping.
    pub mapping: EventSourceMapping,
    /// The function.
    pub function: Function,
    /// The database, when it may be the bottleneck.
    pub database: Option<Database>,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// The chance that a message comes again although it was deleted. SQS promises at least once
    /// and does not say how often it is more.
    pub duplicate_probability: f64,
    /// How fast what runs the function was over time, when a run is simulated again.
    pub pace: Option<Pace>,
    /// Length of a step of [`crate::Forecast::steps`], µs, at least 1.
    pub step_us: u64,
}

/// How Lambda takes messages from the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSourceMapping {
    /// Concurrent invocations that are always allowed, at least 1.
    pub start: u32,
    /// More of them a minute while messages wait.
    pub ramp_per_min: u32,
    /// Most of them.
    pub ceiling: u32,
    /// `MaximumConcurrency`, when it is set.
    pub maximum_concurrency: Option<u32>,
    /// Fewer of them a second while less than half are used. AWS does not document it.
    pub scale_in_per_s: f64,
    /// Most messages in one invocation, at least 1.
    pub batch_size: u32,
    /// How long a batch is gathered, µs.
    pub batch_window_us: u64,
    /// How long a throttled batch waits before it is tried again, µs; the pause doubles with each
    /// further throttle. AWS documents that there are pauses, not how long they are.
    pub throttle_pause_us: u64,
    /// The longest of these pauses, µs.
    pub throttle_pause_max_us: u64,
    /// From the arrival of a message until a poller that waits has received it, with what came
    /// meanwhile, µs.
    pub wake_us: u64,
    /// From the receive to the function and from its answer to the deletion, µs: part of the time
    /// to document, not billed as duration.
    pub handover_us: u64,
    /// From the deletion until the same place has received the next batch, µs.
    pub poll_us: u64,
}

/// The function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its memory, MB.
    pub memory_mb: u32,
    /// Concurrent executions that the account, or a reservation, leaves it.
    pub concurrency_max: u32,
    /// Execution environments that it may add in 10 s.
    pub environments_per_10_s: u32,
    /// What a cold start adds.
    pub cold_start: QuantileTable,
    /// How long an environment stays idle before it is taken away, µs. AWS does not document it.
    pub idle_lifetime_us: u64,
    /// After this an invocation is killed: all of it fails and its environment is lost, µs.
    pub timeout_us: u64,
    /// How long an invocation takes.
    pub service: ServiceTime,
    /// Invocations that fail as a whole, when there are any.
    pub crash: Option<Crash>,
    /// The chance that an order fails and is reported as such in a partial batch response.
    pub order_failure_probability: f64,
}

/// How much longer than usual invocations took, over time: a machine that others use, too, is not
/// equally fast throughout.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// Length of a step, µs, at least 1.
    pub step_us: u64,
    /// By what an invocation's time is multiplied that starts in each step; 1 after the last.
    pub factors: Vec<f64>,
}

impl Pace {
    /// The factor at an instant, µs from the start.
    pub fn at(&self, us: u64) -> f64 {
        self.factors.get((us / self.step_us.max(1)) as usize).copied().unwrap_or(1.0)
    }
}

/// An invocation that dies: every message of it goes back, and its environment is lost.
#[derive(Debug, Clone, PartialEq)]
pub struct Crash {
    /// The chance that an invocation does.
    pub probability: f64,
    /// How long it ran by then.
    pub after: QuantileTable,
}

/// The database as a bottleneck: an invocation holds one connection for its orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Database {
    /// Most connections.
    pub connections: u32,
    /// How long each order holds it, µs; it is part of the invocation's service time.
    pub order_us: u64,
}

/// Something that goes wrong for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The database refuses: every order of an invocation that starts then fails.
    DatabaseOutage {
        /// From, µs from the start.
        from_us: u64,
        /// Until, µs.
        until_us: u64,
        /// How long the function tries, µs.
        fails_after_us: u64,
    },
    /// S3 is slow: invocations that start then take longer.
    SlowStorage {
        /// From, µs from the start.
        from_us: u64,
        /// Until, µs.
        until_us: u64,
        /// What each order takes longer, µs.
        order_us: u64,
    },
}

impl PipelineSettings {
    /// The quotas of an account, the standard event source mapping, and an assumed function: 5 ms
    /// an invocation and 40 ms an order (lognormal, sigma 0.5), 30 ms for a cold start, 256 MB.
    pub fn assumed(quotas: &Quotas) -> Self {
        // cv2 = exp(sigma^2) - 1 at sigma 0.5.
        let order = Distribution::Lognormal { mean_s: 0.04, cv2: 0.25_f64.exp_m1() };
        Self {
            gateway_rate_per_s: f64::from(quotas.api_gateway_throttle.value),
            gateway_burst: f64::from(quotas.api_gateway_burst.value),
            visibility_timeout_us: 30_000_000,
            max_receive_count: 5,
            in_flight_max: u64::from(quotas.sqs_in_flight.value),
            mapping: EventSourceMapping::standard(quotas),
            function: Function {
                memory_mb: 256,
                concurrency_max: quotas.lambda_account_concurrency.value,
                environments_per_10_s: quotas.lambda_environments_per_10_s.value,
                cold_start: QuantileTable::constant(30_000),
                idle_lifetime_us: 600_000_000,
                timeout_us: 900_000_000,
                crash: None,
                service: ServiceTime::Linear {
                    invocation_us: 5_000,
                    order: QuantileTable::of(&order),
                },
                order_failure_probability: 0.001,
            },
            database: None,
            faults: Vec::new(),
            duplicate_probability: 0.0,
            pace: None,
            step_us: 60_000_000,
        }
    }

    /// Most concurrent invocations that these settings ever allow.
    pub fn concurrency_max(&self) -> u32 {
        self.mapping.most().min(self.function.concurrency_max)
    }

    /// Orders a second with full batches and every invocation busy, or every connection of the
    /// database, and which of the limits that is.
    pub fn capacity(&self) -> (f64, Limit) {
        let batch = self.mapping.batch_size;
        let takes_us = self.function.service.mean_us(batch)
            + (self.mapping.handover_us + self.mapping.poll_us) as f64;
        let invocations = f64::from(self.concurrency_max());
        let of_invocations = f64::from(batch) * invocations * 1e6 / takes_us.max(1.0);
        let limit = if self.function.concurrency_max < self.mapping.most() {
            Limit::AccountConcurrency
        } else {
            self.mapping.highest()
        };
        match self.database {
            Some(database) => {
                let of_connections =
                    f64::from(database.connections) * 1e6 / (database.order_us as f64).max(1.0);
                if of_connections < of_invocations {
                    (of_connections, Limit::Database)
                } else {
                    (of_invocations, limit)
                }
            }
            None => (of_invocations, limit),
        }
    }
}

impl EventSourceMapping {
    /// Standard mode, batches of 10, no window.
    pub fn standard(quotas: &Quotas) -> Self {
        Self {
            start: quotas.esm_start.value,
            ramp_per_min: quotas.esm_ramp_per_min.value,
            ceiling: quotas.esm_ceiling.value,
            maximum_concurrency: None,
            scale_in_per_s: 5.0,
            batch_size: 10,
            batch_window_us: 0,
            throttle_pause_us: 50_000,
            throttle_pause_max_us: 5_000_000,
            wake_us: 0,
            handover_us: 0,
            poll_us: 0,
        }
    }

    /// Provisioned mode with so many event pollers at least and at most.
    pub fn provisioned(quotas: &Quotas, pollers_min: u32, pollers_max: u32) -> Self {
        let each = quotas.provisioned_per_poller.value;
        Self {
            start: pollers_min * each,
            ramp_per_min: quotas.provisioned_ramp_per_min.value,
            ceiling: pollers_max * each,
            ..Self::standard(quotas)
        }
    }

    /// How long the first message of a batch that is not full waits for others, µs.
    #[inline]
    pub(crate) fn gather_us(&self) -> u64 {
        self.batch_window_us + self.wake_us
    }

    /// What bounds its concurrency in the end.
    pub(crate) fn highest(&self) -> Limit {
        if self.maximum_concurrency == Some(self.most()) {
            Limit::MaximumConcurrency
        } else {
            Limit::MappingCeiling
        }
    }

    /// Most concurrent invocations.
    pub(crate) fn most(&self) -> u32 {
        self.maximum_concurrency.map_or(self.ceiling, |most| most.min(self.ceiling)).max(1)
    }
}
