//! Runs the real `vazao` against the real `bootstrap`, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use runlog::{Reconciliation, RunDirectory, RunManifest};

/// The program, with its output captured.
pub(crate) fn vazao(arguments: &[&str]) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_vazao"));
    let bootstrap = program.with_file_name("bootstrap");
    assert!(bootstrap.exists(), "{} is missing: cargo build --release", bootstrap.display());
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What somebody measured of this machine is none of a test's business.
    command.env("XDG_CACHE_HOME", "/nowhere");
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    vazao(arguments).output().unwrap()
}

/// A finished run, read back from its only folder under `out`.
pub(crate) struct Finished {
    pub(crate) directory: RunDirectory,
    pub(crate) manifest: RunManifest,
    pub(crate) reconciliation: Reconciliation,
}

/// Reads the one run under `out`.
pub(crate) fn only_run(out: &Path) -> Finished {
    // Beside it is history.csv.
    let paths = std::fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path());
    let mut runs: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    let directory = RunDirectory::open(runs.remove(0));
    Finished {
        manifest: RunDirectory::read_json(&directory.manifest()).unwrap(),
        reconciliation: RunDirectory::read_json(&directory.reconciliation()).unwrap(),
        directory,
    }
}

/// The children of a process, by /proc.
pub(crate) fn children(parent: &Child) -> Vec<u32> {
    let parent = parent.id().to_string();
    let is_child = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or("");
        after_name.split_ascii_whitespace().nth(1) == Some(parent.as_str())
    };
    let pids = std::fs::read_dir("/proc").unwrap();
    pids.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(is_child)
        .collect()
}

/// Waits until `condition` holds; gives up, and fails, after a minute.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends a signal by name to a process.
pub(crate) fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill -s {name} {pid}");
}
