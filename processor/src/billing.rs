//! Why billing says no.

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
    /// The tax tables do not say what would be owed.
    NotTaxable,
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
            Self::NotTaxable => "NOT_TAXABLE",
        }
    }
}
