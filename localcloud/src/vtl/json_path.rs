//! The JSONPath that `$input.json` and `$input.path` take here: names and indices.

use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonPath(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Name(String),
    Index(usize),
}

impl JsonPath {
    /// `$`, `$.a.b`, `$['a'][0]`; the `$` may be left out. None: another form of path.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$').unwrap_or(text);
        let mut parts = Vec::new();
        if !text.starts_with('$') && !rest.is_empty() {
            let (name, after) = name(rest)?;
            parts.push(Part::Name(name));
            rest = after;
        }
        while !rest.is_empty() {
            let (part, after) = part(rest)?;
            parts.push(part);
            rest = after;
        }
        Some(JsonPath(parts))
    }

    pub(crate) fn find<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(root, |node, part| match part {
            Part::Name(name) => node.get(name),
            Part::Index(index) => node.get(index),
        })
    }
}

fn part(text: &str) -> Option<(Part, &str)> {
    if let Some(rest) = text.strip_prefix('.') {
        let (name, rest) = name(rest)?;
        return Some((Part::Name(name), rest));
    }
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    let quoted = ['\'', '"'].iter().find_map(|q| inside.strip_prefix(*q)?.strip_suffix(*q));
    let part = match quoted {
        Some(name) => Part::Name(name.to_owned()),
        None => Part::Index(inside.parse().ok()?),
    };
    Some((part, rest))
}

fn name(text: &str) -> Option<(String, &str)> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let end = text.find(|c| !allowed(c)).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_and_indices_are_followed() {
        let root = json!({"a": {"b c": [1, {"d": 2}]}});
        for (path, expected) in [
            ("$.a['b c'][1].d", Some(json!(2))),
            ("$['a'][\"b c\"][0]", Some(json!(1))),
            ("a['b c'][0]", Some(json!(1))),
            ("$.a.x", None),
            ("$", Some(root.clone())),
        ] {
            assert_eq!(JsonPath::parse(path).unwrap().find(&root), expected.as_ref(), "{path}");
        }
    }

    #[test]
    fn other_forms_of_path_are_not_taken() {
        for path in ["$..a", "$.*", "$[*]", "$[?(@.a)]", "$.", "$[1", "$[-1]"] {
            assert_eq!(JsonPath::parse(path), None, "{path}");
        }
    }
}
