//! `vazao local`: the local cloud alone, until Ctrl-C.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use orders::World;

use localcloud::{
    ACCESS_KEY_ID, CloudConfig, InvocationRecord, LocalCloud, QueueDurability, SECRET_ACCESS_KEY,
};

use crate::args::LocalArguments;
use crate::commands::run::{prepare_data, start_error};
use crate::failure::Failure;
use crate::system::System;

/// LocalStack's port, which tools and tutorials know.
const PORT: u16 = 4566;

/// How often the counts of --fault-counts are written.
const COUNT_EVERY: Duration = Duration::from_millis(200);

pub(crate) fn execute(arguments: &LocalArguments) -> Result<u8, Failure> {
    if arguments.fault_counts.is_some() {
        // Whoever counts faults kills this process: a Ctrl-C at the terminal is not for it, and
        // when it dies, the kernel must not hang up on processes of the function that stand still,
        // as it does in the session of a terminal. It fails only where it is so already.
        let _ = rustix::process::setsid();
    }
    let system = System::resolve(&arguments.system)?.with_default_port(&arguments.system, PORT);
    if arguments.reset {
        reset(&arguments.data)?;
    }
    let world = World::default();
    let data = prepare_data(&arguments.data, &world)?;
    let mut config = system.cloud(&data, &world)?;
    config.queue_durability = QueueDurability::Written;
    config.seed = arguments.seed;
    config.object_files = !arguments.no_files;
    let counts = arguments.fault_counts.as_deref().map(|path| FaultCounts::new(path, &mut config));
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::internal)?;
    runtime.block_on(async {
        let cloud = LocalCloud::start(config).await.map_err(start_error)?;
        tell(&cloud, &system, &data);
        let until = async { tokio::signal::ctrl_c().await.map_err(Failure::internal) };
        match counts {
            None => until.await?,
            Some(counts) => tokio::select! {
                ended = until => ended?,
                failed = counts.write(&cloud) => return failed,
            },
        }
        cloud.shutdown().await;
        Ok(0)
    })
}

/// Tells from outside what has struck: whoever kills this process must know.
struct FaultCounts {
    path: PathBuf,
    invocations: Receiver<InvocationRecord>,
}

impl FaultCounts {
    fn new(path: &Path, config: &mut CloudConfig) -> Self {
        let (records, invocations) = channel();
        config.invocations = Some(records);
        Self { path: path.to_owned(), invocations }
    }

    /// Writes until it cannot.
    async fn write(self, cloud: &LocalCloud) -> Result<u8, Failure> {
        let (mut throttles, mut failed) = (0, 0);
        loop {
            for record in self.invocations.try_iter() {
                throttles += u64::from(record.throttles);
                failed += u64::from(!record.succeeded);
            }
            let mut counts = cloud.fault_counts();
            counts.insert("throttled-receives".to_owned(), throttles);
            counts.insert("failed-invocations".to_owned(), failed);
            let text = serde_json::to_string(&counts).map_err(Failure::internal)?;
            // Whole or not at all: this process may be killed at any instant.
            let new = self.path.with_extension("new");
            let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &self.path));
            written.map_err(|error| {
                Failure::usage(format!("--fault-counts {}: {error}", self.path.display()))
            })?;
            tokio::time::sleep(COUNT_EVERY).await;
        }
    }
}

/// Removes a local cloud's folder, and nothing else that somebody may have named.
fn reset(folder: &Path) -> Result<(), Failure> {
    if !folder.exists() {
        return Ok(());
    }
    if !System::database(folder).is_file() {
        return Err(Failure::usage(format!(
            "--reset: {} is not the folder of a local cloud; remove it yourself, or name another with --data",
            folder.display()
        )));
    }
    fs::remove_dir_all(folder)
        .map_err(|error| Failure::usage(format!("--reset {}: {error}", folder.display())))
}

fn tell(cloud: &LocalCloud, system: &System, data: &Path) {
    let (base, gateway) = (cloud.base_url(), cloud.gateway_url());
    let (region, bucket) = (system.region, system.bucket());
    let url = |queue: &str| cloud.queue_url(queue).unwrap_or_default();
    println!("The local cloud is up. Ctrl-C ends it; what it has stays in {}.", data.display());
    println!("Accepted orders are written to that folder before the answer: they survive a crash");
    println!("of this process. Start with --reset to begin anew.\n");
    println!("  orders        PUT {gateway}/v1/orders/{{orderNumber}}");
    println!("                x-api-key: local-cloud-key-of-partner-01");
    println!("  queue         {}", url(system.queue()));
    println!("  dead letters  {}", url(system.dead_letter_queue()));
    println!("  documents     s3://{bucket}\n");
    println!("An order:\n");
    println!(
        "  curl -X PUT -H 'content-type: application/json' -H 'x-api-key: local-cloud-key-of-partner-01' \\"
    );
    println!(
        "    --data @testdata/orders/valid/numeric-cnpj.json {gateway}/v1/orders/PO-2026-000123\n"
    );
    println!("For the AWS CLI, boto3 and other clients (Terraform: the same in `endpoints`):\n");
    println!("  export AWS_ENDPOINT_URL={base} AWS_DEFAULT_REGION={region}");
    println!(
        "  export AWS_ACCESS_KEY_ID={ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY}"
    );
    println!("  aws --endpoint-url {base} sqs get-queue-attributes --attribute-names All \\");
    println!("    --queue-url {}", url(system.queue()));
    println!("  aws s3 ls s3://{bucket} --recursive\n");
    println!("What the template says and the local cloud does not act on:\n");
    for line in system.unsimulated() {
        println!("  {line}");
    }
}
