//! The billing ledger of the existing database, through the views that it publishes for this:
//! `billing_ledger` (one row per billing row), `refusal_ledger` and `conflict_ledger`.

use std::path::Path;

use futures::{TryStreamExt, pin_mut};
use orders::OrderNumber;
use runlog::{Delivery, Tally};
use rusqlite::{Connection, OpenFlags};
use tokio_postgres::Client;

use crate::ObserveError;

/// The views, as all databases have them.
const BILLED: &str = "SELECT order_number, access_key FROM billing_ledger";
const REFUSED: &str = "SELECT order_number, '' FROM refusal_ledger";
const UNMARKED: &str = "SELECT count(*) FROM billing_ledger WHERE status <> 'stored'";
const CONFLICTS: &str = "SELECT count(*) FROM conflict_ledger";
const ROWS: &str = "SELECT count(*) FROM billing_ledger";
const GAPS: &str = "SELECT coalesce(sum(gap), 0) FROM (SELECT max(number) - min(number) + 1 \
    - count(DISTINCT number) AS gap FROM billing_ledger GROUP BY series) gaps";
const TOTAL: &str = "SELECT coalesce(sum(total_cents), 0) FROM billing_ledger";

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
    for (query, tally) in [(BILLED, &mut delivery.billed), (REFUSED, &mut delivery.refused)] {
        let mut rows = database.prepare(query)?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            add(tally, row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
        }
    }
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok(LedgerCounts {
        unmarked: number(UNMARKED)?.unsigned_abs(),
        conflicts: number(CONFLICTS)?.unsigned_abs(),
        rows: number(ROWS)?.unsigned_abs(),
        number_gaps: number(GAPS)?.unsigned_abs(),
        total_cents: number(TOTAL)?,
    })
}

/// Adds the ledger of a PostgreSQL server to the delivery: the one that the client sees.
///
/// # Errors
/// If the server does not answer, or has no such views.
pub async fn read_server_ledger(
    client: &Client,
    delivery: &mut Delivery,
) -> Result<LedgerCounts, ObserveError> {
    read_server(client, delivery).await.map_err(|error| ObserveError::Ledger {
        path: "of the PostgreSQL server".to_owned(),
        cause: error.as_db_error().map_or_else(|| error.to_string(), |said| said.to_string()),
    })
}

async fn read_server(
    client: &Client,
    delivery: &mut Delivery,
) -> Result<LedgerCounts, tokio_postgres::Error> {
    for (query, tally) in [(BILLED, &mut delivery.billed), (REFUSED, &mut delivery.refused)] {
        let rows = client.query_raw(query, std::iter::empty::<i64>()).await?;
        pin_mut!(rows);
        while let Some(row) = rows.try_next().await? {
            add(tally, row.try_get(0)?, row.try_get(1)?);
        }
    }
    let number = async |sql: &str| {
        let row = client.query_one(&format!("SELECT ({sql})::bigint"), &[]).await?;
        row.try_get::<_, i64>(0)
    };
    Ok(LedgerCounts {
        unmarked: number(UNMARKED).await?.unsigned_abs(),
        conflicts: number(CONFLICTS).await?.unsigned_abs(),
        rows: number(ROWS).await?.unsigned_abs(),
        number_gaps: number(GAPS).await?.unsigned_abs(),
        total_cents: number(TOTAL).await?,
    })
}

/// A row of the ledger.
fn add(tally: &mut Tally, number: &str, access_key: &str) {
    match number.parse::<OrderNumber>() {
        Ok(number) => tally.add(&number, access_key),
        Err(_) => tally.add_foreign(number),
    }
}
