//! The messages of a queue by their sequence. Sequences only grow and most messages leave in the
//! order in which they came, so this is a line with holes: a million of them cost a pointer each
//! beside themselves, and the next one is found as fast as among ten.

use std::collections::VecDeque;

use super::Sequence;

#[derive(Debug)]
pub(super) struct Entries<T> {
    /// The sequence of the first slot.
    first: Sequence,
    slots: VecDeque<Option<Box<T>>>,
    count: usize,
}

impl<T> Entries<T> {
    pub(super) fn new() -> Self {
        Entries { first: 0, slots: VecDeque::new(), count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn index(&self, sequence: Sequence) -> Option<usize> {
        usize::try_from(sequence.checked_sub(self.first)?).ok()
    }

    pub(super) fn get(&self, sequence: Sequence) -> Option<&T> {
        self.slots.get(self.index(sequence)?)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, sequence: Sequence) -> Option<&mut T> {
        let index = self.index(sequence)?;
        self.slots.get_mut(index)?.as_deref_mut()
    }

    /// All from a sequence on, in order.
    pub(super) fn from(&self, sequence: Sequence) -> impl Iterator<Item = (Sequence, &T)> {
        let skipped = self.index(sequence).unwrap_or(0).min(self.slots.len());
        let slots = (self.first + skipped as u64..).zip(self.slots.range(skipped..));
        slots.filter_map(|(sequence, slot)| Some((sequence, slot.as_deref()?)))
    }

    /// The one with the smallest sequence. There is no hole before it.
    pub(super) fn front(&self) -> Option<(Sequence, &T)> {
        Some((self.first, self.slots.front()?.as_deref()?))
    }

    pub(super) fn insert(&mut self, sequence: Sequence, entry: T) {
        if self.is_empty() {
            self.slots.clear();
            self.first = sequence;
        }
        while sequence < self.first {
            self.slots.push_front(None);
            self.first -= 1;
        }
        let index = (sequence - self.first) as usize;
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, || None);
        }
        let before = self.slots[index].replace(Box::new(entry));
        self.count += usize::from(before.is_none());
    }

    pub(super) fn remove(&mut self, sequence: Sequence) -> Option<T> {
        let index = self.index(sequence)?;
        let entry = self.slots.get_mut(index)?.take()?;
        self.count -= 1;
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.first += 1;
        }
        if self.is_empty() {
            // What a million waiting messages needed is given back.
            self.slots.shrink_to(1024);
        }
        Some(*entry)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever comes and goes, it is a map from sequence to entry.
        #[test]
        fn it_is_an_ordered_map(steps in prop::collection::vec((any::<bool>(), 0_u64..60), 0..300)) {
            let (mut entries, mut map) = (Entries::new(), BTreeMap::new());
            for (number, (inserts, sequence)) in steps.into_iter().enumerate() {
                if inserts {
                    entries.insert(sequence, number);
                    map.insert(sequence, number);
                } else {
                    prop_assert_eq!(entries.remove(sequence), map.remove(&sequence));
                }
                prop_assert_eq!(entries.len(), map.len());
                prop_assert_eq!(entries.get(sequence), map.get(&sequence));
                let front = entries.front().map(|(sequence, number)| (sequence, *number));
                prop_assert_eq!(front, map.first_key_value().map(|(s, n)| (*s, *n)));
                let mine: Vec<_> = entries.from(17).map(|(s, n)| (s, *n)).collect();
                let theirs: Vec<_> = map.range(17..).map(|(s, n)| (*s, *n)).collect();
                prop_assert_eq!(mine, theirs);
            }
        }
    }
}
