//! How many messages a second go through SQS: sent, received and deleted in batches of 10.
//!
//! `cargo run --release --workspace --example sqs_rate -- [--messages N] [--depth N] [--moto PROGRAM]`
//!
//! The cloud is the example `serve` in a process of its own. `--depth` queues that many first
//! and leaves them there. With `--moto moto_server` moto's server gets the same requests in
//! the same run, fewer of them, and the ratio is printed.

#![allow(clippy::print_stdout, reason = "prints its result")]

use std::error::Error;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const CONNECTIONS: usize = 8;

struct Arguments {
    messages: usize,
    depth: usize,
    moto: Option<String>,
}

fn arguments() -> Result<Arguments> {
    let mut parsed = Arguments { messages: 200_000, depth: 0, moto: None };
    let mut given = std::env::args().skip(1);
    while let Some(flag) = given.next() {
        let value = given.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--messages" => parsed.messages = value.parse()?,
            "--depth" => parsed.depth = value.parse()?,
            "--moto" => parsed.moto = Some(value),
            other => return Err(format!("{other}: say --messages, --depth or --moto").into()),
        }
    }
    Ok(parsed)
}

/// A server to measure; it ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already if it could not start.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Resident memory now, in MB.
    fn resident_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()));
        let line = status.unwrap_or_default();
        let line = line.lines().find(|line| line.starts_with("VmRSS")).map(str::to_owned);
        let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kb.unwrap_or(0) / 1024
    }

    /// User and system time so far, in seconds; ticks are 10 ms on Linux.
    fn cpu_s(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()));
        let stat = stat.unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split(' ').collect();
        let ticks = |index: usize| fields.get(index).and_then(|t| t.parse::<f64>().ok());
        (ticks(12).unwrap_or(0.0) + ticks(13).unwrap_or(0.0)) / 100.0
    }
}

#[derive(Clone)]
struct Queue {
    client: reqwest::Client,
    endpoint: String,
    url: String,
    bodies: Arc<[String; 10]>,
}

/// An order of ten items, 1 KB.
fn body(number: usize) -> String {
    let item = |line: usize| {
        let ean = 7_891_000_000_000_u64 + (number * 7919 + line * 104_729) as u64;
        let (quantity, cents) =
            (1 + (number * 3 + line * 5) % 48, 199 + (number * 31 + line * 977) % 9000);
        json!({
            "line": line, "ean": ean.to_string(), "quantity": quantity,
            "unitPrice": format!("{}.{:02}", cents / 100, cents % 100), "lot": format!("L{:05}", (number * 17 + line * 13) % 100_000),
        })
    };
    let items: Vec<Value> = (1..=10).map(item).collect();
    json!({
        "partnerOrderNo": format!("PO-2026-{number:06}"), "issuedAt": "2026-11-23T10:15:00-03:00",
        "buyer": {"cnpj": "12345678000195"}, "shipTo": {"code": "CD-RIBEIRAO-01"},
        "paymentTerms": "30/60/90", "items": items,
    })
    .to_string()
}

impl Queue {
    async fn make(endpoint: &str, name: &str) -> Result<Queue> {
        let client = reqwest::Client::new();
        let mut queue = Queue {
            client,
            endpoint: endpoint.to_owned(),
            url: String::new(),
            bodies: Arc::new(std::array::from_fn(body)),
        };
        let made = queue.call("CreateQueue", &json!({"QueueName": name})).await?;
        queue.url = made["QueueUrl"].as_str().ok_or("no QueueUrl in the answer")?.to_owned();
        Ok(queue)
    }

    async fn call(&self, action: &str, request: &Value) -> Result<Value> {
        let post = self
            .client
            .post(&self.endpoint)
            .header("x-amz-target", format!("AmazonSQS.{action}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0")
            .body(request.to_string());
        let answer = post.send().await?.error_for_status()?.bytes().await?;
        if answer.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&answer)?) }
    }

    async fn send(&self) -> Result<()> {
        let entry = |id: usize| json!({"Id": id.to_string(), "MessageBody": self.bodies[id]});
        let entries: Vec<Value> = (0..10).map(entry).collect();
        self.call("SendMessageBatch", &json!({"QueueUrl": self.url, "Entries": entries})).await?;
        Ok(())
    }

    /// Receives ten and deletes them; how many there were.
    async fn receive_and_delete(&self) -> Result<usize> {
        let request = json!({"QueueUrl": self.url, "MaxNumberOfMessages": 10});
        let received = self.call("ReceiveMessage", &request).await?;
        let none = Vec::new();
        let messages = received["Messages"].as_array().unwrap_or(&none);
        let entry = |(id, message): (usize, &Value)| json!({"Id": id.to_string(), "ReceiptHandle": message["ReceiptHandle"]});
        let entries: Vec<Value> = messages.iter().enumerate().map(entry).collect();
        if !entries.is_empty() {
            let request = json!({"QueueUrl": self.url, "Entries": entries});
            self.call("DeleteMessageBatch", &request).await?;
        }
        Ok(entries.len())
    }
}

/// Runs `batches` of `work` over some connections; gives the seconds.
async fn timed<F, W>(batches: usize, work: W) -> Result<f64>
where
    F: Future<Output = Result<()>> + Send + 'static,
    W: Fn() -> F + Clone + Send + 'static,
{
    let begin = Instant::now();
    let mut connections = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let work = work.clone();
        let mine = batches / CONNECTIONS + usize::from(connection < batches % CONNECTIONS);
        connections.spawn(async move {
            for _ in 0..mine {
                work().await?;
            }
            Ok::<(), Box<dyn Error + Send + Sync>>(())
        });
    }
    while let Some(ended) = connections.join_next().await {
        ended??;
    }
    Ok(begin.elapsed().as_secs_f64())
}

async fn fill(queue: &Queue, messages: usize) -> Result<f64> {
    let queue = queue.clone();
    timed(messages / 10, move || {
        let queue = queue.clone();
        async move { queue.send().await }
    })
    .await
}

/// Each message is sent, received and deleted; gives messages a second.
async fn rate(queue: &Queue, messages: usize) -> Result<f64> {
    let queue = queue.clone();
    let seconds = timed(messages / 10, move || {
        let queue = queue.clone();
        async move {
            queue.send().await?;
            queue.receive_and_delete().await.map(|_| ())
        }
    })
    .await?;
    Ok(messages as f64 / seconds)
}

async fn measure(name: &str, server: &Server, queue: &Queue, messages: usize) -> Result<f64> {
    let before = server.cpu_s();
    let rate = rate(queue, messages).await?;
    let us = (server.cpu_s() - before) * 1e6 / messages as f64;
    println!("{name}: {rate:.0} messages/s sent, received and deleted; {us:.1} us of its CPU each");
    Ok(rate)
}

fn localcloud() -> Result<(Server, String)> {
    let program = std::env::current_exe()?.with_file_name("serve");
    let mut child = Command::new(program).stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().ok_or("no output")?;
    let mut address = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut address)?;
    Ok((Server(child), address.trim().to_owned()))
}

async fn moto(program: &str) -> Result<(Server, String)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let child = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let server = Server(child);
    for _ in 0..200 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok((server, format!("http://127.0.0.1:{port}")))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = arguments()?;
    let (server, endpoint) = localcloud()?;
    let queue = Queue::make(&endpoint, "rate").await?;
    if arguments.depth > 0 {
        let seconds = fill(&queue, arguments.depth).await?;
        let (depth, mb) = (arguments.depth, server.resident_mb());
        println!(
            "{depth} messages of {} bytes queued in {seconds:.1} s: {mb} MB resident",
            body(0).len()
        );
    }
    let ours = measure("localcloud", &server, &queue, arguments.messages).await?;
    drop(server);
    if let Some(program) = &arguments.moto {
        let (server, endpoint) = moto(program).await?;
        let queue = Queue::make(&endpoint, "rate").await?;
        let theirs = measure("moto", &server, &queue, (arguments.messages / 100).max(1000)).await?;
        println!("ratio: {:.0}", ours / theirs);
    }
    Ok(())
}
