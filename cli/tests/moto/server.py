"""moto, which imitates AWS without us, with our stack in it, on a free port of 127.0.0.1.

The stack is made as CloudFormation makes it: the template through AWS's own SAM translator, the
result through CreateStack. Every operation is throttled twice before it is answered, as a busy
account is: whoever does not try again does not get through.

The first argument is a file that says what to put there: {"objects": [key], "messages": [{"body",
"partner", "orderNumber"}], "stacks": {name: {output: value}}}, the last being stacks that say so and
have nothing. Prints one line of JSON when it is ready, and ends with its standard
input.
"""

import json
import os
import sys
import threading
from collections import Counter
from pathlib import Path

os.environ.update(
    AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="sa-east-1"
)

import boto3  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

TEMPLATE = Path(__file__).parents[3] / "infra/template.yaml"

# How often an operation is refused before it is answered, once `Throttle.is_on`.
REFUSALS = 2

# moto does not read methods out of an OpenAPI body, and deploys no API without them; its
# CloudFormation has no aliases of functions.
LEFT_OUT = {
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::Lambda::Alias",
}

PARAMETERS = {
    "DatabaseUrl": "postgres://shop@db.example/orders",
    "CertificateFile": "/opt/certificate.p12",
}


class Throttle:
    """Refuses the first requests of each operation."""

    def __init__(self, app):
        self.app, self.is_on, self.seen, self.lock = app, False, Counter(), threading.Lock()

    def __call__(self, environ, start_response):
        if not self.is_on:
            return self.app(environ, start_response)
        operation = self.operation(environ)
        with self.lock:
            self.seen[operation] += 1
            is_refused = self.seen[operation] % (REFUSALS + 1) != 0
        if not is_refused:
            return self.app(environ, start_response)
        start_response("503 Slow Down", [("Content-Type", "application/xml")])
        return [b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"]

    @staticmethod
    def operation(environ):
        # S3: method and path; JSON and CBOR protocols: the target, or the path; query: all POST /.
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        return environ["REQUEST_METHOD"], environ["PATH_INFO"], target


def plain_template():
    """What CloudFormation makes of the template."""
    template = yaml_parse(TEMPLATE.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://code/bootstrap.zip"
    translated = transform(template, dict(PARAMETERS), ManagedPolicyLoader(boto3.client("iam")))
    translated = without_aliases(translated)
    translated["Resources"] = {
        name: {key: value for key, value in resource.items() if key != "DependsOn"}
        for name, resource in translated["Resources"].items()
        if resource["Type"] not in LEFT_OUT
    }
    return json.dumps(translated)


def without_aliases(template):
    """moto's CloudFormation knows no alias of a function: what refers to one gets the function."""
    aliases = {
        name: resource["Properties"]["FunctionName"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Alias"
    }

    def replaced(value):
        if isinstance(value, dict):
            if set(value) == {"Ref"} and value["Ref"] in aliases:
                return aliases[value["Ref"]]
            return {key: replaced(each) for key, each in value.items()}
        return [replaced(each) for each in value] if isinstance(value, list) else value

    return replaced(template)


def make_stack(client):
    client("s3").create_bucket(
        Bucket="code", CreateBucketConfiguration={"LocationConstraint": "sa-east-1"}
    )
    client("s3").put_object(Bucket="code", Key="bootstrap.zip", Body=b"PK\x05\x06" + bytes(18))
    cloudformation = client("cloudformation")
    names = set(yaml_parse(TEMPLATE.read_text())["Parameters"])
    cloudformation.create_stack(
        StackName="orders-test",
        TemplateBody=plain_template(),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in PARAMETERS.items()
            if name in names
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    [stack] = cloudformation.describe_stacks(StackName="orders-test")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def fill(client, outputs, wanted):
    s3, sqs = client("s3"), client("sqs")
    for key in wanted["objects"]:
        s3.put_object(Bucket=outputs["DocumentsBucketName"], Key=key, Body=b"{}")
    for message in wanted["messages"]:
        attributes = {
            name: {"DataType": "String", "StringValue": message[name]}
            for name in ("partner", "orderNumber")
        }
        sqs.send_message(
            QueueUrl=outputs["DeadLetterQueueUrl"],
            MessageBody=message["body"],
            MessageAttributes=attributes,
        )


def make_others(client, stacks):
    for name, outputs in stacks.items():
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {key: {"Value": value} for key, value in outputs.items()},
        }
        client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def main():
    throttle = Throttle(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, throttle, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    client = lambda service: boto3.client(service, endpoint_url=endpoint)  # noqa: E731
    outputs = make_stack(client)
    wanted = json.loads(Path(sys.argv[1]).read_text())
    fill(client, outputs, wanted)
    make_others(client, wanted.get("stacks", {}))
    throttle.is_on = True
    print(json.dumps({"endpoint": endpoint, "outputs": outputs}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
