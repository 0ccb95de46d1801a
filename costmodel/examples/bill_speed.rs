//! How long one full bill takes. Prints microseconds for each of three: what a run used, a month
//! of the reference system as a usage file says it, and one usage of every meter that there is.
//!
//!     cargo run --release -p costmodel --example bill_speed
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and talks")]

use std::hint::black_box;
use std::time::Instant;

use costmodel::{
    ApiGatewayUsage, Architecture, LambdaUsage, LogsUsage, Metered, PriceSheet, Region, S3Usage,
    SqsUsage, Terms, Usage, UsageFile, bill,
};

const ORDERS: &str = include_str!("../../docs/examples/orders.toml");

/// Bills in a batch, and batches; the fastest batch is the one that nothing else disturbed.
const BILLS: u32 = 2_000;
const BATCHES: u32 = 15;

fn main() {
    let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
    let usage = usage();
    let terms = Terms { free_tier: true };
    report("a run's usage", || bill(&usage, &sheet, terms).unwrap().lines.len());
    let file = UsageFile::parse(ORDERS).unwrap();
    report("docs/examples/orders.toml", || file.bill(&sheet).unwrap().lines.len());
    let every = every_meter(&sheet);
    report("every meter with a price", || every.bill(&sheet).unwrap().lines.len());
}

/// The fastest and the median batch, by bill.
fn report(name: &str, mut one: impl FnMut() -> usize) {
    let lines = one();
    let mut micros: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..BILLS {
                black_box(one());
            }
            started.elapsed().as_secs_f64() * 1e6 / f64::from(BILLS)
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    let (fastest, median) = (micros[0], micros[micros.len() / 2]);
    println!(
        "{name:<28} {lines:>4} lines   fastest {fastest:>7.2} us   median {median:>7.2} us   {:.2} us a line",
        fastest / lines as f64
    );
}

fn usage() -> Usage {
    let of = Metered::measured;
    Usage {
        orders: 1_000_003,
        api_gateway: ApiGatewayUsage { rest_requests: of(1_000_004) },
        sqs: SqsUsage {
            send_requests: of(1_000_005),
            receive_requests: of(900_006),
            empty_receive_requests: of(30_007),
            delete_requests: of(900_008),
        },
        lambda: LambdaUsage {
            architecture: Architecture::Arm64,
            memory_mb: 256,
            invocations: of(900_009),
            billed_ms: of(9_000_010),
            init_ms: of(5_011),
        },
        s3: S3Usage {
            put_requests: of(3_000_012),
            small_objects: of(3_000_013),
            small_bytes: of(15_000_000_014),
            large_objects: of(15),
            large_bytes: of(15_000_016),
            months_kept: Metered::assumed(12),
        },
        logs: LogsUsage { ingested_bytes: of(1_000_000_017) },
    }
}

/// The usage of every meter, less what has no price in the region.
fn every_meter(sheet: &PriceSheet) -> UsageFile {
    let mut table: toml::Table = include_str!("../src/every_meter.toml").parse().unwrap();
    let drop = |table: &mut toml::Table, section: &str, keys: &[&str]| match &mut table[section] {
        toml::Value::Array(entries) => {
            for entry in entries {
                keys.iter().for_each(|key| drop_key(entry, key));
            }
        }
        one => keys.iter().for_each(|key| drop_key(one, key)),
    };
    drop(&mut table, "api_gateway", &["websocket_messages", "websocket_minutes"]);
    drop(&mut table, "sqs", &["fair_requests"]);
    drop(&mut table, "data_transfer", &["to_region_gb"]);
    drop(&mut table, "rds", &["proxy_vcpu"]);
    if let toml::Value::Array(queues) = &mut table["sqs"] {
        queues.truncate(1);
    }
    if let toml::Value::Array(classes) = &mut table["s3"] {
        classes.retain(|entry| entry["class"].as_str() != Some("glacier_deep_archive"));
    }
    let file = UsageFile::parse(&toml::to_string(&table).unwrap()).unwrap();
    file.bill(sheet).unwrap();
    file
}

fn drop_key(entry: &mut toml::Value, key: &str) {
    if let toml::Value::Table(table) = entry {
        table.remove(key);
    }
}
