//! What is written when an order is settled.

use jiff::Timestamp;
use rusqlite::{Transaction, named_params, params};

use crate::Message;
use crate::database::{DatabaseError, NumberingRow, SettlingRow};
use crate::invoice::Numbering;
use crate::settling::Settling;

pub(super) fn conflict(
    transaction: &Transaction<'_>,
    partner_id: i64,
    message: &Message,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let mut insert = transaction
        .prepare_cached("INSERT OR IGNORE INTO order_conflict VALUES (?1, ?2, ?3, ?4)")?;
    let number = message.order_number.as_str();
    insert.execute(params![partner_id, number, message.body_sha256, now.as_millisecond()])?;
    Ok(())
}

/// Writes all rows of an order; its row's number, and the number of its invoice if it has one.
pub(super) fn settling(
    transaction: &Transaction<'_>,
    settling: &Settling,
    body_sha256: &[u8; 32],
) -> Result<(i64, Option<u32>), DatabaseError> {
    let row = &settling.row;
    let order_id = order(transaction, row, body_sha256)?;
    items(transaction, order_id, row)?;
    take(transaction, row)?;
    reservations(transaction, order_id, row)?;
    receivables(transaction, order_id, row)?;
    let Some(numbering) = &row.numbering else { return Ok((order_id, None)) };
    let number = next_number(transaction, numbering)?;
    let named = settling.named(number).ok_or(DatabaseError::Stored("sale"))?;
    invoice(transaction, order_id, numbering.cnpj, &named)?;
    Ok((order_id, Some(number)))
}

fn order(
    transaction: &Transaction<'_>,
    row: &SettlingRow,
    body_sha256: &[u8; 32],
) -> Result<i64, DatabaseError> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO sales_order (partner_id, order_number, body_sha256, customer_id, status,
             reason, total_cents, received_at_ms, decided_at_ms, decided_at, sale)
         VALUES (:partner, :number, :sha256, :customer, :status, :reason, :total, :received,
             :decided_ms, :decided, :sale)",
    )?;
    Ok(insert.insert(named_params! {
        ":partner": row.partner_id,
        ":number": row.order_number,
        ":sha256": body_sha256,
        ":customer": row.customer_id,
        ":status": row.status,
        ":reason": row.reason,
        ":total": row.total_cents,
        ":received": row.received_at_ms,
        ":decided_ms": row.decided_at_ms,
        ":decided": row.decided_at,
        ":sale": row.sale,
    })?)
}

fn items(
    transaction: &Transaction<'_>,
    order_id: i64,
    row: &SettlingRow,
) -> Result<(), DatabaseError> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO order_item VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for item in &row.items {
        insert.execute(params![
            order_id,
            item.line,
            item.ean,
            item.product_id,
            item.quantity_ordered,
            item.quantity_confirmed,
            item.unit_1e4,
            item.gross_cents,
            item.discount_cents,
            item.reason,
        ])?;
    }
    Ok(())
}

/// Takes the stock and the credit. The checks of both tables stand behind the decision.
fn take(transaction: &Transaction<'_>, row: &SettlingRow) -> Result<(), DatabaseError> {
    let mut stock = transaction.prepare_cached(
        "UPDATE stock_lot SET reserved = reserved + ?4
         WHERE product_id = ?1 AND expires = ?2 AND lot = ?3",
    )?;
    for take in &row.takes {
        let expires = take.expires.to_string();
        stock.execute(params![take.product_id, expires, take.lot, take.quantity])?;
    }
    let mut credit = transaction
        .prepare_cached("UPDATE credit SET open_cents = open_cents + ?2 WHERE customer_id = ?1")?;
    credit.execute(params![row.customer_id, row.total_cents])?;
    Ok(())
}

fn reservations(
    transaction: &Transaction<'_>,
    order_id: i64,
    row: &SettlingRow,
) -> Result<(), DatabaseError> {
    let mut insert =
        transaction.prepare_cached("INSERT INTO reservation VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for taken in &row.reservations {
        insert.execute(params![
            order_id,
            taken.line,
            taken.product_id,
            taken.expires.to_string(),
            taken.lot,
            taken.quantity,
        ])?;
    }
    Ok(())
}

fn receivables(
    transaction: &Transaction<'_>,
    order_id: i64,
    row: &SettlingRow,
) -> Result<(), DatabaseError> {
    let mut insert =
        transaction.prepare_cached("INSERT INTO receivable VALUES (?1, ?2, ?3, ?4)")?;
    for part in &row.receivables {
        insert.execute(params![order_id, part.n, part.due.to_string(), part.cents])?;
    }
    Ok(())
}

/// The number is taken last: it is the row for which all orders wait, and one that rolls back
/// leaves no gap, which would have to be reported to the authority.
fn next_number(
    transaction: &Transaction<'_>,
    numbering: &NumberingRow,
) -> Result<u32, DatabaseError> {
    let mut update = transaction.prepare_cached(
        "UPDATE invoice_series SET next_number = next_number + 1
         WHERE cnpj = ?1 AND series = ?2 RETURNING next_number - 1",
    )?;
    Ok(update.query_row(params![numbering.cnpj, numbering.series], |row| row.get(0))?)
}

fn invoice(
    transaction: &Transaction<'_>,
    order_id: i64,
    cnpj: &str,
    named: &Numbering,
) -> Result<(), DatabaseError> {
    let mut insert =
        transaction.prepare_cached("INSERT INTO nfe VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    let Numbering { series, number, code, access_key } = named;
    insert.execute(params![order_id, cnpj, series, number, code, access_key.as_str()])?;
    Ok(())
}
