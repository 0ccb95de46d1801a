//! `vazao run --target aws`: a whole run against a stack that is there already. CloudFormation is moto's;
//! the stack that it tells of is a `vazao local` that bills on a PostgreSQL server.

use std::process::Output;

use costmodel::Usage;
use localcloud::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use orders::World;
use processor::{DatabaseUrl, Seed, create_database};
use runlog::{RunDirectory, Target};
use serde_json::json;

use crate::local::{BUCKET, Local};
use crate::moto::Moto;
use crate::server::Server;
use crate::vazao::{only_run, run, vazao};

const ORDERS: u64 = 120;

/// As somebody's shell has it, but for CloudFormation.
fn run_against(local: &Local, moto: &Moto, arguments: &[&str]) -> Output {
    let environment = [
        ("AWS_ENDPOINT_URL", local.endpoint.as_str()),
        ("AWS_ENDPOINT_URL_CLOUDFORMATION", moto.endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
    ];
    vazao(&[&["run", "--target", "aws"], arguments].concat()).envs(environment).output().unwrap()
}

#[test]
fn a_run_against_a_deployed_stack_accounts_for_every_order_in_its_database_and_its_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["-c", "fsync=off"]);
    let url = server.create();
    let database: DatabaseUrl = url.parse().unwrap();
    create_database(&database, &Seed::of(World::default())).unwrap();
    let parameter = format!("DatabaseUrl={url}");
    let local = Local::start_with(folder.path(), &["--parameter", &parameter]);
    let queue = |name: &str| format!("{}/000000000000/{name}", local.endpoint);
    let moto = Moto::start(
        folder.path(),
        &json!({"objects": [], "messages": [], "stacks": {"shop": {
            "OrdersUrl": format!("{}/v1/orders/", local.gateway),
            "OrderQueueUrl": queue("orders"),
            "DeadLetterQueueUrl": queue("orders-dead-letters"),
            "DocumentsBucketName": BUCKET,
            "FunctionName": "order-processor",
            "ApiName": "orders",
            "StageName": "live",
        }}}),
    );
    let out = folder.path().join("runs");
    let (orders, out_of) = (ORDERS.to_string(), out.to_str().unwrap());
    let common = ["--orders", &orders, "--out", out_of, "--meters-after", "3"];

    let output = run_against(&local, &moto, &[&common[..], &["--stack", "shop"]].concat());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && text.contains("--database"), "{text}");
    let elsewhere = [&common[..], &["--stack", "none", "--database", &url]].concat();
    let output = run_against(&local, &moto, &elsewhere);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && text.contains("none"), "{text}");
    assert!(!out.exists(), "what was refused leaves nothing");

    let there = [&common[..], &["--stack", "shop", "--database", &url]].concat();
    let output = run_against(&local, &moto, &there);
    let text = String::from_utf8_lossy(&output.stderr);
    // 20, 21: so few orders show little, and a busy machine makes the generator late.
    assert!([Some(0), Some(20), Some(21)].contains(&output.status.code()), "{text}");
    let finished = only_run(&out);
    let account = &finished.reconciliation;
    assert!(account.is_clean(), "{account:?}");
    assert_eq!((account.planned, account.documented), (ORDERS, ORDERS));
    assert_eq!(finished.manifest.target, Target::Aws);
    // By the meters of the stack, not by what was sent.
    let usage: Usage = RunDirectory::read_json(&finished.directory.usage()).unwrap();
    assert_eq!(usage.api_gateway.rest_requests.amount, ORDERS);
    assert!((12..=ORDERS).contains(&usage.lambda.invocations.amount), "{usage:?}");
    // The stack is somebody's: it is left as it was, with its orders in it.
    assert_eq!(server.number(&url, "SELECT count(*) FROM sales_order"), ORDERS as i64);
}

#[test]
fn a_target_that_is_no_stack_wants_shards_and_a_shard_wants_an_address() {
    let output = run(&["run", "--target", "http://127.0.0.1:9"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && text.contains("--shard 0/1"), "{text}");
    let output = run(&["run", "--target", "aws", "--shard", "0/1", "--run-id", "x"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && text.contains("vazao stack NAME"), "{text}");
}
