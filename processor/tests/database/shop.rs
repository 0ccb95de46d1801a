//! A database of a small world, of either kind, and the messages of its partners.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsMessage, SqsMessageAttribute};
use jiff::Timestamp;
use orders::{Order, RunTag, Sampler, World, WorldSize};
use processor::{
    Database, DatabaseError, DatabaseUrl, Ledger, Message, Numbers, PostgresConfig,
    PostgresDatabase, Seed, SettledOrder, Settlement, SqliteDatabase, create_database,
};
use tempfile::TempDir;

use crate::server::server;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

pub(crate) struct Shop {
    place: Place,
    pub(crate) sampler: Sampler,
}

enum Place {
    Sqlite(TempDir),
    Postgres(String),
    /// Another process's.
    Elsewhere(DatabaseUrl),
}

/// An open database, as one environment of the function has it.
pub(crate) enum Opened {
    Sqlite(SqliteDatabase),
    Postgres(PostgresDatabase),
}

/// Thirty customers of three partners, forty products.
pub(crate) fn small_world() -> World {
    World::new(WorldSize { partners: 3, customers: 30, products: 40 })
}

impl Shop {
    /// One series, so that numbers are known.
    pub(crate) fn new(kind: Kind) -> Self {
        Self::with_series(kind, 1)
    }

    pub(crate) fn with_series(kind: Kind, series: u16) -> Self {
        let world = small_world();
        let place = match kind {
            Kind::Sqlite => Place::Sqlite(TempDir::new().unwrap()),
            Kind::Postgres => Place::Postgres(server().copy(&seeded(series))),
        };
        let shop = Self { place, sampler: sampler() };
        if kind == Kind::Sqlite {
            create_database(&shop.url(), &Seed { world, series }).unwrap();
        }
        shop
    }

    /// The shop of another process.
    pub(crate) fn at(url: DatabaseUrl) -> Self {
        Self { place: Place::Elsewhere(url), sampler: sampler() }
    }

    /// Where another process finds it.
    pub(crate) fn address(&self) -> String {
        match self.url() {
            DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
            DatabaseUrl::Postgres(url) => url,
        }
    }

    fn url(&self) -> DatabaseUrl {
        match &self.place {
            Place::Sqlite(folder) => DatabaseUrl::Sqlite(path(folder)),
            Place::Postgres(url) => url.parse().unwrap(),
            Place::Elsewhere(url) => url.clone(),
        }
    }

    pub(crate) fn open(&self) -> Opened {
        match self.url() {
            DatabaseUrl::Sqlite(path) => Opened::Sqlite(SqliteDatabase::open(&path).unwrap()),
            DatabaseUrl::Postgres(url) => {
                let config = PostgresConfig { url, password: None, ca_file: None };
                Opened::Postgres(PostgresDatabase::new(config))
            }
        }
    }

    /// A number from the database, as a stranger sees it.
    pub(crate) fn number(&self, query: &str) -> i64 {
        match self.url() {
            DatabaseUrl::Sqlite(path) => {
                sqlite(&path).query_row(query, [], |row| row.get(0)).unwrap()
            }
            DatabaseUrl::Postgres(url) => server().number(&url, query),
        }
    }

    /// A text from a PostgreSQL server.
    pub(crate) fn text(&self, query: &str) -> String {
        match self.url() {
            DatabaseUrl::Sqlite(path) => panic!("{} is no server", path.display()),
            DatabaseUrl::Postgres(url) => server().text(&url, query),
        }
    }

    /// Changes rows by hand.
    pub(crate) fn execute(&self, sql: &str) {
        match self.url() {
            DatabaseUrl::Sqlite(path) => sqlite(&path).execute_batch(sql).unwrap(),
            DatabaseUrl::Postgres(url) => server().execute(&url, sql),
        }
    }

    pub(crate) fn message(&self, index: u64) -> Message {
        let sampled = self.sampler.order(index, now());
        let body = serde_json::to_string(&sampled.order).unwrap();
        message(sampled.partner.as_str(), sampled.order.partner_order_no.as_str(), &body)
    }

    /// The message of order `index` under another number, changed before it is sent.
    pub(crate) fn renumbered(
        &self,
        index: u64,
        number: &str,
        change: impl FnOnce(&mut Order),
    ) -> Message {
        let sampled = self.sampler.order(index, now());
        let mut order = sampled.order;
        order.partner_order_no = number.parse().unwrap();
        change(&mut order);
        message(sampled.partner.as_str(), number, &serde_json::to_string(&order).unwrap())
    }

    /// The message of order `index`, changed before it is sent.
    pub(crate) fn altered(&self, index: u64, change: impl FnOnce(&mut Order)) -> Message {
        let sampled = self.sampler.order(index, now());
        let mut order = sampled.order;
        let number = order.partner_order_no.to_string();
        change(&mut order);
        message(sampled.partner.as_str(), &number, &serde_json::to_string(&order).unwrap())
    }
}

fn sampler() -> Sampler {
    Sampler::new(11, RunTag::from_seed_text("processor tests"), small_world())
}

/// The name of a database with the small world in it, which others are copied from: that is faster
/// than to fill each.
fn seeded(series: u16) -> String {
    static SEEDED: Mutex<BTreeMap<u16, String>> = Mutex::new(BTreeMap::new());
    let mut seeded = SEEDED.lock().unwrap();
    let make = || {
        let url = server().create();
        let seed = Seed { world: small_world(), series };
        create_database(&DatabaseUrl::Postgres(url.clone()), &seed).unwrap();
        url
    };
    seeded.entry(series).or_insert_with(make).clone()
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("orders.db")
}

fn sqlite(path: &std::path::Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection
}

impl Opened {
    pub(crate) async fn settle(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Settlement, DatabaseError> {
        match self {
            Self::Sqlite(database) => database.settle(message, now).await,
            Self::Postgres(database) => database.settle(message, now).await,
        }
    }

    pub(crate) async fn mark_documented(&self, order_ids: &[i64]) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(database) => database.mark_documented(order_ids).await,
            Self::Postgres(database) => database.mark_documented(order_ids).await,
        }
    }

    pub(crate) async fn owed(
        &self,
        now: Timestamp,
        age: Duration,
        limit: u32,
    ) -> Result<Vec<SettledOrder>, DatabaseError> {
        match self {
            Self::Sqlite(database) => database.owed(now, age, limit).await,
            Self::Postgres(database) => database.owed(now, age, limit).await,
        }
    }

    pub(crate) async fn first_from(&self, from: i64) -> Option<(i64, i64)> {
        match self {
            Self::Sqlite(database) => database.first_from(from).await.unwrap(),
            Self::Postgres(database) => database.first_from(from).await.unwrap(),
        }
    }

    pub(crate) async fn count(&self, rows: RangeInclusive<i64>) -> (u64, u64) {
        match self {
            Self::Sqlite(database) => database.count(rows).await.unwrap(),
            Self::Postgres(database) => database.count(rows).await.unwrap(),
        }
    }

    pub(crate) async fn numbers(&self, rows: RangeInclusive<i64>) -> Vec<Numbers> {
        match self {
            Self::Sqlite(database) => database.numbers(rows).await.unwrap(),
            Self::Postgres(database) => database.numbers(rows).await.unwrap(),
        }
    }

    pub(crate) async fn issued(&self, numbers: &Numbers) -> u64 {
        match self {
            Self::Sqlite(database) => database.issued(numbers).await.unwrap(),
            Self::Postgres(database) => database.issued(numbers).await.unwrap(),
        }
    }

    pub(crate) async fn orders(&self, rows: &[i64]) -> Vec<SettledOrder> {
        match self {
            Self::Sqlite(database) => database.orders(rows).await.unwrap(),
            Self::Postgres(database) => database.orders(rows).await.unwrap(),
        }
    }

    /// Settles an order that is no conflict.
    pub(crate) async fn settled(&self, message: &Message) -> (SettledOrder, bool) {
        match self.settle(message, now()).await.unwrap() {
            Settlement::Settled { order, again } => (*order, again),
            Settlement::Conflicting => panic!("in conflict"),
        }
    }
}

/// 2026-11-23T10:15:00-03:00.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T13:15:00Z".parse().unwrap()
}

pub(crate) fn message(partner: &str, order_number: &str, body: &str) -> Message {
    let attribute = |value: &str| {
        let mut attribute = SqsMessageAttribute::default();
        attribute.string_value = Some(value.to_owned());
        attribute
    };
    let mut record = SqsMessage::default();
    record.body = Some(body.to_owned());
    record.message_attributes = HashMap::from([
        ("partner".to_owned(), attribute(partner)),
        ("orderNumber".to_owned(), attribute(order_number)),
    ]);
    Message::parse(&record).unwrap()
}
