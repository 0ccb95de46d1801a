//! The number of a product (GS1 General Specifications, section 7.9: check digit).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::text::checked_text;

/// A GTIN of 8, 12, 13 or 14 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Gtin(Box<str>);

/// A text that is no GTIN.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GtinError {
    /// Not 8, 12, 13 or 14 digits.
    #[error("a GTIN has 8, 12, 13 or 14 digits, not {0:?}")]
    Form(String),
    /// The last digit does not follow from the others.
    #[error("the check digit of GTIN {0} is wrong")]
    CheckDigit(String),
}

impl Gtin {
    fn check(text: &str) -> Result<(), GtinError> {
        let fine = matches!(text.len(), 8 | 12..=14) && text.bytes().all(|b| b.is_ascii_digit());
        if !fine {
            return Err(GtinError::Form(text.to_owned()));
        }
        let (body, last) = text.as_bytes().split_at(text.len() - 1);
        if last == [b'0' + check_digit(body)] {
            Ok(())
        } else {
            Err(GtinError::CheckDigit(text.to_owned()))
        }
    }

    /// The GTIN-13 of a 12-digit body, the number modulo 10^12.
    pub fn thirteen(body: u64) -> Self {
        let body = format!("{:012}", body % 1_000_000_000_000);
        let digit = check_digit(body.as_bytes());
        Self(format!("{body}{digit}").into())
    }
}

checked_text!(Gtin, GtinError);

/// Weights 3 and 1 by turns from the right; what is missing to the next ten.
fn check_digit(body: &[u8]) -> u8 {
    let weights = [3_u32, 1].into_iter().cycle();
    let sum: u32 =
        body.iter().rev().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    ((10 - sum % 10) % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_s_examples_are_valid() {
        // 6291041500213 is the worked example on the GS1 page of the check digit.
        for text in ["6291041500213", "96385074", "036000291452", "10614141000415"] {
            assert!(text.parse::<Gtin>().is_ok(), "{text}");
        }
    }

    #[test]
    fn a_wrong_check_digit_and_a_wrong_length_are_refused() {
        assert!(matches!("6291041500214".parse::<Gtin>(), Err(GtinError::CheckDigit(_))));
        for text in ["629104150021", "62910415002131x", "123456789", "62910415002A3", ""] {
            assert!(text.parse::<Gtin>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_made_gtin_is_a_valid_one() {
        for body in [0, 1, 789_000_012_345, 999_999_999_999] {
            assert!(Gtin::thirteen(body).as_str().parse::<Gtin>().is_ok(), "{body}");
        }
    }
}
