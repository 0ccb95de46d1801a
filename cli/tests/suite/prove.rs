//! The proof, at a small size: some hundred orders with every fault, each planted bug.

use std::path::{Path, PathBuf};

use proof::{Layer, Planted, Proof};

use crate::vazao::{run, signal, vazao};

fn only_proof(out: &Path) -> (PathBuf, Proof) {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    let folder = folders.remove(0);
    let text = std::fs::read_to_string(folder.join("proof.json")).unwrap();
    (folder, serde_json::from_str(&text).unwrap())
}

/// The real layer on a database: nothing is lost, and every fault has struck.
fn proven(database: &str, seed: &str) {
    let out = tempfile::tempdir().unwrap();
    let arguments = ["prove", "--layer", "real", "--planted", "none", "--orders", "400"];
    let where_to = ["--out", out.path().to_str().unwrap(), "--seed", seed, "--database", database];
    let output = run(&[&arguments[..], &where_to[..]].concat());
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let (folder, proof) = only_proof(out.path());
    let [layer] = &proof.layers[..] else { panic!("one layer: {said}") };
    assert_eq!(layer.faults.len(), 16, "{said}");
    let sets = &layer.examination.sets;
    assert!(sets.acknowledged >= 380 && sets.lost == 0 && sets.dead >= 6, "{sets:?}");
    let page = std::fs::read_to_string(folder.join("proof.html")).unwrap();
    assert!(page.contains("No order was lost, and none was there twice"));
    // The folder of the cloud is gone.
    assert!(!folder.join(database).exists());
}

#[test]
fn every_fault_at_once_costs_no_order_on_sqlite() {
    proven("sqlite", "1");
}

#[test]
fn every_fault_at_once_costs_no_order_on_postgresql() {
    proven("postgres", "2");
}

#[test]
fn every_bug_that_is_planted_in_the_template_is_caught() {
    let out = tempfile::tempdir().unwrap();
    let bugs = Planted::ALL.into_iter().filter(|bug| bug.layer() == Layer::Template);
    let names: Vec<&str> = bugs.map(Planted::name).collect();
    let planted = ["prove", "--layer", "planted", "--planted", &names.join(",")];
    let output = run(&[&planted[..], &["--out", out.path().to_str().unwrap()]].concat());
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let (_, proof) = only_proof(out.path());
    assert_eq!((proof.planted.len(), proof.caught()), (names.len(), names.len()), "{said}");
    // Without a bug the same holds.
    assert!(proof.layers[0].name.starts_with("control") && proof.layers[0].holds(), "{said}");
}

#[test]
fn an_interleaving_is_played_again_by_its_command() {
    let plan = ["prove", "--layer", "model", "--seed", "7", "--orders", "2"];
    let holds = run(&[&plan[..], &["--strikes", "crash@9,put-after@12"]].concat());
    assert_eq!(holds.status.code(), Some(0), "{}", String::from_utf8_lossy(&holds.stdout));
    let refused = run(&[&plan[..], &["--strikes", "burn@9"]].concat());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && said.contains("database-refuses"), "{said}");
}

#[test]
fn a_planted_bug_that_shows_is_an_exit_code_of_its_own() {
    let out = tempfile::tempdir().unwrap();
    let arguments =
        ["prove", "--layer", "model", "--planted", "stock-twice", "--interleavings", "300"];
    let output = run(&[&arguments[..], &["--out", out.path().to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let (_, proof) = only_proof(out.path());
    let [caught] = &proof.planted[..] else { panic!("one bug") };
    // Its command shows it again, and says so by its code.
    let again: Vec<&str> = caught.command.split(' ').skip(1).collect();
    assert_eq!(run(&again).status.code(), Some(11), "{}", caught.command);
}

#[test]
fn ctrl_c_accounts_for_what_was_sent() {
    let out = tempfile::tempdir().unwrap();
    let arguments = ["prove", "--layer", "real", "--planted", "none", "--orders", "100000"];
    let where_to = ["--out", out.path().to_str().unwrap(), "--database", "sqlite"];
    let mut running = vazao(&[&arguments[..], &where_to[..]].concat()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(8));
    signal("INT", running.id());
    assert_eq!(running.wait().unwrap().code(), Some(130));
    let (folder, proof) = only_proof(out.path());
    assert_eq!(proof.stopped.as_deref(), Some("SIGINT"));
    assert!(proof.layers[0].examination.holds(), "{:?}", proof.layers[0].examination);
    assert!(folder.join("proof.html").exists());
}
