//! What a proof does to a queue: messages sent past the gateway, another visibility timeout.

use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName as Name};

use crate::{Cloud, ObserveError};

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
