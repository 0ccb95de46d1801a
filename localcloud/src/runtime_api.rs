//! The Lambda Runtime API, version 2018-06-01, which the process of a function polls.
//!
//! Each environment has its own prefix, `/_lambda/{number}`. Extensions, response streaming
//! and SnapStart are not here.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use serde_json::json;

use crate::environment::{Environment, Invocation, InvokeError};
use crate::lambda::Lambda;
use crate::server::{Reply, reply};

/// Where a request under `/_lambda/` wants to go.
#[derive(Debug, PartialEq, Eq)]
enum Call<'a> {
    Next,
    Response(&'a str),
    Error(&'a str),
    InitError,
}

fn parse<'a>(method: &Method, rest: &'a str) -> Option<Call<'a>> {
    let path = rest.strip_prefix("2018-06-01/runtime/")?;
    if path == "invocation/next" && method == Method::GET {
        return Some(Call::Next);
    }
    if method != Method::POST {
        return None;
    }
    if path == "init/error" {
        return Some(Call::InitError);
    }
    match path.strip_prefix("invocation/")?.split_once('/')? {
        (id, "response") => Some(Call::Response(id)),
        (id, "error") => Some(Call::Error(id)),
        _ => None,
    }
}

/// `path` is what follows `/_lambda/`.
pub(crate) async fn answer(lambda: &Lambda, method: &Method, path: &str, body: Bytes) -> Reply {
    let Some((environment, call)) = target(lambda, method, path) else {
        return problem(StatusCode::NOT_FOUND, "no such environment or resource");
    };
    match call {
        Call::Next => match environment.next().await {
            Some(invocation) => invocation_reply(lambda, &environment, invocation),
            // Never 204: lambda_runtime would take it for an event without its headers.
            None => problem(StatusCode::GONE, "the environment is shutting down"),
        },
        Call::Response(id) => accepted(environment.report(id, Ok(body))),
        Call::Error(id) => {
            accepted(environment.report(id, Err(InvokeError::Function(lossy(&body)))))
        }
        Call::InitError => {
            environment.report_init_error(lossy(&body));
            accepted(true)
        }
    }
}

fn target<'a>(
    lambda: &Lambda,
    method: &Method,
    path: &'a str,
) -> Option<(std::sync::Arc<Environment>, Call<'a>)> {
    let (number, rest) = path.split_once('/')?;
    Some((lambda.environment(number.parse().ok()?)?, parse(method, rest)?))
}

fn lossy(body: &Bytes) -> String {
    String::from_utf8_lossy(body).into_owned()
}

fn accepted(known: bool) -> Reply {
    if known {
        reply(StatusCode::ACCEPTED, "application/json", b"{\"status\":\"OK\"}".to_vec())
    } else {
        problem(StatusCode::BAD_REQUEST, "InvalidRequestID")
    }
}

fn problem(status: StatusCode, message: &str) -> Reply {
    let body = json!({"errorMessage": message, "errorType": "RuntimeApi"});
    reply(status, "application/json", body.to_string().into_bytes())
}

fn invocation_reply(lambda: &Lambda, environment: &Environment, invocation: Invocation) -> Reply {
    let trace_id = trace_id(&invocation);
    let mut reply = http::Response::new(invocation.payload.into());
    let headers = reply.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("lambda-runtime-deadline-ms", HeaderValue::from(invocation.deadline_ms));
    let texts = [
        ("lambda-runtime-aws-request-id", invocation.request_id.to_string()),
        ("lambda-runtime-invoked-function-arn", lambda.arn_of_environment(environment.number)),
        ("lambda-runtime-trace-id", trace_id),
    ];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
    reply
}

/// X-Ray's form: version, epoch seconds in hexadecimal, 96 bits; not sampled.
fn trace_id(invocation: &Invocation) -> String {
    let id = invocation.request_id.to_string().replace('-', "");
    format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0",
        invocation.deadline_ms / 1000,
        &id[..24],
        &id[16..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_resources_are_told_apart() {
        let get = |path| parse(&Method::GET, path);
        let post = |path| parse(&Method::POST, path);
        assert_eq!(get("2018-06-01/runtime/invocation/next"), Some(Call::Next));
        assert_eq!(post("2018-06-01/runtime/invocation/7/response"), Some(Call::Response("7")));
        assert_eq!(post("2018-06-01/runtime/invocation/7/error"), Some(Call::Error("7")));
        assert_eq!(post("2018-06-01/runtime/init/error"), Some(Call::InitError));
        assert_eq!(post("2018-06-01/runtime/invocation/next"), None);
        assert_eq!(get("2015-03-31/functions"), None);
    }
}
