//! SQS to Lambda with a real function: what happens when it works and when it does not.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use localcloud::{EventSourceConfig, FunctionConfig, PollerScaling, Throttle};
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
    cloud_of(batch_size, environment, |_| {}, change).await
}

/// The cloud with another function.
async fn cloud_where(change: impl FnOnce(&mut FunctionConfig)) -> Fixture {
    cloud_of(1, &[], change, |_| {}).await
}

async fn cloud_of(
    batch_size: u32,
    environment: &[(&str, &str)],
    change_function: impl FnOnce(&mut FunctionConfig),
    change_source: impl FnOnce(&mut EventSourceConfig),
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
            provisioned: None,
        }];
        change_function(&mut config.functions[0]);
        change_source(&mut config.event_sources[0]);
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
            provisioned: None,
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

/// The sum of a metric of the function since the start.
async fn metric(fixture: &Fixture, name: &str) -> f64 {
    let now = std::time::SystemTime::now();
    let hour = Duration::from_secs(3600);
    let statistics = fixture
        .cloudwatch()
        .get_metric_statistics()
        .namespace("AWS/Lambda")
        .metric_name(name)
        .dimensions(
            aws_sdk_cloudwatch::types::Dimension::builder()
                .name("FunctionName")
                .value("echo")
                .build(),
        )
        .start_time((now - hour).into())
        .end_time((now + hour).into())
        .period(7200)
        .statistics(aws_sdk_cloudwatch::types::Statistic::Sum)
        .send()
        .await
        .unwrap();
    statistics.datapoints().iter().filter_map(|point| point.sum()).sum()
}

async fn naps(fixture: &Fixture, count: u32) {
    let messages: Vec<_> =
        (0..count).map(|n| json!({"name": format!("m{n}."), "do": "nap"})).collect();
    send(fixture, &messages).await;
    until_empty(fixture).await;
    for n in 0..count {
        until_logged(fixture, &format!("done m{n}.")).await;
    }
}

/// Two pollers and one place: what is throttled is tried again and does not come back.
#[tokio::test]
async fn a_reservation_of_one_throttles_and_costs_no_receive() {
    let fixture = cloud_where(|function| function.reserved_concurrency = Some(1)).await;
    naps(&fixture, 12).await;
    assert_eq!(metric(&fixture, "Invocations").await, 12.0);
    assert!(metric(&fixture, "Throttles").await > 0.0);
    assert_eq!(metric(&fixture, "Errors").await, 0.0);
    assert_eq!(fixture.cloud.function_status("echo").unwrap().cold_starts, 1);
}

/// The bucket of new environments has one, and nearly never another.
#[tokio::test]
async fn environments_come_no_faster_than_the_ramp() {
    let slow = Throttle { rate_per_s: 0.001, burst: 1.0 };
    let fixture = cloud_where(|function| function.new_environments = slow).await;
    naps(&fixture, 8).await;
    assert_eq!(fixture.cloud.function_status("echo").unwrap().cold_starts, 1);
    assert!(metric(&fixture, "Throttles").await > 0.0);
}

#[tokio::test]
async fn more_memory_than_the_limit_is_a_kill() {
    let fixture = cloud(1, &[]).await;
    // One is found out when it has answered, the other while it sleeps.
    let greedy = ["grow", "hoard"].map(|what| json!({"name": what, "do": what, "until": 1}));
    send(&fixture, &greedy).await;
    until_empty(&fixture).await;
    until_logged(&fixture, "done grow").await;
    until_logged(&fixture, "done hoard").await;
    let lines = log(fixture.dir.path());
    let kills = lines.matches("signal: killed (more than 128 MB of memory)").count();
    assert_eq!(kills, 2, "{lines}");
    assert_eq!(lines.matches("Max Memory Used: 128 MB").count(), 2);
    assert!(!lines.contains("timed out"), "{lines}");
}

#[tokio::test]
async fn an_environment_that_is_idle_too_long_is_ended() {
    let fixture = cloud_where(|function| function.idle_expiry = Duration::from_millis(300)).await;
    let status = || fixture.cloud.function_status("echo").unwrap();
    for (name, starts) in [("a", 1), ("b", 2)] {
        send(&fixture, &[json!({"name": name})]).await;
        until_logged(&fixture, &format!("done {name}")).await;
        eventually("the environment is gone", || async { status().environments == 0 }).await;
        assert_eq!(status().cold_starts, starts);
    }
}

#[tokio::test]
async fn a_frozen_environment_stands_still_and_goes_on() {
    let fixture = cloud_where(|function| function.freeze = true).await;
    for name in ["a", "b", "c"] {
        send(&fixture, &[json!({"name": name})]).await;
        until_logged(&fixture, &format!("done {name}")).await;
        until_empty(&fixture).await;
        let pid = fixture.cloud.function_processes()[0];
        let stands = || async move {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            stat.rsplit(") ").next().unwrap().starts_with('T')
        };
        eventually("the process is stopped", stands).await;
    }
    assert_eq!(fixture.cloud.function_status("echo").unwrap().cold_starts, 1);
    let pid = fixture.cloud.function_processes()[0];
    fixture.cloud.shutdown().await;
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

/// Lambda's own API, as the AWS CLI calls it.
#[tokio::test]
async fn invoke_answers_as_lambda_does() {
    let fixture = cloud(1, &[]).await;
    let call = |name: &str, kind: &str, body: String| {
        let url = format!("{}/2015-03-31/functions/{name}/invocations", fixture.cloud.base_url());
        let request = reqwest::Client::new().post(url).header("x-amz-invocation-type", kind);
        request.header("x-amz-log-type", "Tail").body(body).send()
    };
    let event = |what: &str| {
        let body = json!({"name": what, "do": what}).to_string();
        json!({"Records": [{"messageId": "1", "body": body}]}).to_string()
    };
    let header = |reply: &reqwest::Response, name: &str| {
        reply.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };

    let arn = "arn:aws:lambda:us-east-1:000000000000:function:echo:$LATEST".replace(':', "%3A");
    for name in ["echo", arn.as_str()] {
        let reply = call(name, "RequestResponse", event("report")).await.unwrap();
        assert_eq!(reply.status().as_u16(), 200);
        assert_eq!(header(&reply, "x-amz-executed-version").as_deref(), Some("$LATEST"));
        assert_eq!(header(&reply, "x-amz-function-error"), None);
        assert!(header(&reply, "x-amz-log-result").is_some());
        let answer = reply.text().await.unwrap();
        assert_eq!(answer, r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#);
    }
    for (what, error_type) in [("exit", "Runtime.ExitError"), ("sleep", "Sandbox.Timedout")] {
        let reply = call("echo", "RequestResponse", event(what)).await.unwrap();
        assert_eq!(header(&reply, "x-amz-function-error").as_deref(), Some("Unhandled"));
        let body: serde_json::Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
        assert_eq!(body["errorType"], error_type, "{body}");
    }
    let refusals = [
        ("nobody", "RequestResponse", "{}", 404, Some("ResourceNotFoundException")),
        ("echo", "Sometimes", "{}", 400, Some("InvalidParameterValueException")),
        ("echo", "RequestResponse", "{", 400, Some("InvalidRequestContentException")),
        ("echo", "DryRun", "{}", 204, None),
        ("echo", "Event", "{}", 202, None),
    ];
    for (name, kind, body, status, code) in refusals {
        let reply = call(name, kind, body.to_owned()).await.unwrap();
        assert_eq!(reply.status().as_u16(), status, "{name} {kind} {body}");
        assert_eq!(header(&reply, "x-amzn-errortype").as_deref(), code);
    }
    let listed = reqwest::get(format!("{}/2015-03-31/functions/", fixture.cloud.base_url()));
    let listed: serde_json::Value =
        serde_json::from_str(&listed.await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(listed["Functions"][0]["MemorySize"], 128);
}

#[tokio::test]
async fn a_function_without_a_place_is_a_429() {
    let fixture = cloud_where(|function| function.reserved_concurrency = Some(0)).await;
    let url = format!("{}/2015-03-31/functions/echo/invocations", fixture.cloud.base_url());
    let reply = reqwest::Client::new().post(url).body("{}").send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 429);
    let body: serde_json::Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    assert_eq!(body["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded");
    assert_eq!(metric(&fixture, "Throttles").await, 1.0);
    assert_eq!(metric(&fixture, "Invocations").await, 0.0);
}
