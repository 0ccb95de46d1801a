//! The requests of SQS, in the shapes of its JSON protocol.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::Value;

use super::error::SqsError;

/// A request as a protocol read it.
pub(crate) enum Input<'a> {
    /// JSON, not parsed yet.
    Bytes(&'a [u8]),
    /// From a form: every leaf is text.
    Tree(Value),
}

pub(crate) fn parse<T: DeserializeOwned>(input: Input<'_>) -> Result<T, SqsError> {
    let parsed = match input {
        Input::Bytes(bytes) => serde_json::from_slice(bytes),
        Input::Tree(tree) => serde_json::from_value(tree),
    };
    parsed.map_err(|error| {
        let text = error.to_string();
        match text.split('`').nth(1) {
            Some(field) if text.starts_with("missing field") => SqsError::missing(field),
            Some(_) | None => SqsError::Serialization(text),
        }
    })
}

/// A number, or the text of one: the query protocol only has text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Number(number) => {
            number.as_i64().map(Some).ok_or_else(|| D::Error::custom("not a whole number"))
        }
        Value::String(text) => text.parse().map(Some).map_err(D::Error::custom),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(D::Error::custom("not a number"))
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttributeShape {
    #[serde(default)]
    pub(crate) data_type: String,
    pub(crate) string_value: Option<String>,
    pub(crate) binary_value: Option<String>,
}

pub(crate) type AttributeShapes = BTreeMap<String, AttributeShape>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueueRequest {
    pub(crate) queue_url: String,
}

/// One message to send; in a batch, with an id.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendEntry {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) message_body: String,
    #[serde(default, deserialize_with = "number")]
    pub(crate) delay_seconds: Option<i64>,
    #[serde(default)]
    pub(crate) message_attributes: AttributeShapes,
    #[serde(default)]
    pub(crate) message_system_attributes: AttributeShapes,
    pub(crate) message_group_id: Option<String>,
    pub(crate) message_deduplication_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendRequest {
    pub(crate) queue_url: String,
    #[serde(flatten)]
    pub(crate) entry: SendEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Batch<E> {
    pub(crate) queue_url: String,
    #[serde(default = "Vec::new")]
    pub(crate) entries: Vec<E>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReceiveRequest {
    pub(crate) queue_url: String,
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_number_of_messages: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) visibility_timeout: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) wait_time_seconds: Option<i64>,
    #[serde(default)]
    pub(crate) attribute_names: Vec<String>,
    #[serde(default)]
    pub(crate) message_system_attribute_names: Vec<String>,
    #[serde(default)]
    pub(crate) message_attribute_names: Vec<String>,
    pub(crate) receive_request_attempt_id: Option<String>,
}

/// A receipt handle and what to do with its message; in a batch, with an id.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReceiptEntry {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) receipt_handle: String,
    #[serde(default, deserialize_with = "number")]
    pub(crate) visibility_timeout: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReceiptRequest {
    pub(crate) queue_url: String,
    #[serde(flatten)]
    pub(crate) entry: ReceiptEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NameRequest {
    pub(crate) queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateRequest {
    pub(crate) queue_name: String,
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, String>,
    /// Lower-case in the JSON protocol, unlike TagQueue's.
    #[serde(default, rename = "tags", alias = "Tags")]
    pub(crate) tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetAttributesRequest {
    pub(crate) queue_url: String,
    #[serde(default)]
    pub(crate) attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SetAttributesRequest {
    pub(crate) queue_url: String,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// ListQueues and ListDeadLetterSourceQueues.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListRequest {
    pub(crate) queue_url: Option<String>,
    #[serde(default)]
    pub(crate) queue_name_prefix: String,
    pub(crate) next_token: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_results: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagRequest {
    pub(crate) queue_url: String,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UntagRequest {
    pub(crate) queue_url: String,
    #[serde(default)]
    pub(crate) tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PermissionRequest {
    pub(crate) queue_url: String,
    pub(crate) label: String,
    #[serde(default, rename = "AWSAccountIds")]
    pub(crate) account_ids: Vec<String>,
    #[serde(default)]
    pub(crate) actions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartMoveRequest {
    pub(crate) source_arn: String,
    pub(crate) destination_arn: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_number_of_messages_per_second: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListMovesRequest {
    pub(crate) source_arn: String,
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_results: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CancelMoveRequest {
    pub(crate) task_handle: String,
}
