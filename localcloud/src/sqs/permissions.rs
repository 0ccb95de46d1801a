//! AddPermission and RemovePermission: statements of the queue's policy. Nothing enforces it.

use serde_json::{Value, json};

use crate::lock::lock;

use super::actions::queue;
use super::error::SqsError;
use super::requests::PermissionRequest;
use super::{QueueHandle, Sqs};

/// What another account can be allowed to do; AddPermission API reference, "Actions".
const ACTIONS: [&str; 8] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "ReceiveMessage",
    "SendMessage",
];
/// What only the owner may do, ever.
const OWNER_ACTIONS: [&str; 13] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "PurgeQueue",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];
/// AddPermission API reference: "maximum of 7 actions per statement".
const ACTIONS_MAX: usize = 7;

pub(crate) fn add(sqs: &Sqs, request: PermissionRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    check(&request)?;
    let mut policy = policy(&queue);
    let label = &request.label;
    let Some(statements) = policy["Statement"].as_array_mut() else {
        return Err(SqsError::attribute_value("Policy"));
    };
    if statements.iter().any(|statement| statement["Sid"] == **label) {
        return Err(SqsError::value(label, "Label", "Already exists."));
    }
    let principals = request.account_ids.iter().map(|id| format!("arn:aws:iam::{id}:root"));
    let actions = request.actions.iter().map(|action| format!("SQS:{action}"));
    statements.push(json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_many(principals.collect())},
        "Action": one_or_many(actions.collect()),
        "Resource": &*queue.arn,
    }));
    lock(&queue.remembered).insert("Policy".to_owned(), policy.to_string());
    Ok(json!({}))
}

pub(crate) fn remove(sqs: &Sqs, request: PermissionRequest) -> Result<Value, SqsError> {
    let queue = queue(sqs, &request.queue_url)?;
    let mut policy = policy(&queue);
    let statements = policy["Statement"].as_array_mut();
    let position = statements.as_ref().and_then(|statements| {
        statements.iter().position(|statement| statement["Sid"] == *request.label)
    });
    let (Some(statements), Some(position)) = (statements, position) else {
        let reason = "can't find label on existing policy.";
        return Err(SqsError::value(&request.label, "Label", reason));
    };
    statements.remove(position);
    let text = if statements.is_empty() { None } else { Some(policy.to_string()) };
    let mut remembered = lock(&queue.remembered);
    remembered.remove("Policy");
    remembered.extend(text.map(|text| ("Policy".to_owned(), text)));
    Ok(json!({}))
}

fn check(request: &PermissionRequest) -> Result<(), SqsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if request.label.is_empty() || request.label.len() > 80 || !request.label.chars().all(allowed) {
        return Err(SqsError::value(
            &request.label,
            "Label",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
        ));
    }
    if request.actions.is_empty() {
        return Err(SqsError::missing("Actions"));
    }
    if request.actions.len() > ACTIONS_MAX {
        return Err(SqsError::TooManyActions(request.actions.len()));
    }
    let account = |id: &&String| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    if request.account_ids.is_empty() || !request.account_ids.iter().all(|id| account(&id)) {
        let ids = request.account_ids.join(", ");
        return Err(SqsError::value(format!("[{ids}]"), "PrincipalId", "Unable to verify."));
    }
    request.actions.iter().try_for_each(|action| check_action(action))
}

fn check_action(action: &str) -> Result<(), SqsError> {
    if ACTIONS.contains(&action) {
        return Ok(());
    }
    let reason = if OWNER_ACTIONS.contains(&action) {
        "Only the queue owner is allowed to invoke this action."
    } else {
        "Please refer to the appropriate WSDL for a list of valid actions. "
    };
    Err(SqsError::value(format!("SQS:{action}"), "ActionName", reason))
}

/// The policy the queue has, or an empty one of the version AWS starts with.
fn policy(queue: &QueueHandle) -> Value {
    let remembered = lock(&queue.remembered).get("Policy").cloned();
    let parsed = remembered.and_then(|text| serde_json::from_str(&text).ok());
    parsed.unwrap_or_else(|| {
        json!({
            "Version": "2008-10-17",
            "Id": format!("{}/SQSDefaultPolicy", queue.arn),
            "Statement": [],
        })
    })
}

/// Policies spell a list of one without the list.
fn one_or_many(mut texts: Vec<String>) -> Value {
    match texts.len() {
        1 => json!(texts.remove(0)),
        _ => json!(texts),
    }
}
