//! How much is in a queue.

use aws_sdk_sqs::types::QueueAttributeName as Name;

use crate::{Cloud, ObserveError};

/// Messages of a queue. On AWS these are approximations that settle within a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Waiting.
    pub visible: u64,
    /// Received and not yet deleted.
    pub in_flight: u64,
    /// Not to be received yet.
    pub delayed: u64,
}

impl QueueDepth {
    /// All messages of the queue.
    pub fn total(&self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// Asks a queue.
///
/// # Errors
/// If SQS does not answer.
pub async fn queue_depth(cloud: &Cloud, queue_url: &str) -> Result<QueueDepth, ObserveError> {
    let answer = cloud
        .sqs
        .get_queue_attributes()
        .queue_url(queue_url)
        .attribute_names(Name::ApproximateNumberOfMessages)
        .attribute_names(Name::ApproximateNumberOfMessagesNotVisible)
        .attribute_names(Name::ApproximateNumberOfMessagesDelayed)
        .send()
        .await
        .map_err(|error| ObserveError::service("SQS", "GetQueueAttributes")(error.into()))?;
    let number = |name: Name| {
        let text = answer.attributes().and_then(|attributes| attributes.get(&name));
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    Ok(QueueDepth {
        visible: number(Name::ApproximateNumberOfMessages),
        in_flight: number(Name::ApproximateNumberOfMessagesNotVisible),
        delayed: number(Name::ApproximateNumberOfMessagesDelayed),
    })
}
