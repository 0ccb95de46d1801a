//! A cloud out of the template that is deployed: CloudFormation with SAM's resources, long-form
//! intrinsics and the OpenAPI body inline.
//!
//! What is neither imitated nor in the list of `template/unsimulated.rs` is a problem with its
//! line; nothing is silently ignored. Nothing here starts anything.

mod alarms;
mod fields;
mod intrinsics;
mod openapi;
mod resources;
mod unsimulated;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::config::CloudConfig;
use crate::gateway::Gateway;

use fields::Fields;
use intrinsics::Resolver;
use unsimulated::Notes;
pub use unsimulated::Unsimulated;
use yaml::Node;

/// What a template does not say.
#[derive(Clone, Debug)]
pub struct TemplateSettings {
    /// [`CloudConfig::data_dir`]
    pub data_dir: PathBuf,
    /// `AWS::Region`
    pub region: String,
    /// `AWS::AccountId`, twelve digits.
    pub account_id: String,
    /// `AWS::StackName`
    pub stack_name: String,
    /// The template's parameters, where they are not to have their defaults.
    pub parameters: BTreeMap<String, String>,
    /// The executables of this machine, by the functions' names.
    pub executables: BTreeMap<String, PathBuf>,
}

impl TemplateSettings {
    /// The region and account of AWS's own examples, and the parameters' defaults.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        TemplateSettings {
            data_dir: data_dir.into(),
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            stack_name: "local".to_owned(),
            parameters: BTreeMap::new(),
            executables: BTreeMap::new(),
        }
    }
}

/// One thing of a template to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateProblem {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

/// Why no cloud can be made of a template: one line a problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct TemplateError(pub Vec<TemplateProblem>);

impl From<TemplateProblem> for TemplateError {
    fn from(problem: TemplateProblem) -> Self {
        TemplateError(vec![problem])
    }
}

impl CloudConfig {
    /// The cloud that a template describes. API keys are made when a caller is, not by the
    /// template: the owner adds them to [`CloudConfig::api`].
    ///
    /// # Errors
    /// Every resource that cannot be imitated, each with its line.
    pub fn from_template(
        source: &str,
        settings: &TemplateSettings,
    ) -> Result<CloudConfig, TemplateError> {
        let root = yaml::parse(source)?;
        let mut notes = Notes::default();
        check_sections(&root, &mut notes)?;
        let resolver = Resolver::new(&root, settings)?;
        let mut config = CloudConfig::new(&settings.data_dir);
        config.region = settings.region.clone();
        config.account_id = settings.account_id.clone();
        let resources = root.get("Resources").ok_or_else(|| root.problem("no Resources"))?;
        let mut stack = resources::Stack::new(&resolver, settings, &mut config, &mut notes);
        let mut problems = Vec::new();
        for entry in resources.entries()? {
            if let Err(problem) = stack.add(&entry.name, &entry.value) {
                problems.push(problem);
            }
        }
        if problems.is_empty() {
            problems.extend(stack.finish().err());
        }
        if let (true, Some(api)) = (problems.is_empty(), &config.api) {
            problems.extend(Gateway::check(api).into_iter().map(|(line, problem)| {
                TemplateProblem { line: line.unwrap_or(resources.line), problem }
            }));
        }
        if !problems.is_empty() {
            return Err(TemplateError(problems));
        }
        config.unsimulated = notes.0;
        Ok(config)
    }
}

fn check_sections(root: &Node, notes: &mut Notes) -> Result<(), TemplateProblem> {
    let fields = Fields::of("template", root)?;
    fields.only("AWSTemplateFormatVersion", "2010-09-09")?;
    fields.only("Transform", "AWS::Serverless-2016-10-31")?;
    for section in ["Parameters", "Conditions", "Mappings", "Resources"] {
        fields.optional(section);
    }
    fields.finish(notes)
}

#[cfg(test)]
mod tests;
