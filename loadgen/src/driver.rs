//! Sends arrivals as they come, many at a time, and says what became of each.

use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::time::Instant;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use orders::Sampler;
use runlog::{Exchange, Outcome};
use tokio::sync::mpsc;

use crate::Progress;
use crate::client::GatewayClient;
use crate::pacer::Arrival;

/// What every driver of a run needs to send an order.
pub(crate) struct Sending {
    pub(crate) client: GatewayClient,
    pub(crate) sampler: Sampler,
    pub(crate) start: Instant,
    pub(crate) start_unix: jiff::Timestamp,
    pub(crate) progress: Arc<Progress>,
}

/// One driver: a share of the arrivals, a share of the cap, a way to the recorder.
pub(crate) struct Driver {
    sending: Arc<Sending>,
    arrivals: mpsc::Receiver<Arrival>,
    in_flight_max: usize,
    recorder: blocking::Sender<Exchange>,
    in_flight: FuturesUnordered<BoxFuture<'static, Exchange>>,
    more_to_come: bool,
    full_until: Instant,
}

impl Driver {
    pub(crate) fn new(
        sending: Arc<Sending>,
        arrivals: mpsc::Receiver<Arrival>,
        in_flight_max: usize,
        recorder: blocking::Sender<Exchange>,
    ) -> Self {
        let full_until = sending.start;
        let in_flight = FuturesUnordered::new();
        Self {
            sending,
            arrivals,
            in_flight_max,
            recorder,
            in_flight,
            more_to_come: true,
            full_until,
        }
    }

    /// Sends what is due until one order is answered; none when all have been.
    pub(crate) async fn next(&mut self) -> Option<Exchange> {
        while self.more_to_come || !self.in_flight.is_empty() {
            let has_room = self.in_flight.len() < self.in_flight_max;
            tokio::select! {
                biased;
                Some(exchange) = self.in_flight.next(), if !self.in_flight.is_empty() => {
                    if !has_room {
                        self.full_until = Instant::now();
                    }
                    self.write_down(&exchange);
                    return Some(exchange);
                }
                arrival = self.arrivals.recv(), if self.more_to_come && has_room => {
                    match arrival {
                        Some(arrival) => self.start(arrival),
                        None => self.more_to_come = false,
                    }
                }
            }
        }
        None
    }

    fn start(&mut self, arrival: Arrival) {
        self.sending.progress.starts(arrival.intended < self.full_until);
        self.in_flight.push(send(Arc::clone(&self.sending), arrival).boxed());
    }

    fn write_down(&self, exchange: &Exchange) {
        self.sending.progress.ends(exchange.outcome);
        // The recorder is gone only if its disk is; the run then fails with its words.
        let _ = self.recorder.send(*exchange);
    }
}

/// Makes order k, sends it, and times it.
async fn send(sending: Arc<Sending>, arrival: Arrival) -> Exchange {
    let offset = arrival.intended.duration_since(sending.start);
    let issued_at = sending.start_unix + jiff::SignedDuration::try_from(offset).unwrap_or_default();
    let sampled = sending.sampler.order(arrival.index, issued_at);
    let micros = |instant: Instant| {
        u64::try_from(instant.duration_since(sending.start).as_micros()).unwrap_or(u64::MAX)
    };
    let Ok(body) = serde_json::to_vec(&sampled.order) else {
        let now = micros(Instant::now());
        let outcome = Outcome::Failed;
        let intended_us = micros(arrival.intended);
        return Exchange {
            index: arrival.index,
            intended_us,
            sent_us: now,
            end_us: now,
            status: 0,
            outcome,
        };
    };
    let sent = Instant::now();
    let reply = sending
        .client
        .put(&sampled.order.partner_order_no, sampled.partner_index as usize, body)
        .await;
    Exchange {
        index: arrival.index,
        intended_us: micros(arrival.intended),
        sent_us: micros(sent),
        end_us: micros(Instant::now()),
        status: reply.status,
        outcome: reply.outcome,
    }
}
