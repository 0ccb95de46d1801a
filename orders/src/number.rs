//! The number of an order, which a partner chooses, and those that a run chooses.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::seed::mix;
use crate::text::checked_text;

/// A partner's own number of an order: 1 to 15 letters, digits, dots, hyphens or underscores.
/// Fifteen is what an NF-e holds (`xPed`); a slash is left out, as the number is a segment of the
/// gateway's path and of object keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderNumber(Box<str>);

/// A text that is no order number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an order number has 1 to 15 letters, digits, dots, hyphens or underscores, not {0:?}")]
pub struct OrderNumberError(String);

/// What begins every order number of one run, so that runs against the same database do not meet:
/// five base-36 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunTag([u8; TAG_DIGITS]);

const TAG_DIGITS: usize = 5;
const INDEX_DIGITS: usize = 7;
/// The length of every number that a run chooses.
pub(crate) const PLANNED_LENGTH: usize = TAG_DIGITS + 1 + INDEX_DIGITS;
const BASE_36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

impl OrderNumber {
    fn check(text: &str) -> Result<(), OrderNumberError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        // A segment of dots alone would be taken for a way through the path.
        let fine = (1..=15).contains(&text.len())
            && text.bytes().all(allowed)
            && !text.bytes().all(|byte| byte == b'.');
        if fine { Ok(()) } else { Err(OrderNumberError(text.to_owned())) }
    }

    /// The number of order k of a run: the tag, a hyphen, k in seven base-36 digits.
    pub fn planned(tag: &RunTag, index: u64) -> Self {
        Self(String::from_utf8_lossy(&Self::planned_text(tag, index)).into())
    }

    /// The same as ASCII text.
    pub(crate) fn planned_text(tag: &RunTag, index: u64) -> [u8; PLANNED_LENGTH] {
        let mut text = [b'0'; PLANNED_LENGTH];
        text[..TAG_DIGITS].copy_from_slice(&tag.0);
        text[TAG_DIGITS] = b'-';
        text[TAG_DIGITS + 1..].copy_from_slice(&digits::<INDEX_DIGITS>(index));
        text
    }

    /// The k of a number that [`OrderNumber::planned`] made for this run; none for any other.
    pub fn planned_index(&self, tag: &RunTag) -> Option<u64> {
        let rest = self.0.as_bytes().strip_prefix(&tag.0)?.strip_prefix(b"-")?;
        if rest.len() != INDEX_DIGITS {
            return None;
        }
        rest.iter().try_fold(0_u64, |value, byte| {
            let digit = BASE_36.iter().position(|digit| digit == byte)?;
            Some(value * 36 + digit as u64)
        })
    }
}

checked_text!(OrderNumber, OrderNumberError);

impl RunTag {
    /// A tag that follows from a text, such as the name of the run.
    pub fn from_seed_text(text: &str) -> Self {
        let hash = text.bytes().fold(0, |hash, byte| mix(hash, u64::from(byte), 0));
        Self(digits::<TAG_DIGITS>(hash))
    }
}

impl fmt::Display for RunTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl std::str::FromStr for RunTag {
    type Err = OrderNumberError;

    fn from_str(text: &str) -> Result<Self, OrderNumberError> {
        let wrong = || OrderNumberError(text.to_owned());
        let tag: [u8; TAG_DIGITS] = text.as_bytes().try_into().map_err(|_| wrong())?;
        if tag.iter().all(|byte| BASE_36.contains(byte)) { Ok(Self(tag)) } else { Err(wrong()) }
    }
}

/// The last N base-36 digits of a number.
fn digits<const N: usize>(mut value: u64) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = BASE_36[(value % 36) as usize];
        value /= 36;
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_fifteenth_character_is_allowed_and_the_sixteenth_is_not() {
        assert!("A.b_c-123456789".parse::<OrderNumber>().is_ok());
        assert!("A.b_c-1234567890".parse::<OrderNumber>().is_err());
        for wrong in ["", "a/b", "a b", "ç", "..", "a\n"] {
            assert!(wrong.parse::<OrderNumber>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_number_of_another_run_or_of_a_person_has_no_index() {
        let [tag, other] = ["one", "two"].map(RunTag::from_seed_text);
        assert_eq!(OrderNumber::planned(&other, 5).planned_index(&tag), None);
        assert_eq!("PO-2026-000123".parse::<OrderNumber>().unwrap().planned_index(&tag), None);
    }

    #[test]
    fn a_tag_comes_back_from_its_text() {
        let tag = RunTag::from_seed_text("20261123-101500-business-day");
        assert_eq!(tag.to_string().parse(), Ok(tag));
    }

    proptest! {
        #[test]
        fn the_index_comes_back_from_the_number(index in 0_u64..36_u64.pow(7), run in ".*") {
            let tag = RunTag::from_seed_text(&run);
            let number = OrderNumber::planned(&tag, index);
            prop_assert!(number.as_str().parse::<OrderNumber>().is_ok());
            prop_assert_eq!(number.planned_index(&tag), Some(index));
        }
    }
}
