//! What SQS carries: a body, typed attributes, and the digests AWS returns for both.
//!
//! Whether a queue is full, or where a message is, is `queue.rs`'s business.

use std::borrow::Cow;
use std::fmt::Write;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::ids::Id;

/// 1 MiB, attributes included; AWS SQS quotas, "Message size".
pub(crate) const MESSAGE_BYTES_MAX: usize = 1_048_576;
/// AWS SQS quotas, "Message attributes".
pub(crate) const ATTRIBUTES_MAX: usize = 10;

/// An MD5 digest; prints as the lower-case hexadecimal AWS uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Md5Sum(pub(crate) [u8; 16]);

impl Md5Sum {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Md5Sum(Md5::digest(bytes).into())
    }

    pub(crate) fn hex(self) -> String {
        let mut text = String::with_capacity(32);
        for byte in self.0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// The payload of one message attribute.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum AttributeData {
    /// `String` and `Number` types.
    Text(String),
    /// `Binary` types.
    Binary(Vec<u8>),
}

/// One message attribute, without its name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Attribute {
    pub(crate) data_type: String,
    pub(crate) data: AttributeData,
}

impl Attribute {
    pub(crate) fn string(value: String) -> Self {
        Attribute { data_type: "String".to_owned(), data: AttributeData::Text(value) }
    }

    fn bytes(&self) -> &[u8] {
        match &self.data {
            AttributeData::Text(text) => text.as_bytes(),
            AttributeData::Binary(bytes) => bytes,
        }
    }
}

/// Attributes by name, in the order their digest needs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Attributes(Vec<(String, Attribute)>);

impl Attributes {
    /// Sorts by name: AWS's digest is over the attributes in ascending order of name.
    pub(crate) fn new(mut entries: Vec<(String, Attribute)>) -> Self {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Attributes(entries)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Attribute)> {
        self.0.iter().map(|(name, attribute)| (name.as_str(), attribute))
    }

    pub(crate) fn into_entries(self) -> Vec<(String, Attribute)> {
        self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Name, type and value all count towards the size of the message.
    fn size_bytes(&self) -> usize {
        self.iter().map(|(name, a)| name.len() + a.data_type.len() + a.bytes().len()).sum()
    }

    /// SQS developer guide, "Calculating the MD5 message digest for message attributes":
    /// lengths as big-endian 32 bits, and a transport byte of 1 for text, 2 for binary.
    pub(crate) fn md5(&self) -> Option<Md5Sum> {
        if self.is_empty() {
            return None;
        }
        let mut digest = Md5::new();
        for (name, attribute) in self.iter() {
            add_with_length(&mut digest, name.as_bytes());
            add_with_length(&mut digest, attribute.data_type.as_bytes());
            digest.update(match attribute.data {
                AttributeData::Text(_) => [1],
                AttributeData::Binary(_) => [2],
            });
            add_with_length(&mut digest, attribute.bytes());
        }
        Some(Md5Sum(digest.finalize().into()))
    }
}

fn add_with_length(digest: &mut Md5, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    digest.update(length.to_be_bytes());
    digest.update(bytes);
}

/// Why AWS would not take a message. The texts are AWS's where it has been seen to say them.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum MessageInvalid {
    #[error("The request must contain the parameter MessageBody.")]
    EmptyBody,
    #[error(
        "Invalid binary character '#x{code:X}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    Character { code: u32 },
    #[error(
        "One or more parameters are invalid. Reason: Message must be shorter than {limit_bytes} bytes."
    )]
    TooLong { limit_bytes: usize },
    #[error("Number of message attributes [{count}] exceeds the allowed maximum [10].")]
    TooManyAttributes { count: usize },
    #[error("{0}")]
    Attribute(String),
}

/// A message as the sender gave it, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Draft {
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    /// What few messages have; None for a plain one.
    pub(crate) extras: Option<Box<Extras>>,
    size_bytes: usize,
}

/// The parts of a message that concern FIFO queues, fair queues and X-Ray.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Extras {
    pub(crate) group: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    /// The system attribute `AWSTraceHeader`; it does not count towards the size.
    pub(crate) trace_header: Option<Attribute>,
}

impl Extras {
    /// The digest of the message system attributes, by the rule of the message attributes.
    pub(crate) fn md5(&self) -> Option<Md5Sum> {
        let header = self.trace_header.clone()?;
        Attributes::new(vec![("AWSTraceHeader".to_owned(), header)]).md5()
    }
}

impl Draft {
    /// Applies AWS's rules on size, characters and attributes.
    pub(crate) fn new(
        body: String,
        attributes: Attributes,
        limit_bytes: usize,
    ) -> Result<Self, MessageInvalid> {
        if body.is_empty() {
            return Err(MessageInvalid::EmptyBody);
        }
        if let Some(code) = forbidden_character(&body) {
            return Err(MessageInvalid::Character { code });
        }
        check_attributes(&attributes)?;
        let size_bytes = body.len() + attributes.size_bytes();
        if size_bytes > limit_bytes {
            return Err(MessageInvalid::TooLong { limit_bytes });
        }
        Ok(Draft { body, attributes, extras: None, size_bytes })
    }
}

/// The set SendMessage documents: XML 1.0 characters. Only a few control characters and the
/// two non-characters of the first plane are out, so bytes are looked at first.
fn forbidden_character(text: &str) -> Option<u32> {
    let suspicious =
        |byte: u8| (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xEF;
    if !text.bytes().any(suspicious) {
        return None;
    }
    let forbidden = |c: &char| match *c {
        '\t' | '\n' | '\r' => false,
        '\u{FFFE}' | '\u{FFFF}' => true,
        other => other < ' ',
    };
    text.chars().find(forbidden).map(u32::from)
}

fn check_attributes(attributes: &Attributes) -> Result<(), MessageInvalid> {
    let count = attributes.0.len();
    if count > ATTRIBUTES_MAX {
        return Err(MessageInvalid::TooManyAttributes { count });
    }
    let problem = attributes.iter().find_map(|(name, attribute)| {
        name_problem(name).or_else(|| attribute_problem(name, attribute))
    });
    problem.map_or(Ok(()), |problem| Err(MessageInvalid::Attribute(problem)))
}

/// SQS guide, "Amazon SQS message metadata": the rules of attribute names.
fn name_problem(name: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.len() > 256 {
        return Some("Message (user) attribute names must be shorter than 256 Bytes".to_owned());
    }
    if name.is_empty() || !name.chars().all(allowed) {
        return Some(format!(
            "The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters."
        ));
    }
    let lower = name.to_ascii_lowercase();
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    (reserved || name.starts_with('.') || name.ends_with('.') || name.contains("..")).then(|| {
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'.".to_owned()
    })
}

fn attribute_problem(name: &str, attribute: &Attribute) -> Option<String> {
    let data_type = attribute.data_type.as_str();
    let base = data_type.split('.').next().unwrap_or_default();
    if data_type.is_empty() {
        return Some(format!(
            "The message attribute '{name}' must contain non-empty message attribute type."
        ));
    }
    if !matches!(base, "String" | "Number" | "Binary") {
        return Some(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
        ));
    }
    if data_type.len() > 256 {
        return Some("Message (user) attribute types must be shorter than 256 Bytes".to_owned());
    }
    let is_binary = matches!(attribute.data, AttributeData::Binary(_));
    if is_binary != (base == "Binary") || attribute.bytes().is_empty() {
        return Some(format!(
            "Message (user) attribute '{name}' must contain a non-empty value of type '{base}'."
        ));
    }
    let AttributeData::Text(text) = &attribute.data else { return None };
    if let Some(code) = forbidden_character(text) {
        return Some(format!(
            "Invalid binary character '#x{code:X}' was found in the message attribute '{name}' value, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
        ));
    }
    (base == "Number" && text.parse::<f64>().map_or(true, |number| !number.is_finite()))
        .then(|| format!("Can't cast the value of message (user) attribute '{name}' to a number."))
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Payload {
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
}

/// How a payload is kept: as it came, or packed, which takes less than half of the memory and
/// some microseconds each way.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Kept {
    Plain(Box<Payload>),
    /// CBOR, in LZ4.
    Packed(Box<[u8]>),
}

/// A message a queue has accepted. It never changes; queues share it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    pub(crate) id: Id,
    kept: Kept,
    pub(crate) md5_of_body: Md5Sum,
    pub(crate) md5_of_attributes: Option<Md5Sum>,
    /// When the sender's queue took it. A dead-letter queue keeps it, and with it the clock
    /// of retention (SQS guide, "setting-up-dead-letter-queue-retention").
    pub(crate) sent_ms: u64,
    /// What of the instant is below the millisecond, µs: AWS does not say it, a record of an
    /// invocation does. 0 for a message that was read from a file.
    below_ms_us: u16,
    pub(crate) size_bytes: usize,
    pub(crate) extras: Option<Box<Extras>>,
}

impl Message {
    pub(crate) fn group(&self) -> Option<&str> {
        self.extras.as_ref()?.group.as_deref()
    }

    pub(crate) fn new(id: Id, draft: Draft, sent_ms: u64) -> Self {
        let payload = Payload { body: draft.body, attributes: draft.attributes };
        Message {
            id,
            md5_of_body: Md5Sum::of(payload.body.as_bytes()),
            md5_of_attributes: payload.attributes.md5(),
            size_bytes: draft.size_bytes,
            kept: Kept::Plain(Box::new(payload)),
            extras: draft.extras,
            sent_ms,
            below_ms_us: 0,
        }
    }

    /// One that is sent at this instant, µs since the Unix epoch.
    pub(crate) fn sent_at(id: Id, draft: Draft, now_us: u64) -> Self {
        let below_ms_us = (now_us % 1_000) as u16;
        Self { below_ms_us, ..Self::new(id, draft, now_us / 1_000) }
    }

    /// When the sender's queue took it, µs since the Unix epoch.
    pub(crate) fn sent_us(&self) -> u64 {
        self.sent_ms * 1_000 + u64::from(self.below_ms_us)
    }

    pub(crate) fn payload(&self) -> Cow<'_, Payload> {
        match &self.kept {
            Kept::Plain(payload) => Cow::Borrowed(payload),
            Kept::Packed(packed) => {
                Cow::Owned(unpacked(packed).expect("what was packed here is whole"))
            }
        }
    }

    /// The same message in less memory, if that can be had.
    pub(crate) fn packed(mut self) -> Self {
        if let Kept::Plain(payload) = &self.kept {
            let mut cbor = Vec::with_capacity(self.size_bytes + 128);
            if ciborium::into_writer(payload, &mut cbor).is_ok() {
                let packed = lz4_flex::compress_prepend_size(&cbor);
                self.kept = Kept::Packed(packed.into_boxed_slice());
            }
        }
        self
    }
}

fn unpacked(packed: &[u8]) -> Option<Payload> {
    let cbor = lz4_flex::decompress_size_prepended(packed).ok()?;
    ciborium::from_reader(&cbor[..]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(body: &str, attributes: Vec<(String, Attribute)>) -> Result<Draft, MessageInvalid> {
        Draft::new(body.to_owned(), Attributes::new(attributes), MESSAGE_BYTES_MAX)
    }

    #[test]
    fn the_body_digest_is_the_md5_of_its_bytes() {
        // RFC 1321, appendix A.5.
        assert_eq!(Md5Sum::of(b"abc").hex(), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn the_attribute_digest_does_not_depend_on_the_order_given() {
        let a = ("a".to_owned(), Attribute::string("1".to_owned()));
        let b = ("b".to_owned(), Attribute::string("2".to_owned()));
        let forward = Attributes::new(vec![a.clone(), b.clone()]);
        let backward = Attributes::new(vec![b, a]);
        assert_eq!(forward.md5(), backward.md5());
        assert!(forward.md5().is_some());
    }

    #[test]
    fn a_message_without_attributes_has_no_attribute_digest() {
        assert_eq!(Attributes::default().md5(), None);
    }

    #[test]
    fn one_mebibyte_is_taken_and_one_byte_more_is_not() {
        assert!(draft(&"x".repeat(MESSAGE_BYTES_MAX), vec![]).is_ok());
        assert!(matches!(
            draft(&"x".repeat(MESSAGE_BYTES_MAX + 1), vec![]),
            Err(MessageInvalid::TooLong { .. })
        ));
    }

    #[test]
    fn attributes_count_towards_the_size() {
        // name 1 + "String" 6 + value 1 = 8
        let attribute = vec![("a".to_owned(), Attribute::string("1".to_owned()))];
        assert!(draft(&"x".repeat(MESSAGE_BYTES_MAX - 8), attribute.clone()).is_ok());
        assert!(draft(&"x".repeat(MESSAGE_BYTES_MAX - 7), attribute).is_err());
    }

    #[test]
    fn a_packed_message_is_the_same_in_less_memory() {
        let line = |n: usize| format!(r#"{{"line":{n},"ean":"7891000100103","price":"104.99"}}"#);
        let body = (0..20).map(line).collect::<Vec<_>>().join(",");
        let binary = Attribute {
            data_type: "Binary".to_owned(),
            data: AttributeData::Binary(vec![0, 255, 3]),
        };
        let attributes = vec![
            ("partner".to_owned(), Attribute::string("ação".to_owned())),
            ("z".to_owned(), binary),
        ];
        let id = crate::ids::IdSource::new().next();
        let plain = Message::new(id, draft(&body, attributes).unwrap(), 7);
        let packed = plain.clone().packed();
        assert_eq!(packed.payload(), plain.payload());
        assert_eq!(packed.md5_of_attributes, plain.payload().attributes.md5());
        let Kept::Packed(bytes) = &packed.kept else { panic!("not packed") };
        assert!(bytes.len() < body.len() / 2, "{} of {}", bytes.len(), body.len());
    }

    #[test]
    fn characters_outside_the_documented_set_are_refused() {
        for (body, code) in
            [("a\u{1}b", 1), ("\u{0}", 0), ("\u{FFFE}", 0xFFFE), ("\u{FFFF}", 0xFFFF)]
        {
            assert_eq!(draft(body, vec![]), Err(MessageInvalid::Character { code }), "{body:?}");
        }
        for body in ["\t\r\n", "ação", "\u{FFFD}", "\u{10FFFF}"] {
            assert!(draft(body, vec![]).is_ok(), "{body:?}");
        }
    }

    #[test]
    fn an_attribute_needs_a_value_of_its_type() {
        let with = |data_type: &str, value: &str| {
            let data = AttributeData::Text(value.to_owned());
            draft("b", vec![("n".to_owned(), Attribute { data_type: data_type.to_owned(), data })])
        };
        assert!(with("String", "x").is_ok());
        assert!(with("Number.int", "12").is_ok());
        assert!(with("Number", "twelve").is_err());
        assert!(with("String", "").is_err());
        assert!(with("Binary", "x").is_err());
        assert!(with("Text", "x").is_err());
    }
}
