//! An order read back from its rows: what a second delivery finds, and what the sweeper takes up.

use orders::{AccessKey, LineStatus, OrderNumber, OrderStatus, PartnerId, Reason};
use serde::Deserialize;

use super::DatabaseError;
use crate::SettledOrder;
use crate::hex::bytes_32;
use crate::invoice::{Invoice, Numbering};

/// The rows of one order. PostgreSQL gives them as JSON of this form.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct StoredOrder {
    pub(crate) order_id: i64,
    pub(crate) partner: PartnerId,
    pub(crate) order_number: OrderNumber,
    /// Hexadecimal digits.
    pub(crate) body_sha256: String,
    pub(crate) status: OrderStatus,
    pub(crate) reason: Option<Reason>,
    pub(crate) decided_at: String,
    pub(crate) items: Vec<LineStatus>,
    /// The sale, JSON.
    pub(crate) sale: Option<String>,
    pub(crate) numbering: Option<StoredNumbering>,
    pub(crate) documented: bool,
}

/// A row of `nfe`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct StoredNumbering {
    pub(crate) series: u16,
    pub(crate) number: u32,
    pub(crate) cnf: u32,
    pub(crate) access_key: AccessKey,
}

impl TryFrom<StoredOrder> for SettledOrder {
    type Error = DatabaseError;

    fn try_from(stored: StoredOrder) -> Result<Self, DatabaseError> {
        let sale = stored.sale.as_deref().map(serde_json::from_str).transpose();
        let sale = sale.map_err(|_| DatabaseError::Stored("sale"))?;
        let invoice = match (sale, stored.numbering) {
            (Some(sale), Some(row)) => Some(Invoice { numbering: row.into(), sale }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(DatabaseError::Stored("nfe")),
        };
        Ok(Self {
            order_id: stored.order_id,
            partner: stored.partner,
            order_number: stored.order_number,
            body_sha256: bytes_32(&stored.body_sha256)
                .ok_or(DatabaseError::Stored("body_sha256"))?,
            status: stored.status,
            reason: stored.reason,
            decided_at: stored.decided_at,
            lines: stored.items,
            invoice,
            documented: stored.documented,
        })
    }
}

impl From<StoredNumbering> for Numbering {
    fn from(row: StoredNumbering) -> Self {
        let StoredNumbering { series, number, cnf, access_key } = row;
        Self { series, number, code: cnf, access_key }
    }
}
