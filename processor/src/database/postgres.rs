//! PostgreSQL: one connection for each environment, made when it is needed.
//!
//! An order takes one round trip: it is decided by what the environment remembers of its customer
//! and its products, and written by one statement, which writes it only if it would be decided so
//! by what is there now. If something is not remembered, or has changed, or the order would be
//! refused, all is read first, which is another round trip, and no lock. Locks are held in the
//! statement that writes only, within the server, so that a row for which all orders wait is held
//! for as long as the server works, and not while anything travels. Whoever finds on writing that
//! facts, stock, credit or the order itself have changed meanwhile decides again.

mod columns;
mod connection;
mod facts;
mod memory;
mod settle;
mod setup;
mod temporary;
mod tls;

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::stored::StoredOrder;
use super::{Database, DatabaseError, Facts, Settlement};
use crate::reconciliation::{Ledger, Numbers, statements};
use crate::settling::Settling;
use crate::{Message, SettledOrder};

pub use connection::PostgresConfig;
use connection::{Connection, Connector};
use facts::{Known, Versions};
use settle::Written;
pub(crate) use setup::{create_postgres, migrate_postgres};
pub use temporary::TemporarySchema;

/// Connects to a server, to read what it publishes: the views `billing_ledger`, `refusal_ledger`
/// and `conflict_ledger`.
///
/// # Errors
/// If the server cannot be reached, or is not the one that the configuration says.
pub async fn connect_postgres(
    config: &PostgresConfig,
) -> Result<tokio_postgres::Client, DatabaseError> {
    connection::connect(config).await
}

/// How often an order is decided by what was read for it. Another decision is needed when others
/// took the end of a lot in the milliseconds between.
const DECISIONS_MAX: u32 = 12;

/// The database behind a connection that comes and goes.
#[derive(Debug)]
pub struct PostgresDatabase {
    connector: Connector,
    /// Whether an order may be decided by what was read for another.
    remembers: bool,
}

impl PostgresDatabase {
    /// A database; nothing is sent yet.
    pub fn new(config: PostgresConfig) -> Self {
        Self { connector: Connector::new(config), remembers: true }
    }

    /// The same database, read anew for each order: what memory saves can be measured by it.
    pub fn without_memory(self) -> Self {
        Self { remembers: false, ..self }
    }

    async fn query(
        &self,
        statement: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, DatabaseError> {
        self.connector
            .with(async |connection| {
                Ok(connection.client().query_typed(statement, parameters).await?)
            })
            .await
    }

    async fn settle_on(
        &self,
        connection: &Connection,
        message: &Message,
        now: Timestamp,
    ) -> Result<Settlement, DatabaseError> {
        if self.remembers
            && let Some(settlement) = by_memory(connection, message, now).await?
        {
            return Ok(settlement);
        }
        for _ in 0..DECISIONS_MAX {
            if let Some(settlement) = by_reading(connection, message, now).await? {
                return Ok(settlement);
            }
        }
        Err(DatabaseError::Contended(DECISIONS_MAX))
    }
}

/// Settles an order by what is remembered; `None` if that is not enough, or not so any more. Only
/// what is confirmed as a whole is settled so: a refusal is never due to an old price.
async fn by_memory(
    connection: &Connection,
    message: &Message,
    now: Timestamp,
) -> Result<Option<Settlement>, DatabaseError> {
    let recalled = connection.memory().borrow().recall(message);
    let Some((facts, versions)) = recalled else { return Ok(None) };
    let settling = Settling::decide(message, &facts, now).ok();
    let Some(settling) = settling.filter(Settling::confirms_all) else { return Ok(None) };
    written(connection, message, settling, (&facts, &versions), now).await
}

/// Settles an order by what is read for it, `None` if it must be decided again.
async fn by_reading(
    connection: &Connection,
    message: &Message,
    now: Timestamp,
) -> Result<Option<Settlement>, DatabaseError> {
    let (facts, versions) = match facts::read(connection, message, now).await? {
        Known::Stored(stored) => {
            return again(connection, (*stored).try_into()?, message, now).await.map(Some);
        }
        Known::Facts(facts, versions) => (facts, versions),
    };
    connection.memory().borrow_mut().keep(message, &facts, &versions);
    let settling = Settling::decide(message, &facts, now)?;
    written(connection, message, settling, (&facts, &versions), now).await
}

/// Writes a decided order and remembers what is left; `None` if something has changed since.
async fn written(
    connection: &Connection,
    message: &Message,
    settling: Settling,
    basis: (&Facts, &Versions),
    now: Timestamp,
) -> Result<Option<Settlement>, DatabaseError> {
    let (facts, versions) = basis;
    match settle::write(connection, message, &settling, basis, now).await? {
        Written::New { order_id, number, left, open_cents } => {
            if let Some(open_cents) = open_cents {
                let takes = (settling.row.takes.as_slice(), left.as_slice());
                connection.memory().borrow_mut().note(message, facts, versions, takes, open_cents);
            }
            let order = Box::new(settling.stored(message, order_id, number));
            Ok(Some(Settlement::Settled { order, again: false }))
        }
        Written::Stored(stored) => {
            again(connection, (*stored).try_into()?, message, now).await.map(Some)
        }
        Written::Stale => {
            connection.memory().borrow_mut().forget(message, facts, versions);
            Ok(None)
        }
    }
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
        self.connector.with(async |connection| self.settle_on(connection, message, now).await).await
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
        let (by, limit) = (&decided_by_ms as _, &i64::from(limit) as _);
        let rows = self.query(OWED, &[(by, Type::INT8), (limit, Type::INT8)]).await?;
        rows.iter().map(stored).collect()
    }
}

impl Ledger for PostgresDatabase {
    async fn first_from(&self, from: i64) -> Result<Option<(i64, i64)>, DatabaseError> {
        let rows = self.query(statements::FIRST_FROM, &[(&from, Type::INT8)]).await?;
        rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
    }

    async fn count(&self, rows: RangeInclusive<i64>) -> Result<(u64, u64), DatabaseError> {
        let rows = self.query(statements::COUNT, &ends(&rows)).await?;
        let row = rows.first().ok_or(DatabaseError::Stored("count"))?;
        Ok((counted(row, 0)?, counted(row, 1)?))
    }

    async fn numbers(&self, rows: RangeInclusive<i64>) -> Result<Vec<Numbers>, DatabaseError> {
        let numbers = |row: &Row| {
            let (cnpj, series) = (row.try_get(0)?, row.try_get(1)?);
            Ok(Numbers { cnpj, series, first: row.try_get(2)?, last: row.try_get(3)? })
        };
        self.query(statements::NUMBERS, &ends(&rows)).await?.iter().map(numbers).collect()
    }

    async fn issued(&self, numbers: &Numbers) -> Result<u64, DatabaseError> {
        let Numbers { cnpj, series, first, last } = numbers;
        let numbers: [(&(dyn ToSql + Sync), Type); 4] =
            [(cnpj, Type::TEXT), (series, Type::INT4), (first, Type::INT4), (last, Type::INT4)];
        let rows = self.query(statements::ISSUED, &numbers).await?;
        counted(rows.first().ok_or(DatabaseError::Stored("count"))?, 0)
    }

    async fn orders(&self, rows: &[i64]) -> Result<Vec<SettledOrder>, DatabaseError> {
        const ORDERS: &str = "SELECT stored_order(order_id)::text FROM sales_order
            WHERE order_id = ANY($1) ORDER BY order_id";
        let rows = self.query(ORDERS, &[(&rows, Type::INT8_ARRAY)]).await?;
        rows.iter().map(stored).collect()
    }
}

fn ends(rows: &RangeInclusive<i64>) -> [(&(dyn ToSql + Sync), Type); 2] {
    [(rows.start(), Type::INT8), (rows.end(), Type::INT8)]
}

fn counted(row: &Row, column: usize) -> Result<u64, DatabaseError> {
    u64::try_from(row.try_get::<_, i64>(column)?).map_err(|_| DatabaseError::Stored("count"))
}

fn stored(row: &Row) -> Result<SettledOrder, DatabaseError> {
    let stored: Result<StoredOrder, _> = serde_json::from_str(row.try_get(0)?);
    stored.map_err(|_| DatabaseError::Stored("order"))?.try_into()
}
