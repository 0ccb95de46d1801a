//! The clock of a driver: says when the next of its arrivals is due, to the microsecond where the
//! system can.

mod timer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use runlog::Journal;

use crate::ArrivalSchedule;
use timer::Timer;

/// An order that is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// Its index k in the whole schedule.
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
    /// The last arrival was given, or the run was stopped, or nothing can be written down.
    End,
}

/// Between ticks: how late a stop is noticed, and how old a live figure gets.
const TICK: Duration = Duration::from_millis(50);

/// The arrivals of one driver: every `step`-th of the schedule, so that all have the same curve.
pub(crate) struct Pacer {
    schedule: ArrivalSchedule,
    start: Instant,
    /// The next arrival, and its place in this schedule, which may be a part of the whole.
    next: Option<(u64, Arrival)>,
    step: u64,
    journal: Option<Arc<Journal>>,
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
        journal: Option<Arc<Journal>>,
    ) -> std::io::Result<Self> {
        let mut pacer = Self {
            schedule,
            start,
            next: None,
            step,
            journal,
            timer: Timer::new()?,
            next_tick: Instant::now(),
            is_stopped,
        };
        pacer.next = pacer.arrival(first);
        Ok(pacer)
    }

    /// Waits for the next thing to say. Without room no arrival is given; it keeps its instant.
    pub(crate) async fn next(&mut self, has_room: bool) -> Due {
        let Some((place, arrival)) = self.next.filter(|_| !(self.is_stopped)()) else {
            return Due::End;
        };
        loop {
            let now = Instant::now();
            if now >= self.next_tick {
                self.next_tick = now + TICK;
                return Due::Tick;
            }
            if has_room && arrival.intended <= now {
                if self.claim(arrival.intended).is_err() {
                    return Due::End;
                }
                self.next = self.arrival(place + self.step);
                return Due::Arrival(arrival);
            }
            let wake = if has_room { arrival.intended.min(self.next_tick) } else { self.next_tick };
            self.timer.sleep_until(wake).await;
        }
    }

    /// Writes down that the arrival is about to be sent, where a journal is kept.
    fn claim(&self, intended: Instant) -> std::io::Result<()> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let offset = intended.saturating_duration_since(self.start);
        journal.claim(u64::try_from(offset.as_micros()).unwrap_or(u64::MAX))
    }

    fn arrival(&self, place: u64) -> Option<(u64, Arrival)> {
        (place < self.schedule.orders()).then(|| {
            let index = self.schedule.index(place);
            (place, Arrival { index, intended: self.start + self.schedule.at(place) })
        })
    }
}
