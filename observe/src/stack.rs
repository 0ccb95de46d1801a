//! What a deployed stack says of itself: the outputs of infra/template.yaml.

use std::collections::BTreeMap;

use crate::{Cloud, ObserveError};

/// A deployed stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    name: String,
    outputs: BTreeMap<String, String>,
}

impl Stack {
    /// Reads a stack by its name.
    ///
    /// # Errors
    /// If there is none, if it is not there as a whole, or if CloudFormation does not answer.
    pub async fn read(cloud: &Cloud, name: &str) -> Result<Self, ObserveError> {
        let failure = || ObserveError::service("CloudFormation", "DescribeStacks");
        let answer = cloud.cloudformation.describe_stacks().stack_name(name).send().await;
        let answer = answer.map_err(|error| failure()(error.into()))?;
        let missing = |what: &str| ObserveError::Stack { name: name.to_owned(), what: what.into() };
        let stack = answer.stacks().first().ok_or_else(|| missing("is not there"))?;
        let status = stack.stack_status().map_or("", |status| status.as_str());
        // Of a stack that is being changed or that failed, the outputs may be of what is gone.
        if !matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE") {
            return Err(missing(&format!("is in the state {status}: wait, or deploy it again")));
        }
        let outputs = stack.outputs().iter().filter_map(|output| {
            Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
        });
        Ok(Self { name: name.to_owned(), outputs: outputs.collect() })
    }

    /// An output.
    ///
    /// # Errors
    /// If the stack has none of this name.
    pub fn output(&self, key: &str) -> Result<&str, ObserveError> {
        self.outputs.get(key).map(String::as_str).ok_or_else(|| ObserveError::Stack {
            name: self.name.clone(),
            what: format!("has no output {key}: it is not one of infra/template.yaml"),
        })
    }
}
