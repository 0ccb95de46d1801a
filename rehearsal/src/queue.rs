//! The queue: at least once, in any order, five receives, then the dead letters.

use aws_lambda_events::event::sqs::SqsMessage;
use proof::{Letter, OrderName};

/// `maxReceiveCount` of the template.
const RECEIVES_MAX: u32 = 5;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Visible,
    /// Received; the receipt is the number of the receive.
    InFlight {
        receipt: u64,
    },
    Deleted,
    Dead,
}

#[derive(Debug)]
struct Queued {
    name: OrderName,
    body_sha256: [u8; 32],
    record: SqsMessage,
    receives: u32,
    place: Place,
}

/// A received message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    message: usize,
    receipt: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    messages: Vec<Queued>,
    receipts: u64,
    /// What has ever died.
    pub(crate) letters: Vec<Letter>,
}

impl Queue {
    pub(crate) fn send(&mut self, name: OrderName, body_sha256: [u8; 32], mut record: SqsMessage) {
        record.message_id = Some(format!("message {}", self.messages.len()));
        let place = Place::Visible;
        self.messages.push(Queued { name, body_sha256, record, receives: 0, place });
    }

    pub(crate) fn visible(&self) -> Vec<usize> {
        let visible = |place: &usize| self.messages[*place].place == Place::Visible;
        (0..self.messages.len()).filter(visible).collect()
    }

    pub(crate) fn in_flight(&self) -> Vec<usize> {
        let flies = |place: &usize| matches!(self.messages[*place].place, Place::InFlight { .. });
        (0..self.messages.len()).filter(flies).collect()
    }

    /// Receives a message; none if this would be one receive too many: then it is dead.
    pub(crate) fn receive(&mut self, message: usize) -> Option<(Receipt, SqsMessage)> {
        let queued = &mut self.messages[message];
        if queued.receives == RECEIVES_MAX {
            queued.place = Place::Dead;
            self.letters.push(letter(queued));
            return None;
        }
        queued.receives += 1;
        self.receipts += 1;
        queued.place = Place::InFlight { receipt: self.receipts };
        Some((Receipt { message, receipt: self.receipts }, queued.record.clone()))
    }

    fn is_latest(&self, receipt: Receipt) -> bool {
        self.messages[receipt.message].place == Place::InFlight { receipt: receipt.receipt }
    }

    /// Deletes; an older receipt than the last deletes nothing.
    pub(crate) fn delete(&mut self, receipt: Receipt) {
        if self.is_latest(receipt) {
            self.messages[receipt.message].place = Place::Deleted;
        }
    }

    /// Becomes visible again, if this receipt is the last.
    pub(crate) fn give_back(&mut self, receipt: Receipt) {
        if self.is_latest(receipt) {
            self.messages[receipt.message].place = Place::Visible;
        }
    }

    /// Becomes visible while somebody works on it.
    pub(crate) fn expire(&mut self, message: usize) {
        self.messages[message].place = Place::Visible;
    }

    /// Drives the dead letters back: new messages with receives of their own.
    pub(crate) fn redrive(&mut self) -> usize {
        let dead: Vec<usize> =
            (0..self.messages.len()).filter(|m| self.messages[*m].place == Place::Dead).collect();
        for message in &dead {
            self.messages[*message].receives = 0;
            self.messages[*message].place = Place::Visible;
        }
        dead.len()
    }

    /// What is dead now.
    pub(crate) fn dead(&self) -> Vec<Letter> {
        self.messages.iter().filter(|queued| queued.place == Place::Dead).map(letter).collect()
    }

    /// What waits or flies now.
    pub(crate) fn left(&self) -> u64 {
        (self.visible().len() + self.in_flight().len()) as u64
    }
}

fn letter(queued: &Queued) -> Letter {
    Letter {
        name: Some(queued.name.clone()),
        label: format!("message of {}", queued.name),
        body_sha256: queued.body_sha256,
    }
}
