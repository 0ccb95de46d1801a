//! Orders that are settled together: one wait for the write lock, one reading of the pages that
//! other processes changed meanwhile, one commit for all the orders of a batch, and the pages that
//! they have in common are written once.
//!
//! An order stands in no danger from its neighbours. Where one cannot be settled, nothing of the
//! group is, and each of them is settled by itself.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::Message;
use crate::database::{DatabaseError, Settlement};

/// What became of an order, or the panic that settling it ended in.
type Outcome = Result<Result<Settlement, DatabaseError>, Box<dyn Any + Send>>;

/// An order that waits for the next transaction.
#[derive(Debug)]
pub(super) struct Waiting {
    message: Message,
    now: Timestamp,
    answer: oneshot::Sender<Outcome>,
}

/// The answer that an order waits for.
pub(super) struct Answer(oneshot::Receiver<Outcome>);

impl Answer {
    /// A panic goes on where the order it belongs to is waited for: it costs that order alone.
    pub(super) async fn wait(self) -> Result<Settlement, DatabaseError> {
        match self.0.await {
            Ok(Ok(settled)) => settled,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(DatabaseError::Stored("group")),
        }
    }
}

impl Waiting {
    pub(super) fn new(message: &Message, now: Timestamp) -> (Self, Answer) {
        let (answer, answered) = oneshot::channel();
        (Self { message: message.clone(), now, answer }, Answer(answered))
    }

    /// Whether nobody waits any more.
    pub(super) fn is_given_up(&self) -> bool {
        self.answer.is_closed()
    }

    pub(super) fn order(&self) -> (&Message, Timestamp) {
        (&self.message, self.now)
    }
}

/// Settles all that wait: by `together` in one transaction; if that fails, by `alone` one by one.
pub(super) fn settle(
    waiting: Vec<Waiting>,
    together: impl FnOnce(&[Waiting]) -> Result<Vec<Settlement>, DatabaseError>,
    alone: impl Fn(&Message, Timestamp) -> Result<Settlement, DatabaseError>,
) {
    if waiting.len() > 1
        && let Ok(Ok(settlements)) = catch_unwind(AssertUnwindSafe(|| together(&waiting)))
    {
        for (order, settlement) in waiting.into_iter().zip(settlements) {
            // Whoever was cut off meanwhile is answered by another delivery.
            let _ = order.answer.send(Ok(Ok(settlement)));
        }
        return;
    }
    for Waiting { message, now, answer } in waiting {
        let _ = answer.send(catch_unwind(AssertUnwindSafe(|| alone(&message, now))));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use orders::{Fault, Reason};

    use super::*;

    fn message(number: u8) -> Message {
        Message {
            partner: "partner-01".parse().unwrap(),
            order_number: format!("PO-{number}").parse().unwrap(),
            order: Err(Fault { reason: Reason::BadCnpjDv, lines: Vec::new() }),
            body_sha256: [number; 32],
            sent_at_ms: None,
        }
    }

    #[test]
    fn a_panic_and_an_error_cost_their_own_order() {
        let (waiting, answers): (Vec<_>, Vec<_>) =
            (1..=4).map(|number| Waiting::new(&message(number), Timestamp::UNIX_EPOCH)).unzip();
        let seen = RefCell::new(Vec::new());
        let alone = |message: &Message, _: Timestamp| {
            seen.borrow_mut().push(message.body_sha256[0]);
            match message.body_sha256[0] {
                2 => panic!("as the test wants it"),
                3 => Err(DatabaseError::UnknownPartner),
                _ => Ok(Settlement::Conflicting),
            }
        };
        settle(waiting, |_| panic!("as the test wants it"), alone);
        assert_eq!(*seen.borrow(), [1, 2, 3, 4]);
        let mut ends = answers.into_iter().map(|answer| {
            catch_unwind(AssertUnwindSafe(|| futures::executor::block_on(answer.wait())))
        });
        assert!(matches!(ends.next(), Some(Ok(Ok(Settlement::Conflicting)))));
        assert!(matches!(ends.next(), Some(Err(_))));
        assert!(matches!(ends.next(), Some(Ok(Err(DatabaseError::UnknownPartner)))));
        assert!(matches!(ends.next(), Some(Ok(Ok(Settlement::Conflicting)))));
    }
}
