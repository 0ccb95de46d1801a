//! The orders of a measurement, made before the clock runs.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lambda_events::event::sqs::{SqsMessage, SqsMessageAttribute};
use jiff::Timestamp;
use orders::{Item, OrderNumber, RunTag, SampledOrder, Sampler};
use processor::Message;

/// Orders from which all environments take.
pub(crate) struct Pool {
    messages: Vec<Message>,
    hot: Item,
    next: AtomicUsize,
}

impl Pool {
    /// The orders of these numbers, of which this share wants the hot product.
    pub(crate) fn new(sampler: &Sampler, indices: Range<u64>, hot_percent: u64) -> Self {
        let now = Timestamp::now();
        let hot = Item { line: 1, ..sampler.order(0, now).order.items[0].clone() };
        let messages = indices.map(|index| {
            let mut sampled = sampler.order(index, now);
            let items = &mut sampled.order.items;
            if index % 100 < hot_percent && items.iter().all(|item| item.ean != hot.ean) {
                items[0] = hot.clone();
            }
            message(&sampled)
        });
        Self { messages: messages.collect(), hot: hot.clone(), next: AtomicUsize::new(0) }
    }

    pub(crate) fn take(&self) -> Option<&Message> {
        self.messages.get(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// The number of the product that is hot.
    pub(crate) fn hot_ean(&self) -> &str {
        self.hot.ean.as_str()
    }
}

/// For each environment the orders after which it knows every customer with every address, and
/// every product; numbered from `first`.
pub(crate) fn acquaintances(
    sampler: &Sampler,
    first: u64,
    environments: usize,
) -> Vec<Vec<Message>> {
    let mut known = BTreeSet::new();
    let is_new = |sampled: &SampledOrder| {
        let order = &sampled.order;
        let customer = format!("{}/{}", order.buyer.cnpj, order.ship_to.code);
        let products = order.items.iter().map(|item| item.ean.as_str().to_owned());
        products.chain([customer]).filter(|name| known.insert(name.clone())).count() > 0
    };
    let sampled = (0..20_000).map(|index| sampler.order(index, Timestamp::now()));
    let needed: Vec<SampledOrder> = sampled.filter(is_new).collect();
    let tag = RunTag::from_seed_text("acquaintance");
    let mut numbers = first..;
    let mut renumbered = |sampled: &SampledOrder| {
        let mut sampled = sampled.clone();
        let number = numbers.next().expect("there is always a next");
        sampled.order.partner_order_no = OrderNumber::planned(&tag, number);
        message(&sampled)
    };
    (0..environments).map(|_| needed.iter().map(&mut renumbered).collect()).collect()
}

fn message(sampled: &SampledOrder) -> Message {
    let attribute = |value: &str| {
        let mut attribute = SqsMessageAttribute::default();
        attribute.string_value = Some(value.to_owned());
        attribute
    };
    let mut record = SqsMessage::default();
    record.body = Some(serde_json::to_string(&sampled.order).unwrap());
    let number = sampled.order.partner_order_no.as_str();
    record.message_attributes = [("partner", sampled.partner.as_str()), ("orderNumber", number)]
        .map(|(name, value)| (name.to_owned(), attribute(value)))
        .into();
    Message::parse(&record).unwrap()
}
