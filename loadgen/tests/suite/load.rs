//! The loads that the tests send.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loadgen::{
    ArrivalSchedule, Credentials, Curve, GatewayAddress, LoadPlan, LoadResult, Progress,
    RecorderFiles, Retries, Transport,
};
use orders::{RunTag, Sampler, World};
use runlog::{Exchange, ExchangeReader};

/// goose runs once at a time in a process.
pub(crate) static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const SEED: u64 = 5;

pub(crate) fn tag() -> RunTag {
    RunTag::from_seed_text("sending tests")
}

pub(crate) fn sampler() -> Sampler {
    Sampler::new(SEED, tag(), World::default())
}

/// The partner of order k.
pub(crate) fn partner(k: u64) -> u32 {
    sampler().order(k, jiff::Timestamp::UNIX_EPOCH).partner_index
}

/// `orders` orders over `seconds` to the gateway, each partner with its API key.
pub(crate) fn plan(url: &str, folder: &Path, orders: u64, seconds: f64) -> LoadPlan {
    let partners = World::default().size().partners;
    LoadPlan {
        schedule: ArrivalSchedule::new(Curve::constant(seconds), orders, 1.0, Some(SEED)),
        sampler: sampler(),
        gateway: GatewayAddress(url.to_owned()),
        credentials: Credentials::ApiKeys((0..partners).map(|p| format!("key {p}")).collect()),
        transport: Transport::default(),
        retries: Retries::default(),
        abort: None,
        in_flight_max: 200,
        start: Instant::now() + Duration::from_millis(300),
        start_unix: jiff::Timestamp::now(),
        files: RecorderFiles {
            exchanges: folder.join("exchanges.parquet"),
            latency: folder.join("latency.hlog"),
            interval: Duration::from_secs(1),
            start_unix_s: 0.0,
            journal: None,
        },
    }
}

/// Sends a load to its end.
pub(crate) async fn send(plan: LoadPlan) -> LoadResult {
    loadgen::run(plan, Arc::new(Progress::default())).await.unwrap()
}

/// Every exchange that was written into a folder.
pub(crate) fn exchanges(folder: &Path) -> Vec<Exchange> {
    let mut rows = Vec::new();
    ExchangeReader::read(&folder.join("exchanges.parquet"), |row| rows.push(row)).unwrap();
    rows
}
