//! A batch of the queue: each record by itself, so that one that fails goes back alone.

use std::cell::Cell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::{FutureExt, StreamExt, stream};
use thiserror::Error;
use tokio::time::timeout;

use crate::log::{log_error, write_line};
use crate::{BatchMetrics, Message, ProcessError, Processed, Retryable};

/// What is done with one message.
pub trait Process {
    /// Settles the message, or says whether another attempt can help.
    fn process(&self, message: Message) -> impl Future<Output = Result<Processed, ProcessError>>;

    /// Notes at the end of an invocation, in one go, which orders it has documented
    /// ([`Processed::documented`]). If that fails they go back: putting again changes nothing.
    fn conclude(&self, documented: &[i64]) -> impl Future<Output = Result<(), ProcessError>>;
}

/// Records that are processed at once: all of a batch, so that the database can settle them
/// together.
const RECORDS_AT_ONCE: usize = 10;

/// No record is begun when less than this is left. An order takes some tens of milliseconds; one
/// that is cut off is delivered again and does no harm, so this saves work, nothing else.
const DEADLINE_MARGIN: Duration = Duration::from_secs(3);

/// A record is cut off when this is left, so that the others can still be concluded.
const CONCLUDE_MARGIN: Duration = Duration::from_millis(500);

/// Concluding is cut off when this is left, so that the answer still arrives.
const ANSWER_MARGIN: Duration = Duration::from_millis(100);

/// Handles invocations.
#[derive(Debug)]
pub struct Handler<P> {
    process: P,
    /// Taken by the first invocation.
    started: Cell<Option<Instant>>,
}

/// An invocation that cannot be answered record by record: all of it goes back to the queue.
#[derive(Debug, Error)]
pub enum HandlerError {
    /// A record that failed has no id by which it could be named.
    #[error("a failed record has no messageId")]
    NoMessageId,
}

impl<P: Process> Handler<P> {
    /// A handler; `started` is when the process started, for the time of the cold start.
    pub fn new(process: P, started: Instant) -> Self {
        Self { process, started: Cell::new(Some(started)) }
    }

    /// Handles a batch and says which records go back to the queue.
    ///
    /// # Errors
    /// If a record that must go back has no id.
    pub async fn handle(
        &self,
        event: SqsEvent,
        deadline: SystemTime,
    ) -> Result<SqsBatchResponse, HandlerError> {
        let mut metrics = BatchMetrics {
            batch_size: event.records.len() as u64,
            init: self.started.take().map(|started| started.elapsed()),
            ..BatchMetrics::default()
        };
        let results = stream::iter(&event.records)
            .map(|record| async move { (record, self.handle_record(record, deadline).await) })
            .buffer_unordered(RECORDS_AT_ONCE)
            .collect()
            .await;
        let failed = self.conclude(results, deadline, &mut metrics).await;
        write_line(&metrics.to_emf(SystemTime::now()));
        response(&failed)
    }

    /// Counts the records and concludes those that were documented; says which go back.
    async fn conclude<'a>(
        &self,
        results: Vec<(&'a SqsMessage, Result<Processed, ProcessError>)>,
        deadline: SystemTime,
        metrics: &mut BatchMetrics,
    ) -> Vec<&'a SqsMessage> {
        let documented: Vec<i64> = results
            .iter()
            .filter_map(|(_, result)| result.as_ref().ok().and_then(|done| done.documented))
            .collect();
        let concluding = Instant::now();
        let concluded = self.conclude_orders(&documented, deadline).await;
        metrics.spent.database += concluding.elapsed();
        if let Err(error) = &concluded {
            log_error(error, None);
        }
        let mut failed = Vec::new();
        for (record, result) in results {
            match result {
                Ok(done) if done.documented.is_none() || concluded.is_ok() => metrics.add(&done),
                Ok(_) => failed.push(record),
                Err(error) => {
                    log_error(&error, record.message_id.as_deref());
                    failed.push(record);
                }
            }
        }
        metrics.failed = failed.len() as u64;
        failed
    }

    async fn conclude_orders(
        &self,
        documented: &[i64],
        deadline: SystemTime,
    ) -> Result<(), ProcessError> {
        if documented.is_empty() {
            return Ok(());
        }
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let concluding = AssertUnwindSafe(self.process.conclude(documented)).catch_unwind();
        match timeout(left.saturating_sub(ANSWER_MARGIN), concluding).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Retryable::Panicked.into()),
            Err(_) => Err(Retryable::CutOff.into()),
        }
    }

    /// A panic ends here: it has cost this record, and the next may use what it left, since a
    /// transaction rolls back when it is dropped and the store has no state.
    async fn handle_record(
        &self,
        record: &SqsMessage,
        deadline: SystemTime,
    ) -> Result<Processed, ProcessError> {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        if left < DEADLINE_MARGIN {
            return Err(Retryable::DeadlineNear.into());
        }
        let processing = async { self.process.process(Message::parse(record)?).await };
        let caught = AssertUnwindSafe(processing).catch_unwind();
        match timeout(left - CONCLUDE_MARGIN, caught).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Retryable::Panicked.into()),
            Err(_) => Err(Retryable::CutOff.into()),
        }
    }
}

/// An empty id would make Lambda take the whole batch for failed without saying so.
fn response(failed: &[&SqsMessage]) -> Result<SqsBatchResponse, HandlerError> {
    let mut response = SqsBatchResponse::default();
    for record in failed {
        let id = record.message_id.as_deref().filter(|id| !id.is_empty());
        response.add_failure(id.ok_or(HandlerError::NoMessageId)?);
    }
    Ok(response)
}
