//! The attributes of a queue: what may be set, to what, and what is told.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::clock::now_s;
use crate::lock::{lock, read, write};
use crate::message::MESSAGE_BYTES_MAX;

use super::error::SqsError;
use super::messages::{DELAY_S_MAX, VISIBILITY_S_MAX, WAIT_S_MAX};
use super::{QueueHandle, RedriveTarget, Sqs};

/// What GetQueueAttributes may be asked for, also while it has no value.
const NAMES: [&str; 23] = [
    "All",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ContentBasedDeduplication",
    "CreatedTimestamp",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "LastModifiedTimestamp",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "QueueArn",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
    "ApproximateAgeOfOldestMessage",
];
/// CreateQueue API reference.
const KEY_REUSE_S_DEFAULT: &str = "300";

/// A change that was checked.
pub(crate) enum Change {
    VisibilityMs(u64),
    RetentionMs(u64),
    DelayMs(u64),
    WaitMs(u64),
    MessageBytesMax(usize),
    Redrive(Option<RedriveTarget>),
    ContentBased(bool),
    DeduplicationPerGroup(bool),
    /// An empty text forgets.
    Remember(String, String),
    Nothing,
}

pub(crate) fn known(name: &str) -> bool {
    NAMES[..22].contains(&name)
}

/// Everything the queue has, as GetQueueAttributes tells it.
pub(crate) fn current(queue: &QueueHandle) -> BTreeMap<String, String> {
    let (settings, depth) = (queue.settings(), queue.depth());
    let mut all = lock(&queue.remembered).clone();
    let mut add = |name: &str, value: String| all.insert(name.to_owned(), value);
    add("ApproximateNumberOfMessages", depth.visible.to_string());
    add("ApproximateNumberOfMessagesNotVisible", depth.not_visible.to_string());
    add("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string());
    add("CreatedTimestamp", queue.created_s.to_string());
    add("LastModifiedTimestamp", queue.modified_s.load(Ordering::Relaxed).to_string());
    add("DelaySeconds", (settings.delay_ms / 1000).to_string());
    add("MaximumMessageSize", queue.message_bytes_max.load(Ordering::Relaxed).to_string());
    add("MessageRetentionPeriod", (settings.retention_ms / 1000).to_string());
    add("QueueArn", queue.arn.to_string());
    let wait_ms = queue.wait_ms_default.load(Ordering::Relaxed);
    add("ReceiveMessageWaitTimeSeconds", (wait_ms / 1000).to_string());
    add("VisibilityTimeout", (settings.visibility_ms / 1000).to_string());
    if let Some(target) = &*read(&queue.redrive) {
        let policy =
            json!({"deadLetterTargetArn": target.arn, "maxReceiveCount": target.max_receive_count});
        add("RedrivePolicy", policy.to_string());
    }
    if let Some(fifo) = &queue.fifo {
        let per_group = fifo.per_group.load(Ordering::Relaxed);
        add("FifoQueue", "true".to_owned());
        add("ContentBasedDeduplication", fifo.content_based.load(Ordering::Relaxed).to_string());
        add("DeduplicationScope", if per_group { "messageGroup" } else { "queue" }.to_owned());
    }
    let has_key = all.contains_key("KmsMasterKeyId");
    let mut default = |name: &str, value: &str| {
        all.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    };
    if queue.fifo.is_some() {
        default("FifoThroughputLimit", "perQueue");
    }
    if has_key {
        default("KmsDataKeyReusePeriodSeconds", KEY_REUSE_S_DEFAULT);
    }
    default("SqsManagedSseEnabled", if has_key { "false" } else { "true" });
    all
}

/// Checks all of them. `creating` allows FifoQueue.
pub(crate) fn parse(
    sqs: &Sqs,
    queue_name: &str,
    attributes: &BTreeMap<String, String>,
    creating: bool,
) -> Result<Vec<Change>, SqsError> {
    let set = |name: &str| attributes.get(name).is_some_and(|value| !value.is_empty());
    let managed = attributes.get("SqsManagedSseEnabled").is_some_and(|value| value == "true");
    if set("KmsMasterKeyId") && managed {
        return Err(SqsError::InvalidAttributeName("You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.".to_owned()));
    }
    let fifo = queue_name.ends_with(".fifo");
    let mut changes = Vec::new();
    for (name, value) in attributes {
        changes.extend(parse_one(sqs, queue_name, (name, value), (fifo, creating))?);
    }
    Ok(changes)
}

fn parse_one(
    sqs: &Sqs,
    queue_name: &str,
    (name, value): (&str, &str),
    (fifo, creating): (bool, bool),
) -> Result<Vec<Change>, SqsError> {
    let bad = || SqsError::attribute_value(name);
    let within = |min: u64, max: u64| {
        let number = value.parse::<u64>().ok().filter(|number| (min..=max).contains(number));
        number.ok_or_else(bad)
    };
    // An empty text sets a number back to its default, as recorded from AWS.
    let seconds = |default: u64, min: u64, max: u64| {
        if value.is_empty() { Ok(default * 1000) } else { Ok(within(min, max)? * 1000) }
    };
    let flag = || value.parse::<bool>().map_err(|_| bad());
    let remember = || Change::Remember(name.to_owned(), value.to_owned());
    let change = match name {
        "VisibilityTimeout" => Change::VisibilityMs(seconds(30, 0, VISIBILITY_S_MAX)?),
        "MessageRetentionPeriod" => Change::RetentionMs(seconds(345_600, 60, 1_209_600)?),
        "DelaySeconds" => Change::DelayMs(seconds(0, 0, DELAY_S_MAX)?),
        "ReceiveMessageWaitTimeSeconds" => Change::WaitMs(seconds(0, 0, WAIT_S_MAX)?),
        "MaximumMessageSize" if value.is_empty() => Change::MessageBytesMax(MESSAGE_BYTES_MAX),
        "MaximumMessageSize" => {
            let bytes = within(1024, MESSAGE_BYTES_MAX as u64)?;
            Change::MessageBytesMax(usize::try_from(bytes).map_err(|_| bad())?)
        }
        "RedrivePolicy" => Change::Redrive(parse_redrive(sqs, queue_name, value)?),
        "RedriveAllowPolicy" => {
            check_allow_policy(value)?;
            remember()
        }
        "Policy" => {
            let parsed = serde_json::from_str::<Value>(value);
            if !value.is_empty() && !parsed.is_ok_and(|policy| policy.is_object()) {
                return Err(bad());
            }
            remember()
        }
        "KmsDataKeyReusePeriodSeconds" => {
            if !value.is_empty() {
                within(60, 86_400)?;
            }
            remember()
        }
        "KmsMasterKeyId" => {
            let managed = Change::Remember("SqsManagedSseEnabled".to_owned(), String::new());
            return Ok(vec![managed, remember()]);
        }
        "SqsManagedSseEnabled" => {
            let managed = value.is_empty() || flag()?;
            let key = Change::Remember("KmsMasterKeyId".to_owned(), String::new());
            return Ok(if managed { vec![key, remember()] } else { vec![remember()] });
        }
        "FifoQueue" if fifo && (value == "true") => Change::Nothing,
        "FifoQueue" if fifo && !creating => {
            return Err(SqsError::InvalidAttributeValue(
                "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.".to_owned(),
            ));
        }
        "ContentBasedDeduplication" if fifo => {
            Change::ContentBased(if value.is_empty() { false } else { flag()? })
        }
        "DeduplicationScope" if fifo => match value {
            "messageGroup" => Change::DeduplicationPerGroup(true),
            "queue" => Change::DeduplicationPerGroup(false),
            _ => return Err(bad()),
        },
        "FifoThroughputLimit" if fifo => match value {
            "perQueue" | "perMessageGroupId" => remember(),
            _ => return Err(bad()),
        },
        "DeduplicationScope" | "FifoThroughputLimit" => {
            return Err(SqsError::InvalidAttributeName(format!(
                "You can specify the {name} only when FifoQueue is set to true."
            )));
        }
        _ => return Err(SqsError::unknown_attribute(name)),
    };
    Ok(vec![change])
}

/// An empty text removes the policy.
fn parse_redrive(
    sqs: &Sqs,
    queue_name: &str,
    value: &str,
) -> Result<Option<RedriveTarget>, SqsError> {
    if value.is_empty() {
        return Ok(None);
    }
    let bad = |reason: &str| SqsError::value(value, "RedrivePolicy", reason);
    let policy: Value = serde_json::from_str(value)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| bad("Redrive policy is not a valid JSON map."))?;
    let missing =
        |name: &str| bad(&format!("Redrive policy does not contain mandatory attribute: {name}."));
    let arn = policy.get("deadLetterTargetArn").ok_or_else(|| missing("deadLetterTargetArn"))?;
    let count = policy.get("maxReceiveCount").ok_or_else(|| missing("maxReceiveCount"))?;
    let spelled = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
    let max_receive_count =
        spelled.parse::<u32>().ok().filter(|count| (1..=1000).contains(count)).ok_or_else(|| {
            bad(&format!(
                "Invalid value for maxReceiveCount: {spelled}, valid values are from 1 to 1000 both inclusive."
            ))
        })?;
    let arn = arn.as_str().unwrap_or_default();
    let Some(target) = sqs.queue_by_arn(arn) else {
        return Err(bad("Dead letter target does not exist."));
    };
    if target.fifo.is_some() != queue_name.ends_with(".fifo") {
        return Err(bad("Dead-letter queue must be same type of queue as the source."));
    }
    if !allows_source(&target, &sqs.arn(queue_name)) {
        return Err(bad("Dead-letter queue does not allow this queue as a source."));
    }
    Ok(Some(RedriveTarget {
        queue_name: target.name.clone(),
        arn: arn.to_owned(),
        max_receive_count,
    }))
}

/// SetQueueAttributes API reference, RedriveAllowPolicy.
fn check_allow_policy(value: &str) -> Result<(), SqsError> {
    if value.is_empty() {
        return Ok(());
    }
    let bad = |reason: &str| SqsError::value(value, "RedriveAllowPolicy", reason);
    let policy: Value =
        serde_json::from_str(value).ok().filter(Value::is_object).ok_or_else(|| {
            bad("Amazon SQS can't create the redrive allow policy: it is not a valid JSON map.")
        })?;
    let sources = policy.get("sourceQueueArns").and_then(Value::as_array);
    match policy.get("redrivePermission").and_then(Value::as_str) {
        Some("byQueue") => match sources.map_or(0, Vec::len) {
            1..=10 => Ok(()),
            _ => Err(bad(
                "sourceQueueArns must have between 1 and 10 queues when redrivePermission is byQueue.",
            )),
        },
        Some("allowAll" | "denyAll") if sources.is_none() => Ok(()),
        Some("allowAll" | "denyAll") => {
            Err(bad("sourceQueueArns is allowed only when redrivePermission is byQueue."))
        }
        Some(_) | None => Err(bad("redrivePermission must be allowAll, denyAll or byQueue.")),
    }
}

fn allows_source(target: &QueueHandle, source_arn: &str) -> bool {
    let Some(text) = lock(&target.remembered).get("RedriveAllowPolicy").cloned() else {
        return true;
    };
    let policy: Value = serde_json::from_str(&text).unwrap_or_default();
    match policy["redrivePermission"].as_str() {
        Some("denyAll") => false,
        Some("byQueue") => policy["sourceQueueArns"]
            .as_array()
            .is_some_and(|sources| sources.iter().any(|source| source == source_arn)),
        Some(_) | None => true,
    }
}

pub(crate) fn apply(queue: &QueueHandle, change: Change) {
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
        Change::ContentBased(on) => {
            if let Some(fifo) = &queue.fifo {
                fifo.content_based.store(on, Ordering::Relaxed);
            }
        }
        Change::DeduplicationPerGroup(on) => {
            if let Some(fifo) = &queue.fifo {
                fifo.per_group.store(on, Ordering::Relaxed);
            }
        }
        Change::Remember(name, value) if value.is_empty() => {
            lock(&queue.remembered).remove(&name);
        }
        Change::Remember(name, value) => {
            lock(&queue.remembered).insert(name, value);
        }
        Change::Nothing => {}
    }
    queue.modified_s.store(now_s(), Ordering::Relaxed);
}

/// Whether two texts set an attribute to the same value: policies are compared as JSON.
pub(crate) fn same(name: &str, asked: &str, now: &str) -> bool {
    let normal = |text: &str| match serde_json::from_str::<Value>(text) {
        Ok(mut policy) if name == "RedrivePolicy" => {
            if let Some(count) =
                policy["maxReceiveCount"].as_str().and_then(|c| c.parse::<u64>().ok())
            {
                policy["maxReceiveCount"] = json!(count);
            }
            policy
        }
        Ok(value) => value,
        Err(_) => json!(text),
    };
    asked == now || normal(asked) == normal(now)
}
