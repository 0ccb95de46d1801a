//! One order over HTTP, sent exactly once.

use std::time::Duration;

use orders::OrderNumber;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use runlog::Outcome;

/// API Gateway answers within 29 s (its integration timeout) or not at all; what is longer than
/// that plus a margin is an answer that never comes.
const ANSWER_WITHIN: Duration = Duration::from_secs(31);

/// Where the gateway is, without the path of the order.
#[derive(Debug, Clone)]
pub struct GatewayAddress(pub String);

/// How each partner says who it is; the position is the partner's index.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// An API key a partner, in the header `x-api-key`.
    ApiKeys(Vec<String>),
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    /// The HTTP status; 0 when there was none.
    pub(crate) status: u16,
    /// What the sender knows now.
    pub(crate) outcome: Outcome,
}

/// Sends orders. No retry and no redirect, for either would send an order twice and count it once.
#[derive(Debug, Clone)]
pub(crate) struct GatewayClient {
    http: reqwest::Client,
    orders_url: String,
    api_keys: Vec<HeaderValue>,
}

impl GatewayClient {
    /// A client with its own connections.
    pub(crate) fn new(address: &GatewayAddress, credentials: &Credentials) -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(ANSWER_WITHIN)
            .build()
            .map_err(|error| format!("cannot make an HTTP client: {error}"))?;
        let Credentials::ApiKeys(keys) = credentials;
        let api_keys = keys
            .iter()
            .map(|key| HeaderValue::from_str(key))
            .collect::<Result<_, _>>()
            .map_err(|_| "an API key has a character that no header may have".to_owned())?;
        Ok(Self { http, orders_url: format!("{}/v1/orders", address.0), api_keys })
    }

    /// Sends one order and waits for the whole answer.
    pub(crate) async fn put(&self, number: &OrderNumber, partner: usize, body: Vec<u8>) -> Reply {
        let mut request = self
            .http
            .put(format!("{}/{number}", self.orders_url))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body);
        if let Some(key) = self.api_keys.get(partner) {
            request = request.header("x-api-key", key.clone());
        }
        match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                match response.bytes().await {
                    Ok(_) => Reply { status, outcome: Outcome::from_status(status) },
                    // The status came and the rest did not: a promise all the same.
                    Err(_) => Reply { status, outcome: Outcome::from_status(status) },
                }
            }
            Err(error) => Reply { status: 0, outcome: outcome_of(&error) },
        }
    }
}

/// Whether the order can have left this machine.
fn outcome_of(error: &reqwest::Error) -> Outcome {
    if error.is_connect() || error.is_builder() { Outcome::Failed } else { Outcome::Unknown }
}
