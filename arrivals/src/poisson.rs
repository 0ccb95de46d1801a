//! A Poisson process, given that it has exactly N arrivals, any one of them computed alone.
//!
//! Given N, the arrivals of a Poisson process are N independent uniform numbers, sorted. The middle
//! one of n sorted uniform numbers is a Beta number, and given it, those below are uniform below it
//! and those above uniform above it (David and Nagaraja, *Order Statistics*, 3rd edition, theorems
//! 2.3 and 2.5). So the k-th is found by halving: about log2 N Beta numbers, each from a stream of
//! its own, and no memory. Nothing is approximated: this is the process, not a picture of it.

use orders::seed::mix;
use rand::SeedableRng as _;
use rand_distr::{Beta, Distribution as _};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Stream of the run's seed.
const STREAM: u64 = 0x0070_6f69_7373_6f6e; // "poisson"

/// The `k`-th smallest, counted from 0, of `of` uniform numbers in [0, 1].
pub(crate) fn order_statistic(seed: u64, k: u64, of: u64) -> f64 {
    let (mut first, mut end) = (0, of);
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = first + (end - first) / 2;
        let part = beta(mix(seed, STREAM, middle), middle - first, end - middle - 1);
        // Rounding must not unsort what is sorted.
        let value = f64::clamp(low + (high - low) * part, low, high);
        match k.cmp(&middle) {
            std::cmp::Ordering::Equal => return value,
            std::cmp::Ordering::Less => (end, high) = (middle, value),
            std::cmp::Ordering::Greater => (first, low) = (middle + 1, value),
        }
    }
}

/// A uniform number that has `below` others below it and `above` others above it.
fn beta(seed: u64, below: u64, above: u64) -> f64 {
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(seed);
    Beta::new(below as f64 + 1.0, above as f64 + 1.0)
        .map_or(0.5, |distribution| distribution.sample(&mut chance))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(seed: u64, of: u64) -> Vec<f64> {
        (0..of).map(|k| order_statistic(seed, k, of)).collect()
    }

    #[test]
    fn counts_in_equal_bins_vary_as_much_as_their_mean() {
        // 100 bins of 100 each: sum (c - 100)^2 / 100 is chi-squared with 99 degrees of freedom, of
        // which 99.99 % lies between 52 and 163. Stratified arrivals would give about 1.
        for seed in 1..=5 {
            let mut bins = [0_u32; 100];
            all(seed, 10_000).iter().for_each(|u| bins[(u * 100.0) as usize] += 1);
            let squares: f64 = bins.iter().map(|c| (f64::from(*c) - 100.0).powi(2)).sum();
            assert!((52.0..163.0).contains(&(squares / 100.0)), "seed {seed}: {squares}");
        }
    }

    #[test]
    fn gaps_are_exponential() {
        // Of gaps between N uniform numbers, e^-1 are over the mean and e^-3 over three of it.
        let sorted = all(11, 20_000);
        let gaps = sorted.windows(2).map(|pair| (pair[1] - pair[0]) * 20_000.0);
        let over = |limit: f64| gaps.clone().filter(|gap| *gap > limit).count() as f64 / 19_999.0;
        // Four standard errors of a share p of 20,000.
        assert!((over(1.0) - (-1.0_f64).exp()).abs() < 0.0137, "{}", over(1.0));
        assert!((over(3.0) - (-3.0_f64).exp()).abs() < 0.0062, "{}", over(3.0));
    }

    #[test]
    fn the_third_of_seven_is_where_three_eighths_are_on_average() {
        // Beta(3, 5): mean 3/8, variance 15 / (64 x 9) = 0.0260.
        let mean = (0..4_000).map(|seed| order_statistic(seed, 2, 7)).sum::<f64>() / 4_000.0;
        assert!((mean - 0.375).abs() < 4.0 * (0.0260_f64 / 4_000.0).sqrt(), "{mean}");
    }

    #[test]
    fn one_of_a_hundred_million_is_where_it_should_be() {
        let of = 100_000_000;
        for k in [0, 1, 33_333_333, of - 1] {
            let expected = (k as f64 + 1.0) / (of as f64 + 1.0);
            // Standard deviation at most 1/2 / sqrt(of) = 5e-5.
            assert!((order_statistic(3, k, of) - expected).abs() < 3e-4);
        }
    }

    proptest! {
        #[test]
        fn they_are_sorted_and_between_0_and_1(seed: u64, of in 1_u64..600) {
            let sorted = all(seed, of);
            prop_assert!(sorted.is_sorted());
            prop_assert!(sorted.iter().all(|u| (0.0..=1.0).contains(u)));
        }
    }
}
