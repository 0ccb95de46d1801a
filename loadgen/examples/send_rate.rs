//! How many orders a second the generator sends, and what one costs in CPU, all included: making
//! the order, sending it, the histograms, the row of the exchange file.
//!
//! `cargo run --release -p loadgen --example send_rate [-- RATE_PER_S|flat SECONDS IN_FLIGHT]`
//!
//! The gateway is another process, which answers 202 to anything: the CPU shown is the
//! generator's alone.
#![expect(clippy::print_stdout, reason = "the report of a measuring program")]

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use loadgen::{
    ArrivalSchedule, Credentials, Curve, GatewayAddress, LoadPlan, Progress, RecorderFiles,
    Retries, Transport,
};
use orders::{RunTag, Sampler, World};
use tokio::net::TcpListener;

type AnyError = Box<dyn Error + Send + Sync>;

/// What "flat" offers: more than any machine of today takes.
const FLAT_PER_S: f64 = 200_000.0;

fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "sink") {
        return sink();
    }
    let seconds: f64 = arguments.get(1).map_or(Ok(5.0), |text| text.parse())?;
    let in_flight_max: u64 = arguments.get(2).map_or(Ok(64), |text| text.parse())?;
    let rate = match arguments.first().map(String::as_str) {
        None | Some("flat") => FLAT_PER_S,
        Some(text) => text.parse()?,
    };
    let (mut gateway, url) = start_sink()?;
    let measured = measure(&url, rate, seconds, in_flight_max);
    gateway.kill()?;
    gateway.wait()?;
    measured
}

#[tokio::main]
async fn measure(url: &str, rate: f64, seconds: f64, in_flight_max: u64) -> Result<(), AnyError> {
    let folder = std::env::temp_dir().join(format!("send_rate-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let world = World::default();
    let partners = world.size().partners;
    let start = Instant::now() + Duration::from_millis(500);
    let plan = LoadPlan {
        schedule: ArrivalSchedule::new(
            Curve::constant(seconds),
            (rate * seconds) as u64,
            1.0,
            Some(7),
        ),
        sampler: Sampler::new(7, RunTag::from_seed_text("send_rate"), world),
        gateway: GatewayAddress(url.to_owned()),
        credentials: Credentials::ApiKeys((0..partners).map(|k| format!("key {k}")).collect()),
        transport: Transport::default(),
        retries: Retries::default(),
        abort: None,
        in_flight_max,
        start,
        start_unix: jiff::Timestamp::now(),
        files: RecorderFiles {
            exchanges: folder.join("exchanges.parquet"),
            latency: folder.join("latency.hlog"),
            interval: Duration::from_secs(1),
            start_unix_s: 0.0,
            journal: None,
        },
    };
    let before = cpu_seconds()?;
    let result = loadgen::run(plan, Arc::new(Progress::default())).await?;
    let cpu_s = cpu_seconds()? - before;
    let generator = result.generator;
    let accepted = generator.outcomes.accepted as f64;
    println!(
        "{accepted} accepted in {:.2} s: {:.0}/s, {:.1} µs of CPU each",
        result.sent_within.as_secs_f64(),
        accepted / result.sent_within.as_secs_f64(),
        cpu_s * 1e6 / accepted,
    );
    println!(
        "start lag p99 {} µs, service p50 {} µs, p99 {} µs; others: {:?}",
        generator.start_lag.p99_us,
        generator.service.p50_us,
        generator.service.p99_us,
        generator.outcomes
    );
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// User and system time of this process, all threads. Linux counts it in 100ths of a second.
fn cpu_seconds() -> Result<f64, AnyError> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // Fields 14 and 15 of proc(5), of which two are before the parenthesis.
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / 100.0)
}

fn start_sink() -> Result<(Child, String), AnyError> {
    let mut child =
        Command::new(std::env::current_exe()?).arg("sink").stdout(Stdio::piped()).spawn()?;
    let mut url = String::new();
    let out = child.stdout.take().ok_or("the sink has no output")?;
    BufReader::new(out).read_line(&mut url)?;
    Ok((child, url.trim().to_owned()))
}

/// Answers 202 to everything, on one thread.
#[tokio::main(flavor = "current_thread")]
async fn sink() -> Result<(), AnyError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(
            http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(take)),
        );
    }
}

async fn take(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    request.into_body().collect().await?;
    let mut response = Response::new(Full::from("{\"status\":\"accepted\"}"));
    *response.status_mut() = hyper::StatusCode::ACCEPTED;
    Ok(response)
}
