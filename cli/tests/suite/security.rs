//! What a partner, a log reader and a report reader must not get: docs/security.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use orders::{RunTag, SampledOrder, Sampler, World};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::local::{BUCKET, Local};
use crate::vazao::{only_run, run, wait_until};

/// A field's value that is nowhere else, in the characters that every field takes.
const CANARY: &str = "CANARY";

struct Shop {
    _folder: tempfile::TempDir,
    local: Local,
    runtime: Runtime,
}

impl Shop {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local = Local::start(folder.path());
        Self { _folder: folder, local, runtime: Runtime::new().unwrap() }
    }

    fn put(&self, partner: u32, order: &Value) -> u16 {
        let number = order["partner_order_no"].as_str().unwrap();
        self.local.put(&self.runtime, partner, number, order.to_string().as_bytes())
    }

    fn wait(&self) {
        wait_until("an empty queue", || self.local.is_drained(&self.runtime));
    }

    /// Every document with its bytes.
    fn documents(&self) -> BTreeMap<String, Vec<u8>> {
        let observer = self.local.observer(&self.runtime);
        let read = |key: String| {
            let bytes = self.runtime.block_on(observer.get_object(BUCKET, &key)).unwrap();
            (key, bytes)
        };
        self.local.documents(&self.runtime).into_iter().map(read).collect()
    }
}

/// The first order of each of the first two partners.
fn two_orders() -> [SampledOrder; 2] {
    let sampler = Sampler::new(3, RunTag::from_seed_text("security"), World::default());
    [0, 1].map(|partner| {
        let orders = (0..).map(|index| sampler.order(index, Timestamp::now()));
        let mut of_partner = orders.filter(|order| order.partner_index == partner);
        of_partner.next().unwrap()
    })
}

/// The order as it is sent, under another number.
fn numbered(sampled: &SampledOrder, number: &str) -> Value {
    let mut order = serde_json::to_value(&sampled.order).unwrap();
    order["partner_order_no"] = json!(number);
    order
}

fn of<'a>(
    documents: &'a BTreeMap<String, Vec<u8>>,
    partner: &str,
) -> impl Iterator<Item = (&'a String, &'a Vec<u8>)> {
    let part = format!("/{partner}/");
    documents.iter().filter(move |(key, _)| key.contains(&part))
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn two_partners_with_the_same_order_number_have_documents_of_their_own() {
    let shop = Shop::open();
    let [one, two] = two_orders();
    for order in [&one, &two] {
        assert_eq!(shop.put(order.partner_index, &numbered(order, "SAME-1")), 202);
    }
    shop.wait();
    let documents = shop.documents();
    for (ours, others) in [(&one, &two), (&two, &one)] {
        let mine: Vec<_> = of(&documents, ours.partner.as_str()).collect();
        assert_eq!(mine.len(), 3, "{:?}", documents.keys());
        let [cnpj, other] = [ours, others].map(|order| order.order.buyer.cnpj.as_str());
        let nfe = mine.iter().find(|(key, _)| key.ends_with(".xml")).unwrap();
        assert!(contains(nfe.1, cnpj));
        assert!(mine.iter().all(|(_, bytes)| !contains(bytes, other)));
    }
    assert_eq!(documents.len(), 6);
}

/// Who a partner is comes from its credentials alone.
#[test]
fn a_partner_cannot_order_for_another() {
    let shop = Shop::open();
    let [one, two] = two_orders();
    // Another's customers are nobody's.
    assert_eq!(shop.put(one.partner_index, &numbered(&two, "FORGED-1")), 202);
    // The schema has no field by which to say who one is.
    let mut claims = numbered(&one, "FORGED-2");
    claims["partner"] = json!(two.partner.as_str());
    assert_eq!(shop.put(one.partner_index, &claims), 400);
    // The number of the path is the one that counts, and the body's must be the same.
    let body = numbered(&one, "FORGED-3").to_string();
    let put = shop.local.put(&shop.runtime, one.partner_index, "FORGED-4", body.as_bytes());
    assert_eq!(put, 202);
    shop.wait();
    let documents = shop.documents();
    assert_eq!(of(&documents, two.partner.as_str()).count(), 0);
    let statuses: Vec<_> = of(&documents, one.partner.as_str()).collect();
    assert_eq!(statuses.len(), 2, "{:?}", documents.keys());
    for (number, code) in [("FORGED-1", "UNKNOWN_CUSTOMER"), ("FORGED-4", "ORDER_NUMBER_MISMATCH")]
    {
        let status = statuses.iter().find(|(key, _)| key.contains(number)).unwrap();
        assert!(contains(status.1, code), "{}", String::from_utf8_lossy(status.1));
    }
}

#[test]
fn orders_that_are_sent_again_twice_make_nothing_new() {
    let shop = Shop::open();
    let sampler = Sampler::new(4, RunTag::from_seed_text("replay"), World::default());
    let ledger: Vec<SampledOrder> =
        (0..40).map(|index| sampler.order(index, Timestamp::now())).collect();
    let send = || {
        for order in &ledger {
            let body = serde_json::to_value(&order.order).unwrap();
            assert_eq!(shop.put(order.partner_index, &body), 202);
        }
        shop.wait();
    };
    send();
    let documents = shop.documents();
    assert!(documents.len() >= ledger.len());
    send();
    send();
    assert!(shop.documents() == documents, "a document was added or changed");
    let database = shop.local.data.join("existing.sqlite");
    let database = rusqlite::Connection::open(database).unwrap();
    let count = |table: &str| -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        database.query_row(&count, [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("sales_order"), count("order_conflict")), (40, 0));
}

/// A canary in every text of an order and of its customer, through every way that an order can end.
#[test]
fn nothing_of_an_order_or_a_customer_is_in_the_logs() {
    let shop = Shop::open();
    let [order, _] = two_orders();
    let partner = order.partner_index;
    let cnpj = order.order.buyer.cnpj.to_string();
    let database = rusqlite::Connection::open(shop.local.data.join("existing.sqlite")).unwrap();
    let texts = ["name", "street", "house", "district", "city"];
    let set: Vec<String> = texts.iter().map(|text| format!("{text} = 'CANARY {text}'")).collect();
    let planted = database
        .execute(&format!("UPDATE customer SET {} WHERE cnpj = ?1", set.join(", ")), [&cnpj])
        .unwrap();
    assert!(planted > 0);

    let good = numbered(&order, "CANARY-GOOD");
    let mut conflicting = good.clone();
    conflicting["allow_partial"] = json!(!good["allow_partial"].as_bool().unwrap_or(false));
    let mut unknown_address = numbered(&order, "CANARY-ADDRESS");
    unknown_address["ship_to"]["code"] = json!("CANARY-SHIP");
    let mut wrong_day = numbered(&order, "CANARY-DAY");
    wrong_day["requested_delivery"] = json!("2026-02-30");
    for order in [&good, &good, &conflicting, &unknown_address, &wrong_day] {
        assert_eq!(shop.put(partner, order), 202);
    }
    for (number, body) in [("CANARY-TEXT", "CANARY"), ("CANARY-FIELD", r#"{"CANARY":"CANARY"}"#)] {
        assert_eq!(shop.local.put(&shop.runtime, partner, number, body.as_bytes()), 400);
    }
    shop.wait();

    let documents = shop.documents();
    assert!(documents.values().any(|bytes| contains(bytes, CANARY)), "no canary arrived");
    let logs = read_all(&shop.local.data.join("logs"));
    let all: Vec<u8> = logs.into_values().flatten().collect();
    // Five ways were gone, and each was noted.
    for noted in ["OrdersDocumented", "order refused", "order number used for another order"] {
        assert!(contains(&all, noted), "{noted}");
    }
    for secret in [CANARY, &cnpj, order.partner.as_str(), "local-cloud-key"] {
        let text = String::from_utf8_lossy(&all);
        assert!(!contains(&all, secret), "{secret} in {text}");
    }
}

/// The files under a folder that are read by people: not the database, the documents, the queues. Of an
/// access log without what it is for.
fn read_all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let is_access_log = path.to_string_lossy().ends_with("-access.log");
            found.insert(path, if is_access_log { without_who_sent_what(&bytes) } else { bytes });
        }
    }
    found
}

/// An access log says who sent which order, and nothing else of the order: the path, which ends with its
/// number, and the id of the partner's key are taken out of every line here.
fn without_who_sent_what(log: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(log).unwrap();
    assert!(!text.is_empty());
    let mut rest = String::new();
    for line in text.lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let fields = line.as_object_mut().unwrap();
        let path = fields.remove("path").unwrap();
        let number = path.as_str().unwrap().strip_prefix("/live/v1/orders/").unwrap();
        assert!(number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{path}");
        assert!(fields.remove("apiKeyId").is_some());
        rest.push_str(&line.to_string());
    }
    rest.into_bytes()
}

/// Every customer's data and every key are canaries here: a run's files, its reports and the logs
/// of its function have none of them.
#[test]
fn no_customer_no_key_and_no_order_number_is_in_what_a_run_leaves_to_read() {
    let out = tempfile::tempdir().unwrap();
    let arguments = ["run", "--orders", "150", "--keep-cloud", "--out"];
    let output = run(&[&arguments[..], &[out.path().to_str().unwrap()]].concat());
    let finished = only_run(out.path());
    assert!(finished.reconciliation.is_clean(), "{:?}", finished.reconciliation);
    let cloud = finished.directory.file("cloud");
    let secrets = secrets(&cloud.join("existing.sqlite"));
    assert!(secrets.len() > 150);

    let mut files = read_all(finished.directory.root());
    files.extend(read_all(&cloud.join("logs")));
    files.insert("stdout".into(), output.stdout);
    files.insert("stderr".into(), output.stderr);
    files.insert("exchanges".into(), exchanges(&finished.directory.exchanges()));
    assert!(files.len() > 12, "{:?}", files.keys());
    for (path, bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        for secret in &secrets {
            assert!(!says(&text, secret), "{secret:?} is in {}", path.display());
        }
    }
}

/// Whether the text has the secret, and not a longer number with the same digits in it.
fn says(text: &str, secret: &str) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    text.match_indices(secret).any(|(start, _)| {
        let bytes = text.as_bytes();
        let before = start.checked_sub(1).and_then(|index| bytes.get(index));
        !is_digit(before) && !is_digit(bytes.get(start + secret.len()))
    })
}

/// What a Parquet file says, which is compressed.
fn exchanges(path: &Path) -> Vec<u8> {
    let rows = runlog::ExchangeRows::open(path).unwrap();
    rows.map(|row| format!("{:?}\n", row.unwrap())).collect::<String>().into_bytes()
}

fn is_telling(text: &str) -> bool {
    text.len() > if text.bytes().all(|byte| byte.is_ascii_digit()) { 10 } else { 5 }
}

/// Names, streets and numbers of customers, order numbers, keys. Some states have registrations of
/// eight or nine digits, and so has many a duration in microseconds: those of eleven and more stand for
/// them.
fn secrets(database: &Path) -> BTreeSet<String> {
    let database = rusqlite::Connection::open(database).unwrap();
    let mut secrets = BTreeSet::from(["local-cloud-key-of".to_owned()]);
    for column in ["cnpj", "name", "state_registration", "street"] {
        let mut texts = database.prepare(&format!("SELECT {column} FROM customer")).unwrap();
        let texts = texts.query_map([], |row| row.get::<_, String>(0)).unwrap();
        secrets.extend(texts.map(Result::unwrap).filter(|text| is_telling(text)));
    }
    let mut numbers = database.prepare("SELECT order_number FROM sales_order").unwrap();
    let numbers = numbers.query_map([], |row| row.get(0)).unwrap();
    secrets.extend(numbers.map(Result::unwrap));
    secrets
}
