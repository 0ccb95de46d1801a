//! Arrival processes of a plain queue.

use ::arrivals::{ArrivalSchedule, Curve};
use serde::{Deserialize, Serialize};

use crate::Distribution;
use crate::chance::Chance;
use crate::distribution::{Sampler, cumulative};

/// How customers arrive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ArrivalProcess {
    /// One by one, at exponential distances.
    Poisson {
        /// Arrivals per second.
        rate_per_s: f64,
    },
    /// One by one, at equal distances; the first after one distance.
    Deterministic {
        /// Arrivals per second.
        rate_per_s: f64,
    },
    /// One by one, at independent distances of any distribution.
    Renewal {
        /// The distance from one to the next.
        interarrival: Distribution,
    },
    /// Groups at exponential distances.
    Batch {
        /// Groups per second.
        batches_per_s: f64,
        /// How many in a group.
        size: GroupSize,
    },
    /// A Poisson process whose rate is chosen by a Markov chain; it starts in the first state.
    Mmpp {
        /// Arrivals per second in each state.
        rates_per_s: Vec<f64>,
        /// Changes per second from state (row) to state (column); the diagonal is not read.
        switch_per_s: Vec<Vec<f64>>,
    },
    /// A rate that goes in straight lines; exactly `orders` arrivals, one in each share.
    Curve {
        /// How many.
        orders: u64,
        /// (time s, relative rate), times rising.
        points: Vec<(f64, f64)>,
    },
    /// The business day of the load profiles; exactly `orders` arrivals in 24 hours.
    BusinessDay {
        /// How many.
        orders: u64,
    },
    /// At these instants, s from the start, rising.
    Times {
        /// The instants.
        at_s: Vec<f64>,
    },
    /// At the instants of a text file, one a line in s from the start, rising.
    File {
        /// The file, relative to the model file.
        path: String,
    },
}

/// How many arrive together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GroupSize {
    /// Always as many.
    Fixed(u32),
    /// 1, 2, 3, ... with P(n) = (1 - 1/mean)^(n-1) / mean.
    Geometric {
        /// The mean, at least 1.
        mean: f64,
    },
    /// The n-th weight is that of n customers, n from 1 on.
    Weights(Vec<f64>),
}

impl ArrivalProcess {
    /// What makes it no arrival process, with the key to change.
    pub(crate) fn wrong(&self, wrong: &mut Vec<String>) {
        let mut must = |holds: bool, key: &str, what: &str| {
            if !holds {
                wrong.push(format!("arrivals.{key} must be {what}"));
            }
        };
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let not_negative = |all: &[f64]| all.iter().all(|v| *v >= 0.0 && v.is_finite());
        match self {
            Self::Poisson { rate_per_s } => {
                must(positive(*rate_per_s), "poisson.rate_per_s", "above 0");
            }
            Self::Deterministic { rate_per_s } => {
                must(positive(*rate_per_s), "deterministic.rate_per_s", "above 0");
            }
            Self::Renewal { interarrival } => {
                must(interarrival.mean_s() > 0.0, "renewal.interarrival", "above 0 in the mean");
                interarrival.wrong("arrivals.renewal.interarrival", wrong);
            }
            Self::Batch { batches_per_s, size } => {
                must(positive(*batches_per_s), "batch.batches_per_s", "above 0");
                let fits = match size {
                    GroupSize::Fixed(size) => *size > 0,
                    GroupSize::Geometric { mean } => *mean >= 1.0 && mean.is_finite(),
                    GroupSize::Weights(all) => not_negative(all) && all.iter().sum::<f64>() > 0.0,
                };
                must(fits, "batch.size", "at least 1 (weights: from 0 on, not all 0)");
            }
            Self::Mmpp { rates_per_s, switch_per_s } => {
                let some = rates_per_s.iter().any(|rate| *rate > 0.0) && not_negative(rates_per_s);
                must(some, "mmpp.rates_per_s", "from 0 on, one above 0");
                let square = switch_per_s.len() == rates_per_s.len()
                    && switch_per_s.iter().all(|row| row.len() == rates_per_s.len());
                must(square, "mmpp.switch_per_s", "a row and a column for each of rates_per_s");
                let all = switch_per_s.iter().all(|row| not_negative(row));
                must(all, "mmpp.switch_per_s", "from 0 on");
            }
            Self::Curve { orders, points } => {
                must(*orders > 0, "curve.orders", "at least 1");
                let rising = points.len() > 1 && points.windows(2).all(|p| p[0].0 < p[1].0);
                must(rising, "curve.points", "at least two, with rising times");
                let some = points.iter().any(|p| p.1 > 0.0) && points.iter().all(|p| p.1 >= 0.0);
                must(some, "curve.points", "rates from 0 on, one above 0");
            }
            Self::BusinessDay { orders } => must(*orders > 0, "business_day.orders", "at least 1"),
            Self::Times { at_s } => {
                let rising = at_s.windows(2).all(|pair| pair[0] <= pair[1]) && not_negative(at_s);
                must(rising, "times.at_s", "rising, from 0 on");
            }
            Self::File { path } => {
                must(false, "file.path", &format!("read first ({path})"));
            }
        }
    }

    /// The instants, s from the start, without end or until the process has none left.
    pub(crate) fn stream(&self, seed: u64, chance: Chance) -> ArrivalStream {
        let source = match self {
            Self::Poisson { rate_per_s } => Source::Renewal(Sampler::Exponential(1.0 / rate_per_s)),
            Self::Deterministic { rate_per_s } => {
                Source::Renewal(Sampler::Constant(1.0 / rate_per_s))
            }
            Self::Renewal { interarrival } => Source::Renewal(interarrival.sampler()),
            Self::Batch { batches_per_s, size } => Source::Groups {
                mean_s: 1.0 / batches_per_s,
                size: size.clone(),
                cumulative: match size {
                    GroupSize::Weights(weights) => cumulative(weights),
                    GroupSize::Fixed(_) | GroupSize::Geometric { .. } => Vec::new(),
                },
                left: 0,
            },
            Self::Mmpp { rates_per_s, switch_per_s } => Source::Modulated {
                states: (0..)
                    .zip(rates_per_s)
                    .map(|(row, rate)| state(row, *rate, switch_per_s))
                    .collect(),
                current: 0,
            },
            Self::Curve { orders, points } => {
                let schedule =
                    ArrivalSchedule::new(Curve::through(points), *orders, 1.0, Some(seed));
                Source::Schedule { schedule, next: 0 }
            }
            Self::BusinessDay { orders } => {
                let schedule =
                    ArrivalSchedule::new(Curve::business_day(), *orders, 1.0, Some(seed));
                Source::Schedule { schedule, next: 0 }
            }
            Self::Times { at_s } => Source::Times { at_s: at_s.clone(), next: 0 },
            Self::File { .. } => Source::Times { at_s: Vec::new(), next: 0 },
        };
        ArrivalStream { source, chance, now: 0.0 }
    }
}

/// The cumulative weights of what happens next in a state: an arrival, or a change to each state.
fn state(row: usize, rate: f64, switch_per_s: &[Vec<f64>]) -> Vec<f64> {
    let mut weights = vec![rate];
    let changes = switch_per_s[row].iter().zip(0..);
    weights.extend(changes.map(|(weight, column)| if column == row { 0.0 } else { *weight }));
    cumulative(&weights)
}

/// The instants of an arrival process.
#[derive(Debug)]
pub(crate) struct ArrivalStream {
    source: Source,
    chance: Chance,
    now: f64,
}

#[derive(Debug)]
enum Source {
    Renewal(Sampler),
    Groups { mean_s: f64, size: GroupSize, cumulative: Vec<f64>, left: u64 },
    Modulated { states: Vec<Vec<f64>>, current: usize },
    Schedule { schedule: ArrivalSchedule, next: u64 },
    Times { at_s: Vec<f64>, next: usize },
}

impl Iterator for ArrivalStream {
    type Item = f64;

    #[inline]
    fn next(&mut self) -> Option<f64> {
        let chance = &mut self.chance;
        match &mut self.source {
            Source::Renewal(distance) => self.now += distance.draw(chance),
            Source::Groups { mean_s, size, cumulative, left } => {
                if *left == 0 {
                    self.now += *mean_s * chance.exponential();
                    *left = group(size, cumulative, chance);
                }
                *left -= 1;
            }
            Source::Modulated { states, current } => loop {
                let weights = &states[*current];
                let whole = weights.last().copied().unwrap_or(0.0);
                if whole <= 0.0 {
                    return None; // a state without arrivals that nothing leaves
                }
                self.now += chance.exponential() / whole;
                match chance.choose(weights) {
                    0 => break,
                    to => *current = to - 1,
                }
            },
            Source::Schedule { schedule, next } => {
                if *next == schedule.orders() {
                    return None;
                }
                self.now = schedule.at(*next).as_secs_f64();
                *next += 1;
            }
            Source::Times { at_s, next } => {
                self.now = *at_s.get(*next)?;
                *next += 1;
            }
        }
        Some(self.now)
    }
}

/// Draws the size of a group, at least 1.
fn group(size: &GroupSize, cumulative: &[f64], chance: &mut Chance) -> u64 {
    match size {
        GroupSize::Fixed(size) => u64::from(*size),
        GroupSize::Geometric { mean } if *mean <= 1.0 => 1,
        GroupSize::Geometric { mean } => {
            let stay = 1.0 - 1.0 / mean;
            1 + ((1.0 - chance.unit()).ln() / stay.ln()) as u64
        }
        GroupSize::Weights(_) => chance.choose(cumulative) as u64 + 1,
    }
}
