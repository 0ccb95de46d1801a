//! The 44 characters that name an NF-e (chave de acesso).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Cnpj;
use crate::check_digit::modulo_11;
use crate::text::checked_text;

/// An access key: state, year and month, emitter, model, series, number, emission type, random
/// code, check digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccessKey(Box<str>);

/// A text that is no access key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccessKeyError {
    /// Not `[0-9]{6}[0-9A-Z]{12}[0-9]{26}`.
    #[error("an access key has 44 characters, digits but for 12 of the CNPJ, not {0:?}")]
    Form(String),
    /// The last digit does not follow from the others.
    #[error("the check digit of access key {0} is wrong")]
    CheckDigit(String),
}

/// What an access key is made of.
#[derive(Debug, Clone, Copy)]
pub struct AccessKeyParts<'a> {
    /// IBGE code of the emitter's state, such as 35.
    pub state: u8,
    /// Year of emission.
    pub year: i16,
    /// Month of emission.
    pub month: i8,
    /// The emitter.
    pub emitter: &'a Cnpj,
    /// Series, 0 to 889.
    pub series: u16,
    /// Number within the series, 1 to 999,999,999.
    pub number: u32,
    /// The emitter's own code of eight digits.
    pub code: u32,
}

impl AccessKey {
    /// The key of a normally issued NF-e (model 55, emission type 1).
    pub fn new(parts: &AccessKeyParts<'_>) -> Self {
        let AccessKeyParts { state, year, month, emitter, series, number, code } = parts;
        let year = year % 100;
        let body =
            format!("{state:02}{year:02}{month:02}{emitter}55{series:03}{number:09}1{code:08}");
        let digit = modulo_11(body.as_bytes());
        Self(format!("{body}{digit}").into())
    }

    fn check(text: &str) -> Result<(), AccessKeyError> {
        let bytes = text.as_bytes();
        let fine = bytes.len() == 44
            && bytes.iter().enumerate().all(|(position, byte)| {
                let letter = (6..18).contains(&position) && byte.is_ascii_uppercase();
                byte.is_ascii_digit() || letter
            });
        if !fine {
            return Err(AccessKeyError::Form(text.to_owned()));
        }
        if bytes[43] == b'0' + modulo_11(&bytes[..43]) {
            Ok(())
        } else {
            Err(AccessKeyError::CheckDigit(text.to_owned()))
        }
    }

    /// The check digit.
    pub fn check_digit(&self) -> &str {
        &self.0[43..]
    }
}

checked_text!(AccessKey, AccessKeyError);

#[cfg(test)]
mod tests {
    use super::*;

    fn key(emitter: &str, series: u16, number: u32, code: u32) -> String {
        let emitter = emitter.parse().unwrap();
        let parts = AccessKeyParts {
            state: 35,
            year: 2026,
            month: 11,
            emitter: &emitter,
            series,
            number,
            code,
        };
        AccessKey::new(&parts).to_string()
    }

    #[test]
    fn keys_of_numeric_and_alphanumeric_emitters_have_the_known_check_digits() {
        // Confirmed with brutils, validate-docbr, python-stdnum and erpbrasil.base.
        assert_eq!(
            key("11222333000181", 1, 4_711, 83_472_915),
            "35261111222333000181550010000047111834729154"
        );
        assert_eq!(
            key("PC3D315K000193", 1, 4_711, 83_472_915),
            "352611PC3D315K000193550010000047111834729150"
        );
    }

    #[test]
    fn known_keys_parse_and_altered_ones_do_not() {
        for text in [
            "522507PC3D315K000193550010000000011000000018",
            "35260712ABC34501DE35550010000000011000000014",
        ] {
            assert!(text.parse::<AccessKey>().is_ok(), "{text}");
            let altered = format!("{}9", &text[..43]);
            assert!(matches!(altered.parse::<AccessKey>(), Err(AccessKeyError::CheckDigit(_))));
            assert!(matches!(text[1..].parse::<AccessKey>(), Err(AccessKeyError::Form(_))));
        }
    }
}
