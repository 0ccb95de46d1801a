//! What every schedule owes, whatever its shape, placement and batches: exactly N arrivals, sorted,
//! within its time, a pure function of (seed, k), and the same set on any number of machines.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use arrivals::{
    ArrivalSchedule, BatchSizes, Curve, IndexRanges, Placement, Replay, Shard, Spike, Weekday,
};
use proptest::prelude::*;

/// Every shape, each with numbers of its own.
fn curves() -> Vec<(&'static str, Curve)> {
    let spike =
        Spike { base: 0.5, peak: 9.0, at_s: 40.0, rise_s: 3.0, hold_s: 7.0, duration_s: 110.0 };
    vec![
        ("constant", Curve::constant(77.0)),
        ("ramp", Curve::ramp(0.0, 5.0, 60.0)),
        ("falling ramp", Curve::ramp(4.0, 0.0, 50.0)),
        ("steps", Curve::steps(&[(1.0, 10.0), (0.0, 5.0), (6.0, 20.0)])),
        ("spike", Curve::spike(spike)),
        ("wall", Curve::spike(Spike { base: 0.0, rise_s: 0.0, ..spike })),
        ("soak", Curve::soak(3_600.0, 300.0)),
        ("business day", Curve::business_day()),
        ("saturday", Curve::business_day_of(Weekday::Saturday)),
        ("business week", Curve::business_week()),
    ]
}

const PLACEMENTS: [Placement; 3] = [Placement::Middle, Placement::Stratified, Placement::Poisson];

fn batches() -> [Option<BatchSizes>; 3] {
    [None, Some(BatchSizes::new(&[(6, 1)]).unwrap()), BatchSizes::new(&[(1, 80), (40, 20)]).ok()]
}

fn replay() -> Replay {
    // Bunched at both ends, with two at one instant.
    Replay::new(vec![0, 1_000, 1_000, 2_500, 900_000, 7_000_000, 7_000_400, 7_100_000]).unwrap()
}

/// Every schedule of so many orders, with its name.
fn schedules(orders: u64, speed: f64, seed: u64) -> Vec<(String, ArrivalSchedule)> {
    let mut all = Vec::new();
    for placement in PLACEMENTS {
        for (number, sizes) in batches().into_iter().enumerate() {
            let mut add = |name: &str, schedule: ArrivalSchedule| {
                let schedule = match &sizes {
                    Some(sizes) => schedule.in_batches(sizes.clone()),
                    None => schedule,
                };
                all.push((format!("{name}, {placement:?}, batches {number}"), schedule));
            };
            for (name, curve) in curves() {
                add(name, ArrivalSchedule::placed(curve, orders, speed, placement, seed));
            }
            add("replay", ArrivalSchedule::replayed(replay(), orders, speed, placement, seed));
        }
    }
    all
}

fn instants(schedule: &ArrivalSchedule) -> Vec<Duration> {
    (0..schedule.orders()).map(|m| schedule.at(m)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn exactly_n_arrivals_sorted_and_within_the_schedules_time(
        orders in 1_u64..400, speed in 0.5_f64..5_000.0, seed: u64,
    ) {
        for (name, schedule) in schedules(orders, speed, seed) {
            let at = instants(&schedule);
            prop_assert_eq!(at.len() as u64, orders, "{}", name);
            prop_assert!(at.is_sorted(), "{}", name);
            // A nanosecond for rounding.
            let end = schedule.duration() + Duration::from_nanos(1);
            prop_assert!(at.iter().all(|at| *at <= end), "{}", name);
        }
    }

    #[test]
    fn an_arrival_is_a_function_of_seed_and_k_alone(orders in 1_u64..200, seed: u64) {
        let (first, second) = (schedules(orders, 3.0, seed), schedules(orders, 3.0, seed));
        for ((name, one), (_, other)) in first.iter().zip(&second) {
            let backwards: Vec<_> = (0..orders).rev().map(|k| other.at(k)).rev().collect();
            prop_assert_eq!(instants(one), backwards, "{}", name);
        }
    }

    #[test]
    fn any_number_of_machines_sends_the_same_set(
        orders in 1_u64..200, of in 1_u64..12, seed: u64,
    ) {
        for (name, whole) in schedules(orders, 7.0, seed) {
            let mut parts: Vec<(u64, Duration)> = (0..of)
                .flat_map(|index| {
                    let part = whole.clone().shard(Shard::new(index, of).unwrap());
                    (0..part.orders()).map(|m| (part.index(m), part.at(m))).collect::<Vec<_>>()
                })
                .collect();
            parts.sort_unstable();
            let straight: Vec<_> = (0..orders).map(|k| (k, whole.at(k))).collect();
            prop_assert_eq!(parts, straight, "{}", name);
        }
    }

    #[test]
    fn what_a_machine_has_left_is_the_rest_of_its_part(
        orders in 1_u64..200, done in prop::collection::vec(any::<bool>(), 200), seed: u64,
    ) {
        let shard = Shard::new(1, 3).unwrap();
        for (name, whole) in schedules(orders, 1.0, seed) {
            let part = whole.clone().shard(shard);
            let left: Vec<u64> =
                (0..part.orders()).filter(|m| !done[usize::try_from(*m).unwrap()]).collect();
            let rest = part.clone().only(IndexRanges::of_rising(left.iter().copied()));
            prop_assert_eq!(rest.orders(), left.len() as u64);
            for (m, place) in (0..).zip(left) {
                prop_assert_eq!(rest.index(m), part.index(place), "{}", &name);
                prop_assert_eq!(rest.at(m), part.at(place), "{}", &name);
            }
        }
    }
}

#[test]
fn one_order_and_a_hundred_million_are_schedules_of_every_shape() {
    for (name, schedule) in schedules(1, 1.0, 5) {
        assert!(schedule.at(0) <= schedule.duration(), "{name}");
    }
    let many = 100_000_000;
    for (name, schedule) in schedules(many, 1.0, 5) {
        let at = [0, 1, many / 2, many - 2, many - 1].map(|k| schedule.at(k));
        assert!(at.is_sorted() && at[4] <= schedule.duration(), "{name}: {at:?}");
        assert!(at[4] - at[0] > schedule.duration() / 20, "{name}: {at:?}");
    }
}

#[test]
fn a_replay_of_as_many_orders_comes_when_they_came_and_speed_divides() {
    let schedule = ArrivalSchedule::replayed(replay(), 8, 4.0, Placement::Stratified, 1);
    let us: Vec<u128> = instants(&schedule).iter().map(Duration::as_micros).collect();
    assert_eq!(us, [0, 250, 250, 625, 225_000, 1_750_000, 1_750_100, 1_775_000]);
}

#[test]
fn a_replay_of_more_orders_keeps_the_shape() {
    let schedule = ArrivalSchedule::replayed(replay(), 8_000, 1.0, Placement::Stratified, 1);
    // Four of the eight were within 2.5 ms and the fifth came at 0.9 s.
    let early = instants(&schedule).iter().filter(|at| at.as_micros() <= 2_500).count();
    assert!((2_999..=3_001).contains(&early), "{early}");
}

#[test]
fn the_orders_of_a_batch_come_at_one_instant() {
    let sizes = BatchSizes::new(&[(50, 1)]).unwrap();
    let schedule =
        ArrivalSchedule::placed(Curve::business_day(), 1_000, 1.0, Placement::Poisson, 9)
            .in_batches(sizes);
    let mut different = instants(&schedule);
    different.dedup();
    assert_eq!(different.len(), 20);
    assert_eq!(schedule.largest_batch(), 50);
}

#[test]
fn a_shards_peak_is_its_share_of_the_peak() {
    let whole = ArrivalSchedule::new(Curve::business_day(), 8_000, 60.0, Some(2));
    let part = whole.clone().shard(Shard::new(3, 8).unwrap());
    assert!((part.peak_rate_per_s() * 8.0 - whole.peak_rate_per_s()).abs() < 1e-9);
}
