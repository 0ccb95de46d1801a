//! What was found on the far side: in the database, in the bucket, in the queues, on the meters.

use std::fmt;

use orders::{DocumentKey, OrderNumber, PartnerId};

use crate::{Contents, SentOrder};

/// An order's identity: who authenticated, and the number in the path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderName {
    /// The partner.
    pub partner: PartnerId,
    /// Its number of the order.
    pub number: OrderNumber,
}

impl fmt::Display for OrderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.partner, self.number)
    }
}

/// Series, number and access key of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceName {
    /// The series.
    pub series: u16,
    /// The number in it.
    pub number: u32,
    /// The access key.
    pub access_key: String,
}

/// An order in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whose, under which number.
    pub name: OrderName,
    /// Hash of the body that stands.
    pub body_sha256: [u8; 32],
    /// What is to be paid, cents.
    pub total_cents: i64,
    /// Its invoice; none if it is rejected.
    pub invoice: Option<InvoiceName>,
    /// Whether its documents are noted as stored.
    pub documented: bool,
    /// Units confirmed, over its lines.
    pub confirmed: i64,
    /// Units reserved for it, over its lots.
    pub reserved: i64,
}

/// A lot of the stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// Product, day and lot.
    pub name: String,
    /// What the lot says is taken from it since the proof began.
    pub taken: i64,
    /// What the orders say that they took.
    pub owed: i64,
}

/// What a customer owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// The customer.
    pub name: String,
    /// What the credit says is open since the proof began, cents.
    pub open_cents: i64,
    /// The sum of the customer's orders, cents.
    pub billed_cents: i64,
}

/// An object in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its key.
    pub key: DocumentKey,
    /// How often it was written: its versions.
    pub versions: u32,
    /// What it says; none if it was not read.
    pub contents: Option<Contents>,
}

/// A message that was in the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Of which order, if it says so.
    pub name: Option<OrderName>,
    /// What to call it otherwise.
    pub label: String,
    /// Hash of its body.
    pub body_sha256: [u8; 32],
}

/// An alarm of the system, and whether it should have fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What it is called.
    pub name: String,
    /// Whether something happened for which it exists.
    pub due: bool,
    /// Whether its metric was over its threshold.
    pub fired: bool,
}

/// What was still there when waiting ended, after the last redrive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftover {
    /// Messages in the queue.
    pub queue: u64,
    /// Messages in the dead-letter queue.
    pub dead: Vec<Letter>,
}

/// Everything that is known.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// What the partners sent.
    pub sent: Vec<SentOrder>,
    /// Orders in the database.
    pub rows: Vec<Row>,
    /// Other bodies under numbers that were taken, as the database recorded them.
    pub conflicts: Vec<(OrderName, [u8; 32])>,
    /// The stock.
    pub lots: Vec<Lot>,
    /// The customers' credit.
    pub credits: Vec<Credit>,
    /// The next number of each series: series and number. Every series begins at 1.
    pub next_numbers: Vec<(u16, u32)>,
    /// Numbers that were given up and recorded for *inutilização*: series and number.
    pub given_up: Vec<(u16, u32)>,
    /// The bucket.
    pub objects: Vec<StoredObject>,
    /// Object keys that are no document's.
    pub strays: Vec<String>,
    /// What was in the dead-letter queue before it was driven back.
    pub letters: Vec<Letter>,
    /// Whether an order may die of trouble that passes: faults are so frequent that one order may
    /// meet as many of them as the queue allows it receives.
    pub may_die: bool,
    /// What was left.
    pub left: Leftover,
    /// The alarms.
    pub alarms: Vec<Alarm>,
}
