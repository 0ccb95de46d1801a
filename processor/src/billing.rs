//! What billing decides and stores: all that a document says.

use orders::{
    AccessKey, Address, Cents, Cnpj, Gtin, OrderNumber, PartnerId, PaymentTerms, Quantity,
    ShipToCode, UnitPrice,
};
use sha2::{Digest, Sha256};

/// Who issues the invoices. One establishment, in São Paulo.
#[derive(Debug)]
pub struct Emitter {
    /// The company's number.
    pub cnpj: &'static str,
    /// The company's name.
    pub name: &'static str,
    /// State registration.
    pub state_registration: &'static str,
    /// IBGE code of the state.
    pub state: u8,
}

/// A company that does not exist; its number has valid check digits.
pub const EMITTER: Emitter = Emitter {
    cnpj: "11222333000181",
    name: "VAZÃO DISTRIBUIDORA DE MEDICAMENTOS LTDA",
    state_registration: "110042490114",
    state: 35,
};

/// An invoice as the database stores it. Documents are a function of this and of nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Row of the order.
    pub order_id: i64,
    /// Who sent the order.
    pub partner: PartnerId,
    /// The partner's number of the order.
    pub order_number: OrderNumber,
    /// Series of the invoice.
    pub series: u16,
    /// Number within the series.
    pub number: u32,
    /// The eight digits of our own in the access key (cNF).
    pub code: u32,
    /// The invoice's name.
    pub access_key: AccessKey,
    /// When it was issued (dhEmi): local time with offset.
    pub issued_at: String,
    /// Who buys.
    pub customer: Invoiced,
    /// Where to.
    pub ship_to: ShipToCode,
    /// When it is paid.
    pub payment_terms: PaymentTerms,
    /// What, in the order of the partner's line numbers.
    pub lines: Vec<InvoiceLine>,
}

impl Invoice {
    /// Sum of the lines before discount.
    pub fn gross(&self) -> Cents {
        self.lines.iter().map(|line| line.gross).sum()
    }

    /// Sum of the discounts.
    pub fn discount(&self) -> Cents {
        self.lines.iter().map(|line| line.discount).sum()
    }

    /// What is to be paid.
    pub fn total(&self) -> Cents {
        self.gross() - self.discount()
    }
}

/// The customer on an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoiced {
    /// The company's number.
    pub cnpj: Cnpj,
    /// The company's name.
    pub name: String,
    /// State registration.
    pub state_registration: String,
    /// Where it is established.
    pub address: Address,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    /// The partner's line number.
    pub line: u32,
    /// Our code of the product.
    pub product_id: i64,
    /// The product's number.
    pub gtin: Gtin,
    /// The product's name.
    pub name: String,
    /// Mercosur classification.
    pub ncm: String,
    /// How many.
    pub quantity: Quantity,
    /// At what price each.
    pub unit_price: UnitPrice,
    /// Quantity times price.
    pub gross: Cents,
    /// What is taken off.
    pub discount: Cents,
    /// ICMS rate in units of 10^-4 percent.
    pub icms_rate_1e4: u64,
}

impl InvoiceLine {
    /// What is to be paid for it, which is also the base of the ICMS.
    pub fn net(&self) -> Cents {
        self.gross - self.discount
    }

    /// The ICMS that the price contains.
    pub fn icms(&self) -> Cents {
        self.net().percent_1e4(self.icms_rate_1e4)
    }
}

/// Why an order is refused. A refusal is an outcome: it is stored, and the same order number is
/// never decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The number in the path is not the one in the body.
    OrderNumberMismatch,
    /// The partner has no such customer.
    UnknownCustomer,
    /// The customer may not buy.
    CustomerBlocked,
    /// There is no such product.
    UnknownEan,
    /// The price is not ours.
    PriceMismatch,
    /// There is less in stock than ordered.
    OutOfStock,
    /// The customer would owe more than it may.
    CreditLimit,
}

impl Refusal {
    /// The code that the partner sees.
    pub fn code(self) -> &'static str {
        match self {
            Self::OrderNumberMismatch => "ORDER_NUMBER_MISMATCH",
            Self::UnknownCustomer => "UNKNOWN_CUSTOMER",
            Self::CustomerBlocked => "CUSTOMER_BLOCKED",
            Self::UnknownEan => "UNKNOWN_EAN",
            Self::PriceMismatch => "PRICE_MISMATCH",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::CreditLimit => "CREDIT_LIMIT",
        }
    }
}

/// The code (cNF) of an order's invoice: a hash of the order's identity, so that whoever bills it
/// again comes to the same, moved on past what the authority refuses (rejection 897, rule B03-10).
pub(crate) fn invoice_code(partner: &PartnerId, order_number: &OrderNumber, number: u32) -> u32 {
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
