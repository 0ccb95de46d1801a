//! SQLite: one file, one writer at a time, several processes.

mod group;
mod migration;
mod read;
mod setup;
mod write;

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use tokio::task::yield_now;

use self::group::Waiting;
use super::{Database, DatabaseError, Settlement};
use crate::settling::Settling;
use crate::{Ledger, Message, Numbers, SettledOrder};

pub(crate) use migration::migrate_sqlite;
pub(crate) use setup::create_sqlite;

/// An open database.
#[derive(Debug)]
pub struct SqliteDatabase {
    /// Borrowed within one call only, never across an await.
    connection: RefCell<Connection>,
    /// Orders for the next transaction.
    waiting: RefCell<Vec<Waiting>>,
}

/// How long to wait for another process's transaction. Theirs take less than a millisecond.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More than the statements of this module, so that each is compiled once.
const STATEMENTS_KEPT: usize = 48;

/// 16 MB of log. The pages that every order changes are then written back, and waited for, once in
/// some hundred orders.
const PAGES_PER_CHECKPOINT: i32 = 4_000;

impl SqliteDatabase {
    /// Opens a database that is there.
    ///
    /// # Errors
    /// If it is not, or is none, or its tables are of another version.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // A transaction that was committed survives a killed process; a power cut can take back the
        // last ones. Processes are what the local cloud kills. FULL waits for the disk each time.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.wal_hook(Some(checkpoint))?;
        // Plans do not depend on bound values. Otherwise SQLite, as it is built here, compiles a
        // statement anew whenever a value of its WHERE changes: a third of all time, measured.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        migration::check_version(&connection)?;
        Ok(Self { connection: RefCell::new(connection), waiting: RefCell::default() })
    }

    /// Does something in a transaction. The write lock is taken first, so that what is read stays
    /// true until the commit: an order is decided before anything is written, and nothing needs to
    /// be taken back.
    fn in_transaction<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let mut connection = self.connection.borrow_mut();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    fn settle_waiting(&self) {
        let mut waiting = self.waiting.take();
        waiting.retain(|order| !order.is_given_up());
        let together = |orders: &[Waiting]| {
            let all = orders.iter().map(Waiting::order);
            self.in_transaction(|transaction| {
                all.map(|(message, now)| settle(transaction, message, now)).collect()
            })
        };
        let alone = |message: &Message, now| {
            self.in_transaction(|transaction| settle(transaction, message, now))
        };
        group::settle(waiting, together, alone);
    }
}

/// Writes the log back when it is long, and lets it begin anew. Left to itself SQLite does so only
/// if no other process reads at that instant; with several at work one always does, and then the
/// log grows, and every commit from there on writes its pages twice. This waits for the others,
/// whose transactions are short.
fn checkpoint(log: &mut Wal, pages: i32) -> rusqlite::Result<()> {
    if pages < PAGES_PER_CHECKPOINT {
        return Ok(());
    }
    match log.checkpoint_v2(CheckpointMode::RESTART) {
        // Another process is at it.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
        done => done.map(drop),
    }
}

fn settle(
    transaction: &Transaction<'_>,
    message: &Message,
    now: Timestamp,
) -> Result<Settlement, DatabaseError> {
    let partner_id = read::partner_id(transaction, &message.partner)?;
    match read::stored_order(transaction, partner_id, &message.order_number)? {
        Some(stored) if stored.body_sha256 == message.body_sha256 => {
            Ok(Settlement::Settled { order: Box::new(stored), again: true })
        }
        Some(_) => {
            write::conflict(transaction, partner_id, message, now)?;
            Ok(Settlement::Conflicting)
        }
        None => settle_new(transaction, partner_id, message, now),
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
        let (order, answer) = Waiting::new(message, now);
        self.waiting.borrow_mut().push(order);
        // The other orders of the batch come to wait too; the first to go on settles them all.
        yield_now().await;
        if !self.waiting.borrow().is_empty() {
            self.settle_waiting();
        }
        answer.wait().await
    }

    async fn mark_documented(&self, order_ids: &[i64]) -> Result<(), DatabaseError> {
        self.in_transaction(|transaction| {
            let mut update = transaction.prepare_cached(
                "UPDATE sales_order SET documented = 1 WHERE order_id = ?1 AND documented = 0",
            )?;
            for order_id in order_ids {
                update.execute([order_id])?;
            }
            Ok(())
        })
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

impl Ledger for SqliteDatabase {
    async fn first_from(&self, from: i64) -> Result<Option<(i64, i64)>, DatabaseError> {
        read::first_from(&self.connection.borrow(), from)
    }

    async fn count(&self, rows: RangeInclusive<i64>) -> Result<(u64, u64), DatabaseError> {
        read::count(&self.connection.borrow(), &rows)
    }

    async fn numbers(&self, rows: RangeInclusive<i64>) -> Result<Vec<Numbers>, DatabaseError> {
        read::numbers(&self.connection.borrow(), &rows)
    }

    async fn issued(&self, numbers: &Numbers) -> Result<u64, DatabaseError> {
        read::issued(&self.connection.borrow(), numbers)
    }

    async fn orders(&self, rows: &[i64]) -> Result<Vec<SettledOrder>, DatabaseError> {
        read::orders(&self.connection.borrow(), rows)
    }
}
