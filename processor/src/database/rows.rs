//! What settling an order writes: the same rows in every database.

use jiff::civil::Date;

/// All rows of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettlingRow {
    pub(crate) partner_id: i64,
    pub(crate) order_number: String,
    pub(crate) customer_id: Option<i64>,
    pub(crate) status: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) total_cents: i64,
    pub(crate) received_at_ms: i64,
    pub(crate) decided_at_ms: i64,
    pub(crate) decided_at: String,
    /// The sale, as JSON; the text is kept as it is.
    pub(crate) sale: Option<String>,
    pub(crate) items: Vec<ItemRow>,
    /// What is taken from each lot, in the order of the lots' key: databases that lock rows need
    /// one order for all, or two orders wait for each other.
    pub(crate) takes: Vec<TakeRow>,
    pub(crate) reservations: Vec<ReservationRow>,
    pub(crate) receivables: Vec<ReceivableRow>,
    /// None if the order is rejected: then it gets no number.
    pub(crate) numbering: Option<NumberingRow>,
}

/// A row of `order_item`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemRow {
    pub(crate) line: u32,
    pub(crate) ean: String,
    pub(crate) product_id: Option<i64>,
    pub(crate) quantity_ordered: u32,
    pub(crate) quantity_confirmed: u32,
    pub(crate) unit_1e4: i64,
    pub(crate) gross_cents: i64,
    pub(crate) discount_cents: i64,
    pub(crate) reason: Option<&'static str>,
}

/// A change of a row of `stock_lot`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TakeRow {
    pub(crate) product_id: i64,
    pub(crate) expires: Date,
    pub(crate) lot: String,
    pub(crate) quantity: i64,
}

/// A row of `reservation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReservationRow {
    pub(crate) line: u32,
    pub(crate) product_id: i64,
    pub(crate) expires: Date,
    pub(crate) lot: String,
    pub(crate) quantity: i64,
}

/// A row of `receivable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReceivableRow {
    pub(crate) n: u32,
    pub(crate) due: Date,
    pub(crate) cents: i64,
}

/// Where the number comes from, and what the access key is made of besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NumberingRow {
    pub(crate) cnpj: &'static str,
    pub(crate) series: u16,
    /// The first 22 characters of the access key: state, year and month, CNPJ, model.
    pub(crate) key_prefix: String,
    /// The code (cNF), and the one that takes its place if the number is the same.
    pub(crate) code: u32,
    pub(crate) other_code: u32,
}
