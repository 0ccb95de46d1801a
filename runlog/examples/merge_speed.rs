//! How long it takes to merge a run of a million orders from its shards: exchanges and histograms.
//!
//!     cargo run --release -p runlog --example merge_speed [orders] [shards]
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use orders::seed::mix;
use runlog::{Exchange, ExchangeRows, ExchangeWriter, MergeFiles, Outcome, merge_exchanges};

const DAY_US: f64 = 86_400_000_000.0;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let orders = arguments.next().transpose()?.unwrap_or(1_000_000);
    let shards = arguments.next().transpose()?.unwrap_or(8).max(1);
    let folder = std::env::temp_dir().join(format!("merge-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let parts: Vec<PathBuf> = (0..shards)
        .map(|shard| write_shard(&folder, orders, shard, shards))
        .collect::<Result<_, _>>()?;
    let files = MergeFiles {
        exchanges: folder.join("exchanges.parquet"),
        latency: folder.join("latency.hlog"),
        interval: Duration::from_secs(10),
        start_unix_s: 0.0,
    };
    let started = Instant::now();
    let sources = parts.iter().map(|part| ExchangeRows::open(part)).collect::<Result<_, _>>()?;
    let merged = merge_exchanges(sources, orders, &files)?;
    let elapsed = started.elapsed();
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |file| file.len()) / 1_000_000;
    println!(
        "{orders} orders over a day from {shards} shards in {:.2} s: {} seen, {} again, p99 {} us, exchanges {} MB, histograms {} MB",
        elapsed.as_secs_f64(),
        merged.seen.len(),
        merged.again,
        merged.latency[0].p99_us,
        size(&files.exchanges),
        size(&files.latency),
    );
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// One shard's exchanges, in the order of their ends.
fn write_shard(folder: &Path, orders: u64, shard: u64, of: u64) -> Result<PathBuf, Box<dyn Error>> {
    let step = usize::try_from(of)?;
    let mut all: Vec<Exchange> =
        (shard..orders).step_by(step).map(|index| exchange(index, orders)).collect();
    all.sort_by_key(|exchange| exchange.end_us);
    let path = folder.join(format!("{shard}.parquet"));
    let mut writer = ExchangeWriter::new(File::create(&path)?)?;
    for exchange in all {
        writer.write(exchange)?;
    }
    writer.finish()?;
    Ok(path)
}

/// A few milliseconds each, and a hundredth of them a tenth of a second.
fn exchange(index: u64, orders: u64) -> Exchange {
    let noise = mix(1, 2, index);
    let intended_us = (index as f64 / orders as f64 * DAY_US) as u64;
    let sent_us = intended_us + noise % 300;
    let slow_us = if noise.is_multiple_of(97) { 90_000 } else { 0 };
    Exchange {
        index,
        intended_us,
        sent_us,
        end_us: sent_us + 800 + (noise >> 40) % 9_000 + slow_us,
        status: 202,
        outcome: Outcome::Accepted,
        attempt: 1,
        is_last: true,
    }
}
