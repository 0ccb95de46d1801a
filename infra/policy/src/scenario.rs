//! The ways in which a template can be deployed.
//!
//! A parameter of several values that a condition or a rule reads takes all of them, each with all
//! of the others. With each of these, as little as possible is given of what is optional (its
//! default is empty), and all of it; and numbers have their defaults, or all the least value, or all
//! the most. With the first and the last of them, each of what is optional is also given alone, or
//! with what it needs, and all but it. What the template's `Rules` refuse is left out, as
//! CloudFormation would.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

use crate::resolve::Resolver;
use crate::{Stack, Template};

/// As many optional parameters as one of them, or a switch, may need beside it: a domain needs its
/// name, its certificate and its authorities.
const NEEDS_MAX: usize = 3;

/// The parameters of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scenario {
    parameters: BTreeMap<String, Parameter>,
    /// Those that do not have their default.
    changed: BTreeSet<String>,
}

/// A value; `Value` has no order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Parameter {
    Text(String),
    Number(i64),
    List(Vec<String>),
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changed.is_empty() {
            return write!(f, "the defaults");
        }
        let told: Vec<String> =
            self.changed.iter().map(|name| format!("{name}={}", self.told(name))).collect();
        write!(f, "{}", told.join(" "))
    }
}

impl Scenario {
    /// The value of a parameter.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        self.parameters.get(name).map(|parameter| match parameter {
            Parameter::Text(text) => json!(text),
            Parameter::Number(number) => json!(number),
            Parameter::List(items) => json!(items),
        })
    }

    /// The text of a parameter; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.parameters.get(name) {
            Some(Parameter::Text(text)) => text,
            Some(Parameter::Number(_) | Parameter::List(_)) | None => "",
        }
    }

    fn told(&self, name: &str) -> String {
        match &self.parameters[name] {
            Parameter::Text(text) => text.clone(),
            Parameter::Number(number) => number.to_string(),
            Parameter::List(items) => items.join(","),
        }
    }

    fn with(&self, name: &str, value: Parameter) -> Self {
        let mut with = self.clone();
        with.parameters.insert(name.to_owned(), value);
        with.changed.insert(name.to_owned());
        with
    }

    fn with_all(&self, values: &[(&String, Parameter)]) -> Self {
        values.iter().fold(self.clone(), |with, (name, value)| with.with(name, value.clone()))
    }
}

impl Template {
    /// Every way to deploy that is looked at.
    pub fn scenarios(&self) -> Vec<Scenario> {
        let base = self.defaults();
        let given: Vec<(&String, Parameter)> =
            self.section("Parameters").filter_map(optional).collect();
        // Where nothing helps, nothing is optional: production without its lock.
        let mut switched = self.switched(&base);
        switched.retain(|scenario| self.is_deployable(&scenario.with_all(&given)));
        let mut all = BTreeSet::new();
        for scenario in &switched {
            let least = self.completed(scenario, &given);
            for scenario in least.into_iter().chain([scenario.with_all(&given)]) {
                let ends = ["MinValue", "MaxValue"].map(|bound| self.ends(bound));
                all.extend(ends.iter().map(|ends| scenario.with_all(ends)));
                all.insert(scenario);
            }
        }
        for scenario in switched.first().into_iter().chain(switched.last()) {
            for (index, (name, value)) in given.iter().enumerate() {
                all.extend(self.completed(&scenario.with(name, value.clone()), &given));
                let others = [&given[..index], &given[index + 1..]].concat();
                all.insert(scenario.with_all(&others));
            }
        }
        all.into_iter().filter(|scenario| self.is_deployable(scenario)).collect()
    }

    /// The scenario with the fewest optional parameters more that let it be deployed.
    fn completed(&self, scenario: &Scenario, given: &[(&String, Parameter)]) -> Option<Scenario> {
        (0..=NEEDS_MAX).find_map(|more| self.completed_by(scenario, given, more))
    }

    fn completed_by(
        &self,
        scenario: &Scenario,
        given: &[(&String, Parameter)],
        more: usize,
    ) -> Option<Scenario> {
        if more == 0 {
            return self.is_deployable(scenario).then(|| scenario.clone());
        }
        given.iter().enumerate().find_map(|(index, (name, value))| {
            let with = scenario.with(name, value.clone());
            self.completed_by(&with, &given[index + 1..], more - 1)
        })
    }

    /// Whether both can be deployed in the same ways.
    pub(crate) fn is_deployed_like(&self, other: &Template) -> bool {
        let sections = ["Parameters", "Conditions", "Rules"];
        sections.iter().all(|name| self.section(name).eq(other.section(name)))
    }

    /// The stack that these parameters make.
    pub fn stack(&self, scenario: &Scenario) -> Stack {
        Stack::new(self, scenario)
    }

    fn defaults(&self) -> Scenario {
        let parameters = self.section("Parameters");
        let parameters = parameters.map(|(name, declared)| (name.clone(), default(name, declared)));
        Scenario { parameters: parameters.collect(), changed: BTreeSet::new() }
    }

    /// The bound of every number that has one.
    fn ends(&self, bound: &str) -> Vec<(&String, Parameter)> {
        let ends = self.section("Parameters").filter_map(|(name, declared)| {
            Some((name, Parameter::Number(declared[bound].as_i64()?)))
        });
        ends.collect()
    }

    /// Every value of every switch with every other.
    fn switched(&self, base: &Scenario) -> Vec<Scenario> {
        let mut scenarios = vec![base.clone()];
        for (name, declared) in self.section("Parameters").filter(|(name, _)| self.decides(name)) {
            let Some(values) = declared["AllowedValues"].as_array() else { continue };
            let others = values.iter().filter_map(Value::as_str).filter(|v| *v != base.text(name));
            let others: Vec<&str> = others.collect();
            let changed: Vec<Scenario> = scenarios
                .iter()
                .flat_map(|s| others.iter().map(|v| s.with(name, Parameter::Text((*v).to_owned()))))
                .collect();
            scenarios.extend(changed);
        }
        scenarios
    }

    /// Whether a condition or a rule reads the parameter.
    fn decides(&self, name: &str) -> bool {
        let mut read = self.section("Conditions").chain(self.section("Rules"));
        read.any(|(_, value)| value.to_string().contains(&json!({"Ref": name}).to_string()))
    }

    fn is_deployable(&self, scenario: &Scenario) -> bool {
        let resolver = Resolver::new(self, scenario);
        self.section("Rules").all(|(_, rule)| {
            let applies = rule.get("RuleCondition").is_none_or(|c| resolver.holds(c));
            let assertions = rule["Assertions"].as_array().into_iter().flatten();
            !applies || assertions.map(|each| &each["Assert"]).all(|a| resolver.holds(a))
        })
    }
}

fn default(name: &str, declared: &Value) -> Parameter {
    match (&declared["Default"], declared["Type"].as_str()) {
        (Value::Number(number), _) => Parameter::Number(number.as_i64().unwrap_or_default()),
        (Value::String(text), Some("CommaDelimitedList")) => {
            Parameter::List(text.split(',').map(str::to_owned).collect())
        }
        (Value::String(text), _) => Parameter::Text(text.clone()),
        _ => Parameter::Text(format!("given-{name}")),
    }
}

/// The value of a parameter that may be left out, if it is one.
fn optional<'p>((name, declared): (&'p String, &Value)) -> Option<(&'p String, Parameter)> {
    let text = format!("-given-{}", name.to_lowercase());
    if declared["Default"] != "" {
        return None;
    }
    let list = declared["Type"] == "CommaDelimitedList";
    Some((name, if list { Parameter::List(vec![text]) } else { Parameter::Text(text) }))
}
