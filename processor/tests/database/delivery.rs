//! Thousands of deliveries, out of order, twice, from several environments at once, some of which
//! die, and some of whose connections are cut: at the end every account adds up. The example
//! `contention` does the same with a hundred thousand orders, and kills processes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::proof::{Proof, WRONG, cut_connections, make_scarce};
use crate::server::block_on;
use crate::shop::{Kind, Shop};

const PROOF: Proof = Proof { orders: 1_500, environments: 4, seed: 20_261_123 };

fn every_account_adds_up(kind: Kind) {
    let seed = PROOF.seed;
    let shop = Shop::with_series(kind, 3);
    make_scarce(&shop, PROOF.orders);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let cutter = (kind == Kind::Postgres)
            .then(|| scope.spawn(|| cut_connections(&shop, &stop, Duration::from_millis(150))));
        let environments: Vec<_> = (0..PROOF.environments)
            .map(|number| {
                let shop = &shop;
                scope.spawn(move || block_on(PROOF.environment(shop, number, 0, |_| ())))
            })
            .collect();
        environments.into_iter().for_each(|environment| environment.join().unwrap());
        stop.store(true, Ordering::Relaxed);
        if let Some(cutter) = cutter {
            assert!(cutter.join().unwrap() > 0);
        }
    });
    for (wrong, query) in WRONG {
        assert_eq!(shop.number(query), 0, "seed {seed}: {wrong}");
    }
    assert_eq!(shop.number("SELECT count(*) FROM sales_order"), PROOF.orders as i64);
    let count = |status| {
        shop.number(&format!("SELECT count(*) FROM sales_order WHERE status = '{status}'"))
    };
    let counts: BTreeMap<_, _> = ["confirmed", "partially_confirmed", "rejected"]
        .into_iter()
        .map(|status| (status, count(status)))
        .collect();
    assert!(counts.values().all(|count| *count > 20), "seed {seed}: {counts:?}");
}

#[test]
fn on_sqlite_every_account_adds_up() {
    every_account_adds_up(Kind::Sqlite);
}

#[test]
fn on_postgres_every_account_adds_up() {
    every_account_adds_up(Kind::Postgres);
}
