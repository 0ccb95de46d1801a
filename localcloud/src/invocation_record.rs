//! What an event source can tell its owner of each invocation, as it ends: CloudWatch has only
//! sums and percentiles of it.

/// One batch of a queue, from its receive until what was processed of it is deleted. Instants are
/// microseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationRecord {
    /// When the poller began to wait for messages.
    pub polled_us: u64,
    /// When the batch was complete.
    pub received_us: u64,
    /// When what was processed was deleted.
    pub ended_us: u64,
    /// Lambda's `Duration`, µs.
    pub duration_us: u64,
    /// Lambda's `Init Duration`, µs; 0 in a warm environment.
    pub init_us: u64,
    /// How often Lambda refused it for want of concurrency.
    pub throttles: u32,
    /// Whether there was an invocation and it succeeded, be it in part.
    pub succeeded: bool,
    /// The messages of the batch.
    pub messages: Vec<MessageRecord>,
}

/// One message of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    /// A number that is the message's own: the first half of its id.
    pub message: u64,
    /// When the queue took it, finer than `SentTimestamp`.
    pub sent_us: u64,
    /// `ApproximateReceiveCount`.
    pub receive_count: u32,
    /// Whether the function processed it, so that it was deleted.
    pub processed: bool,
}
