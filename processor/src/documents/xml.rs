//! XML as the NF-e wants it: no white space between tags, no prefixes, an end tag for each.

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

    /// An element of text from outside, escaped.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.start(name, "");
        self.text.push_str(&partial_escape(text));
        self.end(name);
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
