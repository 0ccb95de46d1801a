//! What each gate fails by, which of several failures decides, and what is not judged.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "check/run.rs"]
mod run;

use gates::{Check, CostLimits, Gate, Limits, Outcome, RegressionLimits, Standing, check, compare};
use run::{Run, wobble};
use runlog::{HistoryRow, Target, TimelinePoint};

fn gate<'a>(check: &'a Check, name: &str) -> &'a Gate {
    check.gates.iter().find(|gate| gate.name == name).unwrap()
}

/// Nights before the run, like it, with a little noise.
fn nights(run: &Run, count: i64) -> Vec<HistoryRow> {
    let tonight = run.facts().row(0);
    let night = |k: i64| {
        let noise = 1.0 + 0.01 * wobble(k.unsigned_abs());
        HistoryRow {
            run: format!("night-{k}"),
            started_at: tonight.started_at - jiff::SignedDuration::from_hours(24 * (count - k)),
            accept_p50_ms: tonight.accept_p50_ms.map(|ms| ms * noise),
            usd_per_1000: tonight.usd_per_1000.map(|usd| usd * noise),
            ..tonight.clone()
        }
    };
    (0..count).map(night).collect()
}

#[test]
fn a_good_run_passes_and_says_what_it_was_not_judged_by() {
    let check = Run::good().check(&[]);
    let standings: Vec<_> =
        check.gates.iter().map(|gate| (gate.name.as_str(), gate.standing)).collect();
    let expected = [
        ("generator", Standing::Pass),
        ("reconciliation", Standing::Pass),
        ("service level", Standing::Pass),
        ("drain", Standing::Pass),
        ("leak", Standing::Pass),
        ("regression", Standing::NotJudged),
        ("cost", Standing::NotJudged),
        ("evidence", Standing::Pass),
    ];
    assert_eq!(standings, expected, "{check:#?}");
    assert_eq!((check.exit_code, check.reason.as_str()), (0, "6 gates passed, 2 not judged"));
    assert!(gate(&check, "regression").reason.contains("0 comparable nights before"));
}

/// Something that is changed in a run.
type Change = fn(&mut Run);

/// What breaks each gate, in the order of precedence, with its code.
const FAILURES: [(u8, Change); 5] = [
    (20, |run| run.manifest.generator.capped = 7),
    (11, Run::lose_one),
    (10, |run| run.response.iter_mut().for_each(|order| order.1 += 400.0)),
    (13, |run| grow(run, |point, k| point.function_memory_mb = Some(40.0 + 0.02 * k))),
    (21, |run| run.end_to_end.truncate(999)),
];

fn grow(run: &mut Run, change: fn(&mut TimelinePoint, f64)) {
    for point in &mut run.timeline {
        let second = point.second as f64;
        change(point, second);
    }
}

#[test]
fn the_first_failure_in_the_order_20_11_10_13_21_decides() {
    for first in 0..FAILURES.len() {
        let mut run = Run::good();
        FAILURES[first..].iter().for_each(|(_, fail)| fail(&mut run));
        let check = run.check(&[]);
        assert_eq!(check.exit_code, FAILURES[first].0, "{}", check.reason);
    }
}

#[test]
fn each_failure_alone_names_what_moved_and_where_to_look() {
    let expected = [
        ("generator", "7 arrivals waited", "run.json"),
        ("reconciliation", "abcde-0000007", "reconciliation.json"),
        ("service level", "acceptance, p99", "latency.hlog"),
        ("leak", "function memory: 42.0 to 59.0 MB", "timeline.csv"),
        ("evidence", "999 are too few to tell it: it takes 1,000", "longer run"),
    ];
    for ((code, fail), (name, moved, look_at)) in FAILURES.iter().zip(expected) {
        let mut run = Run::good();
        fail(&mut run);
        let check = run.check(&[]);
        let gate = check.decisive().unwrap();
        assert_eq!((gate.name.as_str(), gate.exit_code, check.exit_code), (name, *code, *code));
        assert!(gate.reason.contains(moved), "{}", gate.reason);
        assert!(gate.look_at().join("; ").contains(look_at), "{:?}", gate.look_at());
    }
}

#[test]
fn twelve_decides_before_fourteen_and_after_thirteen() {
    let run = Run::good();
    let usd = run.facts().usd_per_1000().unwrap();
    let slow = |mut rows: Vec<HistoryRow>| {
        // Tonight and the night before are 20 % over the others.
        for row in rows.iter_mut().rev().skip(1) {
            row.accept_p50_ms = row.accept_p50_ms.map(|ms| ms / 1.2);
        }
        rows
    };
    let history = slow(nights(&run, 20));
    let limits =
        Limits { cost: CostLimits { usd_per_1000_max: Some(usd * 0.999) }, ..Limits::default() };
    let both = check(&run.facts(), &history, &limits);
    assert_eq!(both.exit_code, 12, "{}", both.reason);
    assert!(both.reason.contains("acceptance, p50") && both.reason.contains("two nights running"));
    assert_eq!(gate(&both, "cost").standing, Standing::Fail);
    assert_eq!(check(&run.facts(), &[], &limits).exit_code, 14);
    let within = Limits { cost: CostLimits { usd_per_1000_max: Some(usd) }, ..Limits::default() };
    assert_eq!(check(&run.facts(), &[], &within).exit_code, 0);
    let mut leaking = Run::good();
    FAILURES[3].1(&mut leaking);
    assert_eq!(check(&leaking.facts(), &history, &limits).exit_code, 13);
}

#[test]
fn one_slow_night_warns_and_does_not_fail() {
    let run = Run::good();
    let mut history = nights(&run, 20);
    history.iter_mut().for_each(|row| row.accept_p50_ms = row.accept_p50_ms.map(|ms| ms / 1.2));
    let check = run.check(&history);
    assert_eq!((check.exit_code, gate(&check, "regression").standing), (0, Standing::Warn));
    assert!(check.reason.contains("look at regression"), "{}", check.reason);
}

#[test]
fn a_dearer_night_fails_by_the_cost_and_not_as_a_regression() {
    let run = Run::good();
    let mut history = nights(&run, 20);
    for row in history.iter_mut().rev().skip(1) {
        row.usd_per_1000 = row.usd_per_1000.map(|usd| usd / 1.2);
    }
    let check = run.check(&history);
    assert_eq!(check.exit_code, 14, "{}", check.reason);
    assert_eq!(gate(&check, "regression").standing, Standing::Pass);
}

#[test]
fn too_little_history_is_said_and_not_failed() {
    let run = Run::good();
    let nights_min = i64::try_from(RegressionLimits::default().nights_min).unwrap();
    for (count, standing) in [(nights_min - 1, Standing::NotJudged), (nights_min, Standing::Pass)] {
        let check = run.check(&nights(&run, count));
        assert_eq!(
            (gate(&check, "regression").standing, check.exit_code),
            (standing, 0),
            "{count}"
        );
    }
    let mut other = nights(&run, 20);
    other.iter_mut().for_each(|row| row.machine = "aarch64, 4 processors".to_owned());
    let check = run.check(&other);
    assert_eq!(gate(&check, "regression").standing, Standing::NotJudged);
    assert!(
        check.compared_with.starts_with("0 earlier runs")
            && check.compared_with.contains("20 others")
    );
}

#[test]
fn the_generator_s_memory_counts_only_where_the_cloud_is_another_process() {
    let mut run = Run::good();
    grow(&mut run, |point, k| point.generator_memory_mb = Some(90.0 + 0.05 * k));
    let check = run.check(&[]);
    assert_eq!(check.exit_code, 0, "{}", check.reason);
    let leak = gate(&check, "leak");
    let memory = leak.measures.iter().find(|measure| measure.name == "generator memory").unwrap();
    assert!(memory.standing == Standing::NotJudged && memory.said.contains("same process"));
    run.manifest.target = Target::Aws;
    assert_eq!(run.check(&[]).exit_code, 13);
}

#[test]
fn every_series_that_grows_is_a_leak() {
    let half_again: [(&str, Change); 8] = [
        ("acceptance, p50", |run| rise(&mut run.response)),
        ("acceptance to documents, p99", |run| rise(&mut run.end_to_end)),
        ("function duration", |run| {
            grow(run, |point, k| point.function_ms = Some(30.0 + 0.015 * k))
        }),
        ("function memory", |run| {
            grow(run, |point, k| point.function_memory_mb = Some(40.0 + 0.02 * k))
        }),
        ("concurrency", |run| grow(run, |point, k| point.concurrency = Some(4.0 + 0.004 * k))),
        ("oldest message", |run| grow(run, |point, k| point.oldest_age_s = Some(2.0 + 0.004 * k))),
        ("errors", |run| grow(run, |point, k| point.failed = (k / 250.0) as u64)),
        ("acceptance, p99", |run| rise(&mut run.response)),
    ];
    for (name, change) in half_again {
        let mut run = Run::good();
        change(&mut run);
        let check = run.check(&[]);
        let leak = gate(&check, "leak");
        assert_eq!(leak.standing, Standing::Fail, "{name}");
        assert!(leak.reason.contains(name), "{name}: {}", leak.reason);
    }
}

fn rise(samples: &mut [(f64, f64)]) {
    samples.iter_mut().for_each(|sample| sample.1 *= 1.0 + sample.0 / 2_000.0);
}

#[test]
fn a_load_that_is_short_or_not_steady_tells_no_leak() {
    let mut short = Run::good();
    FAILURES[3].1(&mut short);
    short.manifest.schedule_ms = 569_000;
    let check = short.check(&[]);
    assert_eq!(gate(&check, "leak").standing, Standing::NotJudged, "{}", check.reason);
    assert!(gate(&check, "leak").reason.contains("too short"));
    let mut rising = Run::good();
    rising.timeline.iter_mut().for_each(|point| point.offered = 10 + point.second / 20);
    let check = rising.check(&[]);
    assert!(gate(&check, "leak").reason.contains("not steady"), "{}", gate(&check, "leak").reason);
}

#[test]
fn a_stopped_run_has_not_enough_evidence() {
    let mut run = Run::good();
    run.manifest.stopped = Some("SIGINT".to_owned());
    let check = run.check(&[]);
    assert_eq!(check.exit_code, 21);
    assert!(check.reason.contains("stopped by SIGINT"), "{}", check.reason);
}

#[test]
fn an_interval_across_the_limit_cannot_tell() {
    // Response times are 12 to 28 ms: p99 is about 27.8, and a limit within its interval is open.
    let p99 = |run: &Run, limit: f64| {
        let mut limits = Limits::default();
        limits.service_level.accept_p99_ms_max = Some(limit);
        check(&run.facts(), &[], &limits).exit_code
    };
    let run = Run::good();
    let exact = gates::quantile(&gates::sorted(&run.response), 0.99).unwrap();
    assert_eq!(
        [exact.high_ms, exact.ms, exact.low_ms - 1e-9].map(|limit| p99(&run, limit)),
        [0, 21, 10]
    );
}

#[test]
fn a_run_compared_with_itself_is_the_same_and_with_a_slower_one_worse() {
    let (a, mut b) = (Run::good(), Run::good());
    let same = compare(&a.facts(), &b.facts(), &RegressionLimits::default());
    assert_eq!((same.exit_code, same.incomparable.len()), (0, 0));
    let of = |comparison: &gates::Comparison, column: &str| {
        comparison.metrics.iter().find(|one| one.metric == column).unwrap().clone()
    };
    assert_eq!(of(&same, "accept_p50_ms").outcome, Outcome::Same);
    assert_eq!(of(&same, "function_memory_mb").outcome, Outcome::CannotTell);
    b.response.iter_mut().for_each(|order| order.1 *= 1.3);
    let slower = compare(&a.facts(), &b.facts(), &RegressionLimits::default());
    assert_eq!((slower.exit_code, of(&slower, "accept_p50_ms").outcome), (12, Outcome::Worse));
    let faster = compare(&b.facts(), &a.facts(), &RegressionLimits::default());
    assert_eq!((faster.exit_code, of(&faster, "accept_p50_ms").outcome), (0, Outcome::Better));
    b.manifest.seed = 43;
    let other = compare(&a.facts(), &b.facts(), &RegressionLimits::default());
    assert_eq!(
        (other.exit_code, other.incomparable.as_slice()),
        (21, &["seed: 42 and 43".to_owned()][..])
    );
}

#[test]
fn the_row_has_every_number_of_the_run() {
    let row = Run::good().facts().row(12);
    assert_eq!(
        (row.run.as_str(), row.profile.as_str(), row.seed, row.orders),
        ("tonight", "test", 42, 10_000)
    );
    assert_eq!(
        (row.exit_code, row.drain_ms, row.concurrency, row.queue_age_s),
        (12, Some(600.0), Some(4.0), Some(2.0))
    );
    assert_eq!(row.error_percent, Some(0.0));
    // The wobbles are around these, and have no trend.
    for (value, around, within) in [
        (row.accept_p50_ms, 20.0, 0.5),
        (row.accept_p99_ms, 27.8, 0.2),
        (row.end_to_end_p50_ms, 90.0, 2.0),
        (row.end_to_end_p99_ms, 119.4, 0.6),
        (row.function_ms, 30.0, 0.1),
        (row.function_memory_mb, 40.0, 0.05),
        (row.generator_memory_mb, 90.0, 0.05),
    ] {
        assert!((value.unwrap() - around).abs() < within, "{value:?} is not around {around}");
    }
}
