//! A profile as a person writes it: what it becomes, and what is said of what is wrong.

use super::*;

const PROFILE: &str = r#"
name = "test"
description = "for tests"
orders = 1000
seed = 7
accept_p99_ms_max = 300
shape = { kind = "constant", duration_s = 43200 }
"#;

fn profile() -> LoadProfile {
    LoadProfile::parse(PROFILE, "test.toml").unwrap()
}

fn resolved(flags: ProfileOverrides) -> Result<LoadProfile, String> {
    profile().resolve(flags).map_err(|error| error.to_string())
}

#[test]
fn an_unknown_key_is_an_error_with_its_line() {
    let text = PROFILE.replace("seed = 7", "seed = 7\nsped = 2");
    let error = LoadProfile::parse(&text, "test.toml").unwrap_err().to_string();
    assert!(error.contains("test.toml: line 6") && error.contains("sped"), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn an_unknown_key_of_the_shape_is_an_error_too() {
    let text = PROFILE.replace("duration_s = 43200", "duration_s = 1, durations = 2");
    let error = LoadProfile::parse(&text, "test.toml").unwrap_err().to_string();
    assert!(error.contains("durations"), "{error}");
}

#[test]
fn a_rate_a_day_makes_as_many_orders_as_fall_into_the_shapes_time() {
    let per_day = |rate| ProfileOverrides { per_day: Some(rate), ..<_>::default() };
    // Half a day.
    assert_eq!(resolved(per_day(2_001.0)).unwrap().orders, 1_001);
    assert_eq!(resolved(per_day(0.1)).unwrap().orders, 1);
}

#[test]
fn every_impossible_value_is_named_at_once() {
    let flags =
        ProfileOverrides { orders: Some(0), speed: Some(-2.0), ..ProfileOverrides::default() };
    let error = resolved(flags).unwrap_err();
    assert!(error.contains("--orders") && error.contains("--speed"), "{error}");
    assert!(!error.contains('\n'));
}

#[test]
fn a_negative_rate_is_refused() {
    let flags = ProfileOverrides { per_day: Some(-5.0), ..<_>::default() };
    assert!(resolved(flags).unwrap_err().contains("--per-day"));
}

#[test]
fn flags_that_exclude_each_other_are_refused() {
    let flags = ProfileOverrides { orders: Some(5), per_day: Some(5.0), ..<_>::default() };
    assert!(resolved(flags).unwrap_err().contains("exclude"));
}

#[test]
fn the_most_orders_that_can_be_numbered_are_accepted_and_one_more_is_not() {
    let orders =
        |orders: u64| ProfileOverrides { orders: Some(orders.cast_signed()), ..<_>::default() };
    assert!(resolved(orders(ORDERS_MAX)).is_ok());
    assert!(resolved(orders(ORDERS_MAX + 1)).is_err());
}

#[test]
fn every_shipped_profile_parses_and_resolves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiles");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let profile = LoadProfile::read(&path).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str(), Some(profile.name.as_str()));
        profile.resolve(ProfileOverrides::default()).unwrap();
        count += 1;
    }
    assert!(count >= 2);
}

fn with_shape(shape: &str) -> Result<LoadProfile, String> {
    let text = PROFILE.replace("{ kind = \"constant\", duration_s = 43200 }", shape);
    let parsed = LoadProfile::parse(&text, "test.toml").map_err(|error| error.to_string())?;
    parsed.resolve(ProfileOverrides::default()).map_err(|error| error.to_string())
}

#[test]
fn every_impossible_shape_is_refused_by_its_key() {
    for (shape, key) in [
        (r#"{ kind = "constant", duration_s = 0 }"#, "duration_s"),
        (r#"{ kind = "ramp", duration_s = 5, from = 0, to = 0 }"#, "shape.to"),
        (r#"{ kind = "ramp", duration_s = 5, from = -1, to = 3 }"#, "shape.from"),
        (r#"{ kind = "steps", steps = [] }"#, "rate of one step"),
        (r#"{ kind = "steps", steps = [{ rate = 0, duration_s = 3 }] }"#, "rate of one step"),
        (r#"{ kind = "steps", steps = [{ rate = 2, duration_s = 0 }] }"#, "steps.duration_s"),
        (
            r#"{ kind = "spike", duration_s = 9, base = 1, peak = 5, at_s = 8, hold_s = 2 }"#,
            "peak's end",
        ),
        (
            r#"{ kind = "spike", duration_s = 9, base = 1, peak = 5, at_s = 1, hold_s = 0 }"#,
            "hold_s",
        ),
        (r#"{ kind = "soak", duration_s = 10, ramp_s = 6 }"#, "twice ramp_s"),
        (r#"{ kind = "after-idle", idle_s = 0 }"#, "idle_s"),
        (r#"{ kind = "business-day", weekday = "domingo" }"#, "domingo"),
        (r#"{ kind = "business-day", hours = 0 }"#, "shape.hours"),
        (r#"{ kind = "business-day", hours = 24.5 }"#, "shape.hours"),
        (r#"{ kind = "replay", file = "/nowhere/a.csv" }"#, "/nowhere/a.csv"),
    ] {
        let error = with_shape(shape).unwrap_err();
        assert!(error.contains(key), "{shape}: {error}");
    }
}

/// By hand, from the weights at the full hours, (w0 + w24) / 2 + w1 + ... + w23 = 109.4 in all: until
/// 14 h they are 0.3 + 0.3 + 0.2 + 0.2 + 0.2 + 0.4 + 1 + 2.5 + 5.5 + 8.5 + 10 + 9 + 6 + 6.5 + 4.25.
#[test]
fn a_day_that_is_cut_short_has_the_rates_of_the_whole_day() {
    let part = with_shape(r#"{ kind = "business-day", hours = 14 }"#).unwrap();
    let flags = ProfileOverrides { per_day: Some(1e6), speed: Some(120.0), ..<_>::default() };
    let part = part.resolve(flags).unwrap();
    assert_eq!(part.orders, (1e6_f64 * 54.85 / 109.4).round() as u64);
    assert_eq!(part.per_day(), Some(1e6));
    let whole = with_shape(r#"{ kind = "business-day" }"#).unwrap().resolve(flags).unwrap();
    assert_eq!((whole.orders, whole.per_day()), (1_000_000, Some(1e6)));
    let (part, whole) = (part.schedule(), whole.schedule());
    assert_eq!((part.duration().as_secs(), whole.duration().as_secs()), (14 * 30, 24 * 30));
    assert!((part.peak_rate_per_s() / whole.peak_rate_per_s() - 1.0).abs() < 1e-5);
}

#[test]
fn after_idle_has_the_same_gap_before_each_order() {
    let profile = with_shape(r#"{ kind = "after-idle", idle_s = 90 }"#).unwrap();
    let schedule = profile.schedule();
    let gaps: Vec<u64> =
        (1..1_000).map(|k| (schedule.at(k) - schedule.at(k - 1)).as_secs()).collect();
    assert!(gaps.iter().all(|gap| (89..=90).contains(gap)), "{gaps:?}");
    assert_eq!(profile.shape.idle_s(), Some(90.0));
    let flags = ProfileOverrides { per_day: Some(10.0), ..<_>::default() };
    assert!(profile.resolve(flags).unwrap_err().to_string().contains("--per-day"));
}

#[test]
fn a_replay_without_orders_has_as_many_as_its_file_and_looks_beside_the_profile() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "time\n2026-11-23T10:00:00Z\n2026-11-23T10:00:04Z\n2026-11-23T10:00:10Z\n";
    std::fs::write(folder.path().join("log.csv"), csv).unwrap();
    let text = PROFILE.replace("orders = 1000\n", "").replace(
        "{ kind = \"constant\", duration_s = 43200 }",
        r#"{ kind = "replay", file = "log.csv" }"#,
    );
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text).unwrap();
    let read = || LoadProfile::read(&path).unwrap();
    let profile = read().resolve(ProfileOverrides::default()).unwrap();
    let at: Vec<u64> = (0..profile.orders).map(|k| profile.schedule().at(k).as_secs()).collect();
    assert_eq!(at, [0, 4, 10]);
    // Half of the rate of 3 in 10 s is 12,960 a day.
    let flags = ProfileOverrides { per_day: Some(259_200.0), ..<_>::default() };
    assert_eq!(read().resolve(flags).unwrap().orders, 30);
}

#[test]
fn partners_mix_and_batches_are_checked_by_their_keys() {
    for (more, key) in [
        ("[[partners]]\npartner = \"a\"\nshare = 0", "share of a"),
        ("[[partners]]\npartner = \"a\"\nshare = 1\nrate_per_s_max = 0", "rate_per_s_max of a"),
        (
            "[[partners]]\npartner = \"a\"\nshare = 1\n[[partners]]\npartner = \"a\"\nshare = 1",
            "a is there twice",
        ),
        ("[mix]\nrepeated_percent = 51", "repeated_percent"),
        ("[mix]\nrepeated_percent = 30\nrefused_percent = 21", "add up to 51"),
        ("[[batches]]\norders = 0\nweight = 1", "batches"),
    ] {
        let parsed = LoadProfile::parse(&format!("{PROFILE}{more}\n"), "test.toml").unwrap();
        let error = parsed.resolve(ProfileOverrides::default()).unwrap_err().to_string();
        assert!(error.contains(key), "{more}: {error}");
    }
}

#[test]
fn a_profile_may_ask_for_retries_and_say_when_to_give_up() {
    let rules = "\n[retries]\nattempts = 4\non = [\"throttled\"]\n\n[abort]\nerror_share_max = 0.25\nfor_s = 7\n";
    let profile = LoadProfile::parse(&format!("{PROFILE}{rules}"), "test.toml").unwrap();
    let abort = profile.abort.unwrap();
    assert_eq!((abort.error_share_max, abort.for_s), (0.25, 7));
    let retries = profile.retries.clone().unwrap();
    assert_eq!((retries.attempts, retries.backoff_ms), (4, 200));
    let written = toml::to_string(&profile).unwrap();
    assert_eq!(LoadProfile::parse(&written, "written").unwrap(), profile);
    for (right, wrong) in [("attempts = 4", "attempts = 0"), ("0.25", "1.5")] {
        let text = format!("{PROFILE}{}", rules.replace(right, wrong));
        let profile = LoadProfile::parse(&text, "test.toml").unwrap();
        let error = profile.resolve(ProfileOverrides::default()).unwrap_err().to_string();
        assert!(error.contains("attempts") || error.contains("error_share_max"), "{error}");
    }
}

#[test]
fn a_resolved_profile_is_read_back_from_its_own_text() {
    let more = "[[batches]]\norders = 7\nweight = 2\n[[partners]]\npartner = \"partner-02\"\n\
                share = 3\n[mix]\nmalformed_percent = 1.5\n";
    let shape = r#"{ kind = "spike", duration_s = 90, base = 1, peak = 5, at_s = 8, hold_s = 2 }"#;
    let text = PROFILE.replace("{ kind = \"constant\", duration_s = 43200 }", shape);
    let parsed = LoadProfile::parse(&format!("{text}{more}"), "test.toml").unwrap();
    let resolved = parsed.resolve(ProfileOverrides::default()).unwrap();
    let again = LoadProfile::parse(&toml::to_string(&resolved).unwrap(), "again").unwrap();
    assert_eq!(again, resolved);
}

#[test]
fn every_example_of_the_documentation_is_a_profile() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/profiles.md");
    let text = std::fs::read_to_string(page).unwrap();
    let examples: Vec<&str> =
        text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let folder = tempfile::tempdir().unwrap();
    let log = "{\"requestTimeEpoch\":1795439671250}\n{\"requestTimeEpoch\":1795439673750}\n";
    std::fs::write(folder.path().join("access.log"), log).unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for example in &examples {
        let path = folder.path().join("example.toml");
        std::fs::write(&path, example).unwrap();
        let read = LoadProfile::read(&path).and_then(|read| read.resolve(<_>::default()));
        let profile = read.unwrap_or_else(|error| panic!("{error} in {example}"));
        let kind = toml::Value::try_from(&profile.shape).unwrap()["kind"].to_string();
        kinds.insert(kind);
        let schedule = profile.schedule();
        assert!(schedule.at(profile.orders - 1) <= schedule.duration(), "{example}");
    }
    assert_eq!((examples.len(), kinds.len()), (12, 9), "{kinds:?}");
    // What the page says of a rate is so: 50, 100 and 200 a second.
    let stairs = LoadProfile::parse(examples[2], "stairs").unwrap().schedule();
    for (second, rate) in [(10, 50.0), (30, 100.0), (45, 0.0), (60, 200.0)] {
        let at = std::time::Duration::from_secs(second);
        assert!((stairs.rate_at(at) - rate).abs() < 1e-6, "{second}");
    }
}
