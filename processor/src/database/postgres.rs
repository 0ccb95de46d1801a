//! PostgreSQL: one connection for each environment, made when it is needed.
//!
//! An order takes two round trips: one reads all that bears on it and takes no lock; then it is
//! decided here; the other is one statement that writes all of it or nothing. Locks are held in
//! the second only, within the server, so that a row for which all orders wait is held for as long
//! as the server works, and not while anything travels. Whoever finds on writing that stock, credit
//! or the order itself has changed meanwhile decides again.

mod connection;
mod setup;
mod tls;

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use orders::Order;
use serde::Deserialize;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::stored::StoredOrder;
use super::{Database, DatabaseError, Facts, Settlement};
use crate::emitter::EMITTER_CNPJ;
use crate::settling::Settling;
use crate::{Message, SettledOrder};

pub use connection::PostgresConfig;
use connection::{Connection, Connector};
pub(crate) use setup::{create_postgres, migrate_postgres};

/// What `settle_order` says when what an order was decided by is no longer so.
const CHANGED_MEANWHILE: &str = "VZ001";

/// How often an order is decided. Another decision is needed when others took the end of a lot in
/// the milliseconds between.
const DECISIONS_MAX: u32 = 12;

/// The database behind a connection that comes and goes.
#[derive(Debug)]
pub struct PostgresDatabase {
    connector: Connector,
}

/// What `order_facts` gives.
#[derive(Deserialize)]
struct Read {
    stored: Option<StoredOrder>,
    facts: Facts,
}

/// What `settle_order` gives.
#[derive(Deserialize)]
struct Written {
    order_id: i64,
    #[serde(default)]
    number: Option<u32>,
}

impl PostgresDatabase {
    /// A database; nothing is sent yet.
    pub fn new(config: PostgresConfig) -> Self {
        Self { connector: Connector::new(config) }
    }

    /// Settles an order on a connection, `None` if it must be decided again.
    async fn decide_once(
        connection: &Connection,
        message: &Message,
        now: Timestamp,
    ) -> Result<Option<Settlement>, DatabaseError> {
        let Read { stored, facts } = read(connection, message, now).await?;
        if let Some(stored) = stored {
            return again(connection, stored.try_into()?, message, now).await.map(Some);
        }
        let settling = Settling::decide(message, &facts, now)?;
        let Some(written) = write(connection, &settling).await? else { return Ok(None) };
        let order = Box::new(settling.stored(message, written.order_id, written.number));
        Ok(Some(Settlement::Settled { order, again: false }))
    }

    async fn settle_on(
        connection: &Connection,
        message: &Message,
        now: Timestamp,
    ) -> Result<Settlement, DatabaseError> {
        for _ in 0..DECISIONS_MAX {
            if let Some(settlement) = Self::decide_once(connection, message, now).await? {
                return Ok(settlement);
            }
        }
        Err(DatabaseError::Contended(DECISIONS_MAX))
    }
}

async fn read(
    connection: &Connection,
    message: &Message,
    now: Timestamp,
) -> Result<Read, DatabaseError> {
    const FACTS: &str = "SELECT order_facts($1, $2, $3, $4, $5, $6::text::date, $7)::text";
    let statement = connection.prepared(FACTS).await?;
    let today: Date = Offset::constant(-3).to_datetime(now).date();
    let order = message.order.as_ref().ok();
    let cnpj = order.map_or("", |order| order.buyer.cnpj.as_str());
    let address = order.map_or("", |order| order.ship_to.code.as_str());
    let row = connection
        .client()
        .query_one(
            &statement,
            &[
                &message.partner.as_str(),
                &message.order_number.as_str(),
                &cnpj,
                &address,
                &order.map(eans).unwrap_or_default(),
                &today.to_string(),
                &EMITTER_CNPJ,
            ],
        )
        .await?;
    let facts: Option<&str> = row.try_get(0)?;
    let facts = facts.ok_or(DatabaseError::UnknownPartner)?;
    serde_json::from_str(facts).map_err(|_| DatabaseError::Stored("facts"))
}

fn eans(order: &Order) -> Vec<&str> {
    order.items.iter().map(|item| item.ean.as_str()).collect()
}

/// Writes an order, `None` if something has changed since it was decided.
async fn write(
    connection: &Connection,
    settling: &Settling,
) -> Result<Option<Written>, DatabaseError> {
    const SETTLE: &str = "SELECT settle_order($1::text::json)::text";
    let statement = connection.prepared(SETTLE).await?;
    let row = serde_json::to_string(&settling.row).map_err(|_| DatabaseError::Stored("order"))?;
    match connection.client().query_one(&statement, &[&row]).await {
        Ok(row) => {
            let written: Written = serde_json::from_str(row.try_get(0)?)
                .map_err(|_| DatabaseError::Stored("order"))?;
            Ok(Some(written))
        }
        Err(error) if is_worth_deciding_again(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_worth_deciding_again(error: &tokio_postgres::Error) -> bool {
    let changed = SqlState::from_code(CHANGED_MEANWHILE);
    error.code().is_some_and(|code| {
        [&changed, &SqlState::T_R_DEADLOCK_DETECTED, &SqlState::T_R_SERIALIZATION_FAILURE]
            .contains(&code)
    })
}

async fn again(
    connection: &Connection,
    stored: SettledOrder,
    message: &Message,
    now: Timestamp,
) -> Result<Settlement, DatabaseError> {
    if stored.body_sha256 == message.body_sha256 {
        return Ok(Settlement::Settled { order: Box::new(stored), again: true });
    }
    let statement = connection.prepared("SELECT note_conflict($1, $2, $3, $4)").await?;
    let (partner, number) = (message.partner.as_str(), message.order_number.as_str());
    let sha256 = message.body_sha256.as_slice();
    let at_ms = now.as_millisecond();
    connection.client().execute(&statement, &[&partner, &number, &sha256, &at_ms]).await?;
    Ok(Settlement::Conflicting)
}

impl Database for PostgresDatabase {
    async fn settle(&self, message: &Message, now: Timestamp) -> Result<Settlement, DatabaseError> {
        // Another delivery would settle what is tried twice here, and so does the second try.
        self.connector
            .with(async |connection| Self::settle_on(connection, message, now).await)
            .await
    }

    async fn mark_documented(&self, order_ids: &[i64]) -> Result<(), DatabaseError> {
        const MARK: &str = "UPDATE sales_order SET documented = true
            WHERE order_id = ANY ($1) AND NOT documented";
        self.connector
            .with(async |connection| {
                let statement = connection.prepared(MARK).await?;
                connection.client().execute(&statement, &[&order_ids]).await?;
                Ok(())
            })
            .await
    }

    async fn owed(
        &self,
        now: Timestamp,
        age: Duration,
        limit: u32,
    ) -> Result<Vec<SettledOrder>, DatabaseError> {
        const OWED: &str = "SELECT stored_order(order_id)::text FROM sales_order
            WHERE NOT documented AND decided_at_ms <= $1 ORDER BY decided_at_ms LIMIT $2";
        let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let decided_by_ms = now.as_millisecond().saturating_sub(age_ms);
        let rows = self
            .connector
            .with(async |connection| {
                let types =
                    [(&decided_by_ms as _, Type::INT8), (&i64::from(limit) as _, Type::INT8)];
                Ok(connection.client().query_typed(OWED, &types).await?)
            })
            .await?;
        let stored = |row: &tokio_postgres::Row| {
            let stored: Result<StoredOrder, _> = serde_json::from_str(row.try_get(0)?);
            stored.map_err(|_| DatabaseError::Stored("order"))?.try_into()
        };
        rows.iter().map(stored).collect()
    }
}
