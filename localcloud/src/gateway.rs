//! API Gateway: a REST API whose every route is an integration with SQS.
//!
//! [`answer`] goes the way of a request: route, signature, key, limits, body, model, mapping
//! template, back end, response map. Custom domains, mTLS, other authorizers and caching are not
//! here.

mod access_log;
mod back_end;
mod limits;
mod refusal;
mod route;
mod scopes;
mod sigv4;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::clock::now_s;
use crate::config::ApiConfig;
use crate::error::ConfigError;
use crate::faults::{FaultKind, Faults};
use crate::ids::IdSource;
use crate::log_group::LogGroup;
use crate::metric_store::{MetricId, MetricStore, Series};
use crate::server::Reply;
use crate::sqs::Sqs;

use access_log::{Answered, Format};
use limits::Limits;
use refusal::{GatewayResponses, Kind, Refusal};
use route::Route;
use scopes::{AnswerScope, Call, RefusalScope, RequestScope};
use sigv4::{Claim, Signer};

/// API Gateway quotas, "Payload size".
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
const API_KEY: &str = "x-api-key";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

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

/// One REST API.
pub(crate) struct Gateway {
    pub(crate) name: String,
    pub(crate) stage: String,
    account_id: String,
    stage_variables: BTreeMap<String, String>,
    routes: Vec<Route>,
    signers: Vec<Signer>,
    limits: Limits,
    responses: GatewayResponses,
    ids: IdSource,
    epoch: Instant,
    metrics: GatewayMetrics,
    access_format: Option<Format>,
    /// None until it is opened, or where the stage has none.
    access_log: Option<LogGroup>,
    faults: Arc<Faults>,
}

/// What is known of the call of the back end.
#[derive(Clone, Copy, Default)]
struct Integration {
    status: Option<u16>,
    latency_ms: Option<f64>,
}

impl Gateway {
    pub(crate) fn new(
        config: &ApiConfig,
        account_id: &str,
        metrics: &MetricStore,
        faults: Arc<Faults>,
    ) -> Result<Self, ConfigError> {
        Ok(Gateway {
            name: config.name.clone(),
            stage: config.stage.clone(),
            account_id: account_id.to_owned(),
            stage_variables: config.stage_variables.clone(),
            routes: config.routes.iter().map(Route::new).collect::<Result<_, _>>()?,
            signers: config.users.iter().map(Signer::new).collect(),
            limits: Limits::new(config),
            responses: GatewayResponses::new(&config.gateway_responses)?,
            ids: IdSource::new(),
            epoch: Instant::now(),
            metrics: GatewayMetrics::new(metrics, &config.name, &config.stage),
            access_format: config.access_log.as_ref().map(Format::new).transpose()?,
            access_log: None,
            faults,
        })
    }

    /// Begins the access log, if the stage has one.
    pub(crate) fn open_log(
        &mut self,
        config: &ApiConfig,
        directory: &Path,
        metrics: &MetricStore,
    ) -> std::io::Result<()> {
        self.access_log = access_log::open(config, directory, metrics)?;
        Ok(())
    }

    /// What keeps an API from being served, for who reads it from a template.
    pub(crate) fn check(config: &ApiConfig) -> Option<(Option<usize>, String)> {
        let routes = config.routes.iter().map(|route| Route::new(route).map(|_| ()));
        let responses = GatewayResponses::new(&config.gateway_responses).map(|_| ());
        let format = config.access_log.as_ref().map_or(Ok(()), |log| Format::new(log).map(|_| ()));
        let problem = routes.chain([responses, format]).find_map(Result::err)?;
        let line = match &problem {
            ConfigError::MappingTemplate { line, .. } => Some(*line),
            _ => None,
        };
        Some((line, problem.to_string()))
    }

    fn route(&self, method: &Method, path: &str) -> Option<(usize, Vec<(&str, String)>)> {
        let of_method = self.routes.iter().enumerate().filter(|(_, route)| route.method == method);
        of_method.filter_map(|(index, route)| Some((index, route.matches(path)?))).next()
    }

    /// Everything that is decided before the body is read, in API Gateway's order.
    fn admit<'a>(&'a self, call: &mut Call<'a>) -> Result<Option<Claim<'a>>, Refusal> {
        let (index, parameters) =
            self.route(&call.head.method, call.path).ok_or(Kind::MissingAuthenticationToken)?;
        let route = &self.routes[index];
        (call.route, call.parameters) = (Some(route), parameters);
        let claim = match route.signed {
            true => Some(sigv4::claim(&self.signers, &call.head.headers, now_s())?),
            false => None,
        };
        call.signer = claim.as_ref().map(|claim| claim.signer);
        call.key = call.header(API_KEY).and_then(|value| self.limits.key(value));
        if route.api_key_required && call.key.is_none() {
            return Err(Kind::InvalidApiKey.into());
        }
        self.limits.take(index, call.key, self.epoch.elapsed(), now_s())?;
        if self.faults.strikes(FaultKind::GatewayThrottle) {
            return Err(Kind::Throttled.into());
        }
        Ok(claim)
    }

    fn note(&self, call: &Call<'_>, answered: &Answered<'_>) {
        let (latency_ms, integration) = (answered.latency_ms, answered.integration);
        self.metrics.record(answered.status, latency_ms, integration.latency_ms);
        if let (Some(format), Some(log)) = (&self.access_format, &self.access_log) {
            log.write(format.line(call, answered).as_bytes());
        }
    }

    fn refused(&self, call: &Call<'_>, refusal: &Refusal) -> Reply {
        let (status, custom) = self.responses.of(refusal.kind);
        let template = custom.and_then(|custom| custom.template.as_ref());
        let rendered = template.and_then(|t| t.render(&RefusalScope { call, refusal }).ok());
        let body = rendered.unwrap_or_else(|| json!({"message": refusal.message}).to_string());
        let mut reply = json_reply(status, body, call.request_id);
        reply.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(refusal.error_type));
        for (name, value) in custom.map_or(&[][..], |custom| &custom.headers) {
            reply.headers_mut().insert(name, value.clone());
        }
        reply
    }
}

/// The model's word on a body. Nearly all bodies are valid, and saying yes is cheaper than
/// saying why not. A body nested more than 128 deep is refused as it is read.
fn check_model(model: &jsonschema::Validator, text: &str) -> Result<Value, Refusal> {
    let document: Value =
        serde_json::from_str(text).map_err(|error| Refusal::invalid_body(error.to_string()))?;
    if model.is_valid(&document) {
        return Ok(document);
    }
    match model.validate(&document) {
        Ok(()) => Ok(document),
        Err(error) => Err(Refusal::invalid_body(format!("[{}: {error}]", error.instance_path()))),
    }
}

/// Answers one request; `path` is what follows the stage. A 202 is given only after the queue
/// has taken the message, and is as durable as the queue.
pub(crate) async fn answer(
    gateway: &Gateway,
    sqs: &Sqs,
    path: &str,
    head: &Parts,
    body: Incoming,
) -> Reply {
    let started = Instant::now();
    let request_id = gateway.ids.next().to_string();
    let mut integration = Integration::default();
    let mut call = Call {
        api: &gateway.name,
        stage: &gateway.stage,
        account_id: &gateway.account_id,
        stage_variables: &gateway.stage_variables,
        head,
        path,
        request_id: &request_id,
        route: None,
        parameters: Vec::new(),
        key: None,
        signer: None,
    };
    let served = serve(gateway, sqs, &mut call, body, &mut integration).await;
    let (reply, refusal) = match served {
        Ok(reply) => (reply, None),
        Err(refusal) => (gateway.refused(&call, &refusal), Some(refusal)),
    };
    let answered = Answered {
        status: reply.status(),
        refusal: refusal.as_ref(),
        latency_ms: millis_since(started),
        integration,
    };
    gateway.note(&call, &answered);
    reply
}

async fn serve<'a>(
    gateway: &'a Gateway,
    sqs: &Sqs,
    call: &mut Call<'a>,
    body: Incoming,
    integration: &mut Integration,
) -> Result<Reply, Refusal> {
    let claim = gateway.admit(call)?;
    let body = read_body(body).await?;
    if claim.is_some_and(|claim| !claim.holds(call.head, &body)) {
        return Err(Kind::InvalidSignature.into());
    }
    let Some(route) = call.route else { return Err(Kind::ApiConfigurationError.into()) };
    let form = map_request(call, route, &body)?;
    let started = Instant::now();
    let answer = back_end::call(sqs, &route.queue, &form).await;
    let timed_out = gateway.faults.strikes(FaultKind::SqsTimeout);
    if timed_out {
        // The queue has the message; only the answer does not come.
        tokio::time::sleep(route.timeout).await;
    }
    integration.latency_ms = Some(millis_since(started));
    if timed_out {
        return Err(Kind::IntegrationTimeout.into());
    }
    integration.status = Some(answer.status);
    map_answer(call, route, &answer)
}

/// The body as the mapping template makes a form of it.
fn map_request(call: &Call<'_>, route: &Route, body: &Bytes) -> Result<String, Refusal> {
    let mapping = route.mapping(call.header(CONTENT_TYPE.as_str()));
    let mapping = mapping.ok_or(Kind::UnsupportedMediaType)?;
    let body = std::str::from_utf8(body).map_err(|_| Refusal::unreadable())?;
    let json = OnceCell::new();
    if let Some(model) = &route.model {
        let _ = json.set(Some(check_model(model, body)?));
    }
    let scope = RequestScope { call, body, json };
    mapping.render(&scope).map_err(|_| Kind::ApiConfigurationError.into())
}

/// What the response map makes of the back end's answer.
fn map_answer(call: &Call<'_>, route: &Route, answer: &back_end::Answer) -> Result<Reply, Refusal> {
    let response = route.response(answer.status).ok_or(Kind::ApiConfigurationError)?;
    let scope = AnswerScope { call, answer: &answer.body, text: OnceCell::new() };
    let body = match &response.template {
        Some(template) => template.render(&scope).map_err(|_| Kind::ApiConfigurationError)?,
        None => answer.body.to_string(),
    };
    let mut reply = json_reply(response.status, body, call.request_id);
    for (name, value) in &response.headers {
        reply.headers_mut().insert(name, value.clone());
    }
    Ok(reply)
}

async fn read_body(body: Incoming) -> Result<Bytes, Refusal> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Kind::RequestTooLarge.into()),
        Err(_) => Err(Refusal::unreadable()),
    }
}

fn millis_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1000.0
}

fn json_reply(status: StatusCode, body: String, request_id: &str) -> Reply {
    let mut reply = crate::server::reply(status, "application/json", body.into_bytes());
    if let Ok(value) = HeaderValue::from_str(request_id) {
        reply.headers_mut().insert(REQUEST_ID, value);
    }
    reply
}
