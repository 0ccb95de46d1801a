//! A real Lambda function for the tests: does to each message what its body commands.
//!
//! A body is `{"name": "a", "do": "succeed"}`. Other commands are `report` (name the message
//! as failed), `panic`, `sleep` (past any timeout), `nap` (100 ms), `grow` (200 MB of memory),
//! `hoard` (the same, and sleep) and `exit`. With `"until": n` the command
//! holds for the first n receives only; after them the message succeeds. Each success is a
//! line `done <name>` in the log.

#![allow(clippy::print_stdout, reason = "the log of a function is its standard output")]

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if std::env::var_os("EXIT_AT_INIT").is_some() {
        std::process::exit(3);
    }
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let mut failures = Vec::new();
    for record in event.payload["Records"].as_array().into_iter().flatten() {
        if !obey(record).await {
            failures.push(json!({"itemIdentifier": record["messageId"]}));
        }
    }
    Ok(json!({"batchItemFailures": failures}))
}

/// False: the message failed.
async fn obey(record: &Value) -> bool {
    let body: Value = record["body"]
        .as_str()
        .and_then(|body| serde_json::from_str(body).ok())
        .unwrap_or_default();
    let receives = record["attributes"]["ApproximateReceiveCount"]
        .as_str()
        .and_then(|count| count.parse().ok());
    let holds = body["until"]
        .as_u64()
        .is_none_or(|until| receives.is_none_or(|receives: u64| receives <= until));
    let command = if holds { body["do"].as_str().unwrap_or("succeed") } else { "succeed" };
    match command {
        "report" => return false,
        "panic" => panic!("told to panic"),
        "exit" => std::process::exit(1),
        "sleep" => sleep(3_600_000).await,
        "nap" => sleep(100).await,
        "grow" => grow(),
        "hoard" => {
            grow();
            sleep(3_600_000).await;
        }
        _ => {}
    }
    println!("done {}", body["name"].as_str().unwrap_or("unnamed"));
    true
}

async fn sleep(ms: u64) {
    tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
}

/// Memory counts only once it is written.
fn grow() {
    std::hint::black_box(vec![7_u8; 200 << 20]);
}
