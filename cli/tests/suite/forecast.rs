//! `vazao forecast` as a person runs it.

use std::path::PathBuf;

use crate::vazao::run;

/// Writes forecast files and forecasts them.
fn forecast(texts: &[(&str, &str)], more: &[&str]) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    let file = |(name, text): &(&str, &str)| {
        let file: PathBuf = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let files: Vec<String> = texts.iter().map(file).collect();
    let mut arguments = vec!["forecast", "--draws", "200"];
    arguments.extend(files.iter().map(String::as_str));
    arguments.extend(more);
    run(&arguments)
}

const SMALL: &str = "region = \"us-east-1\"\nmonths = 3\n[orders]\nper_day = 12_000\n";

#[test]
fn two_scenarios_are_one_json_object_and_the_same_on_any_number_of_threads() {
    let other = SMALL.replace("months = 3", "months = 3\napi = \"http\"");
    let texts = [("rest.toml", SMALL), ("http.toml", other.as_str())];
    let output = forecast(&texts, &["--json", "--threads", "2"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let scenarios = &report["scenarios"];
    assert_eq!((&scenarios[0]["name"], &scenarios[1]["name"]), (&"rest".into(), &"http".into()));
    let gateway = |scenario: &serde_json::Value| {
        scenario["forecast"]["months"][0]["services"]["API Gateway"].as_str().unwrap().to_owned()
    };
    // 12,000 x 365 / 12 = 365,000 orders at 3.50 and at 1.00 a million.
    assert_eq!(gateway(&scenarios[0]).trim_end_matches('0'), "1.2775");
    assert_eq!(gateway(&scenarios[1]).trim_end_matches('0'), "0.365");
    let again = forecast(&texts, &["--json", "--threads", "1"]);
    assert_eq!(again.stdout, output.stdout);
}

#[test]
fn the_text_says_what_is_assumed_what_saves_most_and_how_sure_it_is() {
    let output = forecast(&[("small.toml", SMALL)], &["--per-day", "12001"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    for part in [
        "everything is assumed",
        "orders.per_day = 12001",
        "save most",
        "p90",
        "break-even",
        "best:",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_month_over_the_budget_exits_14_and_charts_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let charts = folder.path().join("charts");
    let flags = ["--budget", "0.5", "--charts", charts.to_str().unwrap()];
    let output = forecast(&[("small.toml", SMALL)], &flags);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(14), "{said}");
    assert!(said.contains("month 1") && said.contains("0.5"), "{said}");
    for file in ["small-break-even.svg", "small-tornado.svg"] {
        let svg = std::fs::read_to_string(charts.join(file)).unwrap();
        assert!(svg.starts_with("<svg"), "{file}");
    }
}

#[test]
fn what_is_wrong_is_named_with_file_and_key() {
    let refused = |output: std::process::Output, named: &str| {
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(named), "{named}: {said}");
        assert!(output.stdout.is_empty());
    };
    let none: &[&str] = &[];
    for (text, flags, named) in [
        (SMALL.replace("per_day", "a_day"), none, "line 4"),
        (SMALL.replace("12_000", "-3"), none, "orders.per_day"),
        (SMALL.replace("us-east-1", "mars-1"), none, "mars-1"),
        (SMALL.to_owned(), &["--months", "133"][..], "--months"),
    ] {
        refused(forecast(&[("mine.toml", &text)], flags), named);
    }
    refused(run(&["forecast", "--draws", "0"]), "--draws");
}
