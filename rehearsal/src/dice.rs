//! Choices of the scheduler: a pure function of the seed and of how many there were before.

use orders::seed::mix;

/// Stream of the seed from which the scheduler draws.
const STREAM: u64 = 0x0072_6568_6561_7273; // "rehears"

#[derive(Debug, Clone)]
pub(crate) struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, thrown: 0 }
    }

    /// A number below the bound, which is at least 1.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let drawn = mix(self.seed, STREAM, self.thrown);
        self.thrown += 1;
        // The bias is below bound / 2^64.
        ((u128::from(drawn) * bound as u128) >> 64) as usize
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}
