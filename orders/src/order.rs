//! An order as a partner sends it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    Cents, Cnpj, Discount, Fault, FaultyLine, Gtin, IssuedAt, OrderNumber, Quantity, ShipToCode,
    UnitPrice,
};

/// Most items of one order, as many as an NF-e holds.
pub(crate) const ITEMS_MAX: usize = 990;

/// Most instalments, as many as an NF-e holds.
pub(crate) const INSTALMENTS_MAX: usize = 120;

/// The largest number of a line; six digits are what an NF-e holds (`nItemPed`).
pub(crate) const LINE_MAX: u32 = 999_999;

/// An order that has everything and means something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "RawOrder")]
pub struct Order {
    /// The partner's own number.
    pub partner_order_no: OrderNumber,
    /// When the partner wrote it.
    pub issued_at: IssuedAt,
    /// Who buys.
    pub buyer: Buyer,
    /// Where to.
    pub ship_to: ShipTo,
    /// By when, if it matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_delivery: Option<Date>,
    /// When it is paid.
    pub payment_terms: PaymentTerms,
    /// Whether a part is better than nothing.
    pub allow_partial: bool,
    /// What, 1 to 990, each line number once.
    pub items: Vec<Item>,
    /// Further lines, whose EAN has a wrong check digit: they name no product. Only where a part is
    /// better than nothing and there are other lines; else such a body is no order.
    #[serde(skip)]
    pub misread: Vec<FaultyLine>,
}

/// Who buys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    /// The company's number.
    pub cnpj: Cnpj,
}

/// Where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShipTo {
    /// Code of one of the customer's addresses.
    pub code: ShipToCode,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The partner's number of the line, 1 to 999,999.
    pub line: u32,
    /// Which product.
    pub ean: Gtin,
    /// How many.
    pub qty: Quantity,
    /// At what price each.
    pub unit_price: UnitPrice,
    /// Less what, percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_pct: Option<Discount>,
}

impl Item {
    /// Quantity times price.
    pub fn gross(&self) -> Cents {
        self.unit_price.times(self.qty)
    }

    /// What is taken off.
    pub fn discount(&self) -> Cents {
        self.discount_pct.unwrap_or_default().of(self.gross())
    }

    /// What is to be paid.
    pub fn net(&self) -> Cents {
        self.gross() - self.discount()
    }
}

/// Days until each instalment, such as `30/60`: 1 to 120 rising numbers of at most 3 digits; `0`
/// is at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentTerms(Vec<u16>);

/// A text that is no payment terms.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("payment_terms are rising numbers of days such as \"30/60\", not {0:?}")]
pub struct PaymentTermsError(String);

impl PaymentTerms {
    /// Days until each instalment.
    pub fn days(&self) -> &[u16] {
        &self.0
    }
}

impl FromStr for PaymentTerms {
    type Err = PaymentTermsError;

    fn from_str(text: &str) -> Result<Self, PaymentTermsError> {
        let wrong = || PaymentTermsError(text.to_owned());
        let number = |part: &str| {
            let fine = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            part.parse::<u16>().ok().filter(|_| fine).ok_or_else(wrong)
        };
        let days = text.split('/').map(number).collect::<Result<Vec<_>, _>>()?;
        let fine = days.len() <= INSTALMENTS_MAX && days.windows(2).all(|pair| pair[0] < pair[1]);
        if fine { Ok(Self(days)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for PaymentTerms {
    type Error = PaymentTermsError;

    fn try_from(text: String) -> Result<Self, PaymentTermsError> {
        text.parse()
    }
}

impl fmt::Display for PaymentTerms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<String> = self.0.iter().map(u16::to_string).collect();
        formatter.write_str(&days.join("/"))
    }
}

impl From<PaymentTerms> for String {
    fn from(terms: PaymentTerms) -> Self {
        terms.to_string()
    }
}

/// A body that is no order. It never will be: sending it again cannot help.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OrderError {
    /// Not JSON, a field missing, unknown or of a wrong form. The gateway's schema keeps such
    /// bodies out.
    #[error("{0}")]
    Form(String),
    /// Of the right form, and yet no order. A schema cannot see it, so that such a body is
    /// accepted, and its partner must be told.
    #[error("{0}")]
    Fault(Fault),
}

/// The fields before they are checked against each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOrder {
    partner_order_no: OrderNumber,
    issued_at: IssuedAt,
    buyer: Buyer,
    ship_to: ShipTo,
    #[serde(default)]
    requested_delivery: Option<Date>,
    payment_terms: PaymentTerms,
    #[serde(default)]
    allow_partial: bool,
    items: Vec<Item>,
}

impl TryFrom<RawOrder> for Order {
    type Error = String;

    fn try_from(raw: RawOrder) -> Result<Self, String> {
        if raw.items.is_empty() || raw.items.len() > ITEMS_MAX {
            return Err(format!("items: an order has 1 to {ITEMS_MAX}, not {}", raw.items.len()));
        }
        let mut lines = BTreeSet::new();
        for item in &raw.items {
            if !(1..=LINE_MAX).contains(&item.line) {
                return Err(format!(
                    "items: a line is numbered 1 to {LINE_MAX}, not {}",
                    item.line
                ));
            }
            if !lines.insert(item.line) {
                return Err(format!("items: line {} is there twice", item.line));
            }
        }
        Ok(Self {
            partner_order_no: raw.partner_order_no,
            issued_at: raw.issued_at,
            buyer: raw.buyer,
            ship_to: raw.ship_to,
            requested_delivery: raw.requested_delivery,
            payment_terms: raw.payment_terms,
            allow_partial: raw.allow_partial,
            items: raw.items,
            misread: Vec::new(),
        })
    }
}

impl Order {
    /// Parses a body.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(body: &[u8]) -> Result<Self, OrderError> {
        serde_json::from_slice(body).or_else(|error| match Fault::find(body) {
            Some(fault) => fault.sound_part(body).ok_or(OrderError::Fault(fault)),
            None => Err(OrderError::Form(error.to_string())),
        })
    }

    /// What is to be paid for all items.
    pub fn total(&self) -> Cents {
        self.items.iter().map(Item::net).sum()
    }
}

#[cfg(test)]
#[allow(clippy::inconsistent_digit_grouping, reason = "reais_cents")]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_sum_of_rounded_lines() {
        let body = br#"{"partner_order_no":"PO-2026-000123","issued_at":"2026-11-23T10:14:31-03:00",
            "buyer":{"cnpj":"12ABC34501DE35"},"ship_to":{"code":"CD04"},"payment_terms":"30/60",
            "items":[{"line":1,"ean":"7891058001155","qty":48,"unit_price":"5.2300","discount_pct":"5.00"},
            {"line":2,"ean":"7896004703398","qty":120,"unit_price":"8.3750"}]}"#;
        let order = Order::parse(body).unwrap();
        assert_eq!(order.total(), Cents(238_49 + 1_005_00));
        assert_eq!(order.payment_terms.days(), [30, 60]);
        assert!(!order.allow_partial);
    }

    #[test]
    fn payment_terms_rise() {
        for fine in ["0", "30", "30/60/90"] {
            assert_eq!(fine.parse::<PaymentTerms>().unwrap().to_string(), fine);
        }
        for wrong in ["", "30/", "60/30", "30/30", "1000", "a", "30 60", "+30"] {
            assert!(wrong.parse::<PaymentTerms>().is_err(), "{wrong}");
        }
    }
}
