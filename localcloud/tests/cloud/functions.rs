//! SQS to Lambda with a real function: what happens when it works and when it does not.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use localcloud::{EventSourceConfig, FunctionConfig, PollerScaling};
use serde_json::json;

use super::{Fixture, echo_function, eventually, queue_with_dead_letters};

/// `work` feeds `echo`, one message in three receives, two seconds apart.
async fn cloud(batch_size: u32, environment: &[(&str, &str)]) -> Fixture {
    cloud_with(batch_size, environment, |_| {}).await
}

async fn cloud_with(
    batch_size: u32,
    environment: &[(&str, &str)],
    change: impl FnOnce(&mut EventSourceConfig),
) -> Fixture {
    let variables: BTreeMap<String, String> =
        environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Fixture::start(|config| {
        config.queues = queue_with_dead_letters(2, 3);
        config.functions = vec![FunctionConfig {
            timeout: Duration::from_secs(2),
            environment: variables,
            ..FunctionConfig::new("echo", echo_function())
        }];
        config.event_sources = vec![EventSourceConfig {
            queue: "work".to_owned(),
            function: "echo".to_owned(),
            batch_size,
            batching_window: Duration::ZERO,
            maximum_concurrency: 2,
            report_batch_item_failures: true,
            scaling: PollerScaling::default(),
        }];
        change(&mut config.event_sources[0]);
    })
    .await
}

async fn send(fixture: &Fixture, messages: &[serde_json::Value]) {
    let (client, url) = (fixture.sqs(), fixture.cloud.queue_url("work").unwrap());
    for message in messages {
        client
            .send_message()
            .queue_url(&url)
            .message_body(message.to_string())
            .send()
            .await
            .unwrap();
    }
}

async fn depth(fixture: &Fixture, queue: &str) -> u32 {
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    let get =
        fixture.sqs().get_queue_attributes().queue_url(fixture.cloud.queue_url(queue).unwrap());
    let answer = get.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
    names.iter().map(|name| answer.attributes().unwrap()[name].parse::<u32>().unwrap()).sum()
}

async fn until_empty(fixture: &Fixture) {
    eventually("the queue is empty", || async { depth(fixture, "work").await == 0 }).await;
}

fn log(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("logs/echo.log")).unwrap()
}

/// The function's output travels through a pipe, so it may be later than its effects.
async fn until_logged(fixture: &Fixture, line: &str) {
    eventually(line, || async { log(fixture.dir.path()).contains(line) }).await;
}

#[tokio::test]
async fn good_messages_are_processed_and_deleted() {
    let fixture = cloud(10, &[]).await;
    let messages: Vec<_> =
        (0..50).map(|n| json!({"name": format!("m{n}."), "do": "succeed"})).collect();
    send(&fixture, &messages).await;
    until_empty(&fixture).await;
    for n in 0..50 {
        until_logged(&fixture, &format!("done m{n}.")).await;
    }
    assert_eq!(depth(&fixture, "dead").await, 0);
    let lines = log(fixture.dir.path());
    assert_eq!(
        lines.matches("START RequestId:").count(),
        lines.matches("REPORT RequestId:").count()
    );
    assert!(lines.contains("Init Duration:"), "a cold start says how long init took");
    let status = fixture.cloud.function_status("echo").unwrap();
    assert!(status.cold_starts <= 2, "no more processes than invocations at once: {status:?}");
}

#[tokio::test]
async fn the_poison_alone_reaches_the_dead_letter_queue() {
    let fixture = cloud(10, &[]).await;
    send(
        &fixture,
        &[json!({"name": "a"}), json!({"name": "poison", "do": "report"}), json!({"name": "b"})],
    )
    .await;
    eventually("the poison is dead-lettered", || async { depth(&fixture, "dead").await == 1 })
        .await;
    until_empty(&fixture).await;
    until_logged(&fixture, "done a\n").await;
    until_logged(&fixture, "done b\n").await;
    let dead = fixture
        .sqs()
        .receive_message()
        .queue_url(fixture.cloud.queue_url("dead").unwrap())
        .send()
        .await
        .unwrap();
    assert!(dead.messages()[0].body().unwrap().contains("poison"));
}

#[tokio::test]
async fn after_a_crash_amid_a_batch_nothing_is_lost() {
    let fixture = cloud(10, &[]).await;
    let mut messages: Vec<_> = (0..20).map(|n| json!({"name": format!("m{n}.")})).collect();
    messages.insert(7, json!({"name": "crash", "do": "exit", "until": 1}));
    send(&fixture, &messages).await;
    until_empty(&fixture).await;
    assert_eq!(depth(&fixture, "dead").await, 0);
    for name in (0..20).map(|n| format!("m{n}.")).chain(["crash".to_owned()]) {
        until_logged(&fixture, &format!("done {name}")).await;
    }
    until_logged(&fixture, "Runtime exited with error: exit status: 1").await;
}

#[tokio::test]
async fn a_panic_fails_the_batch_and_keeps_the_process() {
    let fixture = cloud(1, &[]).await;
    send(&fixture, &[json!({"name": "a", "do": "panic", "until": 1})]).await;
    until_logged(&fixture, "done a").await;
    until_empty(&fixture).await;
    until_logged(&fixture, "the function returned an error").await;
    assert_eq!(fixture.cloud.function_status("echo").unwrap().cold_starts, 1);
}

#[tokio::test]
async fn a_timeout_kills_the_process_and_the_message_comes_back() {
    let fixture = cloud(1, &[]).await;
    send(&fixture, &[json!({"name": "slow", "do": "sleep", "until": 1})]).await;
    until_logged(&fixture, "Task timed out after 2.00 seconds").await;
    until_logged(&fixture, "done slow").await;
    until_empty(&fixture).await;
    assert_eq!(fixture.cloud.function_status("echo").unwrap().cold_starts, 2);
}

#[tokio::test]
async fn a_killed_environment_is_replaced() {
    let fixture = cloud(1, &[]).await;
    // It sleeps only at its first receive, where the kill finds it.
    send(&fixture, &[json!({"name": "victim", "do": "sleep", "until": 1})]).await;
    until_logged(&fixture, "START RequestId").await;
    let pid = fixture.cloud.function_processes()[0];
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    until_logged(&fixture, "done victim").await;
    until_empty(&fixture).await;
    until_logged(&fixture, "signal: 9").await;
}

#[tokio::test]
async fn a_function_that_cannot_start_is_visible_and_does_not_spin() {
    let fixture = cloud(1, &[("EXIT_AT_INIT", "1")]).await;
    send(&fixture, &[json!({"name": "a"})]).await;
    eventually("three receives were spent", || async { depth(&fixture, "dead").await == 1 }).await;
    let status = fixture.cloud.function_status("echo").unwrap();
    assert_eq!(
        status.init_error.as_deref(),
        Some("the function ended before it asked for work: exit status: 3")
    );
    assert_eq!(
        (status.cold_starts, status.environments),
        (3, 0),
        "one process for each receive, not more"
    );
}

#[tokio::test]
async fn shutdown_leaves_no_process() {
    let fixture = cloud(1, &[]).await;
    send(&fixture, &[json!({"name": "a"}), json!({"name": "b", "do": "sleep"})]).await;
    until_logged(&fixture, "done a").await;
    let processes = fixture.cloud.function_processes();
    assert!(!processes.is_empty());
    fixture.cloud.shutdown().await;
    for pid in processes {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} is still there");
    }
}

#[tokio::test]
async fn dropping_the_cloud_kills_what_runs() {
    let fixture = cloud(1, &[]).await;
    send(&fixture, &[json!({"name": "a", "do": "sleep"})]).await;
    until_logged(&fixture, "START RequestId").await;
    let pid = fixture.cloud.function_processes()[0];
    drop(fixture);
    eventually("the process is gone", || async { !Path::new(&format!("/proc/{pid}")).exists() })
        .await;
}

#[tokio::test]
async fn a_window_waits_for_a_full_batch() {
    let long = Duration::from_secs(300);
    let fixture = cloud_with(10, &[], |source| source.batching_window = long).await;
    // Two pollers share the messages as they come; neither invokes with fewer than ten.
    let messages: Vec<_> = (0..20).map(|n| json!({"name": format!("m{n}.")})).collect();
    send(&fixture, &messages).await;
    for n in 0..20 {
        until_logged(&fixture, &format!("done m{n}.")).await;
    }
    assert_eq!(log(fixture.dir.path()).matches("START RequestId").count(), 2);
}

#[tokio::test]
async fn without_the_flag_a_success_deletes_the_whole_batch() {
    let fixture = cloud_with(10, &[], |source| source.report_batch_item_failures = false).await;
    send(&fixture, &[json!({"name": "a", "do": "report"}), json!({"name": "b"})]).await;
    until_logged(&fixture, "done b").await;
    until_empty(&fixture).await;
    assert_eq!(depth(&fixture, "dead").await, 0);
}

/// Everything that may go wrong with a function, at once and often: each message is tried
/// until it is done, and what struck is counted.
#[tokio::test]
async fn faults_of_the_function_lose_nothing() {
    let fixture = Fixture::start(|config| {
        config.queues = queue_with_dead_letters(2, 1000);
        config.functions = vec![FunctionConfig {
            timeout: Duration::from_secs(2),
            ..FunctionConfig::new("echo", echo_function())
        }];
        config.event_sources = vec![EventSourceConfig {
            queue: "work".to_owned(),
            function: "echo".to_owned(),
            batch_size: 1,
            batching_window: Duration::ZERO,
            maximum_concurrency: 2,
            report_batch_item_failures: true,
            scaling: PollerScaling::default(),
        }];
        let faults = [
            "function-kill=0.2:2ms",
            "response-lost=0.2",
            "function-freeze=0.3:50ms",
            "clock-skew=0.5:1s",
        ];
        faults.iter().for_each(|fault| config.faults.add(fault).unwrap());
    })
    .await;
    let messages: Vec<_> = (0..30).map(|n| json!({"name": format!("m{n}.")})).collect();
    send(&fixture, &messages).await;
    until_empty(&fixture).await;
    assert_eq!(depth(&fixture, "dead").await, 0);
    for n in 0..30 {
        until_logged(&fixture, &format!("done m{n}.")).await;
    }
    let counts = fixture.cloud.fault_counts();
    assert_eq!(counts.len(), 4);
    assert!(counts.values().all(|count| *count > 0), "{counts:?}");
}
