//! The loop of HTTP/2: many orders on a connection, by hyper, on a runtime of the driver's own.

use std::cell::Cell;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::desk::{Attempt, Desk, Failure, Reply};
use crate::gateway::Gateway;
use crate::pacer::AsyncTimer;

/// Orders on one connection at the same time; RFC 9113 advises servers to allow at least 100.
const STREAMS_MAX: usize = 100;

/// Drives until all is accounted for.
pub(super) fn drive(desk: Desk) -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(desk))
}

async fn run(mut desk: Desk) -> io::Result<()> {
    let mut timer = AsyncTimer::new()?;
    let pool = Pool { gateway: desk.sending.gateway.clone(), lines: RefCell::default() };
    let answer_within = pool.gateway.transport.answer_within;
    let mut under_way = FuturesUnordered::new();
    while !desk.is_done() {
        let mut now = Instant::now();
        desk.tick(now);
        while let Some(mut attempt) = desk.next(now) {
            let request = desk.requests.request(attempt.arrival);
            attempt.sent = Instant::now();
            now = attempt.sent;
            under_way.push(send(&pool, request, attempt, answer_within));
        }
        tokio::select! {
            biased;
            Some((attempt, reply)) = under_way.next(), if !under_way.is_empty() => {
                desk.ended(attempt, reply, Instant::now());
            }
            () = timer.sleep_until(desk.wake()) => {}
        }
    }
    desk.flush();
    Ok(())
}

async fn send(
    pool: &Pool,
    request: Option<Request<Full<Bytes>>>,
    attempt: Attempt,
    answer_within: Duration,
) -> (Attempt, Reply) {
    let Some(request) = request else { return (attempt, Err(Failure::Unsent)) };
    let sent = tokio::time::timeout(answer_within, pool.send(request)).await;
    (attempt, sent.unwrap_or(Err(Failure::Unanswered)))
}

/// The connections of a driver.
struct Pool {
    gateway: Gateway,
    lines: RefCell<Vec<Rc<Line>>>,
}

/// A connection, or one that is being made.
#[derive(Default)]
struct Line {
    sender: OnceCell<SendRequest<Full<Bytes>>>,
    in_flight: Cell<usize>,
}

impl Pool {
    /// Sends a request and waits for the whole answer; its status.
    async fn send(&self, mut request: Request<Full<Bytes>>) -> Reply {
        loop {
            let line = self.line();
            line.in_flight.set(line.in_flight.get() + 1);
            let was_open = line.sender.initialized();
            let sent = self.send_over(&line, request).await;
            line.in_flight.set(line.in_flight.get() - 1);
            match sent {
                Ok(status) => return Ok(status),
                Err((failure, unsent)) => {
                    self.lines.borrow_mut().retain(|each| !Rc::ptr_eq(each, &line));
                    match unsent {
                        // The gateway had closed it before, and nothing was written.
                        Some(unsent) if was_open => request = unsent,
                        Some(_) | None => return Err(failure),
                    }
                }
            }
        }
    }

    fn line(&self) -> Rc<Line> {
        let mut lines = self.lines.borrow_mut();
        let has_room = |line: &&Rc<Line>| line.in_flight.get() < STREAMS_MAX;
        if let Some(line) = lines.iter().find(has_room) {
            return Rc::clone(line);
        }
        let line = Rc::<Line>::default();
        lines.push(Rc::clone(&line));
        line
    }

    async fn send_over(
        &self,
        line: &Line,
        request: Request<Full<Bytes>>,
    ) -> Result<u16, (Failure, Option<Request<Full<Bytes>>>)> {
        let connected = line.sender.get_or_try_init(|| connect(&self.gateway)).await;
        let mut sender = match connected {
            Ok(sender) => sender.clone(),
            Err(failure) => return Err((failure, None)),
        };
        match sender.try_send_request(request).await {
            Ok(response) => {
                let status = response.status().as_u16();
                drain(response).await;
                Ok(status)
            }
            Err(mut error) => match error.take_message() {
                Some(unsent) => Err((Failure::Unsent, Some(unsent))),
                None => Err((Failure::Unanswered, None)),
            },
        }
    }
}

async fn connect(gateway: &Gateway) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let stream = TcpStream::connect(gateway.addresses.as_slice()).await;
    let stream = stream.map_err(|_| Failure::Unsent)?;
    stream.set_nodelay(true).map_err(|_| Failure::Unsent)?;
    match &gateway.tls {
        None => handshake(stream).await,
        Some((config, name)) => {
            let connector = TlsConnector::from(std::sync::Arc::clone(config));
            let stream =
                connector.connect(name.clone(), stream).await.map_err(|_| Failure::Unsent)?;
            if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
                return Err(Failure::Unsent);
            }
            handshake(stream).await
        }
    }
}

async fn handshake<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Failure::Unsent)?;
    // It ends with the connection; what it ends with, the orders on it are told.
    tokio::spawn(connection);
    Ok(sender)
}

/// Reads the rest of the answer. One cut off after its status has said what it says.
async fn drain(response: Response<Incoming>) {
    let mut body = response.into_body();
    while let Some(Ok(_)) = body.frame().await {}
}
