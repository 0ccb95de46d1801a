//! XML as the NF-e wants it: no white space between tags, no prefixes, an end tag for each.

use std::borrow::Cow;
use std::fmt::{Display, Write};

use quick_xml::escape::partial_escape;

/// A document that grows.
pub(super) struct Xml {
    text: String,
}

impl Xml {
    /// Starts a document in UTF-8; `bytes` is a guess of its length.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push_str(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
        Self { text }
    }

    /// An element with what `inside` writes in it. The attributes need no escaping: they are ours.
    pub(super) fn element(&mut self, name: &str, attributes: &str, inside: impl FnOnce(&mut Self)) {
        self.start(name, attributes);
        inside(self);
        self.end(name);
    }

    /// An element without attributes.
    pub(super) fn group(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.element(name, "", inside);
    }

    /// An element of text from outside, as the schema wants it and escaped as canonical XML does:
    /// `&`, `<` and `>`, and no quotes.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.start(name, "");
        self.text.push_str(&partial_escape(admissible(text)));
        self.end(name);
    }

    /// What is XML already.
    pub(super) fn verbatim(&mut self, xml: &str) {
        self.text.push_str(xml);
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// What was written since there were `start` bytes.
    pub(super) fn since(&self, start: usize) -> &str {
        &self.text[start..]
    }

    /// An element of a number or code of ours, in which there is nothing to escape.
    pub(super) fn value(&mut self, name: &str, value: impl Display) {
        self.start(name, "");
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{value}");
        self.end(name);
    }

    /// The finished document.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn start(&mut self, name: &str, attributes: &str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push_str(attributes);
        self.text.push('>');
    }

    fn end(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }
}

/// A text that the schema admits (`TString`): printable Latin-1, without spaces at either end.
/// What is none becomes a question mark, white space a space.
fn admissible(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(|letter: char| letter.is_whitespace());
    if text.chars().all(is_admissible) {
        return Cow::Borrowed(text);
    }
    let replaced = |letter: char| match letter {
        letter if is_admissible(letter) => letter,
        letter if letter.is_whitespace() => ' ',
        '\u{2013}' | '\u{2014}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        _ => '?',
    };
    Cow::Owned(text.chars().map(replaced).collect())
}

fn is_admissible(letter: char) -> bool {
    matches!(letter, ' '..='~' | '\u{a1}'..='\u{ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut xml = Xml { text: String::new() };
        xml.text("x", text);
        xml.finish()
    }

    #[test]
    fn canonical_xml_escapes_three_signs_and_no_quotes() {
        assert_eq!(
            written(r#"D'AVÓ & "FILHOS" <SUL>"#),
            r#"<x>D'AVÓ &amp; "FILHOS" &lt;SUL&gt;</x>"#
        );
    }

    #[test]
    fn what_the_schema_refuses_is_not_written() {
        assert_eq!(written("\u{a0} A\r\nB\tC – λ \u{7}€ "), "<x>A  B C - ? ??</x>");
    }
}
