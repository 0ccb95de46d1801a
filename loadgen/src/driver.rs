//! Sends arrivals as they come, many at a time, and says what became of each.
//!
//! A driver has a thread of its own and shares nothing on the way of an order: its clock, its
//! connections and its orders in flight live on that thread, and exchanges leave in batches. Waking
//! another thread costs more than an order does. HTTP/1.1 and HTTP/2 have a loop each
//! ([`http1`], [`http2`]); what they have in common is a [`Desk`].

mod desk;
mod http1;
mod http2;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use orders::Sampler;
use runlog::{Exchange, Journal};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::mpsc;

use crate::gateway::Gateway;
use crate::{ArrivalSchedule, Progress, Protocol, Retries};
use desk::Desk;
pub(crate) use desk::Failure;

/// Exchanges that leave the driver together.
pub(crate) type Batch = Vec<Exchange>;

/// Between ticks: how late a stop is noticed, and how old a live figure gets.
const TICK: Duration = Duration::from_millis(50);

/// What every driver of a run needs.
#[derive(Clone)]
pub(crate) struct Sending {
    pub(crate) schedule: ArrivalSchedule,
    pub(crate) gateway: Gateway,
    pub(crate) sampler: Sampler,
    pub(crate) retries: Retries,
    pub(crate) start: Instant,
    pub(crate) start_unix: jiff::Timestamp,
    pub(crate) progress: Arc<Progress>,
    pub(crate) is_stopped: fn() -> bool,
    pub(crate) journal: Option<Arc<Journal>>,
}

/// One driver before it starts: its share of the arrivals and of the cap.
pub(crate) struct Driver {
    pub(crate) sending: Sending,
    pub(crate) position: u64,
    pub(crate) of: u64,
    pub(crate) in_flight_max: usize,
}

impl Driver {
    /// Starts the thread; the exchanges come in batches until all of its share is accounted for.
    pub(crate) fn start(self) -> io::Result<mpsc::UnboundedReceiver<Batch>> {
        let (sender, batches) = mpsc::unbounded_channel();
        thread::Builder::new().name("driver".to_owned()).spawn(move || {
            let progress = Arc::clone(&self.sending.progress);
            let began = Instant::now().max(self.sending.start);
            let protocol = self.sending.gateway.transport.protocol;
            // The load has ended when this is gone too: what the thread used is known then.
            let open = sender.clone();
            let desk = Desk::new(self, sender);
            // A poll or a timer that cannot be had drops the batches: nothing is sent, all is "not
            // sent".
            let _ = match protocol {
                Protocol::Http1 => http1::drive(desk),
                Protocol::Http2 => http2::drive(desk),
            };
            progress.driver_ends(thread_cpu(), began.elapsed());
            drop(open);
        })?;
        Ok(batches)
    }
}

/// What this thread has used, user and system.
fn thread_cpu() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), u32::try_from(used.tv_nsec).unwrap_or(0))
}
