//! The stall experiment: 200 orders a second for 20 s against a gateway that answers in 5 ms and
//! stands still for 3 s in between. What does a generator say of it that waits for answers before it
//! sends on, and what does one that keeps a schedule?
//!
//! `cargo run --release -p loadgen --example stall`
#![expect(clippy::print_stdout, reason = "the report of a measuring program")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use goose::config::GooseConfiguration;
use goose::goose::{GooseMethod, GooseRequest, Scenario, Transaction};
use goose::{GooseAttack, goose::GooseUser, goose::TransactionResult};
use http_body_util::Full;
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
use runlog::LatencySummary;
use tokio::net::TcpListener;
use tokio::sync::RwLock;

type AnyError = Box<dyn Error + Send + Sync>;

const RATE_PER_S: u64 = 200;
const SECONDS: u64 = 20;
const ANSWER_AFTER: Duration = Duration::from_millis(5);
const STALL_AT: Duration = Duration::from_secs(8);
const STALL: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    println!(
        "{RATE_PER_S}/s for {SECONDS} s, answers after {} ms, a stall of {} s after {} s\n",
        ANSWER_AFTER.as_millis(),
        STALL.as_secs(),
        STALL_AT.as_secs()
    );
    println!("| generator, and from when it counts | sent | p50 | p90 | p99 |");
    println!("|---|---|---|---|---|");
    let [response, service] = ours().await?;
    row("vazao, from the intended instant", response.count, quantiles(&response));
    row("the same run, from the send", service.count, quantiles(&service));
    goose_closed().await
}

fn quantiles(times: &LatencySummary) -> [u64; 3] {
    [times.p50_us, times.p90_us, times.p99_us]
}

fn row(name: &str, sent: u64, us: [u64; 3]) {
    let [p50, p90, p99] = us.map(|us| format!("{:.1} ms", us as f64 / 1_000.0));
    println!("| {name} | {sent} of {} | {p50} | {p90} | {p99} |", RATE_PER_S * SECONDS);
}

async fn ours() -> Result<[LatencySummary; 2], AnyError> {
    let url = gateway().await?;
    let folder = std::env::temp_dir().join(format!("stall-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let curve = Curve::constant(SECONDS as f64);
    let plan = LoadPlan {
        schedule: ArrivalSchedule::new(curve, RATE_PER_S * SECONDS, 1.0, Some(7)),
        sampler: Sampler::new(7, RunTag::from_seed_text("stall"), World::default()),
        gateway: GatewayAddress(url),
        credentials: Credentials::None,
        transport: Transport::default(),
        retries: Retries::default(),
        abort: None,
        // As many as goose has users.
        in_flight_max: 50,
        start: Instant::now() + Duration::from_millis(100),
        start_unix: jiff::Timestamp::now(),
        files: RecorderFiles {
            exchanges: folder.join("exchanges.parquet"),
            latency: folder.join("latency.hlog"),
            interval: Duration::from_secs(1),
            start_unix_s: 0.0,
            journal: None,
        },
    };
    let result = loadgen::run(plan, Arc::new(Progress::default())).await?;
    std::fs::remove_dir_all(folder)?;
    Ok([result.generator.response, result.generator.service])
}

/// goose as it comes: fifty users, each of whom waits for its answer, throttled to the same rate.
async fn goose_closed() -> Result<(), AnyError> {
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(gateway().await?);
    configuration.users = Some(50);
    configuration.increase_rate = Some("100000".to_owned());
    configuration.run_time = Some(SECONDS.to_string());
    configuration.throttle_requests = Some(RATE_PER_S as usize);
    configuration.no_telnet = true;
    configuration.no_print_metrics = true;
    configuration.quiet = 3;
    let transaction = Transaction::new(Arc::new(|user| Box::pin(put(user))));
    let metrics = GooseAttack::initialize_with_config(configuration)?
        .register_scenario(Scenario::new("orders").register_transaction(transaction))
        .execute()
        .await?;
    let Some(request) = metrics.requests.values().next() else {
        return Err("goose sent nothing".into());
    };
    let at = |quantile| request.raw_data.percentile_us(quantile);
    let sent = request.raw_data.counter as u64;
    row("goose 0.19, 50 users throttled to the rate", sent, [at(0.5), at(0.9), at(0.99)]);
    Ok(())
}

async fn put(user: &mut GooseUser) -> TransactionResult {
    let builder = user.get_request_builder(&GooseMethod::Put, "/v1/orders/x")?.body("{}");
    let request = GooseRequest::builder().set_request_builder(builder).name("order").build();
    user.request(request).await?;
    Ok(())
}

/// A gateway whose stall begins when it has been up for [`STALL_AT`].
async fn gateway() -> Result<String, AnyError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let stall = Arc::new(RwLock::new(()));
    let held = Arc::clone(&stall);
    tokio::spawn(async move {
        tokio::time::sleep(STALL_AT).await;
        let _held = held.write().await;
        tokio::time::sleep(STALL).await;
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let stall = Arc::clone(&stall);
            let service = service_fn(move |request| answer(request, Arc::clone(&stall)));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Ok(url)
}

async fn answer(
    _request: Request<Incoming>,
    stall: Arc<RwLock<()>>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    tokio::time::sleep(ANSWER_AFTER).await;
    let _until_the_stall_ends = stall.read().await;
    let mut response = Response::new(Full::default());
    *response.status_mut() = hyper::StatusCode::ACCEPTED;
    Ok(response)
}
