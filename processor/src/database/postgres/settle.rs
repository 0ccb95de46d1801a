//! Writes an order that is decided: one statement, which is one transaction and one round trip.

use jiff::Timestamp;
use tokio_postgres::error::SqlState;

use super::columns::{Basis, Columns};
use super::connection::Connection;
use super::facts::Versions;
use crate::Message;
use crate::database::stored::StoredOrder;
use crate::database::{DatabaseError, Facts};
use crate::settling::Settling;

/// The parameters are those of `settle_order` in functions.sql, in its order.
const SETTLE: &str = "SELECT stale, stored, new_order, new_number, left_in_lots, new_open_cents
    FROM settle_order($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
        $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35,
        $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47)";

/// What `settle_order` says when what an order was decided by is no longer so.
const CHANGED_MEANWHILE: &str = "VZ001";

/// What came of writing an order.
#[derive(Debug)]
pub(super) enum Written {
    /// It is written.
    New {
        order_id: i64,
        number: Option<u32>,
        /// What is left of the lots of [`SettlingRow::takes`](crate::database::SettlingRow).
        left: Vec<i64>,
        /// What the customer owes now.
        open_cents: Option<i64>,
    },
    /// It was there already.
    Stored(Box<StoredOrder>),
    /// Nothing is written: it must be decided again.
    Stale,
}

/// Writes an order that was decided by these facts.
pub(super) async fn write(
    connection: &Connection,
    message: &Message,
    settling: &Settling,
    (facts, versions): (&Facts, &Versions),
    now: Timestamp,
) -> Result<Written, DatabaseError> {
    let statement = connection.prepared(SETTLE).await?;
    let basis = Basis::new(message, facts, versions, now);
    let rows = Columns::new(message, &settling.row);
    let mut parameters = basis.parameters();
    parameters.extend(rows.parameters());
    match connection.client().query_one(&statement, &parameters).await {
        Ok(row) => written(&row),
        Err(error) if is_worth_deciding_again(&error) => Ok(Written::Stale),
        Err(error) => Err(error.into()),
    }
}

fn written(row: &tokio_postgres::Row) -> Result<Written, DatabaseError> {
    if row.try_get("stale")? {
        return Ok(Written::Stale);
    }
    if let Some(stored) = row.try_get::<_, Option<&str>>("stored")? {
        let stored = serde_json::from_str(stored).map_err(|_| DatabaseError::Stored("order"))?;
        return Ok(Written::Stored(Box::new(stored)));
    }
    // A row that was there and is gone: deleted by hand between two statements of the function.
    let Some(order_id) = row.try_get("new_order")? else { return Ok(Written::Stale) };
    let number: Option<i32> = row.try_get("new_number")?;
    Ok(Written::New {
        order_id,
        number: number.map(i32::cast_unsigned),
        left: row.try_get::<_, Option<_>>("left_in_lots")?.unwrap_or_default(),
        open_cents: row.try_get("new_open_cents")?,
    })
}

fn is_worth_deciding_again(error: &tokio_postgres::Error) -> bool {
    let changed = SqlState::from_code(CHANGED_MEANWHILE);
    error.code().is_some_and(|code| {
        [&changed, &SqlState::T_R_DEADLOCK_DETECTED, &SqlState::T_R_SERIALIZATION_FAILURE]
            .contains(&code)
    })
}
