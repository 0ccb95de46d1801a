//! SQLite: one file, one writer at a time, several processes.

mod migration;
mod read;
mod setup;
mod write;

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{Database, DatabaseError, Settlement};
use crate::settling::Settling;
use crate::{Message, SettledOrder};

pub(crate) use migration::migrate_sqlite;
pub(crate) use setup::create_sqlite;

/// An open database.
#[derive(Debug)]
pub struct SqliteDatabase {
    /// Borrowed within one call only, never across an await.
    connection: RefCell<Connection>,
}

/// How long to wait for another process's transaction. Theirs take less than a millisecond.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More than the statements of this module, so that each is compiled once.
const STATEMENTS_KEPT: usize = 48;

/// 16 MB of log. The pages that every order changes are then written back, and waited for, once in
/// some hundred orders.
const PAGES_PER_CHECKPOINT: u32 = 4_000;

impl SqliteDatabase {
    /// Opens a database that is there.
    ///
    /// # Errors
    /// If it is not, or is none, or its tables are of another version.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // A transaction that was committed survives a killed process; a power cut can take back the
        // last ones. Processes are what the local cloud kills. FULL waits for the disk each time.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "wal_autocheckpoint", PAGES_PER_CHECKPOINT)?;
        // Plans do not depend on bound values. Otherwise SQLite, as it is built here, compiles a
        // statement anew whenever a value of its WHERE changes: a third of all time, measured.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        migration::check_version(&connection)?;
        Ok(Self { connection: RefCell::new(connection) })
    }

    fn settle_now(&self, message: &Message, now: Timestamp) -> Result<Settlement, DatabaseError> {
        let mut connection = self.connection.borrow_mut();
        // The write lock is taken first, so that what is read here stays true until the commit: an
        // order is decided before anything is written, and nothing needs to be taken back.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let partner_id = read::partner_id(&transaction, &message.partner)?;
        let settlement = match read::stored_order(&transaction, partner_id, &message.order_number)?
        {
            Some(stored) if stored.body_sha256 == message.body_sha256 => {
                Settlement::Settled { order: Box::new(stored), again: true }
            }
            Some(_) => {
                write::conflict(&transaction, partner_id, message, now)?;
                Settlement::Conflicting
            }
            None => settle_new(&transaction, partner_id, message, now)?,
        };
        transaction.commit()?;
        Ok(settlement)
    }
}

fn settle_new(
    transaction: &Transaction<'_>,
    partner_id: i64,
    message: &Message,
    now: Timestamp,
) -> Result<Settlement, DatabaseError> {
    let facts = read::facts(transaction, partner_id, message, now)?;
    let settling = Settling::decide(message, &facts, now)?;
    let (order_id, number) = write::settling(transaction, &settling, &message.body_sha256)?;
    let order = Box::new(settling.stored(message, order_id, number));
    Ok(Settlement::Settled { order, again: false })
}

/// Everything is done in the current thread: it is short, and there is nothing else to run.
impl Database for SqliteDatabase {
    async fn settle(&self, message: &Message, now: Timestamp) -> Result<Settlement, DatabaseError> {
        self.settle_now(message, now)
    }

    async fn mark_documented(&self, order_id: i64) -> Result<(), DatabaseError> {
        let connection = self.connection.borrow();
        let mut update = connection.prepare_cached(
            "UPDATE sales_order SET documented = 1 WHERE order_id = ?1 AND documented = 0",
        )?;
        update.execute([order_id])?;
        Ok(())
    }

    async fn owed(
        &self,
        now: Timestamp,
        age: Duration,
        limit: u32,
    ) -> Result<Vec<SettledOrder>, DatabaseError> {
        let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let decided_by_ms = now.as_millisecond().saturating_sub(age_ms);
        read::owed(&self.connection.borrow(), decided_by_ms, limit)
    }
}
