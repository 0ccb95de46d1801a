//! A plain queue, event by event: arrivals, ends of service, customers that become visible again,
//! and batch windows that close.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use super::arrivals::ArrivalStream;
use super::model::{Fails, QueueModel, Retry, Servers};
use super::statistics::{Left, Levels, Statistics};
use crate::chance::Chance;
use crate::distribution::Sampler;

/// Somebody in the system.
#[derive(Debug, Clone, Copy)]
struct Customer {
    arrived: f64,
    /// When it last joined the queue.
    joined: f64,
    /// Until its first service began; negative before.
    waited: f64,
    /// Services begun.
    receives: u32,
}

/// Something that happens at a time; the earliest is the greatest, as the heap wants it.
#[derive(Debug, Clone, Copy)]
struct Due<T> {
    at: f64,
    what: T,
}

impl<T> PartialEq for Due<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Due<T> {}

impl<T> PartialOrd for Due<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Due<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.total_cmp(&self.at)
    }
}

/// A service under way.
#[derive(Debug, Default)]
struct Service {
    began: f64,
    batch: Vec<Customer>,
}

#[derive(Debug)]
pub(super) struct Engine<'a> {
    model: &'a QueueModel,
    servers: usize,
    service: Sampler,
    per_customer: Option<Sampler>,
    chance: Chance,
    arrivals: ArrivalStream,
    next_arrival: f64,
    now: f64,
    /// How much service everybody who was always served has got: with `processors` it runs slower
    /// than the clock while more services than processors are under way.
    served: f64,
    waiting: VecDeque<Customer>,
    /// Ends of services, in units of `served`.
    ends: BinaryHeap<Due<usize>>,
    services: Vec<Service>,
    free_services: Vec<usize>,
    in_service: u64,
    invisible: BinaryHeap<Due<Customer>>,
    statistics: Statistics,
}

/// The next thing to happen.
enum Event {
    Arrival,
    EndOfService,
    Visible,
    WindowCloses,
}

impl<'a> Engine<'a> {
    /// An empty system. Replications differ in their streams of chance.
    pub(super) fn new(model: &'a QueueModel, replication: u64) -> Self {
        let stream = |number: u64| Chance::new(model.seed, replication * 2 + number);
        let mut arrivals = model.arrivals.stream(model.seed.wrapping_add(replication), stream(0));
        let next_arrival = arrivals.next().unwrap_or(f64::INFINITY);
        Self {
            servers: match model.queue.servers {
                Servers::Finite(servers) => servers as usize,
                Servers::Infinite => usize::MAX,
            },
            service: model.service.sampler(),
            per_customer: model.service_per_customer.as_ref().map(|service| service.sampler()),
            chance: stream(1),
            arrivals,
            next_arrival,
            now: 0.0,
            served: 0.0,
            waiting: VecDeque::new(),
            ends: BinaryHeap::new(),
            services: Vec::new(),
            free_services: Vec::new(),
            in_service: 0,
            invisible: BinaryHeap::new(),
            statistics: Statistics::new(model),
            model,
        }
    }

    /// Runs until enough customers have left, or nothing is left to happen.
    pub(super) fn run(mut self) -> Statistics {
        while !self.statistics.complete() {
            let Some((at, event)) = self.next_event() else { break };
            self.advance(at);
            match event {
                Event::Arrival => self.arrive(),
                Event::EndOfService => self.end_service(),
                Event::Visible => {
                    if let Some(Due { at, what }) = self.invisible.pop() {
                        self.waiting.push_back(Customer { joined: at, ..what });
                    }
                }
                Event::WindowCloses => {}
            }
            self.start_services();
        }
        let levels = self.levels();
        self.statistics.close(levels);
        self.statistics
    }

    fn next_event(&self) -> Option<(f64, Event)> {
        let mut next = (self.next_arrival, Event::Arrival);
        if let Some(end) = self.ends.peek() {
            let at = self.now + (end.at - self.served).max(0.0) / self.speed();
            if at <= next.0 {
                next = (at, Event::EndOfService);
            }
        }
        if let Some(visible) = self.invisible.peek()
            && visible.at < next.0
        {
            next = (visible.at, Event::Visible);
        }
        if self.model.queue.batch_window_s > 0.0
            && self.ends.len() < self.servers
            && let Some(first) = self.waiting.front()
            && first.joined + self.model.queue.batch_window_s < next.0
        {
            next = (first.joined + self.model.queue.batch_window_s, Event::WindowCloses);
        }
        next.0.is_finite().then_some(next)
    }

    /// How fast services progress.
    fn speed(&self) -> f64 {
        match self.model.queue.processors {
            Some(processors) => (processors / self.ends.len() as f64).min(1.0),
            None => 1.0,
        }
    }

    fn advance(&mut self, at: f64) {
        let elapsed = at - self.now;
        self.served += elapsed * self.speed();
        self.statistics.pass(elapsed, self.levels());
        self.now = at;
    }

    fn levels(&self) -> Levels {
        Levels {
            waiting: self.waiting.len() as u64,
            in_service: self.in_service,
            busy_servers: self.ends.len() as u64,
            invisible: self.invisible.len() as u64,
        }
    }

    fn arrive(&mut self) {
        let at = self.now;
        self.next_arrival = self.arrivals.next().unwrap_or(f64::INFINITY);
        self.statistics.arrived();
        let present = self.waiting.len() as u64 + self.in_service;
        if self.model.queue.capacity.is_some_and(|capacity| present >= capacity) {
            self.statistics.left(Left::Blocked);
            return;
        }
        self.waiting.push_back(Customer { arrived: at, joined: at, waited: -1.0, receives: 0 });
    }

    /// Starts as many services as servers and batches allow.
    fn start_services(&mut self) {
        let settings = &self.model.queue;
        while self.ends.len() < self.servers
            && let Some(first) = self.waiting.front()
        {
            let full = self.waiting.len() >= settings.batch_size as usize;
            if !full && self.now < first.joined + settings.batch_window_s {
                return;
            }
            self.start_service();
        }
    }

    fn start_service(&mut self) {
        let size = self.waiting.len().min(self.model.queue.batch_size as usize);
        let slot = self.free_services.pop().unwrap_or_else(|| {
            self.services.push(Service::default());
            self.services.len() - 1
        });
        let service = &mut self.services[slot];
        service.began = self.now;
        for mut customer in self.waiting.drain(..size) {
            customer.receives += 1;
            if customer.waited < 0.0 {
                customer.waited = self.now - customer.arrived;
            }
            service.batch.push(customer);
        }
        let mut takes = self.service.draw(&mut self.chance);
        if let Some(per_customer) = &self.per_customer {
            takes += (0..size).map(|_| per_customer.draw(&mut self.chance)).sum::<f64>();
        }
        self.in_service += size as u64;
        self.ends.push(Due { at: self.served + takes, what: slot });
        self.statistics.began(size as u64);
    }

    fn end_service(&mut self) {
        let Some(Due { at, what: slot }) = self.ends.pop() else { return };
        // Without this, rounding would let the two clocks drift apart.
        self.served = self.served.max(at);
        let began = self.services[slot].began;
        let mut batch = std::mem::take(&mut self.services[slot].batch);
        self.in_service -= batch.len() as u64;
        let retry = self.model.retry.as_ref();
        let together = retry.is_some_and(|retry| {
            retry.fails == Fails::Batch && self.chance.happens(retry.failure_probability)
        });
        for customer in batch.drain(..) {
            match retry {
                Some(retry) if together || self.fails_alone(retry) => {
                    self.fail(customer, began, retry);
                }
                Some(_) | None => self.leave(customer, false),
            }
        }
        // The emptied batch keeps its memory for the next service in this slot.
        self.services[slot].batch = batch;
        self.free_services.push(slot);
    }

    fn fails_alone(&mut self, retry: &Retry) -> bool {
        retry.fails == Fails::Customer && self.chance.happens(retry.failure_probability)
    }

    fn fail(&mut self, customer: Customer, began: f64, retry: &Retry) {
        if retry.max_receive_count.is_some_and(|most| customer.receives >= most) {
            self.leave(customer, true);
            return;
        }
        let at = (began + retry.visibility_timeout_s).max(self.now);
        self.invisible.push(Due { at, what: customer });
    }

    fn leave(&mut self, customer: Customer, dead_letter: bool) {
        self.statistics.left(Left::Served {
            wait: customer.waited,
            sojourn: self.now - customer.arrived,
            receives: customer.receives,
            dead_letter,
        });
    }
}
