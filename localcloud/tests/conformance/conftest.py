"""One suite, two arms: against localcloud, or with SQS_CONFORMANCE=aws against AWS itself.

VAZAO_ENDPOINT is the address of `localcloud/examples/serve.rs`. Against AWS the usual
variables give credentials; the queues made here are deleted again and cost next to nothing.
"""

import os
import uuid

import boto3
import pytest
from botocore.config import Config

AWS = os.environ.get("SQS_CONFORMANCE") == "aws"


def _client(endpoint):
    arguments = {"region_name": os.environ.get("AWS_REGION", "us-east-1")}
    if not AWS:
        arguments |= {
            "endpoint_url": endpoint,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }
    return boto3.client("sqs", config=Config(retries={"max_attempts": 0}), **arguments)


@pytest.fixture(scope="session")
def endpoint():
    return "" if AWS else os.environ["VAZAO_ENDPOINT"]


@pytest.fixture(scope="session")
def sqs(endpoint):
    return _client(endpoint)


@pytest.fixture
def make(sqs):
    """Makes queues with names of their own and deletes them afterwards."""
    urls = []

    def make(attributes=None, fifo=False, **more):
        name = f"conformance-{uuid.uuid4()}" + (".fifo" if fifo else "")
        attributes = dict(attributes or {})
        if fifo:
            attributes["FifoQueue"] = "true"
        url = sqs.create_queue(QueueName=name, Attributes=attributes, **more)["QueueUrl"]
        urls.append(url)
        return url

    yield make
    for url in urls:
        try:
            sqs.delete_queue(QueueUrl=url)
        except sqs.exceptions.QueueDoesNotExist:
            pass


@pytest.fixture
def arn(sqs):
    def arn(url):
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

    return arn
