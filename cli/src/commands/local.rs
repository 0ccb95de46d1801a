//! `vazao local`: the local cloud alone, until Ctrl-C.

use std::fs;
use std::path::Path;

use orders::World;

use localcloud::{ACCESS_KEY_ID, LocalCloud, QueueDurability, SECRET_ACCESS_KEY};

use crate::args::LocalArguments;
use crate::commands::run::{prepare_data, start_error};
use crate::failure::Failure;
use crate::system::System;

/// LocalStack's port, which tools and tutorials know.
const PORT: u16 = 4566;

pub(crate) fn execute(arguments: &LocalArguments) -> Result<u8, Failure> {
    let system = System::resolve(&arguments.system)?.with_default_port(&arguments.system, PORT);
    if arguments.reset {
        reset(&arguments.data)?;
    }
    let world = World::default();
    let data = prepare_data(&arguments.data, &world)?;
    let mut config = system.cloud(&data, &world)?;
    config.queue_durability = QueueDurability::Written;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::internal)?;
    runtime.block_on(async {
        let cloud = LocalCloud::start(config).await.map_err(start_error)?;
        tell(&cloud, &system, &data);
        tokio::signal::ctrl_c().await.map_err(Failure::internal)?;
        cloud.shutdown().await;
        Ok(0)
    })
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
