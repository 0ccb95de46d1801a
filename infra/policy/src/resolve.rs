//! Parameters, conditions and intrinsic functions: a value goes in, one without any comes out.
//! Names that nothing in the deployment answers to are kept as problems.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{Scenario, Template};

/// The account and region of AWS's examples; a rule compares ARNs, whatever they are.
const ACCOUNT: &str = "111122223333";
const REGION: &str = "sa-east-1";

/// Longer chains of references are circles.
const DEPTH_MAX: usize = 60;

/// `AWS::NoValue`, until it is dropped.
const NO_VALUE: &str = "AWS::NoValue";

/// Attributes of resources that `Fn::GetAtt` may ask for.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("AWS::EC2::SecurityGroup", &["GroupId", "VpcId"]),
    ("AWS::IAM::Role", &["Arn", "RoleId"]),
    ("AWS::Logs::LogGroup", &["Arn"]),
    ("AWS::RDS::DBProxy", &["DBProxyArn", "Endpoint", "VpcId"]),
    ("AWS::S3::Bucket", &["Arn", "DomainName", "RegionalDomainName"]),
    ("AWS::SNS::Topic", &["TopicArn", "TopicName"]),
    ("AWS::SQS::Queue", &["Arn", "QueueName", "QueueUrl"]),
    ("AWS::Serverless::Api", &["RootResourceId"]),
    ("AWS::Serverless::Function", &["Arn"]),
];

pub(crate) struct Resolver<'t> {
    template: &'t Template,
    scenario: &'t Scenario,
    problems: RefCell<BTreeSet<String>>,
}

impl<'t> Resolver<'t> {
    pub(crate) fn new(template: &'t Template, scenario: &'t Scenario) -> Self {
        Self { template, scenario, problems: RefCell::default() }
    }

    /// What was found wrong since it was last asked.
    pub(crate) fn take_problems(&self) -> BTreeSet<String> {
        self.problems.take()
    }

    pub(crate) fn resolve(&self, value: &Value) -> Value {
        self.at(value, 0)
    }

    /// Whether a resource is there in this deployment.
    pub(crate) fn is_deployed(&self, resource: &Value) -> bool {
        resource["Condition"].as_str().is_none_or(|name| self.condition(name, 0))
    }

    /// Whether a condition's expression holds.
    pub(crate) fn holds(&self, expression: &Value) -> bool {
        self.decide(expression, 0)
    }

    /// Notes that nothing has this name.
    pub(crate) fn check_name(&self, id: &str) {
        // SAM makes these of an API.
        let made = id.strip_suffix("Stage").or_else(|| id.strip_suffix("Deployment"));
        let made = made.and_then(|api| self.template.resource(api)).is_some();
        match self.template.resource(id) {
            _ if made => {}
            Some(resource) if self.is_deployed(resource) => {}
            Some(_) => self.problem(format!("{id} is not deployed here")),
            None => self.problem(format!("there is no {id}")),
        }
    }

    fn problem(&self, problem: String) {
        self.problems.borrow_mut().insert(problem);
    }

    fn at(&self, value: &Value, depth: usize) -> Value {
        if depth > DEPTH_MAX {
            self.problem("references in a circle".to_owned());
            return Value::Null;
        }
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.at(item, depth + 1));
                Value::Array(items.filter(|item| *item != NO_VALUE).collect())
            }
            Value::Object(entries) => {
                if let (1, Some((name, argument))) = (entries.len(), entries.iter().next())
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.function(name, argument, depth + 1);
                }
                let entries = entries.iter().map(|(name, v)| (name.clone(), self.at(v, depth + 1)));
                Value::Object(entries.filter(|(_, v)| *v != NO_VALUE).collect::<Map<_, _>>())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }

    fn function(&self, name: &str, argument: &Value, depth: usize) -> Value {
        let list = |index: usize| argument.get(index).unwrap_or(&Value::Null);
        let text = |value: &Value| text_of(&self.at(value, depth));
        match name {
            "Ref" => self.reference(&text_of(argument), depth),
            "Fn::GetAtt" => self.get_att(argument, depth),
            "Fn::Sub" => json!(self.sub(argument, depth)),
            "Fn::If" => {
                let holds = self.condition(&text_of(list(0)), depth);
                self.at(list(if holds { 1 } else { 2 }), depth)
            }
            "Fn::Join" => {
                let parts = self.at(list(1), depth);
                let parts: Vec<String> =
                    parts.as_array().into_iter().flatten().map(text_of).collect();
                json!(parts.join(&text_of(list(0))))
            }
            "Fn::Split" => {
                let whole = text(list(1));
                json!(whole.split(&text_of(list(0))).collect::<Vec<_>>())
            }
            "Fn::Select" => {
                let index = list(0).as_u64().and_then(|index| usize::try_from(index).ok());
                let items = self.at(list(1), depth);
                index.and_then(|index| items.get(index).cloned()).unwrap_or_else(|| {
                    self.problem("Fn::Select beyond its list".to_owned());
                    Value::Null
                })
            }
            "Fn::FindInMap" => {
                let keys: Vec<String> = (0..3).map(|index| text(list(index))).collect();
                self.template.mapping(&keys).cloned().unwrap_or_else(|| {
                    self.problem(format!("no entry {} of Mappings", keys.join(".")));
                    Value::Null
                })
            }
            other => {
                self.problem(format!("the intrinsic {other} is not known"));
                Value::Null
            }
        }
    }
}

impl Resolver<'_> {
    fn condition(&self, name: &str, depth: usize) -> bool {
        match self.template.condition(name) {
            Some(expression) => self.decide(expression, depth + 1),
            None => {
                self.problem(format!("there is no condition {name}"));
                false
            }
        }
    }

    fn decide(&self, expression: &Value, depth: usize) -> bool {
        let Some((name, argument)) = expression.as_object().and_then(|o| o.iter().next()) else {
            self.problem("a condition is one function".to_owned());
            return false;
        };
        let items = || argument.as_array().into_iter().flatten();
        match name.as_str() {
            _ if depth > DEPTH_MAX => false,
            "Condition" => self.condition(&text_of(argument), depth + 1),
            "Fn::Equals" => {
                let sides: Vec<String> =
                    items().map(|side| text_of(&self.at(side, depth + 1))).collect();
                sides.len() == 2 && sides[0] == sides[1]
            }
            "Fn::And" => items().all(|each| self.decide(each, depth + 1)),
            "Fn::Or" => items().any(|each| self.decide(each, depth + 1)),
            "Fn::Not" => items().all(|each| !self.decide(each, depth + 1)),
            other => {
                self.problem(format!("{other} is not a condition"));
                false
            }
        }
    }

    fn reference(&self, name: &str, depth: usize) -> Value {
        if let Some(value) = self.scenario.value(name) {
            return value;
        }
        if let Some(pseudo) = name.strip_prefix("AWS::") {
            return match pseudo {
                "NoValue" => json!(NO_VALUE),
                "AccountId" => json!(ACCOUNT),
                "Region" => json!(REGION),
                "Partition" => json!("aws"),
                "URLSuffix" => json!("amazonaws.com"),
                "StackName" => json!("orders-stack"),
                other => {
                    self.problem(format!("AWS::{other} is not known"));
                    Value::Null
                }
            };
        }
        self.check_name(name);
        let own = |property: &str| self.own_name(name, property, depth);
        match self.kind(name) {
            "AWS::SQS::Queue" => {
                json!(format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{}", own("QueueName")))
            }
            "AWS::S3::Bucket" => json!(own("BucketName")),
            "AWS::Serverless::Function" => json!(own("FunctionName")),
            "AWS::Logs::LogGroup" => json!(own("LogGroupName")),
            "AWS::SNS::Topic" => {
                json!(format!("arn:aws:sns:{REGION}:{ACCOUNT}:{}", own("TopicName")))
            }
            "AWS::RDS::DBProxy" => json!(own("DBProxyName")),
            _ => json!(name),
        }
    }

    fn get_att(&self, argument: &Value, depth: usize) -> Value {
        let parts: Vec<String> = match argument {
            Value::Array(items) => items.iter().map(text_of).collect(),
            other => text_of(other).splitn(2, '.').map(str::to_owned).collect(),
        };
        match parts.as_slice() {
            [id, attribute] => json!(self.attribute(id, attribute, depth)),
            _ => {
                self.problem("Fn::GetAtt takes a resource and an attribute".to_owned());
                Value::Null
            }
        }
    }

    fn attribute(&self, id: &str, attribute: &str, depth: usize) -> String {
        self.check_name(id);
        let kind = self.kind(id);
        let known = ATTRIBUTES.iter().find(|(of, _)| *of == kind).map(|(_, known)| *known);
        if self.template.resource(id).is_some()
            && !known.is_some_and(|known| known.contains(&attribute))
        {
            self.problem(format!("{id}, {kind}, has no attribute {attribute}"));
        }
        let own = |property: &str| self.own_name(id, property, depth);
        match (kind, attribute) {
            ("AWS::SQS::Queue", "Arn") => {
                format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", own("QueueName"))
            }
            ("AWS::SQS::Queue", "QueueName") => own("QueueName"),
            ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{}", own("BucketName")),
            ("AWS::Serverless::Function", "Arn") => {
                format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", own("FunctionName"))
            }
            ("AWS::Logs::LogGroup", "Arn") => {
                format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{}:*", own("LogGroupName"))
            }
            ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::{ACCOUNT}:role/{id}"),
            ("AWS::RDS::DBProxy", "DBProxyArn") => {
                format!("arn:aws:rds:{REGION}:{ACCOUNT}:db-proxy:prx-{}", id.to_lowercase())
            }
            _ => format!("{id}.{attribute}"),
        }
    }

    fn kind(&self, id: &str) -> &str {
        self.template.resource(id).and_then(|resource| resource["Type"].as_str()).unwrap_or("")
    }

    /// The name that a resource gives itself, or one like CloudFormation would make.
    fn own_name(&self, id: &str, property: &str, depth: usize) -> String {
        let own = self.template.resource(id).map(|resource| &resource["Properties"][property]);
        match own.filter(|name| !name.is_null()) {
            Some(name) => text_of(&self.at(name, depth + 1)),
            None => format!("orders-stack-{id}"),
        }
    }

    fn sub(&self, argument: &Value, depth: usize) -> String {
        let (text, variables) = match argument {
            Value::Array(items) => (items.first().map(text_of).unwrap_or_default(), items.get(1)),
            other => (text_of(other), None),
        };
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(begin) = rest.find("${") {
            out.push_str(&rest[..begin]);
            let Some((name, after)) = rest[begin + 2..].split_once('}') else {
                self.problem("a ${ without its }".to_owned());
                return out;
            };
            rest = after;
            let own = variables.and_then(|own| own.get(name));
            match (own, name.split_once('.')) {
                (Some(own), _) => out.push_str(&text_of(&self.at(own, depth + 1))),
                (None, _) if name.starts_with('!') => out.push_str(&format!("${{{}}}", &name[1..])),
                (None, Some((id, attribute))) => {
                    out.push_str(&self.attribute(id, attribute, depth))
                }
                (None, None) => out.push_str(&text_of(&self.reference(name, depth))),
            }
        }
        out.push_str(rest);
        out
    }
}

/// A scalar as text: CloudFormation takes a number where it wants text.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
