//! Sending, receiving, deleting and hiding messages.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::message::{
    Attribute, AttributeData, Attributes, Draft, Extras, MESSAGE_BYTES_MAX, MessageInvalid,
};
use crate::queue::{Delivery, Receipt, Take, VisibilityChange};

use super::actions::{queue, within};
use super::error::SqsError;
use super::requests::{
    AttributeShape, AttributeShapes, Batch, ReceiptEntry, ReceiptRequest, ReceiveRequest,
    SendEntry, SendRequest,
};
use super::{Fifo, QueueHandle, Sent, Sqs, deduplication, parse_receipt_handle, receipt_handle};

/// SQS guide: long polling waits at most 20 s.
pub(crate) const WAIT_S_MAX: u64 = 20;
pub(crate) const VISIBILITY_S_MAX: u64 = 43_200;
pub(crate) const DELAY_S_MAX: u64 = 900;
/// AWS's sequence numbers have 20 digits; only their order has a meaning.
const SEQUENCE_BASE: u64 = 10_000_000_000_000_000_000;
const SYSTEM_ATTRIBUTES: [&str; 9] = [
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
];

pub(crate) fn send(sqs: &Sqs, request: SendRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    let (draft, delay_ms) = prepare(&queue, request.entry)?;
    Ok(sent_shape(&queue.send(sqs.ids.next(), draft, delay_ms)?))
}

pub(crate) fn send_batch(sqs: &Sqs, request: Batch<SendEntry>) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    check_batch("SendMessage", request.entries.iter().map(|entry| entry.id.as_str()))?;
    let size_bytes = request.entries.iter().map(entry_bytes).sum();
    if size_bytes > MESSAGE_BYTES_MAX {
        return Err(SqsError::BatchRequestTooLong(size_bytes));
    }
    // What a FIFO queue needs fails the whole batch, as recorded from AWS.
    if let Some(fifo) = &queue.fifo {
        request.entries.iter().try_for_each(|entry| check_fifo_batch(fifo, entry))?;
    }
    let send = |entry: SendEntry| {
        let id = entry.id.clone();
        let sent = prepare(&queue, entry)
            .and_then(|(draft, delay_ms)| queue.accept(sqs.ids.next(), draft, delay_ms));
        (id, sent.map(|sent| sent_shape(&sent)))
    };
    let results = request.entries.into_iter().map(send).collect();
    queue.commit()?;
    Ok(batch_shape(results))
}

fn check_fifo_batch(fifo: &Fifo, entry: &SendEntry) -> Result<(), SqsError> {
    if entry.message_group_id.is_none() {
        return Err(SqsError::missing("MessageGroupId"));
    }
    check_deduplication(fifo, entry)
}

fn check_deduplication(fifo: &Fifo, entry: &SendEntry) -> Result<(), SqsError> {
    if entry.message_deduplication_id.is_none() && !fifo.content_based.load(Ordering::Relaxed) {
        return Err(SqsError::InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly".to_owned(),
        ));
    }
    Ok(())
}

fn entry_bytes(entry: &SendEntry) -> usize {
    let attribute = |(name, shape): (&String, &AttributeShape)| {
        let text = shape.string_value.as_ref().map_or(0, String::len);
        // Four characters of base64 are three bytes.
        let binary = shape.binary_value.as_ref().map_or(0, |value| {
            value.len() / 4 * 3 - value.bytes().rev().take_while(|b| *b == b'=').count()
        });
        name.len() + shape.data_type.len() + text + binary
    };
    entry.message_body.len() + entry.message_attributes.iter().map(attribute).sum::<usize>()
}

/// Checks one message; gives it with its own delay, if it has one.
fn prepare(queue: &QueueHandle, entry: SendEntry) -> Result<(Draft, Option<u64>), SqsError> {
    let delay_ms = delay_ms(queue, entry.delay_seconds)?;
    let extras = extras(queue, &entry)?;
    let limit_bytes = queue.message_bytes_max.load(Ordering::Relaxed);
    let attributes = attributes(entry.message_attributes)?;
    let draft = Draft::new(entry.message_body, attributes, limit_bytes);
    let mut draft = draft.map_err(|invalid| match invalid {
        MessageInvalid::EmptyBody => SqsError::missing("MessageBody"),
        MessageInvalid::Character { .. } => SqsError::InvalidMessageContents(invalid.to_string()),
        MessageInvalid::TooLong { .. }
        | MessageInvalid::TooManyAttributes { .. }
        | MessageInvalid::Attribute(_) => SqsError::InvalidParameterValue(invalid.to_string()),
    })?;
    draft.extras = extras.map(|mut extras| {
        if queue.fifo.is_some() && extras.deduplication_id.is_none() {
            extras.deduplication_id = Some(deduplication::content_id(&draft.body));
        }
        Box::new(extras)
    });
    Ok((draft, delay_ms))
}

fn delay_ms(queue: &QueueHandle, delay_s: Option<i64>) -> Result<Option<u64>, SqsError> {
    match delay_s {
        Some(delay_s) if queue.fifo.is_some() && delay_s > 0 => Err(SqsError::value(
            delay_s,
            "DelaySeconds",
            "The request include parameter that is not valid for this queue type.",
        )),
        other => Ok(within("DelaySeconds", other, DELAY_S_MAX)?.map(|delay_s| delay_s * 1000)),
    }
}

fn extras(queue: &QueueHandle, entry: &SendEntry) -> Result<Option<Extras>, SqsError> {
    check_id("MessageGroupId", entry.message_group_id.as_deref())?;
    check_id("MessageDeduplicationId", entry.message_deduplication_id.as_deref())?;
    match &queue.fifo {
        Some(_) if entry.message_group_id.is_none() => {
            return Err(SqsError::missing("MessageGroupId"));
        }
        Some(fifo) => check_deduplication(fifo, entry)?,
        None => {
            if let Some(id) = &entry.message_deduplication_id {
                return Err(SqsError::value(
                    id,
                    "MessageDeduplicationId",
                    "The request includes a parameter that is not valid for this queue type.",
                ));
            }
        }
    }
    let extras = Extras {
        group: entry.message_group_id.clone(),
        deduplication_id: entry.message_deduplication_id.clone(),
        trace_header: trace_header(&entry.message_system_attributes)?,
    };
    Ok((extras != Extras::default()).then_some(extras))
}

/// SendMessage API reference, MessageGroupId: 128 characters, alphanumeric and punctuation.
fn check_id(parameter: &str, id: Option<&str>) -> Result<(), SqsError> {
    let Some(id) = id else { return Ok(()) };
    if (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!(
        "{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length."
    );
    Err(SqsError::value(id, parameter, &reason))
}

/// The one system attribute a sender may set.
fn trace_header(shapes: &AttributeShapes) -> Result<Option<Attribute>, SqsError> {
    if let Some(name) = shapes.keys().find(|name| *name != "AWSTraceHeader") {
        return Err(SqsError::InvalidParameterValue(format!(
            "Message system attribute name '{name}' is invalid."
        )));
    }
    let Some(shape) = shapes.get("AWSTraceHeader") else { return Ok(None) };
    match &shape.string_value {
        Some(text) if shape.data_type == "String" && !text.is_empty() => {
            Ok(Some(Attribute::string(text.clone())))
        }
        Some(_) | None => Err(SqsError::InvalidParameterValue(
            "Message (system) attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.".to_owned(),
        )),
    }
}

fn attributes(shapes: AttributeShapes) -> Result<Attributes, SqsError> {
    let entries =
        shapes.into_iter().map(|(name, shape)| attribute(name, shape)).collect::<Result<_, _>>()?;
    Ok(Attributes::new(entries))
}

fn attribute(name: String, shape: AttributeShape) -> Result<(String, Attribute), SqsError> {
    let data = match (shape.string_value, shape.binary_value) {
        (Some(text), None) => AttributeData::Text(text),
        (None, Some(encoded)) => AttributeData::Binary(BASE64.decode(encoded).map_err(|_| {
            SqsError::Serialization(format!("the value of attribute '{name}' is not base64"))
        })?),
        // An empty value of its type is refused by name with the other rules.
        (None, None) if shape.data_type.starts_with("Binary") => AttributeData::Binary(Vec::new()),
        (None, None) => AttributeData::Text(String::new()),
        (Some(_), Some(_)) => {
            return Err(SqsError::InvalidParameterValue(format!(
                "Message (user) attribute '{name}' has multiple values."
            )));
        }
    };
    Ok((name, Attribute { data_type: shape.data_type, data }))
}

fn sent_shape(sent: &Sent) -> Value {
    let mut shape =
        json!({"MessageId": sent.id.to_string(), "MD5OfMessageBody": sent.md5_of_body.hex()});
    if let Some(md5) = sent.md5_of_attributes {
        shape["MD5OfMessageAttributes"] = json!(md5.hex());
    }
    if let Some(md5) = sent.md5_of_system_attributes {
        shape["MD5OfMessageSystemAttributes"] = json!(md5.hex());
    }
    if let Some(sequence) = sent.sequence_number {
        shape["SequenceNumber"] = json!((SEQUENCE_BASE + sequence).to_string());
    }
    shape
}

/// The rules every batch action shares.
fn check_batch<'a>(
    action: &'static str,
    ids: impl ExactSizeIterator<Item = &'a str>,
) -> Result<(), SqsError> {
    match ids.len() {
        0 => return Err(SqsError::EmptyBatchRequest(action)),
        1..=10 => {}
        count => return Err(SqsError::TooManyEntriesInBatchRequest(count)),
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut seen = HashSet::new();
    for id in ids {
        if id.is_empty() || id.len() > 80 || !id.chars().all(allowed) {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !seen.insert(id) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id.to_owned()));
        }
    }
    Ok(())
}

/// Each entry succeeds or fails by itself; the call succeeds.
fn batch_shape(results: Vec<(String, Result<Value, SqsError>)>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, result) in results {
        match result {
            Ok(mut shape) => {
                shape["Id"] = json!(id);
                successful.push(shape);
            }
            Err(error) => failed.push(json!({
                "Id": id, "SenderFault": error.is_sender_fault(), "Code": error.names().1, "Message": error.to_string(),
            })),
        }
    }
    // AWS leaves an empty list of failures out.
    if failed.is_empty() {
        return json!({"Successful": successful});
    }
    json!({"Successful": successful, "Failed": failed})
}

pub(crate) async fn receive(sqs: &Sqs, request: ReceiveRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    let count = request.max_number_of_messages.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(SqsError::value(
            count,
            "MaxNumberOfMessages",
            "Must be between 1 and 10, if provided.",
        ));
    }
    let visibility_s = within("VisibilityTimeout", request.visibility_timeout, VISIBILITY_S_MAX)?;
    let wait_s = within("WaitTimeSeconds", request.wait_time_seconds, WAIT_S_MAX)?;
    check_system_names(&request)?;
    check_attempt_id(&queue, request.receive_request_attempt_id.as_deref())?;
    let take = Take {
        count_max: usize::try_from(count).unwrap_or(1),
        bytes_max: usize::MAX,
        visibility_ms: visibility_s.map_or_else(|| queue.settings().visibility_ms, |s| s * 1000),
    };
    let wait_ms =
        wait_s.map_or_else(|| queue.wait_ms_default.load(Ordering::Relaxed), |s| s * 1000);
    let deliveries = sqs.receive(&queue, take, Duration::from_millis(wait_ms)).await?;
    if deliveries.is_empty() {
        return Ok(json!({}));
    }
    let messages: Vec<Value> =
        deliveries.iter().map(|delivery| delivery_shape(sqs, &queue, &request, delivery)).collect();
    Ok(json!({"Messages": messages}))
}

fn check_system_names(request: &ReceiveRequest) -> Result<(), SqsError> {
    let mut names = request.attribute_names.iter().chain(&request.message_system_attribute_names);
    let known = |name: &&String| {
        SYSTEM_ATTRIBUTES.contains(&name.as_str()) || *name == "DeadLetterQueueSourceArn"
    };
    match names.find(|name| !known(name)) {
        Some(name) => Err(SqsError::unknown_attribute(name)),
        None => Ok(()),
    }
}

fn check_attempt_id(queue: &QueueHandle, id: Option<&str>) -> Result<(), SqsError> {
    match id {
        Some(id) if queue.fifo.is_none() => Err(SqsError::value(
            id,
            "ReceiveRequestAttemptId",
            "The request includes a parameter that is not valid for this queue type.",
        )),
        other => check_id("ReceiveRequestAttemptId", other),
    }
}

fn delivery_shape(
    sqs: &Sqs,
    queue: &QueueHandle,
    request: &ReceiveRequest,
    delivery: &Delivery,
) -> Value {
    let message = &delivery.message;
    let payload = message.payload();
    let mut shape = json!({
        "MessageId": message.id.to_string(),
        "ReceiptHandle": receipt_handle(&queue.name, delivery.receipt),
        "MD5OfBody": message.md5_of_body.hex(),
        "Body": payload.body,
    });
    let names = || request.attribute_names.iter().chain(&request.message_system_attribute_names);
    if names().next().is_some() {
        let system: BTreeMap<&str, String> = queue_attributes(sqs, queue, delivery)
            .into_iter()
            .filter(|(name, _)| names().any(|asked| asked == "All" || asked == name))
            .collect();
        if !system.is_empty() {
            shape["Attributes"] = json!(system);
        }
    }
    let chosen: Vec<(String, Attribute)> = (payload.attributes.iter())
        .filter(|(name, _)| {
            request.message_attribute_names.iter().any(|pattern| matches_name(pattern, name))
        })
        .map(|(name, attribute)| (name.to_owned(), attribute.clone()))
        .collect();
    let chosen = Attributes::new(chosen);
    if let Some(md5) = chosen.md5() {
        // The digest is over the attributes returned: clients check it against those.
        shape["MD5OfMessageAttributes"] = json!(md5.hex());
        shape["MessageAttributes"] =
            chosen.iter().map(|(name, a)| (name.to_owned(), attribute_shape(a))).collect();
    }
    shape
}

/// `All`, `.*`, `prefix.*` or a name.
fn matches_name(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == "All" || pattern == name,
    }
}

fn attribute_shape(attribute: &Attribute) -> Value {
    match &attribute.data {
        AttributeData::Text(text) => json!({"DataType": attribute.data_type, "StringValue": text}),
        AttributeData::Binary(bytes) => {
            json!({"DataType": attribute.data_type, "BinaryValue": BASE64.encode(bytes)})
        }
    }
}

/// What SQS itself says about a message.
pub(crate) fn system_attributes(sqs: &Sqs, delivery: &Delivery) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("ApproximateFirstReceiveTimestamp", delivery.first_receive_ms.to_string()),
        ("ApproximateReceiveCount", delivery.receipt.receive_count.to_string()),
        ("SenderId", sqs.account_id.clone()),
        ("SentTimestamp", delivery.message.sent_ms.to_string()),
    ];
    if let Some(source) = &delivery.dead_letter_source {
        attributes.push(("DeadLetterQueueSourceArn", source.to_string()));
    }
    if let Some(extras) = delivery.message.extras.as_deref() {
        let mut add = |name, value: Option<&String>| {
            attributes.extend(value.map(|value| (name, value.clone())));
        };
        add("MessageGroupId", extras.group.as_ref());
        add("MessageDeduplicationId", extras.deduplication_id.as_ref());
        if let Some(AttributeData::Text(text)) = extras.trace_header.as_ref().map(|a| &a.data) {
            add("AWSTraceHeader", Some(text));
        }
    }
    attributes
}

fn queue_attributes(
    sqs: &Sqs,
    queue: &QueueHandle,
    delivery: &Delivery,
) -> Vec<(&'static str, String)> {
    let mut attributes = system_attributes(sqs, delivery);
    if queue.fifo.is_some() {
        let number = SEQUENCE_BASE + delivery.receipt.sequence;
        attributes.push(("SequenceNumber", number.to_string()));
    }
    attributes
}

fn receipt(queue: &QueueHandle, handle: &str) -> Result<Receipt, SqsError> {
    if handle.is_empty() {
        return Err(SqsError::missing("ReceiptHandle"));
    }
    parse_receipt_handle(&queue.name, handle)
        .ok_or_else(|| SqsError::ReceiptHandleIsInvalid(handle.to_owned()))
}

fn delete_one(queue: &QueueHandle, handle: &str) -> Result<Value, SqsError> {
    let receipt = receipt(queue, handle)?;
    if queue.refuses_receipt(receipt) {
        return Err(SqsError::value(handle, "ReceiptHandle", "The receipt handle has expired."));
    }
    // A withdrawn receipt is a success that deletes nothing, as AWS documents.
    queue.delete(receipt);
    Ok(json!({}))
}

pub(crate) fn delete(sqs: &Sqs, request: ReceiptRequest) -> Result<Value, SqsError> {
    delete_one(&*queue(sqs, &request.queue_url)?, &request.entry.receipt_handle)
}

pub(crate) fn delete_batch(sqs: &Sqs, request: Batch<ReceiptEntry>) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    check_batch("DeleteMessage", request.entries.iter().map(|entry| entry.id.as_str()))?;
    let delete = |entry: ReceiptEntry| {
        let result = delete_one(&queue, &entry.receipt_handle);
        (entry.id, result)
    };
    Ok(batch_shape(request.entries.into_iter().map(delete).collect()))
}

fn change_one(queue: &QueueHandle, entry: &ReceiptEntry) -> Result<Value, SqsError> {
    let handle = entry.receipt_handle.as_str();
    let visibility_s = within("VisibilityTimeout", entry.visibility_timeout, VISIBILITY_S_MAX)?
        .ok_or_else(|| SqsError::missing("VisibilityTimeout"))?;
    match queue.change_visibility(receipt(queue, handle)?, visibility_s * 1000) {
        VisibilityChange::Changed => Ok(json!({})),
        VisibilityChange::NotInFlight => Err(SqsError::MessageNotInflight),
        VisibilityChange::Gone => Err(SqsError::value(
            handle,
            "ReceiptHandle",
            "Message does not exist or is not available for visibility timeout change.",
        )),
        VisibilityChange::TooLong => Err(SqsError::value(
            visibility_s,
            "VisibilityTimeout",
            "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
        )),
    }
}

pub(crate) fn change_visibility(sqs: &Sqs, request: ReceiptRequest) -> Result<Value, SqsError> {
    change_one(&*queue(sqs, &request.queue_url)?, &request.entry)
}

pub(crate) fn change_visibility_batch(
    sqs: &Sqs,
    request: Batch<ReceiptEntry>,
) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    let ids = request.entries.iter().map(|entry| entry.id.as_str());
    check_batch("ChangeMessageVisibility", ids)?;
    let change = |entry: ReceiptEntry| {
        let result = change_one(&queue, &entry);
        (entry.id, result)
    };
    Ok(batch_shape(request.entries.into_iter().map(change).collect()))
}
