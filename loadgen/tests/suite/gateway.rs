//! A gateway that takes orders over HTTP/1.1 or HTTP/2, with or without TLS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use orders::{Order, OrderNumber};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::load::tag;

/// One order as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) k: u64,
    /// How often it has come, this time included.
    pub(crate) times: u32,
    pub(crate) path: String,
    /// Of HTTP/2, which has no host header.
    pub(crate) authority: String,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the client showed a certificate.
    pub(crate) has_certificate: bool,
}

/// What the gateway does with an order: the status it answers, or none to hang up unanswered.
pub(crate) type Behaviour = Arc<dyn Fn(&Seen) -> Option<u16> + Send + Sync>;

/// How a gateway listens.
pub(crate) struct Listening {
    pub(crate) behaviour: Behaviour,
    /// A lock taken on it holds every answer back.
    pub(crate) stall: Arc<tokio::sync::RwLock<()>>,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) is_http2: bool,
}

impl Listening {
    /// Cleartext HTTP/1.1.
    pub(crate) fn plainly(
        behaviour: impl Fn(&Seen) -> Option<u16> + Send + Sync + 'static,
    ) -> Self {
        Self { behaviour: Arc::new(behaviour), stall: Arc::default(), tls: None, is_http2: false }
    }
}

/// A running gateway.
pub(crate) struct TestGateway {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl TestGateway {
    pub(crate) async fn start(listening: Listening) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if listening.tls.is_some() { "https" } else { "http" };
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let desk = Arc::new(Desk { listening, seen: Arc::clone(&seen) });
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(Arc::clone(&desk).welcome(stream));
            }
        });
        Self { url: format!("{scheme}://localhost:{port}"), seen }
    }

    /// Everything that came, in the order in which it came.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How often each order came.
    pub(crate) fn times(&self) -> BTreeMap<u64, u32> {
        let mut times = BTreeMap::new();
        self.seen().iter().for_each(|seen| *times.entry(seen.k).or_default() += 1);
        times
    }
}

struct Desk {
    listening: Listening,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Desk {
    async fn welcome(self: Arc<Self>, stream: tokio::net::TcpStream) {
        match &self.listening.tls {
            None => Arc::clone(&self).serve(stream, false).await,
            Some(config) => {
                // A client that shows no certificate ends here.
                let Ok(stream) = TlsAcceptor::from(Arc::clone(config)).accept(stream).await else {
                    return;
                };
                let has_certificate = stream.get_ref().1.peer_certificates().is_some();
                Arc::clone(&self).serve(stream, has_certificate).await;
            }
        }
    }

    async fn serve<S>(self: Arc<Self>, stream: S, has_certificate: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let is_http2 = self.listening.is_http2;
        let service = service_fn(move |request| Arc::clone(&self).answer(request, has_certificate));
        let stream = TokioIo::new(stream);
        // A hang-up is an error here, and the point of some tests.
        let _ = if is_http2 {
            http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await
        } else {
            http1::Builder::new().serve_connection(stream, service).await
        };
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        has_certificate: bool,
    ) -> Result<Response<Full<Bytes>>, &'static str> {
        assert_eq!(request.method(), "PUT");
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let path = parts.uri.path().to_owned();
        let number: OrderNumber = path.strip_prefix("/v1/orders/").unwrap().parse().unwrap();
        assert_eq!(Order::parse(&body).unwrap().partner_order_no, number);
        let k = number.planned_index(&tag()).unwrap();
        let seen = {
            let mut all = self.seen.lock().unwrap();
            let times = 1 + all.iter().filter(|seen| seen.k == k).count() as u32;
            let (version, headers) = (parts.version, parts.headers);
            let authority = parts.uri.authority().map_or_else(String::new, ToString::to_string);
            all.push(Seen { k, times, path, authority, version, headers, body, has_certificate });
            all[all.len() - 1].clone()
        };
        let _until_the_stall_ends = self.listening.stall.read().await;
        let status = (self.listening.behaviour)(&seen).ok_or("hang up")?;
        Ok(Response::builder().status(status).body(Full::default()).unwrap())
    }
}
