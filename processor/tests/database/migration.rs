//! From the previous version's tables to this one's.

use processor::{
    Database, DatabaseConfig, DatabaseError, PostgresConfig, PostgresDatabase, SqliteDatabase,
    migrate,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::server::{block_on, server};
use crate::shop::{Kind, Shop, now};

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

/// In the order in which they refer to one another.
const TABLES: [&str; 14] = [
    "partner",
    "customer",
    "credit",
    "ship_to",
    "product",
    "price",
    "stock_lot",
    "establishment",
    "invoice_series",
    "sales_order",
    "order_item",
    "reservation",
    "receivable",
    "nfe",
];

/// A database of version 2, whose tables have the columns of version 3, with all rows of a shop.
fn of_version_2(shop: &Shop) -> String {
    let rows = TABLES.map(|table| {
        let insert = format!(
            "INSERT INTO {table} OVERRIDING SYSTEM VALUE
             SELECT * FROM json_populate_record(NULL::{table}, %L);"
        );
        shop.text(&format!(
            "SELECT string_agg(format($${insert}$$, row_to_json(t)), '') FROM {table} t"
        ))
    });
    let url = server().create();
    server().execute(&url, include_str!("../../src/database/postgres/version_2.sql"));
    server().execute(&url, &rows.concat());
    // What was copied had its numbers from the other database.
    server().execute(&url, "ALTER TABLE sales_order ALTER order_id RESTART WITH 100");
    url
}

#[test]
fn orders_of_version_2_on_postgresql_are_kept_and_the_next_takes_the_next_number() {
    let shop = Shop::new(Kind::Postgres);
    let (first, second) = (shop.message(0), shop.message(1));
    let (billed, _) = block_on(shop.open().settled(&first));
    let url = of_version_2(&shop);
    let config = PostgresConfig { url, password: None, ca_file: None };
    let opened = || PostgresDatabase::new(config.clone());
    let refused = block_on(opened().settle(&first, now()));
    assert!(
        matches!(refused, Err(DatabaseError::Version { found: 2, known: 3, .. })),
        "{refused:?}"
    );
    for _ in 0..2 {
        migrate(&DatabaseConfig::Postgres(config.clone())).unwrap();
    }
    let again = block_on(opened().settle(&first, now())).unwrap();
    assert_eq!(again, processor::Settlement::Settled { order: Box::new(billed), again: true });
    let next = block_on(opened().settle(&second, now())).unwrap();
    let processor::Settlement::Settled { order, again: false } = next else { panic!("{next:?}") };
    assert_eq!(order.invoice.unwrap().numbering.number, 2);
}

#[test]
fn a_server_without_tables_and_one_of_a_later_version_are_refused_with_what_to_do() {
    let url = server().create();
    let config = PostgresConfig { url: url.clone(), password: None, ca_file: None };
    let message = Shop::new(Kind::Sqlite).message(0);
    let settle = || block_on(PostgresDatabase::new(config.clone()).settle(&message, now()));
    let error = settle().unwrap_err();
    assert!(error.to_string().contains("run bootstrap migrate"), "{error}");
    migrate(&DatabaseConfig::Postgres(config.clone())).unwrap();
    // There are tables, and nothing in them.
    assert!(matches!(settle(), Err(DatabaseError::UnknownPartner)));
    server().execute(&url, "UPDATE schema_version SET version = 4");
    assert!(matches!(settle(), Err(DatabaseError::Version { found: 4, known: 3, .. })));
    let migrated = migrate(&DatabaseConfig::Postgres(config.clone()));
    assert!(matches!(migrated, Err(DatabaseError::Version { found: 4, .. })), "{migrated:?}");
}

/// Tables of others are not touched, and theirs are not taken for ours.
#[test]
fn the_seed_is_as_large_as_is_asked_for_and_in_an_empty_database_only() {
    use orders::{World, WorldSize};
    use processor::{Seed, create_database};
    let world = World::new(WorldSize { partners: 2, customers: 7, products: 11 });
    let url = server().create();
    let seed = Seed { world, series: 3 };
    create_database(&url.parse().unwrap(), &seed).unwrap();
    let count = |table: &str| server().number(&url, &format!("SELECT count(*) FROM {table}"));
    let counts =
        ["partner", "customer", "credit", "product", "price", "stock_lot", "invoice_series"]
            .map(count);
    assert_eq!(counts, [2, 7, 7, 11, 11, 33, 3]);
    assert!(create_database(&url.parse().unwrap(), &seed).is_err());
    assert_eq!(count("customer"), 7);
}
