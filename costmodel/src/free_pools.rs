//! What a month's free tier covers: pools, several usages sharing one.

use rust_decimal::Decimal;
use serde::Deserialize;

/// What is left of each free pool; a pool that is left out is whole. How much that is, the price
/// list says; the two of API Gateway are for accounts made before 2025-07-15, for twelve months, so
/// they are empty unless stated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreePools {
    /// Lambda requests, both architectures, all regions.
    pub lambda_requests: Option<Decimal>,
    /// Lambda GB-seconds on demand.
    pub lambda_gb_seconds: Option<Decimal>,
    /// GB streamed by Lambda beyond 6 MB a response.
    pub lambda_streamed_gb: Option<Decimal>,
    /// SQS requests, standard and FIFO together.
    pub sqs_requests: Option<Decimal>,
    /// Calls of REST APIs.
    pub rest_requests: Option<Decimal>,
    /// Calls of HTTP APIs.
    pub http_requests: Option<Decimal>,
    /// GB of logs ingested, Lambda's and others' together.
    pub logs_ingested_gb: Option<Decimal>,
    /// GB-months of logs stored.
    pub logs_stored_gb: Option<Decimal>,
    /// Custom metrics.
    pub metrics: Option<Decimal>,
    /// Alarms of standard resolution.
    pub alarms: Option<Decimal>,
    /// Dashboards.
    pub dashboards: Option<Decimal>,
    /// CloudWatch API requests; never `GetMetricData`.
    pub cloudwatch_api_requests: Option<Decimal>,
    /// GB to the internet.
    pub data_transfer_out_gb: Option<Decimal>,
    /// GB between zones, both sides counted.
    pub data_transfer_between_zones_gb: Option<Decimal>,
    /// KMS requests.
    pub kms_requests: Option<Decimal>,
}

impl FreePools {
    /// The pool that covers a usage, and what is said to be left of it.
    pub(crate) fn of(
        &self,
        offer: &str,
        usage_type: &str,
    ) -> Option<(&'static str, Option<Decimal>)> {
        Some(match (offer, usage_type) {
            ("AWSLambda", "Request" | "Request-ARM") => ("lambda_requests", self.lambda_requests),
            ("AWSLambda", "Lambda-GB-Second" | "Lambda-GB-Second-ARM") => {
                ("lambda_gb_seconds", self.lambda_gb_seconds)
            }
            ("AWSLambda", "Lambda-Streaming-Response-Processed-Bytes") => {
                ("lambda_streamed_gb", self.lambda_streamed_gb)
            }
            ("AWSQueueService", "Requests-Tier1" | "Requests-FIFO-Tier1") => {
                ("sqs_requests", self.sqs_requests)
            }
            ("AmazonApiGateway", "ApiGatewayRequest") => ("rest_requests", self.rest_requests),
            ("AmazonApiGateway", "ApiGatewayHttpRequest") => ("http_requests", self.http_requests),
            ("AmazonCloudWatch", "VendedLog-Bytes" | "DataProcessing-Bytes") => {
                ("logs_ingested_gb", self.logs_ingested_gb)
            }
            ("AmazonCloudWatch", "TimedStorage-ByteHrs") => ("logs_stored_gb", self.logs_stored_gb),
            ("AmazonCloudWatch", "CW:MetricMonitorUsage") => ("metrics", self.metrics),
            ("AmazonCloudWatch", "CW:AlarmMonitorUsage") => ("alarms", self.alarms),
            ("AmazonCloudWatch", "CW:DashboardsUsageHour") => ("dashboards", self.dashboards),
            ("AmazonCloudWatch", "CW:Requests") => {
                ("cloudwatch_api_requests", self.cloudwatch_api_requests)
            }
            ("AWSDataTransfer", "DataTransfer-Out-Bytes") => {
                ("data_transfer_out_gb", self.data_transfer_out_gb)
            }
            ("AWSDataTransfer", "DataTransfer-Regional-Bytes") => {
                ("data_transfer_between_zones_gb", self.data_transfer_between_zones_gb)
            }
            ("awskms", "KMS-Requests") => ("kms_requests", self.kms_requests),
            (_, _) => return None,
        })
    }
}
