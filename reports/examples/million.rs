//! Writes the folder of a run of a million orders, by the writers that a run uses: the small files
//! of a run that was recorded, and a business day's worth of exchanges, latencies and invocations.
//!
//!     cargo run --release --workspace --example million -- runs/<id> runs/million
//!     cargo run --release --workspace --example report -- runs/million

use std::error::Error;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Duration;

use runlog::{
    Exchange, ExchangeWriter, Handling, HandlingWriter, LatencyLog, Outcome, RunDirectory,
    RunManifest, TimelinePoint, write_timeline,
};

const ORDERS: u64 = 1_000_000;
/// Orders a second, and in one invocation.
const RATE: u64 = 1_400;
const BATCH: u64 = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("give a recorded run's folder and a new one".into());
    };
    fs::create_dir_all(&to)?;
    let (from, to) = (RunDirectory::open(from), RunDirectory::open(to));
    for file in ["usage.json", "bill.json", "reconciliation.json", "pipeline.json"] {
        fs::copy(from.file(file), to.file(file))?;
    }
    let mut manifest: RunManifest = RunDirectory::read_json(&from.manifest())?;
    manifest.schedule_ms = ORDERS * 1_000 / RATE;
    manifest.planned = ORDERS;
    RunDirectory::write_json(&to.manifest(), &manifest)?;
    exchanges(&to)?;
    handlings(&to)?;
    let points: Vec<TimelinePoint> = (0..=ORDERS / RATE).map(point).collect();
    write_timeline(&to.timeline(), &points)?;
    Ok(())
}

/// A number that looks random and is the same each time, below `most`.
fn noise(k: u64, most: u64) -> u64 {
    (k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % most
}

fn exchanges(to: &RunDirectory) -> Result<(), Box<dyn Error>> {
    let mut rows = ExchangeWriter::new(BufWriter::new(File::create(to.exchanges())?))?;
    let interval = Duration::from_secs(10);
    let mut log = LatencyLog::new(BufWriter::new(File::create(to.latency())?), interval, 0.0)?;
    for index in 0..ORDERS {
        let intended_us = index * 1_000_000 / RATE;
        let sent_us = intended_us + noise(index, 90);
        let exchange = Exchange {
            index,
            intended_us,
            sent_us,
            end_us: sent_us + 200 + noise(index ^ 77, 3_000),
            status: 202,
            outcome: Outcome::Accepted,
            attempt: 1,
            is_last: true,
        };
        rows.write(exchange)?;
        log.record(&exchange)?;
    }
    rows.finish()?;
    log.finish()?;
    Ok(())
}

fn handlings(to: &RunDirectory) -> Result<(), Box<dyn Error>> {
    let mut rows = HandlingWriter::new(BufWriter::new(File::create(to.invocations())?))?;
    for invocation in 0..ORDERS.div_ceil(BATCH) {
        let orders = invocation * BATCH..((invocation + 1) * BATCH).min(ORDERS);
        let last_us = orders.end * 1_000_000 / RATE;
        let duration_us = 4_000 + noise(invocation, 9_000);
        for message in orders.clone() {
            rows.write(Handling {
                invocation: invocation.cast_signed(),
                message: message.cast_signed(),
                messages: (orders.end - orders.start).cast_signed(),
                sent_us: (message * 1_000_000 / RATE).cast_signed(),
                polled_us: (last_us + 300).cast_signed(),
                received_us: (last_us + 900).cast_signed(),
                ended_us: (last_us + 1_200 + duration_us).cast_signed(),
                duration_us: duration_us.cast_signed(),
                init_us: if invocation % 20_000 == 0 { 31_000 } else { 0 },
                throttles: 0,
                receive: 1,
                succeeded: 1,
                processed: 1,
            })?;
        }
    }
    Ok(rows.finish()?)
}

fn point(second: u64) -> TimelinePoint {
    TimelinePoint {
        second,
        offered: RATE,
        accepted: RATE,
        documented: RATE,
        visible: Some(noise(second, 40) as f64),
        in_flight: Some(noise(second, 60) as f64),
        oldest_age_s: Some(0.0),
        concurrency: Some(2.0 + noise(second, 5) as f64),
        ..TimelinePoint::default()
    }
}
