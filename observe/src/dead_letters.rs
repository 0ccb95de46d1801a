//! What lies in a dead-letter queue, and its way back to the queue it came from.
//!
//! SQS lets nobody look without receiving. So a look receives each message once, which raises its
//! receive count by one, holds it for as long as the look lasts, so that none is seen twice, and
//! then makes it visible again. A dead-letter queue has no redrive policy of its own: the count is
//! only a number there.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sqs::operation::cancel_message_move_task::CancelMessageMoveTaskError;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry as Release, ListMessageMoveTasksResultEntry, Message,
    MessageSystemAttributeName as SystemName, QueueAttributeName,
};
use jiff::Timestamp;

use crate::{Cloud, ObserveError};

/// For how long a look keeps what it has received, s: more than a look lasts. A look that is killed
/// hides the messages for so long.
const HOLD_S: i32 = 120;

/// A receive waits for so long, s: only then it asks every server that holds messages ("short and
/// long polling", SQS developer guide).
const WAIT_S: i32 = 1;

/// Most messages of one receive, and of one change of visibility (SQS API reference).
const BATCH: usize = 10;

/// So many receives in a row that bring nothing new end a look.
const EMPTY_TIMES: u32 = 2;

/// A queue of messages that could not be processed.
#[derive(Debug, Clone)]
pub struct DeadLetterQueue {
    url: String,
    arn: String,
}

/// One of its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// SQS's id, which it has had since it was sent.
    pub message_id: String,
    /// When it was sent to the first queue.
    pub sent_at: Option<Timestamp>,
    /// How often it was received, this look included.
    pub receive_count: u64,
    /// What was sent.
    pub body: String,
    /// What came with it: of ours, `partner`, `orderNumber` and `requestId`.
    pub attributes: BTreeMap<String, String>,
}

/// What a look has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// The messages, the oldest first.
    pub letters: Vec<DeadLetter>,
    /// So many could not be made visible again; they are in two minutes, by themselves.
    pub held: u64,
}

/// How far a redrive has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveTask {
    /// What it is doing.
    pub status: MoveStatus,
    /// Messages that are back.
    pub moved: u64,
    /// Messages that there were when it began.
    pub to_move: u64,
    /// When it began, ms since 1970: that tells one move of a queue from another.
    pub started_ms: i64,
}

/// What SQS says of a redrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveStatus {
    /// It moves messages.
    Running,
    /// It was told to stop.
    Cancelling,
    /// It has moved all.
    Completed,
    /// It was stopped.
    Cancelled,
    /// It could not, for this reason.
    Failed(String),
}

impl MoveStatus {
    /// Whether nothing more will be moved.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Running | Self::Cancelling => false,
            Self::Completed | Self::Cancelled | Self::Failed(_) => true,
        }
    }
}

impl DeadLetterQueue {
    /// The queue of this name, or at this URL.
    ///
    /// # Errors
    /// If there is none, or SQS does not answer.
    pub async fn find(cloud: &Cloud, queue: &str) -> Result<Self, ObserveError> {
        let url = if queue.contains("://") { queue.to_owned() } else { url(cloud, queue).await? };
        let answer = cloud
            .sqs
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .map_err(|error| ObserveError::service("SQS", "GetQueueAttributes")(error.into()))?;
        let arn = answer.attributes().and_then(|all| all.get(&QueueAttributeName::QueueArn));
        Ok(Self { url, arn: arn.cloned().unwrap_or_default() })
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Looks at up to `limit` messages, or until `enough` says so of one.
    ///
    /// # Errors
    /// If SQS does not answer; what was received by then is visible again.
    pub async fn look(
        &self,
        cloud: &Cloud,
        limit: usize,
        enough: impl Fn(&DeadLetter) -> bool,
    ) -> Result<Look, ObserveError> {
        let mut receipts = Vec::new();
        let looked = self.receive_all(cloud, limit, enough, &mut receipts).await;
        let held = self.release(cloud, &receipts).await;
        let mut letters = looked?;
        letters.sort_by_key(|letter| letter.sent_at);
        Ok(Look { letters, held })
    }

    async fn receive_all(
        &self,
        cloud: &Cloud,
        limit: usize,
        enough: impl Fn(&DeadLetter) -> bool,
        receipts: &mut Vec<String>,
    ) -> Result<Vec<DeadLetter>, ObserveError> {
        let (mut letters, mut seen, mut empty_times) = (Vec::new(), BTreeSet::new(), 0);
        while letters.len() < limit && empty_times < EMPTY_TIMES {
            let received = self.receive(cloud, (limit - letters.len()).min(BATCH)).await?;
            receipts.extend(received.iter().filter_map(Message::receipt_handle).map(str::to_owned));
            let new = received.iter().map(DeadLetter::of);
            let new: Vec<_> = new.filter(|new| seen.insert(new.message_id.clone())).collect();
            empty_times = if new.is_empty() { empty_times + 1 } else { 0 };
            let found = new.iter().any(&enough);
            letters.extend(new);
            if found {
                break;
            }
        }
        Ok(letters)
    }

    async fn receive(&self, cloud: &Cloud, count: usize) -> Result<Vec<Message>, ObserveError> {
        let answer = cloud
            .sqs
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(count).unwrap_or(1))
            .visibility_timeout(HOLD_S)
            .wait_time_seconds(WAIT_S)
            .message_system_attribute_names(SystemName::All)
            .message_attribute_names("All")
            .send()
            .await
            .map_err(|error| ObserveError::service("SQS", "ReceiveMessage")(error.into()))?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Makes messages visible; how many could not be.
    async fn release(&self, cloud: &Cloud, receipts: &[String]) -> u64 {
        let mut held = 0;
        for batch in receipts.chunks(BATCH) {
            let entry = |(place, receipt): (usize, &String)| {
                let entry = Release::builder().id(place.to_string()).receipt_handle(receipt);
                entry.visibility_timeout(0).build().ok()
            };
            let entries = batch.iter().enumerate().filter_map(entry).collect();
            let change = cloud.sqs.change_message_visibility_batch().queue_url(&self.url);
            let failed = match change.set_entries(Some(entries)).send().await {
                Ok(answer) => answer.failed().len(),
                Err(_) => batch.len(),
            };
            held += failed as u64;
        }
        held
    }

    /// Begins to move every message back to the queue that it came from, so many a second at most;
    /// the handle by which it can be stopped. A moved message is a new one: another id, another
    /// time of sending, no receives.
    ///
    /// # Errors
    /// If a move runs already, if no queue has this one for its dead letters, or if SQS does not
    /// answer.
    pub async fn start_move(
        &self,
        cloud: &Cloud,
        rate_per_s_max: Option<i32>,
    ) -> Result<String, ObserveError> {
        let answer = cloud
            .sqs
            .start_message_move_task()
            .source_arn(&self.arn)
            .set_max_number_of_messages_per_second(rate_per_s_max)
            .send()
            .await
            .map_err(|error| ObserveError::service("SQS", "StartMessageMoveTask")(error.into()))?;
        Ok(answer.task_handle.unwrap_or_default())
    }

    /// How far the last move has come; none if there was none within the last days.
    ///
    /// # Errors
    /// If SQS does not answer.
    pub async fn last_move(&self, cloud: &Cloud) -> Result<Option<MoveTask>, ObserveError> {
        let list = cloud.sqs.list_message_move_tasks().source_arn(&self.arn).max_results(1);
        let answer = list
            .send()
            .await
            .map_err(|error| ObserveError::service("SQS", "ListMessageMoveTasks")(error.into()))?;
        Ok(answer.results().first().map(MoveTask::of))
    }

    /// Stops a move. What it has moved stays moved. That it is over already is no failure.
    ///
    /// # Errors
    /// If SQS does not answer.
    pub async fn cancel_move(&self, cloud: &Cloud, handle: &str) -> Result<(), ObserveError> {
        match cloud.sqs.cancel_message_move_task().task_handle(handle).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(CancelMessageMoveTaskError::is_resource_not_found_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(ObserveError::service("SQS", "CancelMessageMoveTask")(error.into())),
        }
    }
}

async fn url(cloud: &Cloud, name: &str) -> Result<String, ObserveError> {
    let answer = cloud
        .sqs
        .get_queue_url()
        .queue_name(name)
        .send()
        .await
        .map_err(|error| ObserveError::service("SQS", "GetQueueUrl")(error.into()))?;
    Ok(answer.queue_url.unwrap_or_default())
}

impl DeadLetter {
    fn of(message: &Message) -> Self {
        let system = |name: SystemName| message.attributes().and_then(|all| all.get(&name));
        let number = |name: SystemName| system(name).and_then(|text| text.parse::<i64>().ok());
        let named = message.message_attributes().into_iter().flatten();
        let text = |value: &aws_sdk_sqs::types::MessageAttributeValue| {
            value.string_value().unwrap_or("(binary)").to_owned()
        };
        Self {
            message_id: message.message_id().unwrap_or_default().to_owned(),
            sent_at: number(SystemName::SentTimestamp)
                .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
            receive_count: number(SystemName::ApproximateReceiveCount)
                .map_or(0, |count| count.max(0).unsigned_abs()),
            body: message.body().unwrap_or_default().to_owned(),
            attributes: named.map(|(name, value)| (name.clone(), text(value))).collect(),
        }
    }

    /// What the gateway says of it: `partner` or `orderNumber`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

impl MoveTask {
    fn of(entry: &ListMessageMoveTasksResultEntry) -> Self {
        let count = |number: i64| number.max(0).unsigned_abs();
        let status = match entry.status().unwrap_or_default() {
            "RUNNING" => MoveStatus::Running,
            "CANCELLING" => MoveStatus::Cancelling,
            "COMPLETED" => MoveStatus::Completed,
            "CANCELLED" => MoveStatus::Cancelled,
            other => MoveStatus::Failed(entry.failure_reason().unwrap_or(other).to_owned()),
        };
        Self {
            status,
            moved: count(entry.approximate_number_of_messages_moved()),
            to_move: entry.approximate_number_of_messages_to_move().map_or(0, count),
            started_ms: entry.started_timestamp(),
        }
    }
}
