//! The visible messages of a queue, in the order in which receives get them.
//!
//! A FIFO queue has a line per message group. A group is blocked while one of its messages
//! is in flight, and a receive takes as many as it can from one group before it turns to the
//! next: SQS guide, "Amazon SQS FIFO queue delivery logic".

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::Sequence;

/// Who is next.
#[derive(Debug)]
pub(crate) enum Line {
    /// May hold the sequences of deleted messages; they are skipped when met.
    Standard(VecDeque<Sequence>),
    Fifo(Groups),
}

/// The lines of a FIFO queue.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: HashMap<Arc<str>, Group>,
    /// Groups that may give a message, by the message that is first in them.
    free: BTreeMap<Sequence, Arc<str>>,
}

#[derive(Debug, Default)]
struct Group {
    waiting: BTreeSet<Sequence>,
    in_flight: usize,
    /// Its key in `free`.
    listed: Option<Sequence>,
}

/// One receive's way through the line: the group that it is emptying, and what it met.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    group: Option<Arc<str>>,
}

impl Line {
    pub(crate) fn standard() -> Self {
        Line::Standard(VecDeque::new())
    }

    pub(crate) fn fifo() -> Self {
        Line::Fifo(Groups::default())
    }

    pub(crate) fn is_fifo(&self) -> bool {
        matches!(self, Line::Fifo(_))
    }

    pub(crate) fn push(&mut self, sequence: Sequence, group: Option<&str>) {
        match self {
            Line::Standard(line) => line.push_back(sequence),
            Line::Fifo(groups) => groups.push(sequence, group.unwrap_or_default()),
        }
    }

    /// Lets the last of a standard line trade places with another, which `number` picks. A FIFO
    /// queue keeps its order.
    pub(crate) fn trade_places(&mut self, number: u64) {
        if let Line::Standard(line) = self
            && let Some(last) = line.len().checked_sub(1)
        {
            line.swap((number % line.len() as u64) as usize, last);
        }
    }

    /// Undoes a [`Line::next`].
    pub(crate) fn put_back(&mut self, sequence: Sequence, group: Option<&str>) {
        match self {
            Line::Standard(line) => line.push_front(sequence),
            Line::Fifo(groups) => groups.push(sequence, group.unwrap_or_default()),
        }
    }

    /// A visible message stopped being one. A standard line forgets it when it meets it.
    pub(crate) fn withdraw(&mut self, sequence: Sequence, group: Option<&str>) {
        if let Line::Fifo(groups) = self {
            groups.change(group.unwrap_or_default(), |group| {
                group.waiting.remove(&sequence);
            });
        }
    }

    /// A message of this group is in flight.
    pub(crate) fn block(&mut self, group: Option<&str>) {
        if let Line::Fifo(groups) = self {
            groups.change(group.unwrap_or_default(), |group| group.in_flight += 1);
        }
    }

    /// A message of this group is no longer in flight.
    pub(crate) fn unblock(&mut self, group: Option<&str>) {
        if let Line::Fifo(groups) = self {
            groups.change(group.unwrap_or_default(), |group| group.in_flight -= 1);
        }
    }

    /// Starts a receive.
    pub(crate) fn begin(&self) -> Walk {
        Walk::default()
    }

    /// The next message this receive may have.
    pub(crate) fn next(&mut self, walk: &mut Walk) -> Option<Sequence> {
        match self {
            Line::Standard(line) => line.pop_front(),
            Line::Fifo(groups) => groups.next(walk),
        }
    }

    /// Ends a receive.
    pub(crate) fn end(&mut self, walk: Walk) {
        if let (Line::Fifo(groups), Some(group)) = (self, walk.group) {
            groups.change(&group, |_| {});
        }
    }
}

impl Groups {
    fn push(&mut self, sequence: Sequence, group: &str) {
        if !self.groups.contains_key(group) {
            self.groups.insert(group.into(), Group::default());
        }
        self.change(group, |group| {
            group.waiting.insert(sequence);
        });
    }

    /// Changes a group and keeps `free` true of it.
    fn change(&mut self, name: &str, change: impl FnOnce(&mut Group)) {
        if !self.groups.contains_key(name) {
            self.groups.insert(name.into(), Group::default());
        }
        let Some((name, _)) = self.groups.get_key_value(name) else { return };
        let name = name.clone();
        let Some(group) = self.groups.get_mut(&name) else { return };
        change(group);
        let first = group.waiting.first().copied().filter(|_| group.in_flight == 0);
        if group.listed != first {
            group.listed.take().map(|listed| self.free.remove(&listed));
            group.listed = first;
            first.map(|first| self.free.insert(first, name.clone()));
        }
        if group.waiting.is_empty() && group.in_flight == 0 {
            self.groups.remove(&name);
        }
    }

    /// From the group of the last message while it has more, else from the free group whose
    /// first message is oldest.
    fn next(&mut self, walk: &mut Walk) -> Option<Sequence> {
        let more = |groups: &Groups, name: &Arc<str>| {
            groups.groups.get(name).and_then(|group| group.waiting.first().copied())
        };
        if let Some(sequence) = walk.group.as_ref().and_then(|name| more(self, name)) {
            return Some(sequence);
        }
        let (sequence, name) = self.free.first_key_value()?;
        let (sequence, name) = (*sequence, name.clone());
        walk.group = Some(name);
        Some(sequence)
    }
}
