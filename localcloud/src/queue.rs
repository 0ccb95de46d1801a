//! One queue as a data structure: time comes in as an argument, messages come out.
//!
//! A standard queue gives messages in roughly the order they came; a FIFO queue keeps the
//! order within a group and blocks a group while one of its messages is in flight
//! (`queue/groups.rs`).
//!
//! Nothing here waits, locks, reads a clock or knows a protocol. Every operation is O(log n)
//! in the number of messages: a million waiting orders must not make the next one slower.

mod entries;
pub(crate) mod groups;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::message::Message;

use entries::Entries;
use groups::Line;

/// In flight, per standard queue; AWS SQS quotas, "In-flight messages per queue".
pub(crate) const IN_FLIGHT_MAX: usize = 120_000;
/// In flight, per FIFO queue; AWS SQS quotas, "FIFO queues: in-flight messages".
pub(crate) const IN_FLIGHT_MAX_FIFO: usize = 20_000;
/// How long a message may stay hidden in total, 12 hours; SQS guide, "Visibility timeout".
const HIDDEN_MS_MAX: u64 = 43_200_000;
/// A queue this long is a backlog: its messages wait for seconds at least, and unpacking one is
/// nothing beside that.
const DEEP: usize = 10_000;
/// After this many receives without a delete, ApproximateAgeOfOldestMessage looks past a
/// message; SQS guide, "Available CloudWatch metrics for Amazon SQS".
const AGED_OUT_RECEIVES: u32 = 3;

/// What a queue was told to do; changed by SetQueueAttributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct QueueSettings {
    pub(crate) visibility_ms: u64,
    pub(crate) retention_ms: u64,
    pub(crate) delay_ms: u64,
    /// None: no dead-letter queue, so no limit.
    pub(crate) max_receive_count: Option<u32>,
}

/// The identity of a message within its queue.
pub(crate) type Sequence = u64;

/// The right to delete a message that one receive gave; a later receive withdraws it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Receipt {
    pub(crate) sequence: Sequence,
    pub(crate) receive_count: u32,
}

/// One message as one receive saw it.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) message: Arc<Message>,
    pub(crate) receipt: Receipt,
    pub(crate) first_receive_ms: u64,
    /// ARN of the queue it was dead-lettered from.
    pub(crate) dead_letter_source: Option<Arc<str>>,
}

/// A message on its way to another queue. It still counts in this one until
/// [`Queue::forget`], so that at no instant it is in neither.
#[derive(Clone, Debug)]
pub(crate) struct Leaving {
    pub(crate) sequence: Sequence,
    pub(crate) message: Arc<Message>,
    pub(crate) dead_letter_source: Option<Arc<str>>,
}

/// One message as it would have to be put again.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) sequence: Sequence,
    pub(crate) message: Arc<Message>,
    pub(crate) arrived_ms: u64,
    /// Not before this instant.
    pub(crate) visible_ms: u64,
    pub(crate) dead_letter_source: Option<Arc<str>>,
}

/// How much one receive may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Take {
    pub(crate) count_max: usize,
    pub(crate) bytes_max: usize,
    pub(crate) visibility_ms: u64,
}

/// What one receive found.
#[derive(Default, Debug)]
pub(crate) struct Received {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) dead: Vec<Leaving>,
    pub(crate) over_limit: bool,
}

/// How many messages are in each state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Depth {
    pub(crate) visible: usize,
    pub(crate) not_visible: usize,
    pub(crate) delayed: usize,
}

/// What a change of visibility came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum VisibilityChange {
    Changed,
    /// It is there and visible.
    NotInFlight,
    /// It was deleted, or a later receive withdrew the receipt.
    Gone,
    /// More than 12 hours since the receive.
    TooLong,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Ready,
    Delayed { until_ms: u64 },
    InFlight { since_ms: u64, until_ms: u64 },
    Leaving,
}

#[derive(Debug)]
struct Entry {
    message: Arc<Message>,
    /// When it came to this queue: the age metric of a dead-letter queue starts here.
    arrived_ms: u64,
    first_receive_ms: Option<u64>,
    receive_count: u32,
    /// It was deleted once, and is there again.
    is_back: bool,
    state: State,
    dead_letter_source: Option<Arc<str>>,
}

/// A queue.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) settings: QueueSettings,
    next_sequence: Sequence,
    entries: Entries<Entry>,
    ready: Line,
    /// (instant, message): when a delayed or in-flight message becomes visible.
    timers: BTreeSet<(u64, Sequence)>,
    /// (sent, message), of those that came from another queue: their retention ends before that
    /// of their neighbours.
    moved_in: BTreeSet<(u64, Sequence)>,
    /// No message before this one is young enough for the age metric.
    aging: Sequence,
    depth: Depth,
    expired: u64,
}

impl Queue {
    pub(crate) fn new(settings: QueueSettings) -> Self {
        Queue::with_line(settings, Line::standard())
    }

    /// A queue that keeps the order of each message group.
    pub(crate) fn fifo(settings: QueueSettings) -> Self {
        Queue::with_line(settings, Line::fifo())
    }

    fn with_line(settings: QueueSettings, ready: Line) -> Self {
        Queue {
            settings,
            next_sequence: 0,
            entries: Entries::new(),
            ready,
            timers: BTreeSet::new(),
            moved_in: BTreeSet::new(),
            aging: 0,
            depth: Depth::default(),
            expired: 0,
        }
    }

    /// Takes a message. `delay_ms` of zero makes it visible at once.
    #[cfg(test)]
    pub(crate) fn put(
        &mut self,
        now_ms: u64,
        message: Arc<Message>,
        delay_ms: u64,
        dead_letter_source: Option<Arc<str>>,
    ) -> Sequence {
        let sequence = self.next_sequence;
        let visible_ms = now_ms + delay_ms;
        let arrived_ms = now_ms;
        self.restore(
            now_ms,
            Snapshot { sequence, message, arrived_ms, visible_ms, dead_letter_source },
        );
        sequence
    }

    /// The sequence that the next message will have.
    pub(crate) fn next_sequence(&self) -> Sequence {
        self.next_sequence
    }

    /// Everything that is there, in the order it came. What is in flight is visible.
    pub(crate) fn snapshots(&self) -> impl Iterator<Item = Snapshot> {
        self.entries.from(0).map(|(sequence, entry)| {
            let visible_ms = match entry.state {
                State::Delayed { until_ms } => until_ms,
                State::Ready | State::InFlight { .. } | State::Leaving => 0,
            };
            Snapshot {
                sequence,
                message: entry.message.clone(),
                arrived_ms: entry.arrived_ms,
                visible_ms,
                dead_letter_source: entry.dead_letter_source.clone(),
            }
        })
    }

    /// Puts a message under the sequence it has.
    pub(crate) fn restore(&mut self, now_ms: u64, snapshot: Snapshot) {
        let Snapshot { sequence, message, arrived_ms, visible_ms, dead_letter_source } = snapshot;
        // The clock may have been set back since: it waits no longer than its delay all the same.
        let visible_ms = visible_ms.min(now_ms + visible_ms.saturating_sub(arrived_ms));
        self.next_sequence = self.next_sequence.max(sequence + 1);
        if message.sent_ms != arrived_ms {
            self.moved_in.insert((message.sent_ms, sequence));
        }
        let state = if visible_ms <= now_ms {
            State::Ready
        } else {
            State::Delayed { until_ms: visible_ms }
        };
        let entry = Entry {
            message,
            arrived_ms,
            first_receive_ms: None,
            receive_count: 0,
            is_back: false,
            state,
            dead_letter_source,
        };
        self.entries.insert(sequence, entry);
        self.enter(sequence, state);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether so many messages wait that they should be kept small.
    pub(crate) fn is_deep(&self) -> bool {
        self.entries.len() >= DEEP
    }

    /// The size of a message that is there.
    pub(crate) fn size_bytes(&self, sequence: Sequence) -> usize {
        self.entries.get(sequence).map_or(0, |entry| entry.message.size_bytes)
    }

    /// Lets time pass: timers fire, retention ends. Returns how many became visible.
    pub(crate) fn advance(&mut self, now_ms: u64) -> usize {
        self.expire(now_ms);
        let mut woken = 0;
        while let Some(&(until_ms, sequence)) = self.timers.first() {
            if until_ms > now_ms {
                break;
            }
            self.move_to(sequence, State::Ready);
            woken += 1;
        }
        woken
    }

    /// Gives out messages in roughly the order they came. A message that has been received
    /// `max_receive_count` times is dead-lettered by the receive that would exceed it.
    pub(crate) fn receive(&mut self, now_ms: u64, take: Take) -> Received {
        self.advance(now_ms);
        let mut received = Received::default();
        let mut bytes = 0;
        let mut line = self.ready.begin();
        while received.deliveries.len() < take.count_max {
            if self.depth.not_visible >= self.in_flight_max() {
                received.over_limit = true;
                break;
            }
            let Some(sequence) = self.ready.next(&mut line) else { break };
            let Some(entry) = self.entries.get(sequence) else { continue };
            if self.settings.max_receive_count.is_some_and(|max| entry.receive_count >= max) {
                received.dead.extend(self.leave(sequence));
                continue;
            }
            bytes += entry.message.size_bytes;
            if bytes > take.bytes_max && !received.deliveries.is_empty() {
                self.ready.put_back(sequence, entry.message.group());
                break;
            }
            received.deliveries.extend(self.deliver(now_ms, sequence, take.visibility_ms));
        }
        self.ready.end(line);
        received
    }

    fn in_flight_max(&self) -> usize {
        if self.ready.is_fifo() { IN_FLIGHT_MAX_FIFO } else { IN_FLIGHT_MAX }
    }

    /// Takes visible messages out towards another queue (StartMessageMoveTask).
    pub(crate) fn take_away(&mut self, now_ms: u64, count_max: usize) -> Vec<Leaving> {
        self.advance(now_ms);
        let mut leaving = Vec::new();
        let mut line = self.ready.begin();
        while leaving.len() < count_max {
            let Some(sequence) = self.ready.next(&mut line) else { break };
            leaving.extend(self.leave(sequence));
        }
        self.ready.end(line);
        leaving
    }

    /// Ends a departure: the other queue has the message now.
    pub(crate) fn forget(&mut self, sequence: Sequence) {
        self.remove(sequence);
    }

    /// Undoes a departure: the other queue does not exist.
    pub(crate) fn keep(&mut self, sequence: Sequence) {
        if self.entries.get(sequence).is_some_and(|entry| entry.state == State::Leaving) {
            self.move_to(sequence, State::Ready);
        }
    }

    /// Deletes what the receipt names. False: the receipt was withdrawn by a later receive,
    /// or the message is gone; AWS calls both a success.
    pub(crate) fn delete(&mut self, receipt: Receipt) -> bool {
        let current = self.entries.get(receipt.sequence);
        let current = current
            .is_some_and(|e| e.receive_count == receipt.receive_count && e.state != State::Leaving);
        current && self.remove(receipt.sequence)
    }

    /// Whether a deletion by this receipt may be undone: a standard queue may bring back what is
    /// in flight, and does so once.
    pub(crate) fn may_bring_back(&self, receipt: Receipt) -> bool {
        let entry = self.entries.get(receipt.sequence).filter(|_| !self.ready.is_fifo());
        entry.is_some_and(|entry| {
            entry.receive_count == receipt.receive_count
                && matches!(entry.state, State::InFlight { .. })
                && !entry.is_back
        })
    }

    /// Makes visible at once what the receipt deletes.
    pub(crate) fn bring_back(&mut self, receipt: Receipt) {
        if let Some(entry) = self.entries.get_mut(receipt.sequence) {
            entry.is_back = true;
            self.move_to(receipt.sequence, State::Ready);
        }
    }

    /// Lets the message that came last trade places with another that waits.
    pub(crate) fn trade_places(&mut self, number: u64) {
        self.ready.trade_places(number);
    }

    /// Makes a message in flight visible `visibility_ms` from now.
    pub(crate) fn change_visibility(
        &mut self,
        now_ms: u64,
        receipt: Receipt,
        visibility_ms: u64,
    ) -> VisibilityChange {
        self.advance(now_ms);
        let Some(entry) = self.entries.get(receipt.sequence) else {
            return VisibilityChange::Gone;
        };
        let State::InFlight { since_ms, .. } = entry.state else {
            return VisibilityChange::NotInFlight;
        };
        if entry.receive_count != receipt.receive_count {
            return VisibilityChange::Gone;
        }
        // AWS counts whole seconds.
        let elapsed_ms = now_ms.saturating_sub(since_ms) / 1000 * 1000;
        if elapsed_ms + visibility_ms > HIDDEN_MS_MAX {
            return VisibilityChange::TooLong;
        }
        let until_ms = now_ms + visibility_ms;
        self.move_to(receipt.sequence, State::InFlight { since_ms, until_ms });
        self.advance(now_ms);
        VisibilityChange::Changed
    }

    /// Whether a receipt's message is still here, but no longer in flight for its holder: a
    /// FIFO queue refuses to delete it.
    pub(crate) fn receipt_expired(&mut self, now_ms: u64, receipt: Receipt) -> bool {
        self.advance(now_ms);
        self.entries.get(receipt.sequence).is_some_and(|entry| {
            !matches!(entry.state, State::InFlight { .. })
                || entry.receive_count != receipt.receive_count
        })
    }

    /// Deletes everything.
    pub(crate) fn purge(&mut self) {
        let (settings, next_sequence, expired) = (self.settings, self.next_sequence, self.expired);
        let line = if self.ready.is_fifo() { Line::fifo() } else { Line::standard() };
        *self = Queue { next_sequence, expired, ..Queue::with_line(settings, line) };
    }

    pub(crate) fn depth(&self) -> Depth {
        self.depth
    }

    /// Messages that retention deleted, since the queue was made.
    #[cfg(test)]
    pub(crate) fn expired(&self) -> u64 {
        self.expired
    }

    /// Age of the oldest message that has not been received three times.
    pub(crate) fn oldest_age_ms(&mut self, now_ms: u64) -> u64 {
        let mut young =
            self.entries.from(self.aging).filter(|(_, e)| e.receive_count < AGED_OUT_RECEIVES);
        let oldest = young.next().map(|(sequence, entry)| (sequence, entry.arrived_ms));
        // No message grows younger, so those passed over need not be looked at again.
        self.aging = oldest.map_or(self.next_sequence, |(sequence, _)| sequence);
        oldest.map_or(0, |(_, arrived_ms)| now_ms.saturating_sub(arrived_ms))
    }

    /// The next instant at which a message may become visible by itself.
    pub(crate) fn next_change_ms(&self) -> Option<u64> {
        self.timers.first().map(|&(until_ms, _)| until_ms)
    }

    fn deliver(&mut self, now_ms: u64, sequence: Sequence, visibility_ms: u64) -> Option<Delivery> {
        let entry = self.entries.get_mut(sequence)?;
        entry.receive_count += 1;
        let first_receive_ms = *entry.first_receive_ms.get_or_insert(now_ms);
        let receipt = Receipt { sequence, receive_count: entry.receive_count };
        let (message, dead_letter_source) =
            (entry.message.clone(), entry.dead_letter_source.clone());
        let until_ms = now_ms + visibility_ms;
        self.move_to(sequence, State::InFlight { since_ms: now_ms, until_ms });
        Some(Delivery { message, receipt, first_receive_ms, dead_letter_source })
    }

    fn leave(&mut self, sequence: Sequence) -> Option<Leaving> {
        let entry = self.entries.get(sequence)?;
        let leaving = Leaving {
            sequence,
            message: entry.message.clone(),
            dead_letter_source: entry.dead_letter_source.clone(),
        };
        self.move_to(sequence, State::Leaving);
        Some(leaving)
    }

    /// Retention counts from the send, whatever the state: SQS quotas, "Message retention".
    fn expire(&mut self, now_ms: u64) {
        while let Some(sequence) = self.expired_at(now_ms) {
            self.remove(sequence);
            self.expired += 1;
        }
    }

    /// A message whose retention has ended. What was not moved here came in the order in which
    /// it was sent, so the first of the line tells for all.
    fn expired_at(&self, now_ms: u64) -> Option<Sequence> {
        let first = self.entries.front().map(|(sequence, e)| (e.message.sent_ms, sequence));
        let candidates = [first, self.moved_in.first().copied()].into_iter().flatten();
        let mut over = candidates.filter(|(sent, _)| sent + self.settings.retention_ms <= now_ms);
        over.next().map(|(_, sequence)| sequence)
    }

    fn move_to(&mut self, sequence: Sequence, state: State) {
        let Some(entry) = self.entries.get_mut(sequence) else { return };
        let before = std::mem::replace(&mut entry.state, state);
        self.exit(sequence, before);
        self.enter(sequence, state);
    }

    fn remove(&mut self, sequence: Sequence) -> bool {
        let Some(entry) = self.entries.get(sequence) else { return false };
        let state = entry.state;
        self.exit(sequence, state);
        let Some(entry) = self.entries.remove(sequence) else { return false };
        if entry.message.sent_ms != entry.arrived_ms {
            self.moved_in.remove(&(entry.message.sent_ms, sequence));
        }
        true
    }

    fn enter(&mut self, sequence: Sequence, state: State) {
        let Some(entry) = self.entries.get(sequence) else { return };
        let group = entry.message.group();
        match state {
            State::Ready => {
                self.depth.visible += 1;
                self.ready.push(sequence, group);
            }
            State::Delayed { until_ms } => {
                self.depth.delayed += 1;
                self.timers.insert((until_ms, sequence));
            }
            State::InFlight { until_ms, .. } => {
                self.depth.not_visible += 1;
                self.timers.insert((until_ms, sequence));
                self.ready.block(group);
            }
            State::Leaving => self.depth.not_visible += 1,
        }
    }

    fn exit(&mut self, sequence: Sequence, state: State) {
        let Some(entry) = self.entries.get(sequence) else { return };
        let group = entry.message.group();
        match state {
            State::Ready => {
                self.depth.visible -= 1;
                self.ready.withdraw(sequence, group);
            }
            State::Delayed { until_ms } => {
                self.depth.delayed -= 1;
                self.timers.remove(&(until_ms, sequence));
            }
            State::InFlight { until_ms, .. } => {
                self.depth.not_visible -= 1;
                self.timers.remove(&(until_ms, sequence));
                self.ready.unblock(group);
            }
            State::Leaving => self.depth.not_visible -= 1,
        }
    }
}

#[cfg(test)]
mod tests;
