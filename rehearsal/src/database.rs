//! The processor's own SQLite behind gates, and with a bug if one is planted.

use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use processor::{Database, DatabaseError, Message, SettledOrder, Settlement, SqliteDatabase};

use crate::bugs::Buggy;
use crate::gates::{Gates, Point};

/// The database as an environment sees it.
#[derive(Debug)]
pub(crate) struct Gated {
    pub(crate) database: Buggy<SqliteDatabase>,
    pub(crate) gates: Rc<Gates>,
}

fn refused() -> DatabaseError {
    DatabaseError::Connection("refused, as planned".to_owned())
}

fn unheard() -> DatabaseError {
    DatabaseError::Connection("no answer, as planned".to_owned())
}

impl Database for Gated {
    async fn settle(&self, message: &Message, now: Timestamp) -> Result<Settlement, DatabaseError> {
        if !self.gates.pass(Point::Settle).await {
            return Err(refused());
        }
        let settled = self.database.settle(message, now, &self.gates).await?;
        if !self.gates.pass(Point::Settled).await {
            return Err(unheard());
        }
        Ok(settled)
    }

    async fn mark_documented(&self, order_ids: &[i64]) -> Result<(), DatabaseError> {
        if !self.gates.pass(Point::Conclude).await {
            return Err(refused());
        }
        self.database.mark_documented(order_ids).await?;
        if !self.gates.pass(Point::Concluded).await {
            return Err(unheard());
        }
        Ok(())
    }

    async fn owed(
        &self,
        now: Timestamp,
        age: Duration,
        limit: u32,
    ) -> Result<Vec<SettledOrder>, DatabaseError> {
        self.database.inner.owed(now, age, limit).await
    }
}
