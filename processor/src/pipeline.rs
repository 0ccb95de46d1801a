//! One order from the message to the bucket.

use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use jiff::Timestamp;
use orders::OrderStatus;

use crate::log::{log_conflict, log_refusal};
use crate::metrics::{Outcome, Processed, Spent};
use crate::store::{PutDocument, Stored};
use crate::{
    Database, DatabaseError, Document, DocumentStore, Message, Process, ProcessError, SettledOrder,
    Settlement, Signer, confirmation_document, nfe_document,
};

/// The database, the bucket and the signature.
#[derive(Debug)]
pub struct Pipeline<D, S = DocumentStore> {
    database: D,
    store: S,
    signer: Rc<Signer>,
}

impl<D: Database, S: PutDocument> Pipeline<D, S> {
    /// Settles orders in this database and documents them, signed so, in this store.
    pub fn new(database: D, store: S, signer: impl Into<Rc<Signer>>) -> Self {
        Self { database, store, signer: signer.into() }
    }

    /// Puts all documents of an order that is settled.
    async fn document(
        &self,
        order: &SettledOrder,
        spent: &mut Spent,
    ) -> Result<Stored, ProcessError> {
        let rendering = Instant::now();
        let documents = documents(order, &self.signer);
        spent.render += rendering.elapsed();

        let storing = Instant::now();
        let puts = documents.iter().map(|document| self.store.put(document));
        let mut stored = Stored::default();
        try_join_all(puts).await?.into_iter().for_each(|put| stored += put);
        spent.store += storing.elapsed();
        Ok(stored)
    }

    async fn settle(
        &self,
        message: &Message,
        spent: &mut Spent,
    ) -> Result<Settlement, DatabaseError> {
        let settling = Instant::now();
        let settlement = self.database.settle(message, Timestamp::now()).await;
        spent.database += settling.elapsed();
        settlement
    }

    /// Documents the orders that were settled at least `age` ago and are not documented: those
    /// whose message is gone, to the dead-letter queue or for good. Stops when `until` is past.
    ///
    /// # Errors
    /// If the database does not say which they are.
    pub async fn sweep(
        &self,
        age: Duration,
        limit: u32,
        until: Instant,
    ) -> Result<Swept, DatabaseError> {
        let owed = self.database.owed(Timestamp::now(), age, limit).await?;
        let mut swept = Swept { owed: owed.len() as u64, ..Swept::default() };
        for order in &owed {
            if Instant::now() >= until {
                break;
            }
            match self.document_owed(order).await {
                Ok(()) => swept.documented += 1,
                Err(error) => {
                    crate::log::log_error(&error, None);
                    swept.failed += 1;
                }
            }
        }
        Ok(swept)
    }

    async fn document_owed(&self, order: &SettledOrder) -> Result<(), ProcessError> {
        self.document(order, &mut Spent::default()).await?;
        Ok(self.database.mark_documented(&[order.order_id]).await?)
    }
}

/// What a sweep found and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Orders found, at most as many as asked for.
    pub owed: u64,
    /// Orders whose documents are stored now.
    pub documented: u64,
    /// Orders whose documents could not be stored.
    pub failed: u64,
}

impl<D: Database, S: PutDocument> Process for &Pipeline<D, S> {
    async fn process(&self, message: Message) -> Result<Processed, ProcessError> {
        let mut spent = Spent::default();
        let (order, again) = match self.settle(&message, &mut spent).await? {
            Settlement::Settled { order, again } => (order, again),
            Settlement::Conflicting => {
                log_conflict();
                let (outcome, stored) = (Outcome::Conflicting, Stored::default());
                return Ok(Processed { outcome, spent, stored, documented: None });
            }
        };
        if let (Some(reason), false) = (order.reason, again) {
            log_refusal(reason);
        }
        let (stored, documented) = if order.documented {
            (Stored::default(), None)
        } else {
            (self.document(&order, &mut spent).await?, Some(order.order_id))
        };
        Ok(Processed { outcome: outcome(&order, again), spent, stored, documented })
    }

    async fn conclude(&self, documented: &[i64]) -> Result<(), ProcessError> {
        Ok(self.database.mark_documented(documented).await?)
    }
}

/// All documents of an order: of a rejected one the status alone.
fn documents(order: &SettledOrder, signer: &Signer) -> Vec<Document> {
    let mut documents = vec![order.status_object()];
    if let Some(invoice) = &order.invoice {
        documents.extend([nfe_document(invoice, signer), confirmation_document(invoice)]);
    }
    documents
}

fn outcome(order: &SettledOrder, again: bool) -> Outcome {
    match order.status {
        _ if again => Outcome::Redelivered,
        OrderStatus::Confirmed => Outcome::Documented,
        OrderStatus::PartiallyConfirmed => Outcome::PartlyDocumented,
        OrderStatus::Rejected => Outcome::Refused,
    }
}
