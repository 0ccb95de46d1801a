//! YAML as a tree whose every node knows its line. What CloudFormation does not take (anchors,
//! keys used twice, more than one document) is refused.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

use super::TemplateProblem;

/// Deeper than any template; the reading is recursive.
const DEPTH_MAX: usize = 100;

#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// `AWS::NoValue`: as if it were not written.
    NoValue,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn of_text(line: usize, text: impl Into<String>) -> Self {
        Node { line, kind: Kind::Scalar(Value::String(text.into())) }
    }

    pub(super) fn problem(&self, problem: impl Into<String>) -> TemplateProblem {
        TemplateProblem { line: self.line, problem: problem.into() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        let Kind::Map(entries) = &self.kind else { return None };
        entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value)
    }

    pub(super) fn entries(&self) -> Result<&[Entry], TemplateProblem> {
        match &self.kind {
            Kind::Map(entries) => Ok(entries),
            Kind::Scalar(_) | Kind::List(_) | Kind::NoValue => {
                Err(self.problem("must be names and values"))
            }
        }
    }

    pub(super) fn items(&self) -> Result<&[Node], TemplateProblem> {
        match &self.kind {
            Kind::List(items) => Ok(items),
            Kind::Scalar(_) | Kind::Map(_) | Kind::NoValue => Err(self.problem("must be a list")),
        }
    }

    /// A scalar as text: CloudFormation takes a number where it wants text.
    pub(super) fn text(&self) -> Result<String, TemplateProblem> {
        match &self.kind {
            Kind::Scalar(Value::String(text)) => Ok(text.clone()),
            Kind::Scalar(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            Kind::Scalar(_) | Kind::List(_) | Kind::Map(_) | Kind::NoValue => {
                Err(self.problem("must be text"))
            }
        }
    }

    pub(super) fn integer(&self) -> Result<u64, TemplateProblem> {
        let text = self.text()?;
        text.parse().map_err(|_| self.problem(format!("must be a whole number, not {text:?}")))
    }

    pub(super) fn number(&self) -> Result<f64, TemplateProblem> {
        let text = self.text()?;
        let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
        number.ok_or_else(|| self.problem(format!("must be a number, not {text:?}")))
    }

    pub(super) fn boolean(&self) -> Result<bool, TemplateProblem> {
        match self.text()?.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(self.problem(format!("must be true or false, not {other:?}"))),
        }
    }

    pub(super) fn json(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => Value::Array(items.iter().map(Node::json).collect()),
            Kind::Map(entries) => Value::Object(
                entries.iter().map(|e| (e.name.clone(), e.value.json())).collect::<Map<_, _>>(),
            ),
            Kind::NoValue => Value::Null,
        }
    }
}

pub(super) fn parse(source: &str) -> Result<Node, TemplateProblem> {
    let mut reader = Reader { parser: Parser::new_from_str(source), line: 1, depth: 0 };
    reader.skip_to_root()?;
    let root = match reader.event()? {
        (Event::StreamEnd | Event::DocumentEnd, _) => {
            return Err(reader.problem("the template is empty"));
        }
        (event, span) => reader.node(event, span)?,
    };
    reader.end()?;
    Ok(root)
}

struct Reader<'s> {
    parser: Parser<'s, saphyr_parser::StrInput<'s>>,
    line: usize,
    depth: usize,
}

impl<'s> Reader<'s> {
    fn problem(&self, problem: impl Into<String>) -> TemplateProblem {
        TemplateProblem { line: self.line, problem: problem.into() }
    }

    fn event(&mut self) -> Result<(Event<'s>, Span), TemplateProblem> {
        match self.parser.next() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok((event, span))
            }
            Some(Err(error)) => Err(TemplateProblem {
                line: error.marker().line(),
                problem: format!("not YAML: {}", error.info()),
            }),
            None => Err(self.problem("the template ends too early")),
        }
    }

    fn skip_to_root(&mut self) -> Result<(), TemplateProblem> {
        loop {
            match self.event()? {
                (Event::DocumentStart(_), _) => return Ok(()),
                (Event::StreamEnd, _) => return Err(self.problem("the template is empty")),
                _ => {}
            }
        }
    }

    fn end(&mut self) -> Result<(), TemplateProblem> {
        loop {
            match self.event()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(_), _) => {
                    return Err(self.problem("a second document in the template"));
                }
                _ => {}
            }
        }
    }

    fn node(&mut self, event: Event<'s>, span: Span) -> Result<Node, TemplateProblem> {
        let line = span.start.line();
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                (*anchor, tag.is_some())
            }
            Event::Alias(anchor) => (*anchor, false),
            _ => (0, false),
        };
        if tag {
            return Err(self.problem("write the long form of intrinsics, Fn::… instead of !…"));
        }
        if anchor != 0 {
            return Err(self.problem("anchors are not imitated"));
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.problem("nested too deeply"));
        }
        let kind = match event {
            Event::Scalar(text, style, _, _) => Kind::Scalar(scalar(&text, style)),
            Event::SequenceStart(..) => self.list()?,
            Event::MappingStart(..) => self.map()?,
            _ => return Err(self.problem("not a value")),
        };
        self.depth -= 1;
        Ok(Node { line, kind })
    }

    fn list(&mut self) -> Result<Kind, TemplateProblem> {
        let mut items = Vec::new();
        loop {
            match self.event()? {
                (Event::SequenceEnd, _) => return Ok(Kind::List(items)),
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn map(&mut self) -> Result<Kind, TemplateProblem> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.event()?;
            if event == Event::MappingEnd {
                return Ok(Kind::Map(entries));
            }
            let key = self.node(event, span)?;
            let (name, line) = (key.text()?, key.line);
            if entries.iter().any(|entry| entry.name == name) {
                return Err(key.problem(format!("{name} is written twice")));
            }
            let (event, span) = self.event()?;
            let value = self.node(event, span)?;
            entries.push(Entry { name, line, value });
        }
    }
}

/// YAML 1.2's core schema: only a plain scalar may be something other than text.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" => return Value::Null,
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ => {}
    }
    let begins = text.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
    if !begins {
        return Value::String(text.to_owned());
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Value::Number(integer.into());
    }
    let float = text.parse::<f64>().ok().and_then(Number::from_f64);
    float.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}
