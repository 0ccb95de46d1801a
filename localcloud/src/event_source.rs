//! Event source mapping: pollers take batches from a queue, invoke the function, and delete
//! what it processed.
//!
//! A poller is one task that does these three things in turn, so the number of pollers is
//! the number of invocations at once. What failed is left alone: it comes back when its
//! visibility timeout ends, which is all of AWS's retrying.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clock::now_us;
use crate::config::EventSourceConfig;
use crate::environment::InvokeError;
use crate::invocation_record::{InvocationRecord, MessageRecord};
use crate::lambda::{Function, Invoked, Lambda};
use crate::message::{Attribute, AttributeData, Payload};
use crate::queue::{Delivery, Take};
use crate::sqs::messages::system_attributes;
use crate::sqs::{QueueHandle, Sqs, receipt_handle};

/// AWS's pollers use SQS long polling; each one that ends empty is a billed request.
const LONG_POLL: Duration = Duration::from_secs(20);
/// Lambda's limit on a synchronous payload is 6 MB; the rest is room for JSON's escapes.
const BATCH_BYTES_MAX: usize = 4_500_000;
/// After an error of SQS itself.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// After a throttle; it doubles with each further one. AWS does not say how long it waits.
const THROTTLE_PAUSE: Duration = Duration::from_millis(50);
const THROTTLE_PAUSE_MAX: Duration = Duration::from_secs(5);
const SCALE_EVERY: Duration = Duration::from_secs(1);

/// One mapping from queue to function.
pub(crate) struct EventSource {
    pub(crate) config: EventSourceConfig,
    pub(crate) queue: Arc<QueueHandle>,
    pub(crate) function: Arc<Function>,
    pub(crate) sqs: Arc<Sqs>,
    pub(crate) lambda: Arc<Lambda>,
    records: Option<Sender<InvocationRecord>>,
    pollers: AtomicU32,
    busy: AtomicU32,
}

impl EventSource {
    pub(crate) fn new(
        config: EventSourceConfig,
        queue: Arc<QueueHandle>,
        function: Arc<Function>,
        sqs: Arc<Sqs>,
        lambda: Arc<Lambda>,
        records: Option<Sender<InvocationRecord>>,
    ) -> Self {
        EventSource {
            config,
            queue,
            function,
            sqs,
            lambda,
            records,
            pollers: AtomicU32::new(0),
            busy: AtomicU32::new(0),
        }
    }

    /// Runs until it is dropped, and all its pollers with it.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut pollers = JoinSet::new();
        let (growth, most) = (self.config.growth(), self.config.invocations_max());
        let start = growth.start.clamp(1, most);
        self.add_pollers(&mut pollers, start);
        let mut tick = tokio::time::interval(SCALE_EVERY);
        let mut owed = 0.0;
        loop {
            tick.tick().await;
            while pollers.try_join_next().is_some() {}
            let (now, busy) =
                (self.pollers.load(Ordering::Relaxed), self.busy.load(Ordering::Relaxed));
            // Only what cannot keep up grows; unused allowance is not saved up.
            owed = if busy >= now { owed + f64::from(growth.added_per_minute) / 60.0 } else { 0.0 };
            let add = (owed as u32).min(most.saturating_sub(now));
            owed -= f64::from(owed as u32);
            self.add_pollers(&mut pollers, add);
        }
    }

    fn add_pollers(self: &Arc<Self>, pollers: &mut JoinSet<()>, count: u32) {
        self.pollers.fetch_add(count, Ordering::Relaxed);
        for _ in 0..count {
            let source = self.clone();
            pollers.spawn(async move { source.poll().await });
        }
    }

    /// One poller. Those above the starting number end when they find nothing.
    async fn poll(&self) {
        loop {
            // A function that cannot start must not use up the receives of its messages.
            self.function.wait_until_startable().await;
            let polled_us = now_us();
            let batch = self.collect().await;
            if batch.is_empty() {
                if self.retire() {
                    return;
                }
                continue;
            }
            self.busy.fetch_add(1, Ordering::Relaxed);
            self.process(&batch, polled_us).await;
            self.busy.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn retire(&self) -> bool {
        let start = self.config.growth().start.max(1);
        let surplus = |now: u32| (now > start).then(|| now - 1);
        self.pollers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, surplus).is_ok()
    }

    /// Waits for a first message, then for more until the batch is full or the window ends.
    async fn collect(&self) -> Vec<Delivery> {
        let mut batch = self.receive(self.config.batch_size, LONG_POLL).await;
        let window_end = Instant::now() + self.config.batching_window;
        while !batch.is_empty() && batch.len() < self.config.batch_size as usize {
            let left = window_end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let room = self.config.batch_size - batch.len() as u32;
            batch.extend(self.receive(room, left).await);
        }
        batch
    }

    async fn receive(&self, count: u32, wait: Duration) -> Vec<Delivery> {
        let visibility_ms = self.queue.settings().visibility_ms;
        let take = Take { count_max: count as usize, bytes_max: BATCH_BYTES_MAX, visibility_ms };
        match self.sqs.receive(&self.queue, take, wait).await {
            Ok(deliveries) => deliveries,
            Err(_) => {
                tokio::time::sleep(RETRY_PAUSE).await;
                Vec::new()
            }
        }
    }

    async fn process(&self, batch: &[Delivery], polled_us: u64) {
        let received_us = now_us();
        let event = event(&self.sqs, &self.queue, batch);
        let (invoked, throttles) = self.invoke(event).await;
        let ids: Vec<String> =
            batch.iter().map(|delivery| delivery.message.id.to_string()).collect();
        let response = invoked.outcome.as_deref().ok();
        let done = processed(self.config.report_batch_item_failures, &ids, response);
        for index in &done {
            self.queue.delete(batch[*index].receipt);
        }
        let Some(records) = &self.records else { return };
        let record = InvocationRecord {
            polled_us,
            received_us,
            ended_us: now_us(),
            duration_us: micros(invoked.duration),
            init_us: invoked.init.map_or(0, micros),
            throttles,
            succeeded: response.is_some(),
            messages: messages(batch, &done),
        };
        // Whoever wanted to know may have gone.
        let _ = records.send(record);
    }

    /// Lambda developer guide, "services-sqs-errorhandling": a throttled batch is tried again,
    /// with longer and longer pauses, until its messages become visible.
    async fn invoke(&self, event: Bytes) -> (Invoked, u32) {
        let visible = Duration::from_millis(self.queue.settings().visibility_ms);
        let give_up = Instant::now() + visible.saturating_sub(self.config.batching_window);
        let (mut pause, mut throttles) = (THROTTLE_PAUSE, 0);
        loop {
            let invoked = self.lambda.invoke(&self.function, event.clone()).await;
            let again = matches!(invoked.outcome, Err(InvokeError::Throttled(_)));
            throttles += u32::from(again);
            if !again || Instant::now() + pause >= give_up {
                return (invoked, throttles);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(THROTTLE_PAUSE_MAX);
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// What the record says of each message; `done` is in order.
fn messages(batch: &[Delivery], done: &[usize]) -> Vec<MessageRecord> {
    let record = |(index, delivery): (usize, &Delivery)| MessageRecord {
        message: delivery.message.id.first_half(),
        sent_us: delivery.message.sent_us(),
        receive_count: delivery.receipt.receive_count,
        processed: done.binary_search(&index).is_ok(),
    };
    batch.iter().enumerate().map(record).collect()
}

/// Which messages of a batch are processed, given the function's response; None is a failed
/// invocation. Lambda developer guide, "services-sqs-errorhandling": a response that cannot
/// be understood, or names an id that is empty or not in the batch, fails the whole batch.
fn processed(report_failures: bool, ids: &[String], response: Option<&[u8]>) -> Vec<usize> {
    let all = || (0..ids.len()).collect();
    match response {
        None => Vec::new(),
        Some(_) if !report_failures => all(),
        Some(response) => match failures(ids, response) {
            Some(failed) => {
                (0..ids.len()).filter(|index| !failed.contains(ids[*index].as_str())).collect()
            }
            None => Vec::new(),
        },
    }
}

/// The ids that failed; None if the response is not acceptable.
fn failures<'a>(ids: &'a [String], response: &[u8]) -> Option<HashSet<&'a str>> {
    if response.trim_ascii().is_empty() {
        return Some(HashSet::new());
    }
    let response: Value = serde_json::from_slice(response).ok()?;
    let listed = match &response {
        Value::Null => return Some(HashSet::new()),
        Value::Object(fields) => fields.get("batchItemFailures").unwrap_or(&Value::Null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => return None,
    };
    match listed {
        Value::Null => Some(HashSet::new()),
        Value::Array(items) => items.iter().map(|item| known_id(ids, item)).collect(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
    }
}

fn known_id<'a>(ids: &'a [String], item: &Value) -> Option<&'a str> {
    let id = item.get("itemIdentifier")?.as_str()?;
    ids.iter().map(String::as_str).find(|known| *known == id)
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "Records")]
    records: Vec<Record<'a>>,
}

/// Lambda developer guide, "Using Lambda with Amazon SQS", example event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    message_id: String,
    receipt_handle: String,
    body: &'a str,
    attributes: BTreeMap<&'static str, String>,
    message_attributes: BTreeMap<&'a str, RecordAttribute<'a>>,
    md5_of_body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<String>,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    aws_region: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordAttribute<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
    string_list_values: [&'static str; 0],
    binary_list_values: [&'static str; 0],
    data_type: &'a str,
}

fn event(sqs: &Sqs, queue: &QueueHandle, batch: &[Delivery]) -> Bytes {
    let payloads: Vec<_> = batch.iter().map(|delivery| delivery.message.payload()).collect();
    let pairs = batch.iter().zip(&payloads);
    let records = pairs.map(|(delivery, payload)| record(sqs, queue, delivery, payload)).collect();
    // Serializing strings and maps with string keys cannot fail.
    serde_json::to_vec(&Event { records }).unwrap_or_default().into()
}

fn record<'a>(
    sqs: &'a Sqs,
    queue: &'a QueueHandle,
    delivery: &'a Delivery,
    payload: &'a Payload,
) -> Record<'a> {
    let message = &delivery.message;
    Record {
        message_id: message.id.to_string(),
        receipt_handle: receipt_handle(&queue.name, delivery.receipt),
        body: &payload.body,
        attributes: system_attributes(sqs, delivery).into_iter().collect(),
        message_attributes: payload
            .attributes
            .iter()
            .map(|(name, a)| (name, record_attribute(a)))
            .collect(),
        md5_of_body: message.md5_of_body.hex(),
        md5_of_message_attributes: message.md5_of_attributes.map(crate::message::Md5Sum::hex),
        event_source: "aws:sqs",
        event_source_arn: &queue.arn,
        aws_region: &sqs.region,
    }
}

fn record_attribute(attribute: &Attribute) -> RecordAttribute<'_> {
    let (string_value, binary_value) = match &attribute.data {
        AttributeData::Text(text) => (Some(text.as_str()), None),
        AttributeData::Binary(bytes) => (None, Some(BASE64.encode(bytes))),
    };
    RecordAttribute {
        string_value,
        binary_value,
        string_list_values: [],
        binary_list_values: [],
        data_type: &attribute.data_type,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(response: &str) -> Vec<usize> {
        let ids = ["a", "b", "c"].map(str::to_owned);
        processed(true, &ids, Some(response.as_bytes()))
    }

    #[test]
    fn the_named_messages_stay_and_the_others_are_done() {
        assert_eq!(done(r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#), [0, 2]);
    }

    #[test]
    fn naming_none_is_success() {
        for response in
            ["", "null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#]
        {
            assert_eq!(done(response), [0, 1, 2], "{response:?}");
        }
    }

    #[test]
    fn what_cannot_be_understood_fails_the_whole_batch() {
        let responses = [
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"unknown"}]}"#,
            r#"{"batchItemFailures":[{"id":"a"}]}"#,
            r#"{"batchItemFailures":"a"}"#,
            r#""text""#,
            "not json",
        ];
        for response in responses {
            assert!(done(response).is_empty(), "{response}");
        }
    }

    #[test]
    fn without_the_flag_the_response_is_not_read() {
        let ids = ["a".to_owned()];
        assert_eq!(processed(false, &ids, Some(b"not json")), [0]);
    }

    #[test]
    fn a_failed_invocation_does_nothing() {
        let ids = ["a".to_owned()];
        assert!(processed(true, &ids, None).is_empty());
        assert!(processed(false, &ids, None).is_empty());
    }
}
