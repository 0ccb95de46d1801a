//! Parameters, conditions, pseudo parameters and intrinsic functions: a node goes in, a node
//! without any of them comes out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::yaml::{Entry, Kind, Node};
use super::{TemplateProblem, TemplateSettings};

type Resolved<T> = Result<T, TemplateProblem>;

/// Longer chains of references are circles.
const DEPTH_MAX: usize = 60;

pub(super) struct Resolver<'t> {
    root: &'t Node,
    settings: &'t TemplateSettings,
    parameters: BTreeMap<String, Node>,
}

impl<'t> Resolver<'t> {
    /// Checks the parameters given against those declared.
    pub(super) fn new(root: &'t Node, settings: &'t TemplateSettings) -> Resolved<Self> {
        let mut parameters = BTreeMap::new();
        let declared = match root.get("Parameters") {
            Some(node) => node.entries()?,
            None => &[],
        };
        for entry in declared {
            let given = settings.parameters.get(&entry.name);
            parameters.insert(entry.name.clone(), parameter(entry, given)?);
        }
        if let Some(name) = settings.parameters.keys().find(|name| !parameters.contains_key(*name))
        {
            let known: Vec<_> = parameters.keys().map(String::as_str).collect();
            return Err(root.problem(format!(
                "the template has no parameter {name}; it has {}",
                known.join(", ")
            )));
        }
        Ok(Resolver { root, settings, parameters })
    }

    pub(super) fn resource(&self, id: &str) -> Option<&'t Node> {
        self.root.get("Resources")?.get(id)
    }

    pub(super) fn resolve(&self, node: &Node) -> Resolved<Node> {
        self.at(node, 0)
    }

    fn at(&self, node: &Node, depth: usize) -> Resolved<Node> {
        if depth > DEPTH_MAX {
            return Err(node.problem("references in a circle"));
        }
        let kind = match &node.kind {
            Kind::Scalar(_) | Kind::NoValue => return Ok(node.clone()),
            Kind::List(items) => {
                let items: Vec<_> =
                    items.iter().map(|item| self.at(item, depth + 1)).collect::<Resolved<_>>()?;
                Kind::List(items.into_iter().filter(|item| !is_no_value(item)).collect())
            }
            Kind::Map(entries) => match entries.as_slice() {
                [Entry { name, value, .. }] if name == "Ref" => {
                    return self.reference(&value.text()?, node, depth);
                }
                [Entry { name, value, .. }] if name.starts_with("Fn::") => {
                    return self.function(name, value, node, depth);
                }
                _ => Kind::Map(self.entries(entries, depth)?),
            },
        };
        Ok(Node { line: node.line, kind })
    }

    fn entries(&self, entries: &[Entry], depth: usize) -> Resolved<Vec<Entry>> {
        let mut resolved = Vec::with_capacity(entries.len());
        for Entry { name, line, value } in entries {
            if name.starts_with("Fn::") {
                return Err(TemplateProblem {
                    line: *line,
                    problem: format!("{name} must stand alone"),
                });
            }
            let value = self.at(value, depth + 1)?;
            if !is_no_value(&value) {
                resolved.push(Entry { name: name.clone(), line: *line, value });
            }
        }
        Ok(resolved)
    }

    fn function(&self, name: &str, value: &Node, whole: &Node, depth: usize) -> Resolved<Node> {
        let text = |text: String| Ok(Node::of_text(whole.line, text));
        let arguments = |count: usize| {
            let items = value.items()?;
            if items.len() == count {
                return Ok(items);
            }
            Err(value.problem(format!("{name} takes {count} arguments")))
        };
        match name {
            "Fn::GetAtt" => self.get_att(value, depth),
            "Fn::Sub" => text(self.sub(value, depth)?),
            "Fn::Join" => {
                let arguments = arguments(2)?;
                let parts = self.at(&arguments[1], depth + 1)?;
                let parts: Vec<_> =
                    parts.items()?.iter().map(Node::text).collect::<Resolved<_>>()?;
                text(parts.join(&arguments[0].text()?))
            }
            "Fn::If" => {
                let arguments = arguments(3)?;
                let holds = self.condition_named(&arguments[0].text()?, value, depth + 1)?;
                self.at(&arguments[if holds { 1 } else { 2 }], depth + 1)
            }
            "Fn::Select" => {
                let arguments = arguments(2)?;
                let index = self.at(&arguments[0], depth + 1)?.integer()?;
                let list = self.at(&arguments[1], depth + 1)?;
                let item = usize::try_from(index).ok().and_then(|at| list.items().ok()?.get(at));
                item.cloned().ok_or_else(|| value.problem("Fn::Select beyond the list"))
            }
            "Fn::Split" => {
                let arguments = arguments(2)?;
                let (by, whole) = (arguments[0].text()?, self.at(&arguments[1], depth + 1)?);
                let line = value.line;
                let parts = whole.text()?;
                let parts = parts.split(&by).map(|part| Node::of_text(line, part)).collect();
                Ok(Node { line, kind: Kind::List(parts) })
            }
            "Fn::FindInMap" => {
                let keys: Vec<_> = arguments(3)?
                    .iter()
                    .map(|argument| self.at(argument, depth + 1)?.text())
                    .collect::<Resolved<_>>()?;
                let mut found = self.root.get("Mappings");
                for key in &keys {
                    found = found.and_then(|node| node.get(key));
                }
                found.cloned().ok_or_else(|| value.problem("no such entry of Mappings"))
            }
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                Err(whole.problem(format!("{name} belongs under Conditions")))
            }
            other => Err(whole.problem(format!("the intrinsic {other} is not imitated"))),
        }
    }
}

impl Resolver<'_> {
    pub(super) fn condition_named(&self, name: &str, at: &Node, depth: usize) -> Resolved<bool> {
        let found = self.root.get("Conditions").and_then(|conditions| conditions.get(name));
        self.condition(found.ok_or_else(|| at.problem(format!("no condition {name}")))?, depth + 1)
    }

    fn condition(&self, node: &Node, depth: usize) -> Resolved<bool> {
        if depth > DEPTH_MAX {
            return Err(node.problem("conditions in a circle"));
        }
        let [Entry { name, value, .. }] = node.entries()? else {
            return Err(node.problem("a condition is one function"));
        };
        let each = || {
            let conditions = value.items()?.iter().map(|inner| self.condition(inner, depth + 1));
            conditions.collect::<Resolved<Vec<bool>>>()
        };
        match name.as_str() {
            "Condition" => self.condition_named(&value.text()?, value, depth),
            "Fn::Equals" => {
                let sides = value.items()?.iter().map(|side| self.at(side, depth + 1)?.text());
                match sides.collect::<Resolved<Vec<_>>>()?.as_slice() {
                    [left, right] => Ok(left == right),
                    _ => Err(value.problem("Fn::Equals takes 2 arguments")),
                }
            }
            "Fn::And" => Ok(each()?.into_iter().all(|holds| holds)),
            "Fn::Or" => Ok(each()?.into_iter().any(|holds| holds)),
            "Fn::Not" => match each()?.as_slice() {
                [holds] => Ok(!holds),
                _ => Err(value.problem("Fn::Not takes 1 argument")),
            },
            other => Err(node.problem(format!("{other} is not a condition"))),
        }
    }

    fn sub(&self, value: &Node, depth: usize) -> Resolved<String> {
        let (text, own) = match &value.kind {
            Kind::List(items) => match items.as_slice() {
                [text, own] => (text.text()?, Some(own)),
                _ => return Err(value.problem("Fn::Sub takes a text and its variables")),
            },
            Kind::Scalar(_) | Kind::Map(_) | Kind::NoValue => (value.text()?, None),
        };
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(begin) = rest.find("${") {
            out.push_str(&rest[..begin]);
            let (name, after) = rest[begin + 2..]
                .split_once('}')
                .ok_or_else(|| value.problem("a ${ without its }"))?;
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&format!("${{{literal}}}"));
                continue;
            }
            out.push_str(&self.substituted(name.trim(), own, value, depth)?);
        }
        out.push_str(rest);
        Ok(out)
    }

    fn substituted(
        &self,
        name: &str,
        own: Option<&Node>,
        at: &Node,
        depth: usize,
    ) -> Resolved<String> {
        if let Some(own) = own.and_then(|own| own.get(name)) {
            return self.at(own, depth + 1)?.text();
        }
        match name.split_once('.') {
            Some((id, attribute)) => self.attribute(id, attribute, at, depth),
            None => self.reference(name, at, depth)?.text(),
        }
    }

    fn get_att(&self, value: &Node, depth: usize) -> Resolved<Node> {
        let name = match &value.kind {
            Kind::List(items) => {
                items.iter().map(Node::text).collect::<Resolved<Vec<_>>>()?.join(".")
            }
            Kind::Scalar(_) | Kind::Map(_) | Kind::NoValue => value.text()?,
        };
        let (id, attribute) = name
            .split_once('.')
            .ok_or_else(|| value.problem("Fn::GetAtt takes a resource and an attribute"))?;
        Ok(Node::of_text(value.line, self.attribute(id, attribute, value, depth)?))
    }

    fn reference(&self, name: &str, at: &Node, depth: usize) -> Resolved<Node> {
        let text = |text: String| Ok(Node::of_text(at.line, text));
        if let Some(parameter) = self.parameters.get(name) {
            return Ok(Node { line: at.line, kind: parameter.kind.clone() });
        }
        match name {
            "AWS::Region" => return text(self.settings.region.clone()),
            "AWS::AccountId" => return text(self.settings.account_id.clone()),
            "AWS::Partition" => return text("aws".to_owned()),
            "AWS::URLSuffix" => return text("amazonaws.com".to_owned()),
            "AWS::StackName" => return text(self.settings.stack_name.clone()),
            "AWS::NoValue" => return Ok(Node { line: at.line, kind: Kind::NoValue }),
            other if other.starts_with("AWS::") => {
                return Err(at.problem(format!("{other} is not imitated")));
            }
            _ => {}
        }
        // SAM makes the stage of an API a resource that may be referred to.
        if let Some(id) = name.strip_suffix(".Stage") {
            return text(self.name_of(id, "StageName", at, depth)?);
        }
        let region = &self.settings.region;
        match self.kind_of(name, at)?.as_str() {
            "AWS::SQS::Queue" => {
                let queue = self.name_of(name, "QueueName", at, depth)?;
                let account = &self.settings.account_id;
                text(format!("https://sqs.{region}.amazonaws.com/{account}/{queue}"))
            }
            "AWS::Serverless::Function" => text(self.name_of(name, "FunctionName", at, depth)?),
            "AWS::S3::Bucket" => text(self.name_of(name, "BucketName", at, depth)?),
            "AWS::Serverless::Api" => text(self.name_of(name, "Name", at, depth)?),
            "AWS::Logs::LogGroup" => text(self.name_of(name, "LogGroupName", at, depth)?),
            _ => text(name.to_owned()),
        }
    }

    fn attribute(&self, id: &str, attribute: &str, at: &Node, depth: usize) -> Resolved<String> {
        let (region, account) = (&self.settings.region, &self.settings.account_id);
        let kind = self.kind_of(id, at)?;
        let name = |property: &str| self.name_of(id, property, at, depth);
        match (kind.as_str(), attribute) {
            ("AWS::SQS::Queue", "Arn") => {
                Ok(format!("arn:aws:sqs:{region}:{account}:{}", name("QueueName")?))
            }
            ("AWS::SQS::Queue", "QueueName") => name("QueueName"),
            ("AWS::SQS::Queue", "QueueUrl") => self.reference(id, at, depth)?.text(),
            ("AWS::Serverless::Function", "Arn") => {
                Ok(format!("arn:aws:lambda:{region}:{account}:function:{}", name("FunctionName")?))
            }
            ("AWS::S3::Bucket", "Arn") => Ok(format!("arn:aws:s3:::{}", name("BucketName")?)),
            // With the star that CloudFormation puts there.
            ("AWS::Logs::LogGroup", "Arn") => {
                let group = name("LogGroupName")?;
                Ok(format!("arn:aws:logs:{region}:{account}:log-group:{group}:*"))
            }
            ("AWS::IAM::Role", "Arn") => Ok(format!("arn:aws:iam::{account}:role/{id}")),
            ("AWS::EC2::SecurityGroup", "GroupId") => Ok(format!("sg-{}", id.to_lowercase())),
            (_, "Arn") if super::unsimulated::resource(&kind).is_some() => {
                Ok(format!("arn:aws:unsimulated:{region}:{account}:{id}"))
            }
            _ => Err(at.problem(format!("the attribute {attribute} of {kind} is not imitated"))),
        }
    }

    fn kind_of(&self, id: &str, at: &Node) -> Resolved<String> {
        let resource = self.resource(id).ok_or_else(|| {
            at.problem(format!("{id} is neither a parameter nor a resource of the template"))
        })?;
        resource.get("Type").ok_or_else(|| resource.problem("a resource needs a Type"))?.text()
    }

    /// The name a resource gives itself, or one like CloudFormation would make.
    pub(super) fn name_of(
        &self,
        id: &str,
        property: &str,
        at: &Node,
        depth: usize,
    ) -> Resolved<String> {
        let resource =
            self.resource(id).ok_or_else(|| at.problem(format!("there is no resource {id}")))?;
        let own = resource.get("Properties").and_then(|properties| properties.get(property));
        let own = own.map(|name| self.at(name, depth + 1)).transpose()?;
        match own.filter(|name| !is_no_value(name)) {
            Some(name) => name.text(),
            None => Ok(format!("{}-{id}", self.settings.stack_name).to_lowercase()),
        }
    }
}

fn is_no_value(node: &Node) -> bool {
    matches!(node.kind, Kind::NoValue)
}

/// A parameter's value: the one given, or its default, if its own rules allow it.
fn parameter(declared: &Entry, given: Option<&String>) -> Resolved<Node> {
    let Entry { name, line, value: node } = declared;
    let line = *line;
    let problem = |problem: String| TemplateProblem { line, problem };
    const RULES: [&str; 12] = [
        "Type",
        "Default",
        "Description",
        "NoEcho",
        "AllowedValues",
        "AllowedPattern",
        "MinValue",
        "MaxValue",
        "MinLength",
        "MaxLength",
        "ConstraintDescription",
        "Label",
    ];
    if let Some(other) = node.entries()?.iter().find(|e| !RULES.contains(&e.name.as_str())) {
        return Err(problem(format!("{} of a parameter is not imitated", other.name)));
    }
    let text = match (given, node.get("Default")) {
        (Some(given), _) => given.clone(),
        (None, Some(default)) => default.text()?,
        (None, None) => return Err(problem(format!("the parameter {name} needs a value"))),
    };
    if let Some(allowed) = node.get("AllowedValues") {
        let allowed: Vec<_> = allowed.items()?.iter().map(Node::text).collect::<Resolved<_>>()?;
        if !allowed.contains(&text) {
            let allowed = allowed.join(", ");
            return Err(problem(format!("{name} must be one of {allowed}, not {text:?}")));
        }
    }
    if let Some(pattern) = node.get("AllowedPattern") {
        let regex = regex::Regex::new(&format!("^(?:{})$", pattern.text()?));
        if !regex.map_err(|error| pattern.problem(error.to_string()))?.is_match(&text) {
            return Err(problem(format!("{name} must match {}, not {text:?}", pattern.text()?)));
        }
    }
    let length = text.chars().count() as f64;
    let limits =
        [("MinLength", "MaxLength", Some(length)), ("MinValue", "MaxValue", text.parse().ok())];
    for (least, most, value) in limits {
        for (bound, is_least) in [(node.get(least), true), (node.get(most), false)] {
            let Some(bound) = bound else { continue };
            let limit = bound.number()?;
            let fine = value.is_some_and(|v| if is_least { v >= limit } else { v <= limit });
            if !fine {
                let word = if is_least { "least" } else { "most" };
                return Err(problem(format!("{name} must be at {word} {limit}, not {text:?}")));
            }
        }
    }
    let kind = node.get("Type").map(Node::text).transpose()?.unwrap_or_default();
    Ok(match kind.as_str() {
        "Number" => {
            let number: serde_json::Number = text
                .parse()
                .map_err(|_| problem(format!("{name} must be a number, not {text:?}")))?;
            Node { line, kind: Kind::Scalar(Value::Number(number)) }
        }
        "CommaDelimitedList" | "List<Number>" => {
            let items = text.split(',').map(|item| Node::of_text(line, item.trim())).collect();
            Node { line, kind: Kind::List(items) }
        }
        _ => Node::of_text(line, text),
    })
}
