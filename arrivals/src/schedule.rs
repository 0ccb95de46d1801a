//! When each arrival is due: a pure function of (seed, k), exactly N arrivals, sorted, no clock.
//!
//! `at(k) = inverse((k + u(seed, k)) / N) / speed`, where `inverse` inverts the curve's cumulative
//! share and `u` is in [0, 1): one arrival in each N-th of the area under the curve. Any arrival
//! can be computed without the others, so any shard of a run can compute its own.

use std::time::Duration;

use orders::seed::mix;

use crate::Curve;

/// Stream of the run's seed from which arrivals take their place; other streams make the orders.
const JITTER_STREAM: u64 = 0x6172_7269_7661_6c73; // "arrivals"

/// The instants of a run's arrivals, as offsets from its start.
#[derive(Debug, Clone)]
pub struct ArrivalSchedule {
    curve: Curve,
    orders: u64,
    speed: f64,
    jitter_seed: Option<u64>,
}

impl ArrivalSchedule {
    /// A schedule of exactly `orders` arrivals under a curve, `speed` times as fast as the curve.
    /// Without a jitter seed each arrival is in the middle of its share.
    pub fn new(curve: Curve, orders: u64, speed: f64, jitter_seed: Option<u64>) -> Self {
        Self { curve, orders, speed, jitter_seed }
    }

    /// How many arrivals there are.
    pub fn orders(&self) -> u64 {
        self.orders
    }

    /// How long the schedule lasts on the clock.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.curve.duration_s() / self.speed)
    }

    /// When arrival `k` is due, from the start of the run.
    pub fn at(&self, k: u64) -> Duration {
        let within = match self.jitter_seed {
            Some(seed) => unit(mix(seed, JITTER_STREAM, k)),
            None => 0.5,
        };
        let share = (k as f64 + within) / self.orders as f64;
        Duration::from_secs_f64(self.curve.inverse(share) / self.speed)
    }

    /// The highest rate of the curve, orders per second of the clock.
    pub fn peak_rate_per_s(&self) -> f64 {
        self.curve.peak_share_per_s() * self.orders as f64 * self.speed
    }

    /// The rate at an instant, orders per second of the clock.
    pub fn rate_at(&self, offset: Duration) -> f64 {
        let share = self.curve.share_per_s(offset.as_secs_f64() * self.speed);
        share * self.orders as f64 * self.speed
    }
}

/// The top 53 bits as a number in [0, 1).
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule(curve: Curve, orders: u64, seed: Option<u64>) -> ArrivalSchedule {
        ArrivalSchedule::new(curve, orders, 1.0, seed)
    }

    #[test]
    fn a_constant_curve_without_jitter_is_evenly_spaced() {
        let schedule = schedule(Curve::constant(10.0), 4, None);
        let at: Vec<_> = (0..4).map(|k| schedule.at(k).as_millis()).collect();
        assert_eq!(at, [1_250, 3_750, 6_250, 8_750]);
    }

    #[test]
    fn speed_divides_every_instant_and_multiplies_the_rate() {
        let slow = ArrivalSchedule::new(Curve::business_day(), 500, 1.0, Some(3));
        let fast = ArrivalSchedule::new(Curve::business_day(), 500, 100.0, Some(3));
        for k in [0, 77, 499] {
            let ratio = slow.at(k).as_secs_f64() / fast.at(k).as_secs_f64();
            assert!((ratio - 100.0).abs() < 1e-3, "{ratio}");
        }
        assert!((fast.peak_rate_per_s() / slow.peak_rate_per_s() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn one_order_is_a_schedule_too() {
        let schedule = schedule(Curve::business_day(), 1, Some(11));
        assert!(schedule.at(0) < schedule.duration());
    }

    proptest! {
        #[test]
        fn arrivals_are_sorted_within_the_curve_and_one_in_each_share(
            orders in 1_u64..5_000, seed: u64, day: bool,
        ) {
            let curve = if day { Curve::business_day() } else { Curve::constant(600.0) };
            let schedule = schedule(curve.clone(), orders, Some(seed));
            let mut last = Duration::ZERO;
            for k in 0..orders {
                let at = schedule.at(k);
                prop_assert!(at >= last && at <= schedule.duration());
                // The cumulative share at the instant is in the k-th of N parts.
                let part = curve.cumulative(at.as_secs_f64()) * orders as f64;
                prop_assert!(part >= k as f64 - 1e-6 && part <= k as f64 + 1.0 + 1e-6);
                last = at;
            }
        }

        #[test]
        fn the_shards_of_a_schedule_are_together_the_schedule(seed: u64, shards in 1_u64..9) {
            let whole = schedule(Curve::business_day(), 200, Some(seed));
            let mut union: Vec<_> = (0..shards)
                .flat_map(|shard| (shard..200).step_by(usize::try_from(shards).unwrap()))
                .map(|k| whole.at(k))
                .collect();
            union.sort();
            let straight: Vec<_> = (0..200).map(|k| whole.at(k)).collect();
            prop_assert_eq!(union, straight);
        }
    }
}
