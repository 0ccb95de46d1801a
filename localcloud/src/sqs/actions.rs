//! The actions of SQS, in the shapes of its JSON protocol. `query.rs` translates into them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::lock::{lock, read, write};
use crate::message::{
    Attribute, AttributeData, Attributes, Draft, MESSAGE_BYTES_MAX, MessageInvalid,
};
use crate::queue::{Delivery, QueueSettings, Receipt, Take, VisibilityChange};

use super::error::SqsError;
use super::{QueueHandle, RedriveTarget, Sent, Sqs, parse_receipt_handle, receipt_handle};

/// SQS guide: long polling waits at most 20 s.
const WAIT_S_MAX: u64 = 20;
const VISIBILITY_S_MAX: u64 = 43_200;
const DELAY_S_MAX: u64 = 900;

/// Runs one action.
pub(crate) async fn run(sqs: &Sqs, action: &str, request: Value) -> Result<Value, SqsError> {
    match action {
        "SendMessage" => send(sqs, parse(request)?),
        "SendMessageBatch" => send_batch(sqs, parse(request)?),
        "ReceiveMessage" => receive(sqs, parse(request)?).await,
        "DeleteMessage" => delete(sqs, parse(request)?),
        "DeleteMessageBatch" => delete_batch(sqs, parse(request)?),
        "ChangeMessageVisibility" => change_visibility(sqs, parse(request)?),
        "ChangeMessageVisibilityBatch" => change_visibility_batch(sqs, parse(request)?),
        "GetQueueUrl" => get_queue_url(sqs, parse(request)?),
        "GetQueueAttributes" => get_queue_attributes(sqs, parse(request)?),
        "SetQueueAttributes" => set_queue_attributes(sqs, parse(request)?),
        "ListQueues" => list_queues(sqs, parse(request)?),
        "CreateQueue" => create_queue(sqs, parse(request)?),
        "PurgeQueue" => purge_queue(sqs, parse(request)?),
        "DeleteQueue" => delete_queue(sqs, parse(request)?),
        "StartMessageMoveTask" => start_move(sqs, parse(request)?),
        "ListMessageMoveTasks" => list_moves(sqs, parse(request)?),
        other => Err(SqsError::InvalidAction(other.to_owned())),
    }
}

fn parse<T: DeserializeOwned>(request: Value) -> Result<T, SqsError> {
    serde_json::from_value(request).map_err(|error| {
        let text = error.to_string();
        match text.split('`').nth(1) {
            Some(field) if text.starts_with("missing field") => {
                SqsError::MissingParameter(field.to_owned())
            }
            Some(_) | None => SqsError::InvalidParameterValue(text),
        }
    })
}

/// A number, or the text of one: the query protocol only has text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Number(number) => {
            number.as_u64().map(Some).ok_or_else(|| D::Error::custom("not a whole number"))
        }
        Value::String(text) => text.parse().map(Some).map_err(D::Error::custom),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(D::Error::custom("not a number"))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeShape {
    data_type: String,
    string_value: Option<String>,
    binary_value: Option<String>,
}

type AttributeShapes = BTreeMap<String, AttributeShape>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueRequest {
    queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendRequest {
    queue_url: String,
    message_body: String,
    #[serde(default, deserialize_with = "number")]
    delay_seconds: Option<u64>,
    #[serde(default)]
    message_attributes: AttributeShapes,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEntry {
    id: String,
    message_body: String,
    #[serde(default, deserialize_with = "number")]
    delay_seconds: Option<u64>,
    #[serde(default)]
    message_attributes: AttributeShapes,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<E> {
    queue_url: String,
    #[serde(default = "Vec::new")]
    entries: Vec<E>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveRequest {
    queue_url: String,
    #[serde(default, deserialize_with = "number")]
    max_number_of_messages: Option<u64>,
    #[serde(default, deserialize_with = "number")]
    visibility_timeout: Option<u64>,
    #[serde(default, deserialize_with = "number")]
    wait_time_seconds: Option<u64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteRequest {
    queue_url: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteEntry {
    id: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VisibilityRequest {
    queue_url: String,
    receipt_handle: String,
    #[serde(default, deserialize_with = "number")]
    visibility_timeout: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VisibilityEntry {
    id: String,
    receipt_handle: String,
    #[serde(default, deserialize_with = "number")]
    visibility_timeout: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameRequest {
    queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRequest {
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetAttributesRequest {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetAttributesRequest {
    queue_url: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    #[serde(default)]
    queue_name_prefix: String,
    next_token: Option<String>,
    #[serde(default, deserialize_with = "number")]
    max_results: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MoveRequest {
    source_arn: String,
    destination_arn: Option<String>,
}

fn queue(sqs: &Sqs, url: &str) -> Result<Arc<QueueHandle>, SqsError> {
    let name = url.rsplit('/').next().unwrap_or(url);
    sqs.queue(name).ok_or(SqsError::QueueDoesNotExist)
}

fn attributes(shapes: AttributeShapes) -> Result<Attributes, SqsError> {
    let entries =
        shapes.into_iter().map(|(name, shape)| attribute(name, shape)).collect::<Result<_, _>>()?;
    Ok(Attributes::new(entries))
}

fn attribute(name: String, shape: AttributeShape) -> Result<(String, Attribute), SqsError> {
    let empty = || {
        SqsError::InvalidParameterValue(format!(
            "The message attribute '{name}' must contain non-empty message attribute value."
        ))
    };
    let data = match (shape.string_value, shape.binary_value) {
        (Some(text), _) => AttributeData::Text(text),
        (None, Some(encoded)) => {
            AttributeData::Binary(BASE64.decode(encoded).map_err(|_| empty())?)
        }
        (None, None) => return Err(empty()),
    };
    let data_type = shape.data_type;
    Ok((name, Attribute { data_type, data }))
}

fn draft(queue: &QueueHandle, body: String, shapes: AttributeShapes) -> Result<Draft, SqsError> {
    let limit_bytes = queue.message_bytes_max.load(Ordering::Relaxed);
    Draft::new(body, attributes(shapes)?, limit_bytes).map_err(|invalid| match invalid {
        MessageInvalid::EmptyBody => SqsError::MissingParameter("MessageBody".to_owned()),
        MessageInvalid::Character => SqsError::InvalidMessageContents(invalid.to_string()),
        MessageInvalid::TooLong { .. }
        | MessageInvalid::TooManyAttributes { .. }
        | MessageInvalid::Attribute { .. } => SqsError::InvalidParameterValue(invalid.to_string()),
    })
}

/// Checks a number of seconds and gives milliseconds.
fn seconds(name: &str, value: Option<u64>, max: u64) -> Result<Option<u64>, SqsError> {
    match value {
        Some(value) if value > max => Err(SqsError::InvalidParameterValue(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be >= 0 and <= {max}, if provided."
        ))),
        Some(value) => Ok(Some(value * 1000)),
        None => Ok(None),
    }
}

fn send(sqs: &Sqs, request: SendRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    let delay_ms = seconds("DelaySeconds", request.delay_seconds, DELAY_S_MAX)?;
    let draft = draft(&queue, request.message_body, request.message_attributes)?;
    Ok(sent_shape(&queue.send(sqs.ids.next(), draft, delay_ms)?))
}

fn sent_shape(sent: &Sent) -> Value {
    let mut shape =
        json!({"MessageId": sent.id.to_string(), "MD5OfMessageBody": sent.md5_of_body.hex()});
    if let Some(md5) = sent.md5_of_attributes {
        shape["MD5OfMessageAttributes"] = json!(md5.hex());
    }
    shape
}

/// The rules every batch action shares.
fn check_batch<'a>(ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), SqsError> {
    match ids.len() {
        0 => return Err(SqsError::EmptyBatchRequest),
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
    json!({"Successful": successful, "Failed": failed})
}

fn send_batch(sqs: &Sqs, request: Batch<SendEntry>) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    check_batch(request.entries.iter().map(|entry| entry.id.as_str()))?;
    let mut drafts = Vec::with_capacity(request.entries.len());
    let mut size_bytes = 0;
    for entry in request.entries {
        let delay_ms = seconds("DelaySeconds", entry.delay_seconds, DELAY_S_MAX);
        let body_bytes = entry.message_body.len();
        let draft = draft(&queue, entry.message_body, entry.message_attributes);
        size_bytes += draft.as_ref().map_or(body_bytes, Draft::size_bytes);
        drafts.push((entry.id, delay_ms.and_then(|delay_ms| Ok((draft?, delay_ms)))));
    }
    if size_bytes > MESSAGE_BYTES_MAX {
        return Err(SqsError::BatchRequestTooLong(size_bytes));
    }
    let send = |(draft, delay_ms)| {
        queue.send(sqs.ids.next(), draft, delay_ms).map(|sent| sent_shape(&sent))
    };
    Ok(batch_shape(drafts.into_iter().map(|(id, draft)| (id, draft.and_then(send))).collect()))
}

async fn receive(sqs: &Sqs, request: ReceiveRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    let count = request.max_number_of_messages.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(SqsError::InvalidParameterValue(format!(
            "Value {count} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
        )));
    }
    let visibility_ms = seconds("VisibilityTimeout", request.visibility_timeout, VISIBILITY_S_MAX)?;
    let wait_ms = seconds("WaitTimeSeconds", request.wait_time_seconds, WAIT_S_MAX)?;
    let take = Take {
        count_max: count as usize,
        bytes_max: usize::MAX,
        visibility_ms: visibility_ms.unwrap_or(queue.settings().visibility_ms),
    };
    let wait_ms = wait_ms.unwrap_or_else(|| queue.wait_ms_default.load(Ordering::Relaxed));
    let deliveries = sqs.receive(&queue, take, Duration::from_millis(wait_ms)).await?;
    if deliveries.is_empty() {
        return Ok(json!({}));
    }
    let messages: Vec<Value> =
        deliveries.iter().map(|delivery| delivery_shape(sqs, &queue, &request, delivery)).collect();
    Ok(json!({"Messages": messages}))
}

fn delivery_shape(
    sqs: &Sqs,
    queue: &QueueHandle,
    request: &ReceiveRequest,
    delivery: &Delivery,
) -> Value {
    let message = &delivery.message;
    let mut shape = json!({
        "MessageId": message.id.to_string(),
        "ReceiptHandle": receipt_handle(&queue.name, delivery.receipt),
        "MD5OfBody": message.md5_of_body.hex(),
        "Body": message.body,
    });
    let names: Vec<&String> =
        request.attribute_names.iter().chain(&request.message_system_attribute_names).collect();
    let system: BTreeMap<&str, String> = system_attributes(sqs, delivery)
        .into_iter()
        .filter(|(name, _)| names.iter().any(|n| *n == "All" || n == name))
        .collect();
    if !system.is_empty() {
        shape["Attributes"] = json!(system);
    }
    let chosen: Vec<(String, Attribute)> = (message.attributes.iter())
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
    attributes
}

fn receipt(queue: &QueueHandle, handle: &str) -> Result<Receipt, SqsError> {
    parse_receipt_handle(&queue.name, handle)
        .ok_or_else(|| SqsError::ReceiptHandleIsInvalid(handle.to_owned()))
}

fn delete_one(queue: &QueueHandle, handle: &str) -> Result<Value, SqsError> {
    // A withdrawn receipt is a success that deletes nothing, as AWS documents.
    queue.delete(receipt(queue, handle)?);
    Ok(json!({}))
}

fn delete(sqs: &Sqs, request: DeleteRequest) -> Result<Value, SqsError> {
    delete_one(&*queue(sqs, &request.queue_url)?, &request.receipt_handle)
}

fn delete_batch(sqs: &Sqs, request: Batch<DeleteEntry>) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    check_batch(request.entries.iter().map(|entry| entry.id.as_str()))?;
    let results = request
        .entries
        .into_iter()
        .map(|entry| (entry.id, delete_one(&queue, &entry.receipt_handle)));
    Ok(batch_shape(results.collect()))
}

fn change_one(
    queue: &QueueHandle,
    handle: &str,
    visibility_s: Option<u64>,
) -> Result<Value, SqsError> {
    let missing = || SqsError::MissingParameter("VisibilityTimeout".to_owned());
    let visibility_ms =
        seconds("VisibilityTimeout", visibility_s, VISIBILITY_S_MAX)?.ok_or_else(missing)?;
    match queue.change_visibility(receipt(queue, handle)?, visibility_ms) {
        VisibilityChange::Changed => Ok(json!({})),
        VisibilityChange::NotInFlight => Err(SqsError::MessageNotInflight(handle.to_owned())),
    }
}

fn change_visibility(sqs: &Sqs, request: VisibilityRequest) -> Result<Value, SqsError> {
    change_one(
        &*queue(sqs, &request.queue_url)?,
        &request.receipt_handle,
        request.visibility_timeout,
    )
}

fn change_visibility_batch(sqs: &Sqs, request: Batch<VisibilityEntry>) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    check_batch(request.entries.iter().map(|entry| entry.id.as_str()))?;
    let change = |entry: VisibilityEntry| {
        let result = change_one(&queue, &entry.receipt_handle, entry.visibility_timeout);
        (entry.id, result)
    };
    Ok(batch_shape(request.entries.into_iter().map(change).collect()))
}

fn get_queue_url(sqs: &Sqs, request: NameRequest) -> Result<Value, SqsError> {
    let queue = sqs.queue(&request.queue_name).ok_or(SqsError::QueueDoesNotExist)?;
    Ok(json!({"QueueUrl": sqs.url(&queue.name)}))
}

fn list_queues(sqs: &Sqs, request: ListRequest) -> Result<Value, SqsError> {
    let limit = request.max_results.map_or(1000, |max| max.clamp(1, 1000) as usize);
    let after = request.next_token.unwrap_or_default();
    let wanted = |name: &str| name.starts_with(&request.queue_name_prefix) && name > after.as_str();
    let names: Vec<String> =
        sqs.queues().iter().map(|queue| queue.name.clone()).filter(|name| wanted(name)).collect();
    let page: Vec<String> = names.iter().take(limit).map(|name| sqs.url(name)).collect();
    let mut shape = json!({"QueueUrls": page});
    // AWS pages only for callers who asked for a page size.
    if request.max_results.is_some() && names.len() > limit {
        shape["NextToken"] = json!(names[limit - 1]);
    }
    Ok(shape)
}

fn create_queue(sqs: &Sqs, request: CreateRequest) -> Result<Value, SqsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if request.queue_name.is_empty()
        || request.queue_name.len() > 80
        || !request.queue_name.chars().all(allowed)
    {
        return Err(SqsError::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
                .to_owned(),
        ));
    }
    if let Some(existing) = sqs.queue(&request.queue_name) {
        let current = current_attributes(&existing);
        let differs = request
            .attributes
            .iter()
            .find(|(name, value)| current.get(name.as_str()).is_some_and(|now| now != *value));
        return match differs {
            Some((name, _)) => Err(SqsError::QueueNameExists(name.clone())),
            None => Ok(json!({"QueueUrl": sqs.url(&existing.name)})),
        };
    }
    let changes = parse_changes(&request.attributes)?;
    // AWS's defaults: CreateQueue API reference.
    let defaults = QueueSettings {
        visibility_ms: 30_000,
        retention_ms: 345_600_000,
        delay_ms: 0,
        max_receive_count: None,
    };
    let queue = sqs.create(&request.queue_name, defaults, None);
    changes.into_iter().for_each(|change| apply(&queue, change));
    Ok(json!({"QueueUrl": sqs.url(&queue.name)}))
}

fn purge_queue(sqs: &Sqs, request: QueueRequest) -> Result<Value, SqsError> {
    queue(sqs, &request.queue_url)?.purge();
    Ok(json!({}))
}

fn delete_queue(sqs: &Sqs, request: QueueRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    sqs.remove(&queue.name);
    Ok(json!({}))
}

fn get_queue_attributes(sqs: &Sqs, request: GetAttributesRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    let all = current_attributes(&queue);
    let settable = [
        "Policy",
        "RedrivePolicy",
        "RedriveAllowPolicy",
        "KmsMasterKeyId",
        "KmsDataKeyReusePeriodSeconds",
    ];
    for name in &request.attribute_names {
        if name != "All" && !all.contains_key(name.as_str()) && !settable.contains(&name.as_str()) {
            return Err(SqsError::InvalidAttributeName(name.clone()));
        }
    }
    let wanted =
        |name: &str| request.attribute_names.iter().any(|asked| asked == "All" || asked == name);
    let chosen: BTreeMap<String, String> =
        all.into_iter().filter(|(name, _)| wanted(name)).collect();
    if chosen.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({"Attributes": chosen}))
}

fn current_attributes(queue: &QueueHandle) -> BTreeMap<String, String> {
    let (settings, depth) = (queue.settings(), queue.depth());
    let mut all = lock(&queue.remembered).clone();
    let mut add = |name: &str, value: String| all.insert(name.to_owned(), value);
    add("ApproximateNumberOfMessages", depth.visible.to_string());
    add("ApproximateNumberOfMessagesNotVisible", depth.not_visible.to_string());
    add("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string());
    add("CreatedTimestamp", queue.created_s.to_string());
    add("LastModifiedTimestamp", queue.created_s.to_string());
    add("DelaySeconds", (settings.delay_ms / 1000).to_string());
    add("MaximumMessageSize", queue.message_bytes_max.load(Ordering::Relaxed).to_string());
    add("MessageRetentionPeriod", (settings.retention_ms / 1000).to_string());
    add("QueueArn", queue.arn.to_string());
    add(
        "ReceiveMessageWaitTimeSeconds",
        (queue.wait_ms_default.load(Ordering::Relaxed) / 1000).to_string(),
    );
    add("VisibilityTimeout", (settings.visibility_ms / 1000).to_string());
    if let Some(target) = &*read(&queue.redrive) {
        let policy = RedriveShape {
            dead_letter_target_arn: target.arn.clone(),
            max_receive_count: target.max_receive_count.into(),
        };
        add("RedrivePolicy", json!(policy).to_string());
    }
    all.entry("SqsManagedSseEnabled".to_owned()).or_insert_with(|| "true".to_owned());
    all
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedriveShape {
    dead_letter_target_arn: String,
    max_receive_count: Value,
}

enum Change {
    VisibilityMs(u64),
    RetentionMs(u64),
    DelayMs(u64),
    WaitMs(u64),
    MessageBytesMax(usize),
    Redrive(Option<RedriveTarget>),
    Remember(String, String),
}

fn set_queue_attributes(sqs: &Sqs, request: SetAttributesRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    // All are checked before any is applied.
    let changes = parse_changes(&request.attributes)?;
    changes.into_iter().for_each(|change| apply(&queue, change));
    Ok(json!({}))
}

fn parse_changes(attributes: &BTreeMap<String, String>) -> Result<Vec<Change>, SqsError> {
    attributes.iter().map(|(name, value)| parse_change(name, value)).collect()
}

fn parse_change(name: &str, value: &str) -> Result<Change, SqsError> {
    let bad = || SqsError::InvalidAttributeValue(name.to_owned());
    let within = |min: u64, max: u64| {
        let number = value.parse::<u64>().ok().filter(|number| (min..=max).contains(number));
        number.ok_or_else(bad)
    };
    Ok(match name {
        "VisibilityTimeout" => Change::VisibilityMs(within(0, VISIBILITY_S_MAX)? * 1000),
        "MessageRetentionPeriod" => Change::RetentionMs(within(60, 1_209_600)? * 1000),
        "DelaySeconds" => Change::DelayMs(within(0, DELAY_S_MAX)? * 1000),
        "ReceiveMessageWaitTimeSeconds" => Change::WaitMs(within(0, WAIT_S_MAX)? * 1000),
        "MaximumMessageSize" => {
            Change::MessageBytesMax(within(1024, MESSAGE_BYTES_MAX as u64)? as usize)
        }
        "RedrivePolicy" => Change::Redrive(parse_redrive(value).map_err(|()| bad())?),
        "Policy"
        | "RedriveAllowPolicy"
        | "KmsMasterKeyId"
        | "KmsDataKeyReusePeriodSeconds"
        | "SqsManagedSseEnabled" => Change::Remember(name.to_owned(), value.to_owned()),
        _ => return Err(SqsError::InvalidAttributeName(name.to_owned())),
    })
}

/// An empty text removes the policy.
fn parse_redrive(value: &str) -> Result<Option<RedriveTarget>, ()> {
    if value.is_empty() {
        return Ok(None);
    }
    let shape: RedriveShape = serde_json::from_str(value).map_err(|_| ())?;
    let count = match &shape.max_receive_count {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    let max_receive_count = count.filter(|count| (1..=1000).contains(count)).ok_or(())? as u32;
    let queue_name = shape.dead_letter_target_arn.rsplit(':').next().unwrap_or_default().to_owned();
    Ok(Some(RedriveTarget { queue_name, arn: shape.dead_letter_target_arn, max_receive_count }))
}

fn apply(queue: &QueueHandle, change: Change) {
    match change {
        Change::VisibilityMs(ms) => queue.change_settings(|settings| settings.visibility_ms = ms),
        Change::RetentionMs(ms) => queue.change_settings(|settings| settings.retention_ms = ms),
        Change::DelayMs(ms) => queue.change_settings(|settings| settings.delay_ms = ms),
        Change::WaitMs(ms) => queue.wait_ms_default.store(ms, Ordering::Relaxed),
        Change::MessageBytesMax(bytes) => queue.message_bytes_max.store(bytes, Ordering::Relaxed),
        Change::Redrive(target) => {
            let max = target.as_ref().map(|target| target.max_receive_count);
            *write(&queue.redrive) = target;
            queue.change_settings(|settings| settings.max_receive_count = max);
        }
        Change::Remember(name, value) => {
            lock(&queue.remembered).insert(name, value);
        }
    }
}

fn start_move(sqs: &Sqs, request: MoveRequest) -> Result<Value, SqsError> {
    let task = sqs.move_messages(&request.source_arn, request.destination_arn.as_deref())?;
    Ok(json!({"TaskHandle": task.handle}))
}

fn list_moves(sqs: &Sqs, request: MoveRequest) -> Result<Value, SqsError> {
    let tasks = lock(&sqs.moves);
    // The latest first; AWS shows one unless asked for more, and at most ten.
    let shapes: Vec<Value> = tasks
        .iter()
        .rev()
        .filter(|task| task.source_arn == request.source_arn)
        .take(10)
        .map(|task| {
            let mut shape = json!({
                "Status": "COMPLETED",
                "SourceArn": task.source_arn,
                "ApproximateNumberOfMessagesMoved": task.moved,
                "ApproximateNumberOfMessagesToMove": task.to_move,
                "StartedTimestamp": task.started_ms,
            });
            if let Some(arn) = &task.destination_arn {
                shape["DestinationArn"] = json!(arn);
            }
            shape
        })
        .collect();
    Ok(json!({"Results": shapes}))
}
