//! Bugs of the database's side, each the code that somebody would have written, around the code
//! that ships. None of it is in the function.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use processor::{Database, DatabaseError, Message, Settlement, SqliteDatabase};
use proof::Planted;
use rusqlite::{Connection, OptionalExtension, params};

use crate::gates::{Gates, Point};

/// A database with a bug, or none.
#[derive(Debug)]
pub(crate) struct Buggy<D> {
    pub(crate) inner: D,
    bug: Option<Planted>,
    path: PathBuf,
    /// Orders whose transaction is still open, by the row that they will have.
    open: RefCell<HashMap<i64, (Message, Timestamp)>>,
    /// How many there were.
    opened: Cell<i64>,
}

impl<D> Buggy<D> {
    pub(crate) fn new(inner: D, path: &Path, bug: Option<Planted>) -> Self {
        Self { inner, bug, path: path.to_owned(), open: RefCell::default(), opened: Cell::new(0) }
    }

    /// The same file, for what the bug does beside the transaction.
    fn beside(&self) -> Result<Connection, DatabaseError> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        Ok(connection)
    }
}

impl<D: Database> Buggy<D> {
    pub(crate) async fn settle(
        &self,
        message: &Message,
        now: Timestamp,
        gates: &Gates,
    ) -> Result<Settlement, DatabaseError> {
        match self.bug {
            Some(Planted::CommitAfterStore) => self.leave_open(message, now).await,
            Some(Planted::NumberOutside) => self.number_outside(message, now, gates).await,
            Some(Planted::StockTwice) => self.stock_twice(message, now).await,
            Some(Planted::NoKey) => {
                self.forget(message)?;
                self.inner.settle(message, now).await
            }
            Some(
                Planted::AcceptedOnFailure
                | Planted::NoBatchFailures
                | Planted::OneReceive
                | Planted::RawBody
                | Planted::PartnerFromRequest
                | Planted::EventFilter
                | Planted::ShortVisibility
                | Planted::SilentDeadLetters
                | Planted::AcknowledgedBeforeStored
                | Planted::PutWithoutCondition
                | Planted::PanicSwallowed
                | Planted::PanicAbort,
            )
            | None => self.inner.settle(message, now).await,
        }
    }

    pub(crate) async fn mark_documented(&self, order_ids: &[i64]) -> Result<(), DatabaseError> {
        let mut documented = order_ids.to_vec();
        for order_id in &mut documented {
            let open = self.open.borrow_mut().remove(&*order_id);
            let Some((message, now)) = open else { continue };
            if let Settlement::Settled { order, .. } = self.inner.settle(&message, now).await? {
                *order_id = order.order_id;
            }
        }
        self.inner.mark_documented(&documented).await
    }

    /// Says what a transaction would write, and writes it when the documents are stored.
    async fn leave_open(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Settlement, DatabaseError> {
        let mut settlement = self.tried(message, now).await?;
        if let Settlement::Settled { order, again: false } = &mut settlement {
            let mut open = self.open.borrow_mut();
            // No row has such a number yet.
            order.order_id = -1 - self.opened.replace(self.opened.get() + 1);
            open.insert(order.order_id, (message.clone(), now));
        }
        Ok(settlement)
    }

    /// What settling would come to: it is done in a copy.
    async fn tried(&self, message: &Message, now: Timestamp) -> Result<Settlement, DatabaseError> {
        let copy = tempfile::NamedTempFile::with_prefix_in("copy-", self.folder());
        let copy = copy.map_err(|error| DatabaseError::Connection(error.to_string()))?;
        let to = copy.path().display().to_string();
        self.beside()?.execute("VACUUM INTO ?1", params![to])?;
        SqliteDatabase::open(copy.path())?.settle(message, now).await
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Takes the number first, by itself, and then settles the order under it.
    async fn number_outside(
        &self,
        message: &Message,
        now: Timestamp,
        gates: &Gates,
    ) -> Result<Settlement, DatabaseError> {
        let settlement = self.tried(message, now).await?;
        let Settlement::Settled { order, again: false } = &settlement else {
            return self.inner.settle(message, now).await;
        };
        let Some(invoice) = &order.invoice else {
            return self.inner.settle(message, now).await;
        };
        let series = invoice.numbering.series;
        let step = "UPDATE invoice_series SET next_number = next_number + ?2 WHERE series = ?1";
        self.beside()?.execute(step, params![series, 1])?;
        if !gates.pass(Point::Numbered).await {
            return Err(DatabaseError::Connection("refused, as planned".to_owned()));
        }
        self.beside()?.execute(step, params![series, -1])?;
        self.inner.settle(message, now).await
    }

    /// A second delivery takes from the lots what the first took.
    async fn stock_twice(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Settlement, DatabaseError> {
        let settlement = self.inner.settle(message, now).await?;
        if let Settlement::Settled { order, again: true } = &settlement {
            self.beside()?.execute(
                "UPDATE stock_lot SET reserved = reserved + taken.quantity
                 FROM (SELECT product_id, expires, lot, quantity FROM reservation
                     WHERE order_id = ?1) taken
                 WHERE stock_lot.product_id = taken.product_id
                     AND stock_lot.expires = taken.expires AND stock_lot.lot = taken.lot",
                params![order.order_id],
            )?;
        }
        Ok(settlement)
    }

    /// What a database without a unique key of the order does: it does not know that the order was
    /// there before.
    fn forget(&self, message: &Message) -> Result<(), DatabaseError> {
        let connection = self.beside()?;
        let known: Option<i64> = connection
            .query_row(
                "SELECT order_id FROM sales_order JOIN partner USING (partner_id)
                 WHERE name = ?1 AND order_number = ?2",
                params![message.partner.as_str(), message.order_number.as_str()],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(order_id) = known {
            let forget =
                "UPDATE sales_order SET order_number = 'twin-' || order_id WHERE order_id = ?1";
            connection.execute(forget, params![order_id])?;
        }
        Ok(())
    }
}
