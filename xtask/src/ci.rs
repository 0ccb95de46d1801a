//! Every check of the project, in the order in which a mistake is cheapest to find. One build
//! profile throughout, so that dependencies compile once. What mostly waits (for the network, for
//! the time that a test lets pass) runs beside what computes.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::tools;

/// A check: its name, what it says when it is listed, the command.
struct Step {
    name: &'static str,
    about: &'static str,
    command: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const fn step(name: &'static str, about: &'static str, command: &'static [&'static str]) -> Step {
    Step { name, about, command, environment: &[] }
}

const FORMAT: Step =
    step("format", "the code is as rustfmt writes it", &["cargo", "fmt", "--all", "--check"]);
const LAYERS: Step = step("layers", "no crate imports upward", &["cargo", "xtask", "layers"]);
const PRICES: Step = step(
    "prices",
    "the price lists are those of their source table",
    &["cargo", "xtask", "prices", "--check"],
);
const MANIFESTS: Step = step(
    "manifests",
    "the files that start several machines are what their engines take",
    &["cargo", "xtask", "manifests"],
);
const LINTERS: Step = step(
    "linters",
    "the template and the workflows are what linters of others take",
    &["cargo", "xtask", "linters"],
);
const POLICY: Step = step(
    "policy",
    "the template loses no order, and every planted fault is noticed",
    &["cargo", "xtask", "policy"],
);
const TOOLS: Step =
    step("tools", "the outside programs that tests use are there", &["cargo", "xtask", "tools"]);
/// The programs and the two examples that tests start; clippy sees to the others, which take long to
/// link.
const PROGRAMS: Step = step(
    "programs",
    "what is shipped compiles, and what tests start",
    &[
        "cargo",
        "build",
        "--release",
        "--locked",
        "--workspace",
        "--bins",
        "--example",
        "echo_function",
        "--example",
        "serve",
    ],
);
const BUILD: Step = step(
    "build",
    "tests compile",
    &[
        "cargo",
        "test",
        "--release",
        "--locked",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
        "--no-run",
    ],
);
const TEST: Step = step(
    "test",
    "unit and integration tests",
    &[
        "cargo",
        "test",
        "--release",
        "--locked",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
        "--no-fail-fast",
    ],
);
const EXAMPLES: Step = step(
    "examples",
    "what the documentation shows compiles and does what it says",
    &["cargo", "test", "--release", "--locked", "--workspace", "--doc"],
);
const CLIPPY: Step = step(
    "clippy",
    "no warning",
    &[
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
);
const DOCS: Step = Step {
    environment: &[("RUSTDOCFLAGS", "-D warnings")],
    ..step(
        "docs",
        "the documentation builds, with no broken link",
        &["cargo", "doc", "--release", "--locked", "--workspace", "--no-deps"],
    )
};

/// cargo lets one command at a time into the build folder: that of the first lane is there first.
const HEAD_START: Duration = Duration::from_secs(10);

/// Steps that are run one after the other.
type Lane = &'static [Step];

/// Lanes of a stage run side by side; the next stage begins when all of them have passed.
const STAGES: &[&[Lane]] = &[
    &[&[FORMAT, LAYERS, PRICES]],
    &[&[PROGRAMS, BUILD], &[TOOLS, MANIFESTS, LINTERS]],
    &[&[POLICY]],
    &[&[TEST], &[CLIPPY, DOCS]],
    &[&[EXAMPLES]],
];

fn steps() -> impl Iterator<Item = &'static Step> {
    STAGES.iter().copied().flatten().copied().flatten()
}

/// Names the checks.
pub(crate) fn list() {
    for step in steps() {
        println!("{:<9} {}", step.name, step.about);
    }
}

/// Runs the checks, all of them or those named, and stops after the stage in which one fails.
pub(crate) fn run(root: &Path, only: &[&str]) -> Result<()> {
    if let Some(unknown) = only.iter().find(|name| steps().all(|step| step.name != **name)) {
        bail!("no check {unknown}: cargo xtask ci --list names them");
    }
    install_components()?;
    if !only.is_empty() {
        tools::install(root)?;
    }
    let is_wanted = |step: &Step| only.is_empty() || only.contains(&step.name);
    for stage in STAGES {
        let lanes = stage.iter().map(|lane| lane.iter().filter(|step| is_wanted(step)).collect());
        run_stage(root, lanes.filter(|lane: &Vec<_>| !lane.is_empty()).collect())?;
    }
    Ok(())
}

/// The first lane is seen as it runs. What the others say is shown when they have ended, so that no
/// two talk at once.
fn run_stage(root: &Path, lanes: Vec<Vec<&'static Step>>) -> Result<()> {
    let mut lanes = lanes.into_iter();
    let Some(seen) = lanes.next() else { return Ok(()) };
    std::thread::scope(|scope| {
        let beside: Vec<_> =
            lanes.map(|lane| scope.spawn(move || run_quietly(root, &lane))).collect();
        let mut done = run_lane(&seen, |step| execute(root, step));
        for lane in beside {
            let (said, ended) = lane.join().map_err(|_| anyhow!("a lane of checks panicked"))?;
            print!("{said}");
            done = done.and(ended);
        }
        done
    })
}

fn run_lane(lane: &[&Step], mut execute: impl FnMut(&Step) -> Result<()>) -> Result<()> {
    for step in lane {
        println!("== {}: {}", step.name, step.command.join(" "));
        let started = Instant::now();
        execute(step)?;
        println!("== {}: passed in {:.0} s", step.name, started.elapsed().as_secs_f64());
    }
    Ok(())
}

/// What the steps of the lane printed, and how it ended.
fn run_quietly(root: &Path, lane: &[&Step]) -> (String, Result<()>) {
    std::thread::sleep(HEAD_START);
    let mut said = String::new();
    let ended = run_lane(lane, |step| {
        let output = command(root, step).output();
        let output = output.with_context(|| format!("cannot start {}", step.command[0]))?;
        said += &format!("== {} said:\n", step.name);
        said += &String::from_utf8_lossy(&output.stdout);
        said += &String::from_utf8_lossy(&output.stderr);
        passed(step, output.status)
    });
    (said, ended)
}

/// A chore of ours is this very program: cargo would wait for the compiling that goes on beside it.
/// That compiling may have put a new file in its place, so it is started as the process knows it.
fn command(root: &Path, step: &Step) -> Command {
    let this = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    let this = if this.exists() { Ok(this) } else { std::env::current_exe() };
    let (program, arguments) = match (step.command, this) {
        (["cargo", "xtask", chore @ ..], Ok(this)) => (this, chore),
        (command, _) => (command[0].into(), &command[1..]),
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(step.environment.iter().copied()).current_dir(root);
    command
}

fn execute(root: &Path, step: &Step) -> Result<()> {
    let status = command(root, step).status();
    passed(step, status.with_context(|| format!("cannot start {}", step.command[0]))?)
}

fn passed(step: &Step, status: ExitStatus) -> Result<()> {
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
