//! How many invocations at once the event source mapping allows, as it scales up and back.

use super::settings::EventSourceMapping;

/// The mapping's concurrency over time.
#[derive(Debug)]
pub(super) struct Ramp {
    allowed: f64,
    at: u64,
    start: f64,
    most: f64,
    up_per_us: f64,
    down_per_us: f64,
}

impl Ramp {
    pub(super) fn new(mapping: &EventSourceMapping) -> Self {
        let start = f64::from(mapping.start.min(mapping.most()));
        Self {
            allowed: start,
            at: 0,
            start,
            most: f64::from(mapping.most()),
            up_per_us: f64::from(mapping.ramp_per_min.max(1)) / 60e6,
            down_per_us: mapping.scale_in_per_s * 1e-6,
        }
    }

    /// Whether one more is allowed.
    #[inline]
    pub(super) fn allows(&self, occupied: usize) -> bool {
        (occupied + 1) as f64 <= self.allowed
    }

    /// Grows by the time since it was last looked at, if messages waited for it; otherwise shrinks
    /// while less than half is used.
    #[inline]
    pub(super) fn look(&mut self, now: u64, held: bool, occupied: usize) {
        let elapsed_us = (now - self.at) as f64;
        self.at = now;
        if held {
            self.allowed = (self.allowed + elapsed_us * self.up_per_us).min(self.most);
        } else if (occupied * 2) as f64 <= self.allowed {
            self.allowed = (self.allowed - elapsed_us * self.down_per_us).max(self.start);
        }
    }

    /// When one more will be allowed, if messages wait until then; none at the ceiling.
    pub(super) fn grows_at(&self, occupied: usize) -> Option<u64> {
        let missing = (occupied + 1) as f64 - self.allowed;
        (self.allowed < self.most).then(|| self.at + (missing / self.up_per_us).max(0.0) as u64 + 1)
    }
}
