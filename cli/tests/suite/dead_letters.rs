//! Orders that a version cannot process: they wait as dead letters, say why, and are settled, once
//! each, when a version that can has them back.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use observe::DeadLetterQueue;
use orders::{RunTag, SampledOrder, Sampler, World};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::local::Local;
use crate::vazao::{run, signal, vazao, wait_until};

const QUEUE: &str = "orders-dead-letters";

/// Documents of a confirmed order.
const DOCUMENTS: usize = 3;

/// Whom the first version does not know.
const POISON_PARTNER: u32 = 0;

/// The template, in which an order fails twice and five seconds apart, so that nobody waits long.
pub(crate) fn template(folder: &Path) -> PathBuf {
    let text = include_str!("../../../infra/template.yaml");
    let faster = |line: &str| {
        let (indent, key) = line.split_at(line.len() - line.trim_start().len());
        match key.split_once(':') {
            Some(("VisibilityTimeout", _)) => format!("{indent}VisibilityTimeout: 5\n"),
            Some(("maxReceiveCount", _)) => format!("{indent}maxReceiveCount: 2\n"),
            Some(_) | None => format!("{line}\n"),
        }
    };
    let path = folder.join("template.yaml");
    std::fs::write(&path, text.lines().map(faster).collect::<String>()).unwrap();
    path
}

/// A system of which the first version's database lacks a partner.
struct Shop {
    folder: tempfile::TempDir,
    template: PathBuf,
    runtime: Runtime,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let template = template(folder.path());
        Self { folder, template, runtime: Runtime::new().unwrap() }
    }

    fn start(&self) -> Local {
        Local::start_with(self.folder.path(), &["--template", self.template.to_str().unwrap()])
    }

    /// Renames the partner of index 0 in the database.
    fn rename_partner(&self, from: &str, to: &str) {
        let database = self.folder.path().join("local/existing.sqlite");
        let database = rusqlite::Connection::open(database).unwrap();
        let done = database.execute("UPDATE partner SET name = ?2 WHERE name = ?1", [from, to]);
        assert_eq!(done.unwrap(), 1);
    }

    fn orders_in_database(&self) -> i64 {
        let database = self.folder.path().join("local/existing.sqlite");
        let database = rusqlite::Connection::open(database).unwrap();
        let count = "SELECT count(*) FROM sales_order";
        database.query_row(count, [], |row| row.get(0)).unwrap()
    }

    fn documents(&self, local: &Local) -> Vec<String> {
        local.documents(&self.runtime)
    }

    /// Puts an order as its partner does.
    fn send(&self, local: &Local, sampled: &SampledOrder) {
        let number = sampled.order.partner_order_no.as_str();
        let body = serde_json::to_vec(&sampled.order).unwrap();
        assert_eq!(local.put(&self.runtime, sampled.partner_index, number, &body), 202);
    }
}

/// So many orders of the partner, and so many of others.
fn orders(poison: usize, healthy: usize) -> (Vec<SampledOrder>, Vec<SampledOrder>) {
    let sampler = Sampler::new(11, RunTag::from_seed_text("dead letters"), World::default());
    let mut sampled: (Vec<_>, Vec<_>) = (0..200)
        .map(|index| sampler.order(index, Timestamp::now()))
        .partition(|order| order.partner_index == POISON_PARTNER);
    sampled.0.truncate(poison);
    sampled.1.truncate(healthy);
    assert_eq!((sampled.0.len(), sampled.1.len()), (poison, healthy));
    sampled
}

fn dlq(local: &Local, arguments: &[&str]) -> (Option<i32>, Value) {
    let place = ["--json", "--endpoint-url", &local.endpoint];
    let output = run(&[&["dlq"], arguments, &place[..]].concat());
    let said = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), said)
}

fn letters(local: &Local, more: &[&str]) -> Vec<Value> {
    let (code, said) = dlq(local, &[&["list"], more].concat());
    assert_eq!(code, Some(0));
    said["messages"].as_array().unwrap().clone()
}

#[test]
fn what_one_version_cannot_process_the_next_settles_once_however_often_it_comes_back() {
    let shop = Shop::new();
    let (poison, healthy) = orders(4, 3);
    let partner = poison[0].partner.to_string();
    let first = shop.start();
    shop.rename_partner(&partner, "later");
    healthy.iter().for_each(|order| shop.send(&first, order));
    // Its partner sends it again, as it may: two dead letters for each.
    poison.iter().chain(&poison).for_each(|order| shop.send(&first, order));
    wait_until("the dead letters", || letters(&first, &[]).len() == 8);

    let logs = first.data.join("logs");
    let listed = letters(&first, &["--logs", logs.to_str().unwrap()]);
    for letter in &listed {
        assert_eq!(letter["reason"], "UNKNOWN_PARTNER", "{letter}");
        assert_eq!(letter["partner"], partner.as_str());
        assert!(letter["receiveCount"].as_u64().unwrap() >= 2, "{letter}");
    }
    the_whole_of_a_letter_is_shown(&first, &listed[0], &poison);
    assert_eq!(shop.documents(&first).len(), healthy.len() * DOCUMENTS);

    drop(first);
    let second = shop.start();
    shop.rename_partner("later", &partner);
    let stopped = a_redrive_that_is_stopped(&shop, &second);
    assert!((1..8).contains(&stopped), "{stopped} of 8");
    let (code, end) = dlq(&second, &["redrive", "--rate", "500"]);
    assert_eq!((code, end["status"].as_str()), (Some(0), Some("completed")));
    assert_eq!(end["moved"].as_u64().unwrap() + stopped, 8);

    let all = (poison.len() + healthy.len()) * DOCUMENTS;
    wait_until("the documents", || shop.documents(&second).len() >= all);
    let drained = || second.is_drained(&shop.runtime);
    wait_until("an empty queue", drained);
    let (code, end) = dlq(&second, &["redrive"]);
    assert_eq!((code, &end["moved"], &end["toMove"]), (Some(0), &0.into(), &0.into()));
    poison.iter().for_each(|order| shop.send(&second, order));
    wait_until("an empty queue", drained);
    assert_eq!(shop.documents(&second).len(), all);
    assert_eq!(shop.orders_in_database(), 7);
    assert!(letters(&second, &[]).is_empty());
}

fn the_whole_of_a_letter_is_shown(local: &Local, listed: &Value, sent: &[SampledOrder]) {
    let (code, shown) = dlq(local, &["show", listed["messageId"].as_str().unwrap()]);
    assert_eq!(code, Some(0));
    let number = listed["orderNumber"].as_str().unwrap();
    let order = sent.iter().find(|sent| sent.order.partner_order_no.as_str() == number).unwrap();
    assert_eq!(shown["body"], serde_json::to_string(&order.order).unwrap());
    assert_eq!(shown["attributes"]["orderNumber"], number);
    let nobody = run(&["dlq", "show", "no-such-id", "--endpoint-url", &local.endpoint]);
    assert_eq!(nobody.status.code(), Some(2));
}

/// Ctrl-C when some are back; how many were, by what the command says.
fn a_redrive_that_is_stopped(shop: &Shop, local: &Local) -> u64 {
    let arguments = ["dlq", "redrive", "--rate", "1", "--json", "--endpoint-url", &local.endpoint];
    let redrive = vazao(&arguments).spawn().unwrap();
    let observer = local.observer(&shop.runtime);
    let queue = shop.runtime.block_on(DeadLetterQueue::find(&observer, QUEUE)).unwrap();
    wait_until("some are back", || {
        let task = shop.runtime.block_on(queue.last_move(&observer)).unwrap();
        task.is_some_and(|task| task.moved > 0)
    });
    signal("INT", redrive.id());
    let output = redrive.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let end: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((end["status"].as_str(), end["toMove"].as_u64()), (Some("cancelled"), Some(8)));
    end["moved"].as_u64().unwrap()
}

#[test]
fn what_cannot_be_is_refused_with_what_to_change() {
    for (arguments, says) in [
        (&["redrive", "--rate", "501"][..], "500"),
        (&["redrive", "--rate", "0"], "1..=500"),
        (&["list", "--target", "aws", "--endpoint-url", "http://127.0.0.1:1"], "--endpoint-url"),
        (&["list", "--endpoint-url", "http://127.0.0.1:1"], "--queue"),
        (&["list", "--logs", "/no/such/log", "--stack", "a", "--queue", "b"], "--stack"),
    ] {
        let output = run(&[&["dlq"], arguments].concat());
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
}
