//! SQLite: one file, one writer at a time, several processes.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use orders::{Cents, Cnpj, Fiscal, Gtin, Order, OrderNumber, PartnerId, State, UnitPrice};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior};
use rusqlite::{named_params, params};

use super::seed::SERIES;
use super::{DatabaseError, Settlement};
use crate::decision::{Bill, KnownCustomer, KnownProduct, decide};
use crate::invoice::{Invoice, InvoiceLot, Numbering, Party, Place, Sale, SaleHead, SoldLine};
use crate::{Message, Refusal, emitter};

/// An open database.
#[derive(Debug)]
pub struct SqliteDatabase {
    /// Borrowed within one call only, never across an await.
    connection: RefCell<Connection>,
}

/// How long to wait for another process's transaction. Theirs take less than a millisecond.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More than the statements below, so that each is compiled once.
const STATEMENTS_KEPT: usize = 32;

/// 16 MB of log. The pages that every order changes are then written back, and waited for, once in
/// some hundred orders.
const PAGES_PER_CHECKPOINT: u32 = 4_000;

impl SqliteDatabase {
    /// Opens a database that is there.
    ///
    /// # Errors
    /// If it is not, or is none.
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
        Ok(Self { connection: RefCell::new(connection) })
    }

    /// Settles an order in one transaction. `now` becomes the invoice's time if it is billed now.
    ///
    /// # Errors
    /// If the database fails; then nothing has happened.
    pub fn settle(&self, message: &Message, now: Timestamp) -> Result<Settlement, DatabaseError> {
        let mut connection = self.connection.borrow_mut();
        // The write lock is taken first, so that what is read here stays true until the commit: an
        // order is decided before anything is written, and nothing needs to be taken back.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let partner_id = partner_id(&transaction, &message.partner)?;
        let settlement = match stored_order(&transaction, partner_id, &message.order_number)? {
            Some(stored) if stored.body_sha256 == message.body_sha256 => {
                stored.settlement(&transaction)?
            }
            Some(_) => record_conflict(&transaction, partner_id, message, now)?,
            None => settle_new(&transaction, partner_id, message, now)?,
        };
        transaction.commit()?;
        Ok(settlement)
    }

    /// Notes that the documents of an invoice are stored.
    ///
    /// # Errors
    /// If the database fails.
    pub fn mark_stored(&self, invoice: &Invoice) -> Result<(), DatabaseError> {
        let connection = self.connection.borrow();
        let mut update = connection.prepare_cached(
            "UPDATE nfe SET status = 'stored' WHERE access_key = ?1 AND status = 'numbered'",
        )?;
        update.execute([invoice.numbering.access_key.as_str()])?;
        Ok(())
    }
}

fn partner_id(transaction: &Transaction<'_>, partner: &PartnerId) -> Result<i64, DatabaseError> {
    transaction
        .prepare_cached("SELECT partner_id FROM partner WHERE name = ?1")?
        .query_row([partner.as_str()], |row| row.get(0))
        .optional()?
        .ok_or(DatabaseError::UnknownPartner)
}

/// What an earlier delivery left.
struct StoredOrder {
    order_id: i64,
    body_sha256: [u8; 32],
    refused_for: Option<String>,
}

fn stored_order(
    transaction: &Transaction<'_>,
    partner_id: i64,
    order_number: &OrderNumber,
) -> Result<Option<StoredOrder>, DatabaseError> {
    let mut select = transaction.prepare_cached(
        "SELECT order_id, body_sha256, reason FROM sales_order
         WHERE partner_id = ?1 AND order_number = ?2",
    )?;
    let found = select.query_row(params![partner_id, order_number.as_str()], |row| {
        Ok(StoredOrder {
            order_id: row.get(0)?,
            body_sha256: row.get(1)?,
            refused_for: row.get(2)?,
        })
    });
    Ok(found.optional()?)
}

impl StoredOrder {
    fn settlement(self, transaction: &Transaction<'_>) -> Result<Settlement, DatabaseError> {
        if let Some(reason) = self.refused_for {
            return Ok(Settlement::Refused { reason, again: true });
        }
        let invoice = Box::new(stored_invoice(transaction, self.order_id)?);
        Ok(Settlement::Billed { invoice, again: true })
    }
}

fn record_conflict(
    transaction: &Transaction<'_>,
    partner_id: i64,
    message: &Message,
    now: Timestamp,
) -> Result<Settlement, DatabaseError> {
    let mut insert = transaction
        .prepare_cached("INSERT OR IGNORE INTO order_conflict VALUES (?1, ?2, ?3, ?4)")?;
    let number = message.order_number.as_str();
    insert.execute(params![partner_id, number, message.body_sha256, now.as_millisecond()])?;
    Ok(Settlement::Conflicting)
}

fn settle_new(
    transaction: &Transaction<'_>,
    partner_id: i64,
    message: &Message,
    now: Timestamp,
) -> Result<Settlement, DatabaseError> {
    let order = &message.order;
    let customer = known_customer(transaction, partner_id, &order.buyer.cnpj)?;
    let products = known_products(transaction, order)?;
    match decide(order, &message.order_number, customer.as_ref(), &products) {
        Err(reason) => {
            insert_order(transaction, partner_id, message, now, Err(reason))?;
            Ok(Settlement::Refused { reason: reason.code().to_owned(), again: false })
        }
        Ok(mut bill) => {
            let Ok(sale) = sale(transaction, &bill, message, now)? else {
                let reason = Refusal::NotTaxable;
                insert_order(transaction, partner_id, message, now, Err(reason))?;
                return Ok(Settlement::Refused { reason: reason.code().to_owned(), again: false });
            };
            bill.total = sale.totals.total;
            let order_id = insert_order(transaction, partner_id, message, now, Ok(&bill))?;
            reserve(transaction, &bill)?;
            insert_items(transaction, order_id, &bill)?;
            number_invoice(transaction, order_id, &sale)?;
            let invoice = Box::new(stored_invoice(transaction, order_id)?);
            Ok(Settlement::Billed { invoice, again: false })
        }
    }
}

fn known_customer(
    transaction: &Transaction<'_>,
    partner_id: i64,
    cnpj: &Cnpj,
) -> Result<Option<KnownCustomer>, DatabaseError> {
    let mut select = transaction.prepare_cached(
        "SELECT customer_id, blocked, limit_cents, open_cents
         FROM customer JOIN credit USING (customer_id) WHERE cnpj = ?1 AND partner_id = ?2",
    )?;
    let found = select.query_row(params![cnpj.as_str(), partner_id], |row| {
        Ok(KnownCustomer {
            customer_id: row.get(0)?,
            blocked: row.get(1)?,
            credit_limit: Cents(row.get(2)?),
            open: Cents(row.get(3)?),
        })
    });
    Ok(found.optional()?)
}

/// One entry for each item.
fn known_products(
    transaction: &Transaction<'_>,
    order: &Order,
) -> Result<Vec<Option<KnownProduct>>, DatabaseError> {
    let mut select = transaction.prepare_cached(
        "SELECT product_id, unit_1e4, on_hand - reserved
         FROM product JOIN stock USING (product_id) WHERE ean = ?1",
    )?;
    let mut find = |ean: &Gtin| {
        let found = select.query_row([ean.as_str()], |row| {
            Ok(KnownProduct {
                product_id: row.get(0)?,
                unit_price: unit_price(row, 1)?,
                available: row.get(2)?,
            })
        });
        Ok(found.optional()?)
    };
    order.items.iter().map(|item| find(&item.ean)).collect()
}

fn unit_price(row: &Row<'_>, column: usize) -> rusqlite::Result<UnitPrice> {
    Ok(UnitPrice::from_1e4(row.get::<_, i64>(column)?.unsigned_abs()))
}

fn insert_order(
    transaction: &Transaction<'_>,
    partner_id: i64,
    message: &Message,
    now: Timestamp,
    decision: Result<&Bill, Refusal>,
) -> Result<i64, DatabaseError> {
    let decided_at_ms = now.as_millisecond();
    let mut insert = transaction.prepare_cached(
        "INSERT INTO sales_order (partner_id, order_number, body_sha256, customer_id, ship_to,
             payment_terms, status, reason, total_cents, received_at_ms, decided_at_ms)
         VALUES (:partner, :number, :sha256, :customer, :ship_to, :terms, :status, :reason, :total,
             :received, :decided)",
    )?;
    let order_id = insert.insert(named_params! {
        ":partner": partner_id,
        ":number": message.order_number.as_str(),
        ":sha256": message.body_sha256,
        ":customer": decision.ok().map(|bill| bill.customer_id),
        ":ship_to": message.order.ship_to.code.as_str(),
        ":terms": message.order.payment_terms.to_string(),
        ":status": if decision.is_ok() { "billed" } else { "refused" },
        ":reason": decision.err().map(Refusal::code),
        ":total": decision.map_or(0, |bill| bill.total.0),
        ":received": message.sent_at_ms.unwrap_or(decided_at_ms),
        ":decided": decided_at_ms,
    })?;
    Ok(order_id)
}

/// Takes the stock and the credit. The checks of both tables stand behind the decision.
fn reserve(transaction: &Transaction<'_>, bill: &Bill) -> Result<(), DatabaseError> {
    let mut stock = transaction
        .prepare_cached("UPDATE stock SET reserved = reserved + ?2 WHERE product_id = ?1")?;
    for (product_id, quantity) in &bill.reservations {
        stock.execute(params![product_id, quantity])?;
    }
    let mut credit = transaction
        .prepare_cached("UPDATE credit SET open_cents = open_cents + ?2 WHERE customer_id = ?1")?;
    credit.execute(params![bill.customer_id, bill.total.0])?;
    Ok(())
}

fn insert_items(
    transaction: &Transaction<'_>,
    order_id: i64,
    bill: &Bill,
) -> Result<(), DatabaseError> {
    let mut insert =
        transaction.prepare_cached("INSERT INTO order_item VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for line in &bill.lines {
        insert.execute(params![
            order_id,
            line.line,
            line.product_id,
            line.quantity.get(),
            line.unit_price.as_1e4() as i64,
            line.gross.0,
            line.discount.0,
        ])?;
    }
    Ok(())
}

/// The number is taken last: it is the row for which all orders wait, and one that rolls back
/// leaves no gap, which would have to be reported to the authority.
fn number_invoice(
    transaction: &Transaction<'_>,
    order_id: i64,
    sale: &Sale,
) -> Result<(), DatabaseError> {
    let number: u32 = transaction
        .prepare_cached(
            "UPDATE invoice_series SET next_number = next_number + 1 WHERE series = ?1
             RETURNING next_number - 1",
        )?
        .query_row([SERIES], |row| row.get(0))?;
    let Numbering { series, number, code, access_key } = Numbering::new(sale, SERIES, number);
    let mut insert = transaction
        .prepare_cached("INSERT INTO nfe VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'numbered')")?;
    let sale = json(sale)?;
    insert.execute(params![order_id, series, number, code, access_key.as_str(), sale])?;
    Ok(())
}

fn sale(
    transaction: &Transaction<'_>,
    bill: &Bill,
    message: &Message,
    now: Timestamp,
) -> Result<Result<Sale, crate::TaxError>, DatabaseError> {
    let head = SaleHead {
        partner: message.partner.clone(),
        order_number: message.order_number.clone(),
        issued_at: now,
        emitter: emitter(),
        recipient: recipient(transaction, bill.customer_id)?,
        ship_to: message.order.ship_to.code.clone(),
        payment_terms: message.order.payment_terms.clone(),
    };
    Ok(Sale::new(head, sold_lines(transaction, bill, &message.order)?))
}

fn recipient(transaction: &Transaction<'_>, customer_id: i64) -> Result<Party, DatabaseError> {
    let mut select = transaction.prepare_cached(
        "SELECT cnpj, name, state_registration, street, house, district, state, postcode
         FROM customer WHERE customer_id = ?1",
    )?;
    let mut rows = select.query([customer_id])?;
    let row = rows.next()?.ok_or(DatabaseError::Stored("customer"))?;
    let state: State = parsed(row, 6, "state")?;
    Ok(Party {
        cnpj: parsed(row, 0, "cnpj")?,
        name: row.get(1)?,
        state_registration: row.get(2)?,
        place: Place {
            street: row.get(3)?,
            house: row.get(4)?,
            district: row.get(5)?,
            city_code: state.capital_code(),
            city: state.capital().to_owned(),
            state,
            postcode: row.get(7)?,
        },
    })
}

fn sold_lines(
    transaction: &Transaction<'_>,
    bill: &Bill,
    order: &Order,
) -> Result<Vec<SoldLine>, DatabaseError> {
    let mut select = transaction
        .prepare_cached("SELECT ean, name, fiscal FROM product WHERE product_id = ?1")?;
    let mut lines = Vec::with_capacity(bill.lines.len());
    for (line, item) in bill.lines.iter().zip(&order.items) {
        let mut rows = select.query([line.product_id])?;
        let row = rows.next()?.ok_or(DatabaseError::Stored("product"))?;
        let fiscal: Fiscal = serde_json::from_str(row.get_ref(2)?.as_str().unwrap_or_default())
            .map_err(|_| DatabaseError::Stored("fiscal"))?;
        lines.push(SoldLine {
            line: line.line,
            product_id: line.product_id,
            gtin: parsed(row, 0, "ean")?,
            name: row.get(1)?,
            fiscal,
            quantity: line.quantity,
            unit_price: line.unit_price,
            discount: item.discount_pct.unwrap_or_default(),
            lots: vec![InvoiceLot {
                number: format!("L{:06}", line.product_id),
                quantity: line.quantity.get(),
                made: date(2026, 3, 1),
                expires: date(2028, 3, 1),
            }],
        });
    }
    lines.sort_by_key(|line| line.line);
    Ok(lines)
}

/// Reads an invoice back, right after it was written as well: a redelivery and a first delivery
/// then cannot render different things.
fn stored_invoice(transaction: &Transaction<'_>, order_id: i64) -> Result<Invoice, DatabaseError> {
    let mut select = transaction.prepare_cached(
        "SELECT series, number, cnf, access_key, sale FROM nfe WHERE order_id = ?1",
    )?;
    let mut rows = select.query([order_id])?;
    let row = rows.next()?.ok_or(DatabaseError::Stored("nfe"))?;
    let numbering = Numbering {
        series: row.get(0)?,
        number: row.get(1)?,
        code: row.get(2)?,
        access_key: parsed(row, 3, "access_key")?,
    };
    let sale = serde_json::from_str(row.get_ref(4)?.as_str().unwrap_or_default())
        .map_err(|_| DatabaseError::Stored("sale"))?;
    Ok(Invoice { numbering, sale })
}

/// A value as a text column keeps it.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, DatabaseError> {
    serde_json::to_string(value).map_err(|_| DatabaseError::Stored("json"))
}

/// A text of a row as the type that it must be.
fn parsed<T: std::str::FromStr>(
    row: &Row<'_>,
    column: usize,
    name: &'static str,
) -> Result<T, DatabaseError> {
    let text = row.get_ref(column)?.as_str().map_err(|_| DatabaseError::Stored(name))?;
    text.parse().map_err(|_| DatabaseError::Stored(name))
}
