//! From a profile to a verdict, through every part of the system.

use crate::vazao::{children, only_run, run, signal, vazao, wait_until};
use orders::{RunTag, Sampler, World};
use runlog::RunDirectory;

/// The text of a profile of `orders` orders over `seconds`.
pub(crate) fn profile(orders: u64, seconds: u32) -> String {
    format!(
        "name = \"test\"\ndescription = \"for tests\"\norders = {orders}\nseed = 11\n\
         accept_p99_ms_max = 2000\nshape = {{ kind = \"constant\", duration_s = {seconds} }}\n"
    )
}

#[test]
fn every_order_of_a_run_is_documented_once_and_every_file_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("test.toml"), folder.path().join("runs"));
    std::fs::write(&file, profile(1_200, 4)).unwrap();
    let output =
        run(&["run", file.to_str().unwrap(), "--out", out.to_str().unwrap(), "--keep-cloud"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let finished = only_run(&out);
    let account = &finished.reconciliation;
    assert!(account.is_clean(), "{account:?}");
    assert_eq!((account.planned, account.documented), (1_200, 1_200));
    // 20: on a busy machine the generator may be late; the account holds all the same.
    assert!([Some(0), Some(20)].contains(&output.status.code()), "{text}");
    for name in [
        "run.json",
        "usage.json",
        "bill.json",
        "reconciliation.json",
        "verdict.json",
        "exchanges.parquet",
        "invocations.parquet",
        "pipeline.json",
        "latency.hlog",
        "timeline.csv",
        "report.html",
        "summary.md",
        "junit.xml",
    ] {
        let size = std::fs::metadata(finished.directory.file(name)).map(|file| file.len());
        assert!(size.is_ok_and(|size| size > 100), "{name}");
    }
    the_database_has_exactly_the_planned_orders(&finished);
    the_bill_has_every_byte_of_both_logs(&finished);
    the_run_can_be_simulated(&finished);
}

/// The function's log and the gateway's access log, without the ends of their lines.
fn the_bill_has_every_byte_of_both_logs(finished: &crate::vazao::Finished) {
    let logs = finished.directory.file("cloud").join("logs");
    let written = ["order-processor.log", "orders-access.log"].map(|name| {
        let log = std::fs::read(logs.join(name)).unwrap();
        log.iter().filter(|byte| **byte != b'\n').count() as u64
    });
    assert!(written.iter().all(|bytes| *bytes > 0), "{written:?}");
    let usage: costmodel::Usage = RunDirectory::read_json(&finished.directory.usage()).unwrap();
    assert_eq!(usage.logs.ingested_bytes.amount, written.iter().sum::<u64>(), "{written:?}");
}

/// Whether the model is valid depends on what else the machine does meanwhile; what was measured
/// does not.
fn the_run_can_be_simulated(finished: &crate::vazao::Finished) {
    let folder = finished.directory.root().to_str().unwrap();
    let output = run(&["simulate", "--from", folder, "--json"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!([Some(0), Some(21)].contains(&output.status.code()), "{error}");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let usage: costmodel::Usage = RunDirectory::read_json(&finished.directory.usage()).unwrap();
    let measured = |name: &str| {
        let all = answer["compared"].as_array().unwrap();
        all.iter().find(|number| number["name"] == name).unwrap()["measured"].as_f64().unwrap()
    };
    assert_eq!(measured("documented"), 1_200.0);
    assert_eq!(measured("invocations"), usage.lambda.invocations.amount as f64);
    assert!(measured("acceptance to document, p50") > 0.0);
    let page = std::fs::read_to_string(finished.directory.file("simulation.html")).unwrap();
    assert!(page.contains("Time from acceptance to document") && page.contains("<svg"));
    // The run's settings cannot be others.
    let refused = run(&["simulate", "--from", folder, "--batch-size", "2"]);
    assert_eq!(refused.status.code(), Some(2));
}

/// Straight from the tables, not through the views and sets of the reconciliation.
fn the_database_has_exactly_the_planned_orders(finished: &crate::vazao::Finished) {
    let database = finished.directory.file("cloud").join("existing.sqlite");
    let database = rusqlite::Connection::open(database).unwrap();
    let mut rows = database.prepare("SELECT order_number FROM sales_order ORDER BY 1").unwrap();
    let numbers: Vec<String> =
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let manifest = &finished.manifest;
    let tag: RunTag = manifest.tag.parse().unwrap();
    let sampler = Sampler::new(manifest.seed, tag, World::default());
    let mut planned: Vec<String> = (0..manifest.planned)
        .map(|k| sampler.order(k, manifest.started_at).order.partner_order_no.to_string())
        .collect();
    planned.sort();
    assert_eq!(numbers, planned);
}

#[test]
fn one_order_is_a_run() {
    let out = tempfile::tempdir().unwrap();
    let output = run(&["run", "--orders", "1", "--out", out.path().to_str().unwrap()]);
    let finished = only_run(out.path());
    assert!(finished.reconciliation.is_clean(), "{:?}", finished.reconciliation);
    assert_eq!(finished.reconciliation.documented, 1);
    // One order shows no p99.
    assert!([Some(21), Some(20)].contains(&output.status.code()));
    assert!(!finished.directory.file("cloud").exists());
}

#[test]
fn partners_that_sign_are_let_in_and_their_orders_documented() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("test.toml"), folder.path().join("runs"));
    std::fs::write(&file, profile(200, 1)).unwrap();
    let signed = ["--parameter", "RequestAuthorization=AWS_IAM", "--out", out.to_str().unwrap()];
    run(&[&["run", file.to_str().unwrap()], &signed[..]].concat());
    let account = only_run(&out).reconciliation;
    assert_eq!((account.sent.accepted, account.documented), (200, 200), "{account:?}");
}

#[test]
fn a_processor_killed_in_mid_run_costs_no_order_and_bills_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("test.toml"), folder.path().join("runs"));
    std::fs::write(&file, profile(2_000, 8)).unwrap();
    let mut running =
        vazao(&["run", file.to_str().unwrap(), "--out", out.to_str().unwrap()]).spawn().unwrap();
    wait_until("a processor", || !children(&running).is_empty());
    // The first second passes before the first order.
    std::thread::sleep(std::time::Duration::from_secs(4));
    let victims = children(&running);
    victims.iter().for_each(|pid| signal("KILL", *pid));
    running.wait().unwrap();
    let account = only_run(&out).reconciliation;
    assert!(account.is_clean(), "{account:?}");
    assert_eq!(account.documented, 2_000);
}

/// What SQS, S3 and Lambda may do to an order, all at once, with processes that stand still
/// between invocations.
#[test]
fn faults_everywhere_cost_no_order_and_bill_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("test.toml"), folder.path().join("runs"));
    std::fs::write(&file, profile(600, 3)).unwrap();
    let faults = [
        "sqs-refuse=0.02",
        "message-duplicate=0.05",
        "message-reorder=0.1",
        "message-delay=0.05:1s",
        "s3-error-after=0.01",
        "s3-slow-down=0.01",
    ];
    let mut arguments =
        vec!["run", file.to_str().unwrap(), "--out", out.to_str().unwrap(), "--freeze"];
    arguments.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
    run(&arguments);
    let finished = only_run(&out);
    let account = &finished.reconciliation;
    assert!(account.is_clean(), "{account:?}");
    let struck = finished.manifest.faults.as_ref().unwrap();
    assert_eq!(struck.len(), faults.len());
    assert!(struck.values().all(|count| *count > 0), "{struck:?}");
}

#[test]
fn ctrl_c_drains_accounts_and_says_that_the_run_was_stopped() {
    let folder = tempfile::tempdir().unwrap();
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let (file, out) = (folder.path().join("test.toml"), folder.path().join(name));
        std::fs::write(&file, profile(20_000, 200)).unwrap();
        let mut running = vazao(&["run", file.to_str().unwrap(), "--out", out.to_str().unwrap()])
            .spawn()
            .unwrap();
        wait_until("a processor", || !children(&running).is_empty());
        std::thread::sleep(std::time::Duration::from_secs(2));
        signal(name, running.id());
        assert_eq!(running.wait().unwrap().code(), Some(code));
        let finished = only_run(&out);
        let account = &finished.reconciliation;
        assert!(account.is_clean(), "{account:?}");
        assert!(account.not_sent > 0 && account.documented > 0, "{account:?}");
        assert_eq!(finished.manifest.stopped, Some(format!("SIG{name}")));
        let report = std::fs::read_to_string(finished.directory.file("report.html")).unwrap();
        assert!(report.contains("was stopped"));
    }
}

#[test]
fn a_second_ctrl_c_ends_the_wait_and_says_what_is_still_owed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("test.toml"), folder.path().join("runs"));
    // Far more than two processors, one order at a time, can do meanwhile.
    std::fs::write(&file, profile(60_000, 10)).unwrap();
    let slow = ["--concurrency", "2", "--batch-size", "1", "--out", out.to_str().unwrap()];
    let mut running =
        vazao(&[&["run", file.to_str().unwrap()], &slow[..]].concat()).spawn().unwrap();
    wait_until("a processor", || !children(&running).is_empty());
    std::thread::sleep(std::time::Duration::from_secs(3));
    for _ in 0..2 {
        signal("INT", running.id());
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    assert_eq!(running.wait().unwrap().code(), Some(130));
    let account = only_run(&out).reconciliation;
    assert!(account.is_balanced() && account.undrained > 0, "{account:?}");
    assert!(account.lost.count + account.incomplete.count <= account.undrained, "{account:?}");
    assert!(account.duplicated.is_empty() && account.unexpected.is_empty(), "{account:?}");
}
