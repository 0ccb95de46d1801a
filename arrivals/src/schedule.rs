//! When each arrival is due: a pure function of (seed, k), exactly N arrivals, sorted, no clock.
//!
//! `at(k) = shape.inverse(placement.share(seed, k, N)) / speed`, where `inverse` inverts the shape's
//! cumulative share. Any arrival can be computed without the others, so any shard of a run can
//! compute its own, and the planned set is known without the machine that was to send it.

use std::sync::Arc;
use std::time::Duration;

use crate::{BatchSizes, Curve, IndexRanges, Placement, Replay, Shard};

/// The instants of a run's arrivals, or of a part of them, as offsets from the run's start.
///
/// A part (of a shard, or of what a shard has left) counts its own arrivals from 0:
/// [`ArrivalSchedule::index`] says which of the whole's each is.
#[derive(Debug, Clone)]
pub struct ArrivalSchedule {
    shape: Shape,
    placement: Placement,
    seed: u64,
    planned: u64,
    speed: f64,
    batches: Option<Batches>,
    part: Part,
}

/// How the rate goes over time.
#[derive(Debug, Clone)]
enum Shape {
    Curve(Curve),
    Replay(Replay),
}

/// Arrivals that come together, and how many times some do.
#[derive(Debug, Clone)]
struct Batches {
    sizes: BatchSizes,
    count: u64,
}

/// Which arrivals of the whole these are.
#[derive(Debug, Clone)]
struct Part {
    shard: Shard,
    /// The places within the shard; all of them if none.
    only: Option<Arc<IndexRanges>>,
}

impl ArrivalSchedule {
    /// A schedule of exactly `orders` arrivals under a curve, `speed` times as fast as the curve.
    /// Without a jitter seed each arrival is in the middle of its share.
    pub fn new(curve: Curve, orders: u64, speed: f64, jitter_seed: Option<u64>) -> Self {
        let placement = jitter_seed.map_or(Placement::Middle, |_| Placement::Stratified);
        Self::placed(curve, orders, speed, placement, jitter_seed.unwrap_or(0))
    }

    /// A schedule of exactly `orders` arrivals under a curve, strewn as `placement` says.
    pub fn placed(curve: Curve, orders: u64, speed: f64, placement: Placement, seed: u64) -> Self {
        Self::whole(Shape::Curve(curve), orders, speed, placement, seed)
    }

    /// A schedule of exactly `orders` arrivals in the shape of real ones. With as many orders as
    /// there were arrivals, each comes when it came; with another number the shape is kept, and
    /// `placement` strews them.
    pub fn replayed(
        replay: Replay,
        orders: u64,
        speed: f64,
        placement: Placement,
        seed: u64,
    ) -> Self {
        Self::whole(Shape::Replay(replay), orders, speed, placement, seed)
    }

    fn whole(shape: Shape, planned: u64, speed: f64, placement: Placement, seed: u64) -> Self {
        let part = Part { shard: Shard::WHOLE, only: None };
        Self { shape, placement, seed, planned, speed, batches: None, part }
    }

    /// The same orders in batches: what `placement` strews is then batches, and the orders of one
    /// come at one instant.
    #[must_use]
    pub fn in_batches(mut self, sizes: BatchSizes) -> Self {
        let last = self.planned.checked_sub(1);
        let count = last.map_or(0, |last| sizes.batch_of(self.seed, last) + 1);
        self.batches = Some(Batches { sizes, count });
        self
    }

    /// The part of one machine.
    #[must_use]
    pub fn shard(mut self, shard: Shard) -> Self {
        self.part = Part { shard, only: None };
        self
    }

    /// Of these arrivals only those at the given places, counted within the shard.
    #[must_use]
    pub fn only(mut self, places: IndexRanges) -> Self {
        self.part.only = Some(Arc::new(places));
        self
    }

    /// How many arrivals there are, in this part.
    pub fn orders(&self) -> u64 {
        match &self.part.only {
            Some(places) => places.len(),
            None => self.part.shard.count(self.planned),
        }
    }

    /// How many arrivals the whole has, all parts together.
    pub fn planned(&self) -> u64 {
        self.planned
    }

    /// Which arrival of the whole the `m`-th of this part is.
    pub fn index(&self, m: u64) -> u64 {
        let place = self.part.only.as_ref().map_or(m, |places| places.nth(m));
        self.part.shard.nth(place)
    }

    /// The place of arrival `k` of the whole in its shard; none if it is another shard's.
    pub fn place_of(&self, k: u64) -> Option<u64> {
        self.part.shard.place_of(k)
    }

    /// How long the schedule lasts on the clock.
    pub fn duration(&self) -> Duration {
        let shape_s = match &self.shape {
            Shape::Curve(curve) => curve.duration_s(),
            Shape::Replay(replay) => replay.duration_s(),
        };
        Duration::from_secs_f64(shape_s / self.speed)
    }

    /// Time compression: seconds of the shape per second of the clock.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// When the `m`-th arrival of this part is due, from the start of the run.
    pub fn at(&self, m: u64) -> Duration {
        self.at_index(self.index(m))
    }

    /// When arrival `k` of the whole is due, from the start of the run.
    pub fn at_index(&self, k: u64) -> Duration {
        Duration::from_secs_f64(self.shape_time_s(k) / self.speed)
    }

    fn shape_time_s(&self, k: u64) -> f64 {
        let (k, of) = match &self.batches {
            Some(batches) => (batches.sizes.batch_of(self.seed, k), batches.count),
            None => (k, self.planned),
        };
        match &self.shape {
            Shape::Curve(curve) => curve.inverse(self.placement.share(self.seed, k, of)),
            Shape::Replay(replay) if replay.arrivals() == of => replay.at_s(k).unwrap_or(0.0),
            Shape::Replay(replay) => replay.inverse(self.placement.share(self.seed, k, of)),
        }
    }

    /// The highest rate that the shape asks of this part, orders per second of the clock; of a
    /// replay, that of its fullest second of the clock. Batches come on top: all of one are due at
    /// once.
    pub fn peak_rate_per_s(&self) -> f64 {
        let share_per_s = match &self.shape {
            Shape::Curve(curve) => curve.peak_share_per_s(),
            Shape::Replay(replay) => replay.peak_share_per_s(self.speed),
        };
        share_per_s * self.orders() as f64 * self.speed
    }

    /// The most orders that are due at one instant because they are a batch.
    pub fn largest_batch(&self) -> u64 {
        self.batches.as_ref().map_or(1, |batches| batches.sizes.largest()).min(self.planned)
    }

    /// The rate at an instant, orders of this part per second of the clock.
    pub fn rate_at(&self, offset: Duration) -> f64 {
        let time_s = offset.as_secs_f64() * self.speed;
        let share_per_s = match &self.shape {
            Shape::Curve(curve) => curve.share_per_s(time_s),
            Shape::Replay(replay) => replay.share_per_s(time_s),
        };
        share_per_s * self.orders() as f64 * self.speed
    }
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
