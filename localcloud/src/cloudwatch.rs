//! CloudWatch: PutMetricData, GetMetricData and ListMetrics over its three protocols.
//!
//! Metric math, percentiles, alarms and paging are not here; a request for one is refused
//! with a message that says so, never answered with a wrong number.

use bytes::Bytes;
use http::StatusCode;
use http::header::HeaderValue;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::clock::now_s;
use crate::ids::IdSource;
use crate::metric_store::{MetricId, MetricStore, Statistic, Summary};
use crate::server::{Reply, reply};
use crate::wire::{self, Node, element, escape_xml};

const NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";
/// CloudWatch quotas: values of one metric in one PutMetricData.
const VALUES_MAX: usize = 150;

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
    #[error("the action {0} is not imitated")]
    InvalidAction(String),
}

impl CloudWatchError {
    fn code(&self) -> &'static str {
        match self {
            CloudWatchError::InvalidParameter(_) => "InvalidParameterValue",
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
        "GetMetricData" => get(store, parse(request)?),
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
            summaries(datum).map_err(invalid)?,
        ));
    }
    for (id, second, summaries) in checked {
        let series = store.series(id);
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
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    id: String,
    metric_stat: Option<MetricStat>,
    label: Option<String>,
    expression: Option<String>,
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

fn get(store: &MetricStore, request: GetRequest) -> Result<Node, CloudWatchError> {
    if request.end_time <= request.start_time {
        let message = "The parameter EndTime must be greater than StartTime.".to_owned();
        return Err(CloudWatchError::InvalidParameter(message));
    }
    let results = request.metric_data_queries.iter().map(|query| get_one(store, &request, query));
    Ok(Node::Map(vec![
        ("MetricDataResults", Node::List(results.collect::<Result<_, _>>()?)),
        ("Messages", Node::List(vec![])),
    ]))
}

fn get_one(
    store: &MetricStore,
    request: &GetRequest,
    query: &Query,
) -> Result<Node, CloudWatchError> {
    let invalid = |message: String| CloudWatchError::InvalidParameter(message);
    let (None, Some(stat)) = (&query.expression, &query.metric_stat) else {
        return Err(invalid(format!(
            "query {}: only MetricStat is imitated, not Expression",
            query.id
        )));
    };
    let statistic = Statistic::parse(&stat.stat).ok_or_else(|| {
        invalid(format!("query {}: the statistic {} is not imitated: use Sum, SampleCount, Average, Minimum or Maximum", query.id, stat.stat))
    })?;
    let period = stat.period as i64;
    if period < 1 {
        return Err(invalid(format!("query {}: the period must be at least 1 s", query.id)));
    }
    let id = MetricId::new(
        &stat.metric.namespace,
        &stat.metric.metric_name,
        dimensions(&stat.metric.dimensions),
    );
    let mut periods = store
        .find(&id)
        .map(|series| series.periods(request.start_time, request.end_time, period))
        .unwrap_or_default();
    // AWS's default order is the newest first.
    if request.scan_by.as_deref() != Some("TimestampAscending") {
        periods.reverse();
    }
    Ok(Node::Map(vec![
        ("Id", Node::text(&query.id)),
        ("Label", Node::text(query.label.as_ref().unwrap_or(&stat.metric.metric_name))),
        (
            "Timestamps",
            Node::List(periods.iter().map(|(second, _)| Node::Instant(*second)).collect()),
        ),
        (
            "Values",
            Node::List(
                periods.iter().map(|(_, summary)| Node::Number(statistic.of(summary))).collect(),
            ),
        ),
        ("StatusCode", Node::text("Complete")),
    ]))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    namespace: Option<String>,
    metric_name: Option<String>,
    #[serde(default)]
    dimensions: Vec<DimensionFilter>,
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
    let metrics = store.list(wanted).into_iter().map(metric_node).collect();
    Ok(Node::Map(vec![("Metrics", Node::List(metrics))]))
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
