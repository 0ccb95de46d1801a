//! Where orders are settled, for good and once.

mod seed;
mod sqlite;

use thiserror::Error;

use crate::Invoice;

pub use seed::create_database;
pub use sqlite::SqliteDatabase;

/// How an order stands after its transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Billed, now or by an earlier delivery.
    Billed {
        /// The invoice as it is stored.
        invoice: Box<Invoice>,
        /// Whether an earlier delivery had billed it.
        again: bool,
    },
    /// Refused, now or by an earlier delivery.
    Refused {
        /// Why.
        reason: String,
        /// Whether an earlier delivery had refused it.
        again: bool,
    },
    /// The number belongs to another order of the partner. That one stands; this one is recorded.
    Conflicting,
}

/// The database did not do it.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// The database said no, or nothing in time.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row holds what no row should.
    #[error("a stored value is not valid: {0}")]
    Stored(&'static str),
    /// The partner is not in the database.
    #[error("partner not in the database")]
    UnknownPartner,
}
