//! `vazao simulate` as a person runs it.

use crate::vazao::run;

const MODEL: &str = "customers = 400_000\n[arrivals.poisson]\nrate_per_s = 0.5\n\
                     [service.exponential]\nmean_s = 1.0\n";

/// Writes a model file and simulates it with `--json`.
fn simulate(text: &str, more: &[&str]) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queue.toml");
    std::fs::write(&file, text).unwrap();
    let mut arguments = vec!["simulate", "--model", file.to_str().unwrap(), "--json"];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn a_model_file_becomes_one_json_object_with_errors_of_every_mean() {
    let output = simulate(MODEL, &["--threads", "2"]);
    assert_eq!(output.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    // M/M/1 at one half: a mean wait of 1 s.
    let wait = &report["wait_s"]["mean"];
    let (value, error) =
        (wait["value"].as_f64().unwrap(), wait["standard_error"].as_f64().unwrap());
    assert!((value - 1.0).abs() < 3.0 * error && error < 0.05, "{value} +- {error}");
    assert_eq!(report["customers"], 400_000);
    let again = simulate(MODEL, &["--threads", "1"]);
    assert_eq!(again.stdout, output.stdout);
}

#[test]
fn an_unknown_key_of_a_model_is_refused_with_its_line() {
    let output = simulate(&MODEL.replace("rate_per_s", "rate"), &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("queue.toml") && said.contains("line 3"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn what_the_template_deploys_bounds_the_volumes() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("scaling.html");
    // 2 invocations of 10 orders in 405 ms: 49/s, 4.3 million a day.
    let arguments =
        ["--per-day", "1e5,1e7", "--parameter", "MaximumConcurrency=2", "--keep", "p99<=60s"];
    let output = run(&[
        &["simulate"][..],
        &arguments[..],
        &["--json", "--page", page.to_str().unwrap()][..],
    ]
    .concat());
    let curve: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(curve["service_level"], "p99<=60s");
    let [below, beyond] = [0, 1].map(|index| &curve["volumes"][index]);
    assert_eq!((&below["dead_letters"], &below["refused"]), (&0.into(), &0.into()));
    assert!(beyond["p99_ms"].is_null() && beyond["bottleneck"] == "maximum_concurrency");
    assert_eq!(beyond["now"], "MaximumConcurrency 2");
    let drawn = std::fs::read_to_string(page).unwrap();
    assert!(drawn.contains("MaximumConcurrency 2") && drawn.contains("<svg"));
    for wrong in [["--keep", "p99<60"], ["--quota", "x=1"], ["--assume", "y=1"], ["--fault", "z"]] {
        let refused = run(&[&["simulate", "--per-day", "1"][..], &wrong[..]].concat());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(2) && said.contains(wrong[0]), "{said}");
    }
}

#[test]
fn volumes_are_simulated_priced_and_limited() {
    let output = run(&["simulate", "--per-day", "1,2e4", "--concurrency", "2", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let curve: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(curve["provenance"], "simulated");
    assert_eq!(curve["volumes"][0]["orders"], 1);
    assert!(curve["largest_per_day"].as_f64().unwrap() > 1e5);
    let refused = run(&["simulate", "--per-day", "0"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && said.contains("--per-day"), "{said}");
}
