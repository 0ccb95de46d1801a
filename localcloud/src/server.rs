//! One listener for every service: which of them a request is for.

use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822::DateTimePrinter;
use s3s::service::S3Service;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::clock::wall_s;
use crate::cloudwatch::{self, Protocol};
use crate::faults::Faults;
use crate::gateway::{self, Gateway};
use crate::lambda::{self, Lambda};
use crate::metric_store::MetricStore;
use crate::runtime_api;
use crate::sqs::{self, Sqs};

/// Every service answers with this; `s3s` brought the type.
pub(crate) type Reply = Response<s3s::Body>;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const RUNTIME_API: &str = "/_lambda/";
/// The two forms of address that LocalStack's users know.
const EXECUTE_API: &str = "/_aws/execute-api/";
const REST_APIS: &str = "/restapis/";
const CLOUDWATCH_RPC: &str = "/service/GraniteServiceVersion20100801/operation/";

/// The services behind the listener.
pub(crate) struct Services {
    pub(crate) gateway: Option<Gateway>,
    pub(crate) sqs: Arc<Sqs>,
    pub(crate) lambda: Arc<Lambda>,
    pub(crate) metrics: Arc<MetricStore>,
    pub(crate) s3: S3Service,
    /// Each service holds them too; here for the counts.
    pub(crate) faults: Arc<Faults>,
}

/// An answer with a body and its type.
pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Reply {
    let mut reply = Response::new(s3s::Body::from(Bytes::from(body)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// Accepts until dropped; its connections are dropped with it.
pub(crate) async fn run(listener: TcpListener, services: Arc<Services>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, services.clone()));
                }
                // Out of file descriptors, most likely: let some close.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, services: Arc<Services>) {
    // Small answers must not wait for a full segment. A socket without it still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let services = services.clone();
        async move {
            let mut reply = route(&services, request).await;
            reply.headers_mut().insert(DATE, date());
            Ok::<_, Infallible>(reply)
        }
    });
    // An error is the client's: it went away or did not speak HTTP.
    let _ = http1::Builder::new()
        .pipeline_flush(true)
        // Its clock never goes back, and a client of S3 would sign by it.
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The wall clock's second, which a client compares with its own; written once a second.
fn date() -> HeaderValue {
    thread_local! {
        static WRITTEN: RefCell<(i64, HeaderValue)> = const {
            RefCell::new((i64::MIN, HeaderValue::from_static("")))
        };
    }
    let second = wall_s();
    WRITTEN.with_borrow_mut(|(of, text)| {
        if *of != second {
            let instant = jiff::Timestamp::from_second(second).unwrap_or_default();
            let printed = DateTimePrinter::new().timestamp_to_rfc9110_string(&instant);
            let printed = printed.ok().and_then(|printed| printed.try_into().ok());
            (*of, *text) = (second, printed.unwrap_or(HeaderValue::from_static("")));
        }
        text.clone()
    })
}

/// What a request is for, from its head alone.
#[derive(Debug, PartialEq, Eq)]
enum Destination {
    RuntimeApi,
    LambdaApi,
    Gateway,
    SqsJson {
        action: String,
    },
    CloudWatch {
        protocol: Protocol,
        action: String,
    },
    /// SQS or CloudWatch; the form tells.
    Form,
    S3,
}

fn destination(head: &Parts) -> Destination {
    let path = head.uri.path();
    if path.starts_with(EXECUTE_API) || path.starts_with(REST_APIS) {
        return Destination::Gateway;
    }
    if path.starts_with(RUNTIME_API) {
        return Destination::RuntimeApi;
    }
    if path.starts_with(lambda::api::PATH) {
        return Destination::LambdaApi;
    }
    if let Some(action) = path.strip_prefix(CLOUDWATCH_RPC) {
        return Destination::CloudWatch { protocol: Protocol::Cbor, action: action.to_owned() };
    }
    match head
        .headers
        .get(TARGET)
        .and_then(|value| value.to_str().ok())
        .and_then(|target| target.split_once('.'))
    {
        Some(("AmazonSQS", action)) => return Destination::SqsJson { action: action.to_owned() },
        Some(("GraniteServiceVersion20100801", action)) => {
            return Destination::CloudWatch { protocol: Protocol::Json, action: action.to_owned() };
        }
        Some(_) | None => {}
    }
    let content_type = head.headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if head.method == http::Method::POST
        && content_type.starts_with(b"application/x-www-form-urlencoded")
    {
        return Destination::Form;
    }
    let query = head.uri.query().unwrap_or_default();
    if query.split('&').any(|pair| pair.starts_with("Action=")) {
        return Destination::Form;
    }
    Destination::S3
}

async fn route(services: &Services, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    match destination(&head) {
        Destination::Gateway => to_gateway(services, head, body).await,
        Destination::S3 => to_s3(services, Request::from_parts(head, body)).await,
        Destination::RuntimeApi => match read(body).await {
            Some(body) => {
                let path = head.uri.path().strip_prefix(RUNTIME_API).unwrap_or_default();
                runtime_api::answer(&services.lambda, &head.method, path, body).await
            }
            None => cut_short(),
        },
        Destination::LambdaApi => match read(body).await {
            Some(body) => lambda::api::answer(&services.lambda, &head, body).await,
            None => cut_short(),
        },
        Destination::SqsJson { action } => match read(body).await {
            Some(body) => sqs::json::answer(&services.sqs, &action, &body).await,
            None => cut_short(),
        },
        Destination::CloudWatch { protocol, action } => match read(body).await {
            Some(body) => {
                cloudwatch::answer(&services.metrics, &services.sqs.ids, protocol, &action, &body)
            }
            None => cut_short(),
        },
        Destination::Form => match read(body).await {
            Some(body) => {
                // The query protocol's fields may be in the address, as in a browser.
                let body = match head.uri.query() {
                    Some(query) if body.is_empty() => Bytes::copy_from_slice(query.as_bytes()),
                    Some(query) => Bytes::from([query.as_bytes(), b"&", &body[..]].concat()),
                    None => body,
                };
                to_form(services, head.uri.path(), &body).await
            }
            None => cut_short(),
        },
    }
}

async fn read(body: Incoming) -> Option<Bytes> {
    body.collect().await.ok().map(http_body_util::Collected::to_bytes)
}

fn cut_short() -> Reply {
    reply(StatusCode::BAD_REQUEST, "text/plain", b"the body was cut short".to_vec())
}

async fn to_gateway(services: &Services, head: Parts, body: Incoming) -> Reply {
    let path = stage_path(services.gateway.as_ref(), head.uri.path());
    match (&services.gateway, path) {
        (Some(gateway), Some(path)) => {
            gateway::answer(gateway, &services.sqs, path, &head, body).await
        }
        (Some(_) | None, _) => {
            let body = json!({"message": "Forbidden"}).to_string();
            reply(StatusCode::FORBIDDEN, "application/json", body.into_bytes())
        }
    }
}

/// What follows the api and the stage: `/v1/orders/7`.
fn stage_path<'a>(gateway: Option<&Gateway>, path: &'a str) -> Option<&'a str> {
    let gateway = gateway?;
    if let Some(rest) = path.strip_prefix(EXECUTE_API) {
        return rest
            .strip_prefix(gateway.name.as_str())?
            .strip_prefix('/')?
            .strip_prefix(gateway.stage.as_str());
    }
    let rest = path.strip_prefix(REST_APIS)?.strip_prefix(gateway.name.as_str())?;
    let rest = rest.strip_prefix('/')?.strip_prefix(gateway.stage.as_str())?;
    rest.strip_prefix("/_user_request_")
}

/// The version of the API tells the two services apart; SQS may also be known by its path.
async fn to_form(services: &Services, path: &str, body: &Bytes) -> Reply {
    let value_of = |wanted: &str| {
        let found = form_urlencoded::parse(body).find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    if value_of("Version") == "2010-08-01" {
        let action = value_of("Action");
        return cloudwatch::answer(
            &services.metrics,
            &services.sqs.ids,
            Protocol::Query,
            &action,
            body,
        );
    }
    sqs::query::answer(&services.sqs, path, body).await
}

async fn to_s3(services: &Services, request: Request<Incoming>) -> Reply {
    match services.s3.call(request.map(s3s::Body::from)).await {
        Ok(reply) => reply,
        Err(_) => reply(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(method: &str, path: &str, headers: &[(&'static str, &'static str)]) -> Parts {
        let mut builder = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    #[test]
    fn each_service_is_known_by_its_head() {
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let action = || "X".to_owned();
        let cases = [
            (head("PUT", "/_aws/execute-api/a/s/v1", &[]), Destination::Gateway),
            (head("PUT", "/restapis/a/s/_user_request_/v1", &[]), Destination::Gateway),
            (
                head("GET", "/_lambda/7/2018-06-01/runtime/invocation/next", &[]),
                Destination::RuntimeApi,
            ),
            (head("POST", "/2015-03-31/functions/f/invocations", &[]), Destination::LambdaApi),
            (
                head("POST", "/", &[("x-amz-target", "AmazonSQS.X")]),
                Destination::SqsJson { action: action() },
            ),
            (
                head("POST", "/", &[("x-amz-target", "GraniteServiceVersion20100801.X")]),
                Destination::CloudWatch { protocol: Protocol::Json, action: action() },
            ),
            (
                head("POST", "/service/GraniteServiceVersion20100801/operation/X", &[]),
                Destination::CloudWatch { protocol: Protocol::Cbor, action: action() },
            ),
            (head("POST", "/000000000000/orders", &[form]), Destination::Form),
            (head("GET", "/?Action=ListQueues", &[]), Destination::Form),
            (head("GET", "/bucket/key", &[]), Destination::S3),
            (head("PUT", "/bucket/key", &[form]), Destination::S3),
        ];
        for (head, expected) in cases {
            assert_eq!(destination(&head), expected, "{} {}", head.method, head.uri);
        }
    }
}
