//! Looks at a run from outside: counters, queues, processes, signals.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use loadgen::{ArrivalSchedule, Progress};
use observe::QueueDepth;
use tokio::signal::unix::{SignalKind, signal};

use super::ground::Ground;
use crate::failure::Failure;
use crate::process_use::ProcessWatch;
use crate::screen::{Screen, View};

/// How many times in a row a queue must be empty before it is believed: its numbers are
/// approximations.
const EMPTY_TIMES: u32 = 2;

/// What asked the run to stop.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The last signal's number; 0 for none.
    signal: AtomicU8,
    /// How many there were.
    times: AtomicU32,
}

impl Asked {
    fn again(&self, signal: u8) {
        self.signal.store(signal, Ordering::Relaxed);
        if self.times.fetch_add(1, Ordering::Relaxed) == 2 {
            std::process::exit(128 + i32::from(signal));
        }
        loadgen::stop(if signal == SIGTERM { "SIGTERM" } else { "SIGINT" });
    }
}

/// Looks at a running system from outside: counters, queues, processes, signals.
pub(super) struct Watch<'a> {
    pub(super) ground: &'a Ground<'a>,
    pub(super) progress: Arc<Progress>,
    pub(super) screen: Screen,
    schedule: ArrivalSchedule,
    /// When the first second of the schedule begins; none before that is known.
    pub(super) start: Option<Instant>,
    pub(super) processes: ProcessWatch,
    asked: Arc<Asked>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        ground: &'a Ground<'a>,
        schedule: ArrivalSchedule,
        orders: u64,
    ) -> Result<Self, Failure> {
        Ok(Self {
            ground,
            progress: Arc::new(Progress::default()),
            screen: Screen::new(orders),
            schedule,
            start: None,
            processes: ProcessWatch::default(),
            asked: listen_for_signals()?,
        })
    }

    /// The signal that asked the run to stop, by name.
    pub(super) fn stopped(&self) -> Option<String> {
        match self.asked.signal.load(Ordering::Relaxed) {
            0 => None,
            SIGTERM => Some("SIGTERM".to_owned()),
            _ => Some("SIGINT".to_owned()),
        }
    }

    pub(super) async fn depth(&self, queue_url: &str) -> Result<QueueDepth, Failure> {
        observe::queue_depth(&self.ground.observer, queue_url).await.map_err(Failure::internal)
    }

    pub(super) async fn show(&mut self, phase: &str) -> Result<QueueDepth, Failure> {
        let depth = self.depth(&self.ground.queue_url).await?;
        let load = self.progress.snapshot();
        let documented = load.outcomes.accepted.saturating_sub(depth.total());
        let elapsed = self.start.map_or(Duration::ZERO, |start| start.elapsed());
        let left = self.schedule.duration().saturating_sub(elapsed);
        let view = View {
            load,
            offered_per_s: self.schedule.rate_at(elapsed),
            left: if self.stopped().is_some() { Duration::ZERO } else { left },
            in_queue: depth.total(),
            documented,
        };
        self.screen.show(phase, view);
        let processors = self.ground.function_processes();
        self.processes.look(&processors);
        self.processes.note_memory(elapsed.as_secs(), &processors);
        Ok(depth)
    }

    /// Waits until the queue is empty, or has not shrunk for `patience`, or a signal says that it
    /// has been enough; what is left then.
    pub(super) async fn drain(&mut self, patience: Duration) -> Result<u64, Failure> {
        let (mut least, mut shrunk) = (u64::MAX, Instant::now());
        let mut empty_times = 0;
        let asked_before = self.asked.times.load(Ordering::Relaxed);
        loop {
            let left = self.show("draining").await?.total();
            empty_times = if left == 0 { empty_times + 1 } else { 0 };
            if left < least {
                (least, shrunk) = (left, Instant::now());
            }
            if empty_times == EMPTY_TIMES {
                return Ok(0);
            }
            let asked = self.asked.times.load(Ordering::Relaxed);
            if asked > asked_before.min(1) || shrunk.elapsed() >= patience {
                return Ok(left);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Watch<'_> {
    /// Meters of AWS come late: until then what was used is not known. A signal ends the wait.
    pub(super) async fn wait_for_meters(&self) {
        let begin = Instant::now();
        let asked_before = self.asked.times.load(Ordering::Relaxed);
        while begin.elapsed() < self.ground.meters_after
            && self.asked.times.load(Ordering::Relaxed) == asked_before
        {
            let left = self.ground.meters_after.saturating_sub(begin.elapsed());
            self.screen.say(&format!("waiting {} s for CloudWatch to know", left.as_secs()));
            tokio::time::sleep(Duration::from_secs(1).min(left)).await;
        }
    }
}

const SIGINT: u8 = 2;
const SIGTERM: u8 = 15;

/// A signal ends the load; another, or one that comes when all is sent, ends the wait for the
/// queue; a third ends the process.
fn listen_for_signals() -> Result<Arc<Asked>, Failure> {
    let asked = Arc::<Asked>::default();
    // Before goose does, whose own handler leaves no time to account.
    let interrupted = Arc::clone(&asked);
    ctrlc::set_handler(move || interrupted.again(SIGINT)).map_err(Failure::internal)?;
    let mut terminations = signal(SignalKind::terminate()).map_err(Failure::internal)?;
    let terminated = Arc::clone(&asked);
    tokio::spawn(async move {
        while terminations.recv().await.is_some() {
            terminated.again(SIGTERM);
        }
    });
    Ok(asked)
}
