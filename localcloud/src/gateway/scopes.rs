//! What mapping templates see: a request, a back end's answer, a refusal.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use http::request::Parts;
use serde_json::Value;

use crate::clock::now_ms;
use crate::vtl::{ParameterKind, Scope};

use super::limits::Key;
use super::refusal::Refusal;
use super::route::{Route, percent_decode};
use super::sigv4::Signer;

/// A request as far as it has come.
pub(super) struct Call<'a> {
    pub(super) api: &'a str,
    pub(super) stage: &'a str,
    pub(super) account_id: &'a str,
    pub(super) stage_variables: &'a BTreeMap<String, String>,
    pub(super) head: &'a Parts,
    pub(super) path: &'a str,
    pub(super) request_id: &'a str,
    pub(super) route: Option<&'a Route>,
    pub(super) parameters: Vec<(&'a str, String)>,
    pub(super) key: Option<&'a Key>,
    pub(super) signer: Option<&'a Signer>,
}

impl Call<'_> {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn parameter(&self, kind: ParameterKind, name: &str) -> Option<Cow<'_, str>> {
        match kind {
            ParameterKind::Path => {
                let found = self.parameters.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| Cow::Borrowed(value.as_str()))
            }
            ParameterKind::Query => {
                let pairs = self.head.uri.query()?.split('&');
                let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
                let found = pairs.find(|(known, _)| percent_decode(known).as_deref() == Some(name));
                found.and_then(|(_, value)| percent_decode(value)).map(Cow::Owned)
            }
            ParameterKind::Header => self.header(name).map(Cow::Borrowed),
        }
    }

    /// The names are those of `vtl::CONTEXT`, without the errors'.
    pub(super) fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        let user_name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
        let borrowed = Cow::Borrowed;
        match name {
            "accountId" => Some(borrowed(self.account_id)),
            "apiId" => Some(borrowed(self.api)),
            "domainName" => self.header("host").map(borrowed),
            "requestId" | "extendedRequestId" => Some(borrowed(self.request_id)),
            "httpMethod" => Some(borrowed(self.head.method.as_str())),
            "path" => Some(Cow::Owned(format!("/{}{}", self.stage, self.path))),
            "protocol" => Some(borrowed("HTTP/1.1")),
            "resourcePath" => self.route.map(|route| borrowed(route.path.as_str())),
            "stage" => Some(borrowed(self.stage)),
            "requestTimeEpoch" => Some(Cow::Owned(now_ms().to_string())),
            "requestTime" => Some(Cow::Owned(common_log_time())),
            "identity.sourceIp" => Some(borrowed("127.0.0.1")),
            "identity.userAgent" => self.header("user-agent").map(borrowed),
            "identity.apiKey" => self.key.map(|key| borrowed(key.value.as_str())),
            "identity.apiKeyId" => self.key.map(|key| borrowed(key.id.as_str())),
            "identity.accessKey" => self.signer.map(|s| borrowed(s.user.access_key_id.as_str())),
            "identity.accountId" => self.signer.map(|_| borrowed(self.account_id)),
            "identity.userArn" => self.signer.map(|s| borrowed(s.user.arn.as_str())),
            // AWS gives made-up ids here; the name says more.
            "identity.user" | "identity.caller" => {
                self.signer.map(|signer| Cow::Owned(user_name(&signer.user.arn)))
            }
            _ => None,
        }
    }
}

fn common_log_time() -> String {
    let now = jiff::Timestamp::from_millisecond(i64::try_from(now_ms()).unwrap_or(0));
    now.map(|now| now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()).unwrap_or_default()
}

/// A request with its body, for the integration.
pub(super) struct RequestScope<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) body: &'a str,
    pub(super) json: OnceCell<Option<Value>>,
}

impl Scope for RequestScope<'_> {
    fn body(&self) -> &str {
        self.body
    }
    fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_str(self.body).ok()).as_ref()
    }
    fn parameter(&self, kind: ParameterKind, name: &str) -> Option<Cow<'_, str>> {
        self.call.parameter(kind, name)
    }
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        self.call.context(name)
    }
    fn stage_variable(&self, name: &str) -> Option<&str> {
        self.call.stage_variables.get(name).map(String::as_str)
    }
}

/// The back end's answer, for the caller.
pub(super) struct AnswerScope<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) answer: &'a Value,
    pub(super) text: OnceCell<String>,
}

impl Scope for AnswerScope<'_> {
    fn body(&self) -> &str {
        self.text.get_or_init(|| self.answer.to_string())
    }
    fn json(&self) -> Option<&Value> {
        Some(self.answer)
    }
    fn parameter(&self, kind: ParameterKind, name: &str) -> Option<Cow<'_, str>> {
        self.call.parameter(kind, name)
    }
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        self.call.context(name)
    }
    fn stage_variable(&self, name: &str) -> Option<&str> {
        self.call.stage_variables.get(name).map(String::as_str)
    }
}

/// A refusal, for a gateway response.
pub(super) struct RefusalScope<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) refusal: &'a Refusal,
}

impl Scope for RefusalScope<'_> {
    fn body(&self) -> &str {
        ""
    }
    fn json(&self) -> Option<&Value> {
        None
    }
    fn parameter(&self, kind: ParameterKind, name: &str) -> Option<Cow<'_, str>> {
        self.call.parameter(kind, name)
    }
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        let quoted = |text: &str| Value::from(text).to_string();
        match name {
            "error.message" => Some(Cow::Borrowed(&self.refusal.message)),
            // With its quotes.
            "error.messageString" => Some(Cow::Owned(quoted(&self.refusal.message))),
            "error.responseType" => Some(Cow::Borrowed(self.refusal.kind.name())),
            // Without its quotes, but so that it may stand between some.
            "error.validationErrorString" => {
                let text = quoted(self.refusal.validation.as_deref().unwrap_or_default());
                Some(Cow::Owned(text[1..text.len() - 1].to_owned()))
            }
            other => self.call.context(other),
        }
    }
    fn stage_variable(&self, name: &str) -> Option<&str> {
        self.call.stage_variables.get(name).map(String::as_str)
    }
}
