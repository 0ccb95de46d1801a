//! `vazao plan` as a person runs it.

use crate::vazao::run;

/// The exit code, what it printed and what it refused.
fn plan(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut all = vec!["plan"];
    all.extend(arguments);
    let output = run(&all);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_plan_says_the_load_the_cost_and_the_time_compression_and_draws_the_curve() {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("curve.svg");
    let (code, text, refused) =
        plan(&["business-day", "--explain", "--chart", chart.to_str().unwrap()]);
    assert_eq!((code, refused.as_str()), (Some(0), ""), "{text}");
    for part in ["10,000 orders in 40.00 s", "--speed 2160", "900,000 orders an hour", "█", "$"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let svg = std::fs::read_to_string(chart).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("compressed 2160 times"));
}

#[test]
fn what_cannot_be_had_is_refused_by_the_name_of_its_limit() {
    let refused = |arguments: &[&str]| {
        let (code, text, refused) = plan(arguments);
        assert_eq!(code, Some(22), "{text}{refused}");
        refused
    };
    // A day of 100 million in 40 s.
    assert!(refused(&["--per-day", "1e8"]).contains("account quota: API Gateway throttle rate"));
    let said = refused(&["steady", "--parameter", "PartnerRateLimit=20"]);
    assert!(
        said.contains("usage plan of partner-01") && said.contains("PartnerRateLimit"),
        "{said}"
    );
    let said = refused(&["steady", "--capacity-per-second", "240"]);
    assert!(said.contains("machine") && said.contains("--shards"), "{said}");
    assert_eq!(plan(&["steady", "--capacity-per-second", "240", "--shards", "2"]).0, Some(0));
}

#[test]
fn a_plan_of_any_size_is_one_json_object() {
    for (orders, provenance) in [("1", "simulated"), ("100000000", "upper bound")] {
        let (_, text, _) = plan(&["business-day", "--speed", "1", "--orders", orders, "--json"]);
        let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(plan["orders"].to_string(), orders);
        assert_eq!(plan["expected"]["provenance"], provenance, "{plan}");
        assert_eq!(plan["speed"], 1.0);
    }
}

#[test]
fn every_profile_that_comes_with_vazao_has_a_plan() {
    let listed = String::from_utf8(run(&["profiles"]).stdout).unwrap();
    for name in listed.lines().filter_map(|line| line.split_whitespace().next()) {
        let (code, text, refused) = plan(&[name]);
        assert_eq!(code, Some(0), "{name}: {text}{refused}");
    }
}
