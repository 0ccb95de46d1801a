//! Sums of CloudWatch metrics over a run.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use jiff::Timestamp;

use crate::{Cloud, ObserveError};

/// The names by which CloudWatch knows the parts of the system.
#[derive(Debug, Clone)]
pub struct MetersOf {
    /// Name of the REST API.
    pub api: String,
    /// Its stage.
    pub stage: String,
    /// Name of the queue.
    pub queue: String,
    /// Name of the function.
    pub function: String,
    /// Name of the documents bucket.
    pub bucket: String,
}

/// One metric, and the statistic wanted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Such as `AWS/SQS`.
    pub namespace: String,
    /// The metric.
    pub metric: String,
    /// Such as `Sum` or `p99`.
    pub statistic: String,
    /// Dimensions: name and value.
    pub dimensions: Vec<(String, String)>,
}

impl Series {
    fn new(namespace: &str, metric: &str, statistic: &str, dimensions: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            namespace: namespace.to_owned(),
            metric: metric.to_owned(),
            statistic: statistic.to_owned(),
            dimensions: dimensions.iter().map(owned).collect(),
        }
    }
}

/// What the meters of a run said in sum. `None`: the metric is not there, which is not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Readings {
    /// API Gateway `Count`.
    pub api_requests: Option<f64>,
    /// SQS `NumberOfMessagesSent`.
    pub messages_sent: Option<f64>,
    /// SQS `SentMessageSize`, sum, bytes.
    pub sent_bytes: Option<f64>,
    /// SQS `NumberOfEmptyReceives`.
    pub empty_receives: Option<f64>,
    /// Lambda `Invocations`.
    pub invocations: Option<f64>,
    /// Lambda `Duration`, sum, ms.
    pub duration_ms: Option<f64>,
    /// Lambda `Errors`.
    pub errors: Option<f64>,
    /// S3 `PutRequests`: a paid metric on AWS, so often not there.
    pub put_requests: Option<f64>,
    /// Logs `IncomingBytes` of the function.
    pub log_bytes: Option<f64>,
    /// Logs `IncomingBytes` of the gateway's access log: not there where none is kept.
    pub access_log_bytes: Option<f64>,
    /// The processor's own `InitMs`, sum.
    pub init_ms: Option<f64>,
    /// The processor's own `OrdersRedelivered`, sum.
    pub redelivered: Option<f64>,
}

impl MetersOf {
    pub(crate) fn api_gateway(&self, metric: &str, statistic: &str) -> Series {
        let dimensions = [("ApiName", self.api.as_str()), ("Stage", self.stage.as_str())];
        Series::new("AWS/ApiGateway", metric, statistic, &dimensions)
    }

    pub(crate) fn sqs(&self, metric: &str, statistic: &str) -> Series {
        Series::new("AWS/SQS", metric, statistic, &[("QueueName", self.queue.as_str())])
    }

    pub(crate) fn lambda(&self, metric: &str, statistic: &str) -> Series {
        Series::new("AWS/Lambda", metric, statistic, &[("FunctionName", self.function.as_str())])
    }

    pub(crate) fn processor(&self, metric: &str) -> Series {
        Series::new("Vazao", metric, "Sum", &[("service", "processor")])
    }

    fn s3(&self, metric: &str) -> Series {
        let dimensions = [("BucketName", self.bucket.as_str()), ("FilterId", "EntireBucket")];
        Series::new("AWS/S3", metric, "Sum", &dimensions)
    }

    fn logs(&self, metric: &str) -> Series {
        log_group(&format!("/aws/lambda/{}", self.function), metric)
    }

    /// The group that `infra/template.yaml` names after the API.
    fn access_log(&self, metric: &str) -> Series {
        log_group(&format!("/aws/apigateway/{}", self.api), metric)
    }
}

fn log_group(group: &str, metric: &str) -> Series {
    Series::new("AWS/Logs", metric, "Sum", &[("LogGroupName", group)])
}

/// Reads the sums over `[from, to)`, in periods of `period_s`.
///
/// # Errors
/// If CloudWatch does not answer.
pub async fn read_meters(
    cloud: &Cloud,
    of: &MetersOf,
    (from, to): (Timestamp, Timestamp),
    period_s: i32,
) -> Result<Readings, ObserveError> {
    let series = [
        of.api_gateway("Count", "Sum"),
        of.sqs("NumberOfMessagesSent", "Sum"),
        of.sqs("SentMessageSize", "Sum"),
        of.sqs("NumberOfEmptyReceives", "Sum"),
        of.lambda("Invocations", "Sum"),
        of.lambda("Duration", "Sum"),
        of.lambda("Errors", "Sum"),
        of.s3("PutRequests"),
        of.logs("IncomingBytes"),
        of.access_log("IncomingBytes"),
        of.processor("InitMs"),
        of.processor("OrdersRedelivered"),
    ];
    let values = read_series(cloud, &series, (from, to), period_s).await?;
    let sum = |position: usize| {
        let points = &values[position];
        (!points.is_empty()).then(|| points.iter().map(|point| point.1).sum())
    };
    Ok(Readings {
        api_requests: sum(0),
        messages_sent: sum(1),
        sent_bytes: sum(2),
        empty_receives: sum(3),
        invocations: sum(4),
        duration_ms: sum(5),
        errors: sum(6),
        put_requests: sum(7),
        log_bytes: sum(8),
        access_log_bytes: sum(9),
        init_ms: sum(10),
        redelivered: sum(11),
    })
}

/// The values of each series over `[from, to)`, in periods of its own length, s, by time.
///
/// # Errors
/// If CloudWatch does not answer.
pub async fn read_values(
    cloud: &Cloud,
    series: &[(Series, i32)],
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Vec<f64>>, ObserveError> {
    let queries =
        series.iter().enumerate().map(|(id, (series, period))| query(id, series, *period));
    let points = read_points(cloud, queries.collect(), (from, to)).await?;
    Ok(points.into_iter().map(|of| of.into_iter().map(|point| point.1).collect()).collect())
}

/// The points of each series: (seconds since the epoch, value), by time.
pub(crate) async fn read_series(
    cloud: &Cloud,
    series: &[Series],
    (from, to): (Timestamp, Timestamp),
    period_s: i32,
) -> Result<Vec<Vec<(i64, f64)>>, ObserveError> {
    let queries = series.iter().enumerate().map(|(id, series)| query(id, series, period_s));
    read_points(cloud, queries.collect(), (from, to)).await
}

async fn read_points(
    cloud: &Cloud,
    queries: Vec<MetricDataQuery>,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Vec<(i64, f64)>>, ObserveError> {
    let mut points = vec![Vec::new(); queries.len()];
    let mut pages = cloud
        .cloudwatch
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(DateTime::from_secs(from.as_second()))
        .end_time(DateTime::from_secs(to.as_second() + 1))
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page
            .map_err(|error| ObserveError::service("CloudWatch", "GetMetricData")(error.into()))?;
        for result in page.metric_data_results() {
            let id = result.id().and_then(|id| id.strip_prefix('s')?.parse::<usize>().ok());
            let Some(points) = id.and_then(|id| points.get_mut(id)) else { continue };
            let times = result.timestamps().iter().map(DateTime::secs);
            points.extend(times.zip(result.values().iter().copied()));
        }
    }
    points.iter_mut().for_each(|points| points.sort_by_key(|point| point.0));
    Ok(points)
}

fn query(id: usize, series: &Series, period_s: i32) -> MetricDataQuery {
    let dimensions = series
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build())
        .collect();
    let metric = Metric::builder()
        .namespace(&series.namespace)
        .metric_name(&series.metric)
        .set_dimensions(Some(dimensions))
        .build();
    let statistic =
        MetricStat::builder().metric(metric).period(period_s).stat(&series.statistic).build();
    MetricDataQuery::builder().id(format!("s{id}")).metric_stat(statistic).build()
}
