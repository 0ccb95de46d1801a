//! Lambda, SQS, API Gateway and CloudWatch, each with AWS's own rounding.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Month, UsageFileError, value};
use crate::Architecture;
use crate::bill::Used;

const ONE_KB: Decimal = Decimal::from_parts(1024, 0, 0, false, 0);

/// `[[lambda]]`: one function.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Lambda {
    architecture: Architecture,
    memory_mb: Decimal,
    requests: Decimal,
    duration_ms: Decimal,
    gb_seconds: Decimal,
    init_count: Decimal,
    init_ms: Decimal,
    ephemeral_mb: Decimal,
    provisioned_concurrency: Decimal,
    provisioned_hours: Decimal,
    provisioned_requests: Decimal,
    provisioned_duration_ms: Decimal,
    sqs_poller_hours: Decimal,
    kafka_poller_hours: Decimal,
    streamed_gb: Decimal,
    tenant_environments: Decimal,
}

impl Default for Lambda {
    fn default() -> Self {
        let zero = Decimal::ZERO;
        Self {
            architecture: Architecture::X86_64,
            memory_mb: Decimal::from(128),
            requests: zero,
            duration_ms: zero,
            gb_seconds: zero,
            init_count: zero,
            init_ms: zero,
            ephemeral_mb: Decimal::from(512),
            provisioned_concurrency: zero,
            provisioned_hours: zero,
            provisioned_requests: zero,
            provisioned_duration_ms: zero,
            sqs_poller_hours: zero,
            kafka_poller_hours: zero,
            streamed_gb: zero,
            tenant_environments: zero,
        }
    }
}

impl Lambda {
    pub(super) fn used(&self, month: Month) -> Result<Vec<Used>, UsageFileError> {
        if self.ephemeral_mb < Decimal::from(512) {
            return Err(value("lambda.ephemeral_mb", "at least 512, which are free"));
        }
        let (suffix, name) = match self.architecture {
            Architecture::Arm64 => ("-ARM", "arm64"),
            Architecture::X86_64 => ("", "x86"),
        };
        let thousand = Decimal::from(1_000);
        let gb = self.memory_mb / ONE_KB;
        let handler_s = self.requests * self.duration_ms.ceil() / thousand;
        let init_s = self.init_count * self.init_ms.ceil() / thousand;
        let provisioned_s =
            self.provisioned_requests * self.provisioned_duration_ms.ceil() / thousand;
        let all_s = handler_s + init_s + provisioned_s;
        // From enabling to disabling, rounded up to the next 5 minutes.
        let kept_s = (self.provisioned_hours * Decimal::from(12)).ceil() * Decimal::from(300);
        let disk_gb = (self.ephemeral_mb - Decimal::from(512)) / ONE_KB;
        let line = |item: &str, usage: &str, suffix: &str, quantity, unit, formula| {
            let key = format!("{usage}{suffix}");
            let item = format!("{item}, {name}");
            month.line(("Lambda", &item), ("AWSLambda", &key, ""), (quantity, unit), formula)
        };
        let (mb, ms) = (self.memory_mb, self.duration_ms.ceil());
        Ok(vec![
            line(
                "requests",
                "Request",
                suffix,
                self.requests + self.provisioned_requests,
                "requests",
                format!("{} + {} provisioned", self.requests, self.provisioned_requests),
            ),
            line(
                "duration",
                "Lambda-GB-Second",
                suffix,
                (handler_s + init_s) * gb + self.gb_seconds,
                "GB-seconds",
                format!(
                    "({} x {ms} ms + {} inits x {} ms) x {mb} MB / 1,024,000 + {} GB-s",
                    self.requests,
                    self.init_count,
                    self.init_ms.ceil(),
                    self.gb_seconds
                ),
            ),
            line(
                "ephemeral storage",
                "Lambda-Storage-GB-Second",
                suffix,
                all_s * disk_gb,
                "GB-seconds",
                format!("{all_s} s x ({} - 512) MB / 1,024", self.ephemeral_mb),
            ),
            line(
                "provisioned concurrency",
                "Lambda-Provisioned-Concurrency",
                suffix,
                self.provisioned_concurrency * kept_s * gb,
                "GB-seconds",
                format!("{} x {kept_s} s x {mb} MB / 1,024", self.provisioned_concurrency),
            ),
            line(
                "duration on provisioned concurrency",
                "Lambda-Provisioned-GB-Second",
                suffix,
                provisioned_s * gb,
                "GB-seconds",
                format!("{provisioned_s} s x {mb} MB / 1,024"),
            ),
            line(
                "SQS pollers, provisioned mode",
                "Lambda-SQS-Event-Poller-Unit-Hour",
                "",
                self.sqs_poller_hours,
                "poller-hours",
                format!("{} poller-hours", self.sqs_poller_hours),
            ),
            line(
                "Kafka pollers, provisioned mode",
                "Lambda-Event-Poller-Unit-Hour",
                "",
                self.kafka_poller_hours,
                "poller-hours",
                format!("{} poller-hours", self.kafka_poller_hours),
            ),
            line(
                "response streaming",
                "Lambda-Streaming-Response-Processed-Bytes",
                "",
                self.streamed_gb,
                "GB",
                format!("{} GB beyond 6 MB a response", self.streamed_gb),
            ),
            line(
                "tenant isolation",
                "Lambda-Tenant-Isolated-Environment-Memory-GB",
                suffix,
                self.tenant_environments * gb,
                "GB",
                format!("{} environments x {mb} MB / 1,024", self.tenant_environments),
            ),
        ])
    }
}

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
    #[serde(default)]
    message_bytes: Decimal,
    #[serde(default)]
    receive_calls: Decimal,
    #[serde(default)]
    delete_calls: Decimal,
    #[serde(default)]
    empty_receives: Decimal,
}

impl Sqs {
    /// A send or receive is a request per started 64 KB of all its messages together.
    pub(super) fn used(&self, month: Month) -> Result<Vec<Used>, UsageFileError> {
        let (name, usage_type) = match self.queue_type {
            QueueType::Standard => ("standard queue requests", "Requests-Tier1"),
            QueueType::Fifo => ("FIFO queue requests", "Requests-FIFO-Tier1"),
        };
        let messages = self.messages_per_call.unwrap_or(Decimal::ONE);
        if messages < Decimal::ONE || messages > Decimal::TEN {
            return Err(value("sqs.messages_per_call", "from 1 to 10"));
        }
        let bytes = messages * self.message_bytes;
        if bytes > Decimal::from(1 << 20) {
            return Err(value("sqs.message_bytes", "a call carries at most 1,048,576 bytes"));
        }
        let chunks = (bytes / Decimal::from(64 * 1024)).ceil().max(Decimal::ONE);
        let quantity = self.requests
            + (self.calls + self.receive_calls) * chunks
            + self.delete_calls
            + self.empty_receives;
        let formula = format!(
            "{} metered + ({} + {}) calls x {chunks} of 64 KB + {} deletes + {} empty receives",
            self.requests, self.calls, self.receive_calls, self.delete_calls, self.empty_receives
        );
        let key = ("AWSQueueService", usage_type, "");
        Ok(vec![month.line(("SQS", name), key, (quantity, "requests"), formula)])
    }
}

/// `[[api_gateway]]`: one API.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ApiGateway {
    rest_requests: Decimal,
    http_requests: Decimal,
    http_request_bytes: Decimal,
    cache_gb: String,
    cache_hours: Decimal,
}

impl ApiGateway {
    /// An HTTP API's call is metered in steps of 512 KB, a REST API's is one whatever its size.
    pub(super) fn used(&self, month: Month) -> Result<Vec<Used>, UsageFileError> {
        const SIZES: [&str; 8] = ["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"];
        let has_cache = !self.cache_hours.is_zero();
        if has_cache && !SIZES.contains(&self.cache_gb.as_str()) {
            let cause = format!("one of {SIZES:?}, as a text");
            return Err(value("api_gateway.cache_gb", &cause));
        }
        let steps = (self.http_request_bytes / Decimal::from(512 * 1024)).ceil().max(Decimal::ONE);
        let key = |usage| ("AmazonApiGateway", usage, "");
        let cache = format!("ApiGatewayCacheUsage:{}GB", self.cache_gb);
        Ok(vec![
            month.line(
                ("API Gateway", "REST API requests"),
                key("ApiGatewayRequest"),
                (self.rest_requests, "requests"),
                format!("{} calls", self.rest_requests),
            ),
            month.line(
                ("API Gateway", "HTTP API requests"),
                key("ApiGatewayHttpRequest"),
                (self.http_requests * steps, "requests"),
                format!("{} calls x {steps} of 512 KB", self.http_requests),
            ),
            month.line(
                ("API Gateway", &format!("cache of {} GB", self.cache_gb)),
                key(&cache),
                (self.cache_hours, "hours"),
                format!("{} hours", self.cache_hours),
            ),
        ])
    }
}

/// `[cloudwatch]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CloudWatch {
    lambda_logs_gb: Decimal,
    lambda_logs_infrequent_access_gb: Decimal,
    logs_gb: Decimal,
    logs_infrequent_access_gb: Decimal,
    lambda_logs_to_s3_gb: Decimal,
    logs_stored_gb_months: Decimal,
    logs_scanned_gb: Decimal,
    metrics: Decimal,
    metrics_requested: Decimal,
    api_requests: Decimal,
    alarms: Decimal,
    high_resolution_alarms: Decimal,
    composite_alarms: Decimal,
    dashboards: Decimal,
}

impl CloudWatch {
    pub(super) fn used(&self, month: Month) -> Vec<Used> {
        [
            ("Lambda logs ingested", "VendedLog-Bytes", self.lambda_logs_gb, "GB"),
            (
                "Lambda logs ingested, Infrequent Access",
                "VendedLogIA-Bytes",
                self.lambda_logs_infrequent_access_gb,
                "GB",
            ),
            ("logs ingested", "DataProcessing-Bytes", self.logs_gb, "GB"),
            (
                "logs ingested, Infrequent Access",
                "DataProcessingIA-Bytes",
                self.logs_infrequent_access_gb,
                "GB",
            ),
            ("Lambda logs to S3", "S3-Egress-Bytes", self.lambda_logs_to_s3_gb, "GB"),
            ("logs stored", "TimedStorage-ByteHrs", self.logs_stored_gb_months, "GB-months"),
            ("Logs Insights", "DataScanned-Bytes", self.logs_scanned_gb, "GB"),
            ("custom metrics", "CW:MetricMonitorUsage", self.metrics, "metric-months"),
            ("GetMetricData", "CW:GMD-Metrics", self.metrics_requested, "metrics requested"),
            ("API requests", "CW:Requests", self.api_requests, "requests"),
            ("alarms", "CW:AlarmMonitorUsage", self.alarms, "alarm-months"),
            (
                "alarms, high resolution",
                "CW:HighResAlarmMonitorUsage",
                self.high_resolution_alarms,
                "alarm-months",
            ),
            (
                "alarms, composite",
                "CW:CompositeAlarmMonitorUsage",
                self.composite_alarms,
                "alarm-months",
            ),
            ("dashboards", "CW:DashboardsUsageHour", self.dashboards, "dashboard-months"),
        ]
        .map(|(item, usage, quantity, unit)| {
            let key = ("AmazonCloudWatch", usage, "");
            let formula = format!("{quantity} {unit}");
            month.line(("CloudWatch", item), key, (quantity, unit), formula)
        })
        .into()
    }
}
