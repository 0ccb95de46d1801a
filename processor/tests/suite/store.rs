//! The bucket, played by a few lines of HTTP: what is sent, and what an object that is there means.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use orders::{DocumentKind, StatusDocument};
use processor::{
    AwsConfig, Database, DocumentStore, Ledger, Outcome, Pipeline, Poison, Process, ProcessError,
    Reconciled, StoreError, confirmation_document, nfe_document,
};

use crate::support::{Shop, block_on, invoice, now, signer};

#[derive(Debug, Clone)]
struct Object {
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

type Objects = Arc<Mutex<HashMap<String, Object>>>;

/// Listens on a free port until the process ends.
fn bucket() -> (DocumentStore, Objects) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let objects = Objects::default();
    let served = objects.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let objects = served.clone();
            thread::spawn(move || serve(stream.unwrap(), &objects));
        }
    });
    let aws = AwsConfig {
        region: "sa-east-1".to_owned(),
        access_key_id: "key".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: None,
        endpoint: Some(endpoint),
        secrets_endpoint: None,
    };
    (DocumentStore::new(&aws, "documents"), objects)
}

fn serve(stream: TcpStream, objects: &Objects) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some((method, path, request)) = read_request(&mut reader) {
        let mut objects = objects.lock().unwrap();
        let answer = match (method.as_str(), objects.get(&path)) {
            ("PUT", Some(_)) => {
                "HTTP/1.1 412 Precondition Failed\r\ncontent-length: 0\r\n".to_owned()
            }
            ("PUT", None) => {
                objects.insert(path, request);
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n".to_owned()
            }
            (_, Some(object)) => format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nx-amz-meta-sha256: {}\r\n",
                object.body.len(),
                object.headers["x-amz-meta-sha256"],
            ),
            (_, None) => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n".to_owned(),
        };
        drop(objects);
        write!(writer, "{answer}\r\n").unwrap();
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(String, String, Object)> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|length| *length > 0)?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((method, path.split('?').next()?.to_owned(), Object { headers, body }))
}

#[test]
fn a_document_is_put_only_if_absent_with_its_class_type_and_hash() {
    let (store, objects) = bucket();
    let document = confirmation_document(&invoice(&Shop::new()));
    block_on(store.put(&document)).unwrap();
    let objects = objects.lock().unwrap();
    let object = &objects[&format!("/documents/{}", document.key)];
    assert_eq!(object.body, document.bytes);
    assert_eq!(object.headers["if-none-match"], "*");
    assert_eq!(object.headers["x-amz-storage-class"], "INTELLIGENT_TIERING");
    assert_eq!(object.headers["content-type"], "application/pdf");
}

#[test]
fn a_document_that_is_there_already_is_as_good() {
    let (store, _) = bucket();
    let document = nfe_document(&invoice(&Shop::new()), &signer());
    block_on(async {
        store.put(&document).await.unwrap();
        store.put(&document).await.unwrap();
    });
}

#[test]
fn another_content_under_the_key_is_left_alone_and_reported() {
    let (store, objects) = bucket();
    let document = nfe_document(&invoice(&Shop::new()), &signer());
    let mut other = document.clone();
    other.bytes.reverse();
    block_on(store.put(&other)).unwrap();
    let error = block_on(store.put(&document)).unwrap_err();
    assert!(matches!(error, StoreError::Differs(DocumentKind::Nfe)), "{error}");
    let error = ProcessError::from(error);
    assert!(matches!(error, ProcessError::Poison(Poison::DocumentDiffers(DocumentKind::Nfe))));
    assert_eq!(objects.lock().unwrap().values().next().unwrap().body, other.bytes);
}

#[test]
fn a_bucket_that_does_not_answer_is_worth_another_attempt() {
    let aws = AwsConfig {
        region: "sa-east-1".to_owned(),
        access_key_id: "key".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: None,
        // Nobody listens on port 1.
        endpoint: Some("http://127.0.0.1:1".to_owned()),
        secrets_endpoint: None,
    };
    let store = DocumentStore::new(&aws, "documents");
    let document = nfe_document(&invoice(&Shop::new()), &signer());
    let error = ProcessError::from(block_on(store.put(&document)).unwrap_err());
    assert!(error.is_retryable(), "{error}");
    assert_eq!(error.code(), "STORE");
}

/// What is in the bucket, by the first segment of its key.
fn folders(objects: &Objects) -> Vec<String> {
    let objects = objects.lock().unwrap();
    let mut folders: Vec<_> =
        objects.keys().map(|path| path.split('/').nth(2).unwrap().to_owned()).collect();
    folders.sort();
    folders
}

fn status(objects: &Objects) -> StatusDocument {
    let objects = objects.lock().unwrap();
    let (_, object) = objects.iter().find(|(path, _)| path.contains("/status/")).unwrap();
    serde_json::from_slice(&object.body).unwrap()
}

#[test]
fn an_order_ends_with_three_documents_and_a_row_that_says_so() {
    let shop = Shop::new();
    let (store, objects) = bucket();
    let pipeline = Pipeline::new(shop.open(), store, signer());
    let process = || block_on((&pipeline).process(shop.message(0))).unwrap();
    let first = process();
    assert_eq!((first.outcome, first.stored.documents), (Outcome::Documented, 3));
    // The function dies before it concludes: the next delivery puts again, which changes nothing.
    let second = process();
    assert_eq!((second.outcome, second.stored.documents), (Outcome::Redelivered, 3));
    assert_eq!((first.documented, second.documented), (Some(1), Some(1)));
    block_on((&pipeline).conclude(&[1])).unwrap();
    // What is documented is not put again.
    let third = process();
    assert_eq!((third.outcome, third.stored.documents), (Outcome::Redelivered, 0));
    assert_eq!(third.documented, None);
    assert_eq!(folders(&objects), ["confirmation", "nfe", "status"]);
    let stored = "SELECT count(*) FROM billing_ledger WHERE status = 'stored'";
    assert_eq!(shop.number(stored), 1);
    // The status leads to the other two.
    let links = status(&objects).links.unwrap();
    let objects = objects.lock().unwrap();
    assert!(
        [links.xml, links.pdf]
            .iter()
            .all(|key| { objects.contains_key(&format!("/documents/{key}")) })
    );
}

#[test]
fn a_refused_order_ends_with_its_status_alone() {
    let shop = Shop::new();
    let (store, objects) = bucket();
    shop.sql().execute("UPDATE customer SET blocked = 1", []).unwrap();
    let pipeline = Pipeline::new(shop.open(), store, signer());
    let processed = block_on((&pipeline).process(shop.message(0))).unwrap();
    assert_eq!(processed.outcome, Outcome::Refused);
    assert_eq!(folders(&objects), ["status"]);
    let status = status(&objects);
    assert_eq!(status.reason.map(|reason| reason.code()), Some("CUSTOMER_BLOCKED"));
    assert_eq!((status.total.as_str(), status.nfe, status.links), ("0.00", None, None));
}

#[test]
fn an_order_whose_process_died_before_the_bucket_is_documented_by_the_next_delivery() {
    let shop = Shop::new();
    let (store, objects) = bucket();
    block_on(shop.open().settle(&shop.message(0), now())).unwrap();
    let pipeline = Pipeline::new(shop.open(), store, signer());
    let processed = block_on((&pipeline).process(shop.message(0))).unwrap();
    assert_eq!(processed.outcome, Outcome::Redelivered);
    assert_eq!(folders(&objects).len(), 3);
}

#[test]
fn an_order_whose_message_is_gone_is_documented_by_a_sweep() {
    let shop = Shop::new();
    let (store, objects) = bucket();
    for index in 0..2 {
        block_on(shop.open().settle(&shop.message(index), now())).unwrap();
    }
    let pipeline = Pipeline::new(shop.open(), store, signer());
    let sweep = || {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        block_on(pipeline.sweep(std::time::Duration::ZERO, 10, until)).unwrap()
    };
    let swept = sweep();
    assert_eq!((swept.owed, swept.documented, swept.failed), (2, 2, 0));
    assert_eq!(folders(&objects).len(), 6);
    assert_eq!(sweep().owed, 0);
}

/// Six orders a minute apart, documented but for the last; what is found of those in between.
#[test]
fn a_reconciliation_sees_what_is_owed_gone_changed_and_passed_over() {
    let shop = Shop::new();
    let (store, objects) = bucket();
    let pipeline = Pipeline::new(shop.open(), store.clone(), signer());
    let minute = |minutes: i64| now() + jiff::SignedDuration::from_mins(minutes);
    for index in 0..6 {
        let instant = minute(i64::try_from(index).unwrap());
        block_on(shop.open().settle(&shop.message(index), instant)).unwrap();
    }
    let an_hour = std::time::Duration::from_secs(3_600);
    let until = std::time::Instant::now() + an_hour;
    block_on(pipeline.sweep(std::time::Duration::ZERO, 5, until)).unwrap();

    let database = shop.open();
    let found = |from: i64, to: i64, limit: u32| {
        let window = minute(from)..minute(to);
        block_on(processor::reconcile(&database, &store, window, limit, until)).unwrap()
    };
    let clean = Reconciled { settled: 5, asked: 5, ..Reconciled::default() };
    assert_eq!(found(0, 5, 9), clean);
    assert!(clean.is_clean());
    assert_eq!(found(1, 3, 9), Reconciled { settled: 2, asked: 2, ..clean });
    assert_eq!(found(6, 9, 9), Reconciled::default());
    // The minute of the sixth, which is owed, is in.
    assert_eq!(found(0, 6, 9), Reconciled { settled: 6, owed: 1, ..clean });
    // Every third: the first and the fourth, or their neighbours.
    assert_eq!(found(0, 6, 2).settled, 6);
    assert!((1..=2).contains(&found(0, 6, 2).asked));

    let key_of = |row: i64, kind: &str| {
        let order = block_on(database.orders(&[row])).unwrap().remove(0);
        let number = format!("/{}/", order.order_number);
        let objects = objects.lock().unwrap();
        objects.keys().find(|key| key.contains(kind) && key.contains(&number)).unwrap().clone()
    };
    let (gone, gone_too, changed) =
        (key_of(1, "/nfe/"), key_of(2, "/confirmation/"), key_of(3, "/confirmation/"));
    {
        let mut objects = objects.lock().unwrap();
        objects.remove(&gone).unwrap();
        objects.remove(&gone_too).unwrap();
        let object = objects.get_mut(&changed).unwrap();
        object.headers.insert("x-amz-meta-sha256".to_owned(), "0".repeat(64));
    }
    // The fourth has a series to itself, and moves into the fifth's: two numbers are passed over there.
    let fifth = "(SELECT series FROM nfe WHERE order_id = 5)";
    let beyond = format!("(SELECT max(number) + 3 FROM nfe WHERE series = {fifth})");
    let moved = format!("UPDATE nfe SET number = {beyond}, series = {fifth} WHERE order_id = 4");
    assert_eq!(shop.sql().execute(&moved, []).unwrap(), 1);
    let found = found(0, 6, 9);
    let expected = Reconciled {
        settled: 6,
        owed: 1,
        numbers_missing: 2,
        asked: 5,
        missing: 2,
        // The confirmation and the NF-e say the number, and the status too.
        differing: 3,
    };
    assert_eq!(found, expected);
    assert!(!found.is_clean());
}
