//! Makes a database of the synthetic business. A real one exists already.

use std::path::Path;

use orders::World;
use rusqlite::{Connection, Transaction, params};

use super::sqlite::json;
use crate::DatabaseError;

const SCHEMA: &str = include_str!("schema.sql");

/// The series in which invoices are numbered. One is enough for a database with a single writer.
pub(crate) const SERIES: u16 = 1;

/// Creates the database at `path` and fills it with `world`.
///
/// # Errors
/// If there is one already, or it cannot be written.
pub fn create_database(path: &Path, world: &World) -> Result<(), DatabaseError> {
    let mut connection = Connection::open(path)?;
    // Stays with the file: readers do not wait for the writer, nor the writer for readers.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    insert_partners(&transaction, world)?;
    insert_customers(&transaction, world)?;
    insert_products(&transaction, world)?;
    transaction.execute("INSERT INTO invoice_series VALUES (?1, 1)", [SERIES])?;
    transaction.commit()?;
    Ok(())
}

fn insert_partners(transaction: &Transaction<'_>, world: &World) -> Result<(), DatabaseError> {
    let mut insert = transaction.prepare("INSERT INTO partner VALUES (?1, ?2)")?;
    for index in 0..world.size().partners {
        insert.execute(params![index + 1, world.partner(index).as_str()])?;
    }
    Ok(())
}

fn insert_customers(transaction: &Transaction<'_>, world: &World) -> Result<(), DatabaseError> {
    let mut customer = transaction
        .prepare("INSERT INTO customer VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0)")?;
    let mut credit = transaction.prepare("INSERT INTO credit VALUES (?1, ?2, 0)")?;
    for index in 0..world.size().customers {
        let known = world.customer(index);
        customer.execute(params![
            index + 1,
            known.partner_index + 1,
            known.cnpj.as_str(),
            known.name,
            known.state_registration,
            known.address.street,
            known.address.house,
            known.address.district,
            known.address.state.letters(),
            known.address.postcode,
        ])?;
        credit.execute(params![index + 1, known.credit_limit.0])?;
    }
    Ok(())
}

fn insert_products(transaction: &Transaction<'_>, world: &World) -> Result<(), DatabaseError> {
    let mut product = transaction.prepare("INSERT INTO product VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut stock = transaction.prepare("INSERT INTO stock VALUES (?1, ?2, 0)")?;
    for index in 0..world.size().products {
        let known = world.product(index);
        product.execute(params![
            index + 1,
            known.gtin.as_str(),
            known.name,
            json(&known.fiscal)?,
            known.unit_price.as_1e4() as i64,
        ])?;
        stock.execute(params![index + 1, known.stock as i64])?;
    }
    Ok(())
}
