//! The bucket, played by a few lines of HTTP: what is sent, and what an object that is there means.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use orders::{DocumentKind, StatusDocument};
use processor::{
    AwsConfig, Database, DocumentStore, Outcome, Pipeline, Poison, Process, ProcessError,
    StoreError, confirmation_document, nfe_document,
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
