//! How many orders a second the gateway takes, and what one costs in CPU.
//!
//! `cargo run --release -p localcloud --example gateway_rate [-- SECONDS CONNECTIONS [signed]]`
//!
//! The API is that of `infra/template.yaml`, without its limits; the body is an order of 1.2 KB.
//! The client is another process, so the CPU shown is the cloud's alone. With `signed`, every
//! request bears a Signature Version 4, which the gateway checks. The time to the first accepted
//! order is from the start of the reading of the template.

#![allow(clippy::print_stdout, reason = "the report of a measuring program")]

use std::error::Error;
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use localcloud::{ApiKey, CloudConfig, IamUser, LocalCloud, TemplateSettings};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

type AnyError = Box<dyn Error + Send + Sync>;

const TEMPLATE: &str = include_str!("../../infra/template.yaml");
const SECRET: &str = "the secret of acme";

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let signed = arguments.last().is_some_and(|last| last == "signed");
    if arguments.first().is_some_and(|first| first == "client") {
        return client(&arguments[1], arguments[2].parse()?, arguments[3].parse()?, signed).await;
    }
    let seconds = arguments.first().map_or("5", String::as_str);
    let connections = arguments.get(1).map_or("16", String::as_str);
    let directory = std::env::temp_dir().join(format!("gateway_rate-{}", std::process::id()));
    let started = Instant::now();
    let cloud = LocalCloud::start(config(&directory, signed)?).await?;
    let url = cloud.gateway_url();
    let (address, request) = request(&url, signed)?;
    if send(address, request, Instant::now(), 1).await? != 1 {
        return Err("the first order was not accepted".into());
    }
    println!(
        "{:.0} ms from nothing to the first accepted order",
        started.elapsed().as_secs_f64() * 1e3
    );

    let before = cpu_seconds()?;
    let mode = if signed { "signed" } else { "keyed" };
    let mut load = tokio::process::Command::new(std::env::current_exe()?);
    let output = load.args(["client", &url, seconds, connections, mode]).output().await?;
    let cpu_s = cpu_seconds()? - before;
    let text = String::from_utf8(output.stdout)?;
    let (accepted, elapsed_s) = text
        .trim()
        .split_once(' ')
        .ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let (accepted, elapsed_s): (f64, f64) = (accepted.parse()?, elapsed_s.parse()?);
    println!("{accepted} accepted in {elapsed_s:.2} s: {:.0}/s", accepted / elapsed_s);
    println!("{:.1} µs of the cloud's CPU each", cpu_s * 1e6 / accepted);
    println!("{:.0}/s for each core of the cloud's CPU", accepted / cpu_s);
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

/// The deployed API and queue, for one partner, without limits and without the function.
fn config(directory: &std::path::Path, signed: bool) -> Result<CloudConfig, AnyError> {
    let mut settings = TemplateSettings::new(directory);
    let authorization = if signed { "AWS_IAM" } else { "API_KEY" };
    settings.parameters.insert("RequestAuthorization".to_owned(), authorization.to_owned());
    settings.parameters.insert("DatabaseUrl".to_owned(), "none".to_owned());
    settings.executables.insert("order-processor".to_owned(), std::env::current_exe()?);
    let mut config = CloudConfig::from_template(TEMPLATE, &settings)?;
    config.event_sources.clear();
    config.functions.clear();
    let api = config.api.as_mut().ok_or("no API")?;
    api.account_throttle = None;
    api.routes[0].throttle = None;
    api.api_keys =
        vec![ApiKey { id: "acme".to_owned(), value: "key".to_owned(), usage_plan: None }];
    api.users = vec![IamUser {
        arn: "arn:aws:iam::000000000000:user/partners/acme".to_owned(),
        access_key_id: "AKIDACME".to_owned(),
        secret_access_key: SECRET.to_owned(),
    }];
    Ok(config)
}

fn body() -> String {
    let items: Vec<_> = (1..=16)
        .map(|line| json!({"line": line, "ean": "7891000100103", "qty": 12 * line, "unit_price": "104.9900"}))
        .collect();
    json!({
        "partner_order_no": "PO-2026-000123", "issued_at": "2026-11-23T10:15:00-03:00",
        "buyer": {"cnpj": "12345678000195"}, "ship_to": {"code": "CD-RIBEIRAO-01"},
        "payment_terms": "30/60/90", "items": items,
    })
    .to_string()
}

/// The address to connect to and the bytes to send. A signature is good for five minutes.
fn request(url: &str, signed: bool) -> Result<(String, Vec<u8>), AnyError> {
    let (address, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .ok_or("not an http url")?;
    let (body, path) = (body(), format!("/{path}/v1/orders/A-7"));
    let mut head = format!(
        "PUT {path} HTTP/1.1\r\nhost: {address}\r\nx-api-key: key\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    if signed {
        let credentials = Credentials::new("AKIDACME", SECRET, None, None, "bench");
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("execute-api")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = [("x-api-key", "key"), ("content-type", "application/json")];
        let signable = SignableRequest::new(
            "PUT",
            format!("http://{address}{path}"),
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        )?;
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        for (name, value) in instructions.headers() {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    Ok((address.to_owned(), format!("{head}\r\n{body}").into_bytes()))
}

async fn client(url: &str, seconds: u64, connections: usize, signed: bool) -> Result<(), AnyError> {
    let (address, request) = request(url, signed)?;
    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(send(address.clone(), request.clone(), end, u64::MAX)))
        .collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += task.await??;
    }
    println!("{accepted} {}", started.elapsed().as_secs_f64());
    Ok(())
}

/// One keep-alive connection. Every answer is a 202 and fits in one read, or it is an error. At
/// least one request is sent.
async fn send(address: String, request: Vec<u8>, end: Instant, most: u64) -> Result<u64, AnyError> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answer = [0; 4096];
    let mut accepted = 0;
    while accepted == 0 || (accepted < most && Instant::now() < end) {
        stream.write_all(&request).await?;
        let size = stream.read(&mut answer).await?;
        if !answer[..size].starts_with(b"HTTP/1.1 202") || !answer[..size].ends_with(b"}") {
            return Err(String::from_utf8_lossy(&answer[..size]).into_owned().into());
        }
        accepted += 1;
    }
    Ok(accepted)
}
