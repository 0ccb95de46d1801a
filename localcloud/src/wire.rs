//! One answer, three encodings: JSON 1.0, CBOR and XML. Handlers build a [`Node`] and do not
//! know which protocol asked.
//!
//! Requests go the other way through `serde_json::Value`; see [`from_cbor`] and [`from_form`].

use serde_json::{Map, Value, json};

use crate::clock;

/// A protocol-neutral answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Text(String),
    Number(f64),
    /// Whole seconds since the epoch: JSON and CBOR write a number, XML writes ISO 8601.
    Instant(i64),
    List(Vec<Node>),
    Map(Vec<(&'static str, Node)>),
    /// A map whose keys are data, which XML writes as a list of entries.
    Entries(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn text(value: impl Into<String>) -> Self {
        Node::Text(value.into())
    }

    pub(crate) fn json(&self) -> Value {
        match self {
            Node::Text(text) => Value::String(text.clone()),
            Node::Number(number) => json!(number),
            Node::Instant(seconds) => json!(seconds),
            Node::List(items) => Value::Array(items.iter().map(Node::json).collect()),
            Node::Map(fields) => {
                fields.iter().map(|(name, node)| ((*name).to_owned(), node.json())).collect()
            }
            Node::Entries(entries) => {
                entries.iter().map(|(name, node)| (name.clone(), node.json())).collect()
            }
        }
    }

    /// RFC 8949. Floats are always written with 64 bits: AWS's Rust decoder does not take
    /// the 16-bit form that a general encoder would choose for small numbers.
    pub(crate) fn cbor(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_cbor(&mut out);
        out
    }

    fn write_cbor(&self, out: &mut Vec<u8>) {
        match self {
            Node::Text(text) => cbor_text(out, text),
            Node::Number(number) => cbor_float(out, *number),
            Node::Instant(seconds) => {
                // Tag 1: epoch-based date and time.
                cbor_head(out, 6, 1);
                cbor_float(out, *seconds as f64);
            }
            Node::List(items) => {
                cbor_head(out, 4, items.len() as u64);
                items.iter().for_each(|item| item.write_cbor(out));
            }
            Node::Map(fields) => {
                cbor_head(out, 5, fields.len() as u64);
                for (name, node) in fields {
                    cbor_text(out, name);
                    node.write_cbor(out);
                }
            }
            Node::Entries(entries) => {
                cbor_head(out, 5, entries.len() as u64);
                for (name, node) in entries {
                    cbor_text(out, name);
                    node.write_cbor(out);
                }
            }
        }
    }

    /// The inside of the query protocol's `<ActionResult>`; list items are `<member>`.
    pub(crate) fn write_xml(&self, out: &mut String) {
        match self {
            Node::Text(text) => escape_xml(text, out),
            Node::Number(number) => out.push_str(&number.to_string()),
            Node::Instant(seconds) => {
                out.push_str(&clock::iso8601(
                    u64::try_from(*seconds).unwrap_or(0).saturating_mul(1000),
                ));
            }
            Node::List(items) => {
                items.iter().for_each(|item| element("member", out, |out| item.write_xml(out)))
            }
            Node::Entries(entries) => {
                for (name, node) in entries {
                    element("entry", out, |out| {
                        element("key", out, |out| escape_xml(name, out));
                        element("value", out, |out| node.write_xml(out));
                    });
                }
            }
            Node::Map(fields) => {
                fields
                    .iter()
                    .for_each(|(name, node)| element(name, out, |out| node.write_xml(out)));
            }
        }
    }
}

fn cbor_head(out: &mut Vec<u8>, major: u8, value: u64) {
    let major = major << 5;
    match value {
        0..=23 => out.push(major | value as u8),
        24..=0xFF => out.extend([major | 24, value as u8]),
        0x100..=0xFFFF => {
            out.push(major | 25);
            out.extend((value as u16).to_be_bytes());
        }
        0x1_0000..=0xFFFF_FFFF => {
            out.push(major | 26);
            out.extend((value as u32).to_be_bytes());
        }
        0x1_0000_0000.. => {
            out.push(major | 27);
            out.extend(value.to_be_bytes());
        }
    }
}

fn cbor_text(out: &mut Vec<u8>, text: &str) {
    cbor_head(out, 3, text.len() as u64);
    out.extend(text.as_bytes());
}

fn cbor_float(out: &mut Vec<u8>, number: f64) {
    out.push(0xFB);
    out.extend(number.to_be_bytes());
}

/// Writes `<name>…</name>`.
pub(crate) fn element(name: &str, out: &mut String, inside: impl FnOnce(&mut String)) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    inside(out);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Escapes text for XML. A carriage return must be a reference, or a reader drops it.
pub(crate) fn escape_xml(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}

/// A CBOR request as JSON. Tags are dropped: the only one AWS sends marks an instant, whose
/// number reads the same without it.
pub(crate) fn from_cbor(bytes: &[u8]) -> Option<Value> {
    if bytes.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    let value: ciborium::Value = ciborium::from_reader(bytes).ok()?;
    cbor_to_json(value)
}

fn cbor_to_json(value: ciborium::Value) -> Option<Value> {
    Some(match value {
        ciborium::Value::Integer(integer) => json!(i64::try_from(integer).ok()?),
        ciborium::Value::Float(float) => json!(float),
        ciborium::Value::Text(text) => Value::String(text),
        ciborium::Value::Bool(bool) => Value::Bool(bool),
        ciborium::Value::Null => Value::Null,
        ciborium::Value::Tag(_, inner) => cbor_to_json(*inner)?,
        ciborium::Value::Array(items) => {
            Value::Array(items.into_iter().map(cbor_to_json).collect::<Option<_>>()?)
        }
        ciborium::Value::Map(fields) => {
            let field = |(name, value): (ciborium::Value, ciborium::Value)| {
                Some((name.into_text().ok()?, cbor_to_json(value)?))
            };
            Value::Object(fields.into_iter().map(field).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// A form of the AWS query protocol as JSON: `A.B=x` nests, and a level whose names are all
/// `1`, `2`, … becomes a list. The word `member` is dropped.
pub(crate) fn from_form(body: &[u8]) -> Value {
    let mut root = Value::Object(Map::new());
    for (name, value) in form_urlencoded::parse(body) {
        let path = name.split('.').filter(|part| *part != "member");
        insert(&mut root, path, value.into_owned());
    }
    lists(root)
}

fn insert<'a>(node: &mut Value, mut path: impl Iterator<Item = &'a str>, value: String) {
    let Some(part) = path.next() else {
        *node = Value::String(value);
        return;
    };
    if !node.is_object() {
        *node = Value::Object(Map::new());
    }
    if let Value::Object(fields) = node {
        insert(fields.entry(part.to_owned()).or_insert(Value::Null), path, value);
    }
}

fn lists(node: Value) -> Value {
    let Value::Object(fields) = node else { return node };
    let numbered: Option<Vec<usize>> = fields.keys().map(|name| name.parse().ok()).collect();
    match numbered.filter(|numbers| !numbers.is_empty()) {
        Some(numbers) => {
            let mut items: Vec<(usize, Value)> =
                numbers.into_iter().zip(fields.into_values().map(lists)).collect();
            items.sort_by_key(|(number, _)| *number);
            Value::Array(items.into_iter().map(|(_, item)| item).collect())
        }
        None => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, lists(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_nests_by_dots_and_lists_by_numbers() {
        let form = b"Action=X&D.member.2.Name=b&D.member.10.Name=c&D.member.1.Name=a&P=1";
        let expected =
            json!({"Action": "X", "D": [{"Name": "a"}, {"Name": "b"}, {"Name": "c"}], "P": "1"});
        assert_eq!(from_form(form), expected);
    }

    #[test]
    fn what_is_written_as_cbor_reads_back() {
        let node = Node::Map(vec![
            ("Text", Node::text("x".repeat(300))),
            ("List", Node::List(vec![Node::Number(1.5), Node::Instant(1_700_000_000)])),
        ]);
        let back = from_cbor(&node.cbor()).unwrap();
        assert_eq!(back, json!({"Text": "x".repeat(300), "List": [1.5, 1_700_000_000.0]}));
    }

    #[test]
    fn xml_escapes_what_a_reader_would_change() {
        let mut out = String::new();
        Node::Map(vec![("A", Node::text("a<b>&\"\r"))]).write_xml(&mut out);
        assert_eq!(out, "<A>a&lt;b&gt;&amp;&quot;&#xD;</A>");
    }
}
