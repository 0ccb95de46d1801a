//! The books of a PostgreSQL server for a proof, through the questions that the proof asks.

use futures::{TryStreamExt, pin_mut};
use proof::{Book, Dialect, Evidence};
use tokio_postgres::Client;

use crate::ObserveError;

/// Reads all books of a PostgreSQL server.
///
/// # Errors
/// If the server does not answer.
pub async fn read_server_books(
    client: &Client,
    evidence: &mut Evidence,
) -> Result<(), ObserveError> {
    let path = || "of the PostgreSQL server".to_owned();
    read_server(client, evidence)
        .await
        .map_err(|cause| ObserveError::Ledger { path: path(), cause })
}

async fn read_server(client: &Client, evidence: &mut Evidence) -> Result<(), String> {
    let text = |error: tokio_postgres::Error| error.to_string();
    for book in Book::ALL {
        let question = book.question(Dialect::Postgres);
        let rows = client.query_raw(&question, std::iter::empty::<i64>()).await.map_err(text)?;
        pin_mut!(rows);
        while let Some(row) = rows.try_next().await.map_err(text)? {
            let texts = (0..row.len()).map(|column| row.try_get::<_, &str>(column));
            let texts: Vec<&str> = texts.collect::<Result<_, _>>().map_err(text)?;
            book.add(&texts, evidence)?;
        }
    }
    Ok(())
}
