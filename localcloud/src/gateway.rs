//! API Gateway: a REST API whose every route puts the body into a queue.
//!
//! [`Gateway::decide`] is all rules and no waiting; [`answer`] reads the body and measures.
//! Mapping templates, authorizers other than API keys, and caching are not here.

mod throttle;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::clock::now_s;
use crate::config::{ApiConfig, AttributeSource, MessageAttributeMapping, RouteConfig};
use crate::error::ConfigError;
use crate::ids::{Id, IdSource};
use crate::lock::lock;
use crate::message::{Attribute, Attributes, Draft, MESSAGE_BYTES_MAX};
use crate::metric_store::{MetricId, MetricStore, Series};
use crate::server::Reply;
use crate::sqs::{QueueHandle, Sent, Sqs};

use throttle::TokenBucket;

/// API Gateway quotas, "Payload size".
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Not yet `const` in http's own list.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter(String),
}

struct Route {
    method: Method,
    segments: Vec<Segment>,
    schema: Option<jsonschema::Validator>,
    queue: String,
    attributes: Vec<MessageAttributeMapping>,
}

impl Route {
    fn new(config: &RouteConfig) -> Result<Self, ConfigError> {
        let route = format!("{} {}", config.method, config.path);
        let schema =
            config.request_schema.as_ref().map(|schema| compile(schema, &route)).transpose()?;
        Ok(Route {
            method: config.method.parse().map_err(|_| ConfigError::Route { route })?,
            segments: config.path.split('/').skip(1).map(segment).collect(),
            schema,
            queue: config.integration.queue.clone(),
            attributes: config.integration.attributes.clone(),
        })
    }

    /// The path parameters, if the path is this route's.
    fn matches(&self, path: &str) -> Option<Vec<(&str, String)>> {
        let mut parts = path.split('/').skip(1);
        let mut parameters = Vec::new();
        for segment in &self.segments {
            match (segment, parts.next()?) {
                (Segment::Literal(literal), part) if literal == part => {}
                (Segment::Parameter(name), part) if !part.is_empty() => {
                    parameters.push((name.as_str(), percent_decode(part)?))
                }
                (Segment::Literal(_) | Segment::Parameter(_), _) => return None,
            }
        }
        parts.next().is_none().then_some(parameters)
    }
}

fn segment(part: &str) -> Segment {
    match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => Segment::Parameter(name.to_owned()),
        None => Segment::Literal(part.to_owned()),
    }
}

/// Schemas are compiled once, at start. API Gateway speaks draft 4.
fn compile(schema: &Value, route: &str) -> Result<jsonschema::Validator, ConfigError> {
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft4);
    options.build(schema).map_err(|error| ConfigError::Schema {
        route: route.to_owned(),
        problem: error.to_string(),
    })
}

fn percent_decode(part: &str) -> Option<String> {
    if !part.contains('%') {
        return Some(part.to_owned());
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

struct GatewayMetrics {
    count: Arc<Series>,
    client_errors: Arc<Series>,
    server_errors: Arc<Series>,
    latency_ms: Arc<Series>,
    integration_latency_ms: Arc<Series>,
}

impl GatewayMetrics {
    fn new(store: &MetricStore, api: &str, stage: &str) -> Self {
        let dimensions =
            || vec![("ApiName".to_owned(), api.to_owned()), ("Stage".to_owned(), stage.to_owned())];
        let series = |name: &str| store.series(MetricId::new("AWS/ApiGateway", name, dimensions()));
        GatewayMetrics {
            count: series("Count"),
            client_errors: series("4XXError"),
            server_errors: series("5XXError"),
            latency_ms: series("Latency"),
            integration_latency_ms: series("IntegrationLatency"),
        }
    }

    /// The error metrics get a zero for a success: their average is the error rate.
    fn record(&self, status: StatusCode, latency_ms: f64, integration_ms: Option<f64>) {
        let second = now_s();
        self.count.record(second, 1.0);
        self.client_errors.record(second, f64::from(u8::from(status.is_client_error())));
        self.server_errors.record(second, f64::from(u8::from(status.is_server_error())));
        self.latency_ms.record(second, latency_ms);
        if let Some(integration_ms) = integration_ms {
            self.integration_latency_ms.record(second, integration_ms);
        }
    }
}

/// The answers that are not the integration's, as API Gateway words them.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Refusal {
    MissingAuthenticationToken,
    Forbidden,
    TooManyRequests,
    TooLarge,
    UnsupportedMediaType,
    InvalidBody { problem: String },
    Unreadable,
    IntegrationFailed,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::MissingAuthenticationToken | Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::InvalidBody { .. } | Refusal::Unreadable => StatusCode::BAD_REQUEST,
            Refusal::IntegrationFailed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn body(&self) -> String {
        let message = match self {
            Refusal::MissingAuthenticationToken => "Missing Authentication Token",
            Refusal::Forbidden => "Forbidden",
            Refusal::TooManyRequests => "Too Many Requests",
            Refusal::TooLarge => "Request Too Long",
            Refusal::UnsupportedMediaType => "Unsupported Media Type",
            Refusal::Unreadable => "Bad Request",
            Refusal::IntegrationFailed => "Service Unavailable",
            Refusal::InvalidBody { problem } => {
                return json!({"message": "Invalid request body", "validationErrorString": problem}).to_string();
            }
        };
        json!({ "message": message }).to_string()
    }
}

/// A request that may go to its queue once its body is read.
struct Admitted<'a> {
    route: &'a Route,
    parameters: Vec<(&'a str, String)>,
    identity: Option<&'a str>,
}

/// One REST API.
pub(crate) struct Gateway {
    pub(crate) name: String,
    pub(crate) stage: String,
    routes: Vec<Route>,
    identities: HashMap<String, String>,
    throttle: Option<Mutex<TokenBucket>>,
    ids: IdSource,
    epoch: Instant,
    metrics: GatewayMetrics,
}

impl Gateway {
    pub(crate) fn new(config: &ApiConfig, metrics: &MetricStore) -> Result<Self, ConfigError> {
        Ok(Gateway {
            name: config.name.clone(),
            stage: config.stage.clone(),
            routes: config.routes.iter().map(Route::new).collect::<Result<_, _>>()?,
            identities: config
                .api_keys
                .iter()
                .map(|key| (key.value.clone(), key.identity.clone()))
                .collect(),
            throttle: config.throttle.map(|throttle| Mutex::new(TokenBucket::new(throttle))),
            ids: IdSource::new(),
            epoch: Instant::now(),
            metrics: GatewayMetrics::new(metrics, &config.name, &config.stage),
        })
    }

    /// Everything that is decided before the body is read, in API Gateway's order.
    fn admit(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Admitted<'_>, Refusal> {
        let found = self.routes.iter().filter(|route| route.method == method);
        let found = found
            .into_iter()
            .find_map(|route| route.matches(path).map(|parameters| (route, parameters)));
        let (route, parameters) = found.ok_or(Refusal::MissingAuthenticationToken)?;
        let identity = self.identify(headers)?;
        if !self.take_token() {
            return Err(Refusal::TooManyRequests);
        }
        Ok(Admitted { route, parameters, identity })
    }

    fn identify(&self, headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
        if self.identities.is_empty() {
            return Ok(None);
        }
        let key = headers.get(API_KEY).and_then(|value| value.to_str().ok());
        let identity = key.and_then(|key| self.identities.get(key));
        identity.map(|identity| Some(identity.as_str())).ok_or(Refusal::Forbidden)
    }

    fn take_token(&self) -> bool {
        let Some(bucket) = &self.throttle else { return true };
        lock(bucket).take(self.epoch.elapsed())
    }

    /// Turns an admitted request and its body into a message, or says why not.
    fn decide(
        &self,
        admitted: &Admitted<'_>,
        headers: &HeaderMap,
        body: &Bytes,
        request_id: Id,
    ) -> Result<Draft, Refusal> {
        if !is_json(headers) {
            return Err(Refusal::UnsupportedMediaType);
        }
        let text = std::str::from_utf8(body).map_err(|_| Refusal::Unreadable)?;
        if let Some(schema) = &admitted.route.schema {
            check_schema(schema, text)?;
        }
        let attributes = admitted
            .route
            .attributes
            .iter()
            .map(|mapping| attribute(mapping, admitted, request_id));
        let attributes = Attributes::new(attributes.collect());
        Draft::new(text.to_owned(), attributes, MESSAGE_BYTES_MAX)
            .map_err(|_| Refusal::IntegrationFailed)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

fn check_schema(schema: &jsonschema::Validator, text: &str) -> Result<(), Refusal> {
    let invalid = |problem: String| Refusal::InvalidBody { problem };
    let document: Value = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
    // Nearly all bodies are valid, and saying yes is cheaper than saying why not.
    if schema.is_valid(&document) {
        return Ok(());
    }
    match schema.validate(&document) {
        Ok(()) => Ok(()),
        Err(error) => Err(invalid(format!("{}: {error}", error.instance_path()))),
    }
}

fn attribute(
    mapping: &MessageAttributeMapping,
    admitted: &Admitted<'_>,
    request_id: Id,
) -> (String, Attribute) {
    let parameter = |wanted: &String| admitted.parameters.iter().find(|(name, _)| name == wanted);
    let value = match &mapping.source {
        AttributeSource::Identity => admitted.identity.unwrap_or_default().to_owned(),
        AttributeSource::PathParameter(name) => {
            parameter(name).map(|(_, value)| value.clone()).unwrap_or_default()
        }
        AttributeSource::RequestId => request_id.to_string(),
        AttributeSource::Literal(text) => text.clone(),
    };
    (mapping.name.clone(), Attribute::string(value))
}

/// Answers one request; `path` is what follows the stage. A 202 is given only after the
/// queue has taken the message. The queue is in memory: it outlives the connection, not this
/// process.
pub(crate) async fn answer(
    gateway: &Gateway,
    sqs: &Sqs,
    path: &str,
    head: http::request::Parts,
    body: Incoming,
) -> Reply {
    let started = Instant::now();
    let request_id = gateway.ids.next();
    let mut integration_ms = None;
    let result = serve(gateway, sqs, path, &head, body, request_id, &mut integration_ms).await;
    let reply = match result {
        Ok(sent) => accepted(&sent, request_id),
        Err(refusal) => refused(&refusal, request_id),
    };
    gateway.metrics.record(reply.status(), millis_since(started), integration_ms);
    reply
}

async fn serve(
    gateway: &Gateway,
    sqs: &Sqs,
    path: &str,
    head: &http::request::Parts,
    body: Incoming,
    request_id: Id,
    integration_ms: &mut Option<f64>,
) -> Result<Sent, Refusal> {
    let admitted = gateway.admit(&head.method, path, &head.headers)?;
    let body = read_body(body).await?;
    let draft = gateway.decide(&admitted, &head.headers, &body, request_id)?;
    let started = Instant::now();
    let queue = sqs.queue(&admitted.route.queue);
    let sent = queue.ok_or(Refusal::IntegrationFailed).and_then(|queue| send(sqs, &queue, draft));
    *integration_ms = Some(millis_since(started));
    sent
}

fn send(sqs: &Sqs, queue: &QueueHandle, draft: Draft) -> Result<Sent, Refusal> {
    // Whatever SQS says no to, the partner hears 503 and may try again.
    queue.send(sqs.ids.next(), draft, None).map_err(|_| Refusal::IntegrationFailed)
}

async fn read_body(body: Incoming) -> Result<Bytes, Refusal> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Err(_) => Err(Refusal::Unreadable),
    }
}

fn millis_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1000.0
}

/// Written by hand: three fields without anything to escape, on the hottest path.
fn accepted(sent: &Sent, request_id: Id) -> Reply {
    let body = format!(
        "{{\"messageId\":\"{}\",\"md5OfMessageBody\":\"{}\",\"requestId\":\"{request_id}\"}}",
        sent.id,
        sent.md5_of_body.hex()
    );
    with_request_id(StatusCode::ACCEPTED, body, request_id)
}

fn refused(refusal: &Refusal, request_id: Id) -> Reply {
    let mut reply = with_request_id(refusal.status(), refusal.body(), request_id);
    if *refusal == Refusal::IntegrationFailed {
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    reply
}

fn with_request_id(status: StatusCode, body: String, request_id: Id) -> Reply {
    let mut reply = crate::server::reply(status, "application/json", body.into_bytes());
    if let Ok(value) = HeaderValue::try_from(request_id.to_string()) {
        reply.headers_mut().insert(REQUEST_ID, value);
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SqsIntegration;

    fn route(path: &str) -> Route {
        let integration = SqsIntegration { queue: "q".to_owned(), attributes: vec![] };
        let config = RouteConfig {
            method: "PUT".to_owned(),
            path: path.to_owned(),
            request_schema: None,
            integration,
        };
        Route::new(&config).unwrap()
    }

    #[test]
    fn a_parameter_takes_one_whole_segment() {
        let route = route("/v1/orders/{n}");
        assert_eq!(route.matches("/v1/orders/A%2F7"), Some(vec![("n", "A/7".to_owned())]));
        for path in ["/v1/orders/", "/v1/orders", "/v1/orders/1/2", "/v2/orders/1", "/"] {
            assert_eq!(route.matches(path), None, "{path}");
        }
    }

    #[test]
    fn parameters_of_the_media_type_do_not_matter() {
        let is = |value: &'static str| {
            is_json(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]))
        };
        assert!(is("application/json"));
        assert!(is("Application/JSON; charset=utf-8"));
        assert!(!is("text/json"));
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn a_bad_escape_is_no_path() {
        assert_eq!(percent_decode("a%2"), None);
        assert_eq!(percent_decode("a%zz"), None);
        assert_eq!(percent_decode("%C3%A7"), Some("ç".to_owned()));
        assert_eq!(percent_decode("%FF"), None);
    }
}
