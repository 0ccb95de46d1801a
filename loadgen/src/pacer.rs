//! The clock of a driver: says when the next of its arrivals is due, to the microsecond where the
//! system can.

mod timer;

use std::time::{Duration, Instant};

use crate::schedule::ArrivalSchedule;
use timer::Timer;

/// An order that is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// Its index k in the schedule.
    pub(crate) index: u64,
    /// When it was due.
    pub(crate) intended: Instant,
}

/// What the pacer has to say.
pub(crate) enum Due {
    /// An order is to be sent now.
    Arrival(Arrival),
    /// A moment to do what is done now and then.
    Tick,
    /// The last arrival was given, or the run was stopped.
    End,
}

/// Between ticks: how late a stop is noticed, and how old a live figure gets.
const TICK: Duration = Duration::from_millis(50);

/// The arrivals of one driver: every `step`-th of the schedule, so that all have the same curve.
pub(crate) struct Pacer {
    schedule: ArrivalSchedule,
    start: Instant,
    next: Option<Arrival>,
    step: u64,
    timer: Timer,
    next_tick: Instant,
    is_stopped: fn() -> bool,
}

impl Pacer {
    /// Arrivals `first`, `first + step`, … of a schedule that begins at `start`.
    pub(crate) fn new(
        schedule: ArrivalSchedule,
        start: Instant,
        (first, step): (u64, u64),
        is_stopped: fn() -> bool,
    ) -> std::io::Result<Self> {
        let mut pacer = Self {
            schedule,
            start,
            next: None,
            step,
            timer: Timer::new()?,
            next_tick: Instant::now(),
            is_stopped,
        };
        pacer.next = pacer.arrival(first);
        Ok(pacer)
    }

    /// Waits for the next thing to say. Without room no arrival is given; it keeps its instant.
    pub(crate) async fn next(&mut self, has_room: bool) -> Due {
        let Some(arrival) = self.next.filter(|_| !(self.is_stopped)()) else { return Due::End };
        loop {
            let now = Instant::now();
            if now >= self.next_tick {
                self.next_tick = now + TICK;
                return Due::Tick;
            }
            if has_room && arrival.intended <= now {
                self.next = self.arrival(arrival.index + self.step);
                return Due::Arrival(arrival);
            }
            let wake = if has_room { arrival.intended.min(self.next_tick) } else { self.next_tick };
            self.timer.sleep_until(wake).await;
        }
    }

    fn arrival(&self, index: u64) -> Option<Arrival> {
        (index < self.schedule.orders())
            .then(|| Arrival { index, intended: self.start + self.schedule.at(index) })
    }
}
