//! `vazao check`, `compare` and the history, on a real run whose files are then made worse.

use std::path::Path;

use runlog::{RunDirectory, read_history};
use serde_json::Value;

use crate::vazao::run;

/// A run of 60 orders under `out`; its folder.
fn small_run(out: &Path) -> std::path::PathBuf {
    let arguments = ["run", "steady", "--orders", "60", "--speed", "20", "--json", "--out"];
    let output = run(&[&arguments[..], &[out.to_str().unwrap()]].concat());
    assert!(output.status.code().is_some_and(|code| [20, 21].contains(&code)), "{output:?}");
    let mut folders = std::fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path());
    folders.find(|path| path.is_dir()).unwrap()
}

/// Changes one number or list of a file of the run.
fn change(file: &Path, pointer: &str, to: Value) {
    let mut json: Value = RunDirectory::read_json(file).unwrap();
    *json.pointer_mut(pointer).unwrap() = to;
    RunDirectory::write_json(file, &json).unwrap();
}

fn check(folder: &Path, more: &[&str]) -> (i32, Value) {
    let arguments = [&["check", folder.to_str().unwrap(), "--json"], more].concat();
    let output = run(&arguments);
    let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), said)
}

#[test]
fn the_gates_of_a_run_its_row_its_reports_and_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let small = small_run(folder.path());
    let history = folder.path().join("history.csv");
    let noted = read_history(&history).unwrap().rows;
    assert_eq!(noted.len(), 1, "vazao run writes the row");
    assert!(noted[0].machine.contains("processors") && noted[0].generator_memory_mb > Some(1.0));
    assert!(noted[0].function_memory_mb > Some(1.0) && noted[0].function_ms > Some(0.0));
    assert!(noted[0].end_to_end_p50_ms > Some(0.0) && noted[0].usd_per_1000 > Some(0.0));

    // Whatever this machine was busy with is not what is tested here.
    let (manifest, account) = (small.join("run.json"), small.join("reconciliation.json"));
    change(&manifest, "/generator/start_lag/p99_us", 1_000.into());
    change(&manifest, "/generator/cpu_permille", 100.into());
    change(&manifest, "/generator/clock_step_ms", 0.into());
    let (code, said) = check(&small, &[]);
    assert_eq!(code, 21, "60 orders tell no p99: {said}");
    assert_eq!(said["gates"].as_array().unwrap().len(), 8);
    let rows = read_history(&history).unwrap().rows;
    assert_eq!((rows.len(), rows[0].exit_code), (1, 21), "vazao check replaces the row");

    change(&account, "/lost", serde_json::json!({ "count": 1, "examples": ["abcde-0000007"] }));
    let (code, _) = check(&small, &[]);
    assert_eq!(code, 11);
    let junit = std::fs::read_to_string(small.join("junit.xml")).unwrap();
    assert!(junit.contains("abcde-0000007") && junit.contains(r#"type="exit 11""#), "{junit}");
    let summary = std::fs::read_to_string(small.join("summary.md")).unwrap();
    assert!(summary.starts_with("## Gates: exit 11") && summary.len() < 65_536, "{summary}");
    let trend = std::fs::read_to_string(folder.path().join("trend.html")).unwrap();
    assert!(trend.contains("<svg") && !trend.contains("<script"));
    // The reports that are made again still know the gates.
    run(&["report", small.to_str().unwrap()]);
    assert_eq!(std::fs::read_to_string(small.join("summary.md")).unwrap(), summary);

    change(&manifest, "/generator/capped", 3.into());
    assert_eq!(check(&small, &[]).0, 20, "what the generator spoiled comes before what is lost");

    let compared = run(&["compare", small.to_str().unwrap(), small.to_str().unwrap(), "--json"]);
    assert_eq!(compared.status.code(), Some(0), "{compared:?}");
    let compared: Value = serde_json::from_slice(&compared.stdout).unwrap();
    assert!(compared["metrics"].as_array().unwrap().len() > 8, "{compared}");
}

#[test]
fn a_wrong_limit_or_history_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let limits = folder.path().join("limits.toml");
    std::fs::write(&limits, "[leak]\nrise_min = 3\n").unwrap();
    let limits = limits.to_str().unwrap();
    for arguments in [
        &["check", "runs/none", "--gates", limits][..],
        &["soak", "--minutes", "1", "--gates", limits][..],
        &["compare", "runs/a", "runs/b", "--gates", limits][..],
    ] {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("limits.toml: line 2") && said.contains("rise_min"), "{said}");
    }
    let output = run(&["check", "runs/none"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("runs/none/run.json"), "{said}");
    let output = run(&["soak", "--minutes", "0"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("--minutes"), "{said}");
}
