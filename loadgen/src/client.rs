//! One order over HTTP, sent exactly once.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http_body_util::Full;
use hyper::{Method, Request, Uri};
use orders::OrderNumber;
use runlog::Outcome;

use crate::connection::{Connections, Failure, Peer};

/// API Gateway answers within 29 s (its integration timeout) or not at all; what is longer than
/// that plus a margin is an answer that never comes.
const ANSWER_WITHIN: Duration = Duration::from_secs(31);

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

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

/// What it takes to make clients, a driver each.
#[derive(Clone)]
pub(crate) struct Gateway {
    peer: Peer,
    host: HeaderValue,
    orders_path: String,
    api_keys: Vec<HeaderValue>,
}

impl Gateway {
    /// A gateway that can be spoken to.
    pub(crate) fn new(address: &GatewayAddress, credentials: &Credentials) -> Result<Self, String> {
        let uri: Uri =
            address.0.parse().map_err(|error| format!("{} is no address: {error}", address.0))?;
        let host = uri.authority().map_or("", http::uri::Authority::as_str);
        let host = HeaderValue::from_str(host).map_err(|error| error.to_string())?;
        let Credentials::ApiKeys(keys) = credentials;
        let api_keys = keys
            .iter()
            .map(|key| HeaderValue::from_str(key))
            .collect::<Result<_, _>>()
            .map_err(|_| "an API key has a character that no header may have".to_owned())?;
        let orders_path = format!("{}/v1/orders/", uri.path().trim_end_matches('/'));
        Ok(Self { peer: Peer::of(&uri)?, host, orders_path, api_keys })
    }

    fn request(
        &self,
        number: &OrderNumber,
        partner: usize,
        body: Vec<u8>,
    ) -> Option<Request<Full<Bytes>>> {
        let mut path = String::with_capacity(self.orders_path.len() + 24);
        path.push_str(&self.orders_path);
        path.push_str(number.as_str());
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::PUT;
        *request.uri_mut() = Uri::from(PathAndQuery::try_from(path).ok()?);
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = self.api_keys.get(partner) {
            headers.insert(API_KEY, key.clone());
        }
        Some(request)
    }
}

/// Sends orders. No retry and no redirect, for either would send an order twice and count it once.
pub(crate) struct GatewayClient {
    gateway: Gateway,
    connections: Connections,
}

impl GatewayClient {
    /// A client with its own connections.
    pub(crate) fn new(gateway: Gateway) -> Self {
        let connections = Connections::new(gateway.peer.clone());
        Self { gateway, connections }
    }

    /// Sends one order and waits for the whole answer.
    pub(crate) async fn put(&self, number: &OrderNumber, partner: usize, body: Vec<u8>) -> Reply {
        let Some(request) = self.gateway.request(number, partner, body) else {
            return Reply { status: 0, outcome: Outcome::Failed };
        };
        match tokio::time::timeout(ANSWER_WITHIN, self.connections.send(request)).await {
            Ok(Ok(status)) => Reply { status, outcome: Outcome::from_status(status) },
            Ok(Err(Failure::Unsent)) => Reply { status: 0, outcome: Outcome::Failed },
            Ok(Err(Failure::Unanswered)) | Err(_) => Reply { status: 0, outcome: Outcome::Unknown },
        }
    }
}
