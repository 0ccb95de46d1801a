//! The clock of a run. A thread of its own that sleeps until each arrival is due: the timer of an
//! async runtime is a millisecond coarse, and late when the runtime is busy.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::ArrivalSchedule;

/// An order that is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// Its index k in the schedule.
    pub(crate) index: u64,
    /// When it was due.
    pub(crate) intended: Instant,
}

/// The longest sleep: how late a stop is noticed while the next arrival is far away.
const SLEEP_MAX: Duration = Duration::from_millis(100);

/// Arrivals that may wait for a driver. The pacer blocks when they are as many; nothing is lost by
/// it, since an arrival keeps its intended instant.
pub(crate) const WAITING_MAX: usize = 1_024;

/// Starts the pacer. Arrival k goes to driver `k mod drivers`, so that all have the same curve.
pub(crate) fn start(
    schedule: ArrivalSchedule,
    start: Instant,
    drivers: Vec<mpsc::Sender<Arrival>>,
    is_stopped: impl Fn() -> bool + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name("pacer".to_owned()).spawn(move || {
        for index in 0..schedule.orders() {
            let intended = start + schedule.at(index);
            if !sleep_until(intended, &is_stopped) {
                return;
            }
            let driver = &drivers[(index % drivers.len() as u64) as usize];
            if driver.blocking_send(Arrival { index, intended }).is_err() {
                return;
            }
        }
    })
}

/// Sleeps until the instant; false if the run was stopped meanwhile.
fn sleep_until(instant: Instant, is_stopped: impl Fn() -> bool) -> bool {
    loop {
        if is_stopped() {
            return false;
        }
        let left = instant.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(SLEEP_MAX));
    }
}
