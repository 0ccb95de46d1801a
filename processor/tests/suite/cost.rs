//! What an order costs in processor time. Run it by hand, on a quiet machine:
//! `cargo test --release -p processor --test suite -- --ignored --nocapture --test-threads=1 cost`
//! (One test thread is the main one, in which the function works: the allocator treats others
//! differently.)

use std::fs;
use std::time::Duration;

use orders::DocumentKind;
use processor::{Settlement, render};

use crate::support::{Shop, now, signer};

/// Time that this thread was on a processor: waiting, and other programs, do not count.
fn on_processor() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

#[test]
#[ignore = "a measurement, not a check"]
fn what_an_order_costs() {
    const ORDERS: u64 = 5_000;
    let shop = Shop::new();
    let database = shop.open();
    let messages: Vec<_> = (0..ORDERS).map(|index| shop.message(index)).collect();
    let per_order = |name: &str, work: &mut dyn FnMut()| {
        let before = on_processor();
        work();
        let spent = (on_processor() - before).as_secs_f64() * 1e6 / ORDERS as f64;
        println!("{name:<28}{spent:8.1} us per order");
    };
    let records: Vec<_> = (0..ORDERS).map(|index| shop.record(index)).collect();
    per_order("parse the message", &mut || {
        records.iter().for_each(|record| drop(processor::Message::parse(record).unwrap()));
    });
    let mut invoices = Vec::new();
    per_order("transaction", &mut || {
        for message in &messages {
            match database.settle(message, now()).unwrap() {
                Settlement::Billed { invoice, .. } => invoices.push(invoice),
                other => panic!("{other:?}"),
            }
        }
    });
    per_order("transaction, second delivery", &mut || {
        messages.iter().for_each(|message| drop(database.settle(message, now()).unwrap()));
    });
    let mut bytes = [0, 0];
    for (kind, bytes) in DocumentKind::ALL.into_iter().zip(&mut bytes) {
        per_order(&format!("{kind:?}"), &mut || {
            *bytes =
                invoices.iter().map(|invoice| render(kind, invoice, signer()).bytes.len()).sum();
        });
    }
    per_order("mark stored", &mut || {
        invoices.iter().for_each(|invoice| database.mark_stored(invoice).unwrap());
    });
    println!("bytes on average: {:?}", bytes.map(|sum| sum / ORDERS as usize));
}
