//! StartMessageMoveTask: messages go from a dead-letter queue back to where they came from.
//!
//! As AWS does, a moved message is a new one: new id, new enqueue time, no receives.

use std::sync::Arc;

use crate::clock::now_ms;
use crate::lock::lock;
use crate::message::Message;
use crate::queue::Leaving;

use super::error::SqsError;
use super::{QueueHandle, Sqs};

/// What ListMessageMoveTasks tells.
#[derive(Clone, Debug)]
pub(crate) struct MoveTask {
    pub(crate) handle: String,
    pub(crate) source_arn: String,
    pub(crate) destination_arn: Option<String>,
    pub(crate) started_ms: u64,
    pub(crate) to_move: usize,
    pub(crate) moved: usize,
}

impl Sqs {
    /// Moves what is visible now. It is over in one call: the imitation moves as fast as it
    /// can, where AWS picks a rate and a task may run for up to 36 hours.
    pub(crate) fn move_messages(
        &self,
        source_arn: &str,
        destination_arn: Option<&str>,
    ) -> Result<MoveTask, SqsError> {
        let missing = || {
            SqsError::ResourceNotFound(
                "The resource that you specified for the SourceArn parameter doesn't exist."
                    .to_owned(),
            )
        };
        let source = self.queue_by_arn(source_arn).ok_or_else(missing)?;
        if !self.is_dead_letter_queue(&source) {
            return Err(SqsError::InvalidParameterValue(
                "Source queue must be configured as a Dead Letter Queue.".to_owned(),
            ));
        }
        let destination =
            destination_arn.map(|arn| self.queue_by_arn(arn).ok_or_else(missing)).transpose()?;
        let leaving = lock(&source.core).take_away(now_ms(), usize::MAX);
        let to_move = leaving.len();
        let moved = leaving
            .into_iter()
            .filter(|message| self.move_one(&source, destination.as_ref(), message))
            .count();
        let task = MoveTask {
            handle: self.ids.next().to_string(),
            source_arn: source_arn.to_owned(),
            destination_arn: destination_arn.map(str::to_owned),
            started_ms: now_ms(),
            to_move,
            moved,
        };
        lock(&self.moves).push(task.clone());
        Ok(task)
    }

    fn move_one(
        &self,
        source: &QueueHandle,
        destination: Option<&Arc<QueueHandle>>,
        leaving: &Leaving,
    ) -> bool {
        let home = || leaving.dead_letter_source.as_deref().and_then(|arn| self.queue_by_arn(arn));
        let Some(destination) = destination.cloned().or_else(home) else {
            lock(&source.core).keep(leaving.sequence);
            return false;
        };
        let old = &leaving.message;
        let renewed = Message {
            id: self.ids.next(),
            body: old.body.clone(),
            attributes: old.attributes.clone(),
            md5_of_body: old.md5_of_body,
            md5_of_attributes: old.md5_of_attributes,
            sent_ms: now_ms(),
            size_bytes: old.size_bytes,
        };
        lock(&destination.core).put(now_ms(), Arc::new(renewed), 0, None);
        destination.arrived.notify_one();
        lock(&source.core).forget(leaving.sequence);
        true
    }

    fn queue_by_arn(&self, arn: &str) -> Option<Arc<QueueHandle>> {
        self.queues().into_iter().find(|queue| *queue.arn == *arn)
    }

    fn is_dead_letter_queue(&self, candidate: &QueueHandle) -> bool {
        let names = |queue: &Arc<QueueHandle>| {
            crate::lock::read(&queue.redrive)
                .as_ref()
                .is_some_and(|target| target.queue_name == candidate.name)
        };
        self.queues().iter().any(names)
    }
}
