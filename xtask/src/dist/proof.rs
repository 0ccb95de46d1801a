//! Runs the artefact: the tests that hold a processor to its promises, with the very executable
//! that is in the zip.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The test, and by which variable it is told what to run.
const TEST: &str = "artefact::a_record_that_panics_goes_back_alone_and_the_rest_is_documented";
const VARIABLE: &str = "VAZAO_ARTEFACT";

/// Panic isolation: a release profile with `panic = "abort"` passes every test of a debug build and
/// loses the other records of a batch here.
pub(super) fn run(root: &Path, executable: &Path) -> Result<()> {
    println!("== dist: run {} in the local cloud", executable.display());
    let output = Command::new("cargo")
        .args(["test", "--release", "--locked", "--workspace", "--test", "suite"])
        .args(["--", "--exact", TEST])
        .env(VARIABLE, executable)
        .current_dir(root)
        .output()
        .context("cannot start cargo")?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!(
            "the artefact does not isolate a panic:\n{said}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    // A filter that matches nothing passes, too.
    if !said.contains(&format!("test {TEST} ... ok")) {
        bail!("no test {TEST} ran:\n{said}");
    }
    println!("   a record that panics goes back alone");
    Ok(())
}
