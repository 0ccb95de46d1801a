//! The template as one deployment makes it: no parameter, condition or intrinsic is left.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::resolve::{Resolver, text_of};
use crate::{Finding, Scenario, Template};

/// A resource of a deployment.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its logical id.
    pub id: String,
    /// Its type.
    pub kind: String,
    /// What it says, resolved.
    pub properties: Value,
    /// `DeletionPolicy`, or empty.
    pub deletion_policy: String,
    /// `UpdateReplacePolicy`, or empty.
    pub update_replace_policy: String,
}

impl Resource {
    /// A property by its JSON pointer, `/RedrivePolicy/maxReceiveCount`; null if it is not there.
    pub(crate) fn get(&self, pointer: &str) -> &Value {
        self.properties.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, pointer: &str) -> String {
        text_of(self.get(pointer))
    }

    /// A number; CloudFormation takes it as text too.
    pub(crate) fn number(&self, pointer: &str) -> Option<f64> {
        number_of(self.get(pointer))
    }

    pub(crate) fn finding(&self, property: &str, problem: impl Into<String>) -> Finding {
        Finding::new(&self.id, property, problem)
    }
}

/// Everything that is deployed.
#[derive(Debug, Clone)]
pub struct Stack {
    /// By logical id.
    pub resources: BTreeMap<String, Resource>,
    /// The outputs, resolved.
    pub outputs: BTreeMap<String, Value>,
    /// Names that nothing answers to: where, and what.
    pub(crate) dangling: Vec<Finding>,
    /// How parameters are declared.
    pub(crate) declared: BTreeMap<String, Value>,
    scenario: Scenario,
}

impl Stack {
    pub(crate) fn new(template: &Template, scenario: &Scenario) -> Self {
        let resolver = Resolver::new(template, scenario);
        let mut dangling = Vec::new();
        let mut note = |resource: &str, property: &str| {
            let problems = resolver.take_problems();
            dangling.extend(problems.into_iter().map(|p| Finding::new(resource, property, p)));
        };
        let mut resources = BTreeMap::new();
        for (id, resource) in template.section("Resources") {
            if resolver.is_deployed(resource) {
                depends(&resolver, &resource["DependsOn"]);
                let properties = resolver.resolve(&resource["Properties"]);
                resources.insert(id.clone(), deployed(id, resource, properties));
            }
            note(id, "a name");
        }
        let mut outputs = BTreeMap::new();
        for (name, output) in template.section("Outputs") {
            if resolver.is_deployed(output) {
                outputs.insert(name.clone(), resolver.resolve(&output["Value"]));
            }
            note("Outputs", name);
        }
        let declared = template.section("Parameters").map(|(n, d)| (n.clone(), d.clone()));
        let declared = declared.collect();
        Self { resources, outputs, dangling, declared, scenario: scenario.clone() }
    }

    /// All of a type.
    pub(crate) fn of<'s>(&'s self, kind: &'static str) -> impl Iterator<Item = &'s Resource> {
        self.resources.values().filter(move |resource| resource.kind == kind)
    }

    /// The text of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.scenario.text(name)
    }
}

fn deployed(id: &str, resource: &Value, properties: Value) -> Resource {
    Resource {
        id: id.to_owned(),
        kind: text_of(&resource["Type"]),
        properties,
        deletion_policy: text_of(&resource["DeletionPolicy"]),
        update_replace_policy: text_of(&resource["UpdateReplacePolicy"]),
    }
}

fn depends(resolver: &Resolver<'_>, on: &Value) {
    for id in list(on) {
        resolver.check_name(&text_of(id));
    }
}

/// What may be one thing or several.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    }
}

/// What may be one text or several.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    list(value).into_iter().map(text_of).collect()
}

pub(crate) fn number_of(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
