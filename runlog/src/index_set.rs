//! A set of arrival indices. Every planned order has an index below N, so a set of ten million
//! orders is 1.25 MB of bits, and "compare sets, not counts" costs nothing.

/// A set of indices below a fixed bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexSet {
    bound: u64,
    words: Vec<u64>,
}

impl IndexSet {
    /// An empty set for indices in `0..bound`.
    pub fn new(bound: u64) -> Self {
        let words = usize::try_from(bound.div_ceil(64)).unwrap_or(usize::MAX);
        Self { bound, words: vec![0; words] }
    }

    /// The exclusive upper bound of the indices.
    pub fn bound(&self) -> u64 {
        self.bound
    }

    /// Adds an index; false if it was there already.
    ///
    /// # Panics
    /// If `index` is not below the bound: callers decide first what such an index means.
    pub fn insert(&mut self, index: u64) -> bool {
        assert!(index < self.bound, "index {index} is not below {}", self.bound);
        let (word, bit) = Self::place(index);
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        new
    }

    /// Whether the index is in the set.
    pub fn contains(&self, index: u64) -> bool {
        let (word, bit) = Self::place(index);
        index < self.bound && self.words[word] & bit != 0
    }

    /// How many indices are in the set.
    pub fn len(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Whether the set has no index.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    fn place(index: u64) -> (usize, u64) {
        let word = usize::try_from(index / 64).unwrap_or(usize::MAX);
        (word, 1 << (index % 64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_index_below_the_bound_is_in_and_the_bound_is_not() {
        let mut set = IndexSet::new(129);
        assert!(set.insert(128));
        assert!(!set.insert(128));
        assert!(set.contains(128) && !set.contains(127) && !set.contains(129));
        assert_eq!(set.len(), 1);
    }

    #[test]
    fn an_empty_bound_holds_nothing() {
        let set = IndexSet::new(0);
        assert!(set.is_empty() && !set.contains(0));
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_set(indices in prop::collection::vec(0_u64..500, 0..200)) {
            let mut ours = IndexSet::new(500);
            let mut theirs = BTreeSet::new();
            for index in indices {
                prop_assert_eq!(ours.insert(index), theirs.insert(index));
            }
            prop_assert_eq!(ours.len(), theirs.len() as u64);
            prop_assert!((0..500).all(|index| ours.contains(index) == theirs.contains(&index)));
        }
    }
}
