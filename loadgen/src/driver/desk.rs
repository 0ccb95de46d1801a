//! What a driver knows of its orders: which are due, which come again, which have ended. It
//! touches no socket.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use runlog::{Exchange, Outcome};
use tokio::sync::mpsc;

use super::{Batch, Driver, Sending, TICK};
use crate::pacer::{Arrival, Pacer};
use crate::request::RequestWriter;

/// The most exchanges in a batch.
const BATCH_MAX: usize = 512;

/// One attempt at an order, under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub(super) arrival: Arrival,
    /// 1 is the first.
    pub(super) number: u8,
    /// What was known of the order before it.
    pub(super) known: Option<Outcome>,
    pub(super) sent: Instant,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No byte of the request left this machine.
    Unsent,
    /// Some did.
    Unanswered,
}

/// What an attempt came to: a status, or none.
pub(super) type Reply = Result<u16, Failure>;

/// An attempt that ended and will be followed by another.
struct Again {
    at: Instant,
    arrival: Arrival,
    /// Not yet given away: whether it was the last is known when the next begins.
    ended: Exchange,
    /// What is known of the order after it.
    known: Outcome,
}

/// The driver's side of the account.
pub(super) struct Desk {
    pub(super) sending: Sending,
    pub(super) in_flight_max: usize,
    pub(super) in_flight: usize,
    pub(super) requests: RequestWriter,
    /// How many drivers share the schedule.
    of: u64,
    pacer: Pacer,
    again: BinaryHeap<Reverse<Again>>,
    batches: mpsc::UnboundedSender<Batch>,
    batch: Batch,
    full_until: Instant,
    next_tick: Instant,
    /// Whether the next answer is to be asked for the server's time.
    pub(super) wants_date: bool,
}

impl Desk {
    pub(super) fn new(driver: Driver, batches: mpsc::UnboundedSender<Batch>) -> Self {
        let Driver { sending, position, of, in_flight_max } = driver;
        let requests = RequestWriter::new(
            sending.gateway.clone(),
            &sending.sampler,
            &sending.schedule,
            sending.start_unix,
        );
        Self {
            in_flight_max,
            in_flight: 0,
            requests,
            of,
            pacer: Pacer::new(sending.schedule.clone(), sending.start, (position, of)),
            again: BinaryHeap::new(),
            batches,
            batch: Batch::with_capacity(BATCH_MAX),
            full_until: sending.start,
            next_tick: Instant::now(),
            wants_date: false,
            sending,
        }
    }

    /// The share of this driver of the schedule's highest rate, orders a second.
    pub(super) fn peak_rate_per_s(&self) -> f64 {
        self.sending.schedule.peak_rate_per_s() / self.of as f64
    }

    /// Whether nothing is left to do.
    pub(super) fn is_done(&self) -> bool {
        self.in_flight == 0 && self.again.is_empty() && self.pacer.is_done()
    }

    /// The attempt that is to begin now, if one is and there is room. The caller begins it: it is
    /// in flight from here on.
    pub(super) fn next(&mut self, now: Instant) -> Option<Attempt> {
        if self.in_flight == self.in_flight_max {
            return None;
        }
        let attempt = self.next_again(now).or_else(|| self.next_arrival(now))?;
        self.in_flight += 1;
        Some(attempt)
    }

    fn next_again(&mut self, now: Instant) -> Option<Attempt> {
        if self.again.peek()?.0.at > now {
            return None;
        }
        let Reverse(Again { arrival, mut ended, known, .. }) = self.again.pop()?;
        ended.is_last = false;
        let number = ended.attempt + 1;
        self.give(ended);
        self.sending.progress.starts_again();
        Some(Attempt { arrival, number, known: Some(known), sent: now })
    }

    fn next_arrival(&mut self, now: Instant) -> Option<Attempt> {
        let arrival = self.pacer.due(now)?;
        if !self.is_claimed(arrival) {
            self.pacer.stop();
            return None;
        }
        self.sending.progress.starts(arrival.intended < self.full_until);
        Some(Attempt { arrival, number: 1, known: None, sent: now })
    }

    /// Whether it is written down that the arrival is about to be sent, where a journal is kept. What
    /// cannot be written down is not sent.
    fn is_claimed(&self, arrival: Arrival) -> bool {
        self.sending.journal.as_ref().is_none_or(|journal| journal.claim(arrival.due_us).is_ok())
    }

    /// Until when there is nothing to begin: the next arrival or attempt if there is room, else
    /// the next tick.
    pub(super) fn wake(&self) -> Instant {
        if self.in_flight == self.in_flight_max {
            return self.next_tick;
        }
        let again = self.again.peek().map(|again| again.0.at);
        let next = [self.pacer.wake(), again].into_iter().flatten().min();
        next.map_or(self.next_tick, |next| next.min(self.next_tick))
    }

    /// Whether it is time for what is done now and then; if so, does its own part of it.
    pub(super) fn tick(&mut self, now: Instant) -> bool {
        if now < self.next_tick {
            return false;
        }
        self.next_tick = now + TICK;
        self.wants_date = true;
        if (self.sending.is_stopped)() {
            self.pacer.stop();
            while let Some(Reverse(again)) = self.again.pop() {
                self.settle(again.ended, again.known);
            }
        }
        self.flush();
        true
    }

    /// An attempt has ended.
    pub(super) fn ended(&mut self, attempt: Attempt, reply: Reply, end: Instant) {
        if self.in_flight == self.in_flight_max {
            self.full_until = end;
        }
        self.in_flight -= 1;
        self.sending.progress.attempt_ends();
        let exchange = self.exchange(&attempt, reply, end);
        let Exchange { index, attempt: number, outcome, .. } = exchange;
        let known = attempt.known.map_or(outcome, |before| before.followed_by(outcome));
        let wait = self.sending.retries.wait(index, number, outcome);
        match wait.filter(|_| !(self.sending.is_stopped)()) {
            Some(wait) => {
                let arrival = attempt.arrival;
                self.again.push(Reverse(Again { at: end + wait, arrival, ended: exchange, known }));
            }
            None => self.settle(exchange, known),
        }
    }

    /// The server's clock said `date` in the answer to `attempt`.
    pub(super) fn saw_date(&self, date: Timestamp, sent: Instant, end: Instant) {
        let at = |instant: Instant| {
            let since = instant.saturating_duration_since(self.sending.start);
            self.sending.start_unix + jiff::SignedDuration::try_from(since).unwrap_or_default()
        };
        self.sending.progress.saw_date(date, at(sent), at(end));
    }

    fn exchange(&self, attempt: &Attempt, reply: Reply, end: Instant) -> Exchange {
        let micros = |instant: Instant| {
            let since = instant.saturating_duration_since(self.sending.start);
            u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
        };
        let (status, outcome) = match reply {
            Ok(status) => (status, Outcome::from_status(status)),
            Err(Failure::Unsent) => (0, Outcome::Failed),
            Err(Failure::Unanswered) => (0, Outcome::Unknown),
        };
        Exchange {
            index: attempt.arrival.index,
            intended_us: attempt.arrival.due_us,
            sent_us: micros(attempt.sent),
            end_us: micros(end),
            status,
            outcome,
            attempt: attempt.number,
            is_last: true,
        }
    }

    /// The order of an exchange has had its last attempt.
    fn settle(&mut self, exchange: Exchange, known: Outcome) {
        self.sending.progress.settles(known);
        self.give(exchange);
    }

    fn give(&mut self, exchange: Exchange) {
        self.batch.push(exchange);
        if self.batch.len() == BATCH_MAX {
            self.flush();
        }
    }

    pub(super) fn flush(&mut self) {
        if !self.batch.is_empty() {
            let batch = std::mem::replace(&mut self.batch, Batch::with_capacity(BATCH_MAX));
            // The receiver is gone only if the recorder's disk is; the run then fails with its
            // words.
            let _ = self.batches.send(batch);
        }
    }
}

impl PartialEq for Again {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Again {}

impl PartialOrd for Again {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Again {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.arrival.index).cmp(&(other.at, other.arrival.index))
    }
}

/// How long an attempt has been under way.
pub(super) fn age(attempt: &Attempt, now: Instant) -> Duration {
    now.saturating_duration_since(attempt.sent)
}
