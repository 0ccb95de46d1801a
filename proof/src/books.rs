//! What the database says, as text: the questions, in both dialects, and how their answers are
//! read. Whoever has a connection asks; nothing is asked here.

use crate::content::hash;
use crate::evidence::{Credit, Evidence, InvoiceName, Lot, OrderName, Row};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// What is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    /// Orders with their invoices.
    Orders,
    /// Other bodies under numbers that were taken.
    Conflicts,
    /// What each lot says is taken, and what orders took from it.
    Stock,
    /// What each customer owes, and what was billed to it.
    Credit,
    /// The next number of each series.
    Series,
}

impl Book {
    /// Every book.
    pub const ALL: [Self; 5] =
        [Self::Orders, Self::Conflicts, Self::Stock, Self::Credit, Self::Series];

    /// The question; every column of the answer is text and none is NULL.
    pub fn question(self, dialect: Dialect) -> String {
        let hash = match dialect {
            Dialect::Sqlite => "lower(hex(body_sha256))",
            Dialect::Postgres => "encode(body_sha256, 'hex')",
        };
        match self {
            Self::Orders => format!(
                "SELECT partner.name, order_number, {hash}, CAST(total_cents AS text),
                     CASE WHEN documented THEN '1' ELSE '0' END,
                     CAST(coalesce(items.units, 0) AS text), CAST(coalesce(taken.units, 0) AS text),
                     coalesce(CAST(series AS text), ''), coalesce(CAST(number AS text), ''),
                     coalesce(access_key, '')
                 FROM sales_order JOIN partner USING (partner_id) LEFT JOIN nfe USING (order_id)
                 LEFT JOIN (SELECT order_id, sum(quantity_confirmed) AS units FROM order_item
                     GROUP BY order_id) items USING (order_id)
                 LEFT JOIN (SELECT order_id, sum(quantity) AS units FROM reservation
                     GROUP BY order_id) taken USING (order_id)"
            ),
            Self::Conflicts => {
                "SELECT partner, order_number, body_sha256 FROM conflict_ledger".to_owned()
            }
            // Lots from which nothing is taken and nothing is owed say nothing.
            Self::Stock => {
                "SELECT CAST(product_id AS text) || '/' || CAST(expires AS text) || '/' || lot,
                     CAST(reserved AS text), CAST(coalesce(units, 0) AS text)
                 FROM stock_lot LEFT JOIN (SELECT product_id, expires, lot, sum(quantity) AS units
                     FROM reservation GROUP BY product_id, expires, lot) taken
                     USING (product_id, expires, lot)
                 WHERE reserved <> 0 OR units IS NOT NULL"
                    .to_owned()
            }
            Self::Credit => "SELECT CAST(customer_id AS text), CAST(open_cents AS text),
                     CAST(coalesce(cents, 0) AS text)
                 FROM credit LEFT JOIN (SELECT customer_id, sum(total_cents) AS cents
                     FROM sales_order GROUP BY customer_id) billed USING (customer_id)
                 WHERE open_cents <> 0 OR cents IS NOT NULL"
                .to_owned(),
            Self::Series => {
                "SELECT CAST(series AS text), CAST(next_number AS text) FROM invoice_series"
                    .to_owned()
            }
        }
    }

    /// Adds one row of the answer.
    ///
    /// # Errors
    /// If it is not what was asked for.
    pub fn add(self, columns: &[&str], evidence: &mut Evidence) -> Result<(), String> {
        let added = match self {
            Self::Orders => order(columns).map(|row| evidence.rows.push(row)),
            Self::Conflicts => conflict(columns).map(|found| evidence.conflicts.push(found)),
            Self::Stock => lot(columns).map(|lot| evidence.lots.push(lot)),
            Self::Credit => credit(columns).map(|credit| evidence.credits.push(credit)),
            Self::Series => series(columns).map(|next| evidence.next_numbers.push(next)),
        };
        added.ok_or_else(|| format!("the database's {self:?} has a row that is none: {columns:?}"))
    }
}

fn name(partner: &str, number: &str) -> Option<OrderName> {
    Some(OrderName { partner: partner.parse().ok()?, number: number.parse().ok()? })
}

fn order(columns: &[&str]) -> Option<Row> {
    let &[partner, number, sha256, total, documented, confirmed, reserved, series, in_series, key] =
        columns
    else {
        return None;
    };
    let invoice = if key.is_empty() {
        None
    } else {
        let (series, number) = (series.parse().ok()?, in_series.parse().ok()?);
        Some(InvoiceName { series, number, access_key: key.to_owned() })
    };
    Some(Row {
        name: name(partner, number)?,
        body_sha256: hash(sha256)?,
        total_cents: total.parse().ok()?,
        invoice,
        documented: documented == "1",
        confirmed: confirmed.parse().ok()?,
        reserved: reserved.parse().ok()?,
    })
}

fn conflict(columns: &[&str]) -> Option<(OrderName, [u8; 32])> {
    let &[partner, number, sha256] = columns else { return None };
    Some((name(partner, number)?, hash(sha256)?))
}

fn lot(columns: &[&str]) -> Option<Lot> {
    let &[name, taken, owed] = columns else { return None };
    let name = format!("lot {name}");
    Some(Lot { name, taken: taken.parse().ok()?, owed: owed.parse().ok()? })
}

fn credit(columns: &[&str]) -> Option<Credit> {
    let &[customer, open, billed] = columns else { return None };
    let name = format!("customer {customer}");
    Some(Credit { name, open_cents: open.parse().ok()?, billed_cents: billed.parse().ok()? })
}

fn series(columns: &[&str]) -> Option<(u16, u32)> {
    let &[series, next] = columns else { return None };
    Some((series.parse().ok()?, next.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_each_book_is_read_and_another_is_refused() {
        let mut evidence = Evidence::default();
        let sha = "0f".repeat(32);
        let rows: [(Book, &[&str]); 5] = [
            (Book::Orders, &["partner-01", "PO-1", &sha, "1250", "1", "7", "7", "3", "42", "key"]),
            (Book::Conflicts, &["partner-02", "PO-2", &sha]),
            (Book::Stock, &["9/2028-01-01/L1", "5", "6"]),
            (Book::Credit, &["11", "1250", "1251"]),
            (Book::Series, &["3", "43"]),
        ];
        for (book, columns) in rows {
            book.add(columns, &mut evidence).unwrap();
            let short = book.add(&columns[1..], &mut evidence).unwrap_err();
            assert!(short.contains(&format!("{book:?}")), "{short}");
        }
        let row = &evidence.rows[0];
        assert_eq!((row.total_cents, row.documented, row.confirmed), (1_250, true, 7));
        assert_eq!(row.invoice.as_ref().map(|invoice| invoice.number), Some(42));
        assert_eq!(evidence.lots[0].name, "lot 9/2028-01-01/L1");
        assert_eq!(evidence.next_numbers, [(3, 43)]);
    }

    #[test]
    fn an_order_without_an_access_key_has_no_invoice() {
        let mut evidence = Evidence::default();
        let sha = "00".repeat(32);
        let columns = ["partner-01", "PO-1", &sha, "0", "0", "0", "0", "", "", ""];
        Book::Orders.add(&columns, &mut evidence).unwrap();
        assert_eq!(evidence.rows[0].invoice, None);
    }
}
