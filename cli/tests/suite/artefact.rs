//! The executable as Lambda runs it, with a record on which it panics. `cargo xtask dist` has this
//! test run what is in the zip (`VAZAO_ARTEFACT`, perhaps under an emulator); otherwise it runs the
//! `bootstrap` beside vazao. The database is PostgreSQL, as where it is deployed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use jiff::Timestamp;
use localcloud::{
    ApiKey, CloudConfig, InvocationRecord, LocalCloud, MessageRecord, TemplateSettings,
};
use observe::{Cloud, CloudAddress};
use orders::{RunTag, SampledOrder, Sampler, World};
use processor::{Certificate, DatabaseUrl, Seed, create_database};
use serde_json::Value;

use crate::server::Server;

const TEMPLATE: &str = include_str!("../../../infra/template.yaml");

/// Orders of a batch.
const BATCH: usize = 10;

/// Under an emulator everything takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

fn artefact() -> PathBuf {
    let beside = || Path::new(env!("CARGO_BIN_EXE_vazao")).with_file_name("bootstrap");
    std::env::var_os("VAZAO_ARTEFACT").map_or_else(beside, PathBuf::from)
}

/// A customer whose row asks for more days than a calendar has: the arithmetic panics.
fn plant(server: &Server, url: &str, order: &SampledOrder) {
    let cnpj = order.order.buyer.cnpj.as_str();
    let days = "UPDATE customer SET shelf_days_min = 2000000000";
    server.execute(url, &format!("{days} WHERE cnpj = '{cnpj}'"));
}

/// The first order, and nine of other customers.
fn orders() -> Vec<SampledOrder> {
    let sampler = Sampler::new(5, RunTag::from_seed_text("artefact"), World::default());
    let order = |index| sampler.order(index, Timestamp::now());
    let first = order(0);
    let is_other = |other: &SampledOrder| other.order.buyer != first.order.buyer;
    let others = (1..).map(order).filter(is_other).take(BATCH - 1);
    std::iter::once(first.clone()).chain(others).collect()
}

fn configuration(folder: &Path, database: &str, executable: &Path) -> CloudConfig {
    let certificate = folder.join("certificate.pem");
    Certificate::for_tests().unwrap().write_pem(&certificate).unwrap();
    let mut settings = TemplateSettings::new(folder);
    let certificate = certificate.display().to_string();
    settings.parameters = BTreeMap::from(
        [
            ("DatabaseUrl", database.to_owned()),
            ("CertificateFile", certificate),
            ("RequestAuthorization", "API_KEY".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    settings.executables.insert("order-processor".to_owned(), executable.to_owned());
    let mut config = CloudConfig::from_template(TEMPLATE, &settings).unwrap();
    // Time for all orders to become one batch.
    let source = &mut config.event_sources[0];
    (source.batch_size, source.batching_window) = (BATCH as u32, Duration::from_secs(5));
    for queue in &mut config.queues {
        queue.visibility_timeout = Duration::from_secs(20);
    }
    for function in &mut config.functions {
        (function.timeout, function.memory_mb) = (Duration::from_secs(20), 1_024);
    }
    let world = World::default();
    let key = |index: u32| ApiKey {
        id: world.partner(index).to_string(),
        value: format!("key-{index}"),
        usage_plan: None,
    };
    config.api.as_mut().unwrap().api_keys = (0..world.size().partners).map(key).collect();
    config
}

/// Puts an order; its message's id.
async fn send(cloud: &LocalCloud, sampled: &SampledOrder) -> String {
    let url = format!("{}/v1/orders/{}", cloud.gateway_url(), sampled.order.partner_order_no);
    let request = reqwest::Client::new().put(url);
    let answer = request
        .header("x-api-key", format!("key-{}", sampled.partner_index))
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&sampled.order).unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 202);
    let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    answer["messageId"].as_str().unwrap().to_owned()
}

/// The number by which the records call a message.
fn number_of(message_id: &str) -> u64 {
    u64::from_str_radix(&message_id.replace('-', "")[..16], 16).unwrap()
}

/// The invocations until all of these messages are processed. Under an emulator the database may
/// seem slow, and an order takes a second attempt.
fn until_processed(invocations: &Receiver<InvocationRecord>, ids: &[u64]) -> Vec<InvocationRecord> {
    let mut records: Vec<InvocationRecord> = Vec::new();
    let is_done = |records: &[InvocationRecord], id: u64| {
        let mut all = records.iter().flat_map(|record| &record.messages);
        all.any(|record| record.message == id && record.processed)
    };
    while !ids.iter().all(|id| is_done(&records, *id)) {
        records.push(invocations.recv_timeout(PATIENCE).expect("an invocation"));
    }
    records
}

#[test]
fn a_record_that_panics_goes_back_alone_and_the_rest_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["-c", "fsync=off"]);
    let url = server.create();
    create_database(&url.parse::<DatabaseUrl>().unwrap(), &Seed::of(World::default())).unwrap();
    let orders = orders();
    plant(&server, &url, &orders[0]);

    let mut config = configuration(folder.path(), &url, &artefact());
    let (sender, invocations) = channel();
    config.invocations = Some(sender);
    let (region, bucket) = (config.region.clone(), config.buckets[0].clone());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cloud = runtime.block_on(LocalCloud::start(config)).unwrap();
    let ids: Vec<String> =
        orders.iter().map(|order| runtime.block_on(send(&cloud, order))).collect();
    let numbers: Vec<u64> = ids.iter().map(|id| number_of(id)).collect();
    let records = until_processed(&invocations, &numbers[1..]);

    // The process outlived it, and answered for the rest of the batch.
    assert!(records.iter().all(|record| record.succeeded), "{records:?}");
    let mut all = records.iter().flat_map(|record| &record.messages);
    assert!(!all.any(|record| record.message == numbers[0] && record.processed), "{records:?}");
    let is_poison = |record: &MessageRecord| record.message == numbers[0];
    let mut batches = records.iter().filter(|record| record.messages.iter().any(is_poison));
    assert!(batches.any(|batch| batch.messages.iter().any(|record| record.processed)));

    let log = std::fs::read_to_string(folder.path().join("logs/order-processor.log")).unwrap();
    let panics: Vec<&str> = log.lines().filter(|line| line.contains(r#""code":"PANIC""#)).collect();
    assert!(log.contains(r#""event":"panic""#) && !panics.is_empty(), "{log}");
    assert!(panics.iter().all(|line| line.contains(&ids[0])), "{log}");
    let address = CloudAddress::Endpoint { url: cloud.base_url(), region };
    let observer = runtime.block_on(Cloud::connect(&address));
    let documents = runtime.block_on(observer.object_keys(&bucket, "")).unwrap();
    let order_number = |index: usize| orders[index].order.partner_order_no.to_string();
    let documents_of =
        |index: usize| documents.iter().filter(|key| key.contains(&order_number(index))).count();
    assert_eq!(documents_of(0), 0);
    assert!((1..BATCH).all(|index| documents_of(index) > 0), "{documents:?}");
    runtime.block_on(cloud.shutdown());
}
