//! Rendering: a compiled template and a scope become text.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    Expression, Literal, Node, Operator, ParameterKind, Reference, RenderError, Root, Scope, Step,
};

/// API Gateway developer guide, "limits": iterations of one #foreach.
const ITERATIONS_MAX: usize = 1000;

/// A value while a template is rendered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum<'a> {
    /// No such variable: a reference prints as it is written.
    Undefined,
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Datum<'a>>),
    Map(Vec<(String, Datum<'a>)>),
}

impl<'a> Datum<'a> {
    pub(super) fn owned(text: String) -> Self {
        Datum::Text(Cow::Owned(text))
    }

    fn optional(text: Option<Cow<'a, str>>) -> Self {
        text.map_or(Datum::Null, Datum::Text)
    }

    pub(super) fn from_json(value: Value) -> Self {
        match value {
            Value::Null => Datum::Null,
            Value::Bool(boolean) => Datum::Boolean(boolean),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Datum::Integer(integer),
                None => Datum::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Datum::owned(text),
            Value::Array(items) => Datum::List(items.into_iter().map(Datum::from_json).collect()),
            Value::Object(fields) => Datum::Map(
                fields.into_iter().map(|(name, value)| (name, Datum::from_json(value))).collect(),
            ),
        }
    }

    /// As Java's `toString` prints it.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Datum::Undefined | Datum::Null => Cow::Borrowed(""),
            Datum::Boolean(boolean) => Cow::Borrowed(if *boolean { "true" } else { "false" }),
            Datum::Integer(integer) => Cow::Owned(integer.to_string()),
            Datum::Float(float) => Cow::Owned(format!("{float:?}")),
            Datum::Text(text) => Cow::Borrowed(text),
            Datum::List(items) => {
                let items: Vec<_> = items.iter().map(|item| item.text()).collect();
                Cow::Owned(format!("[{}]", items.join(", ")))
            }
            Datum::Map(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| format!("{name}={}", value.text())).collect();
                Cow::Owned(format!("{{{}}}", fields.join(", ")))
            }
        }
    }

    /// Velocity 1.7: only null and false are false.
    fn holds(&self) -> bool {
        !matches!(self, Datum::Undefined | Datum::Null | Datum::Boolean(false))
    }
}

pub(super) fn render(nodes: &[Node], scope: &dyn Scope) -> Result<String, RenderError> {
    let mut renderer = Renderer { scope, variables: Vec::new() };
    let mut out = String::with_capacity(scope.body().len() * 2 + 512);
    renderer.nodes(nodes, &mut out)?;
    Ok(out)
}

struct Renderer<'a> {
    scope: &'a dyn Scope,
    /// Few, so a list; the last of a name is the one that counts.
    variables: Vec<(&'a str, Datum<'a>)>,
}

impl<'a> Renderer<'a> {
    fn nodes(&mut self, nodes: &'a [Node], out: &mut String) -> Result<(), RenderError> {
        nodes.iter().try_for_each(|node| self.node(node, out))
    }

    fn node(&mut self, node: &'a Node, out: &mut String) -> Result<(), RenderError> {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Print { reference, written, quiet } => match self.reference(reference)? {
                Datum::Undefined if *quiet => {}
                Datum::Undefined => out.push_str(written),
                value => out.push_str(&value.text()),
            },
            Node::Set { name, value } => {
                let value = self.expression(value)?;
                // Velocity leaves a variable alone when the new value is null.
                if !matches!(value, Datum::Undefined | Datum::Null) {
                    self.set(name, value);
                }
            }
            Node::If { branches, otherwise } => {
                for (condition, body) in branches {
                    if self.expression(condition)?.holds() {
                        return self.nodes(body, out);
                    }
                }
                self.nodes(otherwise, out)?;
            }
            Node::ForEach { line, name, list, body } => {
                let list = self.expression(list)?;
                self.for_each(*line, name, list, body, out)?;
            }
        }
        Ok(())
    }

    fn for_each(
        &mut self,
        line: usize,
        name: &'a str,
        list: Datum<'a>,
        body: &'a [Node],
        out: &mut String,
    ) -> Result<(), RenderError> {
        let items = match list {
            Datum::List(items) => items,
            Datum::Map(fields) => fields.into_iter().map(|(_, value)| value).collect(),
            Datum::Undefined | Datum::Null => Vec::new(),
            Datum::Boolean(_) | Datum::Integer(_) | Datum::Float(_) | Datum::Text(_) => {
                return Err(RenderError { line, problem: "#foreach needs a list" });
            }
        };
        if items.len() > ITERATIONS_MAX {
            return Err(RenderError { line, problem: "#foreach over more than 1000 items" });
        }
        let count = items.len();
        for (index, item) in items.into_iter().enumerate() {
            self.set(name, item);
            self.set("foreach", counters(index, count));
            self.nodes(body, out)?;
        }
        Ok(())
    }

    fn set(&mut self, name: &'a str, value: Datum<'a>) {
        match self.variables.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.variables.push((name, value)),
        }
    }

    fn expression(&mut self, expression: &'a Expression) -> Result<Datum<'a>, RenderError> {
        Ok(match expression {
            Expression::Literal(Literal::Text(text)) => Datum::Text(Cow::Borrowed(text)),
            Expression::Literal(Literal::Integer(integer)) => Datum::Integer(*integer),
            Expression::Literal(Literal::Boolean(boolean)) => Datum::Boolean(*boolean),
            Expression::Interpolated(nodes) => {
                let mut text = String::new();
                self.nodes(nodes, &mut text)?;
                Datum::owned(text)
            }
            Expression::List(items) => Datum::List(
                items.iter().map(|item| self.expression(item)).collect::<Result<_, _>>()?,
            ),
            Expression::Range(from, to) => range(&self.expression(from)?, &self.expression(to)?),
            Expression::Reference(reference) => self.reference(reference)?,
            Expression::Not(inner) => Datum::Boolean(!self.expression(inner)?.holds()),
            Expression::Binary(Operator::And, a, b) => {
                Datum::Boolean(self.expression(a)?.holds() && self.expression(b)?.holds())
            }
            Expression::Binary(Operator::Or, a, b) => {
                Datum::Boolean(self.expression(a)?.holds() || self.expression(b)?.holds())
            }
            Expression::Binary(operator, a, b) => {
                binary(*operator, &self.expression(a)?, &self.expression(b)?)
            }
        })
    }

    fn reference(&mut self, reference: &'a Reference) -> Result<Datum<'a>, RenderError> {
        let mut value = self.root(&reference.root)?;
        for step in &reference.steps {
            value = match step {
                Step::Property(name) => property(&value, name),
                Step::Index(index) => {
                    let index = self.expression(index)?;
                    indexed(&value, &index)
                }
                Step::Call(method, arguments) => {
                    let arguments = arguments
                        .iter()
                        .map(|argument| self.expression(argument))
                        .collect::<Result<Vec<_>, _>>()?;
                    method.call(&value, &arguments)
                }
            };
        }
        Ok(value)
    }

    fn root(&mut self, root: &'a Root) -> Result<Datum<'a>, RenderError> {
        let scope = self.scope;
        Ok(match root {
            Root::Variable(name) => {
                let found = self.variables.iter().find(|(known, _)| known == name);
                found.map_or(Datum::Undefined, |(_, value)| value.clone())
            }
            Root::Body => Datum::Text(Cow::Borrowed(scope.body())),
            Root::Parameter { kind, name } => {
                let name = self.expression(name)?;
                let every = [ParameterKind::Path, ParameterKind::Query, ParameterKind::Header];
                let kinds = kind.map_or(every.to_vec(), |kind| vec![kind]);
                let name = name.text();
                let found = kinds.into_iter().find_map(|kind| scope.parameter(kind, &name));
                found.map_or(Datum::Text(Cow::Borrowed("")), Datum::Text)
            }
            Root::Json(path) => {
                let found = scope.json().and_then(|json| path.find(json));
                Datum::owned(found.map(Value::to_string).unwrap_or_default())
            }
            Root::Path(path) => {
                let found = scope.json().and_then(|json| path.find(json));
                match found {
                    Some(Value::String(text)) => Datum::Text(Cow::Borrowed(text)),
                    Some(other) => Datum::from_json(other.clone()),
                    None => Datum::Null,
                }
            }
            Root::Util(function, argument) => function.call(&self.expression(argument)?),
            Root::Context(name) => Datum::optional(scope.context(name)),
            Root::StageVariable(name) => {
                Datum::optional(scope.stage_variable(name).map(Cow::Borrowed))
            }
        })
    }
}

/// `$foreach.index`, `.count`, `.hasNext`, `.first`, `.last`.
fn counters<'a>(index: usize, count: usize) -> Datum<'a> {
    let integer = |n: usize| Datum::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    let field = |name: &str, value| (name.to_owned(), value);
    Datum::Map(vec![
        field("index", integer(index)),
        field("count", integer(index + 1)),
        field("hasNext", Datum::Boolean(index + 1 < count)),
        field("first", Datum::Boolean(index == 0)),
        field("last", Datum::Boolean(index + 1 == count)),
    ])
}

fn range<'a>(from: &Datum<'a>, to: &Datum<'a>) -> Datum<'a> {
    let (Datum::Integer(from), Datum::Integer(to)) = (from, to) else { return Datum::Null };
    // One more than is allowed shows that it is too many.
    let most = ITERATIONS_MAX + 1;
    if from <= to {
        return Datum::List((*from..=*to).take(most).map(Datum::Integer).collect());
    }
    Datum::List((*to..=*from).rev().take(most).map(Datum::Integer).collect())
}

fn property<'a>(value: &Datum<'a>, name: &str) -> Datum<'a> {
    let Datum::Map(fields) = value else { return Datum::Undefined };
    let found = fields.iter().find(|(known, _)| known == name);
    found.map_or(Datum::Undefined, |(_, value)| value.clone())
}

fn indexed<'a>(value: &Datum<'a>, index: &Datum<'a>) -> Datum<'a> {
    match (value, index) {
        (Datum::List(items), Datum::Integer(at)) => {
            let item = usize::try_from(*at).ok().and_then(|at| items.get(at));
            item.cloned().unwrap_or(Datum::Undefined)
        }
        (Datum::Map(_), Datum::Text(name)) => property(value, name),
        _ => Datum::Undefined,
    }
}

fn binary<'a>(operator: Operator, a: &Datum<'a>, b: &Datum<'a>) -> Datum<'a> {
    match operator {
        Operator::Equal => return Datum::Boolean(equal(a, b)),
        Operator::NotEqual => return Datum::Boolean(!equal(a, b)),
        Operator::Add if matches!(a, Datum::Text(_)) || matches!(b, Datum::Text(_)) => {
            return Datum::owned(format!("{}{}", a.text(), b.text()));
        }
        _ => {}
    }
    let (Datum::Integer(a), Datum::Integer(b)) = (a, b) else { return Datum::Null };
    let number = |result: Option<i64>| result.map_or(Datum::Null, Datum::Integer);
    match operator {
        Operator::Less => Datum::Boolean(a < b),
        Operator::LessOrEqual => Datum::Boolean(a <= b),
        Operator::Greater => Datum::Boolean(a > b),
        Operator::GreaterOrEqual => Datum::Boolean(a >= b),
        Operator::Add => number(a.checked_add(*b)),
        Operator::Subtract => number(a.checked_sub(*b)),
        Operator::Multiply => number(a.checked_mul(*b)),
        Operator::Divide => number(a.checked_div(*b)),
        Operator::Remainder => number(a.checked_rem(*b)),
        Operator::Or | Operator::And | Operator::Equal | Operator::NotEqual => Datum::Null,
    }
}

/// Velocity compares unlike types by their text.
fn equal(a: &Datum<'_>, b: &Datum<'_>) -> bool {
    match (a, b) {
        (Datum::Undefined | Datum::Null, Datum::Undefined | Datum::Null) => true,
        (Datum::Undefined | Datum::Null, _) | (_, Datum::Undefined | Datum::Null) => false,
        _ => a.text() == b.text(),
    }
}
