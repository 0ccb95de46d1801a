//! When a partner wrote an order, in the partner's own words.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::text::checked_text;

/// An instant with its offset from UTC, RFC 3339: `2026-11-23T10:14:31-03:00`. The text is kept as
/// it came, so that an order comes back byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssuedAt(Box<str>);

/// A text that is no instant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("issued_at is a time with an offset such as \"2026-11-23T10:14:31-03:00\", not {0:?}")]
pub struct IssuedAtError(String);

impl IssuedAt {
    /// This instant to the second, at UTC-3 as Brasilia has it.
    pub fn in_brasilia(instant: Timestamp) -> Self {
        const BRASILIA: Offset = Offset::constant(-3);
        let civil = BRASILIA.to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%S");
        Self(format!("{civil}-03:00").into())
    }

    fn check(text: &str) -> Result<(), IssuedAtError> {
        let bytes = text.as_bytes();
        // The parser also reads other forms (a space, small letters, a zone's name in brackets).
        let form = bytes.len() <= 35
            && bytes.get(10) == Some(&b'T')
            && bytes.iter().all(|byte| byte.is_ascii_digit() || b"T:.Z+-".contains(byte));
        if form && text.parse::<Timestamp>().is_ok() {
            Ok(())
        } else {
            Err(IssuedAtError(text.to_owned()))
        }
    }
}

checked_text!(IssuedAt, IssuedAtError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_needs_its_offset_and_the_one_form() {
        for fine in ["2026-11-23T10:14:31-03:00", "2026-11-23T13:14:31Z", "2026-11-23T13:14:31.5Z"]
        {
            assert_eq!(fine.parse::<IssuedAt>().unwrap().as_str(), fine);
        }
        for wrong in [
            "2026-11-23T10:14:31",
            "2026-11-23 10:14:31-03:00",
            "2026-11-23t10:14:31z",
            "2026-11-31T10:14:31-03:00",
            "2026-11-23",
            "",
        ] {
            assert!(wrong.parse::<IssuedAt>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn brasilia_is_three_hours_behind() {
        let instant = "2026-11-24T01:00:00.7Z".parse().unwrap();
        assert_eq!(IssuedAt::in_brasilia(instant).as_str(), "2026-11-23T22:00:00-03:00");
    }
}
