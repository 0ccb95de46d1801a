//! What reads the cloud, against moto: an imitation of AWS that is not ours, with the stack of
//! infra/template.yaml made in it, where every operation is throttled twice before it is answered.
//! moto moves no dead letters back (no StartMessageMoveTask), and its CloudWatch does not speak the
//! SDK's protocol (RPC v2, CBOR).

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use observe::{Cloud, CloudAddress, DeadLetterQueue, Stack, queue_depth, read_inventory};
use orders::{DocumentKey, OrderNumber, PartnerId, RunTag};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::vazao::run;

/// S3 lists a thousand a page.
const OBJECTS: u64 = 2_345;

/// A receive brings ten.
const LETTERS: usize = 23;

const STACK: &str = "orders-test";

/// The server; it ends when its standard input does.
pub(crate) struct Moto {
    process: Child,
    pub(crate) endpoint: String,
    outputs: Value,
}

impl Moto {
    pub(crate) fn start(folder: &Path, wanted: &Value) -> Self {
        let file = folder.join("wanted.json");
        std::fs::write(&file, wanted.to_string()).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let python = root.join("target/tools/venv/bin/python");
        assert!(python.exists(), "{} is missing: cargo xtask tools", python.display());
        let log = std::fs::File::create(folder.join("moto.log")).unwrap();
        let mut process = Command::new(python)
            .arg(root.join("cli/tests/moto/server.py"))
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("{}", said(folder)));
        let endpoint = said["endpoint"].as_str().unwrap().to_owned();
        Self { process, endpoint, outputs: said["outputs"].clone() }
    }

    fn output(&self, key: &str) -> &str {
        self.outputs[key].as_str().unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

fn said(folder: &Path) -> String {
    let mut text = String::new();
    let path: PathBuf = folder.join("moto.log");
    std::fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn tag() -> RunTag {
    RunTag::from_seed_text("moto")
}

fn partner() -> PartnerId {
    "partner-02".parse().unwrap()
}

fn wanted() -> Value {
    let status = |index| DocumentKey::status(partner(), OrderNumber::planned(&tag(), index));
    let objects: Vec<String> = (0..OBJECTS).map(|index| status(index).to_string()).collect();
    let messages: Vec<Value> = (0..LETTERS)
        .map(|n| json!({"body": format!("order {n}"), "partner": "partner-02", "orderNumber": format!("N-{n}")}))
        .collect();
    json!({"objects": objects, "messages": messages})
}

#[test]
fn a_stack_is_read_through_throttles_and_over_pages() {
    let folder = tempfile::tempdir().unwrap();
    let moto = Moto::start(folder.path(), &wanted());
    let runtime = Runtime::new().unwrap();
    let address =
        CloudAddress::Endpoint { url: moto.endpoint.clone(), region: "sa-east-1".to_owned() };
    let cloud = runtime.block_on(Cloud::connect(&address));

    the_outputs_are_the_stack_s(&runtime, &cloud, &moto);
    every_object_is_counted(&runtime, &cloud, &moto);
    every_dead_letter_is_seen_and_stays(&runtime, &cloud, &moto);
}

fn the_outputs_are_the_stack_s(runtime: &Runtime, cloud: &Cloud, moto: &Moto) {
    let stack = runtime.block_on(Stack::read(cloud, STACK)).unwrap();
    for key in ["OrdersUrl", "OrderQueueUrl", "DeadLetterQueueUrl", "DocumentsBucketName"] {
        assert_eq!(stack.output(key).unwrap(), moto.output(key));
    }
    let error = stack.output("Nothing").unwrap_err().to_string();
    assert!(error.contains("orders-test has no output Nothing"), "{error}");
    let error = runtime.block_on(Stack::read(cloud, "no-such-stack")).unwrap_err().to_string();
    assert!(error.contains("no-such-stack"), "{error}");
}

fn every_object_is_counted(runtime: &Runtime, cloud: &Cloud, moto: &Moto) {
    let bucket = moto.output("DocumentsBucketName");
    let tag = tag();
    let inventory = read_inventory(cloud, bucket, &tag, OBJECTS, |_| ());
    let inventory = runtime.block_on(inventory).unwrap();
    assert_eq!(inventory.statuses.len(), OBJECTS);
    // Of two bytes each, in the standard class.
    assert_eq!((inventory.small_objects, inventory.small_bytes), (OBJECTS, 2 * OBJECTS));
    assert_eq!((inventory.nfe.len(), inventory.other_class), (0, OBJECTS));
}

fn every_dead_letter_is_seen_and_stays(runtime: &Runtime, cloud: &Cloud, moto: &Moto) {
    let place = ["--endpoint-url", &moto.endpoint, "--stack", STACK, "--json"];
    let dlq = |arguments: &[&str]| run(&[&["dlq"], arguments, &place[..]].concat());
    let listed = dlq(&["list"]);
    let text = String::from_utf8_lossy(&listed.stderr);
    assert_eq!(listed.status.code(), Some(0), "{text}");
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let letters = listed["messages"].as_array().unwrap();
    let mut numbers: Vec<&str> =
        letters.iter().map(|letter| letter["orderNumber"].as_str().unwrap()).collect();
    numbers.sort_unstable();
    let mut sent: Vec<String> = (0..LETTERS).map(|n| format!("N-{n}")).collect();
    sent.sort_unstable();
    assert_eq!(numbers, sent);

    let shown = dlq(&["show", letters[4]["messageId"].as_str().unwrap()]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let number = letters[4]["orderNumber"].as_str().unwrap();
    assert_eq!(shown["body"], number.replace("N-", "order "));
    // Whoever looks leaves them as they were.
    let depth = runtime.block_on(async {
        let queue = DeadLetterQueue::find(cloud, moto.output("DeadLetterQueueUrl")).await.unwrap();
        queue_depth(cloud, queue.url()).await.unwrap()
    });
    assert_eq!((depth.visible, depth.in_flight), (LETTERS as u64, 0));
}
