//! Signals: the first ends the sending and what goes wrong, and the proof accounts for what it has;
//! the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// What asked the proof to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    signal: Arc<AtomicU8>,
    asked: Arc<AtomicBool>,
}

impl Stop {
    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let stop = Self::default();
        let told = stop.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Failure::internal)?;
        let (interrupt, terminate) = {
            let _inside = runtime.enter();
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        };
        let mut interrupt = interrupt.map_err(Failure::internal)?;
        let mut terminate = terminate.map_err(Failure::internal)?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    let number = tokio::select! {
                        _ = interrupt.recv() => 2,
                        _ = terminate.recv() => 15,
                    };
                    if told.asked.swap(true, Ordering::Relaxed) {
                        std::process::exit(128 + i32::from(number));
                    }
                    told.signal.store(number, Ordering::Relaxed);
                }
            });
        });
        Ok(stop)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// For whoever looks at a flag.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.asked
    }

    /// The signal by name, and the exit code of a process that it stopped.
    pub(crate) fn signal(&self) -> Option<(&'static str, u8)> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            15 => Some(("SIGTERM", 143)),
            _ => Some(("SIGINT", 130)),
        }
    }
}
