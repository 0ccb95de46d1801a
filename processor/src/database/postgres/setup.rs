//! Makes and fills the tables of the synthetic business on a server, or brings them to this
//! program's version.

use orders::World;
use tokio_postgres::Client;

use super::connection::{PostgresConfig, connect};
use crate::database::DatabaseError;
use crate::database::seed::{
    LICENSED_UNTIL, PRICES_FROM, SHELF_DAYS_MIN, Seed, TERM_DAYS_MAX, customers, products,
};
use crate::emitter::EMITTER_CNPJ;

const SCHEMA: &str = include_str!("schema.sql");
const FUNCTIONS: &str = include_str!("functions.sql");

/// From version 2, which checked foreign keys to rows that all orders share, and had functions that
/// take JSON.
const FROM_VERSION_2: &str = include_str!("from_version_2.sql");

/// The version of the tables that this program reads and writes.
pub(super) const VERSION: i64 = 3;

/// Rows sent at once.
const ROWS_AT_ONCE: usize = 1_000;

/// Creates the tables and fills them.
pub(crate) fn create_postgres(config: &PostgresConfig, seed: &Seed) -> Result<(), DatabaseError> {
    block_on(async {
        let client = connect(config).await?;
        migrate(&client).await?;
        let statements = statements(seed);
        client.batch_execute("BEGIN").await?;
        for chunk in statements.chunks(ROWS_AT_ONCE) {
            client.batch_execute(&chunk.join(";\n")).await?;
        }
        Ok(client.batch_execute("COMMIT; ANALYZE").await?)
    })
}

/// Brings a server's tables to the version of this program; makes them if there are none.
pub(crate) fn migrate_postgres(config: &PostgresConfig) -> Result<(), DatabaseError> {
    block_on(async { migrate(&connect(config).await?).await })
}

async fn migrate(client: &Client) -> Result<(), DatabaseError> {
    match version(client).await? {
        None => {
            // One transaction: all of it is there, or nothing.
            client.batch_execute(&format!("BEGIN; {SCHEMA}; {FUNCTIONS}; COMMIT")).await?;
            Ok(())
        }
        Some(VERSION) => Ok(()),
        Some(2) => {
            client.batch_execute(&format!("BEGIN; {FROM_VERSION_2}; {FUNCTIONS}; COMMIT")).await?;
            Ok(())
        }
        Some(found) => {
            let hint = "install the program that made it";
            Err(DatabaseError::Version { found, known: VERSION, hint })
        }
    }
}

/// The version of the tables; none if there are none. Version 1 was of SQLite only.
async fn version(client: &Client) -> Result<Option<i64>, DatabaseError> {
    let has_tables =
        client.query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[]).await?;
    if !has_tables.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let row = client.query_one("SELECT version FROM schema_version", &[]).await?;
    Ok(Some(i64::from(row.try_get::<_, i32>(0)?)))
}

/// A runtime of its own, on a thread of its own, as the caller may be in a runtime already.
pub(super) fn block_on<T: Send>(
    work: impl Future<Output = Result<T, DatabaseError>> + Send,
) -> Result<T, DatabaseError> {
    let failed = |cause: &dyn std::fmt::Display| DatabaseError::Connection(cause.to_string());
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(|error| failed(&error))?.block_on(work)
        });
        thread.join().unwrap_or_else(|_| Err(failed(&"the thread panicked")))
    })
}

/// Every row of the synthetic business as a statement. Its texts are ours, and quoted.
fn statements(seed: &Seed) -> Vec<String> {
    let world = seed.world;
    let mut all =
        vec![format!("INSERT INTO establishment VALUES ('{EMITTER_CNPJ}', 1, {})", seed.series)];
    all.extend((1..=seed.series).map(|series| {
        format!("INSERT INTO invoice_series VALUES ('{EMITTER_CNPJ}', {series}, 1)")
    }));
    all.extend((0..world.size().partners).map(|index| {
        let name = text(world.partner(index).as_str());
        format!("INSERT INTO partner (partner_id, name) VALUES ({}, {name})", index + 1)
    }));
    all.extend(customer_rows(world));
    all.extend(product_rows(world));
    all
}

fn customer_rows(world: World) -> impl Iterator<Item = String> {
    customers(world).flat_map(|(id, known)| {
        let place = &known.address;
        let texts = [
            known.cnpj.as_str(),
            &known.name,
            &known.state_registration,
            &place.street,
            &place.house,
            &place.district,
            place.state.capital(),
            place.state.letters(),
            &place.postcode,
        ];
        let texts: Vec<String> = texts.into_iter().map(text).collect();
        let mut rows = vec![
            format!(
                "INSERT INTO customer (customer_id, partner_id, city_code, license_until,
                     shelf_days_min, term_days_max, cnpj, name, state_registration, street, house,
                     district, city, state, postcode)
                 VALUES ({id}, {}, {}, '{LICENSED_UNTIL}', {SHELF_DAYS_MIN}, {TERM_DAYS_MAX}, {})",
                known.partner_index + 1,
                place.state.capital_code(),
                texts.join(", "),
            ),
            format!("INSERT INTO credit VALUES ({id}, {}, 0)", known.credit_limit.0),
        ];
        rows.extend(
            known
                .ship_to
                .iter()
                .map(|code| format!("INSERT INTO ship_to VALUES ({id}, {})", text(code.as_str()))),
        );
        rows
    })
}

fn product_rows(world: World) -> impl Iterator<Item = String> {
    products(world).flat_map(move |(id, index, known)| {
        let fiscal = &known.fiscal;
        let medicine = fiscal.medicine.as_ref();
        let or_null = |text: Option<String>| text.unwrap_or_else(|| "NULL".to_owned());
        let mut rows = vec![
            format!(
                "INSERT INTO product (product_id, ean, name, pack, ncm, cest, origin, tax_class,
                     registration, maximum_price_cents)
                 VALUES ({id}, {}, {}, {}, {}, {}, '{}', '{}', {}, {})",
                text(known.gtin.as_str()),
                text(&known.name),
                known.pack,
                text(&fiscal.ncm),
                or_null(fiscal.cest.as_deref().map(text)),
                fiscal.origin.name(),
                fiscal.tax_class.name(),
                or_null(medicine.map(|medicine| text(&medicine.registration))),
                or_null(medicine.map(|medicine| medicine.maximum_price.0.to_string())),
            ),
            format!(
                "INSERT INTO price VALUES ({id}, 1, '{PRICES_FROM}', {})",
                known.unit_price.as_1e4()
            ),
        ];
        rows.extend(world.lots(index).into_iter().map(|lot| {
            format!(
                "INSERT INTO stock_lot VALUES ({id}, '{}', {}, '{}', {}, 0)",
                lot.expires,
                text(&lot.number),
                lot.made,
                lot.quantity
            )
        }));
        rows
    })
}

/// A literal of SQL.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
