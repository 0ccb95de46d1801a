//! The partners of a proof, who behave as badly as partners may: they send until they are told that
//! an order is accepted, send it again afterwards, send another body under its number, send what is
//! no order, claim to be somebody else, and use numbers that another partner uses.
//!
//! The load generator is not used: it measures an open load, and its partner stops at an answer.
//! Here what matters is the ledger of every attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use orders::seed::Draws;
use orders::{RunTag, SampledOrder, Sampler, World};
use proof::{Attempt, Body, Fate, OrderName, SentOrder};
use runlog::Outcome;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until};

use super::stop::Stop;
use crate::failure::Failure;
use crate::system;

/// Stream of the seed from which it is drawn how a partner behaves.
const STREAM: u64 = 0x0070_6172_746e_6572; // "partner"

/// A partner gives up an order that was not accepted after so many attempts; it was never promised.
const ATTEMPTS_MAX: u32 = 200;

/// Pause before an order is sent again: as the gateway's Retry-After, but for a short proof.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// An answer that has not come by then is unknown. Longer than the gateway waits for the queue.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// Orders under way at once.
const AT_ONCE: usize = 64;

/// How a partner behaves with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    /// Sends it until it is accepted.
    Plain,
    /// Then sends it again.
    Again,
    /// Then sends another body under the number.
    Other,
    /// Sends what the gateway must not take.
    Malformed,
    /// Sends what must be refused with a reason.
    Faulty,
    /// Another partner uses the same number.
    SameNumber,
}

impl Behaviour {
    /// Two in a hundred are sent again, two changed, one of each other kind.
    fn of(seed: u64, index: u64) -> Self {
        match Draws::new(seed, STREAM, index).below(100) {
            0 | 1 => Self::Again,
            2 | 3 => Self::Other,
            4 => Self::Malformed,
            5 => Self::Faulty,
            6 => Self::SameNumber,
            _ => Self::Plain,
        }
    }
}

/// What all partners share.
#[derive(Debug)]
pub(super) struct Partners {
    client: reqwest::Client,
    /// The stage of the gateway.
    gateway: String,
    sampler: Sampler,
    world: World,
    seed: u64,
    issued_at: Timestamp,
    places: Semaphore,
    /// Orders sent again, with the same body or another.
    pub(super) again: AtomicU64,
    /// Orders that were accepted.
    pub(super) accepted: AtomicU64,
    stop: Stop,
}

impl Partners {
    pub(super) fn new(
        gateway: String,
        seed: u64,
        tag: RunTag,
        world: World,
        stop: Stop,
    ) -> Result<Arc<Self>, Failure> {
        let client = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).no_proxy().build();
        Ok(Arc::new(Self {
            client: client.map_err(Failure::internal)?,
            gateway,
            sampler: Sampler::new(seed, tag, world),
            world,
            seed,
            issued_at: Timestamp::now(),
            places: Semaphore::new(AT_ONCE),
            again: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            stop,
        }))
    }

    /// Sends these orders over this time; what was sent.
    pub(super) async fn send(
        self: &Arc<Self>,
        orders: std::ops::Range<u64>,
        over: Duration,
    ) -> Result<Vec<SentOrder>, Failure> {
        let begin = Instant::now();
        let count = orders.end.saturating_sub(orders.start).max(1);
        let mut sending = tokio::task::JoinSet::new();
        let mut sent = Vec::new();
        for index in orders.clone() {
            let due = over.mul_f64((index - orders.start) as f64 / count as f64);
            sleep_until(begin + due).await;
            if self.stop.is_asked() {
                break;
            }
            let partners = Arc::clone(self);
            sending.spawn(async move { partners.order(index).await });
            while let Some(done) = sending.try_join_next() {
                sent.extend(done.map_err(Failure::internal)?);
            }
        }
        while let Some(done) = sending.join_next().await {
            sent.extend(done.map_err(Failure::internal)?);
        }
        Ok(sent)
    }

    /// One order, as its partner behaves.
    async fn order(&self, index: u64) -> Vec<SentOrder> {
        let sampled = self.sampler.order(index, self.issued_at);
        let text = self.text(&sampled, index);
        match Behaviour::of(self.seed, index) {
            Behaviour::Plain => vec![self.until_accepted(&sampled, Fate::Settled, &[&text]).await],
            Behaviour::Again => {
                self.again.fetch_add(1, Ordering::Relaxed);
                let mut sent = self.until_accepted(&sampled, Fate::Settled, &[&text]).await;
                sent.attempts
                    .extend(self.attempts(&sent.name, sampled.partner_index, 0, &text).await);
                vec![sent]
            }
            Behaviour::Other => {
                self.again.fetch_add(1, Ordering::Relaxed);
                let other = other(&text);
                vec![self.until_accepted(&sampled, Fate::Settled, &[&text, &other]).await]
            }
            Behaviour::Malformed => {
                let text = changed(&text, |order| order["remark"] = json!("please hurry"));
                vec![self.until_accepted(&sampled, Fate::NotTaken, &[&text]).await]
            }
            Behaviour::Faulty => {
                let text = changed(&text, |order| order["payment_terms"] = json!("60/30"));
                vec![self.until_accepted(&sampled, Fate::Refused, &[&text]).await]
            }
            Behaviour::SameNumber => {
                let first = self.until_accepted(&sampled, Fate::Settled, &[&text]).await;
                let partner_index = (sampled.partner_index + 1) % self.world.size().partners;
                let partner = self.world.partner(partner_index);
                let theirs = SampledOrder { partner, partner_index, ..sampled };
                vec![first, self.until_accepted(&theirs, Fate::Settled, &[&text]).await]
            }
        }
    }

    /// The order's text; a third of all orders are written with an offset that has a plus in it,
    /// which an encoding that is wrong makes a space.
    fn text(&self, sampled: &SampledOrder, index: u64) -> String {
        let text = serde_json::to_string(&sampled.order).unwrap_or_default();
        if index.is_multiple_of(3) { text.replace("-03:00\"", "+00:00\"") } else { text }
    }

    /// Sends each body until it is accepted or refused.
    async fn until_accepted(
        &self,
        sampled: &SampledOrder,
        fate: Fate,
        texts: &[&str],
    ) -> SentOrder {
        let number = sampled.order.partner_order_no.clone();
        let name = OrderName { partner: sampled.partner.clone(), number };
        let mut attempts = Vec::new();
        for (body, text) in (0..).zip(texts) {
            attempts.extend(self.attempts(&name, sampled.partner_index, body, text).await);
        }
        let is_accepted = |attempt: &Attempt| attempt.outcome == Outcome::Accepted;
        self.accepted.fetch_add(u64::from(attempts.iter().any(is_accepted)), Ordering::Relaxed);
        let bodies = texts.iter().map(|text| Body::of(text.as_bytes())).collect();
        SentOrder { name, fate, bodies, attempts }
    }

    async fn attempts(
        &self,
        name: &OrderName,
        partner_index: u32,
        body: u32,
        text: &str,
    ) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for _ in 0..ATTEMPTS_MAX {
            let outcome = {
                // Nobody closes the semaphore.
                let _place = self.places.acquire().await;
                self.attempt(name, partner_index, text).await
            };
            attempts.push(Attempt { body, outcome });
            match outcome {
                Outcome::Accepted | Outcome::Rejected => break,
                Outcome::Throttled | Outcome::Failed | Outcome::Unknown => sleep(RETRY_AFTER).await,
            }
            if self.stop.is_asked() {
                break;
            }
        }
        attempts
    }

    async fn attempt(&self, name: &OrderName, partner_index: u32, text: &str) -> Outcome {
        let claimed = (partner_index + 2) % self.world.size().partners;
        let answer = self
            .client
            .put(format!("{}/v1/orders/{}", self.gateway, name.number))
            .header("content-type", "application/json")
            .header("x-api-key", system::api_key(partner_index))
            // Who a request says that it is from does not matter.
            .header("x-partner", self.world.partner(claimed).as_str())
            .body(text.to_owned())
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let status = answer.status().as_u16();
                // An answer that breaks off has a status all the same.
                let _ = answer.bytes().await;
                Outcome::from_status(status)
            }
            Err(_) => Outcome::Unknown,
        }
    }
}

/// Another order under the same number: a pack more.
fn other(text: &str) -> String {
    changed(text, |order| {
        let quantity = order["items"][0]["qty"].as_u64().unwrap_or(0);
        order["items"][0]["qty"] = json!(quantity + 6);
    })
}

fn changed(text: &str, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut order = serde_json::from_str(text).unwrap_or_default();
    change(&mut order);
    order.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_behaviour_occurs_and_most_partners_are_plain() {
        let mut plain = 0;
        let mut kinds = Vec::new();
        for index in 0..1_000 {
            let behaviour = Behaviour::of(7, index);
            plain += u32::from(behaviour == Behaviour::Plain);
            if !kinds.contains(&behaviour) {
                kinds.push(behaviour);
            }
        }
        // Four standard errors of 93 % of a thousand are 32.
        assert!(kinds.len() == 6 && (898..=962).contains(&plain), "{kinds:?} {plain}");
    }

    #[test]
    fn another_order_has_a_pack_more_and_the_same_number() {
        let text = r#"{"items":[{"qty":12},{"qty":3}],"partner_order_no":"PO-1"}"#;
        let other: serde_json::Value = serde_json::from_str(&other(text)).unwrap();
        assert_eq!((&other["items"][0]["qty"], &other["items"][1]["qty"]), (&json!(18), &json!(3)));
        assert_eq!(other["partner_order_no"], "PO-1");
    }
}
