//! The parts that an order passes, found by how they refer to each other and not by their names.

use serde_json::Value;

use crate::resolve::text_of;
use crate::stack::list;
use crate::{Resource, Stack};

/// A method of the API that hands requests to a queue.
#[derive(Debug, Clone, Copy)]
pub struct Method<'s> {
    /// The API.
    pub api: &'s Resource,
    /// The path, such as `/v1/orders/{orderNumber}`.
    pub path: &'s str,
    /// The verb, in small letters as OpenAPI has it.
    pub verb: &'s str,
    /// What OpenAPI says of it.
    pub says: &'s Value,
}

impl Method<'_> {
    /// Its integration.
    pub(crate) fn integration(&self) -> &Value {
        &self.says["x-amazon-apigateway-integration"]
    }

    /// Where a finding about it is.
    pub(crate) fn property(&self, rest: &str) -> String {
        format!("{} {} {rest}", self.verb, self.path)
    }
}

/// The way of an order. What is not there has been told by the rule `R00`.
#[derive(Debug, Clone)]
pub struct OrderPath<'s> {
    /// Methods of every API.
    pub methods: Vec<Method<'s>>,
    /// The queue that a method sends to.
    pub queue: Option<&'s Resource>,
    /// Where the queue sends what fails.
    pub dead_letters: Option<&'s Resource>,
    /// The function that the queue invokes.
    pub processor: Option<&'s Resource>,
    /// The mapping from queue to function.
    pub mapping: Option<&'s Value>,
    /// The function that documents what is owed.
    pub sweeper: Option<&'s Resource>,
    /// The function that looks at a day again.
    pub reconciler: Option<&'s Resource>,
    /// Where the function puts documents.
    pub bucket: Option<&'s Resource>,
}

impl Stack {
    /// The way of an order through the stack.
    pub fn path(&self) -> OrderPath<'_> {
        let methods: Vec<Method<'_>> =
            self.of("AWS::Serverless::Api").flat_map(methods_of).collect();
        let target = methods.iter().map(|method| text_of(&method.integration()["uri"])).next();
        let queue = target.and_then(|uri| {
            self.of("AWS::SQS::Queue")
                .find(|queue| uri.rsplit('/').next() == Some(&queue_name(queue)))
        });
        let dead = queue.map(|queue| queue.text("/RedrivePolicy/deadLetterTargetArn"));
        let dead_letters =
            dead.and_then(|arn| self.of("AWS::SQS::Queue").find(|queue| queue_arn(queue) == arn));
        let (processor, mapping) = self.processor(queue);
        let entered = |entry: &str| {
            self.of("AWS::Serverless::Function")
                .find(|function| function.text("/Environment/Variables/VAZAO_ENTRY") == entry)
        };
        let (sweeper, reconciler) = (entered("sweep"), entered("reconcile"));
        let bucket = processor
            .map(|function| function.text("/Environment/Variables/VAZAO_DOCUMENTS_BUCKET"))
            .and_then(|name| {
                self.of("AWS::S3::Bucket").find(|bucket| bucket.text("/BucketName") == name)
            });
        OrderPath { methods, queue, dead_letters, processor, mapping, sweeper, reconciler, bucket }
    }

    fn processor(&self, queue: Option<&Resource>) -> (Option<&Resource>, Option<&Value>) {
        for function in self.of("AWS::Serverless::Function") {
            let events = function.get("/Events").as_object().into_iter().flatten();
            for (_, event) in events.filter(|(_, event)| event["Type"] == "SQS") {
                let source = text_of(&event["Properties"]["Queue"]);
                if queue.is_some_and(|queue| queue_arn(queue) == source) {
                    return (Some(function), Some(&event["Properties"]));
                }
            }
        }
        (None, None)
    }
}

fn methods_of(api: &Resource) -> Vec<Method<'_>> {
    let paths = api.get("/DefinitionBody/paths").as_object().into_iter().flatten();
    let methods = paths.flat_map(|(path, methods)| {
        methods.as_object().into_iter().flatten().map(move |(verb, says)| (path, verb, says))
    });
    methods.map(|(path, verb, says)| Method { api, path, verb, says }).collect()
}

pub(crate) fn queue_name(queue: &Resource) -> String {
    queue.text("/QueueName")
}

pub(crate) fn queue_arn(queue: &Resource) -> String {
    format!("arn:aws:sqs:sa-east-1:111122223333:{}", queue_name(queue))
}

pub(crate) fn bucket_arn(bucket: &Resource) -> String {
    format!("arn:aws:s3:::{}", bucket.text("/BucketName"))
}

/// The statements of every resource policy of a type that names this resource's ARN, or its name.
pub(crate) fn statements_of<'s>(stack: &'s Stack, kind: &'static str) -> Vec<&'s Value> {
    stack.of(kind).flat_map(|policy| list(policy.get("/PolicyDocument/Statement"))).collect()
}
