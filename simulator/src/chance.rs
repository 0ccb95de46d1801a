//! Where chance comes from: xoshiro256++, seeded from (seed, stream), so that every replication
//! has its own numbers whatever thread runs it.

use rand::{Rng as _, SeedableRng as _};
use rand_distr::{Distribution as _, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A seeded source of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Chance(Xoshiro256PlusPlus);

impl Chance {
    /// Stream `stream` of a seed; streams are independent.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mixed = seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// 64 random bits.
    #[inline]
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in [0, 1).
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// An exponential number of mean 1.
    #[inline]
    pub(crate) fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }

    /// A number of another distribution.
    #[inline]
    pub(crate) fn of<T>(&mut self, distribution: &impl rand_distr::Distribution<T>) -> T {
        distribution.sample(&mut self.0)
    }

    /// True with this probability.
    #[inline]
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.unit() < probability
    }

    /// An index, by cumulative weights that end at their sum.
    pub(crate) fn choose(&mut self, cumulative: &[f64]) -> usize {
        let whole = cumulative.last().copied().unwrap_or(0.0);
        let at = self.unit() * whole;
        cumulative.partition_point(|edge| *edge <= at).min(cumulative.len().saturating_sub(1))
    }
}
