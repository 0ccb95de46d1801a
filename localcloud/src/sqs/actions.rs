//! The actions of SQS by name. `json.rs` and `query.rs` are the protocols in front; behind
//! are `messages.rs`, `queues.rs`, `permissions.rs` and `moves.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::error::SqsError;
use super::requests::{Input, parse};
use super::{QueueHandle, Sqs, messages, moves, permissions, queues};

/// Runs one action.
pub(crate) async fn run(sqs: &Sqs, action: &str, input: Input<'_>) -> Result<Value, SqsError> {
    match action {
        "SendMessage" => messages::send(sqs, parse(input)?),
        "SendMessageBatch" => messages::send_batch(sqs, parse(input)?),
        "ReceiveMessage" => messages::receive(sqs, parse(input)?).await,
        "DeleteMessage" => messages::delete(sqs, parse(input)?),
        "DeleteMessageBatch" => messages::delete_batch(sqs, parse(input)?),
        "ChangeMessageVisibility" => messages::change_visibility(sqs, parse(input)?),
        "ChangeMessageVisibilityBatch" => messages::change_visibility_batch(sqs, parse(input)?),
        "CreateQueue" => queues::create(sqs, parse(input)?),
        "DeleteQueue" => queues::delete(sqs, parse(input)?),
        "PurgeQueue" => queues::purge(sqs, parse(input)?),
        "GetQueueUrl" => queues::get_url(sqs, parse(input)?),
        "ListQueues" => queues::list(sqs, parse(input)?),
        "ListDeadLetterSourceQueues" => queues::list_sources(sqs, parse(input)?),
        "GetQueueAttributes" => queues::get_attributes(sqs, parse(input)?),
        "SetQueueAttributes" => queues::set_attributes(sqs, parse(input)?),
        "TagQueue" => queues::tag(sqs, parse(input)?),
        "UntagQueue" => queues::untag(sqs, parse(input)?),
        "ListQueueTags" => queues::list_tags(sqs, parse(input)?),
        "AddPermission" => permissions::add(sqs, parse(input)?),
        "RemovePermission" => permissions::remove(sqs, parse(input)?),
        "StartMessageMoveTask" => moves::start(sqs, parse(input)?),
        "ListMessageMoveTasks" => moves::list(sqs, parse(input)?),
        "CancelMessageMoveTask" => moves::cancel(sqs, parse(input)?),
        other => Err(SqsError::InvalidAction(other.to_owned())),
    }
}

/// The queue that a QueueUrl names; its name alone does too, as with AWS.
pub(crate) fn queue(sqs: &Sqs, url: &str) -> Result<Arc<QueueHandle>, SqsError> {
    if url.is_empty() {
        return Err(SqsError::missing("QueueUrl"));
    }
    let name = url.trim_end_matches('/').rsplit('/').next().unwrap_or(url);
    sqs.queue(name).ok_or(SqsError::QueueDoesNotExist)
}

/// A number that AWS limits; None when it was not given.
pub(crate) fn within(
    parameter: &str,
    value: Option<i64>,
    max: u64,
) -> Result<Option<u64>, SqsError> {
    let Some(value) = value else { return Ok(None) };
    let reason = || format!("Must be >= 0 and <= {max}, if provided.");
    match u64::try_from(value).ok().filter(|value| *value <= max) {
        Some(value) => Ok(Some(value)),
        None => Err(SqsError::value(value, parameter, &reason())),
    }
}
