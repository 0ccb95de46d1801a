//! YAML into plain values. What CloudFormation does not take is refused: anchors, keys used twice,
//! more than one document, and the short form of intrinsics, which only CloudFormation knows.

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};
use serde_json::{Map, Number, Value};

use crate::TemplateError;

/// Deeper than any template; the reading is recursive.
const DEPTH_MAX: usize = 100;

pub(crate) fn parse(source: &str) -> Result<Value, TemplateError> {
    let mut reader = Reader { parser: Parser::new_from_str(source), line: 1, depth: 0 };
    loop {
        match reader.event()? {
            Event::DocumentStart(_) => break,
            Event::StreamEnd => return Err(reader.problem("the template is empty")),
            _ => {}
        }
    }
    let first = reader.event()?;
    let root = reader.value(first)?;
    loop {
        match reader.event()? {
            Event::StreamEnd => return Ok(root),
            Event::DocumentStart(_) => return Err(reader.problem("a second document")),
            _ => {}
        }
    }
}

struct Reader<'s> {
    parser: Parser<'s, StrInput<'s>>,
    line: usize,
    depth: usize,
}

impl<'s> Reader<'s> {
    fn problem(&self, problem: impl Into<String>) -> TemplateError {
        TemplateError { line: self.line, problem: problem.into() }
    }

    fn event(&mut self) -> Result<Event<'s>, TemplateError> {
        match self.parser.next() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => Err(TemplateError {
                line: error.marker().line(),
                problem: format!("not YAML: {}", error.info()),
            }),
            None => Err(self.problem("the template ends too early")),
        }
    }

    fn value(&mut self, event: Event<'s>) -> Result<Value, TemplateError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.problem("nested too deeply"));
        }
        let value = match event {
            Event::Scalar(text, style, 0, None) => scalar(&text, style),
            Event::SequenceStart(0, None) => self.list()?,
            Event::MappingStart(0, None) => self.map()?,
            _ => return Err(self.problem("no anchors, and the long form of intrinsics")),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Value, TemplateError> {
        let mut items = Vec::new();
        loop {
            match self.event()? {
                Event::SequenceEnd => return Ok(Value::Array(items)),
                event => items.push(self.value(event)?),
            }
        }
    }

    fn map(&mut self) -> Result<Value, TemplateError> {
        let mut entries = Map::new();
        loop {
            let event = self.event()?;
            if event == Event::MappingEnd {
                return Ok(Value::Object(entries));
            }
            let key = match self.value(event)? {
                Value::String(name) => name,
                Value::Number(number) => number.to_string(),
                _ => return Err(self.problem("a key must be text")),
            };
            let event = self.event()?;
            let value = self.value(event)?;
            if entries.insert(key.clone(), value).is_some() {
                return Err(self.problem(format!("{key} is written twice")));
            }
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
    if let Ok(integer) = text.parse::<i64>() {
        return Value::Number(integer.into());
    }
    let begins = text.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
    let float = text.parse().ok().filter(|_| begins).and_then(Number::from_f64);
    float.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}
