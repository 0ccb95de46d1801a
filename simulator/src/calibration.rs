//! From what a run recorded of its invocations to the settings of a simulation: service times by
//! the size of the batch and by how many invocations ran at once, cold starts, failures, and the
//! time that is neither the function's nor the queue's.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::{Crash, Pace, PipelineSettings, QuantileTable, ServiceTime};

/// Fewer invocations than this make no table of their own.
const SAMPLES_MIN: usize = 40;
/// More invocations at once than this share one table.
const AT_ONCE_MAX: usize = 64;
/// For so long a machine is taken to be equally fast, µs.
const PACE_STEP_US: u64 = 500_000;
/// How many usual invocations are added to a step, so that one odd one makes no pace.
const PACE_PRIOR: f64 = 2.0;
/// Times and pace depend on each other; they settle within a few rounds.
const PACE_ROUNDS: usize = 4;

/// One invocation, as it was recorded. Instants are µs from the start of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedInvocation {
    /// When its poller began to wait.
    pub polled_us: u64,
    /// When the batch was complete.
    pub received_us: u64,
    /// When what it processed was deleted.
    pub ended_us: u64,
    /// As Lambda bills it, without initialization, µs.
    pub duration_us: u64,
    /// Initialization, µs; 0 in a warm environment.
    pub init_us: u64,
    /// How often Lambda refused it before.
    pub throttles: u64,
    /// Whether it succeeded, be it in part.
    pub succeeded: bool,
    /// Its messages.
    pub messages: Vec<ObservedMessage>,
}

/// One message of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObservedMessage {
    /// Which: the same number is the same message.
    pub message: u64,
    /// When the queue took it, µs from the start of the run.
    pub sent_us: u64,
    /// How often it has been received, this time included.
    pub receive: u64,
    /// Whether it was processed and deleted.
    pub processed: bool,
}

/// What a run says of a pipeline's times and failures.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// How long invocations take.
    pub service: ServiceTime,
    /// The same at the usual pace, and the pace over the time of the run.
    pub paced: (ServiceTime, Pace),
    /// What a cold start adds; none was seen if it is nothing.
    pub cold_start: QuantileTable,
    /// The chance that a message of a successful invocation fails.
    pub order_failure_probability: f64,
    /// Invocations that failed as a whole.
    pub crash: Option<Crash>,
    /// The chance that a processed message comes again.
    pub duplicate_probability: f64,
    /// Between receive and deletion, and not the function's, µs.
    pub handover_us: u64,
    /// From a deletion to the next batch while messages wait, µs.
    pub poll_us: u64,
    /// From a message's arrival until a poller that waits has received it, µs.
    pub wake_us: u64,
    /// Invocations behind it.
    pub invocations: usize,
    /// The largest batch seen.
    pub batch_max: usize,
    /// The most invocations at once that have a table of their own.
    pub at_once_max: usize,
}

impl Calibration {
    /// Reads a run. None if not one invocation succeeded.
    pub fn of(invocations: &[ObservedInvocation]) -> Option<Self> {
        let mut sorted: Vec<&ObservedInvocation> =
            invocations.iter().filter(|invocation| !invocation.messages.is_empty()).collect();
        sorted.sort_by_key(|invocation| invocation.received_us);
        let at_once = at_once(&sorted);
        let succeeded: Vec<(&ObservedInvocation, usize)> = sorted
            .iter()
            .copied()
            .zip(at_once)
            .filter(|(invocation, _)| invocation.succeeded)
            .collect();
        if succeeded.is_empty() {
            return None;
        }
        let timed: Vec<Timed> = succeeded.iter().map(Timed::of).collect();
        let samples = Samples::of(&timed);
        Some(Self {
            paced: paced(timed.clone()),
            cold_start: cold_start(&sorted),
            order_failure_probability: order_failures(&succeeded),
            crash: crash(&sorted),
            duplicate_probability: duplicates(&sorted),
            handover_us: mean(succeeded.iter().filter_map(|(invocation, _)| handover(invocation))),
            poll_us: mean(sorted.iter().filter_map(|invocation| poll(invocation))),
            wake_us: mean(sorted.iter().filter_map(|invocation| wake(invocation))),
            invocations: sorted.len(),
            batch_max: samples.batch_max,
            at_once_max: samples.by_at_once.len(),
            service: samples.tables(),
        })
    }

    /// Puts the measured times and failures in the place of assumed ones.
    pub fn apply(&self, settings: &mut PipelineSettings) {
        settings.function.service = self.service.clone();
        settings.function.cold_start = self.cold_start.clone();
        settings.function.order_failure_probability = self.order_failure_probability;
        settings.function.crash = self.crash.clone();
        settings.duplicate_probability = self.duplicate_probability;
        settings.mapping.handover_us = self.handover_us;
        settings.mapping.poll_us = self.poll_us;
        settings.mapping.wake_us = self.wake_us;
    }

    /// The same for simulating the run itself again: at the pace of its time.
    pub fn apply_to_replay(&self, settings: &mut PipelineSettings) {
        self.apply(settings);
        settings.function.service = self.paced.0.clone();
        settings.pace = Some(self.paced.1.clone());
    }
}

/// A successful invocation: when it began, how many ran at once, its size, its duration.
#[derive(Debug, Clone, Copy)]
struct Timed {
    at_us: u64,
    at_once: usize,
    size: usize,
    us: f64,
}

impl Timed {
    fn of((invocation, at_once): &(&ObservedInvocation, usize)) -> Self {
        Self {
            at_us: invocation.received_us,
            at_once: (*at_once).min(AT_ONCE_MAX),
            size: invocation.messages.len(),
            us: invocation.duration_us as f64,
        }
    }
}

/// What each step of time took over what its invocations usually take, and the times without it.
fn paced(mut timed: Vec<Timed>) -> (ServiceTime, Pace) {
    let measured: Vec<f64> = timed.iter().map(|one| one.us).collect();
    let steps = timed.iter().map(|one| one.at_us / PACE_STEP_US).max().unwrap_or(0) as usize + 1;
    let mut pace = Pace { step_us: PACE_STEP_US, factors: vec![1.0; steps] };
    for _ in 0..PACE_ROUNDS {
        let usual = Usual::of(&timed);
        let prior = PACE_PRIOR * usual.mean;
        let mut sums = vec![(prior, prior); steps];
        for (one, took) in timed.iter().zip(&measured) {
            let sum = &mut sums[(one.at_us / PACE_STEP_US) as usize];
            *sum = (sum.0 + took, sum.1 + usual.of_one(one));
        }
        pace.factors = sums.iter().map(|(took, usual)| took / usual.max(1e-9)).collect();
        for (one, took) in timed.iter_mut().zip(&measured) {
            one.us = took / pace.at(one.at_us).max(1e-9);
        }
    }
    (Samples::of(&timed).tables(), pace)
}

/// Mean durations by how many ran at once and by size.
struct Usual {
    by_kind: HashMap<(usize, usize), (f64, f64)>,
    mean: f64,
}

impl Usual {
    fn of(timed: &[Timed]) -> Self {
        let mut by_kind = HashMap::new();
        for one in timed {
            let (sum, count) = by_kind.entry((one.at_once, one.size)).or_insert((0.0, 0.0));
            (*sum, *count) = (*sum + one.us, *count + 1.0);
        }
        let mean = timed.iter().map(|one| one.us).sum::<f64>() / timed.len().max(1) as f64;
        Self { by_kind, mean }
    }

    fn of_one(&self, one: &Timed) -> f64 {
        self.by_kind.get(&(one.at_once, one.size)).map_or(self.mean, |(sum, count)| sum / count)
    }
}

/// How many ran when each began, itself included; sorted by their begin.
fn at_once(sorted: &[&ObservedInvocation]) -> Vec<usize> {
    let mut ends = BinaryHeap::new();
    let count = |invocation: &&ObservedInvocation| {
        while ends.peek().is_some_and(|Reverse(end)| *end <= invocation.received_us) {
            ends.pop();
        }
        ends.push(Reverse(invocation.ended_us));
        ends.len()
    };
    sorted.iter().map(count).collect()
}

/// Durations of successful invocations by how many ran at once and by their size, both from 1.
struct Samples {
    by_at_once: Vec<Vec<Vec<u64>>>,
    batch_max: usize,
}

impl Samples {
    fn of(timed: &[Timed]) -> Self {
        let batch_max = timed.iter().map(|one| one.size).max().unwrap_or(1);
        let mut by_at_once: Vec<Vec<Vec<u64>>> = Vec::new();
        for one in timed {
            let row = one.at_once - 1;
            if by_at_once.len() <= row {
                by_at_once.resize(row + 1, vec![Vec::new(); batch_max]);
            }
            by_at_once[row][one.size - 1].push(one.us.round() as u64);
        }
        let mut samples = Self { by_at_once, batch_max };
        samples.join_sparse();
        samples
    }

    /// Rows with few invocations are joined with the next lower one, so that the last has enough.
    fn join_sparse(&mut self) {
        let mut row = self.by_at_once.len();
        while row > 1 {
            row -= 1;
            let count: usize = self.by_at_once[row].iter().map(Vec::len).sum();
            if count >= SAMPLES_MIN * self.batch_max || row >= self.by_at_once.len() {
                continue;
            }
            let sparse = std::mem::take(&mut self.by_at_once[row]);
            for (size, times) in sparse.into_iter().enumerate() {
                self.by_at_once[row - 1][size].extend(times);
            }
            // What ran with more at once keeps its place; what is missing reads the row below.
            if row + 1 == self.by_at_once.len() {
                self.by_at_once.pop();
            } else {
                self.by_at_once[row] = self.by_at_once[row - 1].clone();
            }
        }
    }

    fn tables(&self) -> ServiceTime {
        let pooled: Vec<Vec<u64>> = (0..self.batch_max)
            .map(|size| self.by_at_once.iter().flat_map(|row| &row[size]).copied().collect())
            .collect();
        let line = Line::through(&pooled);
        ServiceTime::ByConcurrency(
            self.by_at_once.iter().map(|row| tables_of(row, &pooled, line)).collect(),
        )
    }
}

/// A table for each size: its own times where there are enough, else those of the nearest size
/// that has, stretched as the mean of all grows with the size.
fn tables_of(row: &[Vec<u64>], pooled: &[Vec<u64>], line: Line) -> Vec<QuantileTable> {
    let enough = |times: &&Vec<u64>| times.len() >= SAMPLES_MIN;
    (0..row.len())
        .map(|size| {
            if enough(&&row[size]) {
                return QuantileTable::measured(row[size].clone());
            }
            let nearest = |of: &[Vec<u64>], least: usize| {
                let good = (0..of.len()).filter(|other| of[*other].len() >= least.max(1));
                good.min_by_key(|other| other.abs_diff(size))
            };
            let (times, from) = match nearest(row, SAMPLES_MIN) {
                Some(from) => (&row[from], from),
                None => match nearest(pooled, 1) {
                    Some(from) => (&pooled[from], from),
                    None => return QuantileTable::constant(0),
                },
            };
            QuantileTable::measured(times.clone()).scaled(line.at(size + 1) / line.at(from + 1))
        })
        .collect()
}

/// The mean duration by the size of the batch, as a straight line.
#[derive(Debug, Clone, Copy)]
struct Line {
    fixed_us: f64,
    each_us: f64,
}

impl Line {
    /// Least squares over all invocations; neither part below nothing.
    fn through(by_size: &[Vec<u64>]) -> Self {
        let (mut n, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (size, times) in by_size.iter().enumerate() {
            let (size, count) = ((size + 1) as f64, times.len() as f64);
            let sum = times.iter().sum::<u64>() as f64;
            (n, x, y) = (n + count, x + count * size, y + sum);
            (xx, xy) = (xx + count * size * size, xy + size * sum);
        }
        let spread = n * xx - x * x;
        let slope = if spread > 1e-9 { ((n * xy - x * y) / spread).max(0.0) } else { 0.0 };
        let fixed = ((y - slope * x) / n.max(1.0)).max(0.0);
        if slope == 0.0 && fixed == 0.0 {
            return Self { fixed_us: 1.0, each_us: 0.0 };
        }
        Self { fixed_us: fixed, each_us: slope }
    }

    fn at(self, size: usize) -> f64 {
        self.fixed_us + self.each_us * size as f64
    }
}

fn cold_start(sorted: &[&ObservedInvocation]) -> QuantileTable {
    let times: Vec<u64> =
        sorted.iter().map(|invocation| invocation.init_us).filter(|init| *init > 0).collect();
    if times.is_empty() { QuantileTable::constant(0) } else { QuantileTable::measured(times) }
}

fn order_failures(succeeded: &[(&ObservedInvocation, usize)]) -> f64 {
    let messages = || succeeded.iter().flat_map(|(invocation, _)| &invocation.messages);
    let failed = messages().filter(|message| !message.processed).count();
    failed as f64 / messages().count().max(1) as f64
}

/// Those that ran and failed; one that Lambda refused to the end did not run.
fn crash(sorted: &[&ObservedInvocation]) -> Option<Crash> {
    let ran = |invocation: &&&ObservedInvocation| {
        invocation.succeeded || invocation.throttles == 0 || invocation.duration_us > 0
    };
    let failed: Vec<u64> = sorted
        .iter()
        .filter(|invocation| !invocation.succeeded)
        .filter(ran)
        .map(|invocation| invocation.duration_us)
        .collect();
    let all = sorted.iter().filter(ran).count();
    (!failed.is_empty()).then(|| Crash {
        probability: failed.len() as f64 / all as f64,
        after: QuantileTable::measured(failed),
    })
}

/// Messages that were processed and came again, by all that were processed.
fn duplicates(sorted: &[&ObservedInvocation]) -> f64 {
    let (mut done, mut again) = (HashSet::new(), 0);
    for message in sorted.iter().flat_map(|invocation| &invocation.messages) {
        if done.contains(&message.message) {
            again += 1;
        } else if message.processed {
            done.insert(message.message);
        }
    }
    f64::from(again) / done.len().max(1) as f64
}

fn handover(invocation: &ObservedInvocation) -> Option<u64> {
    let whole = invocation.ended_us.saturating_sub(invocation.received_us);
    (invocation.throttles == 0)
        .then(|| whole.saturating_sub(invocation.duration_us + invocation.init_us))
}

/// Until the batch was there, when its first message was there before its poller looked.
fn poll(invocation: &ObservedInvocation) -> Option<u64> {
    let first = invocation.messages.iter().map(|message| message.sent_us).min()?;
    // One that came again was sent long ago and yet not to be had.
    let fresh = invocation.messages.iter().all(|message| message.receive == 1);
    (fresh && first < invocation.polled_us)
        .then(|| invocation.received_us.saturating_sub(invocation.polled_us))
}

/// Until the batch was there, when its poller waited for its first message.
fn wake(invocation: &ObservedInvocation) -> Option<u64> {
    let first = invocation.messages.iter().map(|message| message.sent_us).min()?;
    let waited = first > invocation.polled_us && invocation.messages[0].receive == 1;
    waited.then(|| invocation.received_us.saturating_sub(first))
}

fn mean(values: impl Iterator<Item = u64>) -> u64 {
    let (sum, count) = values.fold((0, 0), |(sum, count), value| (sum + value, count + 1));
    sum.checked_div(count).unwrap_or(0)
}
