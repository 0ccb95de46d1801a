//! A wire between the function and PostgreSQL that is cut on purpose: after the server has done
//! what it was asked, and before the function hears of it. So a commit happens, and its
//! acknowledgement is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use orders::seed::mix;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

use crate::failure::Failure;

/// Stream of the seed from which it is drawn which answers are cut off.
const STREAM: u64 = 0x0000_7072_6f78_795f; // "proxy_"

/// The first answers of a connection are those of its start: cutting them off is no lost commit.
const ANSWERS_OF_START: u64 = 8;

/// How often an answer is cut off: once in so many.
const ONE_IN: u64 = 150;

/// The wire.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    pub(super) port: u16,
    cut: Arc<AtomicU64>,
}

impl Proxy {
    /// Listens on a free port, and passes on to that one for as long as the runtime lives.
    pub(super) async fn start(to: u16, seed: u64) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Failure::internal)?;
        let port = listener.local_addr().map_err(Failure::internal)?.port();
        let proxy = Self { port, cut: Arc::default() };
        let (cut, answers) = (Arc::clone(&proxy.cut), Arc::new(AtomicU64::new(0)));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let wire = Wire { seed, cut: Arc::clone(&cut), answers: Arc::clone(&answers) };
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await {
                        // What ends a connection is what the function has to live with.
                        let _ = wire.connect(client, server).await;
                    }
                });
            }
        });
        Ok(proxy)
    }

    /// How many answers were cut off.
    pub(super) fn cut(&self) -> u64 {
        self.cut.load(Ordering::Relaxed)
    }
}

struct Wire {
    seed: u64,
    cut: Arc<AtomicU64>,
    answers: Arc<AtomicU64>,
}

impl Wire {
    async fn connect(&self, client: TcpStream, server: TcpStream) -> std::io::Result<()> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let asked = async {
            copy(&mut from_client, &mut to_server).await?;
            to_server.shutdown().await
        };
        let answered = async {
            let (mut buffer, mut answers) = (vec![0; 64 << 10], 0_u64);
            loop {
                let length = from_server.read(&mut buffer).await?;
                if length == 0 {
                    return to_client.shutdown().await;
                }
                answers += 1;
                if answers > ANSWERS_OF_START && self.cuts() {
                    self.cut.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                to_client.write_all(&buffer[..length]).await?;
            }
        };
        // Whichever side ends first ends the other: both halves are dropped.
        tokio::select! { done = asked => done, done = answered => done }
    }

    fn cuts(&self) -> bool {
        let answer = self.answers.fetch_add(1, Ordering::Relaxed);
        mix(self.seed, STREAM, answer).is_multiple_of(ONE_IN)
    }
}
