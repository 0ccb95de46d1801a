//! StartMessageMoveTask: messages go from a dead-letter queue back to where they came from.
//!
//! As AWS does, a moved message is a new one: new id, new enqueue time, no receives. A task
//! without a rate is over in one call, where AWS chooses a rate and may take 36 hours. One
//! with a rate owes `rate × time` messages, and pays when it is looked at, at least each second.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::clock::now_ms;
use crate::lock::{lock, read};
use crate::message::Message;
use crate::queue::Leaving;

use super::error::SqsError;
use super::requests::{CancelMoveRequest, ListMovesRequest, StartMoveRequest};
use super::{QueueHandle, Sqs};

/// StartMessageMoveTask API reference.
const RATE_MAX: i64 = 500;
/// ListMessageMoveTasks API reference.
const LISTED_MAX: i64 = 10;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Status {
    Running,
    Completed,
    Cancelled,
    /// The destination is gone.
    Failed,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Status::Running => "RUNNING",
            Status::Completed => "COMPLETED",
            Status::Cancelled => "CANCELLED",
            Status::Failed => "FAILED",
        }
    }
}

/// One task, running or over.
#[derive(Clone, Debug)]
pub(crate) struct MoveTask {
    id: String,
    source_arn: String,
    destination_arn: Option<String>,
    /// None: as fast as it goes.
    rate: Option<u64>,
    started_ms: u64,
    to_move: u64,
    moved: u64,
    status: Status,
}

impl MoveTask {
    /// How many it should have moved by now.
    fn owed(&self, now_ms: u64) -> u64 {
        let elapsed_ms = now_ms.saturating_sub(self.started_ms);
        let allowed = self.rate.map_or(u64::MAX, |rate| rate.saturating_mul(elapsed_ms) / 1000);
        allowed.min(self.to_move)
    }

    fn handle(&self) -> String {
        BASE64.encode(json!({"taskId": self.id, "sourceArn": self.source_arn}).to_string())
    }

    fn shape(&self) -> Value {
        let mut shape = json!({
            "Status": self.status.name(),
            "SourceArn": self.source_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": self.started_ms,
        });
        if let Some(arn) = &self.destination_arn {
            shape["DestinationArn"] = json!(arn);
        }
        if let Some(rate) = self.rate {
            shape["MaxNumberOfMessagesPerSecond"] = json!(rate);
        }
        match self.status {
            Status::Running => shape["TaskHandle"] = json!(self.handle()),
            Status::Failed => {
                shape["FailureReason"] = json!("AWS.SimpleQueueService.NonExistentQueue");
            }
            Status::Completed | Status::Cancelled => {}
        }
        shape
    }
}

fn no_such(parameter: &str) -> SqsError {
    SqsError::ResourceNotFound(format!(
        "The resource that you specified for the {parameter} parameter doesn't exist."
    ))
}

pub(crate) fn start(sqs: &Sqs, request: StartMoveRequest) -> Result<Value, SqsError> {
    check_arn(&request.source_arn, "SourceArn")?;
    let source = sqs.queue_by_arn(&request.source_arn).ok_or_else(|| no_such("SourceArn"))?;
    if !sqs.is_dead_letter_queue(&source) {
        return Err(SqsError::InvalidParameterValue(
            "Source queue must be configured as a Dead Letter Queue.".to_owned(),
        ));
    }
    if let Some(arn) = &request.destination_arn {
        check_arn(arn, "DestinationArn")?;
        sqs.queue_by_arn(arn).ok_or_else(|| no_such("DestinationArn"))?;
        if *arn == request.source_arn {
            return Err(SqsError::InvalidParameterValue(
                "Source and destination queues cannot be the same.".to_owned(),
            ));
        }
    }
    let rate = match request.max_number_of_messages_per_second {
        Some(rate) if !(1..=RATE_MAX).contains(&rate) => {
            let reason = "Must be between 1 and 500, if provided.";
            return Err(SqsError::value(rate, "MaxNumberOfMessagesPerSecond", reason));
        }
        other => other.and_then(|rate| u64::try_from(rate).ok()),
    };
    let now = now_ms();
    sqs.advance_moves(now);
    let mut task = MoveTask {
        id: sqs.ids.next().to_string(),
        source_arn: request.source_arn,
        destination_arn: request.destination_arn,
        rate,
        started_ms: now,
        to_move: source.depth().visible as u64,
        moved: 0,
        status: Status::Running,
    };
    let mut tasks = lock(&sqs.moves);
    let running =
        |other: &MoveTask| other.status == Status::Running && other.source_arn == task.source_arn;
    if tasks.iter().any(running) {
        return Err(SqsError::InvalidParameterValue("There is already a task running. Only one active task is allowed for a source queue arn at a given time.".to_owned()));
    }
    let handle = task.handle();
    sqs.advance_move(&mut task, now);
    tasks.push(task);
    Ok(json!({"TaskHandle": handle}))
}

fn check_arn(arn: &str, parameter: &str) -> Result<(), SqsError> {
    if arn.split(':').count() == 6 && arn.starts_with("arn:") {
        return Ok(());
    }
    Err(SqsError::InvalidParameterValue(format!(
        "You must use this format to specify the {parameter}: arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
    )))
}

pub(crate) fn list(sqs: &Sqs, request: ListMovesRequest) -> Result<Value, SqsError> {
    check_arn(&request.source_arn, "SourceArn")?;
    sqs.queue_by_arn(&request.source_arn).ok_or_else(|| no_such("SourceArn"))?;
    let count = request.max_results.unwrap_or(1);
    if !(1..=LISTED_MAX).contains(&count) {
        return Err(SqsError::value(count, "MaxResults", "Must be between 1 and 10, if provided."));
    }
    sqs.advance_moves(now_ms());
    let tasks = lock(&sqs.moves);
    // The latest first.
    let of_source = tasks.iter().rev().filter(|task| task.source_arn == request.source_arn);
    let shapes: Vec<Value> =
        of_source.take(usize::try_from(count).unwrap_or(1)).map(MoveTask::shape).collect();
    Ok(json!({"Results": shapes}))
}

pub(crate) fn cancel(sqs: &Sqs, request: CancelMoveRequest) -> Result<Value, SqsError> {
    let bad =
        || SqsError::InvalidParameterValue("Value for parameter TaskHandle is invalid.".to_owned());
    let bytes = BASE64.decode(&request.task_handle).map_err(|_| bad())?;
    let handle: Value = serde_json::from_slice(&bytes).map_err(|_| bad())?;
    let (Some(id), Some(arn)) = (handle["taskId"].as_str(), handle["sourceArn"].as_str()) else {
        return Err(bad());
    };
    sqs.queue_by_arn(arn).ok_or_else(|| no_such("SourceArn"))?;
    sqs.advance_moves(now_ms());
    let mut tasks = lock(&sqs.moves);
    let running = |task: &&mut MoveTask| task.id == id && task.status == Status::Running;
    let Some(task) = tasks.iter_mut().find(running) else {
        return Err(SqsError::ResourceNotFound("Task does not exist.".to_owned()));
    };
    task.status = Status::Cancelled;
    Ok(json!({"ApproximateNumberOfMessagesMoved": task.moved}))
}

impl Sqs {
    /// Moves what the running tasks owe.
    pub(crate) fn advance_moves(&self, now_ms: u64) {
        let mut tasks = lock(&self.moves);
        let running = tasks.iter_mut().filter(|task| task.status == Status::Running);
        running.for_each(|task| self.advance_move(task, now_ms));
    }

    fn advance_move(&self, task: &mut MoveTask, now_ms: u64) {
        let Some(source) = self.queue_by_arn(&task.source_arn) else {
            task.status = Status::Failed;
            return;
        };
        let count = usize::try_from(task.owed(now_ms) - task.moved).unwrap_or(usize::MAX);
        let leaving = lock(&source.core).take_away(now_ms, count);
        let found = leaving.len();
        for message in &leaving {
            if self.move_one(&source, task.destination_arn.as_deref(), message) {
                task.moved += 1;
            } else {
                task.status = Status::Failed;
            }
        }
        // What others took meanwhile is not waited for.
        if task.status == Status::Running && (task.moved == task.to_move || found < count) {
            task.status = Status::Completed;
        }
    }

    fn move_one(&self, source: &QueueHandle, destination: Option<&str>, leaving: &Leaving) -> bool {
        let arn = destination.or(leaving.dead_letter_source.as_deref());
        let Some(destination) = arn.and_then(|arn| self.queue_by_arn(arn)) else {
            lock(&source.core).keep(leaving.sequence);
            return false;
        };
        let mut renewed = Message::clone(&leaving.message);
        (renewed.id, renewed.sent_ms) = (self.ids.next(), now_ms());
        if destination.take_in(Arc::new(renewed), None).is_err() {
            lock(&source.core).keep(leaving.sequence);
            return false;
        }
        source.forget(leaving);
        true
    }

    fn is_dead_letter_queue(&self, candidate: &QueueHandle) -> bool {
        let names = |queue: &Arc<QueueHandle>| {
            read(&queue.redrive).as_ref().is_some_and(|target| target.arn == *candidate.arn)
        };
        self.queues().iter().any(names)
    }
}
