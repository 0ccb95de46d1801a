//! SQS over the query protocol: a form in, XML out. API Gateway's own integration and older
//! tools speak it. Both directions translate to the shapes of `actions.rs`.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::server::{Reply, reply};
use crate::wire::{element, escape_xml, from_form};

use super::error::SqsError;
use super::requests::Input;
use super::{Sqs, actions};

const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

/// `path` is the request's: the queue may be named there instead of in the form.
pub(crate) async fn answer(sqs: &Sqs, path: &str, body: &[u8]) -> Reply {
    let (action, request) = request(path, body);
    let request_id = sqs.ids.next().to_string();
    match actions::run(sqs, &action, Input::Tree(request)).await {
        Ok(value) => {
            reply(StatusCode::OK, "text/xml", success(&action, &value, &request_id).into_bytes())
        }
        Err(error) => reply(error.status(), "text/xml", failure(&error, &request_id).into_bytes()),
    }
}

pub(crate) fn request(path: &str, body: &[u8]) -> (String, Value) {
    let mut fields = match from_form(body) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let action = fields.get("Action").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !fields.contains_key("QueueUrl") && path.len() > 1 {
        fields.insert("QueueUrl".to_owned(), json!(path));
    }
    (action, Value::Object(fields.into_iter().map(|(name, value)| rename(&name, value)).collect()))
}

/// The query protocol's names are singular, and it spells maps as lists of name and value.
fn rename(name: &str, value: Value) -> (String, Value) {
    match name {
        "Attribute" | "MessageAttribute" | "MessageSystemAttribute" | "Tag" => {
            (format!("{name}s"), map(value))
        }
        "AttributeName"
        | "MessageAttributeName"
        | "MessageSystemAttributeName"
        | "TagKey"
        | "AWSAccountId" => (format!("{name}s"), list(value)),
        "ActionName" => ("Actions".to_owned(), list(value)),
        "SendMessageBatchRequestEntry"
        | "DeleteMessageBatchRequestEntry"
        | "ChangeMessageVisibilityBatchRequestEntry" => (
            "Entries".to_owned(),
            Value::Array(items(value).into_iter().map(rename_fields).collect()),
        ),
        _ => (name.to_owned(), value),
    }
}

fn rename_fields(entry: Value) -> Value {
    match entry {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| rename(&name, value)).collect())
        }
        other => other,
    }
}

fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        // A lone `Attribute.Name=…&Attribute.Value=…` without a number is a list of one.
        other => vec![other],
    }
}

fn list(value: Value) -> Value {
    Value::Array(items(value))
}

/// Attributes are pairs of name and value, tags of key and value.
fn map(value: Value) -> Value {
    let pair = |mut item: Value| {
        let name = item.get("Name").or_else(|| item.get("Key"))?.as_str()?.to_owned();
        let value = item.get_mut("Value").map_or_else(|| json!(""), Value::take);
        Some((name, value))
    };
    Value::Object(items(value).into_iter().filter_map(pair).collect())
}

fn success(action: &str, value: &Value, request_id: &str) -> String {
    let mut out = format!("<?xml version=\"1.0\"?><{action}Response xmlns=\"{NAMESPACE}\">");
    element(&format!("{action}Result"), &mut out, |out| write_result(action, value, out));
    element("ResponseMetadata", &mut out, |out| {
        element("RequestId", out, |out| out.push_str(request_id))
    });
    out.push_str(&format!("</{action}Response>"));
    out
}

fn failure(error: &SqsError, request_id: &str) -> String {
    let fault = if error.is_sender_fault() { "Sender" } else { "Receiver" };
    let mut out = format!("<?xml version=\"1.0\"?><ErrorResponse xmlns=\"{NAMESPACE}\">");
    element("Error", &mut out, |out| {
        element("Type", out, |out| out.push_str(fault));
        element("Code", out, |out| out.push_str(error.names().1));
        element("Message", out, |out| escape_xml(&message(error), out));
        out.push_str("<Detail/>");
    });
    element("RequestId", &mut out, |out| out.push_str(request_id));
    out.push_str("</ErrorResponse>");
    out
}

/// AWS words one error differently in this protocol.
fn message(error: &SqsError) -> String {
    match error {
        SqsError::QueueDoesNotExist => {
            "The specified queue does not exist for this wsdl version.".to_owned()
        }
        other => other.to_string(),
    }
}

fn write_result(action: &str, value: &Value, out: &mut String) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        write_field(action, name, value, out);
    }
}

/// Lists are flattened under a singular name, maps under name and value.
fn write_field(action: &str, name: &str, value: &Value, out: &mut String) {
    match (name, value) {
        ("Attributes", Value::Object(fields)) => write_pairs("Attribute", "Name", fields, out),
        ("MessageAttributes", Value::Object(fields)) => {
            write_pairs("MessageAttribute", "Name", fields, out)
        }
        ("Tags", Value::Object(fields)) => write_pairs("Tag", "Key", fields, out),
        (_, Value::Array(items)) => {
            let item_name = item_name(action, name);
            items
                .iter()
                .for_each(|item| element(&item_name, out, |out| write_item(action, item, out)));
        }
        _ => element(name, out, |out| write_item(action, value, out)),
    }
}

fn write_item(action: &str, value: &Value, out: &mut String) {
    match value {
        Value::Object(_) => write_result(action, value, out),
        Value::String(text) => escape_xml(text, out),
        other => out.push_str(&other.to_string()),
    }
}

fn write_pairs(item: &str, key: &str, fields: &Map<String, Value>, out: &mut String) {
    for (name, value) in fields {
        element(item, out, |out| {
            element(key, out, |out| escape_xml(name, out));
            element("Value", out, |out| write_item("", value, out));
        });
    }
}

fn item_name(action: &str, list: &str) -> String {
    match list {
        "Messages" => "Message".to_owned(),
        "QueueUrls" | "queueUrls" => "QueueUrl".to_owned(),
        "Successful" => format!("{action}ResultEntry"),
        "Failed" => "BatchResultErrorEntry".to_owned(),
        "Results" => "ListMessageMoveTasksResultEntry".to_owned(),
        other => other.to_owned(),
    }
}
