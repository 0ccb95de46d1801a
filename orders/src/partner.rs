//! Who sends orders.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::text::checked_text;

/// The name by which the gateway knows an authenticated partner: 1 to 32 small letters, digits or
/// hyphens. It is part of object keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartnerId(Box<str>);

/// A text that is no partner's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a partner id has 1 to 32 small letters, digits or hyphens, not {0:?}")]
pub struct PartnerIdError(String);

impl PartnerId {
    fn check(text: &str) -> Result<(), PartnerIdError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fine = (1..=32).contains(&text.len()) && text.bytes().all(allowed);
        if fine { Ok(()) } else { Err(PartnerIdError(text.to_owned())) }
    }
}

checked_text!(PartnerId, PartnerIdError);
