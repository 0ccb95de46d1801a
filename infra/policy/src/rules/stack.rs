//! The stack as a whole.

use serde_json::Value;

use crate::path::OrderPath;
use crate::{Finding, Resource, Rule, Stack};

pub(super) const WHOLE: Rule = Rule {
    id: "R00",
    demands: "a method, a queue, its dead letters, a function and a bucket, each leading to the next",
    or_else: "an order comes to a place from which nothing takes it on",
    check: whole,
};

fn whole(stack: &Stack) -> Vec<Finding> {
    let OrderPath { methods, queue, processor, bucket, .. } = stack.path();
    let parts = [
        (!methods.is_empty(), "no method of an AWS::Serverless::Api"),
        (queue.is_some(), "no queue that a method sends to"),
        (processor.is_some(), "no function that this queue invokes"),
        (bucket.is_some(), "no bucket that the function is told of (VAZAO_DOCUMENTS_BUCKET)"),
    ];
    let missing = parts.iter().filter(|(there, _)| !there);
    missing.map(|(_, problem)| Finding::new("Resources", "the order's path", *problem)).collect()
}

pub(super) const KNOWN_PROPERTIES: Rule = Rule {
    id: "R01",
    demands: "every property on the order's path is one that its type has",
    or_else: "a property that is misspelt is a default that nobody chose",
    check: known_properties,
};

/// The properties that we use or might, of the types on the order's path.
const PROPERTIES: &[(&str, &[&str])] = &[
    (
        "AWS::SQS::Queue",
        &[
            "QueueName",
            "VisibilityTimeout",
            "MessageRetentionPeriod",
            "SqsManagedSseEnabled",
            "KmsMasterKeyId",
            "KmsDataKeyReusePeriodSeconds",
            "RedrivePolicy",
            "RedriveAllowPolicy",
            "DelaySeconds",
            "FifoQueue",
            "MaximumMessageSize",
            "ReceiveMessageWaitTimeSeconds",
            "Tags",
        ],
    ),
    (
        "AWS::S3::Bucket",
        &[
            "BucketName",
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
            "BucketEncryption",
            "VersioningConfiguration",
            "ObjectLockEnabled",
            "ObjectLockConfiguration",
            "IntelligentTieringConfigurations",
            "LifecycleConfiguration",
            "InventoryConfigurations",
            "LoggingConfiguration",
            "MetricsConfigurations",
            "ReplicationConfiguration",
            "Tags",
        ],
    ),
    (
        "AWS::Serverless::Function",
        &[
            "FunctionName",
            "Description",
            "CodeUri",
            "Handler",
            "Runtime",
            "Architectures",
            "MemorySize",
            "Timeout",
            "Role",
            "LoggingConfig",
            "AutoPublishAlias",
            "AutoPublishAliasAllProperties",
            "DeploymentPreference",
            "VpcConfig",
            "Environment",
            "EventInvokeConfig",
            "Events",
            "ReservedConcurrentExecutions",
            "EphemeralStorage",
            "Layers",
            "Policies",
            "Tracing",
            "Tags",
        ],
    ),
    (
        "AWS::Serverless::Api",
        &[
            "Name",
            "Description",
            "StageName",
            "EndpointConfiguration",
            "DisableExecuteApiEndpoint",
            "AccessLogSetting",
            "MethodSettings",
            "DefinitionBody",
            "TracingEnabled",
            "Variables",
            "Tags",
        ],
    ),
    (
        "AWS::ApiGateway::UsagePlan",
        &["UsagePlanName", "Description", "ApiStages", "Throttle", "Quota", "Tags"],
    ),
];

/// Of the mapping from a queue to a function.
const MAPPING: &[&str] = &[
    "Queue",
    "BatchSize",
    "Enabled",
    "FilterCriteria",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "ProvisionedPollerConfig",
    "ScalingConfig",
];

fn known_properties(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for (kind, known) in PROPERTIES {
        for resource in stack.of(kind) {
            found.extend(unknown(resource, &resource.properties, known, kind));
        }
    }
    let path = stack.path();
    if let (Some(function), Some(mapping)) = (path.processor, path.mapping) {
        found.extend(unknown(function, mapping, MAPPING, "the SQS event"));
    }
    if let Some(queue) = path.queue {
        let known = ["deadLetterTargetArn", "maxReceiveCount"];
        found.extend(unknown(queue, queue.get("/RedrivePolicy"), &known, "RedrivePolicy"));
    }
    found
}

fn unknown(resource: &Resource, of: &Value, known: &[&str], kind: &str) -> Vec<Finding> {
    let names = of.as_object().into_iter().flatten().map(|(name, _)| name);
    let others = names.filter(|name| !known.contains(&name.as_str()));
    others.map(|name| resource.finding(name, format!("{kind} has no such property"))).collect()
}

pub(super) const NO_DANGLING_NAMES: Rule = Rule {
    id: "R02",
    demands: "every Ref, GetAtt, Sub, condition and DependsOn names what is deployed, and an attribute it has",
    or_else: "the deployment fails, in production too where only its conditions are met",
    check: |stack| stack.dangling.clone(),
};

pub(super) const RETAINED: Rule = Rule {
    id: "R29",
    demands: "queues and the bucket outlive the stack and their own replacement",
    or_else: "whoever deletes the stack, or renames a queue, deletes accepted orders",
    check: retained,
};

fn retained(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in stack.of("AWS::SQS::Queue").chain(stack.of("AWS::S3::Bucket")) {
        for (name, policy) in [
            ("DeletionPolicy", &resource.deletion_policy),
            ("UpdateReplacePolicy", &resource.update_replace_policy),
        ] {
            if policy != "Retain" {
                found.push(resource.finding(name, "must be Retain"));
            }
        }
    }
    found
}

pub(super) const OUTPUTS: Rule = Rule {
    id: "R53",
    demands: "the outputs by which `vazao` finds the system",
    or_else: "whoever counts orders looks at another system's queue and bucket",
    check: outputs,
};

const OUTPUT_NAMES: [&str; 7] = [
    "OrdersUrl",
    "OrderQueueUrl",
    "DeadLetterQueueUrl",
    "DocumentsBucketName",
    "FunctionName",
    "ApiName",
    "StageName",
];

fn outputs(stack: &Stack) -> Vec<Finding> {
    let missing = OUTPUT_NAMES.iter().filter(|name| !stack.outputs.contains_key(**name));
    missing.map(|name| Finding::new("Outputs", name, "is missing")).collect()
}
