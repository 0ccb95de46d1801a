//! The access log of a stage: a line for each request, after it was answered.
//!
//! API Gateway developer guide, "Set up CloudWatch logging for REST APIs" and "Variables for access
//! logging": the format is text in which `$context.name` stands for a value, `-` where there is none.

use std::borrow::Cow;
use std::path::Path;

use http::StatusCode;

use crate::config::{AccessLogConfig, ApiConfig};
use crate::error::ConfigError;
use crate::log_group::LogGroup;
use crate::metric_store::MetricStore;
use crate::vtl;

use super::refusal::Refusal;
use super::scopes::{Call, RefusalScope};

/// Variables that only an answer has.
const OF_THE_ANSWER: [&str; 4] =
    ["integration.latency", "integration.status", "responseLatency", "status"];

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Variable(String),
}

/// A format, taken apart.
#[derive(Debug)]
pub(super) struct Format(Vec<Part>);

/// What an access log says of an answer.
pub(super) struct Answered<'a> {
    pub(super) status: StatusCode,
    pub(super) refusal: Option<&'a Refusal>,
    pub(super) latency_ms: f64,
    pub(super) integration: super::Integration,
}

impl Format {
    /// Refuses what API Gateway refuses, and variables that nothing here has a value for.
    pub(super) fn new(config: &AccessLogConfig) -> Result<Self, ConfigError> {
        let format = config.format.trim_end_matches('\n');
        let wrong = |problem: String| ConfigError::AccessLogFormat { problem };
        if format.contains('\n') {
            return Err(wrong("it must be a single line".to_owned()));
        }
        let parts = parts(format);
        let mut names = parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Variable(name) => Some(name.as_str()),
        });
        if let Some(name) = names.clone().find(|name| !is_known(name)) {
            return Err(wrong(format!("$context.{name} is not imitated")));
        }
        if !names.any(|name| name == "requestId" || name == "extendedRequestId") {
            return Err(wrong("it must contain $context.requestId".to_owned()));
        }
        Ok(Format(parts))
    }

    /// The line, with its end.
    pub(super) fn line(&self, call: &Call<'_>, answered: &Answered<'_>) -> String {
        let mut line = String::with_capacity(512);
        for part in &self.0 {
            match part {
                Part::Text(text) => line.push_str(text),
                Part::Variable(name) => {
                    line.push_str(value(name, call, answered).as_deref().unwrap_or("-"));
                }
            }
        }
        line.push('\n');
        line
    }
}

fn is_known(name: &str) -> bool {
    OF_THE_ANSWER.contains(&name) || vtl::CONTEXT.contains(&name)
}

fn parts(format: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut pieces = format.split("$context.");
    parts.extend(pieces.next().map(|text| Part::Text(text.to_owned())));
    for piece in pieces {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
        let end = piece.find(|c| !is_name(c)).unwrap_or(piece.len());
        // A full stop after a name is a full stop.
        let name = piece[..end].trim_end_matches('.');
        parts.push(Part::Variable(name.to_owned()));
        parts.push(Part::Text(piece[name.len()..].to_owned()));
    }
    parts
}

fn value<'a>(name: &str, call: &'a Call<'_>, answered: &Answered<'_>) -> Option<Cow<'a, str>> {
    let owned = |number: u64| Some(Cow::Owned(number.to_string()));
    match name {
        "status" => owned(answered.status.as_u16().into()),
        "responseLatency" => owned(answered.latency_ms.round() as u64),
        "integration.status" => owned(answered.integration.status?.into()),
        "integration.latency" => owned(answered.integration.latency_ms?.round() as u64),
        of_error if of_error.starts_with("error.") => {
            let scope = RefusalScope { call, refusal: answered.refusal? };
            vtl::Scope::context(&scope, of_error).map(|value| Cow::Owned(value.into_owned()))
        }
        other => call.context(other),
    }
}

/// Opens the file of the log group, if the stage has an access log.
pub(super) fn open(
    api: &ApiConfig,
    directory: &Path,
    metrics: &MetricStore,
) -> std::io::Result<Option<LogGroup>> {
    let file = format!("{}-access.log", api.name);
    let open = |log: &AccessLogConfig| LogGroup::open(directory, &file, &log.log_group, metrics);
    api.access_log.as_ref().map(open).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(format: &str) -> Result<Format, String> {
        let config = AccessLogConfig { log_group: "g".to_owned(), format: format.to_owned() };
        Format::new(&config).map_err(|error| error.to_string())
    }

    #[test]
    fn a_format_is_text_and_variables_and_a_full_stop_ends_a_name() {
        let text = |text: &str| Part::Text(text.to_owned());
        let variable = |name: &str| Part::Variable(name.to_owned());
        assert_eq!(
            format("$context.requestId took $context.integration.latency. $ms\n").unwrap().0,
            [
                text(""),
                variable("requestId"),
                text(" took "),
                variable("integration.latency"),
                text(". $ms"),
            ]
        );
    }

    #[test]
    fn a_format_that_api_gateway_refuses_is_refused_by_name() {
        for (wrong, word) in [
            ("$context.status", "must contain $context.requestId"),
            ("$context.requestId\n$context.status", "single line"),
            ("$context.requestId $context.wafStatus", "$context.wafStatus is not imitated"),
        ] {
            let problem = format(wrong).unwrap_err();
            assert!(problem.contains(word), "{wrong}: {problem}");
        }
        assert!(format("$context.extendedRequestId").is_ok());
    }
}
