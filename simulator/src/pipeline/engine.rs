//! The pipeline, event by event, in microseconds.
//!
//! An order's end is known when its invocation starts, so it is counted then; an order that waits
//! costs the 8 bytes of its instant, one that failed 16.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::environments::Environments;
use super::invocation::End;
use super::ramp::Ramp;
use super::service_time::Dealt;
use super::settings::PipelineSettings;
use crate::chance::Chance;
use crate::forecast::{Forecast, Limit};

/// No event of this kind.
const NEVER: u64 = u64::MAX;

/// A message that was received before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Retried {
    pub(super) arrived: u64,
    pub(super) receives: u16,
    /// Its order is done: this delivery came because the invocation outlasted the visibility
    /// timeout, or its deletion did not take.
    pub(super) duplicate: bool,
}

/// A batch that Lambda refused, until it is tried again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Throttled {
    again_at: u64,
    received_at: u64,
    pause_us: u64,
    batch: Vec<Retried>,
}

/// A pipeline at work.
pub(super) struct Engine<'a> {
    pub(super) settings: &'a PipelineSettings,
    pub(super) chance: Chance,
    pub(super) dealt: Dealt,
    pub(super) now: u64,
    waiting: VecDeque<u64>,
    returned: VecDeque<Retried>,
    invisible: BinaryHeap<Reverse<(u64, Retried)>>,
    pub(super) ends: BinaryHeap<Reverse<End>>,
    throttled: BinaryHeap<Reverse<Throttled>>,
    pub(super) environments: Environments,
    /// When each connection of the database is free.
    pub(super) connections: BinaryHeap<Reverse<u64>>,
    pub(super) batch: Vec<Retried>,
    pub(super) in_flight: u64,
    ramp: Ramp,
    /// What stopped the last dispatch, while messages wait.
    held_by: Option<Limit>,
    gateway_tokens: f64,
    gateway_at: u64,
    pub(super) until_failure: u64,
    step_ends: u64,
    pub(super) forecast: Forecast,
}

/// Runs the arrivals (µs from the start, sorted) through the pipeline until it is empty. The same
/// seed gives the same forecast.
///
/// # Panics
/// If an order is lost or made: arrivals must be done, dead letters or refused by the gateway.
pub fn simulate(
    settings: &PipelineSettings,
    arrivals_us: impl IntoIterator<Item = u64>,
    seed: u64,
) -> Forecast {
    let mut engine = Engine::new(settings, seed);
    let mut arrivals = arrivals_us.into_iter();
    let mut arrival = arrivals.next().unwrap_or(NEVER);
    loop {
        let end = engine.ends.peek().map_or(NEVER, |end| end.0.at());
        let other = engine.next_rare_event();
        let next = arrival.min(end).min(other);
        if next == NEVER {
            break;
        }
        engine.advance(next);
        if end == next {
            engine.end_invocation();
        } else if arrival == next {
            engine.arrive();
            arrival = arrivals.next().unwrap_or(NEVER);
        } else {
            engine.rare_event();
        }
        engine.dispatch();
    }
    engine.close()
}

impl<'a> Engine<'a> {
    fn new(settings: &'a PipelineSettings, seed: u64) -> Self {
        let connections = settings.database.map_or(0, |database| database.connections);
        let mut engine = Self {
            settings,
            chance: Chance::new(seed, 0x7069_7065),
            dealt: Dealt::new(seed),
            now: 0,
            waiting: VecDeque::new(),
            returned: VecDeque::new(),
            invisible: BinaryHeap::new(),
            ends: BinaryHeap::new(),
            throttled: BinaryHeap::new(),
            environments: Environments::new(&settings.function),
            connections: (0..connections).map(|_| Reverse(0)).collect(),
            batch: Vec::new(),
            in_flight: 0,
            ramp: Ramp::new(&settings.mapping),
            held_by: None,
            gateway_tokens: settings.gateway_burst,
            gateway_at: 0,
            until_failure: 0,
            step_ends: settings.step_us,
            forecast: Forecast::default(),
        };
        engine.until_failure = engine.orders_until_failure();
        engine
    }

    /// The next return of a message, second try of a throttled batch, end of a batch window, or
    /// growth of a limit.
    #[inline]
    fn next_rare_event(&self) -> u64 {
        let mut next = NEVER;
        if let Some(Reverse((at, _))) = self.invisible.peek() {
            next = *at;
        }
        if let Some(Reverse(throttled)) = self.throttled.peek() {
            next = next.min(throttled.again_at);
        }
        match self.held_by {
            Some(Limit::BatchWindow) => next.min(self.window_closes()),
            Some(Limit::MappingRamp) => {
                next.min(self.ramp.grows_at(self.occupied()).unwrap_or(NEVER))
            }
            Some(
                Limit::MaximumConcurrency
                | Limit::MappingCeiling
                | Limit::AccountConcurrency
                | Limit::FunctionScaling
                | Limit::InFlight
                | Limit::GatewayThrottle
                | Limit::Database,
            )
            | None => next,
        }
    }

    #[inline]
    fn advance(&mut self, to: u64) {
        if let Some(limit) = self.held_by {
            self.forecast.held(limit, to - self.now);
        }
        while to >= self.step_ends {
            self.close_step();
        }
        self.now = to;
    }

    fn close_step(&mut self) {
        self.forecast.close_step(self.visible());
        self.step_ends += self.settings.step_us;
    }

    /// Messages that wait to be received.
    #[inline]
    fn visible(&self) -> u64 {
        (self.waiting.len() + self.returned.len()) as u64
    }

    /// Places of the mapping that are taken.
    #[inline]
    fn occupied(&self) -> usize {
        self.ends.len() + self.throttled.len()
    }

    #[inline]
    fn arrive(&mut self) {
        self.forecast.arrived();
        let settings = self.settings;
        let elapsed_s = (self.now - self.gateway_at) as f64 * 1e-6;
        let refilled = self.gateway_tokens + elapsed_s * settings.gateway_rate_per_s;
        self.gateway_tokens = refilled.min(settings.gateway_burst);
        self.gateway_at = self.now;
        if self.gateway_tokens < 1.0 {
            self.forecast.refuse();
            return;
        }
        self.gateway_tokens -= 1.0;
        self.waiting.push_back(self.now);
    }

    #[inline]
    fn end_invocation(&mut self) {
        let Some(Reverse(end)) = self.ends.pop() else { return };
        self.in_flight -= end.messages();
        if end.keeps_environment() {
            self.environments.rest(self.now);
        }
    }

    fn rare_event(&mut self) {
        while let Some(Reverse((at, message))) = self.invisible.peek().copied()
            && at <= self.now
        {
            self.invisible.pop();
            self.in_flight -= 1;
            self.returned.push_back(message);
        }
        while self.throttled.peek().is_some_and(|throttled| throttled.0.again_at <= self.now)
            && let Some(Reverse(throttled)) = self.throttled.pop()
        {
            self.in_flight -= throttled.batch.len() as u64;
            self.batch = throttled.batch;
            self.start(throttled.received_at, throttled.pause_us * 2);
        }
    }

    /// When the window of the first waiting batch closes.
    fn window_closes(&self) -> u64 {
        let first = self.waiting.front().copied().unwrap_or(NEVER);
        first.saturating_add(self.settings.mapping.gather_us())
    }

    /// Starts as many invocations as messages and limits allow.
    #[inline]
    fn dispatch(&mut self) {
        let waited = self.held_by == Some(Limit::MappingRamp);
        self.ramp.look(self.now, waited, self.occupied());
        while self.visible() > 0 {
            if let Some(limit) = self.limit() {
                self.held_by = Some(limit);
                self.forecast.backlog(
                    self.visible(),
                    self.waiting.front().map_or(0, |oldest| self.now - oldest),
                );
                return;
            }
            self.take_batch();
            self.start(self.now, self.settings.mapping.throttle_pause_us);
        }
        self.held_by = None;
    }

    /// What keeps the mapping from taking the next batch, if anything does.
    #[inline]
    fn limit(&mut self) -> Option<Limit> {
        let mapping = &self.settings.mapping;
        let occupied = self.occupied();
        if !self.ramp.allows(occupied) {
            if occupied < mapping.most() as usize {
                return Some(Limit::MappingRamp);
            }
            return Some(mapping.highest());
        }
        if self.in_flight >= self.settings.in_flight_max {
            return Some(Limit::InFlight);
        }
        let gathers = mapping.gather_us() > 0
            && self.returned.is_empty()
            && self.waiting.len() < mapping.batch_size as usize
            && self.now < self.window_closes();
        gathers.then_some(Limit::BatchWindow)
    }

    /// Receives the next messages: those that returned first, they are older.
    #[inline]
    fn take_batch(&mut self) {
        self.batch.clear();
        let size = self.settings.mapping.batch_size as usize;
        while self.batch.len() < size
            && let Some(message) = self.returned.pop_front()
        {
            self.batch.push(Retried { receives: message.receives + 1, ..message });
        }
        let fresh = self.waiting.len().min(size - self.batch.len());
        self.batch.extend(self.waiting.drain(..fresh).map(|arrived| Retried {
            arrived,
            receives: 1,
            duplicate: false,
        }));
    }

    /// Hands the batch to Lambda, which may refuse it.
    #[inline]
    fn start(&mut self, received_at: u64, pause_us: u64) {
        if self.ends.len() >= self.settings.function.concurrency_max as usize {
            self.throttle(Limit::AccountConcurrency, received_at, pause_us);
        } else if !self.environments.available(self.now) {
            self.throttle(Limit::FunctionScaling, received_at, pause_us);
        } else {
            self.invoke(received_at);
        }
    }

    /// Lambda developer guide, "services-sqs-errorhandling": a throttled batch is tried again, with
    /// longer and longer pauses, until its messages become visible.
    fn throttle(&mut self, limit: Limit, received_at: u64, pause_us: u64) {
        let mapping = &self.settings.mapping;
        let pause_us = pause_us.clamp(1, mapping.throttle_pause_max_us.max(1));
        let visible_at = received_at + self.settings.visibility_timeout_us;
        let gives_up_at = visible_at.saturating_sub(mapping.batch_window_us);
        let again_at = self.now + pause_us;
        self.forecast.throttle(limit, pause_us);
        if again_at >= gives_up_at {
            for index in 0..self.batch.len() {
                self.give_back(self.batch[index], visible_at.max(self.now));
            }
            return;
        }
        self.in_flight += self.batch.len() as u64;
        let batch = std::mem::take(&mut self.batch);
        self.throttled.push(Reverse(Throttled { again_at, received_at, pause_us, batch }));
    }

    /// A message that was not deleted can be received again from `at` on; received too often it is
    /// a dead letter.
    pub(super) fn give_back(&mut self, message: Retried, at: u64) {
        if message.receives >= self.settings.max_receive_count {
            if !message.duplicate {
                self.forecast.dead_letter();
            }
            return;
        }
        self.in_flight += 1;
        self.invisible.push(Reverse((at, message)));
    }

    fn close(mut self) -> Forecast {
        self.close_step();
        self.forecast.environment_us += self.environments.idle_us(self.now);
        let held = self.throttled.iter().map(|throttled| throttled.0.batch.len()).sum::<usize>();
        let left = self.visible() + (self.invisible.len() + held) as u64;
        self.forecast.check_account(left);
        self.forecast
    }
}
