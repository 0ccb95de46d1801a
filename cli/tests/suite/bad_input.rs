//! What the user can get wrong: one clear line, exit 2, nothing written.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::vazao::run;

/// Runs with these arguments and a fresh --out; the line that it says.
fn refusal(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("runs");
    let mut all = vec!["run", "--out", out.to_str().unwrap()];
    all.extend(arguments);
    let output = run(&all);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert!(!out.exists(), "{arguments:?} left something behind");
    assert_eq!(said.trim_end().lines().count(), 1, "{arguments:?}: {said}");
    said
}

#[test]
fn an_unknown_profile_key_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, "name = \"mine\"\nordrs = 5\n").unwrap();
    let said = refusal(&[file.to_str().unwrap()]);
    assert!(
        said.contains("mine.toml") && said.contains("line 2") && said.contains("ordrs"),
        "{said}"
    );
}

#[test]
fn an_unknown_profile_is_answered_with_those_that_there_are() {
    assert!(refusal(&["busy-day"]).contains("business-day"));
}

#[test]
fn a_busy_port_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let said = refusal(&["--port", &port]);
    assert!(said.contains(&port) && said.contains("--port"), "{said}");
}

#[test]
fn a_missing_bootstrap_is_named_with_the_way_to_get_it() {
    let said = refusal(&["--bootstrap", "/nowhere/bootstrap"]);
    assert!(said.contains("/nowhere/bootstrap") && said.contains("cargo build"), "{said}");
}

#[test]
fn zero_orders_and_negative_rates_are_refused_by_flag() {
    for (arguments, flag) in [
        (["--orders", "0"], "--orders"),
        (["--orders", "-4"], "--orders"),
        (["--per-day", "-1000"], "--per-day"),
        (["--per-day", "0"], "--per-day"),
        (["--speed", "0"], "--speed"),
        (["--concurrency", "1"], "--concurrency"),
        (["--batch-size", "11"], "--batch-size"),
        (["--region", "mars-1"], "--region"),
        (["--region", "eu-west-1"], "--region"),
    ] {
        let said = refusal(&arguments);
        assert!(said.contains(flag), "{arguments:?}: {said}");
    }
}

/// A program as somebody who may not write everywhere: root may.
fn as_nobody(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    command
}

/// What it would have written where is said, in one line, and nothing is left behind.
#[test]
fn a_folder_that_is_read_only_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let below = |name: &str| folder.path().join(name);
    let vazao = below("vazao");
    for name in ["vazao", "bootstrap"] {
        let program = Path::new(env!("CARGO_BIN_EXE_vazao")).with_file_name(name);
        std::fs::copy(program, below(name)).unwrap();
    }
    let (closed, recorded) = (below("closed"), below("closed/recorded"));
    std::fs::create_dir_all(&recorded).unwrap();
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/runs/business-day");
    for file in std::fs::read_dir(run).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), recorded.join(file.file_name())).unwrap();
    }
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let before = std::fs::read_dir(&recorded).unwrap().count();
    mode(folder.path(), 0o755);
    mode(&closed, 0o555);
    mode(&recorded, 0o555);
    for (arguments, named) in [
        (&["run", "--orders", "1", "--out", "closed"][..], "closed"),
        (&["ladder", "--up-to", "1", "--out", "closed"], "closed"),
        (&["prove", "--layer", "model", "--interleavings", "3", "--out", "closed"], "closed"),
        (&["local", "--port", "0", "--data", "closed/data"], "closed/data"),
        (&["simulate", "--per-day", "10", "--page", "closed/a.html"], "closed/a.html"),
        (&["report", "closed/recorded"], "closed/recorded/"),
    ] {
        let output = as_nobody(&vazao).args(arguments).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(named) && said.contains("denied"), "{arguments:?}: {said}");
    }
    assert_eq!(std::fs::read_dir(&closed).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(&recorded).unwrap().count(), before);
    mode(&closed, 0o755);
    mode(&recorded, 0o755);
}

#[test]
fn an_output_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let output = run(&["run", "--out", file.to_str().unwrap()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--out") && said.contains("a-file"), "{said}");
}
