//! SQS, asked by AWS's SDK (JSON) and by hand (query protocol).

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};

use super::{Fixture, queue, queue_with_dead_letters};

async fn cloud() -> (Fixture, Client, String) {
    let fixture = Fixture::start(|config| config.queues = vec![queue("work", 30)]).await;
    let (client, url) = (fixture.sqs(), fixture.cloud.queue_url("work").unwrap());
    (fixture, client, url)
}

async fn faulty_cloud(faults: &[&str]) -> (Fixture, Client, String) {
    let fixture = Fixture::start(|config| {
        config.queues = vec![queue("work", 30)];
        faults.iter().for_each(|fault| config.faults.add(fault).unwrap());
    })
    .await;
    let (client, url) = (fixture.sqs(), fixture.cloud.queue_url("work").unwrap());
    (fixture, client, url)
}

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

async fn attribute(client: &Client, url: &str, name: QueueAttributeName) -> String {
    let answer = client
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(name.clone())
        .send()
        .await
        .unwrap();
    answer.attributes().unwrap()[&name].clone()
}

/// The SDK itself checks both digests against what it sent and received.
#[tokio::test]
async fn a_message_comes_out_as_it_went_in() {
    let (_fixture, client, url) = cloud().await;
    let text = MessageAttributeValue::builder()
        .data_type("String.name")
        .string_value("açaí")
        .build()
        .unwrap();
    let binary = MessageAttributeValue::builder()
        .data_type("Binary")
        .binary_value(Blob::new([0, 255, 7]))
        .build()
        .unwrap();
    let send = client.send_message().queue_url(&url).message_body("olá <&>\n");
    let sent = send
        .message_attributes("z-text", text)
        .message_attributes("a.binary", binary)
        .send()
        .await
        .unwrap();
    assert!(sent.md5_of_message_attributes().is_some());

    let receive = client.receive_message().queue_url(&url).message_attribute_names("All");
    let received = receive
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .unwrap();
    let message = &received.messages()[0];
    assert_eq!(message.body(), Some("olá <&>\n"));
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    assert_eq!(message.message_attributes().unwrap()["z-text"].string_value(), Some("açaí"));
    assert_eq!(
        message.message_attributes().unwrap()["a.binary"].binary_value().unwrap().as_ref(),
        [0, 255, 7]
    );
    assert_eq!(
        message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount],
        "1"
    );

    let delete =
        client.delete_message().queue_url(&url).receipt_handle(message.receipt_handle().unwrap());
    delete.send().await.unwrap();
    assert_eq!(
        attribute(&client, &url, QueueAttributeName::ApproximateNumberOfMessagesNotVisible).await,
        "0"
    );
}

#[tokio::test]
async fn in_a_batch_each_entry_fails_by_itself() {
    let (_fixture, client, url) = cloud().await;
    let batch = client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("good", "x"))
        .entries(entry("bad", "a\u{1}b"));
    let answer = batch.send().await.unwrap();
    assert_eq!(answer.successful()[0].id(), "good");
    assert_eq!((answer.failed()[0].id(), answer.failed()[0].sender_fault()), ("bad", true));
    assert_eq!(answer.failed()[0].code(), "InvalidMessageContents");

    let received =
        client.receive_message().queue_url(&url).max_number_of_messages(10).send().await.unwrap();
    let handle = received.messages()[0].receipt_handle().unwrap();
    let delete = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let batch = client
        .delete_message_batch()
        .queue_url(&url)
        .entries(delete("a", handle))
        .entries(delete("b", "nonsense"));
    let answer = batch.send().await.unwrap();
    assert_eq!((answer.successful()[0].id(), answer.failed()[0].id()), ("a", "b"));
    assert_eq!(answer.failed()[0].code(), "ReceiptHandleIsInvalid");
}

#[tokio::test]
async fn the_rules_of_batches_are_aws_s() {
    let (_fixture, client, url) = cloud().await;
    let code = |entries: Vec<SendMessageBatchRequestEntry>| {
        let call = client.send_message_batch().queue_url(&url).set_entries(Some(entries)).send();
        async { call.await.unwrap_err().into_service_error().code().unwrap().to_owned() }
    };
    let eleven = (0..11).map(|n| entry(&n.to_string(), "x")).collect();
    let half = "x".repeat(600_000);
    assert_eq!(code(vec![]).await, "AWS.SimpleQueueService.EmptyBatchRequest");
    assert_eq!(code(eleven).await, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest");
    assert_eq!(
        code(vec![entry("a", "x"), entry("a", "y")]).await,
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"
    );
    assert_eq!(code(vec![entry("a b", "x")]).await, "AWS.SimpleQueueService.InvalidBatchEntryId");
    assert_eq!(
        code(vec![entry("a", &half), entry("b", &half)]).await,
        "AWS.SimpleQueueService.BatchRequestTooLong"
    );
}

#[tokio::test]
async fn errors_are_the_ones_the_sdk_knows() {
    let (fixture, client, url) = cloud().await;
    let nowhere = format!("{}/000000000000/nowhere", fixture.cloud.base_url());
    let error = client
        .send_message()
        .queue_url(nowhere)
        .message_body("x")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");
    let error = client
        .delete_message()
        .queue_url(&url)
        .receipt_handle("nonsense")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_receipt_handle_is_invalid(), "{error:?}");
    let error = client
        .receive_message()
        .queue_url(&url)
        .max_number_of_messages(11)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    let error = client
        .send_message()
        .queue_url(&url)
        .message_body("x".repeat(1_048_577))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.into_service_error().code(), Some("InvalidParameterValue"));
}

#[tokio::test]
async fn a_long_poll_ends_with_the_message_that_arrives() {
    let (_fixture, client, url) = cloud().await;
    let waiting =
        tokio::spawn(client.receive_message().queue_url(&url).wait_time_seconds(20).send());
    client.send_message().queue_url(&url).message_body("late").send().await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().messages()[0].body(), Some("late"));
}

#[tokio::test]
async fn a_visibility_of_zero_gives_the_message_back_at_once() {
    let (_fixture, client, url) = cloud().await;
    client.send_message().queue_url(&url).message_body("x").send().await.unwrap();
    let first = client.receive_message().queue_url(&url).send().await.unwrap();
    let handle = first.messages()[0].receipt_handle().unwrap();
    client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(handle)
        .visibility_timeout(0)
        .send()
        .await
        .unwrap();
    let again =
        client.receive_message().queue_url(&url).wait_time_seconds(20).send().await.unwrap();
    assert_eq!(again.messages().len(), 1);
    assert_ne!(again.messages()[0].receipt_handle(), Some(handle));
}

#[tokio::test]
async fn poison_is_dead_lettered_and_can_be_moved_back() {
    let fixture = Fixture::start(|config| config.queues = queue_with_dead_letters(30, 2)).await;
    let (client, work, dead) = (
        fixture.sqs(),
        fixture.cloud.queue_url("work").unwrap(),
        fixture.cloud.queue_url("dead").unwrap(),
    );
    client.send_message().queue_url(&work).message_body("poison").send().await.unwrap();
    for received in [1, 1, 0] {
        let answer =
            client.receive_message().queue_url(&work).visibility_timeout(0).send().await.unwrap();
        assert_eq!(answer.messages().len(), received);
    }
    let names = MessageSystemAttributeName::DeadLetterQueueSourceArn;
    let receive = client.receive_message().queue_url(&dead).visibility_timeout(0);
    let answer = receive.message_system_attribute_names(names.clone()).send().await.unwrap();
    let work_arn = attribute(&client, &work, QueueAttributeName::QueueArn).await;
    assert_eq!(answer.messages()[0].attributes().unwrap()[&names], work_arn);

    let dead_arn = attribute(&client, &dead, QueueAttributeName::QueueArn).await;
    client.start_message_move_task().source_arn(&dead_arn).send().await.unwrap();
    let tasks = client.list_message_move_tasks().source_arn(&dead_arn).send().await.unwrap();
    assert_eq!(tasks.results()[0].approximate_number_of_messages_moved(), 1);
    let back = client.receive_message().queue_url(&work).send().await.unwrap();
    assert_eq!(back.messages()[0].body(), Some("poison"));
}

#[tokio::test]
async fn queues_are_made_listed_changed_emptied_and_deleted() {
    let (_fixture, client, _) = cloud().await;
    let create = || {
        client
            .create_queue()
            .queue_name("more")
            .attributes(QueueAttributeName::VisibilityTimeout, "7")
    };
    let url = create().send().await.unwrap().queue_url().unwrap().to_owned();
    assert_eq!(
        create().send().await.unwrap().queue_url(),
        Some(url.as_str()),
        "the same again is no error"
    );
    let differs = client
        .create_queue()
        .queue_name("more")
        .attributes(QueueAttributeName::VisibilityTimeout, "8")
        .send()
        .await;
    assert!(differs.unwrap_err().into_service_error().is_queue_name_exists());
    assert_eq!(
        client.get_queue_url().queue_name("more").send().await.unwrap().queue_url(),
        Some(url.as_str())
    );
    assert_eq!(
        client.list_queues().queue_name_prefix("mo").send().await.unwrap().queue_urls(),
        std::slice::from_ref(&url)
    );

    let set = client.set_queue_attributes().queue_url(&url);
    set.attributes(QueueAttributeName::MessageRetentionPeriod, "1209600").send().await.unwrap();
    assert_eq!(
        attribute(&client, &url, QueueAttributeName::MessageRetentionPeriod).await,
        "1209600"
    );
    assert_eq!(attribute(&client, &url, QueueAttributeName::VisibilityTimeout).await, "7");

    client.send_message().queue_url(&url).message_body("x").send().await.unwrap();
    client.purge_queue().queue_url(&url).send().await.unwrap();
    assert_eq!(
        attribute(&client, &url, QueueAttributeName::ApproximateNumberOfMessages).await,
        "0"
    );
    client.delete_queue().queue_url(&url).send().await.unwrap();
    assert!(
        client
            .get_queue_url()
            .queue_name("more")
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_queue_does_not_exist()
    );
}

/// API Gateway's own integration sends this form.
#[tokio::test]
async fn the_query_protocol_reaches_the_same_queue() {
    let (_fixture, client, url) = cloud().await;
    let post = |form: &'static str| {
        let request = reqwest::Client::new()
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded");
        async move { request.body(form).send().await.unwrap().text().await.unwrap() }
    };
    let sent = post("Action=SendMessage&MessageBody=a%26b&MessageAttribute.1.Name=n&MessageAttribute.1.Value.StringValue=v&MessageAttribute.1.Value.DataType=String").await;
    assert!(sent.contains("<MD5OfMessageAttributes>"), "{sent}");
    let received = post(
        "Action=ReceiveMessage&AttributeName.1=All&MessageAttributeName.1=All&VisibilityTimeout=0",
    )
    .await;
    assert!(received.contains("<Body>a&amp;b</Body>"), "{received}");
    assert!(received.contains("<MessageAttribute><Name>n</Name><Value><DataType>String</DataType><StringValue>v</StringValue></Value></MessageAttribute>"), "{received}");
    assert!(
        received.contains(
            "<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>"
        ),
        "{received}"
    );
    let failed = post("Action=DeleteMessage&ReceiptHandle=nonsense").await;
    assert!(failed.contains("<Code>ReceiptHandleIsInvalid</Code>"), "{failed}");
    assert_eq!(
        client.receive_message().queue_url(&url).send().await.unwrap().messages()[0].body(),
        Some("a&b")
    );
}

/// A cloud in a process of its own, to be killed.
struct Process {
    child: std::process::Child,
    address: String,
}

impl Process {
    fn start(data: &std::path::Path, durability: &str) -> Process {
        let mut child = std::process::Command::new(super::example("serve"))
            .args(["127.0.0.1:0".as_ref(), data.as_os_str(), durability.as_ref()])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let stdout = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut address).unwrap();
        Process { child, address: address.trim().to_owned() }
    }

    /// SIGKILL, and the process is gone.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have been killed by the test already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends until the process dies under it; gives the bodies whose send was answered.
async fn send_until_killed(client: Client, url: String, sender: usize) -> Vec<String> {
    let mut accepted = Vec::new();
    for number in 0.. {
        let body = format!("{sender}-{number}-{}", "x".repeat(1200));
        if client.send_message().queue_url(&url).message_body(&body).send().await.is_err() {
            break;
        }
        accepted.push(body);
    }
    accepted
}

async fn killed_cloud_keeps_what_it_accepted(durability: &str) {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(data.path(), durability);
    let (client, url) =
        (super::sqs_at(&process.address), format!("{}/000000000000/work", process.address));
    client.send_message().queue_url(&url).message_body("done").send().await.unwrap();
    let done = client.receive_message().queue_url(&url).send().await.unwrap();
    let handle = done.messages()[0].receipt_handle().unwrap();
    client.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
    let senders: Vec<_> = (0..4)
        .map(|sender| tokio::spawn(send_until_killed(client.clone(), url.clone(), sender)))
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    process.kill();
    let mut accepted = std::collections::BTreeSet::new();
    for sender in senders {
        accepted.extend(sender.await.unwrap());
    }
    assert!(accepted.len() > 10, "only {} were accepted", accepted.len());

    let process = Process::start(data.path(), durability);
    let (client, url) =
        (super::sqs_at(&process.address), format!("{}/000000000000/work", process.address));
    let mut found = std::collections::BTreeMap::new();
    loop {
        let receive = client.receive_message().queue_url(&url).max_number_of_messages(10);
        let answer = receive.visibility_timeout(3600).send().await.unwrap();
        if answer.messages().is_empty() {
            break;
        }
        for message in answer.messages() {
            *found.entry(message.body().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    assert!(found.values().all(|times| *times == 1), "a message came back twice");
    assert!(!found.contains_key("done"), "a deleted message came back");
    let lost: Vec<_> = accepted.iter().filter(|body| !found.contains_key(*body)).collect();
    assert!(lost.is_empty(), "{} of {} accepted messages are lost", lost.len(), accepted.len());
}

#[tokio::test]
async fn a_killed_cloud_still_has_every_message_it_accepted() {
    killed_cloud_keeps_what_it_accepted("written").await;
}

#[tokio::test]
async fn a_killed_cloud_that_syncs_still_has_every_message_it_accepted() {
    killed_cloud_keeps_what_it_accepted("synced").await;
}

/// The same questions that can be put to AWS, by boto3 and the AWS CLI.
#[tokio::test(flavor = "multi_thread")]
async fn the_conformance_suite_finds_no_difference() {
    let (fixture, _, _) = cloud().await;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("../target/tools/venv/bin/python");
    assert!(python.is_file(), "{}: run `cargo xtask tools` first", python.display());
    let tests = tokio::process::Command::new(python)
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(root.join("tests/conformance"))
        .env("VAZAO_ENDPOINT", fixture.cloud.base_url())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("SQS_CONFORMANCE")
        .output()
        .await
        .unwrap();
    assert!(tests.status.success(), "{}", String::from_utf8_lossy(&tests.stdout));
}

#[tokio::test]
async fn a_refused_send_is_a_503_and_leaves_nothing() {
    let (fixture, _, url) = faulty_cloud(&["sqs-refuse=1"]).await;
    let refused = reqwest::Client::new()
        .post(fixture.cloud.base_url())
        .header("x-amz-target", "AmazonSQS.SendMessage")
        .body(serde_json::json!({"QueueUrl": url, "MessageBody": "a"}).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status().as_u16(), 503);
    let name = QueueAttributeName::ApproximateNumberOfMessages;
    assert_eq!(attribute(&fixture.sqs(), &url, name).await, "0");
    assert_eq!(fixture.cloud.fault_counts()["sqs-refuse"], 1);
}

/// Each of 40 messages comes twice, although it was deleted, and then never again.
#[tokio::test]
async fn a_duplicated_message_is_received_again_after_its_deletion() {
    let (fixture, client, url) = faulty_cloud(&["message-duplicate=1"]).await;
    for n in 0..40 {
        client.send_message().queue_url(&url).message_body(format!("m{n}")).send().await.unwrap();
    }
    let mut bodies = Vec::new();
    loop {
        let receive = client.receive_message().queue_url(&url).max_number_of_messages(10);
        let received = receive.send().await.unwrap();
        if received.messages().is_empty() {
            break;
        }
        for message in received.messages() {
            bodies.push(message.body().unwrap().to_owned());
            let handle = message.receipt_handle().unwrap();
            client.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
        }
    }
    bodies.sort();
    let mut expected: Vec<_> = (0..40).flat_map(|n| [format!("m{n}"), format!("m{n}")]).collect();
    expected.sort();
    assert_eq!(bodies, expected);
    assert_eq!(fixture.cloud.fault_counts()["message-duplicate"], 40);
}

#[tokio::test]
async fn a_delayed_message_is_counted_as_delayed_and_comes() {
    let (fixture, client, url) = faulty_cloud(&["message-delay=1:2s"]).await;
    for n in 0..20 {
        client.send_message().queue_url(&url).message_body(format!("m{n}")).send().await.unwrap();
    }
    let name = QueueAttributeName::ApproximateNumberOfMessagesDelayed;
    assert_ne!(attribute(&client, &url, name).await, "0");
    let mut bodies = std::collections::BTreeSet::new();
    while bodies.len() < 20 {
        let receive = client.receive_message().queue_url(&url).max_number_of_messages(10);
        let received = receive.wait_time_seconds(5).send().await.unwrap();
        bodies.extend(received.messages().iter().map(|m| m.body().unwrap().to_owned()));
    }
    assert_eq!(fixture.cloud.fault_counts()["message-delay"], 20);
}

#[tokio::test]
async fn reordered_messages_are_all_there_in_another_order() {
    let (fixture, client, url) = faulty_cloud(&["message-reorder=0.5"]).await;
    let sent: Vec<String> = (10..40).map(|n| format!("m{n}")).collect();
    for body in &sent {
        client.send_message().queue_url(&url).message_body(body).send().await.unwrap();
    }
    let mut bodies = Vec::new();
    for _ in 0..3 {
        let receive = client.receive_message().queue_url(&url).max_number_of_messages(10);
        let received = receive.send().await.unwrap();
        bodies.extend(received.messages().iter().map(|m| m.body().unwrap().to_owned()));
    }
    assert_ne!(bodies, sent);
    bodies.sort();
    assert_eq!(bodies, sent);
    assert!(fixture.cloud.fault_counts()["message-reorder"] > 0);
}
