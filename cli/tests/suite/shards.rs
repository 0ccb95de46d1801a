//! One run from several processes, each with a disk of its own, one of them killed: what it had not
//! sent is named, is sent when it is resumed, and no order is lost or billed twice.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::local::Local;
use crate::vazao::{run, signal, vazao, wait_until};

const ORDERS: u64 = 900;
const SHARDS: u64 = 3;
const RUN: &str = "shards-test";

fn shard(local: &Local, profile: &str, out: &Path, index: u64) -> Command {
    let number = format!("{index}/{SHARDS}");
    let mut command = vazao(&["run", profile, "--shard", &number, "--run-id", RUN, "--lead", "1"]);
    command.args(["--out", out.to_str().unwrap(), "--meet", "s3://results/runs"]);
    command.args(["--endpoint", &local.endpoint, "--target", &local.gateway]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Merges into a folder of its own; the exit code and what was said as JSON.
fn merge(local: &Local, into: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let run_folder = into.join(RUN);
    let mut arguments = vec!["merge", run_folder.to_str().unwrap(), "--from", "s3://results/runs"];
    arguments.extend(["--endpoint", &local.endpoint, "--json"]);
    arguments.extend(more);
    let output = run(&arguments);
    let said = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), said)
}

#[test]
fn a_killed_shard_is_named_and_resumed_and_no_order_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path());
    let profile = folder.path().join("test.toml");
    let text = format!(
        "name = \"test\"\ndescription = \"for tests\"\norders = {ORDERS}\nseed = 11\n\
         accept_p99_ms_max = 2000\narrivals = \"poisson\"\n\
         shape = {{ kind = \"constant\", duration_s = 6 }}\n"
    );
    std::fs::write(&profile, text).unwrap();
    let profile = profile.to_str().unwrap();
    let out = |index: u64| folder.path().join(format!("machine-{index}"));
    let mut machines: Vec<Child> = (0..SHARDS)
        .map(|index| shard(&local, profile, &out(index), index).spawn().unwrap())
        .collect();

    let journal = out(1).join(RUN).join("shard-001-of-003/attempt-1/journal");
    let bytes = || std::fs::metadata(&journal).map_or(0, |file| file.len());
    wait_until("a third of the shard's orders", || bytes() > 40 * 100);
    signal("KILL", machines[1].id());
    let codes: Vec<Option<i32>> =
        machines.iter_mut().map(|machine| machine.wait().unwrap().code()).collect();
    assert_eq!(codes, [Some(0), None, Some(0)]);

    let (code, said) = merge(&local, &folder.path().join("first"), &[]);
    assert_eq!((code, &said["missing_shards"]), (Some(20), &serde_json::json!([1])));
    assert_eq!((said["sent"].as_u64(), said["planned"].as_u64()), (Some(600), Some(900)));
    let missing = folder.path().join("first").join(RUN).join("merged/missing.csv");
    let missing = std::fs::read_to_string(missing).unwrap();
    assert_eq!(missing.lines().count(), 301, "a line for each order and a head");
    assert!(missing.lines().skip(1).all(|line| line.contains(",1,shard missing")), "{missing}");

    let resume = |more: &[&str]| {
        let run_folder = out(1).join(RUN);
        let mut arguments = vec!["resume", run_folder.to_str().unwrap(), "--shard", "1"];
        arguments.extend(["--from", "s3://results/runs", "--endpoint", &local.endpoint]);
        arguments.extend(more);
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = resume(&[]);
    assert!(said.contains("not sent"), "{said}");
    // What the dead sender may have sent is unknown, and stays so until it is asked for.
    let (_, said) = merge(&local, &folder.path().join("second"), &[]);
    assert_eq!(
        (&said["missing_shards"], &said["not_sent"]),
        (&serde_json::json!([]), &Value::from(0))
    );
    let unknown = said["unknown"].as_u64().unwrap();
    assert_eq!(said["sent"].as_u64().unwrap() + unknown, ORDERS);
    resume(&["--resend-unknown"]);

    let whole = folder.path().join("whole");
    let reconcile = ["--data", local.data.to_str().unwrap()];
    let mut last = (None, Value::Null);
    wait_until("documents of every order", || {
        std::thread::sleep(Duration::from_millis(300));
        last = merge(&local, &whole, &reconcile);
        last.0 == Some(0)
    });
    let account = &last.1["reconciliation"];
    assert_eq!(account["documented"].as_u64(), Some(ORDERS), "{account}");
    assert_eq!(account["duplicated"]["count"].as_u64(), Some(0), "{account}");
    assert_eq!(last.1["unknown"].as_u64(), Some(0));
}

#[test]
fn a_shard_signs_where_the_gateway_wants_a_signature() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start_with(folder.path(), &["--parameter", "RequestAuthorization=AWS_IAM"]);
    let send = |name: &str, auth: &str| {
        let out = folder.path().join(name);
        let mut arguments = vec!["run", "steady", "--orders", "9", "--shard", "0/1"];
        arguments.extend(["--run-id", name, "--lead", "1", "--out", out.to_str().unwrap()]);
        arguments.extend(["--target", &local.gateway, "--auth", auth]);
        run(&arguments);
        let merged = run(&["merge", out.join(name).to_str().unwrap(), "--json"]);
        let said: Value = serde_json::from_slice(&merged.stdout).unwrap();
        said["outcomes"]["accepted"].as_u64()
    };
    assert_eq!(send("signed", "sigv4"), Some(9));
    assert_eq!(send("unsigned", "api-key"), Some(0));
}

#[test]
fn a_shard_that_nobody_can_start_says_what_is_missing() {
    let said = |arguments: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(&["run", "--shard", "0/2", "--run-id", "x"]).contains("--target"));
    assert!(said(&["run", "--shards", "2", "--run-id", "x"]).contains("JOB_COMPLETION_INDEX"));
    let away = ["run", "--shard", "0/2", "--run-id", "x", "--target", "https://example.com"];
    assert!(said(&away).contains("--allow-host example.com"));
    let mut named = away.to_vec();
    // Named, but without a cap; nothing is resolved or connected to.
    named.extend(["--allow-host", "example.com"]);
    assert!(said(&named).contains("--spend-max-usd"));
    named.extend(["--spend-max-usd", "0.01"]);
    assert_eq!(run(&named).status.code(), Some(14));
    assert!(said(&["merge", "/nowhere/run"]).contains("/nowhere/run"));
}
