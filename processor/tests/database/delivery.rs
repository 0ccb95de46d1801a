//! Thousands of deliveries, out of order, twice, from several environments at once, some of which
//! die: at the end every account adds up.

use std::collections::BTreeMap;
use std::thread;

use orders::seed::Draws;
use processor::Settlement;

use crate::server::block_on;
use crate::shop::{Kind, Shop, now};

const ORDERS: u64 = 1_500;
const ENVIRONMENTS: u64 = 4;
const SEED: u64 = 20_261_123;

/// Every order once or twice, in an order of the environment's own.
fn deliveries(environment: u64) -> Vec<u64> {
    let mut draws = Draws::new(SEED, environment, 0);
    let twice = |index: &u64| mix(*index).is_multiple_of(5) || index % ENVIRONMENTS == environment;
    let mut own: Vec<u64> = (0..ORDERS).filter(twice).collect();
    for last in (1..own.len()).rev() {
        own.swap(last, draws.below(last as u64 + 1) as usize);
    }
    own
}

fn mix(index: u64) -> u64 {
    orders::seed::mix(SEED, 9, index)
}

/// An environment: every fiftieth order it gives up in the middle, as one does that is killed, and
/// takes up again on another connection.
fn environment(shop: &Shop, environment: u64) {
    block_on(async {
        let mut database = shop.open();
        for (position, index) in deliveries(environment).into_iter().enumerate() {
            let message = shop.message(index);
            if position % 50 == 49 {
                let settling = database.settle(&message, now());
                let patience = std::time::Duration::from_micros(200 + mix(index) % 2_000);
                let _ = tokio::time::timeout(patience, settling).await;
                database = shop.open();
            }
            let settlement = database.settle(&message, now()).await.unwrap();
            let Settlement::Settled { order, .. } = settlement else { panic!("order {index}") };
            database.mark_documented(&[order.order_id]).await.unwrap();
        }
    });
}

fn every_account_adds_up(kind: Kind) {
    let shop = Shop::with_series(kind, 3);
    // A few customers and products run out on the way.
    shop.execute(
        "UPDATE credit SET limit_cents = 4000000 WHERE customer_id % 5 = 0;
         UPDATE stock_lot SET on_hand = 600 WHERE product_id % 4 = 0",
    );
    thread::scope(|scope| {
        (0..ENVIRONMENTS).for_each(|number| {
            drop(scope.spawn({
                let shop = &shop;
                move || environment(shop, number)
            }))
        });
    });
    let zeros = [
        // Numbers: contiguous from 1 in every series, and as many as were given out.
        "SELECT count(*) FROM (SELECT series FROM nfe GROUP BY series
            HAVING count(*) <> max(number) OR min(number) <> 1) wrong",
        "SELECT sum(next_number - 1) - (SELECT count(*) FROM nfe) FROM invoice_series",
        // An invoice for every order that is not rejected, and for no other.
        "SELECT count(*) FROM sales_order LEFT JOIN nfe USING (order_id)
            WHERE (status = 'rejected') <> (nfe.order_id IS NULL)",
        // Stock: what is reserved in a lot is what its reservations say.
        "SELECT count(*) FROM stock_lot l WHERE reserved <> coalesce((SELECT sum(quantity)
            FROM reservation r WHERE r.product_id = l.product_id AND r.expires = l.expires
            AND r.lot = l.lot), 0)",
        // Lines: what is confirmed is what is reserved.
        "SELECT count(*) FROM order_item i WHERE quantity_confirmed <> coalesce((SELECT
            sum(quantity) FROM reservation r WHERE r.order_id = i.order_id AND r.line = i.line), 0)",
        // Credit: what a customer owes is what it was billed, to the cent.
        "SELECT count(*) FROM credit c WHERE open_cents <> coalesce((SELECT sum(total_cents)
            FROM sales_order o WHERE o.customer_id = c.customer_id), 0)",
        "SELECT count(*) FROM sales_order o WHERE total_cents <> coalesce((SELECT sum(cents)
            FROM receivable r WHERE r.order_id = o.order_id), 0)",
        "SELECT count(*) FROM sales_order WHERE NOT documented",
    ];
    for query in zeros {
        assert_eq!(shop.number(query), 0, "seed {SEED}: {query}");
    }
    assert_eq!(shop.number("SELECT count(*) FROM sales_order"), ORDERS as i64);
    let count = |status| {
        shop.number(&format!("SELECT count(*) FROM sales_order WHERE status = '{status}'"))
    };
    let counts: BTreeMap<_, _> = ["confirmed", "partially_confirmed", "rejected"]
        .into_iter()
        .map(|status| (status, count(status)))
        .collect();
    assert!(counts.values().all(|count| *count > 20), "seed {SEED}: {counts:?}");
}

#[test]
fn on_sqlite_every_account_adds_up() {
    every_account_adds_up(Kind::Sqlite);
}

#[test]
fn on_postgres_every_account_adds_up() {
    every_account_adds_up(Kind::Postgres);
}
