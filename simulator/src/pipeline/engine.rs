//! The pipeline, event by event, in microseconds.
//!
//! An order's end is known when its invocation starts, so it is counted then; an order that waits
//! costs the 8 bytes of its instant, one that failed 16.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::settings::{Fault, PipelineSettings};
use crate::chance::Chance;
use crate::forecast::{Forecast, Limit};

/// No event of this kind.
const NEVER: u64 = u64::MAX;
/// Bits of an end of invocation that hold how many messages it has.
const SIZE_BITS: u32 = 14;

/// A message that was received before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Retried {
    arrived: u64,
    receives: u16,
    /// Its order is done: this delivery came because the invocation outlasted the visibility
    /// timeout.
    duplicate: bool,
}

/// A pipeline at work.
struct Engine<'a> {
    settings: &'a PipelineSettings,
    chance: Chance,
    now: u64,
    waiting: VecDeque<u64>,
    returned: VecDeque<Retried>,
    invisible: BinaryHeap<Reverse<(u64, Retried)>>,
    /// Ends of invocations, with their number of messages in the low bits.
    ends: BinaryHeap<Reverse<u64>>,
    /// Throttled batches that block a place of the mapping until then.
    backing_off: BinaryHeap<Reverse<u64>>,
    /// Since when each idle environment is idle, the newest last: the newest is used again.
    idle: VecDeque<u64>,
    /// When each connection of the database is free.
    connections: BinaryHeap<Reverse<u64>>,
    batch: Vec<Retried>,
    in_flight: u64,
    /// Concurrent invocations that the mapping allows now.
    allowed: f64,
    allowed_at: u64,
    /// What stopped the last dispatch, while messages wait.
    held_by: Option<Limit>,
    /// Environments that may be added now.
    environments: f64,
    environments_at: u64,
    gateway_tokens: f64,
    gateway_at: u64,
    until_failure: u64,
    minute_ends: u64,
    forecast: Forecast,
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
        let end = engine.ends.peek().map_or(NEVER, |end| end.0 >> SIZE_BITS);
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
            now: 0,
            waiting: VecDeque::new(),
            returned: VecDeque::new(),
            invisible: BinaryHeap::new(),
            ends: BinaryHeap::new(),
            backing_off: BinaryHeap::new(),
            idle: VecDeque::new(),
            connections: (0..connections).map(|_| Reverse(0)).collect(),
            batch: Vec::new(),
            in_flight: 0,
            allowed: f64::from(settings.mapping.start.min(settings.mapping.most())),
            allowed_at: 0,
            held_by: None,
            environments: f64::from(settings.function.environments_per_10_s),
            environments_at: 0,
            gateway_tokens: settings.gateway_burst,
            gateway_at: 0,
            until_failure: 0,
            minute_ends: 60_000_000,
            forecast: Forecast::default(),
        };
        engine.until_failure = engine.orders_until_failure();
        engine
    }

    /// The next return of a message, end of a back-off, or end of a batch window.
    #[inline]
    fn next_rare_event(&self) -> u64 {
        let mut next = NEVER;
        if let Some(Reverse((at, _))) = self.invisible.peek() {
            next = *at;
        }
        if let Some(Reverse(at)) = self.backing_off.peek() {
            next = next.min(*at);
        }
        if self.settings.mapping.batch_window_us > 0 && self.held_by == Some(Limit::BatchWindow) {
            next = next.min(self.window_closes());
        }
        if let Some(limit) = self.held_by {
            next = next.min(self.released_at(limit));
        }
        next
    }

    /// When a limit that grows with time lets one more through.
    fn released_at(&self, limit: Limit) -> u64 {
        let mapping = &self.settings.mapping;
        match limit {
            Limit::MappingRamp if self.allowed < f64::from(mapping.most()) => {
                let missing = (self.occupied() + 1) as f64 - self.allowed;
                let per_us = f64::from(mapping.ramp_per_min.max(1)) / 60e6;
                self.allowed_at + ((missing / per_us).max(0.0) as u64) + 1
            }
            Limit::FunctionScaling => {
                let per_us = f64::from(self.settings.function.environments_per_10_s.max(1)) / 10e6;
                self.environments_at + (((1.0 - self.environments) / per_us).max(0.0) as u64) + 1
            }
            Limit::MappingRamp
            | Limit::MaximumConcurrency
            | Limit::MappingCeiling
            | Limit::AccountConcurrency
            | Limit::InFlight
            | Limit::BatchWindow
            | Limit::GatewayThrottle
            | Limit::Database => NEVER,
        }
    }

    #[inline]
    fn advance(&mut self, to: u64) {
        if let Some(limit) = self.held_by {
            self.forecast.held(limit, to - self.now);
        }
        while to >= self.minute_ends {
            self.close_minute();
        }
        self.now = to;
    }

    fn close_minute(&mut self) {
        self.forecast.close_minute(self.waiting.len() as u64 + self.returned.len() as u64);
        self.minute_ends += 60_000_000;
    }

    /// Places of the mapping that are taken.
    #[inline]
    fn occupied(&self) -> usize {
        self.ends.len() + self.backing_off.len()
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
        if let Some(Reverse(end)) = self.ends.pop() {
            self.in_flight -= end & ((1 << SIZE_BITS) - 1);
            self.idle.push_back(self.now);
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
        while self.backing_off.peek().is_some_and(|at| at.0 <= self.now) {
            self.backing_off.pop();
        }
    }

    /// When the window of the first waiting batch closes.
    fn window_closes(&self) -> u64 {
        let first = self.waiting.front().copied().unwrap_or(NEVER);
        first.saturating_add(self.settings.mapping.batch_window_us)
    }

    /// Starts as many invocations as messages and limits allow.
    #[inline]
    fn dispatch(&mut self) {
        if self.waiting.is_empty() && self.returned.is_empty() {
            self.held_by = None;
            self.scale_in();
            return;
        }
        self.scale();
        while !(self.waiting.is_empty() && self.returned.is_empty()) {
            if let Some(limit) = self.limit() {
                self.held_by = Some(limit);
                self.forecast.backlog(
                    (self.waiting.len() + self.returned.len()) as u64,
                    self.waiting.front().map_or(0, |oldest| self.now - oldest),
                );
                return;
            }
            self.take_batch();
            if self.ends.len() >= self.settings.function.concurrency_max as usize {
                self.throttle();
            } else {
                self.invoke();
            }
        }
        self.held_by = None;
    }

    /// What stops the next batch, if anything does.
    #[inline]
    fn limit(&mut self) -> Option<Limit> {
        let mapping = &self.settings.mapping;
        let most = mapping.most();
        let occupied = self.occupied();
        if (occupied + 1) as f64 > self.allowed {
            if occupied < most as usize {
                return Some(Limit::MappingRamp);
            }
            let chosen = mapping.maximum_concurrency.is_some_and(|chosen| chosen == most);
            return Some(if chosen { Limit::MaximumConcurrency } else { Limit::MappingCeiling });
        }
        if self.in_flight >= self.settings.in_flight_max {
            return Some(Limit::InFlight);
        }
        if mapping.batch_window_us > 0
            && self.returned.is_empty()
            && self.waiting.len() < mapping.batch_size as usize
            && self.now < self.window_closes()
        {
            return Some(Limit::BatchWindow);
        }
        (self.idle.is_empty() && !self.may_add_environment()).then_some(Limit::FunctionScaling)
    }

    /// Lets the mapping's concurrency grow by the time since it was last looked at, if messages
    /// waited.
    #[inline]
    fn scale(&mut self) {
        let mapping = &self.settings.mapping;
        let elapsed_us = (self.now - self.allowed_at) as f64;
        self.allowed_at = self.now;
        if self.held_by == Some(Limit::MappingRamp) {
            let grown = self.allowed + elapsed_us * f64::from(mapping.ramp_per_min) / 60e6;
            self.allowed = grown.min(f64::from(mapping.most()));
        } else {
            self.shrink(elapsed_us);
        }
    }

    #[inline]
    fn scale_in(&mut self) {
        let elapsed_us = (self.now - self.allowed_at) as f64;
        self.allowed_at = self.now;
        self.shrink(elapsed_us);
    }

    #[inline]
    fn shrink(&mut self, elapsed_us: f64) {
        if (self.occupied() * 2) as f64 > self.allowed {
            return;
        }
        let mapping = &self.settings.mapping;
        let start = f64::from(mapping.start.min(mapping.most()));
        self.allowed = (self.allowed - elapsed_us * mapping.scale_in_per_s * 1e-6).max(start);
    }

    fn may_add_environment(&mut self) -> bool {
        let most = f64::from(self.settings.function.environments_per_10_s);
        let elapsed_us = (self.now - self.environments_at) as f64;
        self.environments_at = self.now;
        self.environments = (self.environments + elapsed_us * most / 10e6).min(most);
        self.environments >= 1.0
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

    /// The account has no room: the batch goes back when its visibility timeout is over.
    fn throttle(&mut self) {
        self.forecast.throttle(Limit::AccountConcurrency);
        self.backing_off.push(Reverse(self.now + self.settings.mapping.throttle_backoff_us));
        for index in 0..self.batch.len() {
            self.give_back(self.batch[index], self.now);
        }
    }

    #[inline]
    fn invoke(&mut self) {
        let orders = self.batch.len() as u64;
        let mut takes = self.settings.function.service.draw(orders, &mut self.chance);
        let mut all_fail = false;
        if !self.settings.faults.is_empty() {
            (takes, all_fail) = self.under_faults(takes, orders);
        }
        if self.settings.database.is_some() {
            takes += self.wait_for_connection(orders);
        }
        let init = if self.idle_environment() { 0 } else { self.cold_start() };
        let end = self.now + init + takes;
        self.forecast.invoked(takes, init, self.ends.len() as u64 + 1, end);
        self.ends.push(Reverse((end << SIZE_BITS) | orders));
        self.in_flight += orders;
        let outlasts = end - self.now > self.settings.visibility_timeout_us;
        for index in 0..self.batch.len() {
            let message = self.batch[index];
            let fails = self.order_fails() || all_fail;
            if fails {
                self.give_back(message, end);
                continue;
            }
            if message.duplicate {
                self.forecast.delivered_again();
            } else {
                self.forecast.order_took(end - message.arrived);
            }
            if outlasts {
                self.give_back(Retried { duplicate: true, ..message }, self.now);
            }
        }
    }

    /// A message that was not deleted can be received again when its visibility timeout is over,
    /// and not before `after`; received too often it is a dead letter.
    fn give_back(&mut self, message: Retried, after: u64) {
        if message.receives >= self.settings.max_receive_count {
            if !message.duplicate {
                self.forecast.dead_letter();
            }
            return;
        }
        let at = (self.now + self.settings.visibility_timeout_us).max(after);
        self.in_flight += 1;
        self.invisible.push(Reverse((at, message)));
    }

    /// Takes the newest idle environment, after those that were idle too long are gone.
    #[inline]
    fn idle_environment(&mut self) -> bool {
        let lifetime = self.settings.function.idle_lifetime_us;
        while self.idle.front().is_some_and(|since| self.now - since > lifetime) {
            self.idle.pop_front();
            self.forecast.environment_us += lifetime;
        }
        let Some(since) = self.idle.pop_back() else { return false };
        self.forecast.environment_us += self.now - since;
        true
    }

    fn cold_start(&mut self) -> u64 {
        self.environments -= 1.0;
        self.settings.function.cold_start_us
    }

    /// Whether the next order fails. Failures are as rare as drawn, so most orders draw nothing.
    #[inline]
    fn order_fails(&mut self) -> bool {
        if self.until_failure > 0 {
            self.until_failure -= 1;
            return false;
        }
        self.until_failure = self.orders_until_failure();
        true
    }

    /// Orders that do not fail before one does: geometric.
    fn orders_until_failure(&mut self) -> u64 {
        let probability = self.settings.function.order_failure_probability;
        if probability <= 0.0 {
            return u64::MAX;
        }
        if probability >= 1.0 {
            return 0;
        }
        (-self.chance.exponential() / (-probability).ln_1p()).abs() as u64
    }

    /// The time that an invocation takes, and whether all of it fails, when something is wrong.
    fn under_faults(&self, takes: u64, orders: u64) -> (u64, bool) {
        let (mut takes, mut fails) = (takes, false);
        for fault in &self.settings.faults {
            match *fault {
                Fault::DatabaseOutage { from_us, until_us, fails_after_us } => {
                    if (from_us..until_us).contains(&self.now) {
                        (takes, fails) = (fails_after_us, true);
                    }
                }
                Fault::SlowStorage { from_us, until_us, order_us } => {
                    if (from_us..until_us).contains(&self.now) {
                        takes += order_us * orders;
                    }
                }
            }
        }
        (takes, fails)
    }

    /// How long an invocation that starts now waits for a connection. They are handed out in the
    /// order of the invocations, so the wait is known at once.
    fn wait_for_connection(&mut self, orders: u64) -> u64 {
        let Some(database) = self.settings.database else { return 0 };
        let Some(Reverse(free)) = self.connections.pop() else { return 0 };
        let granted = free.max(self.now);
        self.connections.push(Reverse(granted + database.order_us * orders));
        let wait = granted - self.now;
        if wait > 0 {
            self.forecast.held(Limit::Database, wait / u64::from(database.connections.max(1)));
        }
        wait
    }

    fn close(mut self) -> Forecast {
        self.close_minute();
        let lifetime = self.settings.function.idle_lifetime_us;
        let idle = self.idle.iter().map(|since| (self.now - since).min(lifetime));
        self.forecast.environment_us += idle.sum::<u64>();
        let left = (self.waiting.len() + self.returned.len() + self.invisible.len()) as u64;
        self.forecast.check_account(left);
        self.forecast
    }
}
