//! The files that start several machines, held against what their engines take: offline, by
//! programs of others.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::tools;

const BATCH: &str = "infra/load-shards-batch.yaml";
const SUBMIT: &str = "infra/load-shards-submit.json";
const KUBERNETES: &str = "infra/load-shards-job.yaml";

/// Holds a request against the model of the AWS SDK.
const SUBMIT_CHECK: &str = "
import json, sys
import botocore.session, botocore.validate
model = botocore.session.get_session().get_service_model('batch')
shape = model.operation_model('SubmitJob').input_shape
report = botocore.validate.ParamValidator().validate(json.load(open(sys.argv[1])), shape)
sys.exit(report.generate_report() if report.has_errors() else 0)
";

/// Checks every file; says which is wrong and why.
pub(crate) fn run(root: &Path) -> Result<()> {
    tools::install(root)?;
    let program = |name: &str| tools::environment(root).join("bin").join(name);
    // Whatever it says, warnings too, is to be changed or to be switched off where it is.
    check(Command::new(program("cfn-lint")).arg(BATCH), root, BATCH)?;
    check(
        Command::new(program("kubernetes-validate")).args(["--strict", "--quiet", KUBERNETES]),
        root,
        KUBERNETES,
    )?;
    check(Command::new(program("python")).args(["-c", SUBMIT_CHECK, SUBMIT]), root, SUBMIT)?;
    for (file, never_again) in [
        (BATCH, "RetryStrategy: {Attempts: 1}"),
        (SUBMIT, "\"retryStrategy\": { \"attempts\": 1 }"),
        (KUBERNETES, "backoffLimitPerIndex: 0"),
    ] {
        let text = std::fs::read_to_string(root.join(file)).context(file)?;
        if !text.contains(never_again) {
            bail!("{file}: a shard must not be started again by its engine: {never_again}");
        }
    }
    println!("manifests: {BATCH}, {SUBMIT} and {KUBERNETES} are what their engines take");
    Ok(())
}

fn check(command: &mut Command, root: &Path, file: &str) -> Result<()> {
    let status = command
        .current_dir(root)
        .status()
        .with_context(|| format!("cannot start the validator of {file}"))?;
    if !status.success() {
        bail!("{file} is not what its engine takes");
    }
    Ok(())
}
