//! The whole generator against a gateway of the test's own, which remembers what it was sent.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use loadgen::{
    ArrivalSchedule, Credentials, Curve, GatewayAddress, LoadPlan, LoadResult, Progress,
    RecorderFiles,
};
use orders::{Order, OrderNumber, RunTag, Sampler, World};
use runlog::{ExchangeReader, Outcome};
use tokio::net::TcpListener;

/// goose runs once at a time in a process.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const SEED: u64 = 5;

fn tag() -> RunTag {
    RunTag::from_seed_text("sending tests")
}

/// What the gateway does with order k: the status it answers, or none to hang up unanswered.
type Behaviour = fn(u64) -> Option<u16>;

/// How often each order came.
type Received = Arc<Mutex<BTreeMap<u64, u32>>>;

/// Starts a gateway; a lock taken on `stall` holds every answer back.
async fn gateway(behaviour: Behaviour, stall: Arc<tokio::sync::RwLock<()>>) -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let received = Received::default();
    let shared = Arc::clone(&received);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (received, stall) = (Arc::clone(&shared), Arc::clone(&stall));
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    answer(request, behaviour, Arc::clone(&received), Arc::clone(&stall))
                });
                // A hang-up is an error here, and the point of one test.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (url, received)
}

async fn answer(
    request: Request<Incoming>,
    behaviour: Behaviour,
    received: Received,
    stall: Arc<tokio::sync::RwLock<()>>,
) -> Result<Response<Full<Bytes>>, &'static str> {
    assert_eq!(request.method(), "PUT");
    let path = request.uri().path().to_owned();
    let number: OrderNumber = path.strip_prefix("/v1/orders/").unwrap().parse().unwrap();
    let key = request.headers()["x-api-key"].to_str().unwrap().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let order = Order::parse(&body).unwrap();
    assert_eq!(order.partner_order_no, number);
    let k = number.planned_index(&tag()).unwrap();
    let partner = sampler().order(k, jiff::Timestamp::UNIX_EPOCH).partner_index;
    assert_eq!(key, format!("key {partner}"));
    *received.lock().unwrap().entry(k).or_default() += 1;
    let _until_the_stall_ends = stall.read().await;
    let status = behaviour(k).ok_or("hang up")?;
    Ok(Response::builder().status(status).body(Full::default()).unwrap())
}

fn sampler() -> Sampler {
    Sampler::new(SEED, tag(), World::default())
}

/// Sends `orders` orders over `seconds` to the gateway.
async fn send(
    url: &str,
    folder: &Path,
    orders: u64,
    seconds: f64,
    in_flight_max: u64,
) -> LoadResult {
    let partners = World::default().size().partners;
    let plan = LoadPlan {
        schedule: ArrivalSchedule::new(Curve::constant(seconds), orders, 1.0, Some(SEED)),
        sampler: sampler(),
        gateway: GatewayAddress(url.to_owned()),
        credentials: Credentials::ApiKeys((0..partners).map(|p| format!("key {p}")).collect()),
        in_flight_max,
        start: Instant::now() + Duration::from_millis(700),
        start_unix: jiff::Timestamp::now(),
        files: RecorderFiles {
            exchanges: folder.join("exchanges.parquet"),
            latency: folder.join("latency.hlog"),
            interval: Duration::from_secs(1),
            start_unix_s: 0.0,
        },
    };
    loadgen::run(plan, Arc::new(Progress::default())).await.unwrap()
}

/// By k modulo 10: a redirect, a server error, throttled, refused, a hang-up; else accepted.
fn mixed(k: u64) -> Option<u16> {
    match k % 10 {
        0 => Some(307),
        1 => Some(503),
        2 => Some(429),
        3 => Some(400),
        4 => None,
        _ => Some(202),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_arrival_is_sent_exactly_once_and_has_the_outcome_that_it_got() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let (url, received) = gateway(mixed, Arc::default()).await;
    let result = send(&url, folder.path(), 1_000, 2.0, 200).await;

    let received = received.lock().unwrap();
    assert_eq!(received.len(), 1_000);
    assert!(received.values().all(|times| *times == 1), "an order was sent again");
    let counts = result.generator.outcomes;
    assert_eq!(
        (counts.accepted, counts.rejected, counts.throttled, counts.failed, counts.unknown),
        (500, 100, 100, 200, 100)
    );
    for k in 0..1_000 {
        let expected = mixed(k).map_or(Outcome::Unknown, Outcome::from_status);
        assert_eq!(result.outcomes.get(k), Some(expected), "order {k}");
    }
    let mut rows = 0;
    ExchangeReader::read(&folder.path().join("exchanges.parquet"), |exchange| {
        assert_eq!(Some(exchange.outcome), result.outcomes.get(exchange.index));
        assert!(exchange.intended_us <= exchange.sent_us && exchange.sent_us <= exchange.end_us);
        rows += 1;
    })
    .unwrap();
    assert_eq!(rows, 1_000);
    assert_eq!(result.generator.response.count, 1_000);
}

/// Coordinated omission: while the gateway stalls, a cap of four in flight keeps the others from
/// being sent. Their service time is short; what their partners waited is not, and is recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_is_in_the_response_time_of_every_order_that_it_held_up() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let stall = Arc::new(tokio::sync::RwLock::new(()));
    let (url, _) = gateway(|_| Some(202), Arc::clone(&stall)).await;
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let _held = stall.write().await;
        tokio::time::sleep(Duration::from_millis(1_000)).await;
    });
    let result = send(&url, folder.path(), 600, 3.0, 4).await;

    let generator = result.generator;
    assert_eq!(generator.outcomes.accepted, 600);
    assert!(generator.in_flight_max <= 4, "{generator:?}");
    assert!(generator.capped > 100, "{generator:?}");
    // A third of the orders were due in the stall; four were in flight.
    assert!(generator.response.p90_us > 5 * generator.service.p90_us, "{generator:?}");
    assert!(generator.start_lag.p90_us > 5 * generator.service.p90_us, "{generator:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_not_there_fails_every_order_and_loses_no_account() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let result = send(&url, folder.path(), 50, 0.5, 10).await;
    assert_eq!(result.generator.outcomes.failed, 50);
}
