//! What the handler gives its messages to: the pipeline, and around it what a panic meets.

use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::rc::Rc;

use futures::FutureExt;
use processor::{
    Database, Message, Outcome, Pipeline, Process, ProcessError, Processed, PutDocument, Spent,
    Stored,
};
use proof::Planted;

/// The pipeline of an environment.
#[derive(Debug)]
pub(crate) struct Watched<D, S> {
    pub(crate) pipeline: Rc<Pipeline<D, S>>,
    pub(crate) bug: Option<Planted>,
    /// The hash of the body at which the code always panics.
    pub(crate) cursed: Option<[u8; 32]>,
    /// Set when a panic has ended the process.
    pub(crate) aborted: Rc<Cell<bool>>,
}

impl<D: Database, S: PutDocument> Watched<D, S> {
    async fn run(&self, message: Message) -> Result<Processed, ProcessError> {
        if self.cursed == Some(message.body_sha256) {
            resume_unwind(Box::new("the code cannot process this order, as planned"));
        }
        (&*self.pipeline).process(message).await
    }
}

impl<D: Database, S: PutDocument> Process for Watched<D, S> {
    async fn process(&self, message: Message) -> Result<Processed, ProcessError> {
        let done = AssertUnwindSafe(self.run(message)).catch_unwind().await;
        match (done, self.bug) {
            (Ok(done), _) => done,
            (Err(_), Some(Planted::PanicSwallowed)) => Ok(Processed {
                outcome: Outcome::Documented,
                spent: Spent::default(),
                stored: Stored::default(),
                documented: None,
            }),
            (Err(_), Some(Planted::PanicAbort)) => {
                self.aborted.set(true);
                pending().await
            }
            (Err(panic), _) => resume_unwind(panic),
        }
    }

    async fn conclude(&self, documented: &[i64]) -> Result<(), ProcessError> {
        (&*self.pipeline).conclude(documented).await
    }
}
