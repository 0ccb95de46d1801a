//! Sends arrivals as they come, many at a time, and says what became of each.
//!
//! A driver has a thread of its own and shares nothing on the way of an order: its clock, its
//! connections and its orders in flight live on that thread, and exchanges leave in batches. Waking
//! another thread costs more than an order does.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use orders::{OrderNumber, Sampler};
use runlog::{Exchange, Journal, Outcome};
use tokio::sync::mpsc;

use crate::client::{Gateway, GatewayClient};
use crate::pacer::{Arrival, Due, Pacer};
use crate::{ArrivalSchedule, Progress};

/// Exchanges that leave the driver together.
pub(crate) type Batch = Vec<Exchange>;

/// The most exchanges in a batch.
const BATCH_MAX: usize = 256;

/// What every driver of a run needs.
#[derive(Clone)]
pub(crate) struct Sending {
    pub(crate) schedule: ArrivalSchedule,
    pub(crate) gateway: Gateway,
    pub(crate) sampler: Sampler,
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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("driver".to_owned()).spawn(move || {
            // A timer that cannot be had drops the batches: nothing is sent, all is "not sent".
            let _ = runtime.block_on(self.drive(sender));
        })?;
        Ok(batches)
    }

    async fn drive(self, batches: mpsc::UnboundedSender<Batch>) -> io::Result<()> {
        let Self { sending, position, of, in_flight_max } = self;
        let schedule = sending.schedule.clone();
        let share = (position, of);
        let journal = sending.journal.clone();
        let mut pacer = Pacer::new(schedule, sending.start, share, sending.is_stopped, journal)?;
        let client = GatewayClient::new(sending.gateway.clone());
        let mut in_flight = FuturesUnordered::new();
        let mut outbox = Outbox::new(batches);
        let mut more_to_come = true;
        let mut full_until = sending.start;
        while more_to_come || !in_flight.is_empty() {
            let has_room = in_flight.len() < in_flight_max;
            tokio::select! {
                biased;
                Some(exchange) = in_flight.next(), if !in_flight.is_empty() => {
                    let exchange: Exchange = exchange;
                    if !has_room {
                        full_until = Instant::now();
                    }
                    sending.progress.ends(exchange.outcome);
                    outbox.put(exchange);
                }
                due = pacer.next(has_room), if more_to_come => match due {
                    Due::Arrival(arrival) => {
                        sending.progress.starts(arrival.intended < full_until);
                        in_flight.push(send(&sending, &client, arrival));
                    }
                    Due::Tick => outbox.flush(),
                    Due::End => more_to_come = false,
                }
            }
        }
        outbox.flush();
        Ok(())
    }
}

/// The exchanges that have not left yet.
struct Outbox {
    batches: mpsc::UnboundedSender<Batch>,
    batch: Batch,
}

impl Outbox {
    fn new(batches: mpsc::UnboundedSender<Batch>) -> Self {
        Self { batches, batch: Batch::with_capacity(BATCH_MAX) }
    }

    fn put(&mut self, exchange: Exchange) {
        self.batch.push(exchange);
        if self.batch.len() == BATCH_MAX {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.batch.is_empty() {
            let batch = std::mem::replace(&mut self.batch, Batch::with_capacity(BATCH_MAX));
            // The receiver is gone only if the recorder's disk is; the run then fails with its
            // words.
            let _ = self.batches.send(batch);
        }
    }
}

/// Makes order k, sends it, and times it.
async fn send(sending: &Sending, client: &GatewayClient, arrival: Arrival) -> Exchange {
    let request = request(sending, arrival.index);
    let sent = Instant::now();
    let (status, outcome) = match request {
        Some((number, partner, body)) => {
            let reply = client.put(&number, partner as usize, body).await;
            (reply.status, reply.outcome)
        }
        None => (0, Outcome::Failed),
    };
    let micros = |instant: Instant| {
        u64::try_from(instant.duration_since(sending.start).as_micros()).unwrap_or(u64::MAX)
    };
    Exchange {
        index: arrival.index,
        intended_us: micros(arrival.intended),
        sent_us: micros(sent),
        end_us: micros(Instant::now()),
        status,
        outcome,
    }
}

/// What arrival k sends: the number, the partner's index and the body.
fn request(sending: &Sending, index: u64) -> Option<(OrderNumber, u32, Vec<u8>)> {
    let issued_at = |k| {
        let offset = jiff::SignedDuration::try_from(sending.schedule.at_index(k));
        sending.start_unix + offset.unwrap_or_default()
    };
    if let Some(other) = sending.sampler.deviation(index, issued_at) {
        return Some((other.number, other.partner_index, other.body));
    }
    let sampled = sending.sampler.order(index, issued_at(index));
    let body = serde_json::to_vec(&sampled.order).ok()?;
    Some((sampled.order.partner_order_no, sampled.partner_index, body))
}
