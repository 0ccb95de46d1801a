//! Where orders are settled, for good and once.

mod facts;
mod postgres;
mod rows;
mod seed;
#[cfg(feature = "sqlite")]
mod sqlite;
mod stored;
mod url;

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use crate::{Message, SettledOrder, TaxError};

pub(crate) use facts::{Facts, KnownCustomer, KnownLot, KnownProduct};
pub use postgres::{PostgresConfig, PostgresDatabase, TemporarySchema, connect_postgres};
pub(crate) use rows::{ItemRow, NumberingRow, ReceivableRow, ReservationRow, SettlingRow, TakeRow};
pub use seed::{Seed, create_database};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteDatabase;
pub use url::{DatabaseUrl, DatabaseUrlError};

/// How an order stands after its transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Decided, now or by an earlier delivery.
    Settled {
        /// The order as it is stored.
        order: Box<SettledOrder>,
        /// Whether an earlier delivery had decided it.
        again: bool,
    },
    /// The number belongs to another order of the partner. That one stands; this one is recorded.
    Conflicting,
}

/// A database of orders. Whatever it is, a delivery that comes again finds what the first one
/// left, two at once leave what one would, and a crash leaves all of an order or nothing.
pub trait Database {
    /// Settles an order: all of it or nothing. `now` becomes the invoice's time if it is billed now.
    ///
    /// # Errors
    /// If the database fails. Then nothing has happened, or all of it: another delivery tells.
    fn settle(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> impl Future<Output = Result<Settlement, DatabaseError>>;

    /// Notes that the documents of these orders are stored.
    ///
    /// # Errors
    /// If the database fails. Then it is noted of none.
    fn mark_documented(&self, order_ids: &[i64])
    -> impl Future<Output = Result<(), DatabaseError>>;

    /// Orders decided at least `age` before `now` whose documents are not known to be stored, the
    /// oldest first, at most `limit`.
    ///
    /// # Errors
    /// If the database fails.
    fn owed(
        &self,
        now: Timestamp,
        age: Duration,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<SettledOrder>, DatabaseError>>;
}

/// Brings a database to the version of this program: its tables are made if there are none, and
/// changed if they are of the version before. Does nothing if it is there already.
///
/// # Errors
/// If it is of a later version, or cannot be written; then it is as it was.
pub fn migrate(database: &DatabaseConfig) -> Result<(), DatabaseError> {
    match database {
        #[cfg(feature = "sqlite")]
        DatabaseConfig::Sqlite(path) => sqlite::migrate_sqlite(path),
        #[cfg(not(feature = "sqlite"))]
        DatabaseConfig::Sqlite(_) => Err(DatabaseError::NoSqlite),
        DatabaseConfig::Postgres(config) => postgres::migrate_postgres(config),
    }
}

/// Which database, and how to get in.
#[derive(Debug, Clone)]
pub enum DatabaseConfig {
    /// Path of the file.
    Sqlite(PathBuf),
    /// Server and password.
    Postgres(PostgresConfig),
}

/// The database did not do it.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// SQLite said no, or nothing in time.
    #[cfg(feature = "sqlite")]
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// This program was built without the feature `sqlite`.
    #[error("this program was built without SQLite: name a server, postgres://user@host/name")]
    NoSqlite,
    /// PostgreSQL said no.
    #[error("{}", postgres_message(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// PostgreSQL said nothing in time.
    #[error("no answer from PostgreSQL within {0} ms")]
    Slow(u128),
    /// The connection cannot be made as it is configured.
    #[error("{0}")]
    Connection(String),
    /// Others were always faster to take the last of a lot or of a credit.
    #[error("the order was decided {0} times, and each time stock or credit had changed meanwhile")]
    Contended(u32),
    /// A row holds what no row should.
    #[error("a stored value is not valid: {0}")]
    Stored(&'static str),
    /// The partner is not in the database.
    #[error("partner not in the database")]
    UnknownPartner,
    /// An order of an earlier version's tables cannot be brought to this one's.
    #[error("an order cannot be migrated: {0}")]
    Untaxed(#[from] TaxError),
    /// The tables are of a version that this program does not know.
    #[error("the database has tables of version {found}, this program knows {known}: {hint}")]
    Version {
        /// What is there.
        found: i64,
        /// What is known.
        known: i64,
        /// What to do.
        hint: &'static str,
    },
}

/// What the server said, without the values that it quotes in the detail.
fn postgres_message(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{} {}", error.code().code(), error.message()),
        None => error.to_string(),
    }
}
