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
pub(crate) struct Series {
    pub(crate) namespace: &'static str,
    pub(crate) metric: &'static str,
    pub(crate) statistic: &'static str,
    pub(crate) dimensions: Vec<(&'static str, String)>,
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
    /// Logs `IncomingBytes`.
    pub log_bytes: Option<f64>,
    /// The processor's own `InitMs`, sum.
    pub init_ms: Option<f64>,
    /// The processor's own `OrdersRedelivered`, sum.
    pub redelivered: Option<f64>,
}

impl MetersOf {
    pub(crate) fn api_gateway(&self, metric: &'static str, statistic: &'static str) -> Series {
        let dimensions = vec![("ApiName", self.api.clone()), ("Stage", self.stage.clone())];
        Series { namespace: "AWS/ApiGateway", metric, statistic, dimensions }
    }

    pub(crate) fn sqs(&self, metric: &'static str, statistic: &'static str) -> Series {
        let dimensions = vec![("QueueName", self.queue.clone())];
        Series { namespace: "AWS/SQS", metric, statistic, dimensions }
    }

    pub(crate) fn lambda(&self, metric: &'static str, statistic: &'static str) -> Series {
        let dimensions = vec![("FunctionName", self.function.clone())];
        Series { namespace: "AWS/Lambda", metric, statistic, dimensions }
    }

    pub(crate) fn processor(&self, metric: &'static str) -> Series {
        let dimensions = vec![("service", "processor".to_owned())];
        Series { namespace: "Vazao", metric, statistic: "Sum", dimensions }
    }

    fn s3(&self, metric: &'static str) -> Series {
        let dimensions =
            vec![("BucketName", self.bucket.clone()), ("FilterId", "EntireBucket".to_owned())];
        Series { namespace: "AWS/S3", metric, statistic: "Sum", dimensions }
    }

    fn logs(&self, metric: &'static str) -> Series {
        let dimensions = vec![("LogGroupName", format!("/aws/lambda/{}", self.function))];
        Series { namespace: "AWS/Logs", metric, statistic: "Sum", dimensions }
    }
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
        init_ms: sum(9),
        redelivered: sum(10),
    })
}

/// What the alarms of the system look at, the highest of each minute's or second's value: messages
/// in the dead-letter queue of this name, and answers of the gateway with 5xx.
///
/// # Errors
/// If CloudWatch does not answer.
pub async fn read_alarms(
    cloud: &Cloud,
    of: &MetersOf,
    dead_letter_queue: &str,
    (from, to): (Timestamp, Timestamp),
    period_s: i32,
) -> Result<[f64; 2], ObserveError> {
    let dead = MetersOf { queue: dead_letter_queue.to_owned(), ..of.clone() };
    let series = [
        dead.sqs("ApproximateNumberOfMessagesVisible", "Maximum"),
        of.api_gateway("5XXError", "Sum"),
    ];
    let values = read_series(cloud, &series, (from, to), period_s).await?;
    let highest = |place: usize| values[place].iter().map(|point| point.1).fold(0.0, f64::max);
    Ok([highest(0), highest(1)])
}

/// The points of each series: (seconds since the epoch, value), by time.
pub(crate) async fn read_series(
    cloud: &Cloud,
    series: &[Series],
    (from, to): (Timestamp, Timestamp),
    period_s: i32,
) -> Result<Vec<Vec<(i64, f64)>>, ObserveError> {
    let mut points = vec![Vec::new(); series.len()];
    let queries = series.iter().enumerate().map(|(id, series)| query(id, series, period_s));
    let mut pages = cloud
        .cloudwatch
        .get_metric_data()
        .set_metric_data_queries(Some(queries.collect()))
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
        .map(|(name, value)| Dimension::builder().name(*name).value(value).build())
        .collect();
    let metric = Metric::builder()
        .namespace(series.namespace)
        .metric_name(series.metric)
        .set_dimensions(Some(dimensions))
        .build();
    let statistic =
        MetricStat::builder().metric(metric).period(period_s).stat(series.statistic).build();
    MetricDataQuery::builder().id(format!("s{id}")).metric_stat(statistic).build()
}
