//! The partners: each sends an order until it is told that it is accepted, and sometimes again.

use std::collections::{HashMap, VecDeque};

use aws_lambda_events::event::sqs::{SqsMessage, SqsMessageAttribute};
use jiff::Timestamp;
use orders::{RunTag, Sampler, World};
use proof::{Attempt, Body, Fate, OrderName, SentOrder};
use runlog::Outcome;
use serde_json::json;

/// 2026-11-23T10:14:31-03:00: every interleaving has the same orders.
const ISSUED_AT_S: i64 = 1_795_439_671;

/// An order and the bodies under its number: its own, and a changed one.
#[derive(Debug)]
struct Known {
    texts: [String; 2],
}

#[derive(Debug)]
pub(crate) struct Partners {
    /// What the evidence will say.
    pub(crate) sent: Vec<SentOrder>,
    known: Vec<Known>,
    /// Order and body of what is to be sent.
    waiting: VecDeque<(usize, usize)>,
}

/// What is sent: order, body, and the message that the gateway makes of it.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(crate) order: usize,
    pub(crate) body: usize,
    pub(crate) name: OrderName,
    pub(crate) sha256: [u8; 32],
    pub(crate) record: SqsMessage,
}

impl Partners {
    pub(crate) fn new(world: World, seed: u64, orders: u32, cursed: Option<u32>) -> Self {
        let sampler = Sampler::new(seed, RunTag::from_seed_text("rehearsal"), world);
        let mut partners = Self { sent: Vec::new(), known: Vec::new(), waiting: VecDeque::new() };
        for index in 0..orders {
            let sampled = sampler.order(u64::from(index), issued_at());
            let own = serde_json::to_string(&sampled.order).unwrap_or_default();
            let mut changed = serde_json::to_value(&sampled.order).unwrap_or_default();
            // A pack more: a valid order, and another one.
            changed["items"][0]["qty"] = json!(sampled.order.items[0].qty.get() + 6);
            let is_cursed = cursed == Some(index);
            let fate = if is_cursed { Fate::DeadLetter } else { Fate::Settled };
            partners.sent.push(SentOrder {
                name: OrderName {
                    partner: sampled.partner,
                    number: sampled.order.partner_order_no,
                },
                fate,
                bodies: vec![Body::of(own.as_bytes())],
                attempts: Vec::new(),
            });
            partners.known.push(Known { texts: [own, changed.to_string()] });
            partners.waiting.push_back((index as usize, 0));
        }
        partners
    }

    /// The hash of the body at which the code panics.
    pub(crate) fn cursed(&self) -> Option<[u8; 32]> {
        let cursed = self.sent.iter().find(|order| order.fate == Fate::DeadLetter);
        cursed.map(|order| order.bodies[0].sha256)
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What the partner in this place of the line sends.
    pub(crate) fn sending(&mut self, place: usize) -> Option<Sending> {
        let (order, body) = self.waiting.remove(place)?;
        let sent = &self.sent[order];
        Some(Sending {
            order,
            body,
            name: sent.name.clone(),
            sha256: sent.bodies[body].sha256,
            record: record(&sent.name, &self.known[order].texts[body]),
        })
    }

    /// The partner hears how it went; without an acceptance it will send again.
    pub(crate) fn hears(&mut self, sending: &Sending, outcome: Outcome) {
        let Sending { order, body, .. } = *sending;
        let body_of = u32::try_from(body).unwrap_or(0);
        self.sent[order].attempts.push(Attempt { body: body_of, outcome });
        if outcome != Outcome::Accepted {
            self.waiting.push_back((order, body));
        }
    }

    /// It sends the same again.
    pub(crate) fn repeats(&mut self, sending: &Sending) {
        self.waiting.push_back((sending.order, sending.body));
    }

    /// It sends another body under the same number; an order that cannot be processed has none.
    pub(crate) fn changes(&mut self, sending: &Sending) -> bool {
        let order = &mut self.sent[sending.order];
        if order.fate != Fate::Settled {
            return false;
        }
        if order.bodies.len() == 1 {
            let text = &self.known[sending.order].texts[1];
            order.bodies.push(Body::of(text.as_bytes()));
        }
        self.waiting.push_back((sending.order, 1));
        true
    }
}

fn issued_at() -> Timestamp {
    Timestamp::from_second(ISSUED_AT_S).unwrap_or_default()
}

/// The record of an order as the gateway puts it in the queue.
fn record(name: &OrderName, body: &str) -> SqsMessage {
    let attribute = |value: &str| {
        let mut attribute = SqsMessageAttribute::default();
        attribute.string_value = Some(value.to_owned());
        attribute.data_type = Some("String".to_owned());
        attribute
    };
    let mut record = SqsMessage::default();
    record.body = Some(body.to_owned());
    record.message_attributes = HashMap::from([
        ("partner".to_owned(), attribute(name.partner.as_str())),
        ("orderNumber".to_owned(), attribute(name.number.as_str())),
    ]);
    record
}
