//! A cloud to try by hand with boto3 or the AWS CLI; runs until Ctrl-C.
//!
//! `cargo run --release -p localcloud --example serve -- 127.0.0.1:4566`
//! `AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test aws --endpoint-url http://127.0.0.1:4566 s3 ls`

#![allow(clippy::print_stdout, reason = "tells where it listens")]

use std::time::Duration;

use localcloud::{CloudConfig, LocalCloud, QueueConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::temp_dir().join(format!("localcloud-{}", std::process::id()));
    let mut config = CloudConfig::new(&directory);
    if let Some(listen) = std::env::args().nth(1) {
        config.listen = listen.parse()?;
    }
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
    std::fs::remove_dir_all(directory)?;
    Ok(())
}
