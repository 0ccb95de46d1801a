//! From meters to usage: what AWS bills, as far as its metrics tell, and by a stated rule where
//! they do not.

use costmodel::{
    ApiGatewayUsage, Architecture, LambdaUsage, LogsUsage, Metered, S3Usage, SqsUsage, Usage,
};

use crate::{Inventory, Readings};

/// SQS counts one request per started 64 KB of payload.
const SQS_CHUNK_BYTES: f64 = 65_536.0;

/// What the meters do not know of the system.
#[derive(Debug, Clone, Copy)]
pub struct UsageContext {
    /// Orders that the usage carried.
    pub orders: u64,
    /// The function's architecture.
    pub architecture: Architecture,
    /// The function's memory, MB.
    pub memory_mb: u32,
    /// For how many months the bill keeps the documents.
    pub months_kept: u64,
}

/// The usage of a run.
///
/// Derived, not metered, since no AWS metric counts them:
/// - requests that received messages: one an invocation, the least that can have been;
/// - delete requests: one an invocation, as a batch of at most ten takes one `DeleteMessageBatch`;
/// - billed duration: the sum of `Duration` plus half a millisecond an invocation, the expectation
///   of rounding each up to 1 ms.
pub fn usage(readings: &Readings, inventory: &Inventory, context: UsageContext) -> Usage {
    let invocations = whole(readings.invocations);
    let billed_ms = readings.duration_ms.unwrap_or(0.0) + 0.5 * invocations as f64;
    let objects = inventory.small_objects + inventory.large_objects;
    Usage {
        orders: context.orders,
        api_gateway: ApiGatewayUsage {
            rest_requests: Metered::measured(whole(readings.api_requests)),
        },
        sqs: SqsUsage {
            send_requests: sends(readings),
            receive_requests: Metered::derived(invocations),
            empty_receive_requests: Metered::measured(whole(readings.empty_receives)),
            delete_requests: Metered::derived(invocations),
        },
        lambda: LambdaUsage {
            architecture: context.architecture,
            memory_mb: context.memory_mb,
            invocations: Metered::measured(invocations),
            billed_ms: Metered::derived(whole(Some(billed_ms))),
            init_ms: Metered::measured(whole(readings.init_ms)),
        },
        s3: S3Usage {
            put_requests: match readings.put_requests {
                Some(puts) => Metered::measured(whole(Some(puts))),
                // Without S3's paid request metrics: each object was put at least once.
                None => Metered::derived(objects),
            },
            small_objects: Metered::measured(inventory.small_objects),
            small_bytes: Metered::measured(inventory.small_bytes),
            large_objects: Metered::measured(inventory.large_objects),
            large_bytes: Metered::measured(inventory.large_bytes),
            months_kept: Metered::assumed(context.months_kept),
        },
        logs: LogsUsage { ingested_bytes: Metered::measured(logged(readings)) },
    }
}

/// What Lambda and the gateway wrote: vended logs both, which share their price's tiers.
fn logged(readings: &Readings) -> u64 {
    whole(readings.log_bytes) + whole(readings.access_log_bytes)
}

/// One request a message, or more where messages are over 64 KB on average.
fn sends(readings: &Readings) -> Metered {
    let messages = readings.messages_sent.unwrap_or(0.0);
    let chunks = (readings.sent_bytes.unwrap_or(0.0) / SQS_CHUNK_BYTES).ceil();
    if chunks > messages {
        Metered::derived(whole(Some(chunks)))
    } else {
        Metered::measured(whole(Some(messages)))
    }
}

/// A sum of counts, as CloudWatch gives it, as the count that it is.
fn whole(value: Option<f64>) -> u64 {
    value.unwrap_or(0.0).round().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use costmodel::Provenance;
    use orders::RunTag;
    use runlog::Tally;

    use super::*;

    const CONTEXT: UsageContext = UsageContext {
        orders: 9,
        architecture: Architecture::Arm64,
        memory_mb: 384,
        months_kept: 2,
    };

    fn inventory() -> Inventory {
        let tally = || Tally::new(RunTag::from_seed_text("usage"), 9);
        Inventory {
            nfe: tally(),
            confirmations: tally(),
            statuses: tally(),
            small_objects: 17,
            small_bytes: 4_321,
            large_objects: 1,
            large_bytes: 140_000,
            other_class: 0,
            sample_keys: Vec::new(),
        }
    }

    fn readings() -> Readings {
        Readings {
            api_requests: Some(10.0),
            messages_sent: Some(9.0),
            sent_bytes: Some(9.0 * 700.0),
            empty_receives: Some(3.0),
            invocations: Some(4.0),
            duration_ms: Some(61.2),
            errors: Some(0.0),
            put_requests: Some(21.0),
            log_bytes: Some(2_048.0),
            access_log_bytes: Some(3_907.0),
            init_ms: Some(12.4),
            redelivered: Some(1.0),
        }
    }

    #[test]
    fn each_meter_goes_to_its_own_line_and_what_is_derived_says_so() {
        let usage = usage(&readings(), &inventory(), CONTEXT);
        assert_eq!(usage.api_gateway.rest_requests, Metered::measured(10));
        assert_eq!(usage.sqs.send_requests, Metered::measured(9));
        assert_eq!(usage.sqs.receive_requests, Metered::derived(4));
        assert_eq!(usage.sqs.empty_receive_requests, Metered::measured(3));
        assert_eq!(usage.sqs.delete_requests, Metered::derived(4));
        assert_eq!(usage.lambda.invocations, Metered::measured(4));
        // 61.2 + 4 x 0.5 = 63.2.
        assert_eq!(usage.lambda.billed_ms, Metered::derived(63));
        assert_eq!(usage.lambda.init_ms, Metered::measured(12));
        assert_eq!(usage.s3.put_requests, Metered::measured(21));
        assert_eq!((usage.s3.small_objects.amount, usage.s3.large_objects.amount), (17, 1));
        assert_eq!((usage.s3.small_bytes.amount, usage.s3.large_bytes.amount), (4_321, 140_000));
        assert_eq!(usage.s3.months_kept.provenance, Provenance::Assumed);
        // 2,048 of the function and 3,907 of the gateway's access log.
        assert_eq!(usage.logs.ingested_bytes, Metered::measured(5_955));
        assert_eq!((usage.orders, usage.lambda.memory_mb), (9, 384));
    }

    #[test]
    fn a_gateway_that_keeps_no_access_log_adds_nothing() {
        let readings = Readings { access_log_bytes: None, ..readings() };
        let logs = usage(&readings, &inventory(), CONTEXT).logs;
        assert_eq!(logs.ingested_bytes, Metered::measured(2_048));
    }

    #[test]
    fn without_request_metrics_each_object_was_put_once() {
        let readings = Readings { put_requests: None, ..readings() };
        assert_eq!(usage(&readings, &inventory(), CONTEXT).s3.put_requests, Metered::derived(18));
    }

    #[test]
    fn messages_over_64_kb_are_several_requests() {
        for (bytes, requests) in [(9.0 * 65_536.0, 9), (9.0 * 65_536.0 + 1.0, 10)] {
            let readings = Readings { sent_bytes: Some(bytes), ..readings() };
            let sent = usage(&readings, &inventory(), CONTEXT).sqs.send_requests;
            assert_eq!(sent.amount, requests, "{bytes}");
        }
    }
}
