//! Both databases have the same tables.

use std::collections::BTreeSet;

use tokio_postgres::NoTls;

use crate::server::{block_on, server};

/// Table, column, and whether it may be empty.
type Columns = BTreeSet<(String, String, bool)>;

fn of_sqlite() -> Columns {
    let database = rusqlite::Connection::open_in_memory().unwrap();
    database.execute_batch(include_str!("../../src/database/sqlite/schema.sql")).unwrap();
    let mut select = database
        .prepare(
            "SELECT m.name, p.name, p.\"notnull\" = 0 AND p.pk = 0
             FROM sqlite_schema m JOIN pragma_table_info(m.name) p
             WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'",
        )
        .unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).filter(|(table, _, _): &(String, _, _)| !is_view(table)).collect()
}

fn of_postgres() -> Columns {
    let url = server().create();
    block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(include_str!("../../src/database/postgres/schema.sql")).await.unwrap();
        let query = "SELECT table_name::text, column_name::text, is_nullable = 'YES'
            FROM information_schema.columns WHERE table_schema = 'public'";
        let rows = client.query(query, &[]).await.unwrap();
        rows.iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            // SQLite keeps the version in the file's header.
            .filter(|(table, _, _): &(String, _, _)| table != "schema_version" && !is_view(table))
            .collect()
    })
}

fn is_view(table: &str) -> bool {
    table.ends_with("_ledger")
}

#[test]
fn tables_and_columns_are_the_same_in_both() {
    let (sqlite, postgres) = (of_sqlite(), of_postgres());
    let only_one: Vec<_> = sqlite.symmetric_difference(&postgres).collect();
    assert!(only_one.is_empty(), "{only_one:?}");
    let tables: BTreeSet<_> = sqlite.iter().map(|(table, _, _)| table).collect();
    assert_eq!(tables.len(), 15, "{tables:?}");
}

#[test]
fn the_server_s_access_key_is_ours() {
    use orders::{AccessKey, AccessKeyParts, Cnpj};
    let url = server().create();
    block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(include_str!("../../src/database/postgres/schema.sql")).await.unwrap();
        let functions = include_str!("../../src/database/postgres/functions.sql");
        client.batch_execute(functions).await.unwrap();
        for index in 0_u32..300 {
            let base = if index % 2 == 0 { "11222333000181" } else { "PC3D315K000193" };
            let emitter: Cnpj = base.parse().unwrap();
            let (series, number) = ((index * 3 % 890) as u16, 1 + index * 3_333_333 % 999_999_999);
            let code = index * 329_999 % 100_000_000;
            let parts = AccessKeyParts {
                state: 35,
                year: 2026,
                month: 11,
                emitter: &emitter,
                series,
                number,
                code,
            };
            let prefix = format!("352611{base}55");
            let without_number = format!("{prefix}{series:03}0000000001{code:08}");
            let rest: i32 = (0..43)
                .map(|place| {
                    let character = without_number.as_bytes()[42 - place];
                    (i32::from(character) - 48) * (2 + place as i32 % 8)
                })
                .sum();
            let numbers = [i32::from(series), number as i32, code as i32];
            let row = client
                .query_one(
                    "SELECT access_key($1, $2, $3, $4, $5)",
                    &[&prefix, &numbers[0], &numbers[1], &numbers[2], &rest],
                )
                .await
                .unwrap();
            let key: &str = row.get(0);
            assert_eq!(key, AccessKey::new(&parts).as_str());
        }
    });
}
