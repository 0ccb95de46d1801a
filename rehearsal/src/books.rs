//! The books of an SQLite database, through the questions that the proof asks.

use std::path::Path;
use std::time::Duration;

use proof::{Book, Dialect, Evidence};
use rusqlite::Connection;

/// Reads all of them.
///
/// # Errors
/// If the database cannot be read; what it said.
pub fn read_books(path: &Path, evidence: &mut Evidence) -> Result<(), String> {
    let text = |error: rusqlite::Error| format!("{}: {error}", path.display());
    let database = Connection::open(path).map_err(text)?;
    for book in Book::ALL {
        let mut question = database.prepare(&book.question(Dialect::Sqlite)).map_err(text)?;
        let columns = question.column_count();
        let mut rows = question.query([]).map_err(text)?;
        while let Some(row) = rows.next().map_err(text)? {
            let texts = (0..columns).map(|column| row.get(column));
            let texts: Vec<String> = texts.collect::<Result<_, _>>().map_err(text)?;
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            book.add(&texts, evidence)?;
        }
    }
    Ok(())
}

/// Holds the write lock of a database for so long: nobody else settles an order meanwhile.
///
/// # Errors
/// If it cannot be had; what the database said.
pub fn hold_write_lock(path: &Path, time: Duration) -> Result<(), String> {
    let text = |error: rusqlite::Error| format!("{}: {error}", path.display());
    let database = Connection::open(path).map_err(text)?;
    database.busy_timeout(Duration::from_secs(10)).map_err(text)?;
    database.execute_batch("BEGIN IMMEDIATE").map_err(text)?;
    std::thread::sleep(time);
    database.execute_batch("ROLLBACK").map_err(text)
}
