//! Alarms and logs.

use serde_json::Value;

use crate::path::queue_name;
use crate::resolve::text_of;
use crate::stack::{list, texts};
use crate::{Finding, Resource, Rule, Stack};

/// A metric that an alarm looks at.
struct Watched {
    namespace: String,
    metric: String,
    /// (name, value)
    dimensions: Vec<(String, String)>,
}

impl Watched {
    fn of(metric: &Value) -> Self {
        let dimensions = list(&metric["Dimensions"]).into_iter();
        Self {
            namespace: text_of(&metric["Namespace"]),
            metric: text_of(&metric["MetricName"]),
            dimensions: dimensions.map(|d| (text_of(&d["Name"]), text_of(&d["Value"]))).collect(),
        }
    }

    fn is(&self, namespace: &str, metric: &str) -> bool {
        self.namespace == namespace && self.metric == metric
    }

    fn dimension(&self, name: &str) -> &str {
        let found = self.dimensions.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// What an alarm looks at: its metric, or those of its expression.
fn watched(alarm: &Resource) -> Vec<Watched> {
    let own = (!alarm.get("/MetricName").is_null()).then(|| Watched::of(&alarm.properties));
    let metrics = list(alarm.get("/Metrics")).into_iter();
    let metrics = metrics.map(|metric| &metric["MetricStat"]["Metric"]).filter(|m| m.is_object());
    own.into_iter().chain(metrics.map(Watched::of)).collect()
}

/// Whether an alarm goes off above this threshold at most, or at it.
fn goes_off_above(alarm: &Resource, threshold: f64) -> bool {
    let limit = alarm.number("/Threshold");
    let above = alarm.text("/ComparisonOperator");
    match above.as_str() {
        "GreaterThanThreshold" => limit.is_some_and(|limit| limit <= threshold),
        "GreaterThanOrEqualToThreshold" => limit.is_some_and(|limit| limit <= threshold + 1.0),
        _ => false,
    }
}

pub(super) const DEAD_LETTERS_ALARM: Rule = Rule {
    id: "R14",
    demands: "the first dead letter is an alarm within five minutes",
    or_else: "an order waits where nobody looks, until it is too old and gone",
    check: |stack| {
        let Some(dead) = stack.path().dead_letters else { return Vec::new() };
        let told = stack.of("AWS::CloudWatch::Alarm").any(|alarm| {
            let seen = watched(alarm).iter().any(|metric| {
                metric.is("AWS/SQS", "ApproximateNumberOfMessagesVisible")
                    && metric.dimension("QueueName") == queue_name(dead)
            });
            let period = alarm.number("/Period").unwrap_or(0.0);
            let soon = period * alarm.number("/EvaluationPeriods").unwrap_or(1.0) <= 300.0;
            seen && soon && goes_off_above(alarm, 0.0) && alarm.text("/Statistic") == "Maximum"
        });
        if told { Vec::new() } else { vec![dead.finding("alarm", "none for the first message")] }
    },
};

pub(super) const AGE_ALARM: Rule = Rule {
    id: "R40",
    demands: "an order that waits too long is an alarm long before it is too old",
    or_else: "the function stands still, and orders are deleted when their four days are over",
    check: |stack| {
        let Some(queue) = stack.path().queue else { return Vec::new() };
        // A quarter of the time in which somebody can still do something.
        let most = queue.number("/MessageRetentionPeriod").unwrap_or(345_600.0) / 4.0;
        let told = stack.of("AWS::CloudWatch::Alarm").any(|alarm| {
            let seen = watched(alarm).iter().any(|metric| {
                metric.is("AWS/SQS", "ApproximateAgeOfOldestMessage")
                    && metric.dimension("QueueName") == queue_name(queue)
            });
            seen && goes_off_above(alarm, most)
        });
        if told { Vec::new() } else { vec![queue.finding("alarm", "none for the oldest order")] }
    },
};

pub(super) const ROLLBACK_SEES_FAILED_ORDERS: Rule = Rule {
    id: "R41",
    demands: "a rollback is started by failed orders and by dead letters, not by errors of the function alone",
    or_else: "a version that fails every order, and says so record by record, has no error: it is kept",
    check: rollback_sees_failed_orders,
};

fn rollback_sees_failed_orders(stack: &Stack) -> Vec<Finding> {
    let path = stack.path();
    let Some(function) = path.processor else { return Vec::new() };
    let alarms = texts(function.get("/DeploymentPreference/Alarms"));
    let seen: Vec<Watched> =
        alarms.iter().filter_map(|id| stack.resources.get(id)).flat_map(watched).collect();
    let dead = path.dead_letters.map(queue_name).unwrap_or_default();
    let wanted = [
        (seen.iter().any(|m| m.is("Vazao", "OrdersFailed")), "OrdersFailed"),
        (seen.iter().any(|m| m.is("AWS/Lambda", "Errors")), "Errors of the function"),
        (seen.iter().any(|m| m.dimension("QueueName") == dead), "the dead-letter queue"),
    ];
    let missing = wanted.iter().filter(|(there, _)| !there);
    let told = |(_, what): &(bool, &str)| {
        function.finding("DeploymentPreference/Alarms", format!("none looks at {what}"))
    };
    missing.map(told).collect()
}

pub(super) const ALARMS_TELL_SOMEBODY: Rule = Rule {
    id: "R42",
    demands: "every alarm tells the topic, and says what no data means",
    or_else: "it goes off, and nobody hears it; or it is silent because the system is",
    check: |stack| {
        let mut found = Vec::new();
        for alarm in stack.of("AWS::CloudWatch::Alarm") {
            let told = texts(alarm.get("/AlarmActions"));
            if told.is_empty() || alarm.get("/ActionsEnabled") == false {
                found.push(alarm.finding("AlarmActions", "nobody is told"));
            }
            if !alarm.text("/TreatMissingData").ends_with("reaching") {
                found.push(alarm.finding("TreatMissingData", "must be breaching or notBreaching"));
            }
        }
        found
    },
};

pub(super) const ALARMS_WATCH_WHAT_IS_THERE: Rule = Rule {
    id: "R43",
    demands: "every alarm looks at a metric that exists, of something in this stack",
    or_else: "an alarm that looks at nothing is never anything but fine",
    check: alarms_watch_what_is_there,
};

/// Metrics that AWS and the function publish: namespace, metrics, and the dimension that says whose.
const METRICS: &[(&str, &str, &[&str])] = &[
    (
        "AWS/SQS",
        "QueueName",
        &[
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesVisible",
            "NumberOfMessagesDeleted",
            "NumberOfMessagesReceived",
            "NumberOfMessagesSent",
        ],
    ),
    (
        "AWS/Lambda",
        "FunctionName",
        &["ConcurrentExecutions", "Duration", "Errors", "Invocations", "Throttles"],
    ),
    (
        "AWS/ApiGateway",
        "ApiName",
        &["4XXError", "5XXError", "Count", "IntegrationLatency", "Latency"],
    ),
    ("AWS/RDS", "ProxyName", &["DatabaseConnectionsCurrentlySessionPinned", "DatabaseConnections"]),
    (
        "Vazao",
        "service",
        &[
            "OrdersConflicting",
            "OrdersDocumented",
            "OrdersFailed",
            "OrdersRedelivered",
            "OrdersRefused",
            "StoreRetries",
        ],
    ),
];

fn alarms_watch_what_is_there(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for alarm in stack.of("AWS::CloudWatch::Alarm") {
        for metric in watched(alarm) {
            let known = METRICS.iter().find(|(namespace, _, _)| *namespace == metric.namespace);
            let whose = known.filter(|(_, _, metrics)| metrics.contains(&metric.metric.as_str()));
            let Some((_, dimension, _)) = whose else {
                let problem = format!("no metric {} {}", metric.namespace, metric.metric);
                found.push(alarm.finding("MetricName", problem));
                continue;
            };
            let value = metric.dimension(dimension);
            if !names_of(stack, &metric.namespace).iter().any(|name| name == value) {
                found.push(alarm.finding(dimension, format!("{value:?} is not in this stack")));
            }
        }
    }
    found
}

/// What in the stack may have metrics of a namespace.
fn names_of(stack: &Stack, namespace: &str) -> Vec<String> {
    let named = |kind, property| stack.of(kind).map(|r| r.text(property)).collect();
    match namespace {
        "AWS/SQS" => named("AWS::SQS::Queue", "/QueueName"),
        "AWS/Lambda" => named("AWS::Serverless::Function", "/FunctionName"),
        "AWS/ApiGateway" => named("AWS::Serverless::Api", "/Name"),
        "AWS/RDS" => named("AWS::RDS::DBProxy", "/DBProxyName"),
        _ => vec!["processor".to_owned()],
    }
}

pub(super) const SCHEDULE_ALARMS: Rule = Rule {
    id: "R45",
    demands: "a sweep or a reconciliation that fails is an alarm, and so is one that does not come",
    or_else: "what is owed stays owed, quietly",
    check: |stack| {
        let path = stack.path();
        let scheduled = [path.sweeper, path.reconciler].into_iter().flatten();
        scheduled.flat_map(|function| unheard(stack, function)).collect()
    },
};

/// What nobody hears of a function that a schedule starts.
fn unheard(stack: &Stack, function: &Resource) -> Vec<Finding> {
    let name = function.text("/FunctionName");
    let alarm = |metric: &str, missing: &str| {
        stack.of("AWS::CloudWatch::Alarm").any(|alarm| {
            let seen = watched(alarm).iter().any(|watched| {
                watched.is("AWS/Lambda", metric) && watched.dimension("FunctionName") == name
            });
            seen && alarm.text("/TreatMissingData") == missing
        })
    };
    let mut found = Vec::new();
    if !alarm("Errors", "notBreaching") {
        found.push(function.finding("alarm", "none for its errors"));
    }
    if !alarm("Invocations", "breaching") {
        found.push(function.finding("alarm", "none for its silence"));
    }
    found
}

pub(super) const LOGS_END: Rule = Rule {
    id: "R15",
    demands: "every log is a group of this stack that forgets after a time",
    or_else: "logs are kept, and billed, for ever; and so is what should not have been in them",
    check: logs_end,
};

fn logs_end(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for function in stack.of("AWS::Serverless::Function") {
        let group = function.text("/LoggingConfig/LogGroup");
        let mut groups = stack.of("AWS::Logs::LogGroup");
        if !groups.any(|known| known.text("/LogGroupName") == group) {
            found.push(function.finding("LoggingConfig", "no log group of this stack"));
        }
    }
    for group in stack.of("AWS::Logs::LogGroup") {
        if group.number("/RetentionInDays").is_none() {
            found.push(group.finding("RetentionInDays", "never forgets"));
        }
    }
    found
}

pub(super) const NO_ORDERS_IN_LOGS: Rule = Rule {
    id: "R46",
    demands: "API Gateway traces no data and writes no execution log",
    or_else: "orders, with who buys what, stand in a log that many may read",
    check: |stack| {
        let mut found = Vec::new();
        for api in stack.of("AWS::Serverless::Api") {
            for setting in list(api.get("/MethodSettings")) {
                if setting["DataTraceEnabled"] != false {
                    found.push(api.finding("DataTraceEnabled", "must be false"));
                }
                if setting["LoggingLevel"] != "OFF" {
                    found.push(api.finding("LoggingLevel", "must be OFF"));
                }
            }
        }
        found
    },
};

pub(super) const ACCESS_LOG: Rule = Rule {
    id: "R47",
    demands: "each request leaves one JSON line: which, when, who, what was answered; never the body",
    or_else: "when a partner says that it was told 202, nobody can tell",
    check: access_log,
};

const LOGGED: [&str; 5] = [
    "$context.requestId",
    "$context.requestTimeEpoch",
    "$context.path",
    "$context.status",
    "$context.integration.status",
];

fn access_log(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for api in stack.of("AWS::Serverless::Api") {
        let format = api.text("/AccessLogSetting/Format");
        let parsed: Option<Value> = serde_json::from_str(&format).ok();
        if api.text("/AccessLogSetting/DestinationArn").is_empty() || parsed.is_none() {
            found.push(api.finding("AccessLogSetting", "no log of JSON lines"));
        }
        for wanted in LOGGED.iter().filter(|wanted| !format.contains(**wanted)) {
            found.push(api.finding("AccessLogSetting", format!("does not say {wanted}")));
        }
        // Both quote what was sent.
        for told in ["$context.error.validationErrorString", "$context.error.message", "$input"] {
            if format.contains(told) {
                found.push(api.finding("AccessLogSetting", format!("{told} quotes the order")));
            }
        }
    }
    found
}
