//! What `vazao report` and `vazao forecast` write for finance, as a user asks for it. What is in the
//! files: `reports/tests/finance.rs`.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::vazao::run;

/// A copy of the recorded run.
fn recorded() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let recorded =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("testdata/runs/business-day");
    for entry in std::fs::read_dir(recorded).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let path = folder.path().display().to_string();
    (folder, path)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn succeeds(arguments: &[&str]) -> Output {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    output
}

fn bytes(path: PathBuf) -> Vec<u8> {
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_simulated_bill_is_read_like_awss_and_differs_by_nothing() {
    let (folder, run) = recorded();
    succeeds(&["report", &run]);
    let bill = folder.path().join("focus-1.2.csv").display().to_string();
    let output = succeeds(&["cost", "compare", "--json", "--bill", &bill, "--usage", &run]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    for sum in ["error", "error_percent"] {
        assert_eq!(found[sum].as_str().unwrap().parse::<f64>().unwrap(), 0.0, "{found}");
    }
    for alone in ["only_billed", "only_model"] {
        assert_eq!(found[alone].as_array().unwrap().len(), 0, "{found}");
    }
    let matched = found["matched"].as_array().unwrap();
    assert_eq!(matched.len(), 7);
    for line in matched {
        assert_eq!(line["error"].as_str().unwrap().parse::<f64>().unwrap(), 0.0, "{line}");
    }
}

#[test]
fn reports_are_made_again_for_another_reader_and_are_the_same_for_the_same() {
    let (folder, run) = recorded();
    let file = |name: &str| bytes(folder.path().join(name));
    succeeds(&["report", &run]);
    let english = [file("cost.xlsx"), file("cost.pdf")];
    succeeds(&["report", &run, "--lang", "pt-BR", "--brl-rate", "5.40"]);
    let portuguese = [file("cost.xlsx"), file("cost.pdf")];
    assert!(english.iter().zip(&portuguese).all(|(one, other)| one != other));
    succeeds(&["report", &run]);
    assert!(english == [file("cost.xlsx"), file("cost.pdf")]);
}

#[test]
fn a_forecast_has_a_workbook_and_pages_of_its_own() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (xlsx, pdf) = (path("cost.xlsx"), path("cost.pdf"));
    let files = ["--xlsx", xlsx.as_str(), "--pdf", pdf.as_str()];
    succeeds(&[&["forecast", "--draws", "200", "--months", "5"], &files[..]].concat());
    assert!(bytes(xlsx.into()).starts_with(b"PK") && bytes(pdf.into()).starts_with(b"%PDF"));
}

#[test]
fn a_language_or_rate_that_is_none_is_refused_with_its_flag() {
    for (flags, named) in [
        (["--lang", "pt"], "--lang"),
        (["--brl-rate", "0"], "--brl-rate"),
        (["--brl-rate", "-5.4"], "--brl-rate"),
    ] {
        let output = run(&["forecast", "--draws", "1", flags[0], flags[1]]);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", said(&output));
        assert!(said(&output).contains(named), "{flags:?}: {}", said(&output));
    }
}
