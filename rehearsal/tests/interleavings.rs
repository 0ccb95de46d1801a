//! The pipeline's code, interleaving by interleaving, and each planted bug.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicBool, AtomicU64};

use processor::{Certificate, silence_log};
use proof::{CheckId, Fault, Layer, Planted};
use rehearsal::{MODEL_FAULTS, Plan, Rehearsed, Stage, minimise, rehearse};

/// Interleavings after which a planted bug that has not shown is not caught.
const ENOUGH: u64 = 4_000;

fn rehearsed(interleavings: u64, bug: Option<Planted>, enough: usize) -> Rehearsed {
    let (stopped, progress) = (AtomicBool::new(false), AtomicU64::new(0));
    rehearse(1, interleavings, bug, enough, 2, &stopped, &progress).unwrap()
}

fn stage() -> Stage {
    silence_log();
    Stage::new(&Certificate::for_tests().unwrap()).unwrap()
}

#[test]
fn no_interleaving_loses_doubles_or_invents_an_order() {
    let all = rehearsed(1_500, None, usize::MAX);
    let first = all.failed.first().map(|failed| failed.plan.command());
    assert_eq!(all.examination().first_offender(), None, "{first:?}");
    assert_eq!(all.interleavings, 1_500);
    let sets = all.sets;
    assert_eq!(sets.acknowledged, sets.documented + sets.rejected + sets.dead, "{sets:?}");
    assert!(sets.conflicting > 20 && sets.dead > 100, "{sets:?}");
    let missing: Vec<Fault> =
        MODEL_FAULTS.into_iter().filter(|fault| !all.struck.contains_key(fault)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_bug_that_is_planted_in_the_model_is_caught() {
    let planted = Planted::ALL.into_iter().filter(|bug| bug.layer() == Layer::Model);
    let missed: Vec<Planted> =
        planted.filter(|bug| rehearsed(ENOUGH, Some(*bug), 1).failed.is_empty()).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn the_same_plan_goes_the_same_way_twice() {
    let mut stage = stage();
    for seed in 0..40 {
        let plan = Plan::drawn(seed, None);
        let (one, other) = (stage.play(&plan).unwrap(), stage.play(&plan).unwrap());
        assert_eq!((one.steps, &one.struck), (other.steps, &other.struck), "seed {seed}");
        assert_eq!(one.examination, other.examination, "seed {seed}");
    }
}

#[test]
fn what_fails_is_made_small_and_fails_still() {
    let bug = Some(Planted::PutWithoutCondition);
    let all = rehearsed(ENOUGH, bug, 1);
    let failed = all.failed.first().unwrap();
    let mut stage = stage();
    let smallest = minimise(&mut stage, failed.plan.clone(), CheckId::C3).unwrap();
    assert!(smallest.strikes.len() <= failed.plan.strikes.len());
    // One trouble is enough to have a document written twice.
    assert!(smallest.strikes.len() <= 1, "{}", smallest.command());
    let outcome = stage.play(&smallest).unwrap();
    assert!(outcome.examination.broken().any(|check| check.id == CheckId::C3));
}
