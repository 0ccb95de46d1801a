//! The template as it is written.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::yaml;

/// A template that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct TemplateError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

/// A template, nothing resolved.
#[derive(Debug, Clone)]
pub struct Template {
    root: Value,
}

impl Template {
    /// Parses YAML.
    ///
    /// # Errors
    /// If it is none, or has no resources.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let root = yaml::parse(source)?;
        if root["Resources"].is_object() {
            return Ok(Self { root });
        }
        Err(TemplateError { line: 1, problem: "no Resources".to_owned() })
    }

    /// The entries of a section; none if it is not there.
    pub(crate) fn section(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.root.get(name).and_then(Value::as_object).into_iter().flat_map(Map::iter)
    }

    pub(crate) fn resource(&self, id: &str) -> Option<&Value> {
        self.root["Resources"].get(id)
    }

    pub(crate) fn condition(&self, name: &str) -> Option<&Value> {
        self.root.get("Conditions")?.get(name)
    }

    pub(crate) fn mapping(&self, keys: &[String]) -> Option<&Value> {
        let mut found = self.root.get("Mappings")?;
        for key in keys {
            found = found.get(key)?;
        }
        Some(found)
    }
}
