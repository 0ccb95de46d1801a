//! The billing ledger of the existing database, through the views that it publishes for this:
//! `billing_ledger` (one row per billing row), `refusal_ledger` and `conflict_ledger`.

use std::path::Path;

use orders::OrderNumber;
use runlog::Delivery;
use rusqlite::{Connection, OpenFlags};

use crate::ObserveError;

/// What the ledger holds beside the sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LedgerCounts {
    /// Billing rows whose documents are not marked as stored.
    pub unmarked: u64,
    /// Orders that came again with another body.
    pub conflicts: u64,
    /// Billing rows.
    pub rows: u64,
    /// Gaps in the invoice numbers, over every series.
    pub number_gaps: u64,
    /// The sum of what was billed, cents.
    pub total_cents: i64,
}

/// Adds the ledger of an SQLite database to the delivery.
///
/// # Errors
/// If the database cannot be read.
pub fn read_ledger(path: &Path, delivery: &mut Delivery) -> Result<LedgerCounts, ObserveError> {
    read(path, delivery).map_err(|error| ObserveError::Ledger {
        path: path.display().to_string(),
        cause: error.to_string(),
    })
}

fn read(path: &Path, delivery: &mut Delivery) -> rusqlite::Result<LedgerCounts> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut rows = database.prepare("SELECT order_number, access_key FROM billing_ledger")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let (number, key) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
        match number.parse::<OrderNumber>() {
            Ok(number) => delivery.billed.add(&number, key),
            Err(_) => delivery.billed.add_foreign(number),
        }
    }
    let mut refusals = database.prepare("SELECT order_number FROM refusal_ledger")?;
    let mut refusals = refusals.query([])?;
    while let Some(row) = refusals.next()? {
        let number = row.get_ref(0)?.as_str()?;
        match number.parse::<OrderNumber>() {
            Ok(number) => delivery.refused.add(&number, ""),
            Err(_) => delivery.refused.add_foreign(number),
        }
    }
    counts(&database)
}

fn counts(database: &Connection) -> rusqlite::Result<LedgerCounts> {
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok(LedgerCounts {
        unmarked: number("SELECT count(*) FROM billing_ledger WHERE status <> 'stored'")?
            .unsigned_abs(),
        conflicts: number("SELECT count(*) FROM conflict_ledger")?.unsigned_abs(),
        rows: number("SELECT count(*) FROM billing_ledger")?.unsigned_abs(),
        number_gaps: number(
            "SELECT coalesce(sum(gap), 0) FROM (SELECT max(number) - min(number) + 1 \
             - count(DISTINCT number) AS gap FROM billing_ledger GROUP BY series)",
        )?
        .unsigned_abs(),
        total_cents: number("SELECT coalesce(sum(total_cents), 0) FROM billing_ledger")?,
    })
}
