//! Types that are a short text with a rule, written once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Gives a text type its conversions: `Display`, `FromStr` and serde, all through one check.
macro_rules! checked_text {
    ($type:ident, $error:ident) => {
        impl $type {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0.into()
            }
        }
    };
}

pub(crate) use checked_text;

/// Code of a delivery address of a customer, such as `CD04`: 1 to 20 letters, digits or hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShipToCode(Box<str>);

/// A text that is no delivery address code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a ship-to code has 1 to 20 letters, digits or hyphens, not {0:?}")]
pub struct ShipToCodeError(String);

impl ShipToCode {
    fn check(text: &str) -> Result<(), ShipToCodeError> {
        let fine = (1..=20).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fine { Ok(()) } else { Err(ShipToCodeError(text.to_owned())) }
    }
}

checked_text!(ShipToCode, ShipToCodeError);

/// Reads a decimal number with at most `decimals` places as an integer of the last place.
pub(crate) fn fixed_point(text: &str, whole_max: usize, decimals: u32) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let has_point = text.contains('.');
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fine = (1..=whole_max).contains(&whole.len())
        && digits(whole)
        && digits(part)
        && part.len() <= decimals as usize
        && !(has_point && part.is_empty());
    let scale = 10_u64.pow(decimals - u32::try_from(part.len()).ok().filter(|_| fine)?);
    let part = if part.is_empty() { 0 } else { u64::from_str(part).ok()? };
    u64::from_str(whole).ok()?.checked_mul(10_u64.pow(decimals))?.checked_add(part * scale)
}

/// Writes an integer of the last place as a decimal number with exactly `decimals` places.
pub(crate) fn write_fixed_point(
    formatter: &mut fmt::Formatter<'_>,
    value: u64,
    decimals: u32,
) -> fmt::Result {
    let scale = 10_u64.pow(decimals);
    write!(formatter, "{}.{:0width$}", value / scale, value % scale, width = decimals as usize)
}
