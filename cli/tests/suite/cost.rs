//! `vazao cost` and `vazao prices`, as a user runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program alone: pricing needs no processor.
fn vazao(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vazao")).args(arguments).output().unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn file(name: &str) -> String {
    root().join(name).display().to_string()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn json(arguments: &[&str]) -> Value {
    let output = vazao(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn flags_stand_above_the_file() {
    let usage = file("docs/examples/orders.toml");
    let own = json(&["cost", "--usage", &usage, "--json"]);
    assert_eq!((&own["region"], &own["month_hours"]), (&"sa-east-1".into(), &"744".into()));
    let other = json(&[
        "cost",
        "--usage",
        &usage,
        "--json",
        "--region",
        "us-east-1",
        "--month",
        "2026-02",
        "--free-tier",
        "--currency",
        "BRL",
        "--rate",
        "5.40",
    ]);
    assert_eq!((&other["region"], &other["month_hours"]), (&"us-east-1".into(), &"672".into()));
    assert_eq!(other["free_tier"], true);
    assert_eq!(other["converted"]["currency"], "BRL");
    let number =
        |value: &Value| -> rust_decimal::Decimal { value.as_str().unwrap().parse().unwrap() };
    let rate: rust_decimal::Decimal = "5.40".parse().unwrap();
    assert_eq!(number(&other["converted"]["total"]), number(&other["total"]) * rate);
}

#[test]
fn a_budget_says_what_is_over_by_how_much() {
    let usage = file("testdata/bills/usage.toml");
    // 4.25 + 0.52 + 0.04 + 0.600003 + 1.215 + 14 + 1.80 + 2 = 24.425003.
    let output = vazao(&["cost", "--usage", &usage, "--budget", "24.43", "--budget", "S3=20"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = vazao(&["cost", "--usage", &usage, "--budget", "20", "--budget", "s3=10"]);
    assert_eq!(output.status.code(), Some(14));
    let text = said(&output);
    assert!(text.contains("$24.43, $4.43 (22.1 %) over the budget of $20.00"), "{text}");
    assert!(text.contains("$15.22, $5.22 (52.2 %) over the budget of $10.00"), "{text}");
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_key_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let usage = written(folder.path(), "mine.toml", "region = 'sa-east-1'\n[nat]\ngatways = 1\n");
    let output = vazao(&["cost", "--usage", &usage]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for part in ["mine.toml", "line 3", "gatways", "did you mean `gateways`?"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn scenarios_stand_side_by_side_with_their_differences() {
    let folder = tempfile::tempdir().unwrap();
    let one =
        written(folder.path(), "one.toml", "region='us-east-1'\n[nat]\ngateways=1\n[kms]\nkeys=2");
    let two = written(folder.path(), "two.toml", "region='us-east-1'\n[nat]\ngateways=3");
    let both = json(&["cost", "--usage", &one, "--usage", &two, "--json"]);
    // 32.85 + 2 and 98.55.
    assert_eq!(both["statements"][0]["name"], "one");
    assert_eq!(both["differences"][0]["services"]["KMS"], "-2.0000000000");
    assert_eq!(both["differences"][0]["percent"], "182.8");
    let text = said(&vazao(&["cost", "--usage", &one, "--usage", &two]));
    assert!(text.contains("+63.70") && text.contains("+182.8 %"), "{text}");
}

/// Whoever reads may stop reading: no panic, and the exit code of the command.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let usage = file("docs/examples/orders.toml");
    for arguments in [
        vec!["cost", "--usage", &usage, "--json"],
        vec!["cost", "--usage", &usage, "--explain"],
        vec!["prices", "show", "--json"],
        vec!["profiles"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vazao"))
            .args(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
        assert!(!said(&output).contains("panicked"), "{}", said(&output));
    }
}

/// The same October in five files: CUR 2.0 as CSV, gzip and Parquet, with another month, and FOCUS.
#[test]
fn every_layout_of_a_bill_is_compared_alike() {
    let usage = file("testdata/bills/usage.toml");
    let compare = |bill: &str, more: &[&str]| {
        let bill = file(&format!("testdata/bills/{bill}"));
        let mut all = vec!["cost", "compare", "--json", "--bill", &bill, "--usage", &usage];
        all.extend(more);
        let mut found = json(&all);
        // How many zeros a number ends with depends on the file.
        let text = found.to_string();
        found["text"] = Value::from(text);
        found
    };
    let csv = compare("cur-2.0.csv", &[]);
    let same = |other: &Value| {
        for key in ["model_total", "error_percent", "explained_percent"] {
            assert_eq!(other[key], csv[key], "{key}");
        }
        assert_eq!(other["matched"].as_array().unwrap().len(), 7);
        assert_eq!(other["only_billed"][0]["usage"], "VendedLog-Bytes");
        assert_eq!(other["only_model"][0]["usage"], "KMS-Keys");
    };
    same(&csv);
    same(&compare("cur-2.0.csv.gz", &[]));
    same(&compare("cur-2.0.parquet", &[]));
    same(&compare("cur-2.0-two-months.csv", &["--period", "2026-10"]));
    same(&compare("focus-1.2.csv", &[]));
    // Billed 4.335 + 0.50 + 0.042 + 0.50 + 14.07 + 1.15425 + 1.65 + 0.72 = 22.97125; 24.425003 is
    // 1.453753 more, 6.33 %; all but 0.72 is explained: 96.87 %.
    assert_eq!(csv["error_percent"], "6.33");
    assert_eq!(csv["explained_percent"], "96.87");
    let queue =
        csv["matched"].as_array().unwrap().iter().find(|line| line["service"] == "AWSQueueService");
    // 1,300,000 against 700,000 + 550,000.
    assert_eq!(queue.unwrap()["quantity_error_percent"], "4");
    assert!(csv["not_usage"]["Tax"].as_str().unwrap().starts_with("3.21"));
    // At list cost the GB-seconds were 0.66667, not 0.50: 23.13792; 5.56 %.
    assert_eq!(compare("cur-2.0.csv", &["--list-cost"])["error_percent"], "5.56");
}

#[test]
fn a_bill_of_two_months_needs_to_know_which() {
    let bill = file("testdata/bills/cur-2.0-two-months.csv");
    let usage = file("testdata/bills/usage.toml");
    let output = vazao(&["cost", "compare", "--bill", &bill, "--usage", &usage]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("2026-09, 2026-10") && text.contains("--period"), "{text}");
    let output = vazao(&["cost", "compare", "--bill", &usage, "--usage", &usage]);
    assert!(said(&output).contains("line_item_usage_type"), "{}", said(&output));
}

#[test]
fn the_shipped_prices_are_whole() {
    let findings = json(&["prices", "verify", "--json"]);
    let findings = findings.as_array().unwrap();
    assert_eq!(findings.len(), 4);
    for one in findings {
        assert_eq!(one["missing"].as_array().unwrap().len(), 0, "{one}");
        assert_eq!(one["sha256"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn prices_are_found_by_word_region_and_service() {
    let found = json(&["prices", "show", "gb-second", "arm", "--region", "sa-east-1", "--json"]);
    let found = found.as_array().unwrap();
    let duration =
        found.iter().find(|row| row["usage_type"] == "SAE1-Lambda-GB-Second-ARM").unwrap();
    assert_eq!(duration["tiers"][1]["usd"], "0.0000120001");
    assert_eq!(duration["sku"], "HTQZ78UWV8DFX49Y");
    assert_eq!((&duration["source"], &duration["grade"]), (&"tco-lambda".into(), &"A".into()));
    assert_eq!(duration["published"], "2026-08-10");
    assert!(found.iter().all(|row| row["region"] == "sa-east-1"));
    let nothing = vazao(&["prices", "show", "no such thing"]);
    assert_eq!(nothing.status.code(), Some(2));
}

/// A newer Lambda list, as AWS writes it: a fifth dearer, in one file.
#[test]
fn a_downloaded_file_becomes_a_folder_of_prices() {
    let folder = tempfile::tempdir().unwrap();
    let downloads = folder.path().join("downloads");
    std::fs::create_dir(&downloads).unwrap();
    let shipped =
        std::fs::read_to_string(root().join("costmodel/prices/sa-east-1/AWSLambda.json")).unwrap();
    let newer = shipped
        .replace("0.0000133334", "0.0000160000")
        .replace("2026-08-10T", "2027-01-15T")
        .replace("\"published\": \"2026-08-10\",", "");
    written(&downloads, "index.json", &newer);
    let to = folder.path().join("prices").display().to_string();
    let from = downloads.display().to_string();
    let output =
        vazao(&["prices", "refresh", "--from", &from, "--to", &to, "--region", "sa-east-1"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let usage = written(
        folder.path(),
        "u.toml",
        "region='sa-east-1'\n[[lambda]]\narchitecture='arm64'\ngb_seconds=1000000",
    );
    let bill = json(&["cost", "--usage", &usage, "--prices", &to, "--json"]);
    assert_eq!(bill["total_rounded"], "16.00");
    assert_eq!(bill["prices_published"], "2027-01-15");
    let changes = json(&["prices", "diff", "shipped", &to, "--json"]);
    let duration = changes[0]["changes"].as_array().unwrap();
    let duration =
        duration.iter().find(|change| change["usage"] == "Lambda-GB-Second-ARM").unwrap();
    assert_eq!((&duration["kind"], &duration["percent"]), (&"changed".into(), &"20.00".into()));
    let whole = vazao(&["prices", "verify", "--prices", &to]);
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    // Somebody writes into it.
    let list = Path::new(&to).join("sa-east-1/AWSLambda.json");
    let text = std::fs::read_to_string(&list).unwrap().replace("0.0000160000", "0.0000000001");
    std::fs::write(&list, text).unwrap();
    let altered = vazao(&["prices", "verify", "--prices", &to]);
    assert_eq!(altered.status.code(), Some(2));
    assert!(said(&altered).contains("AWSLambda.json is not as"), "{}", said(&altered));
}

#[test]
fn a_price_list_out_of_reach_says_what_to_do_instead() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let to = folder.path().join("prices").display().to_string();
    let output = vazao(&["prices", "refresh", "--url", &url, "--to", &to, "--offer", "AWSLambda"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for part in ["/offers/v1.0/aws/AWSLambda/current/sa-east-1/index.json", "--from"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn old_prices_are_warned_of_and_new_ones_are_not() {
    let usage = file("testdata/bills/usage.toml");
    let old = vazao(&["cost", "--usage", &usage, "--max-price-age-days", "1"]);
    assert!(String::from_utf8_lossy(&old.stderr).contains("days old"), "{}", said(&old));
    let new = vazao(&["cost", "--usage", &usage, "--max-price-age-days", "100000"]);
    assert!(new.stderr.is_empty(), "{}", said(&new));
}

/// What a run wrote down, priced again elsewhere and as a month.
#[test]
fn a_recorded_run_is_priced_in_any_region_and_scaled_to_a_month() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("20261001-101112-steady");
    std::fs::create_dir(&run).unwrap();
    let of = |amount: u64| format!(r#"{{"amount":{amount},"provenance":"measured"}}"#);
    let usage = format!(
        r#"{{"orders":1000,"api_gateway":{{"rest_requests":{}}},"sqs":{{"send_requests":{},"receive_requests":{},
        "empty_receive_requests":{},"delete_requests":{}}},"lambda":{{"architecture":"arm64","memory_mb":256,
        "invocations":{},"billed_ms":{},"init_ms":{}}},"s3":{{"put_requests":{},"small_objects":{},"small_bytes":{},
        "large_objects":{},"large_bytes":{},"months_kept":{}}},"logs":{{"ingested_bytes":{}}}}}"#,
        of(1000),
        of(1001),
        of(202),
        of(13),
        of(204),
        of(205),
        of(8000),
        of(70),
        of(2008),
        of(2009),
        of(1 << 20),
        of(0),
        of(0),
        of(1),
        of(1 << 16)
    );
    std::fs::write(run.join("usage.json"), usage).unwrap();
    let run = run.display().to_string();
    let own = json(&["cost", &run, "--json"]);
    assert_eq!((&own["period"], &own["region"]), (&"run".into(), &"sa-east-1".into()));
    assert!(own["year"].is_null() && own["month_hours"].is_null());
    let month = json(&["cost", &run, "--orders", "3000000", "--region", "eu-west-1", "--json"]);
    assert_eq!((&month["period"], &month["orders"]), (&"month".into(), &3_000_000.into()));
    let lines = month["lines"].as_array().unwrap();
    let puts = lines.iter().find(|line| line["item"] == "PUT requests").unwrap();
    // 2,008 a thousand orders, at 5 a million.
    assert_eq!(
        (&puts["quantity"], &puts["usage_type"]),
        (&"6024000".into(), &"EU-Requests-INT-Tier1".into())
    );
    assert!(puts["amount"].as_str().unwrap().starts_with("30.12"));
    let both = vazao(&["cost", &run, "--usage", &file("testdata/bills/usage.toml")]);
    let text = said(&both);
    assert!(text.contains("20261001-101112-ste") && text.contains("October"), "{text}");
    let refused = vazao(&["cost", &run, "--month", "730"]);
    assert_eq!(refused.status.code(), Some(2));
}
