//! From recorded invocations to settings, and a run held against its simulation, by hand.

use simulator::{
    Calibration, Limit, Observation, ObservedInvocation, ObservedMessage, PipelineSettings, Quotas,
    ServiceLevel, extrapolate, validate,
};

/// Orders of the run below: enough for a p99.
const ORDERS: u64 = 1_200;

/// Alone, received 100 us after it came, 4 ms in the function, 250 us more until it is deleted.
fn invocation(message: u64, sent_us: u64) -> ObservedInvocation {
    let received_us = sent_us + 100;
    ObservedInvocation {
        polled_us: sent_us.saturating_sub(5_000),
        received_us,
        ended_us: received_us + 4_250,
        duration_us: 4_000,
        init_us: 0,
        throttles: 0,
        succeeded: true,
        messages: vec![ObservedMessage { message, sent_us, receive: 1, processed: true }],
    }
}

/// An order each 20 ms.
fn run() -> Observation {
    let sent = |k: u64| 100_000 + k * 20_000;
    let mut invocations: Vec<_> = (0..ORDERS).map(|k| invocation(k, sent(k))).collect();
    // The first is cold: it and its order take 10 ms more.
    invocations[0].init_us = 10_000;
    invocations[0].ended_us += 10_000;
    Observation {
        arrivals_us: (0..ORDERS).map(sent).collect(),
        invocations,
        dead_letters: 0,
        backlog: (0..24).map(|second| (second, 0.0)).collect(),
    }
}

fn settings(calibration: &Calibration) -> PipelineSettings {
    let mut settings = PipelineSettings::assumed(&Quotas::defaults());
    settings.mapping.maximum_concurrency = Some(4);
    calibration.apply(&mut settings);
    settings
}

#[test]
fn each_time_of_a_run_goes_to_its_own_setting() {
    let mut run = run();
    // Two of a batch, one of which fails and comes again.
    let mut pair = invocation(7_000, 90_000_000);
    pair.messages.push(ObservedMessage { message: 7_001, processed: false, ..pair.messages[0] });
    let mut again = invocation(7_001, 90_000_000);
    again.polled_us = 120_000_000;
    again.received_us = 120_000_300;
    again.ended_us = 120_004_550;
    again.messages[0].receive = 2;
    // One dies after 2.5 ms; another comes again although it was deleted.
    let mut dead = invocation(7_002, 91_000_000);
    (dead.succeeded, dead.duration_us) = (false, 2_500);
    // It was there before its poller looked.
    (dead.polled_us, dead.received_us) = (91_010_000, 91_010_300);
    dead.ended_us = dead.received_us + 2_750;
    dead.messages[0].processed = false;
    let twice = invocation(5, 92_000_000);
    run.invocations.extend([pair, again, dead, twice]);
    let calibration = Calibration::of(&run.invocations).unwrap();
    // 1,204 invocations, one of which died; 1,204 messages in those that did not, one failed.
    assert_eq!(calibration.invocations, 1_204);
    let failed = 1.0 / 1_204.0;
    assert!((calibration.order_failure_probability - failed).abs() < 1e-12);
    let crash = calibration.crash.as_ref().unwrap();
    assert!((crash.probability - 1.0 / 1_204.0).abs() < 1e-12);
    assert_eq!(crash.after.mean_us(), 2_500.0);
    // 1,202 messages were done, one of them came again.
    assert!((calibration.duplicate_probability - 1.0 / 1_202.0).abs() < 1e-12);
    assert_eq!(calibration.cold_start.mean_us(), 10_000.0);
    assert_eq!((calibration.handover_us, calibration.wake_us), (250, 100));
    // One that comes again says nothing of the poller.
    assert_eq!(calibration.poll_us, 300);
    assert_eq!((calibration.batch_max, calibration.at_once_max), (2, 1));
    assert_eq!(calibration.service.mean_us(1), 4_000.0);
}

#[test]
fn nothing_that_succeeded_is_no_calibration() {
    assert_eq!(Calibration::of(&[]), None);
    let dead = ObservedInvocation { succeeded: false, ..invocation(1, 5_000) };
    assert_eq!(Calibration::of(&[dead]), None);
}

#[test]
fn a_run_that_goes_as_the_model_says_is_valid_and_one_that_took_longer_is_not() {
    let run = run();
    let settings = settings(&Calibration::of(&run.invocations).unwrap());
    let validation = validate(&settings, &run, 1, 2);
    assert!(validation.valid, "{:?}", validation.reasons);
    let number = |name: &str| validation.compared.iter().find(|one| one.name == name).unwrap();
    // 100 us to the poller, 4 ms, 250 us.
    let p50 = number("acceptance to document, p50");
    assert_eq!(p50.measured, 4.35);
    assert!((p50.simulated / 4.35 - 1.0).abs() < 0.016, "{}", p50.simulated);
    assert_eq!(
        (number("invocations").measured, number("invocations").simulated),
        (1_200.0, 1_200.0)
    );
    assert_eq!((number("cold starts").measured, number("cold starts").simulated), (1.0, 1.0));

    let mut slower = run.clone();
    slower.invocations.iter_mut().for_each(|one| one.ended_us += 600);
    let validation = validate(&settings, &slower, 1, 2);
    assert!(!validation.valid);
    assert!(validation.reasons[0].contains("p50"), "{:?}", validation.reasons);
}

#[test]
fn too_few_orders_make_no_run_valid() {
    let mut run = run();
    run.invocations.truncate(999);
    run.arrivals_us.truncate(999);
    let settings = settings(&Calibration::of(&run.invocations).unwrap());
    let validation = validate(&settings, &run, 1, 2);
    assert!(validation.reasons.iter().any(|reason| reason.contains("too few")));
}

/// 4 places of 4.25 ms and an order each: 941/s at the most (no batch was ever larger than one).
#[test]
fn a_valid_run_says_how_far_its_pipeline_goes_and_what_stops_it() {
    let run = run();
    let calibration = Calibration::of(&run.invocations).unwrap();
    let mut settings = settings(&calibration);
    settings.mapping.batch_size = 1;
    let level = ServiceLevel { quantile: 0.99, us_max: 1_000_000 };
    let (_, extrapolation) = extrapolate(&settings, &run, &calibration, level, (1, 2));
    assert_eq!(extrapolation.not_valid, [] as [&str; 0]);
    let largest = extrapolation.largest_per_s.unwrap();
    assert!((860.0..=941.2).contains(&largest), "{largest}");
    assert_eq!(extrapolation.first_limit, Some(Limit::MaximumConcurrency));
    assert_eq!((extrapolation.at_once_measured, extrapolation.at_once_needed), (1, 4));
}
