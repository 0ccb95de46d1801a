//! What the tests share: a database of a small world, messages, and the worked invoice.

use std::collections::HashMap;
use std::sync::LazyLock;

use aws_lambda_events::event::sqs::{SqsMessage, SqsMessageAttribute};
use jiff::Timestamp;
use orders::{RunTag, Sampler, World, WorldSize};
use processor::{
    Certificate, Database, DatabaseUrl, Invoice, Message, Seed, Settlement, Signer, SqliteDatabase,
    create_database,
};
use rusqlite::Connection;
use tempfile::TempDir;

/// A database in a folder that goes when this does.
pub(crate) struct Shop {
    folder: TempDir,
    pub(crate) sampler: Sampler,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let world = World::new(WorldSize { partners: 3, customers: 30, products: 40 });
        let shop = Self {
            folder: TempDir::new().unwrap(),
            sampler: Sampler::new(11, RunTag::from_seed_text("processor tests"), world),
        };
        create_database(&DatabaseUrl::Sqlite(shop.path()), &Seed::of(world)).unwrap();
        shop
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("orders.db")
    }

    pub(crate) fn open(&self) -> SqliteDatabase {
        SqliteDatabase::open(&self.path()).unwrap()
    }

    /// The database as a stranger sees it.
    pub(crate) fn sql(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        connection
    }

    pub(crate) fn number(&self, query: &str) -> i64 {
        self.sql().query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// The record of order `index` as the gateway puts it in the queue.
    pub(crate) fn record(&self, index: u64) -> SqsMessage {
        let sampled = self.sampler.order(index, now());
        let body = serde_json::to_string(&sampled.order).unwrap();
        record(sampled.partner.as_str(), sampled.order.partner_order_no.as_str(), &body)
    }

    /// The message of order `index`.
    pub(crate) fn message(&self, index: u64) -> Message {
        Message::parse(&self.record(index)).unwrap()
    }
}

/// 2026-11-23T10:15:00-03:00.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T13:15:00Z".parse().unwrap()
}

pub(crate) fn record(partner: &str, order_number: &str, body: &str) -> SqsMessage {
    let attribute = |value: &str| {
        let mut attribute = SqsMessageAttribute::default();
        attribute.string_value = Some(value.to_owned());
        attribute.data_type = Some("String".to_owned());
        attribute
    };
    let mut record = SqsMessage::default();
    record.message_id = Some(format!("message of {order_number}"));
    record.body = Some(body.to_owned());
    record.message_attributes = HashMap::from([
        ("partner".to_owned(), attribute(partner)),
        ("orderNumber".to_owned(), attribute(order_number)),
    ]);
    record
}

/// The signer of the tests. The key is a new one in each process.
pub(crate) fn signer() -> Signer {
    static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| Certificate::for_tests().unwrap());
    Signer::new(&CERTIFICATE).unwrap()
}

/// Order 0 of the shop, settled.
pub(crate) fn invoice(shop: &Shop) -> Invoice {
    let settled = block_on(shop.open().settle(&shop.message(0), now())).unwrap();
    let Settlement::Settled { order, .. } = settled else { panic!("in conflict") };
    order.invoice.unwrap()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}
