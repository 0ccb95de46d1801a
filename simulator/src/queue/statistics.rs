//! What is counted while a queue runs, in batches, so that every mean has a standard error.

use super::model::{QueueModel, Servers};
use super::report::{Counts, Estimate, QueueReport, Times};
use crate::histogram::LogHistogram;

/// The quantiles that are reported.
const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Most numbers in system whose share of time is kept.
const STATES_MAX: usize = 4_096;

/// How many are where.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Levels {
    pub(super) waiting: u64,
    pub(super) in_service: u64,
    pub(super) busy_servers: u64,
    pub(super) invisible: u64,
}

/// How a customer left.
#[derive(Debug, Clone, Copy)]
pub(super) enum Left {
    /// Found the system full.
    Blocked,
    /// After being served, well or as a dead letter.
    Served { wait: f64, sojourn: f64, receives: u32, dead_letter: bool },
}

/// The sums of one batch.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    seconds: f64,
    waiting: f64,
    in_service: f64,
    busy_servers: f64,
    invisible: f64,
    left: u64,
    arrived: u64,
    blocked: u64,
    dead_letters: u64,
    served: u64,
    delayed: u64,
    wait: f64,
    sojourn: f64,
    receives: u64,
    services: u64,
    customers_in_services: u64,
}

/// A closed batch.
#[derive(Debug, Clone)]
struct Batch {
    sums: Sums,
    wait_quantiles: [f64; 5],
    sojourn_quantiles: [f64; 5],
}

#[derive(Debug)]
pub(super) struct Statistics {
    warm_up_left: u64,
    per_batch: u64,
    batches_wanted: usize,
    current: Sums,
    batches: Vec<Batch>,
    wait: LogHistogram,
    sojourn: LogHistogram,
    wait_all: LogHistogram,
    sojourn_all: LogHistogram,
    wait_max: f64,
    sojourn_max: f64,
    /// Seconds with n in the system.
    states_s: Vec<f64>,
    counts: Counts,
}

impl Statistics {
    pub(super) fn new(model: &QueueModel) -> Self {
        Self {
            warm_up_left: model.warm_up(),
            per_batch: model.customers / u64::from(model.batches),
            batches_wanted: model.batches as usize,
            current: Sums::default(),
            batches: Vec::new(),
            wait: LogHistogram::default(),
            sojourn: LogHistogram::default(),
            wait_all: LogHistogram::default(),
            sojourn_all: LogHistogram::default(),
            wait_max: 0.0,
            sojourn_max: 0.0,
            states_s: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Whether everything that was asked for has been measured.
    pub(super) fn complete(&self) -> bool {
        self.batches.len() == self.batches_wanted
    }

    /// Time passed at these levels.
    #[inline]
    pub(super) fn pass(&mut self, seconds: f64, levels: Levels) {
        if self.warm_up_left > 0 {
            return;
        }
        let sums = &mut self.current;
        sums.seconds += seconds;
        sums.waiting += seconds * levels.waiting as f64;
        sums.in_service += seconds * levels.in_service as f64;
        sums.busy_servers += seconds * levels.busy_servers as f64;
        sums.invisible += seconds * levels.invisible as f64;
        let present = (levels.waiting + levels.in_service + levels.invisible) as usize;
        if present < STATES_MAX {
            if self.states_s.len() <= present {
                self.states_s.resize(present + 1, 0.0);
            }
            self.states_s[present] += seconds;
        }
    }

    pub(super) fn arrived(&mut self) {
        self.counts.arrivals += 1;
        self.current.arrived += 1;
    }

    pub(super) fn began(&mut self, customers: u64) {
        self.current.services += 1;
        self.current.customers_in_services += customers;
    }

    pub(super) fn left(&mut self, how: Left) {
        let sums = &mut self.current;
        sums.left += 1;
        match how {
            Left::Blocked => {
                self.counts.blocked += 1;
                sums.blocked += 1;
            }
            Left::Served { wait, sojourn, receives, dead_letter } => {
                sums.served += 1;
                sums.receives += u64::from(receives);
                sums.wait += wait;
                sums.sojourn += sojourn;
                sums.delayed += u64::from(wait > 0.0);
                if dead_letter {
                    self.counts.dead_letters += 1;
                    sums.dead_letters += 1;
                } else {
                    self.counts.done += 1;
                }
                if self.warm_up_left == 0 {
                    self.wait.add(wait);
                    self.sojourn.add(sojourn);
                    self.wait_max = self.wait_max.max(wait);
                    self.sojourn_max = self.sojourn_max.max(sojourn);
                }
            }
        }
        if self.warm_up_left > 0 {
            self.warm_up_left -= 1;
            if self.warm_up_left == 0 {
                self.current = Sums::default();
            }
        } else if sums.left == self.per_batch {
            self.close_batch();
        }
    }

    fn close_batch(&mut self) {
        if self.complete() {
            return;
        }
        self.batches.push(Batch {
            sums: self.current,
            wait_quantiles: QUANTILES.map(|quantile| self.wait.quantile(quantile)),
            sojourn_quantiles: QUANTILES.map(|quantile| self.sojourn.quantile(quantile)),
        });
        self.wait_all.merge(&self.wait);
        self.sojourn_all.merge(&self.sojourn);
        self.wait.clear();
        self.sojourn.clear();
        self.current = Sums::default();
    }

    /// The end: what is left over of finite arrivals is a batch too, and the account of every
    /// customer must close.
    pub(super) fn close(&mut self, levels: Levels) {
        if self.current.left > 0 && !self.complete() && self.warm_up_left == 0 {
            self.close_batch();
        }
        let counts = &mut self.counts;
        counts.in_system = levels.waiting + levels.in_service + levels.invisible;
        let accounted = counts.done + counts.dead_letters + counts.blocked + counts.in_system;
        assert_eq!(counts.arrivals, accounted, "a customer was lost or made: {counts:?}");
    }

    /// Adds the batches of another replication.
    pub(super) fn merge(&mut self, other: Self) {
        self.batches.extend(other.batches);
        self.wait_all.merge(&other.wait_all);
        self.sojourn_all.merge(&other.sojourn_all);
        self.wait_max = self.wait_max.max(other.wait_max);
        self.sojourn_max = self.sojourn_max.max(other.sojourn_max);
        if self.states_s.len() < other.states_s.len() {
            self.states_s.resize(other.states_s.len(), 0.0);
        }
        for (all, seconds) in self.states_s.iter_mut().zip(other.states_s) {
            *all += seconds;
        }
        self.counts.add(&other.counts);
    }

    /// All of it, with standard errors.
    pub(super) fn report(&self, model: &QueueModel) -> QueueReport {
        let ratio = |over: fn(&Sums) -> f64, under: fn(&Sums) -> f64| self.ratio(over, under);
        let per_second = |over: fn(&Sums) -> f64| self.ratio(over, |sums| sums.seconds);
        let per_served = |over: fn(&Sums) -> f64| self.ratio(over, |sums| sums.served as f64);
        let seconds: f64 = self.batches.iter().map(|batch| batch.sums.seconds).sum();
        let left: u64 = self.batches.iter().map(|batch| batch.sums.left).sum();
        let busy_servers = per_second(|sums| sums.busy_servers);
        QueueReport {
            seed: model.seed,
            customers: left,
            warm_up: model.warm_up(),
            batches: self.batches.len() as u64,
            replications: model.replications,
            simulated_s: seconds,
            wait_s: self.times(
                per_served(|sums| sums.wait),
                &self.wait_all,
                self.wait_max,
                |batch| &batch.wait_quantiles,
            ),
            sojourn_s: self.times(
                per_served(|sums| sums.sojourn),
                &self.sojourn_all,
                self.sojourn_max,
                |batch| &batch.sojourn_quantiles,
            ),
            delay_probability: per_served(|sums| sums.delayed as f64),
            queue_length: per_second(|sums| sums.waiting),
            in_service: per_second(|sums| sums.in_service),
            invisible: per_second(|sums| sums.invisible),
            in_system: per_second(|sums| sums.waiting + sums.in_service + sums.invisible),
            busy_servers,
            utilisation: match model.queue.servers {
                Servers::Finite(servers) => Some(busy_servers.divided_by(f64::from(servers))),
                Servers::Infinite => None,
            },
            blocking_probability: ratio(|sums| sums.blocked as f64, |sums| sums.left as f64),
            arrival_rate_per_s: per_second(|sums| sums.arrived as f64),
            throughput_per_s: per_second(|sums| (sums.served - sums.dead_letters) as f64),
            services_per_customer: per_served(|sums| sums.receives as f64),
            dead_letter_fraction: per_served(|sums| sums.dead_letters as f64),
            customers_per_service: ratio(
                |sums| sums.customers_in_services as f64,
                |sums| sums.services as f64,
            ),
            littles_law_difference: self.littles_law_difference(),
            in_system_probability: self.states_s.iter().map(|state| state / seconds).collect(),
            counts: self.counts,
        }
    }

    /// A ratio of sums, and its standard error by batches.
    fn ratio(&self, over: fn(&Sums) -> f64, under: fn(&Sums) -> f64) -> Estimate {
        let (mut all_over, mut all_under) = (0.0, 0.0);
        for batch in &self.batches {
            all_over += over(&batch.sums);
            all_under += under(&batch.sums);
        }
        let value = all_over / all_under;
        // The error of a ratio by batches: the spread of (over - ratio * under), which weighs a
        // long batch more than a short one.
        let mean_under = all_under / self.batches.len() as f64;
        let residuals =
            self.batches.iter().map(|b| (over(&b.sums) - value * under(&b.sums)) / mean_under);
        Estimate { value, standard_error: standard_error(residuals) }
    }

    /// L - lambda W, in customers: 0 but for those who are in the system at a batch's edges.
    fn littles_law_difference(&self) -> Estimate {
        let difference = |sums: &Sums| {
            (sums.waiting + sums.in_service + sums.invisible - sums.sojourn) / sums.seconds
        };
        let all: Vec<f64> = self.batches.iter().map(|batch| difference(&batch.sums)).collect();
        let value = all.iter().sum::<f64>() / all.len() as f64;
        Estimate { value, standard_error: standard_error(all.iter().copied()) }
    }

    fn times(
        &self,
        mean: Estimate,
        all: &LogHistogram,
        max: f64,
        of: fn(&Batch) -> &[f64; 5],
    ) -> Times {
        let quantile = |index: usize| Estimate {
            value: all.quantile(QUANTILES[index]),
            standard_error: standard_error(self.batches.iter().map(|batch| of(batch)[index])),
        };
        Times {
            mean,
            p50: quantile(0),
            p90: quantile(1),
            p95: quantile(2),
            p99: quantile(3),
            p999: quantile(4),
            max,
        }
    }
}

/// The standard error of the mean of independent values; NaN for fewer than two.
fn standard_error(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (n - 1.0) / n).sqrt()
}
