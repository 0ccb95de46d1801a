//! A day looked at again: every order that was settled has its documents, every number its invoice.
//!
//! The sweeper believes the mark that says that an order is documented; this asks the bucket. Of a
//! large day it asks for a part, evenly spread: what it costs stays below a cent and a half.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::{Range, RangeInclusive};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use futures::future::try_join_all;
use jiff::Timestamp;
use orders::DocumentKey;

use crate::{
    DatabaseError, Document, DocumentStore, ProcessError, SettledOrder, StoreError,
    confirmation_document,
};

/// Orders that are read, and asked for, together.
const CHUNK: usize = 100;

/// Rows that are counted by one statement: a server counts them well within the time that a statement
/// has.
const COUNTED: i64 = 20_000;

/// What was settled, read back. An order's row is a number that grows with time.
pub trait Ledger {
    /// The first order of row `from` or later: its row, and when it was decided, in milliseconds.
    ///
    /// # Errors
    /// If the database fails.
    fn first_from(
        &self,
        from: i64,
    ) -> impl Future<Output = Result<Option<(i64, i64)>, DatabaseError>>;

    /// How many orders these rows hold, and how many of them are marked as documented.
    ///
    /// # Errors
    /// If the database fails.
    fn count(
        &self,
        rows: RangeInclusive<i64>,
    ) -> impl Future<Output = Result<(u64, u64), DatabaseError>>;

    /// The invoice numbers of these rows: of each series the first and the last.
    ///
    /// # Errors
    /// If the database fails.
    fn numbers(
        &self,
        rows: RangeInclusive<i64>,
    ) -> impl Future<Output = Result<Vec<Numbers>, DatabaseError>>;

    /// How many of these numbers an invoice has.
    ///
    /// # Errors
    /// If the database fails.
    fn issued(&self, numbers: &Numbers) -> impl Future<Output = Result<u64, DatabaseError>>;

    /// The orders of those of these rows that are there.
    ///
    /// # Errors
    /// If the database fails.
    fn orders(
        &self,
        rows: &[i64],
    ) -> impl Future<Output = Result<Vec<SettledOrder>, DatabaseError>>;
}

/// Invoice numbers of a series, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// Whose series.
    pub cnpj: String,
    /// Which.
    pub series: i32,
    /// The first number.
    pub first: i32,
    /// The last number.
    pub last: i32,
}

/// The statements of [`Ledger`] that are the same in both dialects.
pub(crate) mod statements {
    pub(crate) const FIRST_FROM: &str = "SELECT order_id, decided_at_ms FROM sales_order
        WHERE order_id >= $1 ORDER BY order_id LIMIT 1";
    pub(crate) const COUNT: &str = "SELECT count(*), count(*) FILTER (WHERE documented)
        FROM sales_order WHERE order_id BETWEEN $1 AND $2";
    pub(crate) const NUMBERS: &str = "SELECT cnpj, series, min(number), max(number) FROM nfe
        WHERE order_id BETWEEN $1 AND $2 GROUP BY cnpj, series";
    pub(crate) const ISSUED: &str = "SELECT count(*) FROM nfe
        WHERE cnpj = $1 AND series = $2 AND number BETWEEN $3 AND $4";
}

/// What a reconciliation found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reconciled {
    /// Orders settled in the window.
    pub settled: u64,
    /// Orders whose documents are not known to be stored.
    pub owed: u64,
    /// Invoice numbers that were passed over: each has to be declared unused (*inutilização*).
    pub numbers_missing: u64,
    /// Orders whose documents the bucket was asked for.
    pub asked: u64,
    /// Documents that it does not have, though they are marked as stored.
    pub missing: u64,
    /// Documents that it has with another content.
    pub differing: u64,
}

impl Reconciled {
    /// Whether all that was looked at is as it should be.
    pub fn is_clean(&self) -> bool {
        let Self { settled: _, owed, numbers_missing, asked: _, missing, differing } = *self;
        owed + numbers_missing + missing + differing == 0
    }
}

/// Compares what was settled within a window with what is in the bucket: all orders by their marks and
/// numbers, at most `limit` of them, evenly spread, by their documents. Asks for no more when `until` is
/// past.
///
/// # Errors
/// If the database or the bucket does not answer.
pub async fn reconcile<L: Ledger>(
    ledger: &L,
    store: &DocumentStore,
    window: Range<Timestamp>,
    limit: u32,
    until: Instant,
) -> Result<Reconciled, ProcessError> {
    let first = first_decided(ledger, window.start.as_millisecond()).await?;
    let last = first_decided(ledger, window.end.as_millisecond()).await? - 1;
    let mut found = counted(ledger, first..=last).await?;
    for rows in spread(first..=last, limit, drawn()).chunks(CHUNK) {
        if Instant::now() >= until {
            break;
        }
        let orders = ledger.orders(rows).await?;
        let documented: Vec<_> = orders.iter().filter(|order| order.documented).collect();
        let looks = try_join_all(documented.iter().map(|order| look(store, order))).await?;
        found.asked += looks.len() as u64;
        for seen in looks.into_iter().flatten() {
            found.missing += u64::from(seen == Seen::Missing);
            found.differing += u64::from(seen == Seen::Differing);
        }
    }
    Ok(found)
}

/// Marks and numbers of these rows. A series is followed from one statement to the next, so that a
/// number which is passed over between them is missed too.
async fn counted<L: Ledger>(
    ledger: &L,
    rows: RangeInclusive<i64>,
) -> Result<Reconciled, DatabaseError> {
    let mut found = Reconciled::default();
    let mut reached: BTreeMap<(String, i32), i32> = BTreeMap::new();
    let mut first = *rows.start();
    while first <= *rows.end() {
        let last = (first + COUNTED - 1).min(*rows.end());
        let (settled, documented) = ledger.count(first..=last).await?;
        found.settled += settled;
        found.owed += settled - documented;
        for mut numbers in ledger.numbers(first..=last).await? {
            let series = (numbers.cnpj.clone(), numbers.series);
            if let Some(before) = reached.get(&series) {
                numbers.first = before + 1;
            }
            if numbers.first <= numbers.last {
                reached.insert(series, numbers.last);
                let all = u64::from(numbers.last.abs_diff(numbers.first)) + 1;
                found.numbers_missing += all - ledger.issued(&numbers).await?;
            }
        }
        first = last + 1;
    }
    Ok(found)
}

/// The first row whose order was decided at this millisecond or later; behind the last row if none
/// was. Found by halves: the time of a decision has no index, and need not have one for this.
async fn first_decided<L: Ledger>(ledger: &L, ms: i64) -> Result<i64, DatabaseError> {
    let earlier = async |from: i64| {
        let order = ledger.first_from(from).await?;
        Ok::<_, DatabaseError>(order.filter(|(_, decided_ms)| *decided_ms < ms).map(|(row, _)| row))
    };
    let (mut before, mut at) = (0, 1);
    while let Some(row) = earlier(at).await? {
        (before, at) = (row, row.saturating_mul(2));
    }
    while at - before > 1 {
        let middle = before + (at - before) / 2;
        match earlier(middle).await? {
            Some(row) => before = row,
            None => at = middle,
        }
    }
    Ok(at)
}

/// At most `limit` of these rows, each as far from the next, from a drawn one on.
fn spread(rows: RangeInclusive<i64>, limit: u32, drawn: u64) -> Vec<i64> {
    let count = u64::try_from(rows.end() - rows.start() + 1).unwrap_or(0);
    let step = count.div_ceil(u64::from(limit.max(1))).max(1);
    rows.skip((drawn % step) as usize).step_by(step as usize).collect()
}

fn drawn() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_micros())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    There,
    Missing,
    Differing,
}

/// Looks for the documents of an order. Of the NF-e only that it is there: since its day, another
/// certificate may have come.
async fn look(store: &DocumentStore, order: &SettledOrder) -> Result<Vec<Seen>, StoreError> {
    let status = order.status_object();
    let mut seen = vec![compare(store, &status).await?];
    if let Some(invoice) = &order.invoice {
        let (partner, number) = (order.partner.clone(), order.order_number.clone());
        let nfe = DocumentKey::nfe(partner, number, invoice.numbering.access_key.clone());
        let held = store.held(&nfe).await?;
        seen.push(if held.is_some() { Seen::There } else { Seen::Missing });
        seen.push(compare(store, &confirmation_document(invoice)).await?);
    }
    Ok(seen)
}

async fn compare(store: &DocumentStore, document: &Document) -> Result<Seen, StoreError> {
    Ok(match store.held(&document.key).await? {
        None => Seen::Missing,
        Some(held) if held.is(document) => Seen::There,
        Some(_) => Seen::Differing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_spread_evenly_and_never_more_than_wanted() {
        assert_eq!(spread(7..=9, 5, 3), [7, 8, 9]);
        assert_eq!(spread(7..=11, 5, 3), [7, 8, 9, 10, 11]);
        // Eleven rows, five wanted: every third, from the first, second or third on.
        assert_eq!(spread(1..=11, 5, 0), [1, 4, 7, 10]);
        assert_eq!(spread(1..=11, 5, 4), [2, 5, 8, 11]);
        // None.
        assert_eq!(spread(RangeInclusive::new(1, 0), 5, 4), [0; 0]);
    }
}
