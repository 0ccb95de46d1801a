//! The back end of an integration: SQS over its query protocol, in this process. What the mapping
//! template rendered is what is parsed here.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::sqs::error::SqsError;
use crate::sqs::requests::{AttributeShape, AttributeShapes, Input, SendEntry, SendRequest};
use crate::sqs::{Sqs, actions, messages, query};

use super::route::hex_digit;

/// What SQS answers API Gateway, which asks for JSON.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// Runs the request in `form` against the queue of the integration's path.
pub(super) async fn call(sqs: &Sqs, queue: &str, form: &str) -> Answer {
    let (action, result) = match send_request(queue, form) {
        Some(request) => (Cow::Borrowed("SendMessage"), messages::send(sqs, request)),
        None => {
            let (action, request) = query::request(&format!("/{queue}"), form.as_bytes());
            let result = actions::run(sqs, &action, Input::Tree(request)).await;
            (Cow::Owned(action), result)
        }
    };
    let request_id = sqs.ids.next().to_string();
    match result {
        Ok(result) => Answer { status: 200, body: success(&action, result, request_id) },
        Err(error) => failure(&error, request_id),
    }
}

fn success(action: &str, result: Value, request_id: String) -> Value {
    json!({ format!("{action}Response"): {
        format!("{action}Result"): result,
        "ResponseMetadata": {"RequestId": request_id},
    }})
}

fn failure(error: &SqsError, request_id: String) -> Answer {
    let fault = if error.is_sender_fault() { "Sender" } else { "Receiver" };
    let error_body = json!({
        "Code": error.names().1, "Message": error.to_string(), "Type": fault, "Detail": null,
    });
    Answer {
        status: error.status().as_u16(),
        body: json!({"Error": error_body, "RequestId": request_id}),
    }
}

/// A SendMessage of plain fields and message attributes, read without a tree in between. None:
/// something else, which the general reader reads.
fn send_request(queue: &str, form: &str) -> Option<SendRequest> {
    let mut is_send = false;
    let mut request = SendRequest {
        queue_url: queue.to_owned(),
        entry: SendEntry {
            id: String::new(),
            message_body: String::new(),
            delay_seconds: None,
            message_attributes: AttributeShapes::new(),
            message_system_attributes: AttributeShapes::new(),
            message_group_id: None,
            message_deduplication_id: None,
        },
    };
    let mut attributes: Vec<(&str, String, AttributeShape)> = Vec::new();
    for pair in form.split('&') {
        let (name, value) = pair.split_once('=')?;
        let value = decode(value)?;
        match name {
            "Action" => is_send = value == "SendMessage",
            "Version" => {}
            "MessageBody" => request.entry.message_body = value.into_owned(),
            "MessageGroupId" => request.entry.message_group_id = Some(value.into_owned()),
            "MessageDeduplicationId" => {
                request.entry.message_deduplication_id = Some(value.into_owned());
            }
            other => {
                let (number, field) = other.strip_prefix("MessageAttribute.")?.split_once('.')?;
                let at = attributes.iter().position(|(known, _, _)| *known == number);
                let at = at.unwrap_or_else(|| {
                    attributes.push((number, String::new(), AttributeShape::default()));
                    attributes.len() - 1
                });
                let (_, name, shape) = &mut attributes[at];
                match field {
                    "Name" => *name = value.into_owned(),
                    "Value.DataType" => shape.data_type = value.into_owned(),
                    "Value.StringValue" => shape.string_value = Some(value.into_owned()),
                    "Value.BinaryValue" => shape.binary_value = Some(value.into_owned()),
                    _ => return None,
                }
            }
        }
    }
    let shapes = attributes.into_iter().map(|(_, name, shape)| (name, shape));
    request.entry.message_attributes = shapes.collect();
    is_send.then_some(request)
}

/// As `application/x-www-form-urlencoded` is read. None: not UTF-8, or half an escape.
fn decode(value: &str) -> Option<Cow<'_, str>> {
    let bytes = value.as_bytes();
    let Some(first) = bytes.iter().position(|byte| matches!(byte, b'%' | b'+')) else {
        return Some(Cow::Borrowed(value));
    };
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(&bytes[..first]);
    let mut at = first;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                out.push(hex_digit(*bytes.get(at + 1)?)? << 4 | hex_digit(*bytes.get(at + 2)?)?);
                at += 2;
            }
            other => out.push(*other),
        }
        at += 1;
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_send_with_attributes_is_read_without_a_tree() {
        let form = "Action=SendMessage&MessageBody=a%26b+c&MessageAttribute.1.Name=p&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=x%2By";
        let request = send_request("orders", form).unwrap();
        assert_eq!(
            (request.queue_url.as_str(), request.entry.message_body.as_str()),
            ("orders", "a&b c")
        );
        let attribute = &request.entry.message_attributes["p"];
        assert_eq!(attribute.data_type, "String");
        assert_eq!(attribute.string_value.as_deref(), Some("x+y"));
    }

    #[test]
    fn what_is_not_a_plain_send_is_left_to_the_general_reader() {
        for form in [
            "Action=PurgeQueue",
            "Action=SendMessage&MessageBody=a&DelaySeconds=7",
            "Action=SendMessage&MessageBody=a&x",
            "Action=SendMessage&MessageBody=%zz",
            "MessageBody=a",
        ] {
            assert!(send_request("orders", form).is_none(), "{form}");
        }
    }

    proptest! {
        #[test]
        fn decoding_is_that_of_forms(text in "\\PC*") {
            let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            prop_assert_eq!(decode(&encoded).unwrap(), text);
        }
    }
}
