//! What an order of 10 items costs in processor time, from the message to the bucket, and where it
//! goes: `cargo run --release -p processor --example order_cost`
//!
//! Figures are of one thread's time on a processor, means of 2,000 orders for its steps, medians
//! for the whole; waiting, the bucket
//! (some lines of HTTP in another thread) and other programs do not count.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement by hand")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsMessage, SqsMessageAttribute};
use jiff::Timestamp;
use orders::{Item, RunTag, Sampler, World};
use processor::{
    AwsConfig, Certificate, Database, DatabaseUrl, DocumentStore, Message, Pipeline, Process, Seed,
    Settlement, Signer, SqliteDatabase, confirmation_document, create_database, nfe_document,
};
use rustix::time::{ClockId, clock_gettime};

const ORDERS: u64 = 2_000;

fn main() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("orders.db");
    let world = World::default();
    create_database(&DatabaseUrl::Sqlite(path.clone()), &Seed::of(world)).unwrap();
    let records: Vec<_> = (0..3 * ORDERS).map(|index| record(&world, index)).collect();
    let certificate = Certificate::for_tests().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(measure(&path, &records, &certificate));
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    println!("{resident} (this benchmark, its {} messages included)", records.len());
}

async fn measure(path: &std::path::Path, records: &[SqsMessage], certificate: &Certificate) {
    let signer = Signer::new(certificate).unwrap();
    let store = bucket();
    let database = SqliteDatabase::open(path).unwrap();
    let mut steps: [(&str, Vec<Duration>); 6] =
        ["parse", "settle (SQLite)", "NF-e, signed", "confirmation", "three puts", "mark"]
            .map(|name| (name, Vec::new()));
    for record in &records[..ORDERS as usize] {
        let mut clock = Clock::new();
        let message = Message::parse(record).unwrap();
        steps[0].1.push(clock.lap());
        let settled = database.settle(&message, Timestamp::now()).await.unwrap();
        let Settlement::Settled { order, .. } = settled else { panic!("in conflict") };
        let invoice = order.invoice.as_ref().unwrap();
        steps[1].1.push(clock.lap());
        let nfe = nfe_document(invoice, &signer);
        steps[2].1.push(clock.lap());
        let confirmation = confirmation_document(invoice);
        let status = order.status_object();
        steps[3].1.push(clock.lap());
        futures::future::try_join3(store.put(&nfe), store.put(&confirmation), store.put(&status))
            .await
            .unwrap();
        steps[4].1.push(clock.lap());
        database.mark_documented(&[order.order_id]).await.unwrap();
        steps[5].1.push(clock.lap());
    }
    println!("processor time of an order of 10 items, microseconds: mean");
    for (name, times) in &mut steps {
        println!("  {name:<18}{:8.1}", mean(times));
    }
    let pipeline = Pipeline::new(database, store, signer);
    let (mut one_by_one, mut together) = (Vec::new(), Vec::new());
    for record in &records[ORDERS as usize..2 * ORDERS as usize] {
        let mut clock = Clock::new();
        (&pipeline).process(Message::parse(record).unwrap()).await.unwrap();
        one_by_one.push(clock.lap());
    }
    for batch in records[2 * ORDERS as usize..].chunks(10) {
        let mut clock = Clock::new();
        let process = |record| {
            let (pipeline, message) = (&pipeline, Message::parse(record).unwrap());
            async move { pipeline.process(message).await }
        };
        futures::future::try_join_all(batch.iter().map(process)).await.unwrap();
        together.push(clock.lap() / 10);
    }
    println!("whole order, one by one     {:8.1}", median(&mut one_by_one));
    println!("whole order, ten at once    {:8.1}", median(&mut together));
}

/// This thread's time on a processor.
struct Clock(Duration);

impl Clock {
    fn new() -> Self {
        Self(on_processor())
    }

    fn lap(&mut self) -> Duration {
        let now = on_processor();
        let lap = now - self.0;
        self.0 = on_processor();
        lap
    }
}

fn on_processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn mean(times: &[Duration]) -> f64 {
    times.iter().sum::<Duration>().as_secs_f64() * 1e6 / times.len() as f64
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// An order of ten different products.
fn record(world: &World, index: u64) -> SqsMessage {
    let sampler = Sampler::new(7, RunTag::from_seed_text("order cost"), *world);
    let mut sampled = sampler.order(index, Timestamp::now());
    let customer = sampled.order.buyer.clone();
    sampled.order.items = (0..10)
        .map(|line| {
            let product = world.product(((index * 10 + line) % 1_000) as u32);
            let (ean, unit_price) = (product.gtin, product.unit_price);
            Item {
                line: line as u32 + 1,
                ean,
                qty: 24.try_into().unwrap(),
                unit_price,
                discount_pct: None,
            }
        })
        .collect();
    sampled.order.buyer = customer;
    let attribute = |value: &str| {
        let mut attribute = SqsMessageAttribute::default();
        attribute.string_value = Some(value.to_owned());
        attribute
    };
    let mut record = SqsMessage::default();
    record.body = Some(serde_json::to_string(&sampled.order).unwrap());
    let number = sampled.order.partner_order_no.as_str();
    record.message_attributes = [("partner", sampled.partner.as_str()), ("orderNumber", number)]
        .map(|(name, value)| (name.to_owned(), attribute(value)))
        .into();
    record
}

/// A bucket that takes everything.
fn bucket() -> DocumentStore {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    let text = |text: &str| text.to_owned();
    let aws = AwsConfig {
        region: text("sa-east-1"),
        access_key_id: text("key"),
        secret_access_key: text("secret"),
        session_token: None,
        endpoint: Some(endpoint),
        secrets_endpoint: None,
    };
    DocumentStore::new(&aws, "documents")
}

fn serve(stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}
