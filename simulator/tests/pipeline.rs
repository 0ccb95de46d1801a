//! The pipeline, by hand and by property.

use proptest::prelude::*;
use simulator::{
    Crash, Database, Fault, Forecast, Limit, MinuteRates, PipelineSettings, QuantileTable, Quotas,
    ServiceTime, simulate, simulate_long, volumes,
};

/// 1 ms for one order, 3 ms for two, 5 ms for more; nothing fails, nothing is cold.
fn plain() -> PipelineSettings {
    let mut settings = PipelineSettings::assumed(&Quotas::defaults());
    settings.function.service = ServiceTime::ByBatchSize(
        [1_000, 3_000, 5_000].map(|us| QuantileTable::measured(vec![us])).to_vec(),
    );
    settings.function.order_failure_probability = 0.0;
    settings.function.cold_start = QuantileTable::constant(0);
    settings
}

fn run(settings: &PipelineSettings, arrivals: impl IntoIterator<Item = u64>) -> Forecast {
    simulate(settings, arrivals, 1)
}

#[test]
fn an_order_alone_takes_its_service_and_the_cold_start_the_first_time() {
    let mut settings = plain();
    settings.function.cold_start = QuantileTable::constant(70_000);
    let forecast = run(&settings, [0, 500_000]);
    assert_eq!((forecast.max_us(), forecast.cold_starts, forecast.init_us), (71_000, 1, 70_000));
    assert_eq!((forecast.invocations, forecast.busy_us, forecast.billed_ms), (2, 2_000, 2));
    // After the idle lifetime of 600 s the environment is gone.
    assert_eq!(run(&settings, [0, 601_072_000]).cold_starts, 2);
    assert_eq!(run(&settings, [0, 600_071_000]).cold_starts, 1);
}

#[test]
fn a_backlog_fills_the_batches() {
    let mut settings = plain();
    settings.mapping.maximum_concurrency = Some(2);
    settings.mapping.batch_size = 3;
    // Two go alone and end at 1 ms; three and three then end at 6 ms, the last at 7 ms.
    let forecast = run(&settings, [0; 9]);
    assert_eq!((forecast.invocations, forecast.max_us(), forecast.backlog_max), (5, 7_000, 7));
    assert_eq!(forecast.bottleneck().map(|(limit, _)| limit), Some(Limit::MaximumConcurrency));
}

#[test]
fn what_always_fails_is_received_so_often_and_then_a_dead_letter() {
    let mut settings = plain();
    settings.function.order_failure_probability = 1.0;
    settings.max_receive_count = 4;
    let forecast = run(&settings, [0]);
    assert_eq!((forecast.done, forecast.dead_letters, forecast.invocations), (0, 1, 4));
    // Received at 0, 30, 60 and 90 s.
    assert_eq!(forecast.ended_us, 90_001_000);
}

/// Attempts 1 / (1 - p) and dead letters p^k, within 4 standard errors of a million orders.
#[test]
fn retries_are_geometric() {
    let mut settings = plain();
    settings.function.order_failure_probability = 0.1;
    settings.mapping.batch_size = 1;
    settings.max_receive_count = 3;
    let forecast = run(&settings, (0..1_000_000).map(|k| k * 5_000));
    let n = 1e6_f64;
    let dead = 0.001;
    assert!((forecast.dead_letters as f64 - n * dead).abs() < 4.0 * (n * dead).sqrt());
    let attempts = forecast.invocations as f64 / n;
    assert!((attempts - 1.11).abs() < 4.0 * 0.35 / n.sqrt(), "{attempts}");
}

#[test]
fn the_gateway_lets_a_burst_through_and_then_its_rate() {
    let forecast = run(&plain(), std::iter::repeat_n(0, 6_000));
    assert_eq!((forecast.refused, forecast.done), (1_000, 5_000));
    // 20,000/s for a second: the burst of 5,000 and 10,000 more.
    let forecast = run(&plain(), (0..20_000).map(|k| k * 50));
    assert!((14_995..=15_005).contains(&forecast.done), "{}", forecast.done);
    assert_eq!(forecast.bottleneck().map(|(limit, _)| limit), Some(Limit::GatewayThrottle));
}

#[test]
fn the_mapping_starts_with_five_and_adds_three_hundred_a_minute() {
    let mut settings = plain();
    settings.mapping.batch_size = 1;
    settings.function.service =
        ServiceTime::ByBatchSize(vec![QuantileTable::measured(vec![200_000_000])]);
    settings.visibility_timeout_us = 3_600_000_000;
    let forecast = run(&settings, std::iter::repeat_n(0, 1_000));
    let concurrency: Vec<u64> = forecast.steps.iter().map(|m| m.concurrency_max).collect();
    assert!((303..=305).contains(&concurrency[0]), "{concurrency:?}");
    assert!((603..=605).contains(&concurrency[1]), "{concurrency:?}");
    assert_eq!(forecast.bottleneck().map(|(limit, _)| limit), Some(Limit::MappingRamp));
}

#[test]
fn a_batch_without_account_concurrency_is_tried_again() {
    let mut settings = plain();
    settings.function.concurrency_max = 2;
    settings.mapping.batch_size = 1;
    // Refused at 0, taken at 50 ms.
    let forecast = run(&settings, [0, 0, 0]);
    assert_eq!((forecast.throttles, forecast.done, forecast.max_us()), (1, 3, 51_000));
    assert_eq!(forecast.bottleneck(), Some((Limit::AccountConcurrency, 0.25)));
}

#[test]
fn a_batch_that_stays_without_account_concurrency_comes_back_after_the_visibility_timeout() {
    let mut settings = plain();
    settings.function.concurrency_max = 2;
    settings.mapping.batch_size = 1;
    settings.function.service = ServiceTime::ByBatchSize(vec![QuantileTable::constant(28_000_000)]);
    // Refused at 0, 0.05, 0.15, 0.35, 0.75, 1.55, 3.15, 6.35, 11.35, 16.35, 21.35 and 26.35 s; the
    // next try would be at 31.35 s, after it is visible again at 30 s.
    let forecast = run(&settings, [0, 0, 0]);
    assert_eq!((forecast.throttles, forecast.done, forecast.max_us()), (12, 3, 58_000_000));
}

#[test]
fn new_environments_come_no_faster_than_lambda_adds_them() {
    let mut settings = plain();
    settings.function.environments_per_10_s = 2;
    settings.mapping.batch_size = 1;
    settings.function.service = ServiceTime::ByBatchSize(vec![QuantileTable::constant(20_000_000)]);
    // Two at once and one more each 5 s: the third is taken at 6.35 s, its first try after 5 s.
    let forecast = run(&settings, [0, 0, 0]);
    assert_eq!((forecast.cold_starts, forecast.max_us()), (0, 26_350_000));
    assert_eq!(forecast.bottleneck().map(|(limit, _)| limit), Some(Limit::FunctionScaling));
}

#[test]
fn what_runs_longer_than_the_timeout_is_killed_with_its_environment() {
    let mut settings = plain();
    settings.function.cold_start = QuantileTable::constant(2_000);
    settings.function.timeout_us = 900;
    settings.max_receive_count = 3;
    let forecast = run(&settings, [0]);
    assert_eq!((forecast.done, forecast.dead_letters, forecast.cold_starts), (0, 1, 3));
    assert_eq!(forecast.busy_us, 3 * 900);
}

/// A third of the invocations die after 400 us: attempts are 3/2 of the orders, within 4 standard
/// errors of 100,000 orders (sd of a geometric of 2/3: 0.866).
#[test]
fn a_crash_gives_the_whole_batch_back_and_costs_the_environment() {
    let mut settings = plain();
    settings.mapping.batch_size = 1;
    settings.max_receive_count = 100;
    settings.function.cold_start = QuantileTable::constant(1);
    settings.function.crash =
        Some(Crash { probability: 1.0 / 3.0, after: QuantileTable::constant(400) });
    let forecast = run(&settings, (0..100_000).map(|k| k * 100_000));
    let attempts = forecast.invocations as f64 / 1e5;
    assert!((attempts - 1.5).abs() < 4.0 * 0.866 / 1e5_f64.sqrt(), "{attempts}");
    assert_eq!(forecast.done, 100_000);
    let lost = (forecast.busy_us - 100_000 * 1_000) / 400;
    assert!(forecast.cold_starts.abs_diff(lost) <= 6, "{} {lost}", forecast.cold_starts);
}

#[test]
fn a_deletion_that_does_not_take_delivers_again_and_changes_no_count_of_orders() {
    let mut settings = plain();
    settings.duplicate_probability = 1.0;
    settings.max_receive_count = 4;
    let forecast = run(&settings, [0, 7_000]);
    assert_eq!((forecast.done, forecast.dead_letters, forecast.duplicates), (2, 0, 6));
}

#[test]
fn handing_over_takes_part_in_the_time_and_not_in_the_bill() {
    let mut settings = plain();
    settings.mapping.maximum_concurrency = Some(1);
    settings.mapping.batch_size = 1;
    settings.mapping.handover_us = 250;
    settings.mapping.poll_us = 40;
    // Ends at 1.25 ms, the place is free at 1.29, and the second ends at 2.54.
    let forecast = run(&settings, [0, 0]);
    assert_eq!((forecast.max_us(), forecast.busy_us), (2_540, 2_000));
}

#[test]
fn more_at_once_take_longer_where_it_was_measured_so() {
    let mut settings = plain();
    let alone = vec![QuantileTable::constant(1_000)];
    let together = vec![QuantileTable::constant(1_700)];
    settings.mapping.batch_size = 1;
    settings.function.service = ServiceTime::ByConcurrency(vec![alone, together]);
    // The second begins while the first runs; the third is alone again.
    let forecast = run(&settings, [0, 500, 5_000]);
    assert_eq!((forecast.max_us(), forecast.busy_us), (1_700, 1_000 + 1_700 + 1_000));
}

#[test]
fn a_single_connection_makes_invocations_wait_for_each_other() {
    let mut settings = plain();
    settings.mapping.batch_size = 1;
    settings.database = Some(Database { connections: 1, order_us: 800 });
    // Granted at 0, 0.8 and 1.6 ms; each takes 1 ms from then.
    let forecast = run(&settings, [0, 0, 0]);
    assert_eq!((forecast.max_us(), forecast.busy_us), (2_600, 1_000 + 1_800 + 2_600));
    assert_eq!(forecast.bottleneck().map(|(limit, _)| limit), Some(Limit::Database));
}

#[test]
fn an_outage_delays_and_loses_nothing() {
    let mut settings = plain();
    settings.max_receive_count = 10;
    settings.faults = vec![
        Fault::DatabaseOutage { from_us: 0, until_us: 60_000_000, fails_after_us: 9_000 },
        Fault::SlowStorage { from_us: 100_000_000, until_us: 101_000_000, order_us: 250 },
    ];
    // Fails at 0 and 30 s, succeeds at 60 s; the other is slow.
    let forecast = run(&settings, [0, 100_000_000]);
    assert_eq!((forecast.done, forecast.invocations, forecast.max_us()), (2, 4, 60_001_000));
    assert_eq!(forecast.busy_us, 9_000 + 9_000 + 1_000 + 1_250);
}

#[test]
fn an_invocation_that_outlasts_the_visibility_timeout_is_delivered_again() {
    let mut settings = plain();
    settings.visibility_timeout_us = 600;
    settings.max_receive_count = 3;
    let forecast = run(&settings, [0]);
    assert_eq!((forecast.done, forecast.duplicates, forecast.dead_letters), (1, 2, 0));
}

#[test]
fn a_window_gathers_a_batch() {
    let mut settings = plain();
    settings.mapping.batch_window_us = 20_000;
    // The first waits 20 ms; the third comes too late for its batch.
    let forecast = run(&settings, [0, 15_000, 21_000]);
    assert_eq!((forecast.invocations, forecast.max_us()), (2, 23_000));
}

/// Expected by the model itself: the hybrid against every order simulated, over three days whose
/// rate jumps twentyfold for ten minutes.
#[test]
fn the_hybrid_is_near_the_exact_run() {
    let settings = PipelineSettings::assumed(&Quotas::defaults());
    let mut rates = MinuteRates::of_curve(&arrivals::Curve::business_day(), 1e6);
    for minute in 540..550 {
        rates.0[minute] *= 20.0;
    }
    let days = MinuteRates(rates.0.repeat(3));
    let exact = simulate(&settings, days.arrivals(5), 5);
    let hybrid = simulate_long(&settings, &days, 5).forecast;
    let off = |a: f64, b: f64| (a / b - 1.0).abs();
    let per_order = |f: &Forecast| f.invocations as f64 / f.done as f64;
    assert!(off(per_order(&hybrid), per_order(&exact)) < 0.005);
    let gb_s = |f: &Forecast| f.gb_s(256) / f.done as f64;
    assert!(off(gb_s(&hybrid), gb_s(&exact)) < 0.005);
    let p99 = |f: &Forecast| f.quantile_us(0.99) as f64;
    assert!(off(p99(&hybrid), p99(&exact)) < 0.05, "{} {}", p99(&hybrid), p99(&exact));
}

#[test]
fn volumes_are_the_same_on_any_number_of_threads() {
    let settings = PipelineSettings::assumed(&Quotas::defaults());
    let wanted = [1.0, 1_000.0, 20_000.0];
    let one = volumes(&settings, &wanted, 9, 1);
    assert_eq!(volumes(&settings, &wanted, 9, 3), one);
    assert_eq!(one[0].forecast.as_ref().map(|forecast| forecast.done), Some(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// `simulate` itself asserts that no order is lost or made; here under everything at once.
    #[test]
    fn every_order_is_accounted_for_whatever_happens(
        seed: u64, rate in 1.0_f64..60.0, concurrency in 1_u32..6, batch_size in 1_u32..12,
        window_us in prop::sample::select(vec![0_u64, 50_000]), failing in 0.0_f64..0.5,
        account in 1_u32..6, connections in 1_u32..4, visibility_us in 1_000_u64..2_000_000,
    ) {
        let mut settings = plain();
        settings.function.cold_start = QuantileTable::constant(100);
        settings.function.order_failure_probability = failing;
        settings.function.concurrency_max = account;
        settings.mapping.maximum_concurrency = Some(concurrency);
        settings.mapping.batch_size = batch_size;
        settings.mapping.batch_window_us = window_us;
        settings.visibility_timeout_us = visibility_us;
        settings.in_flight_max = 50;
        settings.database = Some(Database { connections, order_us: 500 });
        let rates = MinuteRates::constant(rate, 1);
        let forecast = simulate(&settings, rates.arrivals(seed), seed);
        prop_assert_eq!(
            forecast.arrivals, forecast.done + forecast.dead_letters + forecast.refused
        );
        prop_assert_eq!(simulate(&settings, rates.arrivals(seed), seed), forecast);
    }
}
