//! The loop of HTTP/1.1: one poll for the clock and all connections.

use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Registry, Token};

use super::desk::{Attempt, Desk, Failure, Reply, age};
use crate::http1::{Connection, Step};
use crate::pacer::Timer;

const TIMER: Token = Token(usize::MAX);

/// Events taken from the poll at once.
const EVENTS_MAX: usize = 256;

/// Orders begun before the sockets are looked at again: an answer that lies there meanwhile would
/// be counted as slow.
const BEGUN_AT_ONCE: usize = 4;

/// Where the next order is due within this, its instant is slept for and answers are looked at
/// then, if the kernel stamps them: at a high rate most of what an order costs is waking up.
const NAP_MAX: Duration = Duration::from_millis(1);

/// Orders a second of a driver at whose rate it pays: below, hardly an order is due within
/// [`NAP_MAX`] of another; above, there is no time to sleep.
const STAMPED_PER_S: Range<f64> = 500.0..30_000.0;

/// Drives until all is accounted for.
pub(super) fn drive(mut desk: Desk) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut timer = Timer::new()?;
    timer.register(&poll, TIMER)?;
    let mut events = Events::with_capacity(EVENTS_MAX);
    let wants_stamps = STAMPED_PER_S.contains(&desk.peak_rate_per_s());
    let mut lines = Lines::new(poll.registry().try_clone()?, wants_stamps);
    while !desk.is_done() {
        let mut now = Instant::now();
        if desk.tick(now) {
            lines.give_up_old(&mut desk, now);
        }
        let mut begun = 0;
        while begun < BEGUN_AT_ONCE
            && let Some(attempt) = desk.next(now)
        {
            lines.begin(&mut desk, attempt);
            begun += 1;
            now = Instant::now();
        }
        let timeout = if begun == BEGUN_AT_ONCE {
            Some(Duration::ZERO)
        } else if let Some(instant) = lines.nap_until(&desk, now) {
            timer.nap(instant, now);
            Some(Duration::ZERO)
        } else {
            timer.arm(desk.wake(), now)
        };
        match poll.poll(&mut events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // First everything that came, then what is due: an answer is timed when it is seen.
        for event in &events {
            if event.token() != TIMER {
                lines.advance(&mut desk, event.token().0);
            }
        }
    }
    desk.flush();
    Ok(())
}

/// The connections of a driver; each has a number, which is also its token.
struct Lines {
    registry: Registry,
    all: Vec<Option<Line>>,
    /// Numbers without a connection.
    free: Vec<usize>,
    /// Numbers of connections without an order. The one used last is used next: few are then open
    /// at a low rate, and the others may rest.
    idle: Vec<usize>,
    /// Position of the host's address that is connected to.
    address: usize,
    /// Whether it is of use to know when an answer came: stamping costs, too.
    wants_stamps: bool,
    /// Whether of every connection it is known when its answer came.
    all_stamped: bool,
}

struct Line {
    connection: Connection,
    attempt: Option<Attempt>,
    /// How many further connections the order on it may try while none of it has left.
    tries_left: usize,
}

impl Lines {
    fn new(registry: Registry, wants_stamps: bool) -> Self {
        let (all, free, idle) = (Vec::new(), Vec::new(), Vec::new());
        Self { registry, all, free, idle, address: 0, wants_stamps, all_stamped: true }
    }

    /// Until when answers may wait to be looked at; none if one may make room for the next order,
    /// or nobody would know when it came.
    fn nap_until(&self, desk: &Desk, now: Instant) -> Option<Instant> {
        let next = desk.wake();
        let can_wait = self.all_stamped && desk.in_flight < desk.in_flight_max;
        (can_wait && next <= now + NAP_MAX).then_some(next)
    }

    /// Sends an order over an idle connection or a new one.
    fn begin(&mut self, desk: &mut Desk, attempt: Attempt) {
        let addresses = desk.sending.gateway.addresses.len();
        match self.idle.pop() {
            Some(number) => {
                if let Some(line) = &mut self.all[number] {
                    line.tries_left = addresses;
                }
                self.send(desk, number, attempt);
            }
            None => self.begin_anew(desk, attempt, addresses - 1),
        }
    }

    /// Sends an order over a new connection.
    fn begin_anew(&mut self, desk: &mut Desk, mut attempt: Attempt, tries_left: usize) {
        match self.open(desk, tries_left) {
            Ok(number) => self.send(desk, number, attempt),
            Err(_) => {
                attempt.sent = Instant::now();
                desk.ended(attempt, Err(Failure::Unsent), attempt.sent);
            }
        }
    }

    fn send(&mut self, desk: &mut Desk, number: usize, mut attempt: Attempt) {
        let Some(line) = &mut self.all[number] else { return };
        desk.requests.write_http1(attempt.arrival, line.connection.request_buffer());
        attempt.sent = Instant::now();
        line.attempt = Some(attempt);
        let step = line.connection.send(std::mem::take(&mut desk.wants_date));
        self.take(desk, number, step);
    }

    fn open(&mut self, desk: &Desk, tries_left: usize) -> io::Result<usize> {
        let gateway = &desk.sending.gateway;
        let number = self.free.pop().unwrap_or(self.all.len());
        if number == self.all.len() {
            self.all.push(None);
        }
        let address = gateway.addresses[self.address % gateway.addresses.len()];
        match Connection::open(
            address,
            self.wants_stamps,
            gateway.tls.as_ref(),
            &self.registry,
            Token(number),
        ) {
            Ok(connection) => {
                self.all_stamped &= connection.is_stamped();
                self.all[number] = Some(Line { connection, attempt: None, tries_left });
                Ok(number)
            }
            Err(error) => {
                self.free.push(number);
                Err(error)
            }
        }
    }

    /// The socket of a connection has something to say.
    fn advance(&mut self, desk: &mut Desk, number: usize) {
        // An event may be of a connection that is gone already.
        let Some(Some(line)) = self.all.get_mut(number) else { return };
        let step = line.connection.advance();
        self.take(desk, number, step);
    }

    fn take(&mut self, desk: &mut Desk, number: usize, step: Step) {
        match step {
            Step::Waiting => {}
            Step::Answered { status, keeps_open } => {
                self.finish(desk, number, Ok(status));
                if keeps_open {
                    self.idle.push(number);
                } else {
                    self.close(number);
                }
            }
            Step::Ended(failure) => self.end(desk, number, failure),
        }
    }

    /// The order on a connection has had its answer, or will have none.
    fn finish(&mut self, desk: &mut Desk, number: usize, reply: Reply) {
        let now = Instant::now();
        let Some(line) = &mut self.all[number] else { return };
        let Some(attempt) = line.attempt.take() else { return };
        let end = line.connection.answered_at(now).max(attempt.sent);
        if let Some(date) = line.connection.date() {
            desk.saw_date(date, attempt.sent, end);
        }
        desk.ended(attempt, reply, end);
    }

    /// A connection is of no use any more. An order of which nothing has left goes over another.
    fn end(&mut self, desk: &mut Desk, number: usize, failure: Failure) {
        let Some(line) = &mut self.all[number] else { return };
        let tries_left = line.tries_left;
        let goes_on = failure == Failure::Unsent && tries_left > 0;
        match line.attempt.take_if(|_| goes_on) {
            Some(attempt) => {
                self.close(number);
                self.address += 1;
                self.begin_anew(desk, attempt, tries_left - 1);
            }
            None => {
                self.finish(desk, number, Err(failure));
                self.idle.retain(|idle| *idle != number);
                self.close(number);
            }
        }
    }

    /// What has waited too long for its answer is given up.
    fn give_up_old(&mut self, desk: &mut Desk, now: Instant) {
        let longest = desk.sending.gateway.transport.answer_within;
        for number in 0..self.all.len() {
            let Some(line) = &self.all[number] else { continue };
            let is_old = line.attempt.is_some_and(|attempt| age(&attempt, now) >= longest);
            if is_old {
                let failure = line.connection.give_up();
                self.take(desk, number, Step::Ended(failure));
            }
        }
    }

    fn close(&mut self, number: usize) {
        self.all[number] = None;
        self.free.push(number);
    }
}
