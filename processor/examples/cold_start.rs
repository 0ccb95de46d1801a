//! What a new environment of the function costs before its first order, what memory it takes after
//! 2,000 of them, and how large it is:
//! `cargo build --release --workspace && target/release/examples/cold_start`
//!
//! Starts the real `bootstrap`, and plays the Runtime API and the bucket to it. Processor time is
//! what the kernel counted for all its threads when its first `/next` arrived.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use jiff::Timestamp;
use orders::{RunTag, Sampler, World};
use processor::{Certificate, DatabaseUrl, Seed, create_database};
use serde_json::{Value, json};
use tempfile::TempDir;

const STARTS: usize = 30;
const BATCHES: u64 = 200;
const BATCH: u64 = 10;

fn main() {
    let bootstrap = beside_examples("bootstrap");
    let folder = TempDir::new().unwrap();
    let world = World::default();
    let database = folder.path().join("orders.db");
    create_database(&DatabaseUrl::Sqlite(database.clone()), &Seed::of(world)).unwrap();
    let certificate = folder.path().join("certificate.pem");
    Certificate::for_tests().unwrap().write_pem(&certificate).unwrap();
    let cloud = Cloud::start();
    let start = || start(&bootstrap, &cloud.address, &database, &certificate);

    let mut starts: Vec<f64> = (0..STARTS)
        .map(|_| {
            let mut process = start();
            cloud.asked.recv().unwrap();
            let used = processor_ms(process.id());
            end(&mut process);
            used
        })
        .collect();
    starts.sort_by(f64::total_cmp);
    let (median, most) = (starts[STARTS / 2], starts[STARTS - 1]);
    println!(
        "processor time until the first /next, of {STARTS} starts: median {median:.1} ms, most {most:.1} ms"
    );

    let sampler = Sampler::new(7, RunTag::from_seed_text("cold start"), world);
    cloud.events.lock().unwrap().extend((0..BATCHES).map(|batch| event(&sampler, batch)));
    let mut process = start();
    // The last one is not answered.
    (0..=BATCHES).for_each(|_| cloud.asked.recv().unwrap());
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    println!("memory after {} orders:", BATCHES * BATCH);
    for name in ["VmRSS", "VmHWM"] {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        println!("  {}", line.replace('\t', " "));
    }
    end(&mut process);

    let stripped = folder.path().join("bootstrap");
    fs::copy(&bootstrap, &stripped).unwrap();
    let strip = Command::new("strip").arg(&stripped).status();
    let how = if strip.is_ok_and(|status| status.success()) { "stripped" } else { "not stripped" };
    let bytes = fs::read(&stripped).unwrap();
    let packed = miniz_oxide::deflate::compress_to_vec(&bytes, 9);
    let mb = |length: usize| length as f64 / 1e6;
    println!(
        "executable, {how}: {:.2} MB, deflated as in a zip {:.2} MB",
        mb(bytes.len()),
        mb(packed.len())
    );
}

/// A program in the folder above this one's.
fn beside_examples(name: &str) -> PathBuf {
    let examples = std::env::current_exe().unwrap();
    examples.parent().and_then(Path::parent).unwrap().join(name)
}

fn start(bootstrap: &Path, address: &str, database: &Path, certificate: &Path) -> Child {
    Command::new(bootstrap)
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", address),
            ("AWS_LAMBDA_FUNCTION_NAME", "order-processor"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "log"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "log"),
            ("AWS_REGION", "sa-east-1"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_ENDPOINT_URL", &format!("http://{address}")),
            ("VAZAO_DATABASE", &format!("sqlite://{}", database.display())),
            ("VAZAO_CERTIFICATE", certificate.to_str().unwrap()),
            ("VAZAO_DOCUMENTS_BUCKET", "documents"),
        ])
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn end(process: &mut Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

/// What the kernel counted for all threads of a process, in nanoseconds.
fn processor_ms(pid: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of_thread = |thread: fs::DirEntry| {
        let counted = fs::read_to_string(thread.path().join("schedstat")).unwrap();
        counted.split(' ').next().unwrap().parse::<f64>().unwrap()
    };
    threads.map(|thread| of_thread(thread.unwrap())).sum::<f64>() / 1e6
}

/// A batch as Lambda hands it over.
fn event(sampler: &Sampler, batch: u64) -> String {
    let records: Vec<Value> = (batch * BATCH..(batch + 1) * BATCH)
        .map(|index| {
            let sampled = sampler.order(index, Timestamp::now());
            let number = sampled.order.partner_order_no.as_str();
            let text = |value: &str| json!({"stringValue": value, "dataType": "String"});
            json!({
                "messageId": format!("message-{index}"),
                "body": serde_json::to_string(&sampled.order).unwrap(),
                "messageAttributes": {
                    "partner": text(sampled.partner.as_str()),
                    "orderNumber": text(number),
                },
            })
        })
        .collect();
    json!({ "Records": records }).to_string()
}

/// The Runtime API and a bucket that takes everything.
struct Cloud {
    address: String,
    /// A message for each `/next`.
    asked: Receiver<()>,
    /// What the next ones are answered with; when there is none, they wait.
    events: Arc<Mutex<Vec<String>>>,
}

impl Cloud {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, asked) = channel();
        let events = Arc::new(Mutex::new(Vec::new()));
        let served = Arc::clone(&events);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, sender, events) =
                    (stream.unwrap(), sender.clone(), Arc::clone(&served));
                thread::spawn(move || serve(stream, &sender, &events));
            }
        });
        Self { address, asked, events }
    }
}

fn serve(stream: TcpStream, asked: &Sender<()>, events: &Mutex<Vec<String>>) {
    stream.set_nodelay(true).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(head) = request(&mut reader) {
        let answer = if head.contains("/invocation/next") {
            asked.send(()).unwrap();
            match events.lock().unwrap().pop() {
                Some(event) => next(&event),
                // The process is ended while it waits.
                None => continue,
            }
        } else {
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned()
        };
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn next(event: &str) -> String {
    let deadline_ms = Timestamp::now().as_millisecond() + 30_000;
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
         lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
         lambda-runtime-deadline-ms: {deadline_ms}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:sa-east-1:1:function:f\r\n\
         lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n\
         content-length: {}\r\n\r\n{event}",
        event.len()
    )
}

/// The first line of a request, which is read to its end; none if there is no more.
fn request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut first = String::new();
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        chunked |= header == "transfer-encoding: chunked";
        if first.is_empty() {
            first = line;
        }
    }
    assert!(!chunked, "the function's requests have lengths");
    reader.read_exact(&mut vec![0; length]).ok()?;
    Some(first)
}
