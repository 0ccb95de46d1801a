//! The function's execution environments: which are idle, and how fast new ones may come.

use std::collections::VecDeque;

use super::settings::Function;

/// Idle environments and the allowance for new ones.
#[derive(Debug)]
pub(super) struct Environments {
    /// Since when each is idle, the newest last: the newest is used again.
    idle: VecDeque<u64>,
    lifetime_us: u64,
    /// Environments that may be added now: a bucket that holds those of ten seconds.
    allowance: f64,
    allowance_max: f64,
    at: u64,
}

impl Environments {
    pub(super) fn new(function: &Function) -> Self {
        let most = f64::from(function.environments_per_10_s);
        Self {
            idle: VecDeque::new(),
            lifetime_us: function.idle_lifetime_us,
            allowance: most,
            allowance_max: most,
            at: 0,
        }
    }

    /// Whether an invocation that starts now would find one, or may have a new one.
    #[inline]
    pub(super) fn available(&mut self, now: u64) -> bool {
        !self.idle.is_empty() || self.may_add(now)
    }

    fn may_add(&mut self, now: u64) -> bool {
        let elapsed_us = (now - self.at) as f64;
        self.at = now;
        let grown = self.allowance + elapsed_us * self.allowance_max / 10e6;
        self.allowance = grown.min(self.allowance_max);
        self.allowance >= 1.0
    }

    /// Takes the newest idle one, after those that were idle too long are gone; the time that
    /// environments were idle is added to `environment_us`. False: it must be a new one.
    #[inline]
    pub(super) fn take_idle(&mut self, now: u64, environment_us: &mut u64) -> bool {
        while self.idle.front().is_some_and(|since| now - since > self.lifetime_us) {
            self.idle.pop_front();
            *environment_us += self.lifetime_us;
        }
        let Some(since) = self.idle.pop_back() else { return false };
        *environment_us += now - since;
        true
    }

    pub(super) fn add(&mut self) {
        self.allowance -= 1.0;
    }

    /// An invocation is over and its environment good for another.
    #[inline]
    pub(super) fn rest(&mut self, now: u64) {
        self.idle.push_back(now);
    }

    /// How long those that are idle at the end have been.
    pub(super) fn idle_us(&self, now: u64) -> u64 {
        self.idle.iter().map(|since| (now - since).min(self.lifetime_us)).sum()
    }
}
