//! Numbers that look random and are a pure function of (seed, stream, index), so that any order
//! and any instant of any run can be computed again, alone.

/// The increment of splitmix64: 2^64 divided by the golden ratio, made odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of splitmix64 (Steele, Lea, Flood, OOPSLA 2014; constants of Vigna's
/// public-domain implementation).
const fn finalize(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The `index`-th number of splitmix64 started at `seed`, counted from 0.
const fn splitmix64(seed: u64, index: u64) -> u64 {
    finalize(seed.wrapping_add(GOLDEN.wrapping_mul(index.wrapping_add(1))))
}

/// Number `index` of a stream of a seed. Streams are independent: one for arrivals, one for what
/// an order is.
pub const fn mix(seed: u64, stream: u64, index: u64) -> u64 {
    splitmix64(finalize(seed ^ finalize(stream)), index)
}

/// A short sequence of numbers, for the many choices of one order.
#[derive(Debug, Clone)]
pub struct Draws {
    seed: u64,
    next: u64,
}

impl Draws {
    /// The choices of thing `index` of a stream.
    pub const fn new(seed: u64, stream: u64, index: u64) -> Self {
        Self { seed: mix(seed, stream, index), next: 0 }
    }

    /// A number in `0..bound`; 0 if the bound is 0. The bias is below bound / 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        let bits = splitmix64(self.seed, self.next);
        self.next += 1;
        ((u128::from(bits) * u128::from(bound)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_gives_the_published_numbers() {
        // Seed 1234567, as listed on Rosetta Code, "Pseudo-random numbers/Splitmix64".
        let numbers: Vec<u64> = (0..5).map(|index| splitmix64(1_234_567, index)).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
    }

    #[test]
    fn streams_and_seeds_differ() {
        assert_ne!(mix(1, 2, 3), mix(1, 3, 3));
        assert_ne!(mix(1, 2, 3), mix(2, 2, 3));
    }

    #[test]
    fn draws_stay_below_their_bound_and_reach_both_ends() {
        let mut draws = Draws::new(5, 6, 7);
        let drawn: Vec<u64> = (0..200).map(|_| draws.below(3)).collect();
        assert!(drawn.iter().all(|number| *number < 3));
        assert!([0, 1, 2].iter().all(|number| drawn.contains(number)));
        assert_eq!(draws.below(0), 0);
    }
}
