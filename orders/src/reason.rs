//! Why an order, or a line of it, is not confirmed as it was sent. A reason is a result, which is
//! stored and told to the partner; it is never trouble that another attempt could mend.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A reason, by the code that partners see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The number in the path is not the one in the body.
    OrderNumberMismatch,
    /// The order was issued on a day or at an hour that is none.
    IssuedAtInvalid,
    /// The check digits of the buyer's CNPJ are wrong.
    BadCnpjDv,
    /// The partner has no such customer.
    UnknownCustomer,
    /// The customer may not buy.
    CustomerBlocked,
    /// The customer's sanitary licence has run out.
    LicenseExpired,
    /// The customer has no such address.
    UnknownShipTo,
    /// The terms are no rising numbers of days, or longer than the customer's.
    PaymentTermsNotAllowed,
    /// The day of delivery is none, or past.
    DeliveryDateInvalid,
    /// The customer would owe more than it may.
    CreditLimit,
    /// The number belongs to another order.
    DuplicateConflict,
    /// The tax tables do not say what would be owed, as on any day from 2027 on or for a customer
    /// without a state registration; or an NF-e has no room for the amount.
    NotTaxable,
    /// The line's number is there twice.
    DuplicateLine,
    /// The check digit of the line's EAN is wrong.
    BadEanDv,
    /// There is no such product.
    UnknownEan,
    /// The product is no longer sold.
    Inactive,
    /// The customer has no licence for controlled substances.
    ControlledNotLicensed,
    /// The price is not ours.
    PriceMismatch,
    /// The quantity is no multiple of the product's pack.
    PackMultiple,
    /// There is enough, but it expires too soon for the customer.
    ExpiryTooShort,
    /// There is not enough.
    OutOfStock,
    /// There is a part of it, which is confirmed.
    PartialStock,
}

/// A text that is no reason's code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not the code of a reason")]
pub struct ReasonError(String);

impl Reason {
    /// Every reason: those of an order first, then those of a line.
    pub const ALL: [Self; 22] = [
        Self::OrderNumberMismatch,
        Self::IssuedAtInvalid,
        Self::BadCnpjDv,
        Self::UnknownCustomer,
        Self::CustomerBlocked,
        Self::LicenseExpired,
        Self::UnknownShipTo,
        Self::PaymentTermsNotAllowed,
        Self::DeliveryDateInvalid,
        Self::CreditLimit,
        Self::DuplicateConflict,
        Self::NotTaxable,
        Self::DuplicateLine,
        Self::BadEanDv,
        Self::UnknownEan,
        Self::Inactive,
        Self::ControlledNotLicensed,
        Self::PriceMismatch,
        Self::PackMultiple,
        Self::ExpiryTooShort,
        Self::OutOfStock,
        Self::PartialStock,
    ];

    /// The code that the partner sees.
    pub fn code(self) -> &'static str {
        match self {
            Self::OrderNumberMismatch => "ORDER_NUMBER_MISMATCH",
            Self::IssuedAtInvalid => "ISSUED_AT_INVALID",
            Self::BadCnpjDv => "BAD_CNPJ_DV",
            Self::UnknownCustomer => "UNKNOWN_CUSTOMER",
            Self::CustomerBlocked => "CUSTOMER_BLOCKED",
            Self::LicenseExpired => "LICENSE_EXPIRED",
            Self::UnknownShipTo => "UNKNOWN_SHIP_TO",
            Self::PaymentTermsNotAllowed => "PAYMENT_TERMS_NOT_ALLOWED",
            Self::DeliveryDateInvalid => "DELIVERY_DATE_INVALID",
            Self::CreditLimit => "CREDIT_LIMIT",
            Self::DuplicateConflict => "DUPLICATE_CONFLICT",
            Self::NotTaxable => "NOT_TAXABLE",
            Self::DuplicateLine => "DUPLICATE_LINE",
            Self::BadEanDv => "BAD_EAN_DV",
            Self::UnknownEan => "UNKNOWN_EAN",
            Self::Inactive => "INACTIVE",
            Self::ControlledNotLicensed => "CONTROLLED_NOT_LICENSED",
            Self::PriceMismatch => "PRICE_MISMATCH",
            Self::PackMultiple => "PACK_MULTIPLE",
            Self::ExpiryTooShort => "EXPIRY_TOO_SHORT",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::PartialStock => "PARTIAL_STOCK",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl FromStr for Reason {
    type Err = ReasonError;

    fn from_str(text: &str) -> Result<Self, ReasonError> {
        let known = Self::ALL.into_iter().find(|reason| reason.code() == text);
        known.ok_or_else(|| ReasonError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_comes_back_from_its_code_and_json_has_the_same_code() {
        for reason in Reason::ALL {
            assert_eq!(reason.code().parse(), Ok(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
        assert!("OUT OF STOCK".parse::<Reason>().is_err());
    }
}
