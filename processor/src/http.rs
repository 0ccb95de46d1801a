//! HTTP with connections that are kept: what the bucket and Secrets Manager are asked by.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

use crate::signature::Request;

/// S3 closes idle connections after some 20 s, and a frozen environment does not notice.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// Sends requests.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

/// Nothing came back.
#[derive(Debug, Error)]
pub(crate) enum HttpError {
    #[error("the request has a header or an address that cannot be sent: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("{}", causes(.0))]
    Send(#[from] hyper_util::client::legacy::Error),
    #[error("{}", causes(.0))]
    Body(#[from] hyper::Error),
}

/// An error with all that it goes back to.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl HttpClient {
    /// A client for an endpoint. Nothing is sent yet.
    pub(crate) fn new(endpoint: &str) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(endpoint))
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Self { client }
    }

    pub(crate) async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let uri = format!("{}{}", request.endpoint, request.path);
        let mut sent = hyper::Request::builder().method(request.method).uri(uri);
        for (name, value) in request.headers {
            sent = sent.header(name, value);
        }
        let sent = sent.body(Full::new(Bytes::from(request.body)))?;
        let response = self.client.request(sent).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Response { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}

/// Without TLS the certificates need not be looked at.
fn tls(endpoint: &str) -> ClientConfig {
    let roots = if endpoint.starts_with("http://") {
        RootCertStore::empty()
    } else {
        RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
    };
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
