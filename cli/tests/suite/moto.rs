//! What reads the cloud, against moto: an imitation of AWS that is not ours, with the stack of
//! infra/template.yaml made in it, where every operation is throttled twice before it is answered.
//! moto moves no dead letters back (no StartMessageMoveTask) and gives GetMetricData in one page.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::{SignedDuration, Timestamp};
use observe::{
    Cloud, CloudAddress, DeadLetterQueue, MetersOf, Period, Stack, queue_depth,
    read_cloud_timeline, read_inventory, read_meters,
};
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
struct Moto {
    process: Child,
    endpoint: String,
    outputs: Value,
}

impl Moto {
    fn start(folder: &Path, wanted: &Value) -> Self {
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

fn wanted(from: Timestamp) -> Value {
    let status = |index| DocumentKey::status(partner(), OrderNumber::planned(&tag(), index));
    let objects: Vec<String> = (0..OBJECTS).map(|index| status(index).to_string()).collect();
    let messages: Vec<Value> = (0..LETTERS)
        .map(|n| json!({"body": format!("order {n}"), "partner": "partner-02", "orderNumber": format!("N-{n}")}))
        .collect();
    let second = from.as_second();
    let metric = |namespace, name, dimensions: Value, values: Value| json!({"namespace": namespace, "name": name, "dimensions": dimensions, "values": values});
    json!({"objects": objects, "messages": messages, "metrics": [
        metric("Vazao", "OrdersDocumented", json!({"service": "processor"}),
            json!([[second, 3.0], [second + 61, 4.0], [second + 62, 5.0]])),
        metric("AWS/Lambda", "Invocations", json!({"FunctionName": "order-processor"}),
            json!([[second, 7.0], [second + 90, 11.0]])),
    ]})
}

#[test]
fn a_stack_is_read_through_throttles_and_over_pages() {
    let folder = tempfile::tempdir().unwrap();
    // CloudWatch begins a period on a whole minute.
    let now = Timestamp::now().as_second();
    let from = Timestamp::from_second(now - now % 60 - 600).unwrap();
    let moto = Moto::start(folder.path(), &wanted(from));
    let runtime = Runtime::new().unwrap();
    let address =
        CloudAddress::Endpoint { url: moto.endpoint.clone(), region: "sa-east-1".to_owned() };
    let cloud = runtime.block_on(Cloud::connect(&address));

    the_outputs_are_the_stack_s(&runtime, &cloud, &moto);
    every_object_is_counted(&runtime, &cloud, &moto);
    what_is_metered_is_summed_and_what_is_not_is_none(&runtime, &cloud, &moto, from);
    every_dead_letter_is_seen_and_stays(&runtime, &cloud, &moto);
    the_state_of_the_stack_is_told(&moto);
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

fn what_is_metered_is_summed_and_what_is_not_is_none(
    runtime: &Runtime,
    cloud: &Cloud,
    moto: &Moto,
    from: Timestamp,
) {
    let of = MetersOf {
        api: "orders".to_owned(),
        stage: "live".to_owned(),
        queue: "orders".to_owned(),
        function: "order-processor".to_owned(),
        bucket: moto.output("DocumentsBucketName").to_owned(),
    };
    let to = from + SignedDuration::from_secs(300);
    let readings = runtime.block_on(read_meters(cloud, &of, (from, to), 60)).unwrap();
    assert_eq!(readings.invocations, Some(18.0));
    assert_eq!((readings.api_requests, readings.put_requests), (None, None));
    let timeline = read_cloud_timeline(cloud, &of, Period { from, to, step_s: 60 });
    let timeline = runtime.block_on(timeline).unwrap();
    let documented: Vec<u64> = timeline.iter().map(|point| point.documented).collect();
    assert_eq!(documented[..3], [3, 9, 0]);
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

fn the_state_of_the_stack_is_told(moto: &Moto) {
    let output = run(&["stack", STACK, "--endpoint-url", &moto.endpoint, "--json"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let state: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(state["deadLetters"], LETTERS);
    assert_eq!((&state["invocations"], &state["requests"]), (&json!(18.0), &Value::Null));
    let gateway = state["gateway"].as_str().unwrap();
    assert!(gateway.ends_with(".amazonaws.com/live"), "{gateway}");
    let nobody = run(&["stack", "no-such", "--endpoint-url", &moto.endpoint]);
    assert_eq!(nobody.status.code(), Some(2));
}
