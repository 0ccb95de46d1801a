//! A run whose database is a PostgreSQL server that somebody else uses, too.

use crate::server::Server;
use crate::vazao::{only_run, run};

#[test]
fn a_run_on_a_server_accounts_for_every_order_and_leaves_the_server_as_it_was() {
    let server = Server::start(&["-c", "fsync=off"]);
    let url = server.create();
    server.execute(&url, "CREATE TABLE partner (theirs text); INSERT INTO partner VALUES ('one')");
    let out = tempfile::tempdir().unwrap();
    let out_of = out.path().to_str().unwrap();
    let output = run(&["run", "--orders", "200", "--out", out_of, "--database", &url]);
    let text = String::from_utf8_lossy(&output.stderr);
    // 20, 21: two hundred orders show little, and a busy machine makes the generator late.
    assert!([Some(0), Some(20), Some(21)].contains(&output.status.code()), "{text}");
    let account = only_run(out.path()).reconciliation;
    assert!(account.is_clean(), "{account:?}");
    assert_eq!((account.planned, account.documented), (200, 200));
    let schemas =
        "SELECT count(*) FROM information_schema.schemata WHERE schema_name LIKE 'vazao%'";
    assert_eq!(server.number(&url, schemas), 0);
    assert_eq!(server.number(&url, "SELECT count(*) FROM partner"), 1);
}

#[test]
fn what_is_kept_is_a_schema_with_every_order_in_it() {
    let server = Server::start(&["-c", "fsync=off"]);
    let url = server.create();
    let out = tempfile::tempdir().unwrap();
    let out_of = out.path().to_str().unwrap();
    run(&["run", "--orders", "20", "--out", out_of, "--keep-cloud", "--database", &url]);
    let tag = only_run(out.path()).manifest.tag.to_ascii_lowercase();
    let ledger = format!("SELECT count(*) FROM vazao_{tag}.billing_ledger WHERE status = 'stored'");
    assert_eq!(server.number(&url, &ledger), 20);
}

#[test]
fn a_database_that_cannot_be_used_is_refused_before_anything_is_sent() {
    let out = tempfile::tempdir().unwrap();
    let out_of = out.path().join("runs");
    let nobody = "postgres://nobody@127.0.0.1:1/none?sslmode=disable";
    for (database, says) in [
        ("sqlite:///tmp/orders.db", "--database: a run makes its SQLite file itself"),
        ("mysql://host/orders", "--database: a database is"),
        (nobody, "--database: cannot make the schema vazao_"),
    ] {
        let output = run(&["run", "--out", out_of.to_str().unwrap(), "--database", database]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(says), "{text}");
        assert!(!out_of.exists());
    }
}
