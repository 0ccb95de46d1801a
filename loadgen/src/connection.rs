//! Connections to the gateway, held by one driver and used by one order at a time each.
//!
//! A client above this (a pool shared by threads, redirects, retries) costs more than the request
//! itself, and an order must leave exactly once: what was written to a connection is never written
//! to another.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, crypto};

/// Where to connect, and whether to speak TLS there.
#[derive(Clone)]
pub(crate) struct Peer {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Peer {
    /// The peer of an address: `https` speaks TLS with the machine's trusted roots.
    pub(crate) fn of(address: &http::Uri) -> Result<Self, String> {
        let host = address.host().ok_or_else(|| format!("{address} names no host"))?;
        // An IPv6 address is in brackets in a URI and nowhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (tls, default_port) = match address.scheme_str() {
            Some("http") => (None, 80),
            Some("https") => (Some(tls(&host)?), 443),
            Some(_) | None => return Err(format!("{address} is neither http:// nor https://")),
        };
        Ok(Self { host, port: address.port_u16().unwrap_or(default_port), tls })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Failure> {
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|_| Failure::Unsent)?;
        stream.set_nodelay(true).map_err(|_| Failure::Unsent)?;
        match &self.tls {
            None => handshake(stream).await,
            Some((connector, name)) => {
                let stream =
                    connector.connect(name.clone(), stream).await.map_err(|_| Failure::Unsent)?;
                handshake(stream).await
            }
        }
    }
}

fn tls(host: &str) -> Result<(TlsConnector, ServerName<'static>), String> {
    let cannot = |error: String| format!("cannot speak TLS to {host}: {error}");
    let name = ServerName::try_from(host.to_owned()).map_err(|error| cannot(error.to_string()))?;
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|error| cannot(error.to_string()))?
        .with_no_client_auth();
    Ok((TlsConnector::from(Arc::new(config)), name))
}

async fn handshake<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|_| Failure::Unsent)?;
    // It ends with the connection; what it ends with, the order on it is told.
    tokio::spawn(connection);
    Ok(sender)
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No byte of the request left this machine.
    Unsent,
    /// Some did.
    Unanswered,
}

/// The idle connections of one driver.
pub(crate) struct Connections {
    peer: Peer,
    idle: RefCell<Vec<SendRequest<Full<Bytes>>>>,
}

impl Connections {
    /// None yet.
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer, idle: RefCell::default() }
    }

    /// Sends a request and waits for the whole answer; its status.
    pub(crate) async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<u16, Failure> {
        loop {
            let idle = self.take_idle().await;
            let was_idle = idle.is_some();
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.peer.connect().await?,
            };
            match connection.try_send_request(request).await {
                Ok(response) => {
                    let status = response.status().as_u16();
                    if drain(response).await {
                        self.idle.borrow_mut().push(connection);
                    }
                    return Ok(status);
                }
                Err(mut error) => match error.take_message() {
                    // The gateway had closed it while it was idle, and nothing was written.
                    Some(unsent) if was_idle => request = unsent,
                    Some(_) => return Err(Failure::Unsent),
                    None => return Err(Failure::Unanswered),
                },
            }
        }
    }

    /// The connection used last, since the others may rest: few are then open at a low rate.
    async fn take_idle(&self) -> Option<SendRequest<Full<Bytes>>> {
        loop {
            let mut connection = self.idle.borrow_mut().pop()?;
            if connection.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }
}

/// Reads the rest of the answer; whether the connection can be used again. An answer cut off after
/// its status has said what it says.
async fn drain(response: Response<Incoming>) -> bool {
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        if frame.is_err() {
            return false;
        }
    }
    true
}
