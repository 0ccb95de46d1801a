//! One order from the message to the bucket.

use std::time::Instant;

use futures::future::try_join;
use jiff::Timestamp;
use orders::DocumentKind;

use crate::log::{log_conflict, log_refusal};
use crate::metrics::{Outcome, Processed, Spent};
use crate::{
    DatabaseError, DocumentStore, Invoice, Message, Process, ProcessError, Settlement, Signer,
    SqliteDatabase, render,
};

/// The database, the bucket and the signature.
#[derive(Debug)]
pub struct Pipeline {
    database: SqliteDatabase,
    store: DocumentStore,
    signer: Signer,
}

impl Pipeline {
    /// Settles orders in this database and documents them, signed so, in this store.
    pub fn new(database: SqliteDatabase, store: DocumentStore, signer: Signer) -> Self {
        Self { database, store, signer }
    }

    async fn document(&self, invoice: &Invoice, spent: &mut Spent) -> Result<(), ProcessError> {
        let rendering = Instant::now();
        let nfe = render(DocumentKind::Nfe, invoice, &self.signer);
        let confirmation = render(DocumentKind::Confirmation, invoice, &self.signer);
        spent.render += rendering.elapsed();

        let storing = Instant::now();
        try_join(self.store.put(&nfe), self.store.put(&confirmation)).await?;
        spent.store += storing.elapsed();

        let marking = Instant::now();
        self.database.mark_stored(invoice)?;
        spent.database += marking.elapsed();
        Ok(())
    }

    fn settle(&self, message: &Message, spent: &mut Spent) -> Result<Settlement, DatabaseError> {
        let settling = Instant::now();
        let settlement = self.database.settle(message, Timestamp::now());
        spent.database += settling.elapsed();
        settlement
    }
}

impl Process for Pipeline {
    /// The database is asked in the current thread: it is short, and there is nothing else to run.
    async fn process(&self, message: Message) -> Result<Processed, ProcessError> {
        let mut spent = Spent::default();
        let outcome = match self.settle(&message, &mut spent)? {
            Settlement::Billed { invoice, again } => {
                self.document(&invoice, &mut spent).await?;
                if again { Outcome::Redelivered } else { Outcome::Documented }
            }
            Settlement::Refused { reason, again } => {
                if !again {
                    log_refusal(&reason);
                }
                Outcome::Refused
            }
            Settlement::Conflicting => {
                log_conflict();
                Outcome::Conflicting
            }
        };
        Ok(Processed { outcome, spent })
    }
}
