//! Every check of the project, in the order in which a mistake is cheapest to find. One build
//! profile throughout, so that dependencies compile once.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::tools;

/// A check: its name, what it says when it is listed, the command.
struct Step {
    name: &'static str,
    about: &'static str,
    command: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const STEPS: &[Step] = &[
    Step {
        name: "format",
        about: "the code is as rustfmt writes it",
        command: &["cargo", "fmt", "--all", "--check"],
        environment: &[],
    },
    Step {
        name: "layers",
        about: "no crate imports upward",
        command: &["cargo", "xtask", "layers"],
        environment: &[],
    },
    Step {
        name: "prices",
        about: "the price lists are those of their source table",
        command: &["cargo", "xtask", "prices", "--check"],
        environment: &[],
    },
    Step {
        name: "manifests",
        about: "the files that start several machines are what their engines take",
        command: &["cargo", "xtask", "manifests"],
        environment: &[],
    },
    Step {
        name: "linters",
        about: "the template and the workflows are what linters of others take",
        command: &["cargo", "xtask", "linters"],
        environment: &[],
    },
    Step {
        name: "policy",
        about: "the template loses no order, and every planted fault is noticed",
        command: &["cargo", "xtask", "policy"],
        environment: &[],
    },
    Step {
        name: "test",
        about: "unit, integration and doc tests",
        command: &["cargo", "test", "--release", "--locked", "--workspace", "--no-fail-fast"],
        environment: &[],
    },
    Step {
        name: "clippy",
        about: "no warning",
        command: &[
            "cargo",
            "clippy",
            "--release",
            "--locked",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        environment: &[],
    },
    Step {
        name: "docs",
        about: "the documentation builds, with no broken link",
        command: &["cargo", "doc", "--release", "--locked", "--workspace", "--no-deps"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
];

/// Names the checks.
pub(crate) fn list() {
    for step in STEPS {
        println!("{:<9} {}", step.name, step.about);
    }
}

/// Runs the checks, all of them or those named, and stops at the first that fails.
pub(crate) fn run(root: &Path, only: &[&str]) -> Result<()> {
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        bail!("no check {unknown}: cargo xtask ci --list names them");
    }
    install_components()?;
    tools::install(root)?;
    for step in STEPS.iter().filter(|step| only.is_empty() || only.contains(&step.name)) {
        println!("== {}: {}", step.name, step.command.join(" "));
        let started = Instant::now();
        execute(root, step)?;
        println!("== {}: passed in {:.0} s", step.name, started.elapsed().as_secs_f64());
    }
    Ok(())
}

fn execute(root: &Path, step: &Step) -> Result<()> {
    let status = Command::new(step.command[0])
        .args(&step.command[1..])
        .envs(step.environment.iter().copied())
        .current_dir(root)
        .status()
        .with_context(|| format!("cannot start {}", step.command[0]))?;
    if !status.success() {
        bail!("{} failed: {}", step.name, step.command.join(" "));
    }
    Ok(())
}

/// rustfmt and clippy come with most toolchains; where one does not have them, rustup does.
fn install_components() -> Result<()> {
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let there = Command::new("cargo").args([tool, "--version"]).output();
        if there.is_ok_and(|output| output.status.success()) {
            continue;
        }
        let added = Command::new("rustup").args(["component", "add", component]).status();
        if !added.is_ok_and(|status| status.success()) {
            bail!("cargo {tool} is missing: install it with `rustup component add {component}`");
        }
    }
    Ok(())
}
