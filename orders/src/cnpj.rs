//! The number of a Brazilian company. Since July 2026 its first twelve characters may be letters
//! (Instrução Normativa RFB 2.229/2024; NT Conjunta DFe 2025.001).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::check_digit::modulo_11;
use crate::text::checked_text;

/// A company's number: twelve capital letters or digits and two check digits. Text, never a
/// number: it may begin with 0 and hold letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cnpj(Box<str>);

/// A text that is no CNPJ.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CnpjError {
    /// Not twelve of `[0-9A-Z]` and two digits.
    #[error("a CNPJ has 12 capital letters or digits and 2 digits, not {0:?}")]
    Form(String),
    /// The last two digits do not follow from the first twelve characters.
    #[error("the check digits of CNPJ {0} are wrong")]
    CheckDigits(String),
}

impl Cnpj {
    fn check(text: &str) -> Result<(), CnpjError> {
        let bytes = text.as_bytes();
        let fine = bytes.len() == 14
            && bytes[..12].iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
            && bytes[12..].iter().all(u8::is_ascii_digit);
        if !fine {
            return Err(CnpjError::Form(text.to_owned()));
        }
        let [first, second] = check_digits(&bytes[..12]);
        if bytes[12..] == [b'0' + first, b'0' + second] {
            Ok(())
        } else {
            Err(CnpjError::CheckDigits(text.to_owned()))
        }
    }

    /// The CNPJ whose first twelve characters these are.
    ///
    /// # Errors
    /// If they are not twelve of `[0-9A-Z]`.
    pub fn from_base(base: &str) -> Result<Self, CnpjError> {
        if base.len() != 12 {
            return Err(CnpjError::Form(base.to_owned()));
        }
        Self::check(&format!("{base}00")).or_else(|error| match error {
            CnpjError::CheckDigits(_) => Ok(()),
            CnpjError::Form(_) => Err(CnpjError::Form(base.to_owned())),
        })?;
        let [first, second] = check_digits(base.as_bytes());
        Ok(Self(format!("{base}{first}{second}").into()))
    }
}

checked_text!(Cnpj, CnpjError);

fn check_digits(base: &[u8]) -> [u8; 2] {
    let first = modulo_11(base);
    let mut with_first = base.to_vec();
    with_first.push(b'0' + first);
    [first, modulo_11(&with_first)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_s_own_example_has_check_digits_35() {
        assert_eq!(Cnpj::from_base("12ABC34501DE").unwrap().as_str(), "12ABC34501DE35");
        assert!("12ABC34501DE35".parse::<Cnpj>().is_ok());
    }

    #[test]
    fn numeric_and_alphanumeric_numbers_are_both_valid() {
        for text in ["11222333000181", "PC3D315K000193", "00000000000191"] {
            assert!(text.parse::<Cnpj>().is_ok(), "{text}");
        }
    }

    #[test]
    fn a_wrong_check_digit_a_small_letter_and_a_letter_at_the_end_are_refused() {
        assert!(matches!("12ABC34501DE36".parse::<Cnpj>(), Err(CnpjError::CheckDigits(_))));
        for text in ["12abc34501de35", "12ABC34501DE3A", "1122233300018", "112223330001811", ""] {
            assert!(matches!(text.parse::<Cnpj>(), Err(CnpjError::Form(_))), "{text}");
        }
    }
}
