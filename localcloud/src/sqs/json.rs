//! SQS over AWS JSON 1.0, what today's SDKs speak.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::server::{Reply, reply};

use super::error::SqsError;
use super::requests::Input;
use super::{Sqs, actions};

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

pub(crate) async fn answer(sqs: &Sqs, action: &str, body: &Bytes) -> Reply {
    let body = if body.is_empty() { &b"{}"[..] } else { body };
    let result = actions::run(sqs, action, Input::Bytes(body)).await;
    let mut reply = match result {
        Ok(value) => success(action, &value),
        Err(error) => failure(&error),
    };
    if let Ok(id) = sqs.ids.next().to_string().parse() {
        reply.headers_mut().insert("x-amzn-requestid", id);
    }
    reply
}

fn success(action: &str, value: &Value) -> Reply {
    // Actions without an output have an empty body in this protocol.
    let no_output = matches!(
        action,
        "DeleteMessage"
            | "ChangeMessageVisibility"
            | "SetQueueAttributes"
            | "PurgeQueue"
            | "DeleteQueue"
            | "TagQueue"
            | "UntagQueue"
            | "AddPermission"
            | "RemovePermission"
    );
    let body = if no_output { Vec::new() } else { value.to_string().into_bytes() };
    reply(StatusCode::OK, CONTENT_TYPE, body)
}

fn failure(error: &SqsError) -> Reply {
    let (shape, code) = error.names();
    let fault = if error.is_sender_fault() { "Sender" } else { "Receiver" };
    let status = error.status();
    let body =
        json!({"__type": format!("com.amazonaws.sqs#{shape}"), "message": error.to_string()});
    let mut reply = reply(status, CONTENT_TYPE, body.to_string().into_bytes());
    if let Ok(value) = format!("{code};{fault}").parse() {
        reply.headers_mut().insert("x-amzn-query-error", value);
    }
    reply
}
