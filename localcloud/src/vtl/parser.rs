//! From text to nodes. Whitespace is Velocity 1.7's: a directive takes the end of its line
//! with it, and the blanks before it if it stands alone at the line's beginning.

use super::functions::{Method, Util};
use super::json_path::JsonPath;
use super::{
    CONTEXT, Expression, Literal, Node, Operator, ParameterKind, Reference, Root, Step, VtlError,
};

/// Directives of Velocity that API Gateway has not, or that are not imitated.
const OTHER_DIRECTIVES: [&str; 9] =
    ["macro", "parse", "include", "define", "evaluate", "stop", "break", "return", "literal"];

pub(super) fn parse(source: &str) -> Result<Vec<Node>, VtlError> {
    let mut parser = Parser { source, at: 0, line_base: 1 };
    let (nodes, end) = parser.block()?;
    match end {
        Stop::TextEnds => Ok(nodes),
        Stop::Else | Stop::ElseIf | Stop::End => Err(parser.problem("an #end or #else too many")),
    }
}

/// What ended a block.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    TextEnds,
    Else,
    ElseIf,
    End,
}

struct Parser<'s> {
    source: &'s str,
    at: usize,
    /// The line on which `source` begins: a quoted string is a source of its own.
    line_base: usize,
}

type Parsed<T> = Result<T, VtlError>;

impl<'s> Parser<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn line(&self) -> usize {
        self.line_base + self.source[..self.at].matches('\n').count()
    }

    fn problem(&self, problem: impl Into<String>) -> VtlError {
        VtlError { line: self.line(), problem: problem.into() }
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Parsed<()> {
        self.blanks();
        if self.take(token) { Ok(()) } else { Err(self.problem(format!("expected `{token}`"))) }
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn word(&mut self) -> Option<&'s str> {
        let rest = self.rest();
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return None;
        }
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        self.at += end;
        Some(&rest[..end])
    }

    fn block(&mut self) -> Parsed<(Vec<Node>, Stop)> {
        let mut nodes = Nodes::default();
        loop {
            let rest = self.rest();
            let Some(next) = rest.find(['$', '#', '\\']) else {
                nodes.text(rest);
                self.at = self.source.len();
                return Ok((nodes.0, Stop::TextEnds));
            };
            nodes.text(&rest[..next]);
            self.at += next;
            match self.peek() {
                Some('$') => self.print(&mut nodes)?,
                Some('\\') => self.backslash(&mut nodes)?,
                _ => {
                    if let Some(end) = self.directive(&mut nodes)? {
                        return Ok((nodes.0, end));
                    }
                }
            }
        }
    }

    /// Velocity's escapes depend on whether the reference is defined; nobody should need them.
    fn backslash(&mut self, nodes: &mut Nodes) -> Parsed<()> {
        let after = &self.rest()[1..];
        if after.starts_with('$') || after.starts_with('#') {
            return Err(self.problem("a `\\` before `$` or `#` is not imitated"));
        }
        nodes.text("\\");
        self.at += 1;
        Ok(())
    }

    fn print(&mut self, nodes: &mut Nodes) -> Parsed<()> {
        let begin = self.at;
        match self.reference()? {
            Some((reference, quiet)) => {
                let written = self.source[begin..self.at].to_owned();
                nodes.0.push(Node::Print { reference, written, quiet });
            }
            None => {
                self.at = begin + 1;
                nodes.text("$");
            }
        }
        Ok(())
    }

    /// A directive, a comment, or a `#` that is text. Some: it ended the block.
    fn directive(&mut self, nodes: &mut Nodes) -> Parsed<Option<Stop>> {
        let begin = self.at;
        if self.take("##") {
            let rest = self.rest();
            self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
            return Ok(None);
        }
        if self.take("#*") {
            let end = self.rest().find("*#");
            self.at += end.ok_or_else(|| self.problem("a `#*` without its `*#`"))? + 2;
            return Ok(None);
        }
        if self.take("#[[") {
            return Err(self.problem("`#[[` is not imitated"));
        }
        self.at += 1;
        let braced = self.take("{");
        let word = self.word().unwrap_or_default();
        if OTHER_DIRECTIVES.contains(&word) {
            return Err(self.problem(format!("#{word} is not imitated")));
        }
        let known = matches!(word, "set" | "if" | "elseif" | "else" | "end" | "foreach");
        if !known {
            self.at = begin + 1;
            nodes.text("#");
            return Ok(None);
        }
        if braced {
            self.expect("}")?;
        }
        nodes.alone_on_its_line(self.source, begin);
        match word {
            "set" => nodes.0.push(self.set()?),
            "if" => nodes.0.push(self.branches()?),
            "foreach" => nodes.0.push(self.for_each()?),
            "elseif" => return Ok(Some(Stop::ElseIf)),
            "else" => {
                self.end_of_line();
                return Ok(Some(Stop::Else));
            }
            _ => {
                self.end_of_line();
                return Ok(Some(Stop::End));
            }
        }
        Ok(None)
    }

    /// Blanks up to and with the line's end, if there is nothing else.
    fn end_of_line(&mut self) {
        let rest = self.rest().trim_start_matches([' ', '\t']);
        if let Some(after) = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')) {
            self.at = self.source.len() - after.len();
        }
    }

    fn set(&mut self) -> Parsed<Node> {
        self.expect("(")?;
        self.expect("$")?;
        let braced = self.take("{");
        let name = self.word().ok_or_else(|| self.problem("#set needs a variable"))?.to_owned();
        if braced {
            self.expect("}")?;
        }
        if matches!(name.as_str(), "input" | "util" | "context" | "stageVariables") {
            return Err(self.problem(format!("#set of ${name} is not imitated")));
        }
        if self.peek() == Some('.') {
            return Err(self.problem("#set of a property is not imitated"));
        }
        self.expect("=")?;
        let value = self.expression(0)?;
        self.expect(")")?;
        self.end_of_line();
        Ok(Node::Set { name, value })
    }

    fn branches(&mut self) -> Parsed<Node> {
        let line = self.line();
        let mut branches = Vec::new();
        loop {
            self.expect("(")?;
            let condition = self.expression(0)?;
            self.expect(")")?;
            self.end_of_line();
            let (body, end) = self.block()?;
            branches.push((condition, body));
            match end {
                Stop::ElseIf => {}
                Stop::End => return Ok(Node::If { branches, otherwise: Vec::new() }),
                Stop::Else => {
                    let (otherwise, end) = self.block()?;
                    self.must_end(end, line, "#if")?;
                    return Ok(Node::If { branches, otherwise });
                }
                Stop::TextEnds => self.must_end(end, line, "#if")?,
            }
        }
    }

    fn for_each(&mut self) -> Parsed<Node> {
        let line = self.line();
        self.expect("(")?;
        self.expect("$")?;
        let name = self.word().ok_or_else(|| self.problem("#foreach needs a variable"))?.to_owned();
        self.expect("in")?;
        let list = self.expression(0)?;
        self.expect(")")?;
        self.end_of_line();
        let (body, end) = self.block()?;
        self.must_end(end, line, "#foreach")?;
        Ok(Node::ForEach { line, name, list, body })
    }

    fn must_end(&self, end: Stop, line: usize, what: &str) -> Parsed<()> {
        match end {
            Stop::End => Ok(()),
            Stop::TextEnds => Err(VtlError { line, problem: format!("{what} without its #end") }),
            Stop::Else | Stop::ElseIf => Err(self.problem(format!("an #else too many in {what}"))),
        }
    }

    /// A reference and whether it is quiet. None: a `$` that is text.
    fn reference(&mut self) -> Parsed<Option<(Reference, bool)>> {
        self.at += 1;
        let quiet = self.take("!");
        let braced = self.take("{");
        let Some(name) = self.word() else { return Ok(None) };
        let root = match name {
            "input" => self.input()?,
            "util" => self.util()?,
            "context" => self.context()?,
            "stageVariables" => {
                Root::StageVariable(self.names()?.ok_or_else(|| self.whole("stageVariables"))?)
            }
            "method" => return Err(self.problem("$method is not imitated")),
            other => Root::Variable(other.to_owned()),
        };
        let steps = self.steps()?;
        if braced {
            self.expect("}")?;
        }
        Ok(Some((Reference { root, steps }, quiet)))
    }

    fn whole(&self, object: &str) -> VtlError {
        self.problem(format!("${object} by itself is not imitated: name a part of it"))
    }

    /// `.a.b`, as far as names go and no call follows.
    fn names(&mut self) -> Parsed<Option<String>> {
        let mut names: Vec<&str> = Vec::new();
        loop {
            let begin = self.at;
            let Some(name) = self.take(".").then(|| self.word()).flatten() else {
                self.at = begin;
                break;
            };
            if self.peek() == Some('(') {
                self.at = begin;
                break;
            }
            names.push(name);
        }
        Ok((!names.is_empty()).then(|| names.join(".")))
    }

    fn context(&mut self) -> Parsed<Root> {
        let name = self.names()?.ok_or_else(|| self.whole("context"))?;
        if CONTEXT.contains(&name.as_str()) {
            return Ok(Root::Context(name));
        }
        // The name may be a sentence's end: `$context.requestId.`
        Err(self.problem(format!("$context.{name} is not imitated")))
    }

    fn util(&mut self) -> Parsed<Root> {
        let name = self.take(".").then(|| self.word()).flatten().unwrap_or_default();
        let function = Util::named(name)
            .ok_or_else(|| self.problem(format!("$util.{name} is not imitated")))?;
        self.expect("(")?;
        let argument = self.expression(0)?;
        self.expect(")")?;
        Ok(Root::Util(function, Box::new(argument)))
    }

    fn input(&mut self) -> Parsed<Root> {
        let name = self.take(".").then(|| self.word()).flatten().unwrap_or_default();
        match name {
            "body" => Ok(Root::Body),
            "params" => self.params(),
            "json" => Ok(Root::Json(self.json_path()?)),
            "path" => Ok(Root::Path(self.json_path()?)),
            other => Err(self.problem(format!("$input.{other} is not imitated"))),
        }
    }

    /// `params('x')`, or `params().path.x` and its two kin.
    fn params(&mut self) -> Parsed<Root> {
        self.expect("(")?;
        self.blanks();
        if !self.take(")") {
            let name = Box::new(self.expression(0)?);
            self.expect(")")?;
            return Ok(Root::Parameter { kind: None, name });
        }
        let names = self.names()?.unwrap_or_default();
        let (kind, name) = names.split_once('.').unwrap_or((&names, ""));
        let kind = match kind {
            "path" => ParameterKind::Path,
            "querystring" => ParameterKind::Query,
            "header" => ParameterKind::Header,
            _ => return Err(self.problem("$input.params() by itself is not imitated")),
        };
        let name = match name {
            "" => {
                self.expect(".get(")?;
                let name = self.expression(0)?;
                self.expect(")")?;
                name
            }
            name => Expression::Literal(Literal::Text(name.to_owned())),
        };
        Ok(Root::Parameter { kind: Some(kind), name: Box::new(name) })
    }

    fn json_path(&mut self) -> Parsed<JsonPath> {
        self.expect("(")?;
        let argument = self.expression(0)?;
        let text = match &argument {
            Expression::Literal(Literal::Text(text)) => Some(text.clone()),
            Expression::Interpolated(nodes) => plain_text(nodes),
            _ => None,
        };
        let path = text.as_deref().and_then(JsonPath::parse);
        let path = path.ok_or_else(|| {
            self.problem("only JSONPaths of names and indices, written out, are imitated")
        })?;
        self.expect(")")?;
        Ok(path)
    }

    fn steps(&mut self) -> Parsed<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            let begin = self.at;
            if self.take("[") {
                let index = self.expression(0)?;
                self.expect("]")?;
                steps.push(Step::Index(index));
            } else if let Some(name) = self.take(".").then(|| self.word()).flatten() {
                if self.take("(") {
                    steps.push(self.call(name)?);
                } else {
                    steps.push(Step::Property(name.to_owned()));
                }
            } else {
                // A full stop behind a reference is text.
                self.at = begin;
                return Ok(steps);
            }
        }
    }

    fn call(&mut self, name: &str) -> Parsed<Step> {
        let mut arguments = Vec::new();
        self.blanks();
        while !self.take(")") {
            arguments.push(self.expression(0)?);
            self.blanks();
            if !self.take(",") && self.peek() != Some(')') {
                return Err(self.problem("expected `,` or `)`"));
            }
        }
        let regex = match arguments.first() {
            Some(Expression::Literal(Literal::Text(text))) => Some(text.clone()),
            Some(Expression::Interpolated(nodes)) => plain_text(nodes),
            _ => None,
        };
        let (method, least, most) =
            Method::named(name, regex.as_deref()).map_err(|problem| self.problem(problem))?;
        if (least..=most).contains(&arguments.len()) {
            return Ok(Step::Call(method, arguments));
        }
        Err(self.problem(format!("{name}() does not take {} arguments", arguments.len())))
    }

    /// Precedence climbing; `level` is the loosest operator to take.
    fn expression(&mut self, level: usize) -> Parsed<Expression> {
        if level == LEVELS.len() {
            return self.unary();
        }
        let mut left = self.expression(level + 1)?;
        while let Some(operator) = self.operator(level) {
            let right = self.expression(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operator(&mut self, level: usize) -> Option<Operator> {
        self.blanks();
        let found = LEVELS[level].iter().find(|(token, _)| {
            let word = token.starts_with(|c: char| c.is_ascii_alphabetic());
            let after = self.rest().strip_prefix(*token);
            after.is_some_and(|after| !word || !after.starts_with(|c: char| c.is_alphanumeric()))
        });
        let (token, operator) = found?;
        self.at += token.len();
        Some(*operator)
    }

    fn unary(&mut self) -> Parsed<Expression> {
        self.blanks();
        if self.take("!") {
            return Ok(Expression::Not(Box::new(self.unary()?)));
        }
        if self.take("(") {
            let inner = self.expression(0)?;
            self.expect(")")?;
            return Ok(inner);
        }
        self.primary()
    }

    fn primary(&mut self) -> Parsed<Expression> {
        match self.peek() {
            Some('$') => {
                let reference = self.reference()?.ok_or_else(|| self.problem("a lone `$`"))?;
                Ok(Expression::Reference(reference.0))
            }
            Some('\'') => Ok(Expression::Literal(Literal::Text(self.quoted('\'')?.0.to_owned()))),
            Some('"') => self.interpolated(),
            Some('[') => self.list(),
            Some(c) if c == '-' || c.is_ascii_digit() => self.integer(),
            Some(_) | None => match self.word() {
                Some("true") => Ok(Expression::Literal(Literal::Boolean(true))),
                Some("false") => Ok(Expression::Literal(Literal::Boolean(false))),
                Some(word) => Err(self.problem(format!("`{word}` is not an expression"))),
                None => Err(self.problem("expected an expression; maps `{…}` are not imitated")),
            },
        }
    }

    /// The inside of a quoted string and the line it begins on. A doubled quote is not imitated.
    fn quoted(&mut self, quote: char) -> Parsed<(&'s str, usize)> {
        let line = self.line();
        let inside = &self.rest()[1..];
        let end = inside.find(quote).ok_or_else(|| self.problem("a quote without its end"))?;
        self.at += end + 2;
        if self.peek() == Some(quote) {
            return Err(self.problem("a doubled quote is not imitated"));
        }
        Ok((&inside[..end], line))
    }

    fn interpolated(&mut self) -> Parsed<Expression> {
        let (inside, line_base) = self.quoted('"')?;
        let mut parser = Parser { source: inside, at: 0, line_base };
        let (nodes, end) = parser.block()?;
        if end != Stop::TextEnds {
            return Err(parser.problem("an #end or #else too many"));
        }
        Ok(Expression::Interpolated(nodes))
    }

    fn list(&mut self) -> Parsed<Expression> {
        self.at += 1;
        self.blanks();
        let mut items = Vec::new();
        while !self.take("]") {
            items.push(self.expression(0)?);
            self.blanks();
            if self.take("..") {
                let to = self.expression(0)?;
                self.expect("]")?;
                let from = items.pop().ok_or_else(|| self.problem("a range without a start"))?;
                return Ok(Expression::Range(Box::new(from), Box::new(to)));
            }
            if !self.take(",") && self.peek() != Some(']') {
                return Err(self.problem("expected `,` or `]`"));
            }
            self.blanks();
        }
        Ok(Expression::List(items))
    }

    fn integer(&mut self) -> Parsed<Expression> {
        let rest = self.rest();
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let end = end + rest.len() - digits.len();
        let number = rest[..end].parse().map_err(|_| self.problem("not a whole number"))?;
        self.at += end;
        Ok(Expression::Literal(Literal::Integer(number)))
    }
}

/// From the loosest to the tightest. Longer tokens come before their beginnings.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or), ("or", Operator::Or)],
    &[("&&", Operator::And), ("and", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("eq", Operator::Equal),
        ("ne", Operator::NotEqual),
    ],
    &[
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("le", Operator::LessOrEqual),
        ("ge", Operator::GreaterOrEqual),
        ("lt", Operator::Less),
        ("gt", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

fn plain_text(nodes: &[Node]) -> Option<String> {
    match nodes {
        [] => Some(String::new()),
        [Node::Text(text)] => Some(text.clone()),
        _ => None,
    }
}

/// Nodes under construction; neighbouring texts become one.
#[derive(Default)]
struct Nodes(Vec<Node>);

impl Nodes {
    fn text(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Node::Text(before)) => before.push_str(text),
            Some(_) | None => self.0.push(Node::Text(text.to_owned())),
        }
    }

    /// Takes back the blanks between the line's beginning and a directive at `begin`.
    fn alone_on_its_line(&mut self, source: &str, begin: usize) {
        let line = source[..begin].rfind('\n').map_or(0, |newline| newline + 1);
        let blanks = &source[line..begin];
        if blanks.is_empty() || !blanks.chars().all(|c| c == ' ' || c == '\t') {
            return;
        }
        if let Some(Node::Text(before)) = self.0.last_mut() {
            let kept = before.len() - blanks.len();
            before.truncate(kept);
        }
    }
}
