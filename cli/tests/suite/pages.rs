//! Every page as a browser sees it, by `cli/tests/browser/check.mjs`: no error on the console, no
//! request, no dead link, nothing wider than the screen, nothing that axe-core (WCAG 2.1, A and AA)
//! objects to, light and dark, wide and narrow. The screenshots stay in `target/pages`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn vazao(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vazao")).args(arguments).output().unwrap()
}

/// The folder below this one that has such a file.
fn folder_with(folder: &Path, file: &str) -> PathBuf {
    let mut below = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    below.find(|path| path.join(file).exists()).unwrap()
}

#[test]
fn every_page_reads_in_a_browser_without_error_and_keeps_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let below = |name: &str| folder.path().join(name);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let out = text(&below("runs"));
    vazao(&["run", "business-day", "--orders", "1200", "--speed", "8640", "--out", &out]);
    let run = folder_with(&below("runs"), "run.json");
    vazao(&["simulate", "--from", &text(&run)]);
    let scaling = below("scaling.html");
    vazao(&["simulate", "--per-day", "10,1000", "--page", &text(&scaling)]);
    vazao(&["report", "--runs", &text(&run), "--page", &text(&below("ladder.html"))]);
    let model = ["prove", "--layer", "model", "--interleavings", "60", "--planted", "none"];
    vazao(&[&model[..], &["--out", &text(&below("proofs"))]].concat());
    let proof = folder_with(&below("proofs"), "proof.html").join("proof.html");

    let pages = [
        ("report", run.join("report.html")),
        ("simulation", run.join("simulation.html")),
        ("scaling", scaling),
        ("ladder", below("ladder.html")),
        ("proof", proof),
    ];
    for (name, file) in &pages {
        let length = std::fs::metadata(file).unwrap_or_else(|_| panic!("no page {name}")).len();
        assert!(length < 1_500_000, "{name}: {length} bytes");
    }
    let tools = root().join("target/tools/browser");
    assert!(tools.join("node_modules").exists(), "no browser tools: run `cargo xtask tools` once");
    let checked = Command::new("node")
        .arg(root().join("cli/tests/browser/check.mjs"))
        .arg(tools)
        .arg(root().join("target/pages"))
        .args(pages.iter().map(|(name, file)| format!("{name}={}", file.display())))
        .output()
        .expect("node starts: run `cargo xtask tools` once");
    let (said, errors) = (checked.stdout.as_slice(), checked.stderr.as_slice());
    assert!(
        checked.status.success(),
        "{}{}",
        String::from_utf8_lossy(said),
        String::from_utf8_lossy(errors)
    );
}

#[test]
fn a_ladder_runs_each_volume_accounts_for_it_and_links_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let ladder = vazao(&["ladder", "--up-to", "100", "--json", "--out", out]);
    let answer: serde_json::Value = serde_json::from_slice(&ladder.stdout).unwrap();
    let runs = answer["runs"].as_array().unwrap();
    // 21: one order and a hundred are too few for a p99. 20: on a busy machine the generator may be
    // late as well, and then the ladder says so.
    let ended = |run: &serde_json::Value| run["exit_code"].as_u64().unwrap();
    assert!(runs.iter().all(|run| [20, 21].contains(&ended(run))), "{answer}");
    let invalid = runs.iter().any(|run| ended(run) == 20);
    assert_eq!(ladder.status.code(), Some(if invalid { 20 } else { 21 }), "{answer}");
    let of = |key: &str| runs.iter().map(|run| run[key].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!((of("orders"), of("lost")), (vec![1, 100], vec![0, 0]));
    let page = std::fs::read_to_string(answer["page"].as_str().unwrap()).unwrap();
    for run in runs {
        let link = format!("href=\"{}/report.html\"", run["id"].as_str().unwrap());
        assert!(page.contains(&link), "no {link}");
    }
}

/// Less than any day takes: of each no more than the 11 hours with its busiest, in which a day of 100 has
/// 100 x 33.6 / 109.4 orders.
#[test]
fn a_ladder_with_little_time_ends_its_days_earlier_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let ladder = vazao(&["ladder", "--up-to", "100", "--within", "0.3", "--json", "--out", out]);
    let answer: serde_json::Value = serde_json::from_slice(&ladder.stdout).unwrap();
    let runs = answer["runs"].as_array().unwrap();
    let of = |key: &str| runs.iter().map(|run| run[key].as_f64().unwrap()).collect::<Vec<_>>();
    assert_eq!((of("hours"), of("orders")), (vec![11.0, 11.0], vec![1.0, 31.0]), "{answer}");
    assert_eq!((of("per_day")[1], of("lost")), (100.0, vec![0.0, 0.0]), "{answer}");
    let page = std::fs::read_to_string(answer["page"].as_str().unwrap()).unwrap();
    assert!(page.contains("these are the first 11 hours, at the day's rates"), "{page}");
}
