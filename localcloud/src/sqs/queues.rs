//! Making, finding, changing and deleting queues.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::lock::{lock, read};
use crate::queue::QueueSettings;

use super::actions::queue;
use super::attributes::{self, apply, current, known, same};
use super::error::SqsError;
use super::requests::{
    CreateRequest, GetAttributesRequest, ListRequest, NameRequest, QueueRequest,
    SetAttributesRequest, TagRequest, UntagRequest,
};
use super::{QueueHandle, Sqs};

const PAGE_MAX: usize = 1000;
/// AWS SQS quotas, "Queue tags".
const TAGS_MAX: usize = 50;

pub(crate) fn create(sqs: &Sqs, request: CreateRequest) -> Result<Value, SqsError> {
    let name = &request.queue_name;
    check_name(name, request.attributes.get("FifoQueue").is_some_and(|value| value == "true"))?;
    check_tags(name, &BTreeMap::new(), &request.tags)?;
    let changes = attributes::parse(sqs, name, &request.attributes, true)?;
    if let Some(existing) = sqs.queue(name) {
        return match differs(&existing, &request.attributes) {
            Some(attribute) => Err(SqsError::QueueNameExists(attribute)),
            None => Ok(json!({"QueueUrl": sqs.url(&existing.name)})),
        };
    }
    // AWS's defaults: CreateQueue API reference.
    let defaults = QueueSettings {
        visibility_ms: 30_000,
        retention_ms: 345_600_000,
        delay_ms: 0,
        max_receive_count: None,
    };
    let queue = sqs.create(name, defaults, None).map_err(|_| SqsError::ServiceUnavailable)?;
    changes.into_iter().for_each(|change| apply(&queue, change));
    lock(&queue.tags).extend(request.tags);
    Ok(json!({"QueueUrl": sqs.url(&queue.name)}))
}

fn check_name(name: &str, fifo: bool) -> Result<(), SqsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let stem = if fifo { name.strip_suffix(".fifo") } else { Some(name) };
    let valid = |stem: &str| !stem.is_empty() && name.len() <= 80 && stem.chars().all(allowed);
    if stem.is_some_and(valid) {
        return Ok(());
    }
    let text = if fifo {
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length"
    } else {
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    };
    Err(SqsError::InvalidParameterValue(text.to_owned()))
}

/// The first attribute asked for that the queue has otherwise.
fn differs(queue: &QueueHandle, asked: &BTreeMap<String, String>) -> Option<String> {
    let now = current(queue);
    let other = |(name, value): &(&String, &String)| {
        !same(name, value, now.get(*name).map_or("", String::as_str))
    };
    asked.iter().find(other).map(|(name, _)| name.clone())
}

pub(crate) fn delete(sqs: &Sqs, request: QueueRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    sqs.remove(&queue.name);
    Ok(json!({}))
}

pub(crate) fn purge(sqs: &Sqs, request: QueueRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    if queue.purge() {
        Ok(json!({}))
    } else {
        Err(SqsError::PurgeQueueInProgress(queue.name.clone()))
    }
}

pub(crate) fn get_url(sqs: &Sqs, request: NameRequest) -> Result<Value, SqsError> {
    let queue = sqs.queue(&request.queue_name).ok_or(SqsError::QueueDoesNotExist)?;
    Ok(json!({"QueueUrl": sqs.url(&queue.name)}))
}

pub(crate) fn list(sqs: &Sqs, request: ListRequest) -> Result<Value, SqsError> {
    let wanted = |queue: &Arc<QueueHandle>| queue.name.starts_with(&request.queue_name_prefix);
    let names = sqs.queues().iter().filter(|q| wanted(q)).map(|q| q.name.clone()).collect();
    page(sqs, "QueueUrls", names, &request)
}

pub(crate) fn list_sources(sqs: &Sqs, request: ListRequest) -> Result<Value, SqsError> {
    let target = queue(sqs, request.queue_url.as_deref().unwrap_or_default())?;
    let names = |queue: &Arc<QueueHandle>| {
        read(&queue.redrive).as_ref().is_some_and(|redrive| redrive.arn == *target.arn)
    };
    let names = sqs.queues().iter().filter(|q| names(q)).map(|q| q.name.clone()).collect();
    let mut shape = page(sqs, "queueUrls", names, &request)?;
    // This list is there even when it is empty: it is a required member of the answer.
    if shape.get("queueUrls").is_none() {
        shape["queueUrls"] = json!([]);
    }
    Ok(shape)
}

/// One page of names in their order. AWS gives a token only to who asked for a page size.
fn page(
    sqs: &Sqs,
    member: &str,
    names: Vec<String>,
    request: &ListRequest,
) -> Result<Value, SqsError> {
    let limit = match request.max_results {
        None => PAGE_MAX,
        Some(max) => usize::try_from(max)
            .ok()
            .filter(|max| (1..=PAGE_MAX).contains(max))
            .ok_or_else(|| {
                SqsError::value(
                    max,
                    "MaxResults",
                    "MaxResults must be an integer between 1 and 1000.",
                )
            })?,
    };
    let after = match &request.next_token {
        None => String::new(),
        Some(token) => read_token(token)?,
    };
    let mut left = names.into_iter().filter(|name| *name > after);
    let page: Vec<String> = left.by_ref().take(limit).collect();
    let mut shape = json!({});
    if let (Some(last), Some(_), Some(_)) = (page.last(), request.max_results, left.next()) {
        shape["NextToken"] = json!(URL_SAFE_NO_PAD.encode(last));
    }
    if !page.is_empty() {
        shape[member] = page.iter().map(|name| sqs.url(name)).collect();
    }
    Ok(shape)
}

fn read_token(token: &str) -> Result<String, SqsError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| SqsError::InvalidParameterValue("Invalid or expired next token.".to_owned()))
}

pub(crate) fn get_attributes(sqs: &Sqs, request: GetAttributesRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    let asked = &request.attribute_names;
    if let Some(name) = asked.iter().find(|name| !known(name)) {
        return Err(SqsError::unknown_attribute(name));
    }
    if asked.is_empty() {
        return Ok(json!({}));
    }
    let wanted = |name: &str| asked.iter().any(|asked| asked == "All" || asked == name);
    let chosen: BTreeMap<String, String> =
        current(&queue).into_iter().filter(|(name, _)| wanted(name)).collect();
    if chosen.is_empty() { Ok(json!({})) } else { Ok(json!({"Attributes": chosen})) }
}

pub(crate) fn set_attributes(sqs: &Sqs, request: SetAttributesRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    if request.attributes.is_empty() {
        return Err(SqsError::missing("Attributes"));
    }
    // All are checked before any is applied.
    let changes = attributes::parse(sqs, &queue.name, &request.attributes, false)?;
    changes.into_iter().for_each(|change| apply(&queue, change));
    Ok(json!({}))
}

pub(crate) fn tag(sqs: &Sqs, request: TagRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    if request.tags.is_empty() {
        return Err(SqsError::missing("Tags"));
    }
    let mut tags = lock(&queue.tags);
    check_tags(&queue.name, &tags, &request.tags)?;
    tags.extend(request.tags);
    Ok(json!({}))
}

fn check_tags(
    queue: &str,
    now: &BTreeMap<String, String>,
    added: &BTreeMap<String, String>,
) -> Result<(), SqsError> {
    let bad = |text: &str| Err(SqsError::InvalidParameterValue(text.to_owned()));
    if added.keys().any(|key| !(1..=128).contains(&key.chars().count())) {
        return bad("Tag keys must be between 1 and 128 characters in length.");
    }
    if added.values().any(|value| value.chars().count() > 256) {
        return bad("Tag values must be between 0 and 256 characters in length.");
    }
    if added.keys().any(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        return bad("Tag keys must not start with the reserved prefix 'aws:'.");
    }
    let new = added.keys().filter(|key| !now.contains_key(*key)).count();
    if now.len() + new > TAGS_MAX {
        return bad(&format!("Too many tags added for queue {queue}."));
    }
    Ok(())
}

pub(crate) fn untag(sqs: &Sqs, request: UntagRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    if request.tag_keys.is_empty() {
        return Err(SqsError::InvalidParameterValue(
            "Tag keys must be between 1 and 128 characters in length.".to_owned(),
        ));
    }
    let mut tags = lock(&queue.tags);
    request.tag_keys.iter().for_each(|key| {
        tags.remove(key);
    });
    Ok(json!({}))
}

pub(crate) fn list_tags(sqs: &Sqs, request: QueueRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    let tags = lock(&queue.tags);
    if tags.is_empty() { Ok(json!({})) } else { Ok(json!({"Tags": *tags})) }
}
