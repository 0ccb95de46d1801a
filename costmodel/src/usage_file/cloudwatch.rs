//! CloudWatch: a table of amounts, each with its own price.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::Month;
use crate::bill::Used;

/// `[cloudwatch]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CloudWatch {
    lambda_logs_gb: Decimal,
    lambda_logs_infrequent_access_gb: Decimal,
    lambda_logs_to_s3_gb: Decimal,
    logs_gb: Decimal,
    logs_infrequent_access_gb: Decimal,
    logs_stored_gb_months: Decimal,
    logs_scanned_gb: Decimal,
    metrics: Decimal,
    metrics_requested: Decimal,
    metric_stream_updates: Decimal,
    api_requests: Decimal,
    alarms: Decimal,
    high_resolution_alarms: Decimal,
    composite_alarms: Decimal,
    dashboards: Decimal,
}

impl CloudWatch {
    pub(super) fn used(&self, month: Month) -> impl Iterator<Item = Used> {
        [
            ("Lambda logs ingested", "VendedLog-Bytes", self.lambda_logs_gb, "GB"),
            (
                "Lambda logs ingested, Infrequent Access",
                "VendedLogIA-Bytes",
                self.lambda_logs_infrequent_access_gb,
                "GB",
            ),
            ("Lambda logs to S3", "S3-Egress-Bytes", self.lambda_logs_to_s3_gb, "GB"),
            ("logs ingested", "DataProcessing-Bytes", self.logs_gb, "GB"),
            (
                "logs ingested, Infrequent Access",
                "DataProcessingIA-Bytes",
                self.logs_infrequent_access_gb,
                "GB",
            ),
            ("logs stored", "TimedStorage-ByteHrs", self.logs_stored_gb_months, "GB-months"),
            ("Logs Insights", "DataScanned-Bytes", self.logs_scanned_gb, "GB"),
            ("custom metrics", "CW:MetricMonitorUsage", self.metrics, "metric-months"),
            ("GetMetricData", "CW:GMD-Metrics", self.metrics_requested, "metrics requested"),
            ("metric streams", "CW:MetricStreamUsage", self.metric_stream_updates, "updates"),
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
        .into_iter()
        .filter_map(move |(item, usage, quantity, unit)| {
            let key = ("AmazonCloudWatch", usage, "");
            month.line(("CloudWatch", item), key, (quantity, unit), || format!("{quantity} {unit}"))
        })
    }
}
