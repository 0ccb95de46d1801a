//! `$util` and the methods of strings, lists and maps that templates may call.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use regex::Regex;

use super::evaluate::Datum;

/// The functions of `$util`, all of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Util {
    UrlEncode,
    UrlDecode,
    EscapeJavaScript,
    Base64Encode,
    Base64Decode,
    ParseJson,
}

impl Util {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "urlEncode" => Util::UrlEncode,
            "urlDecode" => Util::UrlDecode,
            "escapeJavaScript" => Util::EscapeJavaScript,
            "base64Encode" => Util::Base64Encode,
            "base64Decode" => Util::Base64Decode,
            "parseJson" => Util::ParseJson,
            _ => return None,
        })
    }

    pub(super) fn call<'a>(self, argument: &Datum<'a>) -> Datum<'a> {
        if matches!(argument, Datum::Undefined | Datum::Null) {
            return Datum::Null;
        }
        let text = argument.text();
        match self {
            Util::UrlEncode => Datum::owned(url_encode(&text)),
            Util::UrlDecode => url_decode(&text).map_or(Datum::Null, Datum::owned),
            Util::EscapeJavaScript => Datum::owned(escape_javascript(&text)),
            Util::Base64Encode => Datum::owned(BASE64.encode(text.as_bytes())),
            Util::Base64Decode => {
                let bytes = BASE64.decode(text.as_bytes()).ok();
                bytes.and_then(|b| String::from_utf8(b).ok()).map_or(Datum::Null, Datum::owned)
            }
            Util::ParseJson => serde_json::from_str(&text).map_or(Datum::Null, Datum::from_json),
        }
    }
}

/// As `java.net.URLEncoder`: letters, digits and `.-*_` stay, a space is `+`.
fn url_encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    const PLAIN: [bool; 256] = plain();
    // JSON is about a third quotes, colons, commas and braces.
    let mut out = Vec::with_capacity(text.len() * 2);
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if PLAIN[usize::from(*byte)] {
            continue;
        }
        out.extend_from_slice(&bytes[start..at]);
        start = at + 1;
        match byte {
            b' ' => out.push(b'+'),
            other => out.extend_from_slice(&[
                b'%',
                DIGITS[usize::from(other >> 4)],
                DIGITS[usize::from(other & 15)],
            ]),
        }
    }
    out.extend_from_slice(&bytes[start..]);
    // Only ASCII is written, and never half a character: the rest is copied whole.
    String::from_utf8(out).unwrap_or_default()
}

const fn plain() -> [bool; 256] {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        plain[byte] = b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'*' | b'_');
        byte += 1;
    }
    plain
}

fn url_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let mut bytes = Vec::with_capacity(spaced.len());
    let mut rest = spaced.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// As Apache Commons' `StringEscapeUtils.escapeEcmaScript`: `'` becomes `\'`, which is not
/// JSON; API Gateway's reference says to undo it.
fn escape_javascript(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for unit in text.encode_utf16() {
        match u8::try_from(unit).map(char::from) {
            Ok(c @ ('\'' | '"' | '\\' | '/')) => {
                out.push('\\');
                out.push(c);
            }
            Ok('\n') => out.push_str("\\n"),
            Ok('\r') => out.push_str("\\r"),
            Ok('\t') => out.push_str("\\t"),
            Ok('\u{8}') => out.push_str("\\b"),
            Ok('\u{c}') => out.push_str("\\f"),
            Ok(c @ ' '..='~') => out.push(c),
            Ok(_) | Err(_) => out.push_str(&format!("\\u{unit:04X}")),
        }
    }
    out
}

/// Methods of Java's strings, lists and maps.
#[derive(Clone, Debug)]
pub(super) enum Method {
    Length,
    Size,
    IsEmpty,
    Equals,
    EqualsIgnoreCase,
    Contains,
    ContainsKey,
    StartsWith,
    EndsWith,
    IndexOf,
    Substring,
    Replace,
    /// The expression is compiled with the template.
    ReplaceAll(Regex),
    Matches(Regex),
    Split(Regex),
    Trim,
    ToLowerCase,
    ToUpperCase,
    ToText,
    Get,
    KeySet,
}

impl Method {
    /// The method and how many arguments it takes, first to last. Methods that take a regular
    /// expression get it as text.
    pub(super) fn named(name: &str, regex: Option<&str>) -> Result<(Self, usize, usize), String> {
        let compiled = || {
            let text = regex.ok_or(format!("{name}() takes its expression in single quotes"))?;
            Regex::new(text).map_err(|error| format!("{name}(): {error}"))
        };
        Ok(match name {
            "length" => (Method::Length, 0, 0),
            "size" => (Method::Size, 0, 0),
            "isEmpty" => (Method::IsEmpty, 0, 0),
            "equals" => (Method::Equals, 1, 1),
            "equalsIgnoreCase" => (Method::EqualsIgnoreCase, 1, 1),
            "contains" => (Method::Contains, 1, 1),
            "containsKey" => (Method::ContainsKey, 1, 1),
            "startsWith" => (Method::StartsWith, 1, 1),
            "endsWith" => (Method::EndsWith, 1, 1),
            "indexOf" => (Method::IndexOf, 1, 1),
            "substring" => (Method::Substring, 1, 2),
            "replace" => (Method::Replace, 2, 2),
            "replaceAll" => (Method::ReplaceAll(compiled()?), 2, 2),
            "matches" => {
                (Method::Matches(Regex::new(&anchored(regex)).map_err(|e| e.to_string())?), 1, 1)
            }
            "split" => (Method::Split(compiled()?), 1, 1),
            "trim" => (Method::Trim, 0, 0),
            "toLowerCase" => (Method::ToLowerCase, 0, 0),
            "toUpperCase" => (Method::ToUpperCase, 0, 0),
            "toString" => (Method::ToText, 0, 0),
            "get" => (Method::Get, 1, 1),
            "keySet" => (Method::KeySet, 0, 0),
            other => return Err(format!("the method {other}() is not imitated")),
        })
    }

    /// Undefined if the value has no such method.
    pub(super) fn call<'a>(&self, of: &Datum<'a>, arguments: &[Datum<'a>]) -> Datum<'a> {
        match of {
            Datum::List(items) => self.of_list(items, arguments),
            Datum::Map(fields) => self.of_map(fields, arguments),
            Datum::Undefined | Datum::Null => Datum::Undefined,
            Datum::Text(_) | Datum::Boolean(_) | Datum::Integer(_) | Datum::Float(_) => {
                self.of_text(&of.text(), arguments)
            }
        }
    }

    fn of_text<'a>(&self, text: &str, arguments: &[Datum<'a>]) -> Datum<'a> {
        let argument = |n: usize| arguments.get(n).map_or(Cow::Borrowed(""), Datum::text);
        match self {
            Method::Length => Datum::Integer(length(text.chars().count())),
            Method::IsEmpty => Datum::Boolean(text.is_empty()),
            Method::Equals => Datum::Boolean(text == argument(0)),
            Method::EqualsIgnoreCase => {
                Datum::Boolean(text.to_lowercase() == argument(0).to_lowercase())
            }
            Method::Contains => Datum::Boolean(text.contains(&*argument(0))),
            Method::StartsWith => Datum::Boolean(text.starts_with(&*argument(0))),
            Method::EndsWith => Datum::Boolean(text.ends_with(&*argument(0))),
            Method::IndexOf => match text.find(&*argument(0)) {
                Some(at) => Datum::Integer(length(text[..at].chars().count())),
                None => Datum::Integer(-1),
            },
            Method::Substring => substring(text, arguments),
            Method::Replace => Datum::owned(text.replace(&*argument(0), &argument(1))),
            Method::ReplaceAll(regex) => {
                Datum::owned(regex.replace_all(text, &*argument(1)).into_owned())
            }
            Method::Matches(regex) => Datum::Boolean(regex.is_match(text)),
            Method::Split(regex) => {
                let mut parts: Vec<_> =
                    regex.split(text).map(|part| Datum::owned(part.to_owned())).collect();
                // Java drops what is empty at the end.
                while parts.len() > 1 && parts.last().is_some_and(|part| part.text().is_empty()) {
                    parts.pop();
                }
                Datum::List(parts)
            }
            Method::Trim => Datum::owned(text.trim().to_owned()),
            Method::ToLowerCase => Datum::owned(text.to_lowercase()),
            Method::ToUpperCase => Datum::owned(text.to_uppercase()),
            Method::ToText => Datum::owned(text.to_owned()),
            Method::Size | Method::ContainsKey | Method::Get | Method::KeySet => Datum::Undefined,
        }
    }

    fn of_list<'a>(&self, items: &[Datum<'a>], arguments: &[Datum<'a>]) -> Datum<'a> {
        match (self, arguments) {
            (Method::Size, _) => Datum::Integer(length(items.len())),
            (Method::IsEmpty, _) => Datum::Boolean(items.is_empty()),
            (Method::Contains, [wanted]) => Datum::Boolean(items.contains(wanted)),
            (Method::Get, [Datum::Integer(at)]) => {
                let item = usize::try_from(*at).ok().and_then(|at| items.get(at));
                item.cloned().unwrap_or(Datum::Undefined)
            }
            _ => Datum::Undefined,
        }
    }

    fn of_map<'a>(&self, fields: &[(String, Datum<'a>)], arguments: &[Datum<'a>]) -> Datum<'a> {
        let find = |wanted: &Datum<'a>| {
            let wanted = wanted.text();
            fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone())
        };
        match (self, arguments) {
            (Method::Size, _) => Datum::Integer(length(fields.len())),
            (Method::IsEmpty, _) => Datum::Boolean(fields.is_empty()),
            (Method::ContainsKey, [wanted]) => Datum::Boolean(find(wanted).is_some()),
            (Method::Get, [wanted]) => find(wanted).unwrap_or(Datum::Null),
            (Method::KeySet, _) => {
                Datum::List(fields.iter().map(|(name, _)| Datum::owned(name.clone())).collect())
            }
            _ => Datum::Undefined,
        }
    }
}

/// Java's `matches` is over the whole text.
fn anchored(regex: Option<&str>) -> String {
    format!("^(?:{})$", regex.unwrap_or_default())
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn substring<'a>(text: &str, arguments: &[Datum<'a>]) -> Datum<'a> {
    let at = |n: usize| match arguments.get(n) {
        Some(Datum::Integer(at)) => usize::try_from(*at).ok(),
        Some(_) | None => None,
    };
    let Some(from) = at(0) else { return Datum::Undefined };
    let count = text.chars().count();
    let to = if arguments.len() > 1 { at(1) } else { Some(count) };
    match to.filter(|to| from <= *to && *to <= count) {
        Some(to) => Datum::owned(text.chars().skip(from).take(to - from).collect()),
        None => Datum::Undefined,
    }
}
