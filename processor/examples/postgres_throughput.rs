//! How many orders a second PostgreSQL settles, by how the transaction and the tables are laid
//! out: the round trip to the server, the environments, the series, the share of orders that want
//! one hot product. Starts a server of its own (Debian package `postgresql`) behind a proxy that
//! delays each direction by half the round trip.
//!
//!     cargo run --release -p processor --example postgres_throughput -- \
//!         [--seconds 5] [--environments 32] [--round-trip-us 1000] [--batch 1]

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement by hand")]

#[path = "../tests/database/server.rs"]
mod server;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use aws_lambda_events::event::sqs::{SqsMessage, SqsMessageAttribute};
use jiff::Timestamp;
use orders::{RunTag, Sampler, World, WorldSize};
use processor::{
    Database, DatabaseUrl, Message, PostgresConfig, PostgresDatabase, Seed, create_database,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_postgres::NoTls;

#[derive(Clone, Copy)]
struct Knobs {
    seconds: u64,
    environments: u64,
    round_trip: Duration,
    batch: usize,
}

/// How the transaction is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One statement after the other, and the number taken first.
    NumberFirst,
    /// One statement after the other, and the number taken last.
    NumberLast,
    /// Ours.
    OneStatement,
}

fn main() {
    let knob = |name: &str, default: u64| {
        let mut arguments = std::env::args().skip_while(move |argument| argument != name);
        arguments.nth(1).map_or(default, |value| value.parse().expect("a number"))
    };
    let knobs = Knobs {
        seconds: knob("--seconds", 5),
        environments: knob("--environments", 32),
        round_trip: Duration::from_micros(knob("--round-trip-us", 1_000)),
        batch: knob("--batch", 1) as usize,
    };
    println!(
        "{} environments, {} us of round trip added, {} orders at once in each, {} s a row\n",
        knobs.environments,
        knobs.round_trip.as_micros(),
        knobs.batch,
        knobs.seconds
    );
    println!(
        "{:<34} {:>6} {:>9} {:>10} {:>8}",
        "layout", "series", "hot share", "orders/s", "ratio"
    );
    let mut slowest = None;
    for (layout, name, series, hot) in [
        (Layout::NumberFirst, "statements, number first", 1, 0),
        (Layout::NumberLast, "statements, number last", 1, 0),
        (Layout::NumberLast, "statements, number last", 16, 0),
        (Layout::NumberLast, "statements, number last", 16, 100),
        (Layout::OneStatement, "one statement", 1, 0),
        (Layout::OneStatement, "one statement", 16, 0),
        (Layout::OneStatement, "one statement", 64, 0),
        (Layout::OneStatement, "one statement", 16, 20),
        (Layout::OneStatement, "one statement", 16, 100),
    ] {
        let rate = measure(knobs, layout, series, hot);
        let ratio = rate / *slowest.get_or_insert(rate);
        println!("{name:<34} {series:>6} {hot:>8}% {rate:>10.0} {ratio:>7.1}x");
    }
}

fn measure(knobs: Knobs, layout: Layout, series: u16, hot_percent: u64) -> f64 {
    let world = World::new(WorldSize { partners: 5, customers: 2_000, products: 1_000 });
    let url = server::server().create();
    create_database(&DatabaseUrl::Postgres(url.clone()), &Seed { world, series }).unwrap();
    let near = delayed(&url, knobs.round_trip / 2);
    let sampler = Sampler::new(7, RunTag::from_seed_text("bench"), world);
    let done = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let until = started + Duration::from_secs(knobs.seconds);
    thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (near, sampler, done) = (&near, &sampler, &done);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let local = tokio::task::LocalSet::new();
                for environment in (thread..knobs.environments).step_by(4) {
                    let work =
                        Work { near: near.clone(), sampler: sampler.clone(), done: done.clone() };
                    local.spawn_local(work.environment(
                        knobs,
                        layout,
                        series,
                        hot_percent,
                        environment,
                        until,
                    ));
                }
                local.block_on(&runtime.unwrap(), async {
                    tokio::time::sleep_until(until.into()).await;
                });
            });
        }
    });
    done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

struct Work {
    near: String,
    sampler: Sampler,
    done: Arc<AtomicU64>,
}

impl Work {
    async fn environment(
        self,
        knobs: Knobs,
        layout: Layout,
        series: u16,
        hot_percent: u64,
        environment: u64,
        until: Instant,
    ) {
        let hot = self.sampler.order(0, Timestamp::now()).order.items[0].clone();
        let message = |index: u64| {
            let mut sampled = self.sampler.order(index, Timestamp::now());
            if index % 100 < hot_percent
                && sampled.order.items.iter().all(|item| item.ean != hot.ean)
            {
                sampled.order.items[0] = orders::Item { line: 1, ..hot.clone() };
            }
            message(sampled.partner.as_str(), &sampled.order)
        };
        let mut next = environment;
        let mut take = || {
            next += knobs.environments;
            next
        };
        if layout == Layout::OneStatement {
            let config = PostgresConfig { url: self.near.clone(), password: None, ca_file: None };
            let database = Rc::new(PostgresDatabase::new(config));
            while Instant::now() < until {
                let messages: Vec<Message> = (0..knobs.batch).map(|_| message(take())).collect();
                let settling =
                    messages.iter().map(|message| database.settle(message, Timestamp::now()));
                for settled in futures::future::join_all(settling).await {
                    settled.unwrap();
                    self.done.fetch_add(1, Ordering::Relaxed);
                }
            }
        } else {
            let (client, connection) = tokio_postgres::connect(&self.near, NoTls).await.unwrap();
            tokio::spawn(connection);
            while Instant::now() < until {
                let index = take();
                statements(&client, &message(index), index, layout, series).await.unwrap();
                self.done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// The same rows, one statement after the other: as an application does that keeps a transaction
/// open while it works.
async fn statements(
    client: &tokio_postgres::Client,
    message: &Message,
    index: u64,
    layout: Layout,
    series: u16,
) -> Result<(), tokio_postgres::Error> {
    let series = 1 + index % u64::from(series);
    let number = format!(
        "UPDATE invoice_series SET next_number = next_number + 1 WHERE series = {series} \
         RETURNING next_number - 1"
    );
    let order = message.order.as_ref().unwrap();
    client.simple_query("BEGIN").await?;
    if layout == Layout::NumberFirst {
        client.simple_query(&number).await?;
    }
    client
        .simple_query(&format!(
            "INSERT INTO sales_order (partner_id, order_number, body_sha256, status, total_cents, \
             received_at_ms, decided_at_ms, decided_at) \
             VALUES (1, '{}', '', 'confirmed', 1, 0, 0, '')",
            message.order_number
        ))
        .await?;
    let mut eans: Vec<&str> = order.items.iter().map(|item| item.ean.as_str()).collect();
    eans.sort_unstable();
    for ean in eans {
        client
            .simple_query(&format!(
                "UPDATE stock_lot SET reserved = reserved + 6 WHERE lot LIKE '%C' AND product_id = \
                 (SELECT product_id FROM product WHERE ean = '{ean}')"
            ))
            .await?;
    }
    client
        .simple_query(&format!(
            "UPDATE credit SET open_cents = open_cents + 1 WHERE customer_id = \
             (SELECT customer_id FROM customer WHERE cnpj = '{}')",
            order.buyer.cnpj
        ))
        .await?;
    if layout == Layout::NumberLast {
        client.simple_query(&number).await?;
    }
    client.simple_query("COMMIT").await?;
    Ok(())
}

fn message(partner: &str, order: &orders::Order) -> Message {
    let attribute = |value: &str| {
        let mut attribute = SqsMessageAttribute::default();
        attribute.string_value = Some(value.to_owned());
        attribute
    };
    let mut record = SqsMessage::default();
    record.body = Some(serde_json::to_string(order).unwrap());
    let number = order.partner_order_no.as_str();
    record.message_attributes = [("partner", partner), ("orderNumber", number)]
        .map(|(name, value)| (name.to_owned(), attribute(value)))
        .into();
    Message::parse(&record).unwrap()
}

/// The same database through a proxy that holds every byte for this long, in each direction.
fn delayed(url: &str, delay: Duration) -> String {
    let port: u16 = url.split([':', '/']).find_map(|part| part.parse().ok()).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let near = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                for stream in [&client, &server] {
                    stream.set_nodelay(true).unwrap();
                }
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(pump(from_client, to_server, delay));
                tokio::spawn(pump(from_server, to_client, delay));
            }
        });
    });
    url.replace(&format!(":{port}/"), &format!(":{near}/"))
}

/// Passes bytes on, each when its time has come.
async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    delay: Duration,
) {
    let (send, mut receive) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((due, bytes)) = receive.recv().await {
            tokio::time::sleep_until(due.into()).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
    });
    let mut buffer = vec![0; 65_536];
    while let Ok(length) = from.read(&mut buffer).await {
        if length == 0 || send.send((Instant::now() + delay, buffer[..length].to_vec())).is_err() {
            break;
        }
    }
}
