//! The clock of a driver: says which of its arrivals is due, and until when nothing is.

mod timer;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::ArrivalSchedule;
pub(crate) use timer::{AsyncTimer, Timer};

/// An order that is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// Its index k in the whole schedule.
    pub(crate) index: u64,
    /// When it was due, µs from the start of the run.
    pub(crate) due_us: u64,
    /// The same instant on the clock.
    pub(crate) intended: Instant,
}

/// Arrivals that are due within this of the first are sent together, at the instant of the last:
/// waking up for each costs more than sending it. It is half of what a start lag may be, and an
/// arrival that is alone leaves at its own instant.
const TOGETHER: Duration = Duration::from_micros(500);

/// How many arrivals are looked ahead at.
const AHEAD: usize = 8;

/// The arrivals of one driver: every `step`-th of the schedule, so that all have the same curve.
pub(crate) struct Pacer {
    schedule: ArrivalSchedule,
    start: Instant,
    /// The next arrivals, as many as are looked ahead at.
    ahead: VecDeque<Arrival>,
    /// The place of the one after them in this schedule, which may be a part of the whole.
    after: u64,
    step: u64,
}

impl Pacer {
    /// Arrivals `first`, `first + step`, … of a schedule that begins at `start`.
    pub(crate) fn new(
        schedule: ArrivalSchedule,
        start: Instant,
        (first, step): (u64, u64),
    ) -> Self {
        let mut pacer = Self { schedule, start, ahead: VecDeque::new(), after: first, step };
        (0..AHEAD).for_each(|_| pacer.look_ahead());
        pacer
    }

    /// The next arrival, if it is due at `now`; it is given once.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Arrival> {
        let arrival = self.ahead.pop_front_if(|arrival| arrival.intended <= now)?;
        self.look_ahead();
        Some(arrival)
    }

    /// Whether every arrival was given.
    pub(crate) fn is_done(&self) -> bool {
        self.ahead.is_empty()
    }

    /// When to look again; none if there is no arrival left.
    pub(crate) fn wake(&self) -> Option<Instant> {
        let first = self.ahead.front()?.intended;
        let mut instants = self.ahead.iter().rev().map(|arrival| arrival.intended);
        instants.find(|instant| *instant - first <= TOGETHER)
    }

    /// No more arrivals.
    pub(crate) fn stop(&mut self) {
        self.ahead.clear();
        self.after = u64::MAX;
    }

    fn look_ahead(&mut self) {
        if let Some(arrival) = self.arrival(self.after) {
            self.ahead.push_back(arrival);
            self.after = self.after.saturating_add(self.step);
        }
    }

    fn arrival(&self, place: u64) -> Option<Arrival> {
        (place < self.schedule.orders()).then(|| {
            let (index, offset) = (self.schedule.index(place), self.schedule.at(place));
            // To the microsecond, as it is recorded.
            let due_us = u64::try_from(offset.as_micros()).unwrap_or(u64::MAX);
            Arrival { index, due_us, intended: self.start + Duration::from_micros(due_us) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Curve, Shard};

    #[test]
    fn each_driver_gets_its_share_once_and_nothing_before_its_instant() {
        let start = Instant::now();
        // One arrival in the middle of each second: 0.5 s, 1.5 s, …
        let schedule = ArrivalSchedule::new(Curve::constant(6.0), 6, 1.0, None);
        let mut pacer = Pacer::new(schedule, start, (1, 3));
        assert_eq!(pacer.wake(), Some(start + Duration::from_millis(1_500)));
        assert!(pacer.due(start + Duration::from_micros(1_499_999)).is_none());
        let arrival = pacer.due(start + Duration::from_millis(1_500)).unwrap();
        assert_eq!((arrival.index, arrival.due_us), (1, 1_500_000));
        assert_eq!(pacer.due(start + Duration::from_secs(9)).unwrap().index, 4);
        assert!(pacer.due(start + Duration::from_secs(99)).is_none());
        assert!(pacer.is_done() && pacer.wake().is_none());
    }

    #[test]
    fn arrivals_of_a_shard_have_the_index_of_the_whole() {
        let start = Instant::now();
        // Shard 1 of 2 has arrivals 1, 3 and 5 of six, at 1.5, 3.5 and 5.5 s; the second driver of
        // two has the middle one.
        let whole = ArrivalSchedule::new(Curve::constant(6.0), 6, 1.0, None);
        let mut pacer = Pacer::new(whole.shard(Shard::new(1, 2).unwrap()), start, (1, 2));
        let arrival = pacer.due(start + Duration::from_secs(9)).unwrap();
        assert_eq!((arrival.index, arrival.due_us), (3, 3_500_000));
        assert!(pacer.is_done());
    }

    #[test]
    fn arrivals_wait_for_each_other_only_if_they_are_close() {
        let start = Instant::now();
        let wake_us = |gap_us: f64| {
            let seconds = 4.0 * gap_us / 1e6;
            let schedule = ArrivalSchedule::new(Curve::constant(seconds), 4, 1.0, None);
            let wake = Pacer::new(schedule, start, (0, 1)).wake().unwrap();
            (wake - start).as_micros()
        };
        // Due in the middle of each of four gaps: at 50, 150, 250 and 350 µs; at 125, 375, 625 and
        // 875; at 250 and 750; at 251 and 753.
        assert_eq!(wake_us(100.0), 350);
        assert_eq!(wake_us(250.0), 625);
        assert_eq!(wake_us(500.0), 750);
        assert_eq!(wake_us(502.0), 251);
    }
}
