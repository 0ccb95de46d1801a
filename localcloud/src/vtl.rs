//! The part of the Velocity Template Language that API Gateway's mapping templates are written
//! in, compiled once and rendered for each request.
//!
//! What is not here (`#macro`, `#parse`, methods outside the list of `vtl/functions.rs`, …) is a
//! [`VtlError`] with its line when the template is compiled: nothing is left for a request.

mod evaluate;
mod functions;
mod json_path;
mod parser;

use std::borrow::Cow;

use serde_json::Value;

pub(crate) use json_path::JsonPath;

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mapping template: {problem}")]
pub(crate) struct VtlError {
    /// Counted from 1, the first line of the template.
    pub(crate) line: usize,
    pub(crate) problem: String,
}

/// What a template did not survive when it was rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the mapping template: {problem}")]
pub(crate) struct RenderError {
    pub(crate) line: usize,
    pub(crate) problem: &'static str,
}

/// Where `$input.params` looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    Path,
    Query,
    Header,
}

/// What a template sees of a request, or of a back end's answer.
pub(crate) trait Scope {
    /// `$input.body`
    fn body(&self) -> &str;
    /// The body as JSON, for `$input.json` and `$input.path`.
    fn json(&self) -> Option<&Value>;
    /// `$input.params(name)`: path, then query, then header.
    fn parameter(&self, kind: ParameterKind, name: &str) -> Option<Cow<'_, str>>;
    /// `$context.name`; the name may have dots.
    fn context(&self, name: &str) -> Option<Cow<'_, str>>;
    /// `$stageVariables.name`
    fn stage_variable(&self, name: &str) -> Option<&str>;
}

/// The variables of `$context` that are imitated.
pub(crate) const CONTEXT: [&str; 26] = [
    "accountId",
    "apiId",
    "domainName",
    "error.message",
    "error.messageString",
    "error.responseType",
    "error.validationErrorString",
    "extendedRequestId",
    "httpMethod",
    "identity.accessKey",
    "identity.accountId",
    "identity.apiKey",
    "identity.apiKeyId",
    "identity.caller",
    "identity.clientCert.subjectDN",
    "identity.sourceIp",
    "identity.user",
    "identity.userAgent",
    "identity.userArn",
    "path",
    "protocol",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "resourcePath",
    "stage",
];

/// A compiled template.
#[derive(Debug)]
pub(crate) struct Template {
    nodes: Vec<Node>,
}

impl Template {
    /// # Errors
    /// The first construct that is wrong or not imitated, with its line.
    pub(crate) fn compile(source: &str) -> Result<Self, VtlError> {
        parser::parse(source).map(|nodes| Template { nodes })
    }

    /// # Errors
    /// A loop without end, or an output beyond what API Gateway sends.
    pub(crate) fn render(&self, scope: &dyn Scope) -> Result<String, RenderError> {
        evaluate::render(&self.nodes, scope)
    }

    /// Whether it is text and plain references, as gateway responses must be.
    pub(crate) fn has_directives(&self) -> bool {
        self.nodes.iter().any(|node| !matches!(node, Node::Text(_) | Node::Print { .. }))
    }
}

/// A piece of a template.
#[derive(Debug)]
enum Node {
    Text(String),
    /// A reference whose value is printed; undefined, it prints as it is written.
    Print {
        reference: Reference,
        written: String,
        quiet: bool,
    },
    Set {
        name: String,
        value: Expression,
    },
    If {
        branches: Vec<(Expression, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    ForEach {
        line: usize,
        name: String,
        list: Expression,
        body: Vec<Node>,
    },
}

/// `$root.step.step(…)`
#[derive(Debug)]
struct Reference {
    root: Root,
    steps: Vec<Step>,
}

/// Where a reference begins. The gateway's own objects are taken whole by the parser.
#[derive(Debug)]
enum Root {
    Variable(String),
    Body,
    Parameter { kind: Option<ParameterKind>, name: Box<Expression> },
    Json(JsonPath),
    Path(JsonPath),
    Util(functions::Util, Box<Expression>),
    Context(String),
    StageVariable(String),
}

#[derive(Debug)]
enum Step {
    Property(String),
    Index(Expression),
    Call(functions::Method, Vec<Expression>),
}

#[derive(Debug)]
enum Expression {
    Literal(Literal),
    /// A double-quoted string: a template of its own.
    Interpolated(Vec<Node>),
    List(Vec<Expression>),
    Range(Box<Expression>, Box<Expression>),
    Reference(Reference),
    Not(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
}

#[derive(Clone, Debug)]
enum Literal {
    Text(String),
    Integer(i64),
    Boolean(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[cfg(test)]
mod tests;
