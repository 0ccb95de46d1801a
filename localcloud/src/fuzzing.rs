//! The parsers inside, for the fuzz targets of `fuzz/`. Nobody else's interface.

use std::borrow::Cow;

use serde_json::Value;

use crate::sqs::query;
use crate::sqs::requests::{Batch, Input, SendEntry, SendRequest, parse};
use crate::vtl::{ParameterKind, Scope, Template};

/// A request of which every parameter and variable says its own name.
struct Named<'a> {
    body: &'a str,
    json: Option<Value>,
}

impl Scope for Named<'_> {
    fn body(&self) -> &str {
        self.body
    }
    fn json(&self) -> Option<&Value> {
        self.json.as_ref()
    }
    fn parameter(&self, _: ParameterKind, name: &str) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(name.to_owned()))
    }
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(name.to_owned()))
    }
    fn stage_variable(&self, _: &str) -> Option<&str> {
        None
    }
}

/// Compiles a mapping template and renders it with this body.
///
/// # Errors
/// What is wrong with the template, or what it did not survive.
pub fn render_mapping_template(template: &str, body: &str) -> Result<String, String> {
    let template = Template::compile(template).map_err(|error| error.to_string())?;
    let scope = Named { body, json: serde_json::from_str(body).ok() };
    template.render(&scope).map_err(|error| error.to_string())
}

/// Reads a request of SQS's query protocol: as one message, and as a batch of them.
///
/// # Errors
/// If it is neither.
pub fn read_sqs_query(path: &str, form: &[u8]) -> Result<usize, String> {
    let (_, request) = query::request(path, form);
    let one = parse::<SendRequest>(Input::Tree(request.clone())).map(|_| 1);
    let several = parse::<Batch<SendEntry>>(Input::Tree(request)).map(|batch| batch.entries.len());
    one.or(several).map_err(|error| error.names().1.to_owned())
}
