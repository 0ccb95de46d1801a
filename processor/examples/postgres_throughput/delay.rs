//! A network that takes its time: a proxy that hands on every byte after a delay, in each
//! direction, and counts what clients send. Threads that sleep, because a timer of a runtime is
//! good to a millisecond, which is all there is to wait.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Delay {
    url: String,
    trips: Arc<AtomicU64>,
}

impl Delay {
    /// A proxy before the server of this URL.
    pub(crate) fn before(url: &str, delay: Duration) -> Self {
        let port: u16 = url.split([':', '/']).find_map(|part| part.parse().ok()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = listener.local_addr().unwrap().port();
        let trips = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&trips);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) =
                    (client.unwrap(), TcpStream::connect(("127.0.0.1", port)).unwrap());
                pump(&client, &server, delay, Some(Arc::clone(&counted)));
                pump(&server, &client, delay, None);
            }
        });
        Self { url: url.replace(&format!(":{port}/"), &format!(":{near}/")), trips }
    }

    /// The URL of the same database through the proxy.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// How often clients have sent something.
    pub(crate) fn trips(&self) -> u64 {
        self.trips.load(Ordering::Relaxed)
    }
}

/// One thread notes when bytes came, another hands them on when their time has come.
fn pump(from: &TcpStream, to: &TcpStream, delay: Duration, trips: Option<Arc<AtomicU64>>) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    from.set_nodelay(true).unwrap();
    let (send, receive) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if let Some(trips) = &trips {
                trips.fetch_add(1, Ordering::Relaxed);
            }
            if send.send((Instant::now() + delay, buffer[..length].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        while let Ok((due, bytes)) = receive.recv() {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
