//! From the previous version's tables to this one's.

use processor::{Database, DatabaseConfig, DatabaseError, SqliteDatabase, migrate};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::server::block_on;
use crate::shop::now;

/// One customer, one product, one order billed, one billed and not documented, one refused.
const ROWS: &str = "
INSERT INTO partner VALUES (1, 'partner-01');
INSERT INTO customer VALUES (7, 1, '12ABC34501DE35', 'DROGARIA UM LTDA', '110042490114', 'RUA A',
    '5', 'CENTRO', '01310100', 0);
INSERT INTO credit VALUES (7, 1000000, 47698);
INSERT INTO product VALUES (3, '7891058001155', 'DIPIRONA', '30049099', 120000, 52300);
INSERT INTO stock VALUES (3, 1000, 96);
INSERT INTO invoice_series VALUES (1, 4713);
INSERT INTO sales_order VALUES
    (1, 1, 'PO-1', x'11', 7, 'CD01', '30/60', 'billed', NULL, 23849, 1795439000000, 1795439700000),
    (2, 1, 'PO-2', zeroblob(32), 7, 'CD02', '30', 'billed', NULL, 23849, 1795439000000, 1795439700000),
    (3, 1, 'PO-3', zeroblob(32), NULL, 'CD01', '30', 'refused', 'OUT_OF_STOCK', 0, 1795439000000,
        1795439700000);
INSERT INTO order_item VALUES (1, 1, 3, 48, 52300, 25104, 1255), (2, 1, 3, 48, 52300, 25104, 1255);
INSERT INTO nfe VALUES
    (1, 1, 4711, 83472915, '35261111222333000181550010000047111834729154',
        '2026-11-23T10:15:00-03:00', 'stored'),
    (2, 1, 4712, 83472915, '35261111222333000181550010000047121834729151',
        '2026-11-23T10:15:00-03:00', 'numbered');
";

#[test]
fn orders_of_version_1_are_kept_and_those_not_documented_are_still_owed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("orders.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../src/database/sqlite/version_1.sql")).unwrap();
    old.execute_batch(ROWS).unwrap();
    drop(old);
    let refused = SqliteDatabase::open(&path);
    assert!(
        matches!(refused, Err(DatabaseError::Version { found: 1, known: 2, .. })),
        "{refused:?}"
    );
    let config = DatabaseConfig::Sqlite(path.clone());
    migrate(&config).unwrap();
    migrate(&config).unwrap();
    let database = SqliteDatabase::open(&path).unwrap();
    let owed =
        block_on(database.owed(now() + jiff::ToSpan::hours(99), Default::default(), 9)).unwrap();
    let numbers: Vec<_> = owed.iter().map(|order| order.order_number.as_str()).collect();
    assert_eq!(numbers, ["PO-2", "PO-3"]);
    let sale = &owed[0].invoice.as_ref().unwrap().sale;
    assert_eq!(
        (sale.totals.gross.0, sale.totals.discount.0, sale.totals.total.0),
        (25_104, 1_255, 23_849)
    );
    assert_eq!(sale.ship_to.as_str(), "CD02");
    let sql = Connection::open(&path).unwrap();
    let number = |query: &str| sql.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("SELECT reserved FROM stock_lot"), 96);
    assert_eq!(number("SELECT next_number FROM invoice_series"), 4_713);
    assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(number("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'version_1%'"), 0);
}

#[test]
fn tables_are_made_where_there_are_none_and_later_versions_are_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("orders.db");
    let config = DatabaseConfig::Sqlite(path.clone());
    migrate(&config).unwrap();
    SqliteDatabase::open(&path).unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    assert!(matches!(migrate(&config), Err(DatabaseError::Version { found: 3, .. })));
}
