//! A cloud to try by hand with boto3 or the AWS CLI; runs until Ctrl-C.
//!
//! `cargo run --release --workspace --example serve -- 127.0.0.1:4566 [DATA [written|synced]]`
//! `AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test aws --endpoint-url http://127.0.0.1:4566 s3 ls`
//!
//! With a data folder, what is in the queues is there again at the next start.

#![allow(clippy::print_stdout, reason = "tells where it listens")]

use std::path::PathBuf;
use std::time::Duration;

use localcloud::{CloudConfig, LocalCloud, QueueConfig, QueueDurability};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let listen = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let kept = arguments.next().map(PathBuf::from);
    let temporary = std::env::temp_dir().join(format!("localcloud-{}", std::process::id()));
    let mut config = CloudConfig::new(kept.as_ref().unwrap_or(&temporary));
    config.listen = listen.parse()?;
    config.queue_durability = match (&kept, arguments.next().as_deref()) {
        (None, _) => QueueDurability::Memory,
        (Some(_), Some("synced")) => QueueDurability::Synced,
        (Some(_), Some("written") | None) => QueueDurability::Written,
        (Some(_), Some(other)) => return Err(format!("{other}: say written or synced").into()),
    };
    config.buckets = vec!["documents".to_owned()];
    config.queues = vec![QueueConfig {
        name: "work".to_owned(),
        visibility_timeout: Duration::from_secs(30),
        retention: Duration::from_secs(345_600),
        redrive: None,
    }];
    let cloud = LocalCloud::start(config).await?;
    println!("{}", cloud.base_url());
    tokio::signal::ctrl_c().await?;
    cloud.shutdown().await;
    if kept.is_none() {
        std::fs::remove_dir_all(temporary)?;
    }
    Ok(())
}
