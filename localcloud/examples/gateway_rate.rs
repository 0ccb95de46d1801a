//! How many orders a second the gateway takes, and what one costs in CPU.
//!
//! `cargo run --release -p localcloud --example gateway_rate [-- SECONDS CONNECTIONS]`
//!
//! The client is another process, so the CPU shown is the cloud's alone. With a third
//! argument, the path of a function's executable, the orders are also processed.

#![allow(clippy::print_stdout, reason = "the report of a measuring program")]

use std::error::Error;
use std::time::{Duration, Instant};

use localcloud::{
    ApiConfig, ApiKey, AttributeSource, CloudConfig, EventSourceConfig, FunctionConfig, LocalCloud,
    MessageAttributeMapping, PollerScaling, QueueConfig, RouteConfig, SqsIntegration,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

type AnyError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "client") {
        return client(&arguments[1], arguments[2].parse()?, arguments[3].parse()?).await;
    }
    let seconds = arguments.first().map_or("5", String::as_str);
    let connections = arguments.get(1).map_or("16", String::as_str);
    let directory = std::env::temp_dir().join(format!("gateway_rate-{}", std::process::id()));
    let cloud = LocalCloud::start(config(&directory, arguments.get(2))).await?;

    let before = cpu_seconds()?;
    let mut load = tokio::process::Command::new(std::env::current_exe()?);
    let output = load.args(["client", &cloud.gateway_url(), seconds, connections]).output().await?;
    let cpu_s = cpu_seconds()? - before;
    let text = String::from_utf8(output.stdout)?;
    let (accepted, elapsed_s) = text
        .trim()
        .split_once(' ')
        .ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let (accepted, elapsed_s): (f64, f64) = (accepted.parse()?, elapsed_s.parse()?);
    println!("{accepted} accepted in {elapsed_s:.2} s: {:.0}/s", accepted / elapsed_s);
    println!("{:.1} µs of the cloud's CPU each", cpu_s * 1e6 / accepted);
    println!("environments: {}", cloud.function_processes().len());
    cloud.shutdown().await;
    std::fs::remove_dir_all(directory)?;
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

fn config(directory: &std::path::Path, executable: Option<&String>) -> CloudConfig {
    let attribute = |name: &str, source| MessageAttributeMapping { name: name.to_owned(), source };
    let mut config = CloudConfig::new(directory);
    config.queues = vec![QueueConfig {
        name: "work".to_owned(),
        visibility_timeout: Duration::from_secs(180),
        retention: Duration::from_secs(345_600),
        redrive: None,
    }];
    config.api = Some(ApiConfig {
        name: "orders".to_owned(),
        stage: "prod".to_owned(),
        routes: vec![RouteConfig {
            method: "PUT".to_owned(),
            path: "/v1/orders/{orderNumber}".to_owned(),
            request_schema: Some(json!({
                "type": "object", "required": ["name", "items"], "additionalProperties": false,
                "properties": {
                    "name": {"type": "string", "maxLength": 60},
                    "items": {"type": "array", "maxItems": 100, "items": {
                        "type": "object", "required": ["sku", "quantity"], "additionalProperties": false,
                        "properties": {"sku": {"type": "string", "pattern": "^[A-Z0-9-]+$"}, "quantity": {"type": "integer", "minimum": 1}}}},
                },
            })),
            integration: SqsIntegration {
                queue: "work".to_owned(),
                attributes: vec![
                    attribute("partner", AttributeSource::Identity),
                    attribute(
                        "orderNumber",
                        AttributeSource::PathParameter("orderNumber".to_owned()),
                    ),
                    attribute("requestId", AttributeSource::RequestId),
                ],
            },
        }],
        api_keys: vec![ApiKey { value: "key".to_owned(), identity: "acme".to_owned() }],
        throttle: None,
    });
    if let Some(executable) = executable {
        config.functions = vec![FunctionConfig::new("echo", executable)];
        config.event_sources = vec![EventSourceConfig {
            queue: "work".to_owned(),
            function: "echo".to_owned(),
            batch_size: 10,
            batching_window: Duration::ZERO,
            maximum_concurrency: 4,
            report_batch_item_failures: true,
            scaling: PollerScaling::default(),
        }];
    }
    config
}

/// About 1 000 bytes, as an order of some twenty items.
fn body() -> String {
    let items: Vec<_> =
        (0..23).map(|n| json!({"sku": format!("SKU-{n:07}"), "quantity": n + 1})).collect();
    json!({"name": "order", "items": items}).to_string()
}

async fn client(url: &str, seconds: u64, connections: usize) -> Result<(), AnyError> {
    let (address, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .ok_or("not an http url")?;
    let body = body();
    let request = format!(
        "PUT /{path}/v1/orders/A-7 HTTP/1.1\r\nhost: {address}\r\nx-api-key: key\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(send(address.to_owned(), request.clone(), end)))
        .collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += task.await??;
    }
    println!("{accepted} {}", started.elapsed().as_secs_f64());
    Ok(())
}

/// One keep-alive connection. Every answer is a 202 and fits in one read, or it is an error.
async fn send(address: String, request: String, end: Instant) -> Result<u64, AnyError> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answer = [0; 4096];
    let mut accepted = 0;
    while Instant::now() < end {
        stream.write_all(request.as_bytes()).await?;
        let size = stream.read(&mut answer).await?;
        if !answer[..size].starts_with(b"HTTP/1.1 202") || !answer[..size].ends_with(b"}") {
            return Err(String::from_utf8_lossy(&answer[..size]).into_owned().into());
        }
        accepted += 1;
    }
    Ok(accepted)
}
