//! Are the times that the generator reports those that the gateway took, and does its memory stay
//! bounded? A gateway answers each order after 150 to 250 ms and keeps its own times; the load is as
//! large as a day's and as dense as asked.
//!
//! `cargo run --release -p loadgen --example truth [-- ORDERS RATE_PER_S]`
//!
//! The default, 1,008,000 orders at 5,000 a second, is a day of 11.7 a second in 202 seconds, with
//! 1,000 orders in flight all the time.
#![expect(clippy::print_stdout, reason = "the report of a measuring program")]

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use loadgen::{
    ArrivalSchedule, Credentials, Curve, GatewayAddress, LoadPlan, Progress, RecorderFiles,
    Retries, Transport,
};
use orders::{RunTag, Sampler, World};
use runlog::LatencySummary;
use tokio::net::TcpListener;

type AnyError = Box<dyn Error + Send + Sync>;

/// Answers take from this long on, and up to 100 ms longer, every tenth of a millisecond as often.
const ANSWER_AFTER: Duration = Duration::from_millis(150);
const SPREAD: u64 = 1_000;
const IN_FLIGHT_MAX: u64 = 2_000;

fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "sink") {
        return sink();
    }
    let orders = arguments.first().map_or(Ok(1_008_000), |text| text.parse())?;
    let rate: f64 = arguments.get(1).map_or(Ok(5_000.0), |text| text.parse())?;
    let (mut gateway, url) = start_sink()?;
    let measured = measure(&url, orders, rate);
    gateway.kill()?;
    gateway.wait()?;
    measured
}

#[tokio::main]
async fn measure(url: &str, orders: u64, rate: f64) -> Result<(), AnyError> {
    let folder = std::env::temp_dir().join(format!("truth-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let plan = LoadPlan {
        schedule: ArrivalSchedule::new(Curve::constant(orders as f64 / rate), orders, 1.0, Some(7)),
        sampler: Sampler::new(7, RunTag::from_seed_text("truth"), World::default()),
        gateway: GatewayAddress(url.to_owned()),
        credentials: Credentials::None,
        transport: Transport::default(),
        retries: Retries::default(),
        abort: None,
        in_flight_max: IN_FLIGHT_MAX,
        start: Instant::now() + Duration::from_millis(500),
        start_unix: jiff::Timestamp::now(),
        files: RecorderFiles {
            exchanges: folder.join("exchanges.parquet"),
            latency: folder.join("latency.hlog"),
            interval: Duration::from_secs(10),
            start_unix_s: 0.0,
            journal: None,
        },
    };
    let (watch, mut peaks) = watch_memory();
    let result = loadgen::run(plan, Arc::new(Progress::default())).await?;
    watch.abort();
    let generator = result.generator;
    println!(
        "{orders} orders at {rate}/s, accepted {}; up to {} in flight, start lag p99 {} µs",
        generator.outcomes.accepted, generator.in_flight_max, generator.start_lag.p99_us
    );
    let truth = truth(url)?;
    println!("| percentile | the gateway's own | service time | ratio | response time | ratio |");
    println!("|---|---|---|---|---|---|");
    let of = |times: &LatencySummary| [times.p50_us, times.p90_us, times.p99_us];
    let (service, response) = (of(&generator.service), of(&generator.response));
    for (name, ((own, service), response)) in
        ["p50", "p90", "p99"].into_iter().zip(truth.into_iter().zip(service).zip(response))
    {
        let ratio = |us: u64| us as f64 / own as f64;
        println!(
            "| {name} | {own} µs | {service} µs | {:.4} | {response} µs | {:.4} |",
            ratio(service),
            ratio(response)
        );
    }
    println!("\nresident memory, MB, every 10 s: {}", peaks.try_recv_all());
    println!("peak of it {:.1} MB", memory_mb("VmHWM:")?);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// What the memory was, every so often.
struct Peaks(tokio::sync::mpsc::UnboundedReceiver<f64>);

impl Peaks {
    fn try_recv_all(&mut self) -> String {
        let mut all = Vec::new();
        while let Ok(mb) = self.0.try_recv() {
            all.push(format!("{mb:.0}"));
        }
        all.join(" ")
    }
}

fn watch_memory() -> (tokio::task::JoinHandle<()>, Peaks) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(10)).await;
            let Ok(mb) = memory_mb("VmRSS:") else { return };
            let _ = sender.send(mb);
        }
    });
    (task, Peaks(receiver))
}

/// A line of proc_pid_status(5), MB.
fn memory_mb(name: &str) -> Result<f64, AnyError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or(name)?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1_000.0)
}

/// The gateway's own percentiles, µs.
fn truth(url: &str) -> Result<Vec<u64>, AnyError> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))?;
    stream.write_all(b"GET /truth HTTP/1.0\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let body = text.split("\r\n\r\n").nth(1).ok_or("no answer")?;
    Ok(body.split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
}

fn start_sink() -> Result<(Child, String), AnyError> {
    let mut child =
        Command::new(std::env::current_exe()?).arg("sink").stdout(Stdio::piped()).spawn()?;
    let mut url = String::new();
    let out = child.stdout.take().ok_or("the sink has no output")?;
    BufReader::new(out).read_line(&mut url)?;
    Ok((child, url.trim().to_owned()))
}

/// How long each answer took, µs.
type Times = Arc<Mutex<Vec<u32>>>;

#[tokio::main(flavor = "current_thread")]
async fn sink() -> Result<(), AnyError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let times = Times::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let times = Arc::clone(&times);
        let answer = service_fn(move |request| answer(request, Arc::clone(&times)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

async fn answer(
    request: Request<Incoming>,
    times: Times,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let began = Instant::now();
    if request.method() == Method::GET {
        return Ok(Response::new(Full::from(percentiles(&times))));
    }
    request.into_body().collect().await?;
    let place = COUNT.fetch_add(1, Ordering::Relaxed) % SPREAD;
    tokio::time::sleep_until((began + ANSWER_AFTER + Duration::from_micros(100 * place)).into())
        .await;
    let took = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
    if let Ok(mut times) = times.lock() {
        times.push(took);
    }
    let mut response = Response::new(Full::default());
    *response.status_mut() = hyper::StatusCode::ACCEPTED;
    Ok(response)
}

fn percentiles(times: &Times) -> String {
    let Ok(mut times) = times.lock() else { return String::new() };
    times.sort_unstable();
    // The smallest value that so many are not above.
    let at = |q: f64| times.get((q * times.len() as f64).ceil() as usize - 1).copied();
    let all = [0.5, 0.9, 0.99].map(|q| at(q).unwrap_or(0).to_string());
    all.join(" ")
}
