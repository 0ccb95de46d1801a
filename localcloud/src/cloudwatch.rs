//! CloudWatch: PutMetricData, GetMetricData, GetMetricStatistics and ListMetrics over its three
//! protocols.
//!
//! Alarms and dashboards are not here, and metric math is only what `expression.rs` has; a
//! request for more is refused with a message that says so, never answered with a wrong number.

mod expression;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;
use http::header::HeaderValue;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::clock::now_s;
use crate::ids::IdSource;
use crate::metric_store::{MetricId, MetricStore, Period, Statistic, Summary};
use crate::server::{Reply, reply};
use crate::wire::{self, Node, element, escape_xml};

const NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";
/// CloudWatch quotas: values of one metric in one PutMetricData.
const VALUES_MAX: usize = 150;
/// GetMetricData: "up to 500 MetricDataQuery structures".
const QUERIES_MAX: usize = 500;
/// GetMetricData: "The default is 100,800".
const DATAPOINTS_MAX: usize = 100_800;
/// GetMetricStatistics: "the maximum number of data points returned from a single call is 1,440".
const STATISTICS_MAX: usize = 1440;
/// ListMetrics: "up to 500 results are returned for any one call".
const LIST_MAX: usize = 500;

/// How the client speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protocol {
    Cbor,
    Json,
    Query,
}

/// Why a call was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
enum CloudWatchError {
    #[error("{0}")]
    InvalidParameter(String),
    #[error("{0}")]
    Combination(String),
    #[error("{0}")]
    Validation(String),
    #[error("the action {0} is not imitated")]
    InvalidAction(String),
}

impl CloudWatchError {
    fn code(&self) -> &'static str {
        match self {
            CloudWatchError::InvalidParameter(_) => "InvalidParameterValue",
            CloudWatchError::Combination(_) => "InvalidParameterCombination",
            CloudWatchError::Validation(_) => "ValidationError",
            CloudWatchError::InvalidAction(_) => "InvalidAction",
        }
    }
}

/// Answers one call. For the query protocol the action is in the form.
pub(crate) fn answer(
    store: &MetricStore,
    ids: &IdSource,
    protocol: Protocol,
    action: &str,
    body: &Bytes,
) -> Reply {
    let request = match protocol {
        Protocol::Cbor => wire::from_cbor(body),
        Protocol::Json if body.is_empty() => Some(json!({})),
        Protocol::Json => serde_json::from_slice(body).ok(),
        Protocol::Query => Some(wire::from_form(body)),
    };
    let unreadable = || CloudWatchError::InvalidParameter("the body cannot be read".to_owned());
    let result = request.ok_or_else(unreadable).and_then(|request| run(store, action, request));
    let request_id = ids.next().to_string();
    match result {
        Ok(node) => success(protocol, action, &node, &request_id),
        Err(error) => failure(protocol, &error, &request_id),
    }
}

fn run(store: &MetricStore, action: &str, request: Value) -> Result<Node, CloudWatchError> {
    match action {
        "PutMetricData" => put(store, parse(request)?),
        "GetMetricData" => get(store, &parse(request)?),
        "GetMetricStatistics" => statistics(store, &parse(request)?),
        "ListMetrics" => list(store, parse(request)?),
        other => Err(CloudWatchError::InvalidAction(other.to_owned())),
    }
}

fn parse<T: DeserializeOwned>(request: Value) -> Result<T, CloudWatchError> {
    serde_json::from_value(request)
        .map_err(|error| CloudWatchError::InvalidParameter(error.to_string()))
}

fn success(protocol: Protocol, action: &str, node: &Node, request_id: &str) -> Reply {
    match protocol {
        Protocol::Cbor => cbor(StatusCode::OK, node),
        Protocol::Json => reply(
            StatusCode::OK,
            "application/x-amz-json-1.0",
            node.json().to_string().into_bytes(),
        ),
        Protocol::Query => {
            let mut out = format!("<{action}Response xmlns=\"{NAMESPACE}\">");
            element(&format!("{action}Result"), &mut out, |out| node.write_xml(out));
            element("ResponseMetadata", &mut out, |out| {
                element("RequestId", out, |out| out.push_str(request_id))
            });
            out.push_str(&format!("</{action}Response>"));
            reply(StatusCode::OK, "text/xml", out.into_bytes())
        }
    }
}

fn failure(protocol: Protocol, error: &CloudWatchError, request_id: &str) -> Reply {
    let (code, status) = (error.code(), StatusCode::BAD_REQUEST);
    let shape = format!("com.amazonaws.cloudwatch#{code}Exception");
    let node =
        Node::Map(vec![("__type", Node::text(shape)), ("message", Node::text(error.to_string()))]);
    let mut reply = match protocol {
        Protocol::Cbor => cbor(status, &node),
        Protocol::Json => {
            reply(status, "application/x-amz-json-1.0", node.json().to_string().into_bytes())
        }
        Protocol::Query => {
            let mut out = format!(
                "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>"
            );
            element("Message", &mut out, |out| escape_xml(&error.to_string(), out));
            out.push_str(&format!("</Error><RequestId>{request_id}</RequestId></ErrorResponse>"));
            reply(status, "text/xml", out.into_bytes())
        }
    };
    if let Ok(value) = HeaderValue::try_from(format!("{code};Sender")) {
        reply.headers_mut().insert("x-amzn-query-error", value);
    }
    reply
}

fn cbor(status: StatusCode, node: &Node) -> Reply {
    let mut reply = reply(status, "application/cbor", node.cbor());
    // Smithy RPC v2: a client refuses an answer without this.
    reply.headers_mut().insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    reply
}

/// A number, or the text of one: the query protocol only has text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    to_number(&Value::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not a number"))
}

fn optional_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    number(deserializer).map(Some)
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    values
        .iter()
        .map(to_number)
        .collect::<Option<_>>()
        .ok_or_else(|| D::Error::custom("not a list of numbers"))
}

/// A boolean, or the text of one.
fn optional_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Bool(value) => Ok(Some(value)),
        Value::String(text) => text.parse().map(Some).map_err(D::Error::custom),
        Value::Null => Ok(None),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(D::Error::custom("not a boolean"))
        }
    }
}

fn to_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Seconds since the epoch, or ISO 8601.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let seconds = match &value {
        Value::String(text) => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second),
        other => to_number(other).map(|seconds| seconds.floor() as i64),
    };
    seconds.ok_or_else(|| D::Error::custom("not a timestamp"))
}

fn optional_instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    instant(deserializer).map(Some)
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: String,
}

fn dimensions(list: &[Dimension]) -> Vec<(String, String)> {
    list.iter().map(|dimension| (dimension.name.clone(), dimension.value.clone())).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    namespace: String,
    #[serde(default)]
    metric_data: Vec<Datum>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datum {
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    #[serde(default, deserialize_with = "optional_instant")]
    timestamp: Option<i64>,
    unit: Option<String>,
    #[serde(default, deserialize_with = "optional_number")]
    value: Option<f64>,
    statistic_values: Option<StatisticSet>,
    #[serde(default, deserialize_with = "numbers")]
    values: Vec<f64>,
    #[serde(default, deserialize_with = "numbers")]
    counts: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatisticSet {
    #[serde(deserialize_with = "number")]
    sample_count: f64,
    #[serde(deserialize_with = "number")]
    sum: f64,
    #[serde(deserialize_with = "number")]
    minimum: f64,
    #[serde(deserialize_with = "number")]
    maximum: f64,
}

fn put(store: &MetricStore, request: PutRequest) -> Result<Node, CloudWatchError> {
    let invalid = |message: &str| CloudWatchError::InvalidParameter(message.to_owned());
    if request.namespace.starts_with("AWS/") {
        return Err(invalid("The value AWS/ for parameter Namespace is invalid."));
    }
    // All are checked before any is stored.
    let mut checked = Vec::with_capacity(request.metric_data.len());
    for datum in &request.metric_data {
        let id =
            MetricId::new(&request.namespace, &datum.metric_name, dimensions(&datum.dimensions));
        checked.push((
            id,
            datum.timestamp.unwrap_or_else(now_s),
            datum.unit.as_deref().unwrap_or("None"),
            summaries(datum).map_err(invalid)?,
        ));
    }
    for (id, second, unit, summaries) in checked {
        let series = store.series(id);
        series.set_unit(unit);
        summaries.into_iter().for_each(|summary| series.record_summary(second, summary));
    }
    Ok(Node::Map(vec![]))
}

fn summaries(datum: &Datum) -> Result<Vec<Summary>, &'static str> {
    if datum.values.len() > VALUES_MAX {
        return Err(
            "The collection MetricData.member.Values must not have a size greater than 150.",
        );
    }
    if !datum.counts.is_empty() && datum.counts.len() != datum.values.len() {
        return Err("The parameters MetricData.member.Values and Counts must have the same size.");
    }
    let mut summaries: Vec<Summary> = datum.value.map(Summary::of).into_iter().collect();
    if let Some(set) = &datum.statistic_values {
        summaries.push(Summary {
            sum: set.sum,
            count: set.sample_count,
            min: set.minimum,
            max: set.maximum,
        });
    }
    for (index, value) in datum.values.iter().enumerate() {
        let count = datum.counts.get(index).copied().unwrap_or(1.0);
        summaries.push(Summary { sum: value * count, count, min: *value, max: *value });
    }
    match summaries.is_empty() {
        true => Err(
            "At least one of the parameters Value, Values and StatisticValues must be specified.",
        ),
        false => Ok(summaries),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetRequest {
    metric_data_queries: Vec<Query>,
    #[serde(deserialize_with = "instant")]
    start_time: i64,
    #[serde(deserialize_with = "instant")]
    end_time: i64,
    scan_by: Option<String>,
    next_token: Option<String>,
    #[serde(default, deserialize_with = "optional_number")]
    max_datapoints: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    id: String,
    metric_stat: Option<MetricStat>,
    label: Option<String>,
    expression: Option<String>,
    #[serde(default, deserialize_with = "optional_bool")]
    return_data: Option<bool>,
    #[serde(default, deserialize_with = "optional_number")]
    period: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricStat {
    metric: Metric,
    #[serde(deserialize_with = "number")]
    period: f64,
    stat: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
}

fn check_times(start: i64, end: i64) -> Result<(), CloudWatchError> {
    if end > start {
        return Ok(());
    }
    let message = "The parameter EndTime must be greater than StartTime.".to_owned();
    Err(CloudWatchError::Validation(message))
}

fn get(store: &MetricStore, request: &GetRequest) -> Result<Node, CloudWatchError> {
    check_times(request.start_time, request.end_time)?;
    let queries = &request.metric_data_queries;
    if queries.len() > QUERIES_MAX {
        let message = "The collection MetricDataQueries must not have a size greater than 500.";
        return Err(CloudWatchError::Validation(message.to_owned()));
    }
    let series = evaluate(store, request)?;
    let shown = queries.iter().filter(|query| query.return_data != Some(false));
    let rows: Vec<(&Query, Vec<(i64, f64)>)> = shown
        .map(|query| {
            let mut points: Vec<(i64, f64)> =
                series[&query.id].iter().map(|(start, value)| (*start, *value)).collect();
            // AWS's default order is the newest first.
            if request.scan_by.as_deref() != Some("TimestampAscending") {
                points.reverse();
            }
            (query, points)
        })
        .collect();
    Ok(page(request, &rows))
}

/// Points of the queries in turn, as many as a page holds. The token counts those before.
fn page(request: &GetRequest, rows: &[(&Query, Vec<(i64, f64)>)]) -> Node {
    let size = request.max_datapoints.map_or(DATAPOINTS_MAX, |max| (max as usize).max(1));
    let mut skip: usize =
        request.next_token.as_ref().and_then(|token| token.parse().ok()).unwrap_or(0);
    let (seen_before, mut room) = (skip, size);
    let mut results = Vec::new();
    let mut left = 0;
    for (query, points) in rows {
        let start = skip.min(points.len());
        skip -= start;
        let end = points.len().min(start + room);
        room -= end - start;
        left += points.len() - end;
        let complete = if end == points.len() { "Complete" } else { "PartialData" };
        let (timestamps, values) = points[start..end]
            .iter()
            .map(|(second, value)| (Node::Instant(*second), Node::Number(*value)))
            .unzip();
        results.push(Node::Map(vec![
            ("Id", Node::text(&query.id)),
            ("Label", Node::text(label(query))),
            ("Timestamps", Node::List(timestamps)),
            ("Values", Node::List(values)),
            ("StatusCode", Node::text(complete)),
        ]));
    }
    let mut answer =
        vec![("MetricDataResults", Node::List(results)), ("Messages", Node::List(vec![]))];
    if left > 0 {
        answer.push(("NextToken", Node::text((seen_before + size).to_string())));
    }
    Node::Map(answer)
}

fn label(query: &Query) -> String {
    let name = || query.metric_stat.as_ref().map(|stat| stat.metric.metric_name.clone());
    query.label.clone().or_else(name).unwrap_or_else(|| query.id.clone())
}

/// The points of every query by its id: metrics first, then expressions in the order in which
/// they can be worked out.
fn evaluate(
    store: &MetricStore,
    request: &GetRequest,
) -> Result<BTreeMap<String, expression::Points>, CloudWatchError> {
    let invalid = |query: &Query, message: String| {
        CloudWatchError::Validation(format!("query {}: {message}", query.id))
    };
    let mut series = BTreeMap::new();
    let (mut metrics, mut waiting, mut period) = (Vec::new(), Vec::new(), 60);
    for query in &request.metric_data_queries {
        match (&query.expression, &query.metric_stat) {
            (None, Some(stat)) => {
                let points = metric_points(store, request, stat)
                    .map_err(|message| invalid(query, message))?;
                period = stat.period as i64;
                metrics.push(query.id.clone());
                series.insert(query.id.clone(), points);
            }
            (Some(text), None) => waiting.push((query, text)),
            (Some(_), Some(_)) | (None, None) => {
                let message = "one of Expression and MetricStat must be given".to_owned();
                return Err(invalid(query, message));
            }
        }
    }
    // Each round works out at least one, or the last error stands.
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut error = None;
        let mut still = Vec::new();
        for (query, text) in waiting {
            let period = query.period.map_or(period, |period| period as i64).max(1);
            let first = request.start_time.div_euclid(period) * period;
            let starts: Vec<i64> = (0..)
                .map(|n| first + n * period)
                .take_while(|start| *start < request.end_time)
                .take(DATAPOINTS_MAX)
                .collect();
            let known =
                expression::Known { series: &series, metrics: &metrics, period, starts: &starts };
            match expression::evaluate(text, &known) {
                Ok(points) => {
                    series.insert(query.id.clone(), points);
                }
                Err(message) => {
                    error = Some(invalid(query, message));
                    still.push((query, text));
                }
            }
        }
        match error {
            Some(error) if still.len() == before => return Err(error),
            Some(_) | None => waiting = still,
        }
    }
    Ok(series)
}

fn metric_points(
    store: &MetricStore,
    request: &GetRequest,
    stat: &MetricStat,
) -> Result<expression::Points, String> {
    let statistic = Statistic::parse(&stat.stat).ok_or_else(|| {
        format!("the statistic {} is not imitated: use Sum, SampleCount, Average, Minimum, Maximum or a percentile such as p99.9", stat.stat)
    })?;
    let period = stat.period as i64;
    if period < 1 {
        return Err("the period must be at least 1 s".to_owned());
    }
    let metric = &stat.metric;
    let id = MetricId::new(&metric.namespace, &metric.metric_name, dimensions(&metric.dimensions));
    let found = store.find(&id);
    let periods = found.map(|series| series.periods(request.start_time, request.end_time, period));
    let periods = periods.unwrap_or_default();
    Ok(periods.iter().map(|period| (period.start, statistic.of(period))).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatisticsRequest {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    #[serde(deserialize_with = "instant")]
    start_time: i64,
    #[serde(deserialize_with = "instant")]
    end_time: i64,
    #[serde(deserialize_with = "number")]
    period: f64,
    #[serde(default)]
    statistics: Vec<String>,
    #[serde(default)]
    extended_statistics: Vec<String>,
    unit: Option<String>,
}

fn statistics(store: &MetricStore, request: &StatisticsRequest) -> Result<Node, CloudWatchError> {
    check_times(request.start_time, request.end_time)?;
    let (plain, extended) = (&request.statistics, &request.extended_statistics);
    if plain.is_empty() && extended.is_empty() {
        let message =
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.";
        return Err(CloudWatchError::Combination(message.to_owned()));
    }
    let parse = |name: &String, percentile: bool| {
        let found = Statistic::parse(name)
            .filter(|found| matches!(found, Statistic::Percentile(_)) == percentile);
        found.map(|found| (name.clone(), found)).ok_or_else(|| {
            CloudWatchError::InvalidParameter(format!("the statistic {name} is not valid here"))
        })
    };
    let plain: Vec<_> = plain.iter().map(|name| parse(name, false)).collect::<Result<_, _>>()?;
    let extended: Vec<_> =
        extended.iter().map(|name| parse(name, true)).collect::<Result<_, _>>()?;
    let id =
        MetricId::new(&request.namespace, &request.metric_name, dimensions(&request.dimensions));
    let length = (request.period as i64).max(1);
    let series = store.find(&id);
    let unit = series.as_ref().map_or("None", |series| series.unit()).to_owned();
    let periods = series
        .as_ref()
        .filter(|_| request.unit.as_ref().is_none_or(|wanted| *wanted == unit))
        .map(|series| series.periods(request.start_time, request.end_time, length))
        .unwrap_or_default();
    if periods.len() > STATISTICS_MAX {
        let message = format!(
            "You have requested up to {} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
            periods.len()
        );
        return Err(CloudWatchError::Combination(message));
    }
    let points = periods.iter().map(|period| datapoint(period, &unit, &plain, &extended)).collect();
    Ok(Node::Map(vec![
        ("Label", Node::text(&request.metric_name)),
        ("Datapoints", Node::List(points)),
    ]))
}

type Named = Vec<(String, Statistic)>;

fn datapoint(period: &Period, unit: &str, plain: &Named, extended: &Named) -> Node {
    let mut point = vec![("Timestamp", Node::Instant(period.start)), ("Unit", Node::text(unit))];
    for (_, statistic) in plain {
        let name = match statistic {
            Statistic::Sum => "Sum",
            Statistic::SampleCount => "SampleCount",
            Statistic::Average => "Average",
            Statistic::Minimum => "Minimum",
            Statistic::Maximum => "Maximum",
            Statistic::Percentile(_) => continue,
        };
        point.push((name, Node::Number(statistic.of(period))));
    }
    if !extended.is_empty() {
        let values = extended.iter().map(|(name, it)| (name.clone(), Node::Number(it.of(period))));
        point.push(("ExtendedStatistics", Node::Entries(values.collect())));
    }
    Node::Map(point)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    namespace: Option<String>,
    metric_name: Option<String>,
    #[serde(default)]
    dimensions: Vec<DimensionFilter>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DimensionFilter {
    name: String,
    value: Option<String>,
}

fn list(store: &MetricStore, request: ListRequest) -> Result<Node, CloudWatchError> {
    let has = |id: &MetricId, filter: &DimensionFilter| {
        id.dimensions.iter().any(|(name, value)| {
            *name == filter.name && filter.value.as_ref().is_none_or(|wanted| wanted == value)
        })
    };
    let wanted = |id: &MetricId| {
        request.namespace.as_ref().is_none_or(|namespace| *namespace == id.namespace)
            && request.metric_name.as_ref().is_none_or(|name| *name == id.name)
            && request.dimensions.iter().all(|filter| has(id, filter))
    };
    let skip: usize = request.next_token.as_ref().and_then(|token| token.parse().ok()).unwrap_or(0);
    let found = store.list(wanted);
    let more = found.len() > skip + LIST_MAX;
    let metrics = found.into_iter().skip(skip).take(LIST_MAX).map(metric_node).collect();
    let mut answer = vec![("Metrics", Node::List(metrics))];
    if more {
        answer.push(("NextToken", Node::text((skip + LIST_MAX).to_string())));
    }
    Ok(Node::Map(answer))
}

fn metric_node(id: MetricId) -> Node {
    let dimension = |(name, value): (String, String)| {
        Node::Map(vec![("Name", Node::text(name)), ("Value", Node::text(value))])
    };
    Node::Map(vec![
        ("Namespace", Node::text(id.namespace)),
        ("MetricName", Node::text(id.name)),
        ("Dimensions", Node::List(id.dimensions.into_iter().map(dimension).collect())),
    ])
}
