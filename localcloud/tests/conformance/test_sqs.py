"""SQS as its API reference and recorded answers of AWS describe it."""

import hashlib
import json
import os
import subprocess
import sys
import time
import uuid

import pytest
import urllib.request
from botocore.exceptions import ClientError

LOCAL = pytest.mark.skipif(
    os.environ.get("SQS_CONFORMANCE") == "aws", reason="unsigned requests, or a minute of waiting"
)


def refused(call, code, message=None, status=400):
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    if message is not None:
        assert answer["Error"]["Message"] == message
    return answer


# Queues


@pytest.mark.parametrize("name", ["", "a" * 81, "a/b", "a.b", "a b", "x.fifo"])
def test_a_bad_name_is_refused(sqs, name):
    refused(
        lambda: sqs.create_queue(QueueName=name),
        "InvalidParameterValue",
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    )


def test_a_fifo_queue_needs_its_suffix(sqs):
    refused(
        lambda: sqs.create_queue(QueueName="x", Attributes={"FifoQueue": "true"}),
        "InvalidParameterValue",
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or"
        " underscores, must end with .fifo suffix and be 1 to 80 in length",
    )


def test_making_a_queue_again_is_no_error_unless_it_would_differ(sqs, make, arn):
    dead = arn(make())
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 3})
    attributes = {"DelaySeconds": "7", "RedrivePolicy": policy}
    url = make(attributes)
    name = url.rsplit("/", 1)[1]
    assert sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"] == url
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == url
    answer = refused(
        lambda: sqs.create_queue(QueueName=name, Attributes={"DelaySeconds": "8"}),
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute DelaySeconds",
    )
    assert answer["Error"]["QueryErrorCode"] == "QueueNameExists"


@pytest.mark.parametrize(
    "name,least,most",
    [
        ("VisibilityTimeout", 0, 43200),
        ("MessageRetentionPeriod", 60, 1209600),
        ("DelaySeconds", 0, 900),
        ("ReceiveMessageWaitTimeSeconds", 0, 20),
        ("MaximumMessageSize", 1024, 1048576),
    ],
)
def test_an_attribute_has_its_limits(sqs, make, name, least, most):
    url = make()
    for value in (least, most):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(value)})
        got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
        assert got == {name: str(value)}
    for value in (least - 1, most + 1, "x"):
        refused(
            lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(value)}),
            "InvalidAttributeValue",
            f"Invalid value for the parameter {name}.",
        )


def test_a_new_queue_has_the_documented_attributes(sqs, make):
    url = make()
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    for name in ("CreatedTimestamp", "LastModifiedTimestamp"):
        assert abs(int(got.pop(name)) - time.time()) < 300
    assert got.pop("QueueArn").split(":")[:3] == ["arn", "aws", "sqs"]
    assert got == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }


def test_a_new_fifo_queue_has_more(sqs, make):
    url = make(fifo=True)
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    names = ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
    assert [got[name] for name in names] == ["true", "false", "queue", "perQueue"]


def test_unknown_attributes(sqs, make):
    url = make()
    text = "Unknown Attribute Colour."
    get = lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "Colour"])
    refused(get, "InvalidAttributeName", text)
    change = lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"Colour": "red"})
    refused(change, "InvalidAttributeName", text)
    fifo = lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"FifoQueue": "true"})
    refused(fifo, "InvalidAttributeName", "Unknown Attribute FifoQueue.")
    ordered = make(fifo=True)
    back = lambda: sqs.set_queue_attributes(QueueUrl=ordered, Attributes={"FifoQueue": "false"})
    refused(
        back,
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    )


@pytest.mark.parametrize(
    "policy,reason",
    [
        ("nonsense", "Redrive policy is not a valid JSON map."),
        ({"maxReceiveCount": 1}, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
        ({"deadLetterTargetArn": "ARN"}, "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
        (
            {"deadLetterTargetArn": "ARN", "maxReceiveCount": 0},
            "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
        ),
        (
            {"deadLetterTargetArn": "ARN", "maxReceiveCount": 1001},
            "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.",
        ),
        ({"deadLetterTargetArn": "ARNx", "maxReceiveCount": 1}, "Dead letter target does not exist."),
    ],
)
def test_a_bad_redrive_policy_is_refused(sqs, make, arn, policy, reason):
    url, dead = make(), arn(make())
    text = policy if isinstance(policy, str) else json.dumps(policy).replace("ARN", dead)
    refused(
        lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": text}),
        "InvalidParameterValue",
        f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}",
    )


def test_a_dead_letter_queue_can_refuse_its_sources(sqs, make, arn):
    dead, source = make(), make()
    policy = json.dumps({"redrivePermission": "denyAll"})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": policy})
    redrive = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1})
    set_redrive = lambda: sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": redrive})
    refused(set_redrive, "InvalidParameterValue")
    policy = json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [arn(source)]})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": policy})
    set_redrive()
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [source]


def test_the_two_encryptions_exclude_each_other(sqs, make):
    url = make({"KmsMasterKeyId": "k", "KmsDataKeyReusePeriodSeconds": "6000"})
    names = ["SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"]
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert [got[name] for name in names] == ["false", "k", "6000"]
    both = {"KmsMasterKeyId": "k", "SqsManagedSseEnabled": "true"}
    refused(lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=both), "InvalidAttributeName")


def test_a_queue_that_is_not_there(sqs, make):
    url = make() + "x"
    calls = [
        lambda: sqs.send_message(QueueUrl=url, MessageBody="x"),
        lambda: sqs.receive_message(QueueUrl=url),
        lambda: sqs.delete_queue(QueueUrl=url),
        lambda: sqs.purge_queue(QueueUrl=url),
        lambda: sqs.list_queue_tags(QueueUrl=url),
        lambda: sqs.get_queue_url(QueueName=url.rsplit("/", 1)[1]),
        lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]),
    ]
    for call in calls:
        code = "AWS.SimpleQueueService.NonExistentQueue"
        refused(call, code, "The specified queue does not exist.")


def test_queues_are_listed_by_prefix_and_page(sqs, make):
    prefix = f"page-{uuid.uuid4()}"
    urls = [sqs.create_queue(QueueName=f"{prefix}-{n}")["QueueUrl"] for n in range(3)]
    try:
        assert sqs.list_queues(QueueNamePrefix=prefix)["QueueUrls"] == urls
        first = sqs.list_queues(QueueNamePrefix=prefix, MaxResults=2)
        assert first["QueueUrls"] == urls[:2]
        token = first["NextToken"]
        last = sqs.list_queues(QueueNamePrefix=prefix, MaxResults=2, NextToken=token)
        assert last["QueueUrls"] == urls[2:] and "NextToken" not in last
        assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=prefix + "-x")
    finally:
        for url in urls:
            sqs.delete_queue(QueueUrl=url)


def test_a_second_purge_within_a_minute_is_refused(sqs, make):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.purge_queue(QueueUrl=url)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    name = url.rsplit("/", 1)[1]
    refused(
        lambda: sqs.purge_queue(QueueUrl=url),
        "AWS.SimpleQueueService.PurgeQueueInProgress",
        f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.",
        status=403,
    )


def test_tags(sqs, make):
    url = make(tags={"a": "1"})
    sqs.tag_queue(QueueUrl=url, Tags={"b": "2", "c": ""})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "1", "b": "2", "c": ""}
    sqs.untag_queue(QueueUrl=url, TagKeys=["a", "b", "never"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"c": ""}
    sqs.untag_queue(QueueUrl=url, TagKeys=["c"])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)


def test_permissions(sqs, make, arn):
    url = make()
    account = "111111111111"
    add = lambda label, ids, actions: sqs.add_permission(
        QueueUrl=url, Label=label, AWSAccountIds=ids, Actions=actions
    )
    add("one", [account], ["SendMessage"])
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    assert json.loads(policy)["Statement"][0]["Action"] == "SQS:SendMessage"
    refused(
        lambda: add("one", [account], ["SendMessage"]),
        "InvalidParameterValue",
        "Value one for parameter Label is invalid. Reason: Already exists.",
    )
    many = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"]
    many += ["ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage"]
    text = "8 Actions were found, maximum allowed is 7."
    refused(lambda: add("two", [account], many), "OverLimit", text, status=403)
    refused(lambda: add("two", [account], ["DeleteQueue"]), "InvalidParameterValue")
    sqs.remove_permission(QueueUrl=url, Label="one")
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    refused(lambda: sqs.remove_permission(QueueUrl=url, Label="one"), "InvalidParameterValue")


# Messages


def test_digests_of_body_attributes_and_trace_header(sqs, make):
    url = make()
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="Johnson & Johnson +55 70%20ml",
        MessageAttributes={
            "n": {"DataType": "Number.int", "StringValue": "12"},
            "b": {"DataType": "Binary.png", "BinaryValue": b"\x00\xff"},
        },
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": trace}},
    )

    def digest(attributes):
        md5 = hashlib.md5()
        for name, kind, transport, value in sorted(attributes):
            for part in (name.encode(), kind.encode()):
                md5.update(len(part).to_bytes(4, "big") + part)
            md5.update(bytes([transport]) + len(value).to_bytes(4, "big") + value)
        return md5.hexdigest()

    assert sent["ResponseMetadata"]["RequestId"]
    assert sent["MD5OfMessageBody"] == hashlib.md5(b"Johnson & Johnson +55 70%20ml").hexdigest()
    own = [("n", "Number.int", 1, b"12"), ("b", "Binary.png", 2, b"\x00\xff")]
    assert sent["MD5OfMessageAttributes"] == digest(own)
    assert sent["MD5OfMessageSystemAttributes"] == digest(
        [("AWSTraceHeader", "String", 1, trace.encode())]
    )
    message = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"][0]
    assert message["Body"] == "Johnson & Johnson +55 70%20ml"
    assert message["MessageAttributes"]["b"] == {"DataType": "Binary.png", "BinaryValue": b"\x00\xff"}
    assert message["Attributes"]["AWSTraceHeader"] == trace
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


@pytest.mark.parametrize(
    "asked,given",
    [(["All"], "abc"), ([".*"], "abc"), (["a.*"], "a"), (["b", "c"], "bc"), (["x"], ""), ([], "")],
)
def test_message_attributes_are_chosen_by_name(sqs, make, asked, given):
    url = make()
    attributes = {n: {"DataType": "String", "StringValue": n} for n in ("a.one", "b", "c")}
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    message = sqs.receive_message(QueueUrl=url, MessageAttributeNames=asked)["Messages"][0]
    assert sorted(name[0] for name in message.get("MessageAttributes", {})) == sorted(given)
    assert ("MD5OfMessageAttributes" in message) == bool(given)


@pytest.mark.parametrize(
    "name,value,message",
    [
        ("ö", {"DataType": "String", "StringValue": "x"}, None),
        ("AWS.x", {"DataType": "String", "StringValue": "x"}, None),
        (".x", {"DataType": "String", "StringValue": "x"}, None),
        ("e", {"DataType": "String", "StringValue": ""}, "Message (user) attribute 'e' must contain a non-empty value of type 'String'."),
        ("e", {"DataType": "Number", "StringValue": "x"}, "Can't cast the value of message (user) attribute 'e' to a number."),
        ("e", {"DataType": "Text", "StringValue": "x"}, "The message attribute 'e' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."),
        ("e", {"DataType": "Binary", "StringValue": "x"}, None),
    ],
)
def test_a_bad_message_attribute_is_refused(sqs, make, name, value, message):
    url = make()
    send = lambda: sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes={name: value})
    refused(send, "InvalidParameterValue", message)


def test_sizes_and_characters(sqs, make):
    url = make()
    send = lambda body: sqs.send_message(QueueUrl=url, MessageBody=body)
    send("x" * 1048576)
    long = "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."
    refused(lambda: send("x" * 1048577), "InvalidParameterValue", long)
    refused(lambda: send(""), "MissingParameter", "The request must contain the parameter MessageBody.")
    for body in ("a\x01b", "\ufffe", "\uffff"):
        refused(lambda: send(body), "InvalidMessageContents")
    for body in ("\t\r\n", "ação", "\U0010ffff"):
        send(body)


@pytest.mark.parametrize(
    "parameter,value,reason",
    [
        ("MaxNumberOfMessages", 0, "Must be between 1 and 10, if provided."),
        ("MaxNumberOfMessages", 11, "Must be between 1 and 10, if provided."),
        ("WaitTimeSeconds", 21, "Must be >= 0 and <= 20, if provided."),
        ("WaitTimeSeconds", -1, "Must be >= 0 and <= 20, if provided."),
        ("VisibilityTimeout", 43201, "Must be >= 0 and <= 43200, if provided."),
    ],
)
def test_a_receive_has_its_limits(sqs, make, parameter, value, reason):
    url = make()
    text = f"Value {value} for parameter {parameter} is invalid. Reason: {reason}"
    call = lambda: sqs.receive_message(QueueUrl=url, **{parameter: value})
    refused(call, "InvalidParameterValue", text)


def test_batches(sqs, make):
    url = make()
    send = lambda entries: sqs.send_message_batch(QueueUrl=url, Entries=entries)
    entry = lambda id, body="x": {"Id": id, "MessageBody": body}
    prefix = "AWS.SimpleQueueService."
    refused(lambda: send([]), prefix + "EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request.")
    refused(lambda: send([entry(str(n)) for n in range(11)]), prefix + "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11.")
    refused(lambda: send([entry("a"), entry("b"), entry("b"), entry("a")]), prefix + "BatchEntryIdsNotDistinct", "Id b repeated.")
    for id in ("", "a b", "a" * 81):
        refused(lambda: send([entry(id)]), prefix + "InvalidBatchEntryId")
    refused(lambda: send([entry("a", "x" * 1048577)]), prefix + "BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")
    answer = send([entry("good"), entry("bad", "\x01"), entry("late")])
    assert [e["Id"] for e in answer["Successful"]] == ["good", "late"]
    assert [(e["Id"], e["Code"], e["SenderFault"]) for e in answer["Failed"]] == [("bad", "InvalidMessageContents", True)]
    assert "Failed" not in send([entry("only")])


def test_receipt_handles(sqs, make):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    text = 'The input receipt handle "fake" is not a valid receipt handle.'
    refused(lambda: sqs.delete_message(QueueUrl=url, ReceiptHandle="fake"), "ReceiptHandleIsInvalid", text)
    change = lambda handle, seconds: sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=seconds
    )
    refused(lambda: change("fake", 1), "ReceiptHandleIsInvalid", text)
    refused(lambda: change(handle, 43201), "InvalidParameterValue")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    refused(
        lambda: change(handle, 1),
        "InvalidParameterValue",
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.",
    )


def test_a_message_hidden_again_comes_back(sqs, make):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    again = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, AttributeNames=["ApproximateReceiveCount"])
    assert again["Messages"][0]["Attributes"] == {"ApproximateReceiveCount": "2"}


def test_a_delayed_message_waits(sqs, make):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=1)
    names = ["ApproximateNumberOfMessagesDelayed"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    if LOCAL:
        got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        assert got == {names[0]: "1"}
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"] == "x"


def test_dead_letters_go_and_come_back(sqs, make, arn):
    dead = make()
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 2})
    url = make({"RedrivePolicy": policy})
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert sqs.receive_message(QueueUrl=url, VisibilityTimeout=0, WaitTimeSeconds=5)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    message = sqs.receive_message(
        QueueUrl=dead, VisibilityTimeout=0, WaitTimeSeconds=5, MessageSystemAttributeNames=["All"]
    )["Messages"][0]
    assert message["MessageId"] == sent["MessageId"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn(url)
    text = "Source queue must be configured as a Dead Letter Queue."
    refused(lambda: sqs.start_message_move_task(SourceArn=arn(url)), "InvalidParameterValue", text)
    sqs.start_message_move_task(SourceArn=arn(dead))
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]["Body"] == "poison"
    task = sqs.list_message_move_tasks(SourceArn=arn(dead))["Results"][0]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)


def test_a_move_with_a_rate_can_be_cancelled(sqs, make, arn):
    dead, other = make(), make()
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1})
    make({"RedrivePolicy": policy})
    entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(10)]
    sqs.send_message_batch(QueueUrl=dead, Entries=entries)
    start = lambda: sqs.start_message_move_task(
        SourceArn=arn(dead), DestinationArn=arn(other), MaxNumberOfMessagesPerSecond=1
    )
    handle = start()["TaskHandle"]
    refused(start, "InvalidParameterValue", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
    task = sqs.list_message_move_tasks(SourceArn=arn(dead))["Results"][0]
    assert (task["Status"], task["TaskHandle"]) == ("RUNNING", handle)
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] < 10
    task = sqs.list_message_move_tasks(SourceArn=arn(dead))["Results"][0]
    assert task["Status"] in ("CANCELLING", "CANCELLED")
    refused(lambda: sqs.cancel_message_move_task(TaskHandle="x"), "InvalidParameterValue", "Value for parameter TaskHandle is invalid.")
    missing = arn(other) + "x"
    refused(
        lambda: sqs.start_message_move_task(SourceArn=arn(dead), DestinationArn=missing),
        "ResourceNotFoundException",
        "The resource that you specified for the DestinationArn parameter doesn't exist.",
        status=404,
    )


# FIFO


def test_a_group_keeps_its_order_and_waits_for_its_first(sqs, make):
    url = make(fifo=True)
    numbers = []
    for n in range(3):
        sent = sqs.send_message(QueueUrl=url, MessageBody=str(n), MessageGroupId="g", MessageDeduplicationId=str(n))
        numbers.append(sent["SequenceNumber"])
    assert numbers == sorted(numbers) and len(set(numbers)) == 3 and len(numbers[0]) == 20
    first = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"][0]
    attributes = first["Attributes"]
    assert (first["Body"], attributes["MessageGroupId"], attributes["MessageDeduplicationId"]) == ("0", "g", "0")
    assert attributes["SequenceNumber"] == numbers[0]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    rest = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in rest] == ["1", "2"]


@pytest.mark.parametrize("scope,stored", [("queue", 1), ("messageGroup", 2)])
def test_deduplication_is_per_queue_or_per_group(sqs, make, scope, stored):
    limit = "perMessageGroupId" if scope == "messageGroup" else "perQueue"
    url = make({"DeduplicationScope": scope, "FifoThroughputLimit": limit}, fifo=True)
    for group in ("a", "b", "a"):
        sqs.send_message(QueueUrl=url, MessageBody=group, MessageGroupId=group, MessageDeduplicationId="d")
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert len(got) == stored


def test_content_based_deduplication(sqs, make):
    url = make({"ContentBasedDeduplication": "true"}, fifo=True)
    send = lambda body: sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    one, same, other = send("x"), send("x"), send("y")
    assert one["MessageId"] == same["MessageId"] != other["MessageId"]
    assert one["SequenceNumber"] == same["SequenceNumber"]
    message = sqs.receive_message(QueueUrl=url, AttributeNames=["MessageDeduplicationId"])["Messages"][0]
    assert message["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"x").hexdigest()


def test_what_a_fifo_queue_refuses(sqs, make):
    url = make(fifo=True)
    send = lambda **more: sqs.send_message(QueueUrl=url, MessageBody="x", **more)
    refused(lambda: send(MessageDeduplicationId="d"), "MissingParameter", "The request must contain the parameter MessageGroupId.")
    refused(lambda: send(MessageGroupId="g"), "InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
    refused(
        lambda: send(MessageGroupId="g", MessageDeduplicationId="d", DelaySeconds=2),
        "InvalidParameterValue",
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
    )
    for bad in ("", "a" * 129, "a b"):
        refused(
            lambda: send(MessageGroupId="g", MessageDeduplicationId=bad),
            "InvalidParameterValue",
            f"Value {bad} for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        )
    send(MessageGroupId="g", MessageDeduplicationId="d")
    handle = sqs.receive_message(QueueUrl=url, VisibilityTimeout=1)["Messages"][0]["ReceiptHandle"]
    time.sleep(1.2)
    refused(
        lambda: sqs.delete_message(QueueUrl=url, ReceiptHandle=handle),
        "InvalidParameterValue",
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.",
    )


def test_a_standard_queue_takes_a_group_but_no_deduplication(sqs, make):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="tenant")
    message = sqs.receive_message(QueueUrl=url, AttributeNames=["MessageGroupId"])["Messages"][0]
    assert message["Attributes"] == {"MessageGroupId": "tenant"}
    refused(lambda: sqs.send_message(QueueUrl=url, MessageBody="x", MessageDeduplicationId="d"), "InvalidParameterValue")


# The protocols themselves


def post(url, headers, body):
    request = urllib.request.Request(url, data=body.encode(), headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read().decode()


@LOCAL
def test_an_error_in_the_json_protocol(endpoint):
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.GetQueueUrl"}
    status, headers, body = post(endpoint, headers, '{"QueueName": "nowhere"}')
    assert status == 400
    assert headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert json.loads(body)["__type"] == "com.amazonaws.sqs#QueueDoesNotExist"


@LOCAL
def test_an_error_in_the_query_protocol(endpoint):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, body = post(endpoint, headers, "Action=GetQueueUrl&QueueName=nowhere")
    assert status == 400
    assert "<Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in body
    assert "The specified queue does not exist for this wsdl version." in body


@LOCAL
def test_the_aws_cli_sends_receives_and_deletes(endpoint, make):
    url = make()
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    def aws(*arguments):
        command = [sys.executable, "-m", "awscli", "--endpoint-url", endpoint, "sqs", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout or "null")

    sent = aws("send-message", "--queue-url", url, "--message-body", "olá")
    message = aws("receive-message", "--queue-url", url)["Messages"][0]
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "olá")
    aws("delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
    assert url in aws("list-queues")["QueueUrls"]
