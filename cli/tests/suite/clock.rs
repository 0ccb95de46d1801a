//! A machine whose clock is set while orders are on their way, an hour on and an hour and a half back:
//! nothing is lost, nothing waits for the hour to pass, and the run says that its times mean little.

use std::path::{Path, PathBuf};
use std::time::Duration;

use runlog::RunDirectory;

use crate::vazao::{children, only_run, vazao, wait_until};

const ORDERS: u64 = 600;
/// The last word on the clock, s off the true time.
const SET_BACK_S: i64 = -1_800;

/// The library that tells a process another time than it is.
fn library() -> PathBuf {
    let below = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut libraries = below.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    libraries.find(|file| file.exists()).expect("faketime is there: run `cargo xtask tools` once")
}

/// The variables by which a process is told the time of the file.
fn told(library: &Path, clock: &Path) -> [(&'static str, String); 4] {
    [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

/// Atomically, since the processes read it all the time.
fn set(clock: &Path, seconds: i64) {
    let next = clock.with_extension("next");
    std::fs::write(&next, format!("{seconds:+}\n")).unwrap();
    std::fs::rename(next, clock).unwrap();
}

/// The function as it ships, among processes with the same clock.
fn function(folder: &Path, variables: &[(&str, String)]) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let bootstrap = vazao(&[]).get_program().to_owned();
    let bootstrap = Path::new(&bootstrap).with_file_name("bootstrap");
    let exports: String =
        variables.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
    let script = folder.join("bootstrap");
    let text = format!("#!/bin/sh\n{exports}exec '{}' \"$@\"\n", bootstrap.display());
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    script
}

#[test]
fn a_clock_that_is_set_in_mid_run_costs_no_order() {
    let folder = tempfile::tempdir().unwrap();
    let below = |name: &str| folder.path().join(name);
    let (profile, out, clock) = (below("test.toml"), below("runs"), below("clock"));
    std::fs::write(&profile, crate::whole_path::profile(ORDERS, 6)).unwrap();
    set(&clock, 0);
    let variables = told(&library(), &clock);
    let bootstrap = function(folder.path(), &variables);
    let mut command = vazao(&["run", profile.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    command.args(["--bootstrap", bootstrap.to_str().unwrap()]).envs(variables);
    let mut running = command.spawn().unwrap();
    wait_until("a processor", || !children(&running).is_empty());
    for seconds in [3_600, SET_BACK_S] {
        std::thread::sleep(Duration::from_secs(3));
        set(&clock, seconds);
    }
    let code = running.wait().unwrap().code();

    let finished = only_run(&out);
    let account = &finished.reconciliation;
    assert!(account.is_clean(), "{account:?}");
    assert_eq!(account.documented, ORDERS, "{account:?}");
    // The meters of before and after are all in the bill.
    let usage: costmodel::Usage = RunDirectory::read_json(&finished.directory.usage()).unwrap();
    assert_eq!(usage.api_gateway.rest_requests.amount, ORDERS);
    let step_ms = finished.manifest.generator.clock_step_ms;
    assert!((step_ms - SET_BACK_S * 1_000).abs() < 1_000, "{step_ms}");
    assert_eq!(code, Some(20));
}
