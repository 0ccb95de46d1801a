//! Dependency direction is law: who may use whom, and what may be used only in one place. The
//! table is checked against what cargo itself says of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Which of our crates each of ours may use, outside its tests.
const MAY_USE: &[(&str, &[&str])] = &[
    ("orders", &[]),
    ("costmodel", &[]),
    ("arrivals", &["orders"]),
    ("simulator", &["arrivals", "costmodel"]),
    ("runlog", &["orders", "costmodel"]),
    ("processor", &["orders"]),
    ("localcloud", &["costmodel"]),
    ("loadgen", &["arrivals", "orders", "runlog"]),
    ("observe", &["orders", "costmodel", "runlog", "proof"]),
    ("claims", &["orders", "costmodel", "simulator", "runlog"]),
    ("gates", &["claims", "runlog"]),
    ("proof", &["orders", "runlog"]),
    ("rehearsal", &["orders", "runlog", "processor", "proof"]),
    ("reports", &["claims", "gates", "costmodel", "simulator", "runlog", "proof"]),
    (
        "vazao",
        &[
            "orders",
            "arrivals",
            "costmodel",
            "simulator",
            "runlog",
            "processor",
            "localcloud",
            "loadgen",
            "observe",
            "claims",
            "gates",
            "proof",
            "rehearsal",
            "reports",
        ],
    ),
    ("policy", &[]),
    ("xtask", &[]),
];

/// Outside crates (by the start of the name) that only some of ours may use.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("aws-", &["processor", "observe"]),
    ("lambda_runtime", &["processor"]),
    ("goose", &["loadgen"]),
    ("plotters", &["reports"]),
    ("s3s", &["localcloud"]),
];

/// Crates of ours that must not bring in a runtime or a network, however indirectly.
const PURE: &[&str] = &[
    "orders",
    "arrivals",
    "costmodel",
    "simulator",
    "runlog",
    "claims",
    "gates",
    "proof",
    "reports",
    "policy",
];

/// What a pure crate must not bring in.
const IMPURE: &[&str] = &["tokio", "reqwest", "hyper", "goose", "aws-sdk-s3", "aws-sdk-sqs"];

/// Checks the workspace.
pub(crate) fn run(root: &Path) -> Result<()> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .exec()
        .context("cargo metadata")?;
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        check_uses(package, &mut wrong);
    }
    for name in PURE {
        check_pure(&metadata, name, &mut wrong)?;
    }
    if !wrong.is_empty() {
        bail!("dependencies that break the layers:\n  {}", wrong.join("\n  "));
    }
    println!("layers: {} crates, no arrow upward", MAY_USE.len());
    Ok(())
}

fn check_uses(package: &Package, wrong: &mut Vec<String>) {
    let name = package.name.as_str();
    let Some((_, allowed)) = MAY_USE.iter().find(|(crate_name, _)| *crate_name == name) else {
        wrong.push(format!("{name} is not in the table of xtask/src/layers.rs"));
        return;
    };
    let ours: BTreeSet<&str> = MAY_USE.iter().map(|(crate_name, _)| *crate_name).collect();
    // Tests may go upward only where the table of the crate's own tests would not exist otherwise;
    // none does, so only normal and build dependencies count here.
    let used = package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development);
    for dependency in used {
        let used = dependency.name.as_str();
        if ours.contains(used) && !allowed.contains(&used) {
            wrong.push(format!("{name} must not use {used}"));
        }
        for (start, homes) in ONLY_IN {
            if used.starts_with(start) && !homes.contains(&name) {
                wrong.push(format!("{name} must not use {used}: only {} may", homes.join(", ")));
            }
        }
    }
}

fn check_pure(metadata: &Metadata, name: &str, wrong: &mut Vec<String>) -> Result<()> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata gave no graph")?;
    let names: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let start = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name.as_str() == name)
        .with_context(|| format!("no crate {name}"))?;
    let mut waiting = vec![&start.id];
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = resolve.nodes.iter().find(|node| node.id == *id);
        let normal = node.into_iter().flat_map(|node| &node.deps).filter(|dependency| {
            dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
        });
        waiting.extend(normal.map(|dependency| &dependency.pkg));
    }
    for id in seen {
        if IMPURE.contains(&names[id]) {
            wrong.push(format!("{name} is pure and brings in {}", names[id]));
        }
    }
    Ok(())
}
