//! What is read: the facts on which an order is decided, and orders that are settled.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use orders::{LineStatus, Order, OrderNumber, OrderStatus, PartnerId, Reason};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use crate::Message;
use crate::SettledOrder;
use crate::database::stored::{StoredNumbering, StoredOrder};
use crate::database::{DatabaseError, Facts, KnownCustomer, KnownLot, KnownProduct};
use crate::emitter::EMITTER_CNPJ;
use crate::hex::hex;
use crate::reconciliation::{Numbers, statements};

pub(super) fn partner_id(
    connection: &Connection,
    partner: &PartnerId,
) -> Result<i64, DatabaseError> {
    connection
        .prepare_cached("SELECT partner_id FROM partner WHERE name = ?1 AND active")?
        .query_row([partner.as_str()], |row| row.get(0))
        .optional()?
        .ok_or(DatabaseError::UnknownPartner)
}

pub(super) fn facts(
    connection: &Connection,
    partner_id: i64,
    message: &Message,
    now: Timestamp,
) -> Result<Facts, DatabaseError> {
    let today = Offset::constant(-3).to_datetime(now).date();
    let (series_first, series_count) = connection
        .prepare_cached("SELECT series_first, series_count FROM establishment WHERE cnpj = ?1")?
        .query_row([EMITTER_CNPJ], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut facts =
        Facts { partner_id, series_first, series_count, customer: None, products: Vec::new() };
    let Ok(order) = &message.order else { return Ok(facts) };
    if let Some((customer, price_list)) = customer(connection, partner_id, order)? {
        facts.customer = Some(customer);
        facts.products = products(connection, order, price_list, today)?;
    }
    Ok(facts)
}

/// The customer and its price list.
fn customer(
    connection: &Connection,
    partner_id: i64,
    order: &Order,
) -> Result<Option<(KnownCustomer, i64)>, DatabaseError> {
    let mut select = connection.prepare_cached(
        "SELECT customer_id, cnpj, name, state_registration, street, house, district, city_code,
             city, state, postcode, license_until, may_buy_controlled, shelf_days_min,
             term_days_max, blocked, limit_cents, open_cents, price_list,
             EXISTS (SELECT 1 FROM ship_to
                     WHERE ship_to.customer_id = customer.customer_id AND code = ?3)
         FROM customer JOIN credit USING (customer_id) WHERE cnpj = ?1 AND partner_id = ?2",
    )?;
    let (cnpj, code) = (order.buyer.cnpj.as_str(), order.ship_to.code.as_str());
    let mut rows = select.query(params![cnpj, partner_id, code])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let customer = KnownCustomer {
        customer_id: row.get(0)?,
        cnpj: row.get(1)?,
        name: row.get(2)?,
        state_registration: row.get(3)?,
        street: row.get(4)?,
        house: row.get(5)?,
        district: row.get(6)?,
        city_code: row.get(7)?,
        city: row.get(8)?,
        state: parsed(row, 9, "state")?,
        postcode: row.get(10)?,
        license_until: parsed(row, 11, "license_until")?,
        may_buy_controlled: row.get(12)?,
        shelf_days_min: row.get(13)?,
        term_days_max: row.get(14)?,
        blocked: row.get(15)?,
        limit_cents: row.get(16)?,
        open_cents: row.get(17)?,
        has_ship_to: row.get(19)?,
    };
    Ok(Some((customer, row.get(18)?)))
}

/// Each product of the order once.
fn products(
    connection: &Connection,
    order: &Order,
    price_list: i64,
    today: Date,
) -> Result<Vec<KnownProduct>, DatabaseError> {
    let mut select = connection.prepare_cached(
        "SELECT product_id, name, pack, active, controlled, ncm, cest, origin, tax_class,
             registration, maximum_price_cents,
             (SELECT unit_1e4 FROM price
              WHERE price.product_id = product.product_id AND price_list = ?2 AND valid_from <= ?3
              ORDER BY valid_from DESC LIMIT 1)
         FROM product WHERE ean = ?1",
    )?;
    let today = today.to_string();
    let mut products = Vec::new();
    let eans: BTreeSet<&str> = order.items.iter().map(|item| item.ean.as_str()).collect();
    for ean in eans {
        let mut rows = select.query(params![ean, price_list, today])?;
        let Some(row) = rows.next()? else { continue };
        let product_id = row.get(0)?;
        products.push(KnownProduct {
            product_id,
            ean: ean.to_owned(),
            name: row.get(1)?,
            pack: row.get(2)?,
            active: row.get(3)?,
            controlled: row.get(4)?,
            ncm: row.get(5)?,
            cest: row.get(6)?,
            origin: named(row, 7, "origin")?,
            tax_class: named(row, 8, "tax_class")?,
            registration: row.get(9)?,
            maximum_price_cents: row.get(10)?,
            unit_1e4: row.get(11)?,
            lots: lots(connection, product_id)?,
        });
    }
    Ok(products)
}

fn lots(connection: &Connection, product_id: i64) -> Result<Vec<KnownLot>, DatabaseError> {
    let mut select = connection.prepare_cached(
        "SELECT lot, made, expires, on_hand - reserved FROM stock_lot
         WHERE product_id = ?1 AND on_hand > reserved ORDER BY expires, lot",
    )?;
    let mut rows = select.query([product_id])?;
    let mut lots = Vec::new();
    while let Some(row) = rows.next()? {
        lots.push(KnownLot {
            lot: row.get(0)?,
            made: parsed(row, 1, "made")?,
            expires: parsed(row, 2, "expires")?,
            free: row.get(3)?,
        });
    }
    Ok(lots)
}

/// What [`settled`] reads of an order.
const STORED: &str = "SELECT order_id, partner.name, order_number, body_sha256, status, reason,
         decided_at, sale, series, number, cnf, access_key, documented
     FROM sales_order JOIN partner USING (partner_id) LEFT JOIN nfe USING (order_id)";

pub(super) fn stored_order(
    connection: &Connection,
    partner_id: i64,
    order_number: &OrderNumber,
) -> Result<Option<SettledOrder>, DatabaseError> {
    let mut select = connection
        .prepare_cached(&format!("{STORED} WHERE partner_id = ?1 AND order_number = ?2"))?;
    let mut rows = select.query(params![partner_id, order_number.as_str()])?;
    rows.next()?.map(|row| settled(connection, row)).transpose()
}

pub(super) fn owed(
    connection: &Connection,
    decided_by_ms: i64,
    limit: u32,
) -> Result<Vec<SettledOrder>, DatabaseError> {
    let mut select = connection.prepare_cached(&format!(
        "{STORED} WHERE documented = 0 AND decided_at_ms <= ?1 ORDER BY decided_at_ms LIMIT ?2"
    ))?;
    let mut rows = select.query(params![decided_by_ms, limit])?;
    let mut owed = Vec::new();
    while let Some(row) = rows.next()? {
        owed.push(settled(connection, row)?);
    }
    Ok(owed)
}

pub(super) fn first_from(
    connection: &Connection,
    from: i64,
) -> Result<Option<(i64, i64)>, DatabaseError> {
    let mut select = connection.prepare_cached(statements::FIRST_FROM)?;
    Ok(select.query_row([from], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

pub(super) fn count(
    connection: &Connection,
    rows: &RangeInclusive<i64>,
) -> Result<(u64, u64), DatabaseError> {
    let mut select = connection.prepare_cached(statements::COUNT)?;
    let counted = select.query_row([rows.start(), rows.end()], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned()))
    })?;
    Ok(counted)
}

pub(super) fn numbers(
    connection: &Connection,
    rows: &RangeInclusive<i64>,
) -> Result<Vec<Numbers>, DatabaseError> {
    let mut select = connection.prepare_cached(statements::NUMBERS)?;
    let numbers = select.query_map([rows.start(), rows.end()], |row| {
        let (cnpj, series) = (row.get(0)?, row.get(1)?);
        Ok(Numbers { cnpj, series, first: row.get(2)?, last: row.get(3)? })
    })?;
    Ok(numbers.collect::<Result<_, _>>()?)
}

pub(super) fn issued(connection: &Connection, numbers: &Numbers) -> Result<u64, DatabaseError> {
    let Numbers { cnpj, series, first, last } = numbers;
    let mut select = connection.prepare_cached(statements::ISSUED)?;
    let issued = params![cnpj, series, first, last];
    Ok(select.query_row(issued, |row| row.get::<_, i64>(0))?.cast_unsigned())
}

pub(super) fn orders(
    connection: &Connection,
    rows: &[i64],
) -> Result<Vec<SettledOrder>, DatabaseError> {
    let mut select = connection.prepare_cached(&format!("{STORED} WHERE order_id = ?1"))?;
    let mut orders = Vec::new();
    for order_id in rows {
        let mut found = select.query([order_id])?;
        if let Some(row) = found.next()? {
            orders.push(settled(connection, row)?);
        }
    }
    Ok(orders)
}

fn settled(connection: &Connection, row: &Row<'_>) -> Result<SettledOrder, DatabaseError> {
    let order_id = row.get(0)?;
    let body_sha256: [u8; 32] = row.get(3)?;
    let status: String = row.get(4)?;
    let stored = StoredOrder {
        order_id,
        partner: parsed(row, 1, "partner")?,
        order_number: parsed(row, 2, "order_number")?,
        body_sha256: hex(&body_sha256),
        status: OrderStatus::named(&status).ok_or(DatabaseError::Stored("status"))?,
        reason: reason(row, 5)?,
        decided_at: row.get(6)?,
        sale: row.get(7)?,
        numbering: numbering(row)?,
        documented: row.get(12)?,
        items: items(connection, order_id)?,
    };
    stored.try_into()
}

fn numbering(row: &Row<'_>) -> Result<Option<StoredNumbering>, DatabaseError> {
    let Some(series) = row.get(8)? else { return Ok(None) };
    Ok(Some(StoredNumbering {
        series,
        number: row.get(9)?,
        cnf: row.get(10)?,
        access_key: parsed(row, 11, "access_key")?,
    }))
}

fn items(connection: &Connection, order_id: i64) -> Result<Vec<LineStatus>, DatabaseError> {
    let mut select = connection.prepare_cached(
        "SELECT line, ean, quantity_ordered, quantity_confirmed, reason
         FROM order_item WHERE order_id = ?1 ORDER BY line",
    )?;
    let mut rows = select.query([order_id])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(LineStatus {
            line: row.get(0)?,
            ean: row.get(1)?,
            qty_ordered: row.get(2)?,
            qty_confirmed: row.get(3)?,
            reason: reason(row, 4)?,
        });
    }
    Ok(items)
}

fn reason(row: &Row<'_>, column: usize) -> Result<Option<Reason>, DatabaseError> {
    let code: Option<String> = row.get(column)?;
    let reason = code.map(|code| code.parse()).transpose();
    reason.map_err(|_| DatabaseError::Stored("reason"))
}

/// A text of a row as the type that it must be.
fn parsed<T: FromStr>(
    row: &Row<'_>,
    column: usize,
    name: &'static str,
) -> Result<T, DatabaseError> {
    let text = row.get_ref(column)?.as_str().map_err(|_| DatabaseError::Stored(name))?;
    text.parse().map_err(|_| DatabaseError::Stored(name))
}

/// A text of a row as the variant of this name in JSON.
fn named<'de, T: Deserialize<'de>>(
    row: &'de Row<'_>,
    column: usize,
    name: &'static str,
) -> Result<T, DatabaseError> {
    let text = row.get_ref(column)?.as_str().map_err(|_| DatabaseError::Stored(name))?;
    let text: StrDeserializer<'_, ValueError> = text.into_deserializer();
    T::deserialize(text).map_err(|_| DatabaseError::Stored(name))
}
