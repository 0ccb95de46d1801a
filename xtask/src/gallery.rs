//! `cargo xtask gallery PAGE`: the pictures of the README, from a run's page.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::tools;

/// Takes the pictures of a `report.html` into `docs/`.
pub(crate) fn run(root: &Path, page: &str) -> Result<()> {
    let programs = tools::install_npm(root, "xtask/browser")?;
    let packages = programs.parent().and_then(Path::parent).unwrap_or(root);
    let status = Command::new("node")
        .arg(root.join("xtask/browser/gallery.mjs"))
        .args([
            packages,
            &root.join("docs"),
            &Path::new(page).canonicalize().context(page.to_owned())?,
        ])
        .status()
        .context("cannot start node: cargo xtask tools")?;
    if !status.success() {
        bail!("no pictures of {page}");
    }
    Ok(())
}
