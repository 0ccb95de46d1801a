//! Reads what bears on an order, with the versions of the rows that it was read from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use orders::Order;
use serde::Deserialize;

use super::connection::Connection;
use crate::Message;
use crate::database::stored::StoredOrder;
use crate::database::{DatabaseError, Facts};
use crate::emitter::EMITTER_CNPJ;

/// What `order_facts` gives: an order that is settled, or what a new one is decided by.
#[derive(Debug, Deserialize)]
struct Read {
    stored: Option<StoredOrder>,
    facts: Option<Facts>,
    versions: Option<Versions>,
}

/// What is known of an order.
#[derive(Debug)]
pub(super) enum Known {
    /// It is settled.
    Stored(Box<StoredOrder>),
    /// By this it is to be decided.
    Facts(Box<Facts>, Versions),
}

/// The transactions that wrote the rows from which [`Facts`] were read. Whoever changes a row, in
/// whatever way, gives it another; what is counted, stock and credit, has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Versions {
    pub(super) partner: u32,
    pub(super) establishment: u32,
    /// None if the customer is not known.
    pub(super) customer: Option<u32>,
    /// The customer's, which is part of its row.
    pub(super) price_list: Option<i64>,
    /// By product, which is what `product_id` says.
    pub(super) products: BTreeMap<i64, u32>,
}

/// The emitter's day, by which prices and licences are judged.
pub(super) fn day(now: Timestamp) -> Date {
    Offset::constant(-3).to_datetime(now).date()
}

/// One round trip.
pub(super) async fn read(
    connection: &Connection,
    message: &Message,
    now: Timestamp,
) -> Result<Known, DatabaseError> {
    const FACTS: &str = "SELECT order_facts($1, $2, $3, $4, $5, $6::text::date, $7)::text";
    let statement = connection.prepared(FACTS).await?;
    let order = message.order.as_ref().ok();
    let row = connection
        .client()
        .query_one(
            &statement,
            &[
                &message.partner.as_str(),
                &message.order_number.as_str(),
                &order.map_or("", |order| order.buyer.cnpj.as_str()),
                &order.map_or("", |order| order.ship_to.code.as_str()),
                &order.map(eans).unwrap_or_default(),
                &day(now).to_string(),
                &EMITTER_CNPJ,
            ],
        )
        .await?;
    let text: Option<&str> = row.try_get(0)?;
    let text = text.ok_or(DatabaseError::UnknownPartner)?;
    let read: Read = serde_json::from_str(text).map_err(|_| DatabaseError::Stored("facts"))?;
    match (read.stored, read.facts, read.versions) {
        (Some(stored), _, _) => Ok(Known::Stored(Box::new(stored))),
        (None, Some(facts), Some(versions)) => Ok(Known::Facts(Box::new(facts), versions)),
        (None, _, _) => Err(DatabaseError::Stored("facts")),
    }
}

fn eans(order: &Order) -> Vec<&str> {
    order.items.iter().map(|item| item.ean.as_str()).collect()
}
