//! The queues, and the mapping from the queue to the function.

use crate::path::{queue_arn, queue_name};
use crate::stack::{number_of, texts};
use crate::{Finding, Rule, Stack};

/// Lambda's default for a function (SAM resource reference).
const TIMEOUT_S_DEFAULT: f64 = 3.0;
/// SQS's default (CreateQueue API reference).
const VISIBILITY_S_DEFAULT: f64 = 30.0;
/// SQS's default (CreateQueue API reference): four days.
const RETENTION_S_DEFAULT: f64 = 345_600.0;
/// The longest that SQS keeps a message: fourteen days.
const RETENTION_S_MAX: f64 = 1_209_600.0;
/// AWS advises at least five (Lambda developer guide, "services-sqs-configure"): a throttled
/// receive counts as one.
const RECEIVES_MIN: f64 = 5.0;
/// Lambda developer guide, "services-sqs-scaling".
const CONCURRENCY: std::ops::RangeInclusive<f64> = 2.0..=1000.0;

pub(super) const CONCURRENCY_IN_RANGE: Rule = Rule {
    id: "R03",
    demands: "MaximumConcurrency is 2 to 1,000, whatever the parameter",
    or_else: "the deployment fails on the day on which the limit has to be raised",
    check: concurrency_in_range,
};

fn concurrency_in_range(stack: &Stack) -> Vec<Finding> {
    let path = stack.path();
    let (Some(function), Some(mapping)) = (path.processor, path.mapping) else { return Vec::new() };
    match number_of(&mapping["ScalingConfig"]["MaximumConcurrency"]) {
        Some(maximum) if !CONCURRENCY.contains(&maximum) => {
            vec![function.finding("MaximumConcurrency", format!("{maximum} is not 2 to 1000"))]
        }
        Some(_) | None => Vec::new(),
    }
}

/// (visibility timeout, function timeout, batching window), seconds.
fn times(stack: &Stack) -> Option<(f64, f64, f64)> {
    let path = stack.path();
    let (queue, function, mapping) = (path.queue?, path.processor?, path.mapping?);
    let visibility = queue.number("/VisibilityTimeout").unwrap_or(VISIBILITY_S_DEFAULT);
    let timeout = function.number("/Timeout").unwrap_or(TIMEOUT_S_DEFAULT);
    let window = number_of(&mapping["MaximumBatchingWindowInSeconds"]).unwrap_or(0.0);
    Some((visibility, timeout, window))
}

fn visibility(stack: &Stack, problem: Option<String>) -> Vec<Finding> {
    let queue = stack.path().queue;
    let finding = queue.zip(problem).map(|(queue, p)| queue.finding("VisibilityTimeout", p));
    finding.into_iter().collect()
}

pub(super) const VISIBLE_AFTER_THE_TIMEOUT: Rule = Rule {
    id: "R04",
    demands: "the visibility timeout is longer than the function's",
    or_else: "an order is handed out again while it is being settled",
    check: |stack| {
        let problem = times(stack).filter(|(visible, timeout, _)| visible <= timeout);
        visibility(
            stack,
            problem.map(|(v, t, _)| format!("{v} s, and the function may take {t} s")),
        )
    },
};

pub(super) const VISIBLE_AFTER_SIX_TIMEOUTS: Rule = Rule {
    id: "R05",
    demands: "the visibility timeout is six times the function's, and the batching window more",
    or_else: "throttled invocations use up an order's receives, and it becomes a dead letter",
    check: |stack| {
        let problem =
            times(stack).filter(|(visible, timeout, window)| *visible < 6.0 * timeout + window);
        let told = |(v, t, w): (f64, f64, f64)| format!("{v} s is less than 6 x {t} s + {w} s");
        visibility(stack, problem.map(told))
    },
};

pub(super) const DEAD_LETTERS: Rule = Rule {
    id: "R06",
    demands: "the queue has a dead-letter queue, in this stack",
    or_else: "an order that nobody can settle circles until it is too old, and is gone",
    check: |stack| {
        let path = stack.path();
        let bare = path.queue.filter(|_| path.dead_letters.is_none());
        let finding = bare.map(|queue| queue.finding("RedrivePolicy", "no dead-letter queue here"));
        finding.into_iter().collect()
    },
};

pub(super) const DEAD_LETTERS_OUTLIVE: Rule = Rule {
    id: "R07",
    demands: "dead letters are kept for fourteen days, longer than orders",
    or_else: "a dead letter keeps its time of sending: it is deleted soon after it got there, or before",
    check: dead_letters_outlive,
};

fn dead_letters_outlive(stack: &Stack) -> Vec<Finding> {
    let path = stack.path();
    let (Some(queue), Some(dead)) = (path.queue, path.dead_letters) else { return Vec::new() };
    let kept = dead.number("/MessageRetentionPeriod").unwrap_or(RETENTION_S_DEFAULT);
    let waits = queue.number("/MessageRetentionPeriod").unwrap_or(RETENTION_S_DEFAULT);
    if kept >= RETENTION_S_MAX && waits < kept {
        return Vec::new();
    }
    let problem = format!("{kept} s; must be {RETENTION_S_MAX}, and more than the queue's {waits}");
    vec![dead.finding("MessageRetentionPeriod", problem)]
}

/// A finding about the mapping, if there is one and it is wrong.
fn of_mapping(
    stack: &Stack,
    property: &str,
    problem: impl Fn(&serde_json::Value) -> Option<String>,
) -> Vec<Finding> {
    let path = stack.path();
    let (Some(function), Some(mapping)) = (path.processor, path.mapping) else { return Vec::new() };
    problem(mapping).map(|problem| function.finding(property, problem)).into_iter().collect()
}

pub(super) const PARTIAL_BATCH_RESPONSE: Rule = Rule {
    id: "R08",
    demands: "the mapping reads which records failed (ReportBatchItemFailures)",
    or_else: "the function names the orders that failed, nobody listens, and they are deleted",
    check: |stack| {
        of_mapping(stack, "FunctionResponseTypes", |mapping| {
            let types = texts(&mapping["FunctionResponseTypes"]);
            let there = types.iter().any(|kind| kind == "ReportBatchItemFailures");
            (!there).then(|| "no ReportBatchItemFailures".to_owned())
        })
    },
};

pub(super) const CONCURRENCY_CAPPED: Rule = Rule {
    id: "R09",
    demands: "the mapping has a MaximumConcurrency: the connections that the database can spare",
    or_else: "a burst opens a thousand connections to the database that bills everybody else too",
    check: |stack| {
        of_mapping(stack, "ScalingConfig", |mapping| {
            let maximum = number_of(&mapping["ScalingConfig"]["MaximumConcurrency"]);
            maximum.is_none().then(|| "no MaximumConcurrency".to_owned())
        })
    },
};

pub(super) const RECEIVED_OFTEN_ENOUGH: Rule = Rule {
    id: "R23",
    demands: "an order is tried at least five times",
    or_else: "one failover of the database makes dead letters of healthy orders",
    check: |stack| {
        let Some(queue) = stack.path().queue else { return Vec::new() };
        match queue.number("/RedrivePolicy/maxReceiveCount") {
            Some(count) if count < RECEIVES_MIN => {
                vec![queue.finding("maxReceiveCount", format!("{count} is less than 5"))]
            }
            Some(_) | None => Vec::new(),
        }
    },
};

pub(super) const NO_FILTER: Rule = Rule {
    id: "R26",
    demands: "the mapping has no filter",
    or_else: "an order that does not match is deleted, without a word",
    check: |stack| {
        of_mapping(stack, "FilterCriteria", |mapping| {
            let filters = !mapping["FilterCriteria"].is_null();
            filters.then(|| "SQS messages that do not match are deleted".to_owned())
        })
    },
};

pub(super) const NO_OTHER_CAP: Rule = Rule {
    id: "R27",
    demands: "nothing but the mapping caps the function: no reserved concurrency, no provisioned pollers",
    or_else: "the mapping takes more orders than may run; throttled, they count as received",
    check: |stack| {
        let reserved = stack
            .path()
            .processor
            .filter(|function| !function.get("/ReservedConcurrentExecutions").is_null());
        let reserved = reserved.map(|f| f.finding("ReservedConcurrentExecutions", "must not be"));
        let pollers = of_mapping(stack, "ProvisionedPollerConfig", |mapping| {
            let there = !mapping["ProvisionedPollerConfig"].is_null();
            there.then(|| "excludes MaximumConcurrency, and is billed while idle".to_owned())
        });
        reserved.into_iter().chain(pollers).collect()
    },
};

pub(super) const PLAIN_QUEUES: Rule = Rule {
    id: "R28",
    demands: "standard queues, encrypted by SQS itself, without delay",
    or_else: "a key that is not allowed, or throttled, refuses every order; FIFO forgets after five minutes",
    check: plain_queues,
};

fn plain_queues(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for queue in stack.of("AWS::SQS::Queue") {
        let wrong = [
            ("SqsManagedSseEnabled", queue.get("/SqsManagedSseEnabled") != true, "must be true"),
            ("KmsMasterKeyId", !queue.get("/KmsMasterKeyId").is_null(), "a key can be refused"),
            ("FifoQueue", queue.get("/FifoQueue") == true, "is no substitute for a permanent key"),
            ("DelaySeconds", queue.number("/DelaySeconds").unwrap_or(0.0) > 0.0, "must be 0"),
        ];
        let wrong = wrong.iter().filter(|(_, wrong, _)| *wrong);
        found.extend(wrong.map(|(property, _, problem)| queue.finding(property, *problem)));
    }
    found
}

pub(super) const ONLY_OUR_DEAD_LETTERS: Rule = Rule {
    id: "R31",
    demands: "only this queue may send to its dead letters",
    or_else: "another system's messages are redriven into ours",
    check: only_our_dead_letters,
};

fn only_our_dead_letters(stack: &Stack) -> Vec<Finding> {
    let path = stack.path();
    let (Some(queue), Some(dead)) = (path.queue, path.dead_letters) else { return Vec::new() };
    let by_queue = dead.text("/RedriveAllowPolicy/redrivePermission") == "byQueue";
    let sources = texts(dead.get("/RedriveAllowPolicy/sourceQueueArns"));
    if by_queue && sources == [queue_arn(queue)] {
        return Vec::new();
    }
    let problem = format!("must allow {} and no other", queue_name(queue));
    vec![dead.finding("RedriveAllowPolicy", problem)]
}
