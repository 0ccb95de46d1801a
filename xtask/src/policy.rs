//! The template against the rules of the crate `policy`, and the rules against its mutants.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Prints which rule noticed which fault.
pub(crate) fn run(root: &Path) -> Result<()> {
    let status = Command::new("cargo")
        .current_dir(root)
        .args(["run", "--release", "--locked", "--quiet", "-p", "policy", "--example", "rules"])
        .args(["--", "infra/template.yaml"])
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("infra/template.yaml breaks a rule, or a planted fault survives");
    }
    Ok(())
}
