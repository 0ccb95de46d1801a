//! API Gateway, each kind of API metered in steps of its own.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Month, UsageFileError, started, value};
use crate::bill::Used;

/// `[[api_gateway]]`: one API.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ApiGateway {
    rest_requests: Decimal,
    rest_streamed_bytes: Decimal,
    http_requests: Decimal,
    http_request_bytes: Decimal,
    websocket_messages: Decimal,
    websocket_message_bytes: Decimal,
    websocket_minutes: Decimal,
    cache_gb: String,
    cache_hours: Option<Decimal>,
}

impl ApiGateway {
    /// The sizes of a cache that there are, GB.
    const CACHES: [&str; 8] = ["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"];

    /// An HTTP API's call is metered in steps of 512 KB, a WebSocket's message in steps of 32 KB; a
    /// REST API's call is one whatever its size, unless its response is streamed: steps of 10 MB.
    pub(super) fn used(&self, month: Month) -> Result<impl Iterator<Item = Used>, UsageFileError> {
        if !self.cache_gb.is_empty() && !Self::CACHES.contains(&self.cache_gb.as_str()) {
            let cause = format!("one of {:?}, as a text", Self::CACHES);
            return Err(value("api_gateway.cache_gb", &cause));
        }
        if self.cache_gb.is_empty() && self.cache_hours.is_some() {
            return Err(value("api_gateway.cache_gb", "cache_hours need the size of the cache"));
        }
        let call = |item, usage, count: Decimal, (steps, step): (Decimal, &str), unit| {
            let key = ("AmazonApiGateway", usage, "");
            let formula = || {
                let is_one = steps == Decimal::ONE;
                if is_one {
                    format!("{count} {unit}")
                } else {
                    format!("{count} x {steps} of {step}")
                }
            };
            month.line(("API Gateway", item), key, (count * steps, unit), formula)
        };
        let streams = (started(self.rest_streamed_bytes, 10 * 1024), "10 MB streamed");
        let calls = (started(self.http_request_bytes, 512), "512 KB");
        let messages = (started(self.websocket_message_bytes, 32), "32 KB");
        let lines = [
            call("REST API requests", "ApiGatewayRequest", self.rest_requests, streams, "requests"),
            call(
                "HTTP API requests",
                "ApiGatewayHttpRequest",
                self.http_requests,
                calls,
                "requests",
            ),
            call(
                "WebSocket messages",
                "ApiGatewayMessage",
                self.websocket_messages,
                messages,
                "messages",
            ),
            month.line(
                ("API Gateway", "WebSocket connections"),
                ("AmazonApiGateway", "ApiGatewayMinute", ""),
                (self.websocket_minutes, "minutes"),
                || format!("{} connection-minutes", self.websocket_minutes),
            ),
            self.cache(month),
        ];
        Ok(lines.into_iter().flatten())
    }

    fn cache(&self, month: Month) -> Option<Used> {
        if self.cache_gb.is_empty() {
            return None;
        }
        let hours = self.cache_hours.unwrap_or(month.hours);
        month.line(
            ("API Gateway", &format!("cache of {} GB", self.cache_gb)),
            ("AmazonApiGateway", format!("ApiGatewayCacheUsage:{}GB", self.cache_gb), ""),
            (hours, "hours"),
            || format!("{hours} hours"),
        )
    }
}
