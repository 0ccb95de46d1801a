//! What a system used, in the units in which AWS counts it. No prices here, and no time: a usage
//! says what happened, a [`crate::PriceSheet`] says what one of it costs.

use serde::{Deserialize, Serialize};

/// An object under this size is never monitored and never tiered by S3 Intelligent-Tiering.
/// Source: S3 API reference, `PutBucketIntelligentTieringConfiguration`.
pub const INTELLIGENT_TIERING_MINIMUM_BYTES: u64 = 128 * 1024;

/// Where a number came from. Every number that a report shows says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Read from a meter of this run.
    Measured,
    /// Computed from measured numbers, by a rule that is written beside it.
    Derived,
    /// From the simulator.
    Simulated,
    /// Somebody's assumption.
    Assumed,
}

/// The processor architecture of a Lambda function; each has its own rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Graviton.
    Arm64,
    /// Intel and AMD.
    X86_64,
}

/// A counted amount and where the count came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metered {
    /// How many, in the unit that the field's name says.
    pub amount: u64,
    /// Where the number came from.
    pub provenance: Provenance,
}

impl Metered {
    /// A number that a meter of this run said.
    pub const fn measured(amount: u64) -> Self {
        Self { amount, provenance: Provenance::Measured }
    }

    /// A number computed from measured ones.
    pub const fn derived(amount: u64) -> Self {
        Self { amount, provenance: Provenance::Derived }
    }

    /// A number that somebody assumed.
    pub const fn assumed(amount: u64) -> Self {
        Self { amount, provenance: Provenance::Assumed }
    }
}

/// API Gateway, REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiGatewayUsage {
    /// Calls received, refused ones too (CloudWatch `Count`).
    pub rest_requests: Metered,
}

/// SQS, standard queues. A request is one API call per started 64 KB of payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqsUsage {
    /// `SendMessage` requests, in 64 KB chunks.
    pub send_requests: Metered,
    /// `ReceiveMessage` requests that brought messages, in 64 KB chunks.
    pub receive_requests: Metered,
    /// `ReceiveMessage` requests that brought nothing: billed all the same.
    pub empty_receive_requests: Metered,
    /// `DeleteMessage` and `DeleteMessageBatch` requests.
    pub delete_requests: Metered,
}

/// Lambda, one function, on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LambdaUsage {
    /// The function's architecture.
    pub architecture: Architecture,
    /// The function's configured memory, MB.
    pub memory_mb: u32,
    /// Invocations: one per batch, not per order.
    pub invocations: Metered,
    /// Handler time, milliseconds, each invocation rounded up to 1 ms.
    pub billed_ms: Metered,
    /// Initialization time of cold starts, milliseconds; billed on an OS-only runtime.
    pub init_ms: Metered,
}

/// S3, storage class Intelligent-Tiering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Usage {
    /// `PutObject` requests, those answered 412 too.
    pub put_requests: Metered,
    /// Objects of less than [`INTELLIGENT_TIERING_MINIMUM_BYTES`].
    pub small_objects: Metered,
    /// Their bytes.
    pub small_bytes: Metered,
    /// Objects of at least [`INTELLIGENT_TIERING_MINIMUM_BYTES`].
    pub large_objects: Metered,
    /// Their bytes.
    pub large_bytes: Metered,
    /// For how many months the bill keeps them; an input of the bill, not of the run.
    pub months_kept: Metered,
}

/// CloudWatch Logs: the function's log and the gateway's access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogsUsage {
    /// Bytes ingested (CloudWatch `IncomingBytes`).
    pub ingested_bytes: Metered,
}

/// Everything that a run used and AWS bills for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// The orders that this usage carried: the divisor of every unit cost.
    pub orders: u64,
    /// API Gateway.
    pub api_gateway: ApiGatewayUsage,
    /// SQS.
    pub sqs: SqsUsage,
    /// Lambda.
    pub lambda: LambdaUsage,
    /// S3.
    pub s3: S3Usage,
    /// CloudWatch Logs.
    pub logs: LogsUsage,
}

impl Usage {
    /// The same usage for another number of orders, in proportion, half up. What is scaled is
    /// derived; a usage of no orders has no proportion and stays as it is.
    pub fn scaled_to(&self, orders: u64) -> Self {
        if self.orders == 0 {
            return *self;
        }
        let (of, to) = (u128::from(self.orders), u128::from(orders));
        let scaled = |metered: Metered| {
            let amount = (u128::from(metered.amount) * to * 2 + of) / (of * 2);
            Metered::derived(u64::try_from(amount).unwrap_or(u64::MAX))
        };
        let (sqs, lambda, s3) = (&self.sqs, &self.lambda, &self.s3);
        Self {
            orders,
            api_gateway: ApiGatewayUsage { rest_requests: scaled(self.api_gateway.rest_requests) },
            sqs: SqsUsage {
                send_requests: scaled(sqs.send_requests),
                receive_requests: scaled(sqs.receive_requests),
                empty_receive_requests: scaled(sqs.empty_receive_requests),
                delete_requests: scaled(sqs.delete_requests),
            },
            lambda: LambdaUsage {
                invocations: scaled(lambda.invocations),
                billed_ms: scaled(lambda.billed_ms),
                init_ms: scaled(lambda.init_ms),
                ..*lambda
            },
            s3: S3Usage {
                put_requests: scaled(s3.put_requests),
                small_objects: scaled(s3.small_objects),
                small_bytes: scaled(s3.small_bytes),
                large_objects: scaled(s3.large_objects),
                large_bytes: scaled(s3.large_bytes),
                months_kept: s3.months_kept,
            },
            logs: LogsUsage { ingested_bytes: scaled(self.logs.ingested_bytes) },
        }
    }
}
