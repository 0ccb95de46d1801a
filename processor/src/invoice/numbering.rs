//! How an invoice is called, once its number is known.

use orders::{AccessKey, AccessKeyParts, OrderNumber, PartnerId};
use sha2::{Digest, Sha256};

use super::{Numbering, Sale};

/// What a database needs that makes the names itself, in the statement that takes the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvoiceCodes {
    /// The code of any number but itself.
    pub(crate) code: u32,
    /// The code of the number that is the other.
    pub(crate) other_code: u32,
    /// By which sales are spread over the series.
    pub(crate) spread: u32,
}

impl InvoiceCodes {
    /// The codes of a sale.
    pub(crate) fn of(sale: &Sale) -> Self {
        // No invoice has number 0.
        let code = invoice_code(&sale.partner, &sale.order_number, 0);
        let other_code = invoice_code(&sale.partner, &sale.order_number, code);
        // The code is a hash already, of all but a few of its values.
        Self { code, other_code, spread: code }
    }
}

impl Sale {
    /// The first 22 characters of the access key: state, year and month, emitter, model.
    pub(crate) fn key_prefix(&self) -> String {
        let (state, date) = (self.emitter.place.state.code(), self.issued_on());
        let (year, month) = (date.year() % 100, date.month());
        format!("{state:02}{year:02}{month:02}{}55", self.emitter.cnpj)
    }
}

impl Numbering {
    /// The names of invoice `number` of `series`: a function of the sale, so that whoever bills it
    /// again comes to the same.
    pub fn new(sale: &Sale, series: u16, number: u32) -> Self {
        let code = invoice_code(&sale.partner, &sale.order_number, number);
        // The month of dhEmi, which is local time.
        let date = sale.issued_on();
        let access_key = AccessKey::new(&AccessKeyParts {
            state: sale.emitter.place.state.code(),
            year: date.year(),
            month: date.month(),
            emitter: &sale.emitter.cnpj,
            series,
            number,
            code,
        });
        Self { series, number, code, access_key }
    }
}

/// The code (cNF) of an order's invoice: a hash of the order's identity, moved on past what the
/// authority refuses (rejection 897, rule B03-10).
fn invoice_code(partner: &PartnerId, order_number: &OrderNumber, number: u32) -> u32 {
    let digest = Sha256::digest(format!("{partner}/{order_number}"));
    let hash = digest.iter().take(8).fold(0, |hash: u64, byte| hash << 8 | u64::from(*byte));
    let mut code = (hash % 100_000_000) as u32;
    while is_forbidden_code(code, number) {
        code = (code + 1) % 100_000_000;
    }
    code
}

/// The number itself, one digit eight times, or eight digits that follow one another.
fn is_forbidden_code(code: u32, number: u32) -> bool {
    let digits = format!("{code:08}");
    let step_is = |step: u8| {
        digits.as_bytes().windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0')
    };
    code == number || step_is(0) || step_is(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_rule_is_forbidden_and_its_neighbour_is_not() {
        for code in [
            0, 11_111_111, 99_999_999, 12_345_678, 23_456_789, 34_567_890, 45_678_901, 56_789_012,
            67_890_123, 78_901_234, 89_012_345, 90_123_456, 1_234_567, 4_711,
        ] {
            assert!(is_forbidden_code(code, 4_711), "{code}");
            assert!(!is_forbidden_code(code + 2, 4_711), "{code}");
        }
    }

    #[test]
    fn a_code_follows_from_the_order_and_is_another_for_another() {
        let partner = "partner-01".parse().unwrap();
        let code = |number: &str| invoice_code(&partner, &number.parse().unwrap(), 7);
        assert_eq!(code("PO-1"), code("PO-1"));
        assert_ne!(code("PO-1"), code("PO-2"));
        assert!(code("PO-1") < 100_000_000);
    }
}
