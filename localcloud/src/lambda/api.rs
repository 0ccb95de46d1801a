//! Lambda's own API, as far as a person with the AWS CLI needs it: Invoke, and a look at the
//! functions. Functions are made by the configuration, not here.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::environment::InvokeError;
use crate::server::{Reply, reply};

use super::{Function, Invoked, Lambda};

pub(crate) const PATH: &str = "/2015-03-31/functions";
/// Lambda quotas, "Invocation payload": synchronous and asynchronous.
const PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024;
const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// An error as Lambda's REST protocol has it.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    fields: Value,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Refusal { status, code, fields: json!({"Type": "User", "Message": message.into()}) }
    }

    fn reply(&self) -> Reply {
        let mut reply = json_reply(self.status, &self.fields);
        reply.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        reply
    }
}

/// Answers a request under [`PATH`].
pub(crate) async fn answer(lambda: &Arc<Lambda>, head: &Parts, body: Bytes) -> Reply {
    match run(lambda, head, body).await {
        Ok(reply) => reply,
        Err(refusal) => refusal.reply(),
    }
}

async fn run(lambda: &Arc<Lambda>, head: &Parts, body: Bytes) -> Result<Reply, Refusal> {
    let rest = head.uri.path().strip_prefix(PATH).unwrap_or_default().trim_matches('/');
    let (name, resource) = rest.split_once('/').unwrap_or((rest, ""));
    match (&head.method, name, resource) {
        (&Method::GET, "", "") => {
            let functions: Vec<Value> = lambda.functions().map(described).collect();
            Ok(json_reply(StatusCode::OK, &json!({"Functions": functions})))
        }
        (&Method::GET, name, "") => {
            let configuration = described(&*function(lambda, name)?);
            Ok(json_reply(StatusCode::OK, &json!({"Configuration": configuration})))
        }
        (&Method::GET, name, "configuration") => {
            Ok(json_reply(StatusCode::OK, &described(&*function(lambda, name)?)))
        }
        (&Method::POST, name, "invocations") => {
            invoke(lambda, &function(lambda, name)?, head, body).await
        }
        _ => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "UnknownOperationException",
            format!("{} {} is not imitated", head.method, head.uri.path()),
        )),
    }
}

/// By name, or by whole or partial ARN, with or without `:$LATEST`.
fn function(lambda: &Lambda, written: &str) -> Result<Arc<Function>, Refusal> {
    let written = written.replace("%3A", ":").replace("%3a", ":").replace("%24", "$");
    let unqualified = written.strip_suffix(":$LATEST").unwrap_or(&written);
    let name = unqualified.rsplit(':').next().unwrap_or_default();
    lambda.function(name).ok_or_else(|| {
        let arn = lambda.arn(name);
        Refusal::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            format!("Function not found: {arn}"),
        )
    })
}

fn described(function: &Function) -> Value {
    let config = &function.config;
    json!({
        "FunctionName": config.name, "FunctionArn": function.arn, "Runtime": "provided.al2023",
        "Handler": "bootstrap", "MemorySize": config.memory_mb,
        "Timeout": config.timeout.as_secs(), "Version": "$LATEST", "PackageType": "Zip",
        "State": "Active", "LastUpdateStatus": "Successful",
        "Environment": {"Variables": config.environment},
    })
}

async fn invoke(
    lambda: &Arc<Lambda>,
    function: &Arc<Function>,
    head: &Parts,
    payload: Bytes,
) -> Result<Reply, Refusal> {
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let kind = header("x-amz-invocation-type").unwrap_or("RequestResponse");
    let bytes_max = if kind == "Event" { EVENT_BYTES_MAX } else { PAYLOAD_BYTES_MAX };
    if payload.len() > bytes_max {
        return Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLargeException",
            format!(
                "Request must be smaller than {bytes_max} bytes for the InvokeFunction operation"
            ),
        ));
    }
    let payload = if payload.is_empty() { Bytes::from_static(b"{}") } else { payload };
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&payload) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            format!("Could not parse request body into json: {error}"),
        ));
    }
    match kind {
        "RequestResponse" => {
            let invoked = lambda.invoke(function, payload).await;
            answered(function, invoked, header("x-amz-log-type") == Some("Tail"))
        }
        "Event" => {
            let (lambda, function) = (lambda.clone(), function.clone());
            tokio::spawn(async move { lambda.invoke(&function, payload).await });
            Ok(reply(StatusCode::ACCEPTED, "application/json", Vec::new()))
        }
        "DryRun" => Ok(reply(StatusCode::NO_CONTENT, "application/json", Vec::new())),
        other => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            format!("{other} is no invocation type: RequestResponse, Event, DryRun"),
        )),
    }
}

fn answered(function: &Function, invoked: Invoked, tail: bool) -> Result<Reply, Refusal> {
    if let Err(InvokeError::Throttled(reason)) = &invoked.outcome {
        return Err(Refusal {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "TooManyRequestsException",
            fields: json!({"Type": "User", "Reason": reason.to_string(), "message": "Rate Exceeded."}),
        });
    }
    let log = tail.then(|| {
        let opening = Invoked::opening_line(invoked.request_id);
        BASE64.encode(opening + &invoked.closing_lines(function.config.memory_mb))
    });
    let (body, failed) = match invoked.outcome {
        Ok(body) => (body.to_vec(), false),
        Err(error) => (error_document(invoked.request_id, &error), true),
    };
    let mut reply = reply(StatusCode::OK, "application/json", body);
    let headers = reply.headers_mut();
    headers.insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    if failed {
        headers.insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    }
    let texts =
        [("x-amzn-requestid", Some(invoked.request_id.to_string())), ("x-amz-log-result", log)];
    for (name, text) in texts {
        if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(name, value);
        }
    }
    Ok(reply)
}

/// The function's own document, or Lambda's where the function could not write one.
fn error_document(request_id: crate::ids::Id, error: &InvokeError) -> Vec<u8> {
    let error_type = match error {
        InvokeError::Function(document) => return document.clone().into_bytes(),
        InvokeError::TimedOut(_) => "Sandbox.Timedout",
        InvokeError::Exited { .. } | InvokeError::NotStarted(_) | InvokeError::InitFailed(_) => {
            "Runtime.ExitError"
        }
        InvokeError::OutOfMemory { .. } => "Runtime.OutOfMemory",
        InvokeError::ResponseLost | InvokeError::ShuttingDown | InvokeError::Throttled(_) => {
            "Sandbox.Failure"
        }
    };
    let text = error.to_string();
    let named = text.starts_with("RequestId:");
    let message = if named { text } else { format!("RequestId: {request_id} Error: {text}") };
    json!({"errorType": error_type, "errorMessage": message}).to_string().into_bytes()
}

fn json_reply(status: StatusCode, body: &Value) -> Reply {
    reply(status, "application/json", body.to_string().into_bytes())
}
