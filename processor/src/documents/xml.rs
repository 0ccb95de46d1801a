//! XML as the NF-e wants it: no white space between tags, no prefixes, an end tag for each.
//!
//! Numbers are written digit by digit here: the machinery of `Display` takes longer than all the
//! rest of a document.

use std::borrow::Cow;

use jiff::civil::Date;
use orders::{Cents, Rate};
use quick_xml::escape::partial_escape;

/// A document that grows.
pub(super) struct Xml {
    text: String,
}

/// What a text from outside must be for the schema: how many letters it has at least and at most,
/// and what stands where it has too few.
pub(super) struct Words {
    pub(super) letters_min: usize,
    pub(super) letters_max: usize,
    pub(super) otherwise: &'static str,
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

    /// The same of a text that an existing database holds, whose columns know nothing of the
    /// schema's limits: what is too long is cut.
    pub(super) fn words(&mut self, name: &str, text: &str, words: &Words) {
        let text = admissible(text);
        let text = match text.char_indices().nth(words.letters_max) {
            Some((end, _)) => text[..end].trim_end(),
            None => &text,
        };
        let is_enough = text.chars().nth(words.letters_min - 1).is_some();
        self.text(name, if is_enough { text } else { words.otherwise });
    }

    /// An element of a code of ours, in which there is nothing to escape.
    pub(super) fn code(&mut self, name: &str, code: &str) {
        self.start(name, "");
        self.text.push_str(code);
        self.end(name);
    }

    /// An element of a whole number, with zeros before it up to so many digits.
    pub(super) fn number(&mut self, name: &str, number: impl Into<u64>, digits_min: usize) {
        self.start(name, "");
        self.digits(number.into(), digits_min);
        self.end(name);
    }

    /// An element of a whole number with so many zeros after the point: 48.0000.
    pub(super) fn quantity(&mut self, name: &str, number: u32, zeros: &str) {
        self.start(name, "");
        self.digits(number.into(), 1);
        self.text.push('.');
        self.text.push_str(zeros);
        self.end(name);
    }

    /// An element of an amount, which is not negative: 1234.50.
    pub(super) fn amount(&mut self, name: &str, amount: Cents) {
        self.decimal(name, amount.0.unsigned_abs(), 100, 2);
    }

    /// An element of a percentage: 12.0000.
    pub(super) fn rate(&mut self, name: &str, rate: Rate) {
        self.decimal(name, u64::from(rate.0), 10_000, 4);
    }

    /// An element of a number in units of its last of four places.
    pub(super) fn units_1e4(&mut self, name: &str, units: u64) {
        self.decimal(name, units, 10_000, 4);
    }

    /// An element of a day: 2026-11-23.
    pub(super) fn day(&mut self, name: &str, day: Date) {
        self.start(name, "");
        self.digits(u64::from(day.year().unsigned_abs()), 4);
        self.text.push('-');
        self.digits(u64::from(day.month().unsigned_abs()), 2);
        self.text.push('-');
        self.digits(u64::from(day.day().unsigned_abs()), 2);
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

    /// The finished document.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn decimal(&mut self, name: &str, units: u64, scale: u64, places: usize) {
        self.start(name, "");
        self.digits(units / scale, 1);
        self.text.push('.');
        self.digits(units % scale, places);
        self.end(name);
    }

    fn digits(&mut self, mut number: u64, digits_min: usize) {
        // The largest has twenty digits.
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        while number > 0 || digits.len() - at < digits_min {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.text.extend(digits[at..].iter().map(|digit| char::from(*digit)));
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
    use jiff::civil::date;

    use super::*;

    fn written(write: impl FnOnce(&mut Xml)) -> String {
        let mut xml = Xml { text: String::new() };
        write(&mut xml);
        xml.finish()
    }

    #[test]
    fn canonical_xml_escapes_three_signs_and_no_quotes() {
        assert_eq!(
            written(|xml| xml.text("x", r#"D'AVÓ & "FILHOS" <SUL>"#)),
            r#"<x>D'AVÓ &amp; "FILHOS" &lt;SUL&gt;</x>"#
        );
    }

    #[test]
    fn what_the_schema_refuses_is_not_written() {
        assert_eq!(
            written(|xml| xml.text("x", "\u{a0} A\r\nB\tC – λ \u{7}€ ")),
            "<x>A  B C - ? ??</x>"
        );
    }

    #[test]
    fn words_have_as_many_letters_as_the_schema_wants() {
        const NAME: Words = Words { letters_min: 2, letters_max: 5, otherwise: "NONE" };
        let name = |text: &str| written(|xml| xml.words("x", text, &NAME));
        assert_eq!(name("AÇÃO."), "<x>AÇÃO.</x>");
        assert_eq!(name("AÇÃO..."), "<x>AÇÃO.</x>");
        // No space at the end, and letters are counted before they are escaped.
        assert_eq!(name("ABCD EF"), "<x>ABCD</x>");
        assert_eq!(name("&&&&&&"), "<x>&amp;&amp;&amp;&amp;&amp;</x>");
        assert_eq!((name("AB"), name(" A\t")), ("<x>AB</x>".into(), "<x>NONE</x>".into()));
        assert_eq!(name(""), "<x>NONE</x>");
    }

    #[test]
    fn numbers_are_written_digit_by_digit() {
        let all = written(|xml| {
            xml.number("a", 0_u64, 1);
            xml.number("b", 42_u64, 3);
            xml.number("c", u64::MAX, 1);
            xml.quantity("d", 48, "0000");
            xml.amount("e", Cents(5));
            xml.amount("f", Cents(123_450));
            xml.rate("g", Rate(3_600));
            xml.units_1e4("h", 999_999_999_999_999);
            xml.day("i", date(2026, 1, 9));
        });
        assert_eq!(
            all,
            "<a>0</a><b>042</b><c>18446744073709551615</c><d>48.0000</d><e>0.05</e>\
             <f>1234.50</f><g>0.3600</g><h>99999999999.9999</h><i>2026-01-09</i>"
        );
    }
}
