//! Messages by themselves: sent past the gateway, looked at in the dead-letter queue. The way back is
//! `DeadLetterQueue`'s.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName as Name};

use crate::{Cloud, ObserveError};

/// A message as it lies in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundMessage {
    /// SQS's id.
    pub id: String,
    /// The attribute `partner`.
    pub partner: Option<String>,
    /// The attribute `orderNumber`.
    pub order_number: Option<String>,
    /// The body.
    pub body: String,
}

/// For so long a message that is looked at stays hidden, s: the looking must be over before.
const LOOKED_AT_S: i32 = 60;

impl Cloud {
    /// Sends a message as the gateway would, but without the gateway's checks.
    ///
    /// # Errors
    /// If SQS does not take it.
    pub async fn send_message(
        &self,
        queue_url: &str,
        (partner, order_number): (&str, &str),
        body: &str,
    ) -> Result<(), ObserveError> {
        let attribute = |value: &str| {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value);
            value.build().map_err(|error| ObserveError::service("SQS", "SendMessage")(error.into()))
        };
        self.sqs
            .send_message()
            .queue_url(queue_url)
            .message_attributes("partner", attribute(partner)?)
            .message_attributes("orderNumber", attribute(order_number)?)
            .message_body(body)
            .send()
            .await
            .map_err(|error| ObserveError::service("SQS", "SendMessage")(error.into()))?;
        Ok(())
    }

    /// Looks at every message of a queue that nobody else reads, and leaves it visible.
    ///
    /// # Errors
    /// If SQS does not answer.
    pub async fn look_at_messages(
        &self,
        queue_url: &str,
    ) -> Result<Vec<FoundMessage>, ObserveError> {
        let mut found = BTreeMap::new();
        let mut receipts = Vec::new();
        loop {
            let answer = self
                .sqs
                .receive_message()
                .queue_url(queue_url)
                .max_number_of_messages(10)
                .visibility_timeout(LOOKED_AT_S)
                .message_attribute_names("All")
                .send()
                .await
                .map_err(|error| ObserveError::service("SQS", "ReceiveMessage")(error.into()))?;
            if answer.messages().is_empty() {
                break;
            }
            for message in answer.messages() {
                receipts.extend(message.receipt_handle().map(str::to_owned));
                let id = message.message_id().unwrap_or_default().to_owned();
                let attribute = |name: &str| {
                    let value = message.message_attributes().and_then(|all| all.get(name));
                    value.and_then(|value| value.string_value()).map(str::to_owned)
                };
                let (partner, order_number) = (attribute("partner"), attribute("orderNumber"));
                let body = message.body().unwrap_or_default().to_owned();
                found.insert(id.clone(), FoundMessage { id, partner, order_number, body });
            }
        }
        for receipt in receipts {
            self.sqs
                .change_message_visibility()
                .queue_url(queue_url)
                .receipt_handle(receipt)
                .visibility_timeout(0)
                .send()
                .await
                .map_err(|error| {
                    ObserveError::service("SQS", "ChangeMessageVisibility")(error.into())
                })?;
        }
        Ok(found.into_values().collect())
    }

    /// Gives a queue another visibility timeout.
    ///
    /// # Errors
    /// If SQS does not do it.
    pub async fn set_visibility(&self, queue_url: &str, seconds: u64) -> Result<(), ObserveError> {
        self.sqs
            .set_queue_attributes()
            .queue_url(queue_url)
            .attributes(Name::VisibilityTimeout, seconds.to_string())
            .send()
            .await
            .map_err(|error| ObserveError::service("SQS", "SetQueueAttributes")(error.into()))?;
        Ok(())
    }
}
