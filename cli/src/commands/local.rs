//! `vazao local`: the local cloud alone.

use orders::World;

use localcloud::LocalCloud;

use crate::args::LocalArguments;
use crate::commands::run::{prepare_data, start_error};
use crate::failure::Failure;
use crate::system::{BUCKET, QUEUE, System};

pub(crate) fn execute(arguments: &LocalArguments) -> Result<u8, Failure> {
    let system = System::resolve(&arguments.system)?;
    let world = World::default();
    if arguments.data.exists() {
        return Err(Failure::usage(format!(
            "--data {} exists already: remove it, or name another folder",
            arguments.data.display()
        )));
    }
    let data = prepare_data(&arguments.data, &world)?;
    let config = system.cloud(&data, &world)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::internal)?;
    runtime.block_on(async {
        let cloud = LocalCloud::start(config).await.map_err(start_error)?;
        tell(&cloud);
        tokio::signal::ctrl_c().await.map_err(Failure::internal)?;
        cloud.shutdown().await;
        Ok(0)
    })
}

fn tell(cloud: &LocalCloud) {
    let (base, gateway) = (cloud.base_url(), cloud.gateway_url());
    let queue = cloud.queue_url(QUEUE).unwrap_or_default();
    println!("The local cloud is up. Ctrl-C ends it.\n");
    println!("  orders     PUT {gateway}/v1/orders/{{orderNumber}}");
    println!("             x-api-key: local-cloud-key-of-partner-01");
    println!("  AWS        {base}");
    println!("  queue      {queue}\n");
    println!("  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test");
    println!("  aws --endpoint-url {base} s3 ls s3://{BUCKET} --recursive");
    println!(
        "  curl -X PUT -H 'content-type: application/json' -H 'x-api-key: local-cloud-key-of-partner-01' \\"
    );
    println!(
        "    --data @testdata/orders/valid/numeric-cnpj.json {gateway}/v1/orders/PO-2026-000123"
    );
}
