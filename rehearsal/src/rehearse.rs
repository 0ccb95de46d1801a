//! Many interleavings, on every processor of the machine.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use processor::{Certificate, silence_log};
use proof::{Check, CheckId, Examination, Fault, Planted, Sets};
use runlog::Residual;

use crate::plan::Plan;
use crate::stage::{Outcome, Stage, StageError};

/// An interleaving in which a check did not hold.
#[derive(Debug, Clone)]
pub struct Failed {
    /// What it depends on.
    pub plan: Plan,
    /// What was found.
    pub examination: Examination,
}

/// What the interleavings came to.
#[derive(Debug, Clone, Default)]
pub struct Rehearsed {
    /// How many were played.
    pub interleavings: u64,
    /// Steps of the scheduler.
    pub steps: u64,
    /// Sums of the sets.
    pub sets: Sets,
    /// How often each fault struck.
    pub struck: BTreeMap<Fault, u64>,
    /// Those that failed, by seed, at most twenty.
    pub failed: Vec<Failed>,
    /// What broke each check, over all of them.
    broken: BTreeMap<CheckId, Residual>,
}

/// Failed interleavings that are kept; when there are so many, no more are played.
const FAILED_MAX: usize = 20;

/// Plays the plans of the seeds `seed..seed + interleavings`, by as many threads, until all are
/// played, `enough` failed, or `stopped` says so. `progress` is told how many are done.
///
/// # Errors
/// If one cannot be played.
pub fn rehearse(
    seed: u64,
    interleavings: u64,
    bug: Option<Planted>,
    enough: usize,
    threads: usize,
    stopped: &AtomicBool,
    progress: &AtomicU64,
) -> Result<Rehearsed, StageError> {
    silence_log();
    let certificate = Certificate::for_tests();
    let certificate = certificate.map_err(|error| StageError::Certificate(error.to_string()))?;
    let (next, all) = (AtomicU64::new(0), Mutex::new(Rehearsed::default()));
    let work = || -> Result<(), StageError> {
        let mut stage = Stage::new(&certificate)?;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let failed = lock(&all).failed.len();
            if index >= interleavings
                || failed >= enough.min(FAILED_MAX)
                || stopped.load(Ordering::Relaxed)
            {
                return Ok(());
            }
            let plan = Plan::drawn(seed.wrapping_add(index), bug);
            let outcome = stage.play(&plan)?;
            lock(&all).add(plan, outcome);
            progress.fetch_add(1, Ordering::Relaxed);
        }
    };
    let ends: Vec<Result<(), StageError>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let died = || Err(StageError::Database("a thread of the rehearsal panicked".to_owned()));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| died())).collect()
    });
    ends.into_iter().collect::<Result<Vec<()>, _>>()?;
    let mut all = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    all.failed.sort_by_key(|failed| failed.plan.seed);
    Ok(all)
}

fn lock(all: &Mutex<Rehearsed>) -> std::sync::MutexGuard<'_, Rehearsed> {
    all.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Rehearsed {
    fn add(&mut self, plan: Plan, outcome: Outcome) {
        let Outcome { examination, struck, steps } = outcome;
        self.interleavings += 1;
        self.steps += u64::from(steps);
        self.sets += examination.sets;
        for fault in struck {
            *self.struck.entry(fault).or_default() += 1;
        }
        for check in examination.broken() {
            let all = self.broken.entry(check.id).or_default();
            for example in &check.offenders.examples {
                all.add(format!("seed {}: {example}", plan.seed));
            }
        }
        if !examination.holds() && self.failed.len() < FAILED_MAX {
            self.failed.push(Failed { plan, examination });
        }
    }

    /// Sums and checks over all interleavings.
    pub fn examination(&self) -> Examination {
        let check = |id| Check { id, offenders: self.broken.get(&id).cloned().unwrap_or_default() };
        Examination { sets: self.sets, checks: CheckId::ALL.into_iter().map(check).collect() }
    }
}
