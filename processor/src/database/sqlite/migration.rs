//! The tables' versions. Version 1 had one lot of each product, one series and no receivables.

use std::path::Path;

use jiff::Timestamp;
use orders::Fiscal;
use rusqlite::{Connection, Row, params};

use crate::database::DatabaseError;
use crate::emitter::emitter;
use crate::invoice::{InvoiceLot, Party, Place, Sale, SaleHead, SoldLine};

/// The version of the tables that this program reads and writes.
const VERSION: i64 = 2;

const SCHEMA: &str = include_str!("schema.sql");

/// From version 1 to version 2, but for the sales.
const FROM_VERSION_1: &str = include_str!("from_version_1.sql");

/// Makes the tables in a database that has none.
pub(super) fn create_tables(connection: &Connection) -> Result<(), DatabaseError> {
    connection.execute_batch(SCHEMA)?;
    set_version(connection)
}

fn set_version(connection: &Connection) -> Result<(), DatabaseError> {
    Ok(connection.pragma_update(None, "user_version", VERSION)?)
}

/// Version 1 did not write its number down.
fn version(connection: &Connection) -> Result<i64, DatabaseError> {
    let written: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let has_orders = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sales_order')";
    let is_first = written == 0 && connection.query_row(has_orders, [], |row| row.get(0))?;
    Ok(if is_first { 1 } else { written })
}

pub(super) fn check_version(connection: &Connection) -> Result<(), DatabaseError> {
    match version(connection)? {
        VERSION => Ok(()),
        found => {
            Err(DatabaseError::Version { found, known: VERSION, hint: "run bootstrap migrate" })
        }
    }
}

/// Brings the database at `path` to the version of this program: its tables are made if there are
/// none, and changed if they are of version 1. Does nothing if it is there already.
///
/// # Errors
/// If it is of a later version, or cannot be written; then it is as it was.
pub(crate) fn migrate_sqlite(path: &Path) -> Result<(), DatabaseError> {
    let mut connection = Connection::open(path)?;
    // Stays with the file: readers do not wait for the writer, nor the writer for readers.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Tables are renamed below, and names that refer to them must stay as they are.
    connection.pragma_update(None, "legacy_alter_table", "ON")?;
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    let transaction = connection.transaction()?;
    match version(&transaction)? {
        VERSION => {}
        0 => create_tables(&transaction)?,
        1 => from_version_1(&transaction)?,
        found => {
            let hint = "install the program that made it";
            return Err(DatabaseError::Version { found, known: VERSION, hint });
        }
    }
    Ok(transaction.commit()?)
}

fn from_version_1(connection: &Connection) -> Result<(), DatabaseError> {
    const TABLES: [&str; 10] = [
        "partner",
        "customer",
        "credit",
        "product",
        "stock",
        "sales_order",
        "order_item",
        "invoice_series",
        "nfe",
        "order_conflict",
    ];
    for view in ["billing_ledger", "refusal_ledger", "conflict_ledger"] {
        connection.execute_batch(&format!("DROP VIEW {view}"))?;
    }
    connection.execute_batch("DROP INDEX nfe_owed")?;
    for table in TABLES {
        connection.execute_batch(&format!("ALTER TABLE {table} RENAME TO version_1_{table}"))?;
    }
    create_tables(connection)?;
    let state = emitter().place.state;
    connection.execute_batch(FROM_VERSION_1)?;
    connection.execute(
        "UPDATE customer SET city_code = ?1, city = ?2, state = ?3",
        params![state.capital_code(), state.capital(), state.letters()],
    )?;
    write_sales(connection)?;
    for table in TABLES {
        connection.execute_batch(&format!("DROP TABLE version_1_{table}"))?;
    }
    Ok(())
}

/// Version 1 rendered documents from columns; now they are rendered from the sale.
fn write_sales(connection: &Connection) -> Result<(), DatabaseError> {
    let mut update = connection
        .prepare("UPDATE sales_order SET sale = ?2, total_cents = ?3 WHERE order_id = ?1")?;
    let mut select = connection.prepare(
        "SELECT order_id, partner.name, order_number, decided_at_ms, cnpj, customer.name,
             state_registration, street, house, district, postcode,
             version_1_sales_order.ship_to, version_1_sales_order.payment_terms
         FROM version_1_sales_order JOIN partner USING (partner_id)
         JOIN customer USING (customer_id) WHERE status = 'billed'",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let order_id: i64 = row.get(0)?;
        let sale = Sale::new(head(row)?, lines(connection, order_id)?)?;
        let text = serde_json::to_string(&sale).map_err(|_| DatabaseError::Stored("sale"))?;
        update.execute(params![order_id, text, sale.totals.total.0])?;
    }
    Ok(())
}

fn head(row: &Row<'_>) -> Result<SaleHead, DatabaseError> {
    let state = emitter().place.state;
    let issued_at = Timestamp::from_millisecond(row.get(3)?);
    Ok(SaleHead {
        partner: parsed(row, 1)?,
        order_number: parsed(row, 2)?,
        issued_at: issued_at.map_err(|_| DatabaseError::Stored("decided_at_ms"))?,
        emitter: emitter(),
        recipient: Party {
            cnpj: parsed(row, 4)?,
            name: row.get(5)?,
            state_registration: row.get(6)?,
            place: Place {
                street: row.get(7)?,
                house: row.get(8)?,
                district: row.get(9)?,
                city_code: state.capital_code(),
                city: state.capital().to_owned(),
                state,
                postcode: row.get(10)?,
            },
        },
        ship_to: parsed(row, 11)?,
        payment_terms: parsed(row, 12)?,
        shortfalls: Vec::new(),
    })
}

fn lines(connection: &Connection, order_id: i64) -> Result<Vec<SoldLine>, DatabaseError> {
    let mut select = connection.prepare_cached(
        "SELECT line, product_id, order_item.ean, name, quantity_confirmed, unit_1e4, gross_cents,
             discount_cents, ncm, lot, made, expires
         FROM order_item JOIN product USING (product_id)
         JOIN stock_lot USING (product_id) WHERE order_id = ?1 ORDER BY line",
    )?;
    let mut rows = select.query([order_id])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let quantity: u32 = row.get(4)?;
        let ncm: String = row.get(8)?;
        let units: i64 = row.get(5)?;
        lines.push(SoldLine {
            line: row.get(0)?,
            product_id: row.get(1)?,
            gtin: parsed(row, 2)?,
            name: row.get(3)?,
            quantity: quantity.try_into().map_err(|_| DatabaseError::Stored("quantity"))?,
            unit_price: orders::UnitPrice::from_1e4(units.unsigned_abs()),
            discount: discount(row.get(6)?, row.get(7)?)?,
            fiscal: fiscal(ncm),
            lots: vec![InvoiceLot {
                number: row.get(9)?,
                quantity,
                made: parsed(row, 10)?,
                expires: parsed(row, 11)?,
            }],
        });
    }
    Ok(lines)
}

/// Version 1 did not know more of a product.
fn fiscal(ncm: String) -> Fiscal {
    let is_medicine = ncm.starts_with("3003") || ncm.starts_with("3004");
    let tax_class =
        if is_medicine { orders::TaxClass::Medicine } else { orders::TaxClass::General };
    Fiscal { ncm, cest: None, origin: orders::Origin::National, medicine: None, tax_class }
}

/// The percentage that was taken off: version 1 kept the amount only.
fn discount(gross: i64, taken: i64) -> Result<orders::Discount, DatabaseError> {
    let wrong = || DatabaseError::Stored("discount_cents");
    let hundredths = if gross == 0 { 0 } else { (taken * 10_000 + gross / 2) / gross };
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let discount: orders::Discount = text.parse().map_err(|_| wrong())?;
    if discount.of(orders::Cents(gross)).0 == taken { Ok(discount) } else { Err(wrong()) }
}

fn parsed<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> Result<T, DatabaseError> {
    let text = row.get_ref(column)?.as_str().map_err(|_| DatabaseError::Stored("version 1"))?;
    text.parse().map_err(|_| DatabaseError::Stored("version 1"))
}
