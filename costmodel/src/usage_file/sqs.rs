//! SQS: a request for each started 64 KB of a call.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{KB, Month, UsageFileError, started, value};
use crate::bill::Used;

/// The kind of a queue.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum QueueType {
    Standard,
    Fifo,
}

/// `[[sqs]]`: one queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sqs {
    #[serde(rename = "type")]
    queue_type: QueueType,
    #[serde(default)]
    requests: Decimal,
    #[serde(default)]
    calls: Decimal,
    #[serde(default)]
    messages_per_call: Option<Decimal>,
    messages_per_receive: Option<Decimal>,
    #[serde(default)]
    message_bytes: Decimal,
    #[serde(default)]
    receive_calls: Decimal,
    #[serde(default)]
    delete_calls: Decimal,
    #[serde(default)]
    empty_receives: Decimal,
    #[serde(default)]
    other_calls: Decimal,
    #[serde(default)]
    fair_requests: Decimal,
}

impl Sqs {
    /// A send or receive is a request per started 64 KB of all its messages together.
    pub(super) fn used(&self, month: Month) -> Result<impl Iterator<Item = Used>, UsageFileError> {
        let (name, usage_type) = match self.queue_type {
            QueueType::Standard => ("standard queue requests", "Requests-Tier1"),
            QueueType::Fifo => ("FIFO queue requests", "Requests-FIFO-Tier1"),
        };
        let sent = self.messages_per_call.unwrap_or(Decimal::ONE);
        let sends = self.chunks("sqs.messages_per_call", sent)?;
        let received = self.messages_per_receive.unwrap_or(sent);
        let receives = self.chunks("sqs.messages_per_receive", received)?;
        let single = self.delete_calls + self.empty_receives + self.other_calls;
        let quantity = self.requests + self.calls * sends + self.receive_calls * receives + single;
        let formula = || {
            format!(
                "{} metered + {} sends x {sends} of 64 KB + {} receives x {receives} + {} deletes + {} \
                 empty receives + {} others",
                self.requests,
                self.calls,
                self.receive_calls,
                self.delete_calls,
                self.empty_receives,
                self.other_calls
            )
        };
        const OFFER: &str = "AWSQueueService";
        let lines = [
            month.line(("SQS", name), (OFFER, usage_type, ""), (quantity, "requests"), formula),
            month.line(
                ("SQS", "fair queue surcharge"),
                (OFFER, "Requests-FairQueue", ""),
                (self.fair_requests, "requests"),
                || format!("{} requests with a message group", self.fair_requests),
            ),
        ];
        Ok(lines.into_iter().flatten())
    }

    /// Started pieces of 64 KB of a call with so many messages.
    fn chunks(&self, key: &str, messages: Decimal) -> Result<Decimal, UsageFileError> {
        if messages < Decimal::ONE || messages > Decimal::TEN {
            return Err(value(key, "from 1 to 10"));
        }
        let bytes = messages * self.message_bytes;
        if bytes > KB * KB {
            return Err(value("sqs.message_bytes", "a call carries at most 1,048,576 bytes"));
        }
        Ok(started(bytes, 64))
    }
}
