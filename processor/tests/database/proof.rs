//! Thousands of deliveries, out of order, twice, from several environments at once, some of which
//! die: what is delivered, and which sums must be right at the end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use orders::seed::{Draws, mix};
use processor::{DatabaseError, Settlement};

use crate::shop::{Opened, Shop, now};

/// What is delivered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof {
    pub(crate) orders: u64,
    pub(crate) environments: u64,
    pub(crate) seed: u64,
}

impl Proof {
    /// Every order once, and a fifth of them to every environment, in an order of its own.
    pub(crate) fn deliveries(&self, environment: u64) -> Vec<u64> {
        let mut draws = Draws::new(self.seed, environment, 0);
        let is_own = |index: &u64| {
            mix(self.seed, 9, *index).is_multiple_of(5) || index % self.environments == environment
        };
        let mut own: Vec<u64> = (0..self.orders).filter(is_own).collect();
        for last in (1..own.len()).rev() {
            own.swap(last, draws.below(last as u64 + 1) as usize);
        }
        own
    }

    /// An environment from its `from`th delivery on: every fiftieth it gives up in the middle, as
    /// one does that is cut off, and takes up again on another connection. `done` is told how many
    /// are behind it.
    pub(crate) async fn environment(
        &self,
        shop: &Shop,
        environment: u64,
        from: usize,
        mut done: impl FnMut(usize),
    ) {
        let mut database = shop.open();
        for (position, index) in self.deliveries(environment).into_iter().enumerate().skip(from) {
            let message = shop.message(index);
            if position % 50 == 49 {
                let settling = database.settle(&message, now());
                let patience_us = 200 + mix(self.seed, 9, index) % 2_000;
                let _ = tokio::time::timeout(Duration::from_micros(patience_us), settling).await;
                database = shop.open();
            }
            let order_id = delivered(&database, &message).await;
            database_says(|| async { database.mark_documented(&[order_id]).await }).await;
            done(position + 1);
        }
    }
}

async fn delivered(database: &Opened, message: &processor::Message) -> i64 {
    match database_says(|| async { database.settle(message, now()).await }).await {
        Settlement::Settled { order, .. } => order.order_id,
        Settlement::Conflicting => panic!("order {} in conflict", message.order_number),
    }
}

/// What failed is delivered again, as the queue does.
async fn database_says<T, F: Future<Output = Result<T, DatabaseError>>>(ask: impl Fn() -> F) -> T {
    for _ in 0..20 {
        match ask().await {
            Ok(said) => return said,
            Err(
                DatabaseError::Postgres(_) | DatabaseError::Slow(_) | DatabaseError::Contended(_),
            ) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the database failed twenty times in a row");
}

/// A few customers and products run out on the way.
pub(crate) fn make_scarce(shop: &Shop, orders: u64) {
    let (credit, stock) = (orders * 8_000 / 3, orders * 2 / 5);
    shop.execute(&format!(
        "UPDATE credit SET limit_cents = {credit} WHERE customer_id % 5 = 0;
         UPDATE stock_lot SET on_hand = {stock} WHERE product_id % 4 = 0"
    ));
}

/// Cuts connections of the processor to a PostgreSQL server, whatever they are doing, until it is
/// told to stop; how many it was.
pub(crate) fn cut_connections(shop: &Shop, stop: &AtomicBool, every: Duration) -> i64 {
    let mut cut = 0;
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(every);
        cut += shop.number(
            "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
             WHERE application_name = 'vazao-processor' AND datname = current_database()
             ORDER BY random() LIMIT 1) victims",
        );
    }
    cut
}

/// What must not be there, and how to count it.
pub(crate) const WRONG: [(&str, &str); 9] = [
    (
        "series with a gap, or that do not begin at 1",
        "SELECT count(*) FROM (SELECT series FROM nfe GROUP BY series
            HAVING count(*) <> max(number) OR min(number) <> 1) wrong",
    ),
    (
        "numbers given out and not on an invoice",
        "SELECT sum(next_number - 1) - (SELECT count(*) FROM nfe) FROM invoice_series",
    ),
    (
        "orders rejected with an invoice, or billed without",
        "SELECT count(*) FROM sales_order LEFT JOIN nfe USING (order_id)
            WHERE (status = 'rejected') <> (nfe.order_id IS NULL)",
    ),
    (
        "lots of which more or less is reserved than was sold",
        "SELECT count(*) FROM stock_lot l WHERE reserved <> coalesce((SELECT sum(quantity)
            FROM reservation r WHERE r.product_id = l.product_id AND r.expires = l.expires
            AND r.lot = l.lot), 0)",
    ),
    (
        "lots of which more is reserved than there is",
        "SELECT count(*) FROM stock_lot WHERE reserved > on_hand",
    ),
    (
        "lines confirmed and not reserved to the piece",
        "SELECT count(*) FROM order_item i WHERE quantity_confirmed <> coalesce((SELECT
            sum(quantity) FROM reservation r WHERE r.order_id = i.order_id AND r.line = i.line), 0)",
    ),
    (
        "customers who owe a cent more or less than was billed",
        "SELECT count(*) FROM credit c WHERE open_cents <> coalesce((SELECT sum(total_cents)
            FROM sales_order o WHERE o.customer_id = c.customer_id), 0)",
    ),
    (
        "orders whose instalments are a cent off",
        "SELECT count(*) FROM sales_order o WHERE total_cents <> coalesce((SELECT sum(cents)
            FROM receivable r WHERE r.order_id = o.order_id), 0)",
    ),
    ("orders not documented", "SELECT count(*) FROM sales_order WHERE NOT documented"),
];
