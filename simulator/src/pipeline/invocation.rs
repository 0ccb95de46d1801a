//! One invocation: how long it takes, what fails in it, and when it ends.

use std::cmp::Reverse;

use super::engine::{Engine, Retried};
use super::settings::Fault;
use crate::forecast::Limit;

/// Bits of an end that hold how many messages the invocation has: at most 10,000.
const SIZE_BITS: u32 = 14;

/// The end of an invocation, in 8 bytes: the instant, whether its environment is lost, and the
/// number of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End(u64);

impl End {
    #[inline]
    fn new(at: u64, messages: u64, loses_environment: bool) -> Self {
        Self(((at << 1 | u64::from(loses_environment)) << SIZE_BITS) | messages)
    }

    #[inline]
    pub(super) fn at(self) -> u64 {
        self.0 >> (SIZE_BITS + 1)
    }

    #[inline]
    pub(super) fn messages(self) -> u64 {
        self.0 & ((1 << SIZE_BITS) - 1)
    }

    #[inline]
    pub(super) fn keeps_environment(self) -> bool {
        self.0 & (1 << SIZE_BITS) == 0
    }
}

/// How an invocation goes.
#[derive(Debug, Clone, Copy)]
struct Course {
    /// As Lambda bills it, without initialization.
    takes_us: u64,
    /// Every message of it goes back.
    fails: bool,
    /// Its environment does not outlive it.
    loses_environment: bool,
}

impl Engine<'_> {
    #[inline]
    pub(super) fn invoke(&mut self, received_at: u64) {
        let messages = self.batch.len() as u64;
        let course = self.course(messages);
        let idle = self.environments.take_idle(self.now, &mut self.forecast.environment_us);
        let init_us = if idle { 0 } else { self.cold_start() };
        let mapping = &self.settings.mapping;
        let end = self.now + init_us + course.takes_us + mapping.handover_us;
        let concurrency = self.ends.len() as u64 + 1;
        self.forecast.invoked(course.takes_us, init_us, concurrency, end);
        self.ends.push(Reverse(End::new(
            end + mapping.poll_us,
            messages,
            course.loses_environment,
        )));
        self.in_flight += messages;
        for index in 0..self.batch.len() {
            let fails = self.order_fails() || course.fails;
            self.settle(self.batch[index], fails, (received_at, end));
        }
    }

    #[inline]
    fn settle(&mut self, message: Retried, fails: bool, (received_at, end): (u64, u64)) {
        let visible_at = received_at + self.settings.visibility_timeout_us;
        if fails {
            self.give_back(message, visible_at.max(end));
            return;
        }
        if message.duplicate {
            self.forecast.delivered_again();
        } else {
            self.forecast.order_took(end - message.arrived);
        }
        let duplicate = Retried { duplicate: true, ..message };
        if end > visible_at {
            self.give_back(duplicate, visible_at);
        } else if self.chance.happens(self.settings.duplicate_probability) {
            // Visible again at once: the deletion did not take.
            self.give_back(duplicate, end);
        }
    }

    #[inline]
    fn course(&mut self, messages: u64) -> Course {
        let function = &self.settings.function;
        let at_once = self.ends.len() + 1;
        let takes_us = match &self.settings.pace {
            None => function.service.draw(messages, at_once, &mut self.chance),
            Some(pace) => {
                let usual = function.service.deal(messages, at_once, &mut self.dealt);
                (usual as f64 * pace.at(self.now)).round() as u64
            }
        };
        let mut course = Course { takes_us, fails: false, loses_environment: false };
        if let Some(crash) = &function.crash
            && self.chance.happens(crash.probability)
        {
            course = Course {
                takes_us: crash.after.draw(&mut self.chance),
                fails: true,
                loses_environment: true,
            };
        }
        if !self.settings.faults.is_empty() {
            self.strike(&mut course, messages);
        }
        if self.settings.database.is_some() {
            course.takes_us += self.wait_for_connection(messages);
        }
        if course.takes_us > function.timeout_us {
            course = Course { takes_us: function.timeout_us, fails: true, loses_environment: true };
        }
        course
    }

    /// What is wrong at the time.
    fn strike(&self, course: &mut Course, messages: u64) {
        for fault in &self.settings.faults {
            match *fault {
                Fault::DatabaseOutage { from_us, until_us, fails_after_us } => {
                    if (from_us..until_us).contains(&self.now) {
                        (course.takes_us, course.fails) = (fails_after_us, true);
                    }
                }
                Fault::SlowStorage { from_us, until_us, order_us } => {
                    if (from_us..until_us).contains(&self.now) {
                        course.takes_us += order_us * messages;
                    }
                }
            }
        }
    }

    fn cold_start(&mut self) -> u64 {
        self.environments.add();
        let function = &self.settings.function;
        function.cold_start.draw(&mut self.chance)
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
    pub(super) fn orders_until_failure(&mut self) -> u64 {
        let probability = self.settings.function.order_failure_probability;
        if probability <= 0.0 {
            return u64::MAX;
        }
        if probability >= 1.0 {
            return 0;
        }
        (-self.chance.exponential() / (-probability).ln_1p()).abs() as u64
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
}
