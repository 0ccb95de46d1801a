//! Makes and fills a database of the synthetic business.

use std::path::Path;

use orders::World;
use rusqlite::{Connection, Transaction, params};

use super::migration::create_tables;
use crate::database::DatabaseError;
use crate::database::seed::{
    LICENSED_UNTIL, PRICES_FROM, SHELF_DAYS_MIN, Seed, TERM_DAYS_MAX, customers, products,
};
use crate::emitter::EMITTER_CNPJ;

/// Creates the database at `path` and fills it.
pub(crate) fn create_sqlite(path: &Path, seed: &Seed) -> Result<(), DatabaseError> {
    let mut connection = Connection::open(path)?;
    // Stays with the file: readers do not wait for the writer, nor the writer for readers.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = connection.transaction()?;
    create_tables(&transaction)?;
    insert_partners(&transaction, seed.world)?;
    insert_customers(&transaction, seed.world)?;
    insert_products(&transaction, seed.world)?;
    open_series(&transaction, seed.series)?;
    Ok(transaction.commit()?)
}

fn insert_partners(transaction: &Transaction<'_>, world: World) -> Result<(), DatabaseError> {
    let mut insert =
        transaction.prepare("INSERT INTO partner (partner_id, name) VALUES (?1, ?2)")?;
    for index in 0..world.size().partners {
        insert.execute(params![index + 1, world.partner(index).as_str()])?;
    }
    Ok(())
}

fn insert_customers(transaction: &Transaction<'_>, world: World) -> Result<(), DatabaseError> {
    let mut insert = transaction.prepare(
        "INSERT INTO customer (customer_id, partner_id, cnpj, name, state_registration, street,
             house, district, city_code, city, state, postcode, license_until, shelf_days_min,
             term_days_max)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    let mut credit = transaction.prepare("INSERT INTO credit VALUES (?1, ?2, 0)")?;
    let mut ship_to = transaction.prepare("INSERT INTO ship_to VALUES (?1, ?2)")?;
    for (id, known) in customers(world) {
        let place = &known.address;
        insert.execute(params![
            id,
            known.partner_index + 1,
            known.cnpj.as_str(),
            known.name,
            known.state_registration,
            place.street,
            place.house,
            place.district,
            place.state.capital_code(),
            place.state.capital(),
            place.state.letters(),
            place.postcode,
            LICENSED_UNTIL.to_string(),
            SHELF_DAYS_MIN,
            TERM_DAYS_MAX,
        ])?;
        credit.execute(params![id, known.credit_limit.0])?;
        for code in &known.ship_to {
            ship_to.execute(params![id, code.as_str()])?;
        }
    }
    Ok(())
}

fn insert_products(transaction: &Transaction<'_>, world: World) -> Result<(), DatabaseError> {
    let mut insert = transaction.prepare(
        "INSERT INTO product (product_id, ean, name, pack, ncm, cest, origin, tax_class,
             registration, maximum_price_cents)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let mut price = transaction.prepare("INSERT INTO price VALUES (?1, 1, ?2, ?3)")?;
    let mut stock = transaction.prepare("INSERT INTO stock_lot VALUES (?1, ?2, ?3, ?4, ?5, 0)")?;
    for (id, index, known) in products(world) {
        let fiscal = &known.fiscal;
        let medicine = fiscal.medicine.as_ref();
        insert.execute(params![
            id,
            known.gtin.as_str(),
            known.name,
            known.pack,
            fiscal.ncm,
            fiscal.cest,
            fiscal.origin.name(),
            fiscal.tax_class.name(),
            medicine.map(|medicine| &medicine.registration),
            medicine.map(|medicine| medicine.maximum_price.0),
        ])?;
        let unit_1e4 = known.unit_price.as_1e4().cast_signed();
        price.execute(params![id, PRICES_FROM.to_string(), unit_1e4])?;
        for lot in world.lots(index) {
            let (expires, made) = (lot.expires.to_string(), lot.made.to_string());
            stock.execute(params![id, expires, lot.number, made, lot.quantity.cast_signed()])?;
        }
    }
    Ok(())
}

/// The establishment and its series, which begin at number 1.
fn open_series(transaction: &Transaction<'_>, count: u16) -> Result<(), DatabaseError> {
    transaction
        .execute("INSERT INTO establishment VALUES (?1, 1, ?2)", params![EMITTER_CNPJ, count])?;
    let mut insert = transaction.prepare("INSERT INTO invoice_series VALUES (?1, ?2, 1)")?;
    for series in 1..=count {
        insert.execute(params![EMITTER_CNPJ, series])?;
    }
    Ok(())
}
