//! Fills a database with the synthetic business. A real one exists already.

use jiff::civil::{Date, date};
use orders::{Customer, Product, World};

use super::postgres::create_postgres;
#[cfg(feature = "sqlite")]
use super::sqlite::create_sqlite;
use super::{DatabaseError, DatabaseUrl, PostgresConfig};

/// What to fill a database with.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// Partners, customers, products, lots.
    pub world: World,
    /// In how many series invoices are numbered: as many orders can take a number at once.
    pub series: u16,
}

impl Seed {
    /// The synthetic business with this many partners, customers and products, in 16 series.
    pub fn of(world: World) -> Self {
        Self { world, series: 16 }
    }
}

/// From when on the prices are valid.
pub(super) const PRICES_FROM: Date = date(2026, 1, 1);

/// Until when the customers are licensed, and what they want of a lot's life.
pub(super) const LICENSED_UNTIL: Date = date(2035, 12, 31);
pub(super) const SHELF_DAYS_MIN: i64 = 90;
pub(super) const TERM_DAYS_MAX: u32 = 120;

/// Creates a database, or the tables in one that a server has, and fills it.
///
/// # Errors
/// If there are tables already, or nothing can be written.
pub fn create_database(url: &DatabaseUrl, seed: &Seed) -> Result<(), DatabaseError> {
    match url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => create_sqlite(path, seed),
        #[cfg(not(feature = "sqlite"))]
        DatabaseUrl::Sqlite(_) => Err(DatabaseError::NoSqlite),
        DatabaseUrl::Postgres(url) => {
            let config = PostgresConfig { url: url.clone(), password: None, ca_file: None };
            create_postgres(&config, seed)
        }
    }
}

/// The customers, numbered from 1.
pub(super) fn customers(world: World) -> impl Iterator<Item = (i64, Customer)> {
    (0..world.size().customers).map(move |index| (i64::from(index) + 1, world.customer(index)))
}

/// The products, numbered from 1, and the index by which their lots are found.
pub(super) fn products(world: World) -> impl Iterator<Item = (i64, u32, Product)> {
    (0..world.size().products).map(move |index| (i64::from(index) + 1, index, world.product(index)))
}
