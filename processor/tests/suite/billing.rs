//! Each order is settled once, whatever is delivered, however often and by whom.

use std::collections::BTreeSet;
use std::thread;

use jiff::ToSpan;
use orders::{DocumentKind, UnitPrice};
use processor::{DatabaseError, Invoice, Settlement, SqliteDatabase, create_database, render};

use crate::support::{Shop, altered, now, signer};

fn invoice(settlement: Settlement) -> (Invoice, bool) {
    match settlement {
        Settlement::Billed { invoice, again } => (*invoice, again),
        other => panic!("not billed: {other:?}"),
    }
}

fn refusal(database: &SqliteDatabase, message: &processor::Message) -> String {
    match database.settle(message, now()).unwrap() {
        Settlement::Refused { reason, .. } => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn an_order_is_billed_with_the_next_number_at_its_own_time() {
    let shop = Shop::new();
    let message = shop.message(0);
    let (invoice, again) = invoice(shop.open().settle(&message, now()).unwrap());
    assert!(!again);
    assert_eq!((invoice.numbering.series, invoice.numbering.number), (1, 1));
    assert_eq!(invoice.sale.issued_at.as_str(), "2026-11-23T10:15:00-03:00");
    assert_eq!(invoice.sale.totals.total, message.order.total());
    assert!(
        invoice.numbering.access_key.as_str().starts_with("35261111222333000181550010000000011")
    );
    let lines: Vec<_> = invoice.sale.lines.iter().map(|line| (line.line, &line.gtin)).collect();
    let items: Vec<_> = message.order.items.iter().map(|item| (item.line, &item.ean)).collect();
    assert_eq!(lines, items);
}

#[test]
fn the_month_of_the_access_key_is_the_emitter_s_not_greenwich_s() {
    let shop = Shop::new();
    // 23:30 of 30 November in São Paulo.
    let late = "2026-12-01T02:30:00Z".parse().unwrap();
    let (invoice, _) = invoice(shop.open().settle(&shop.message(0), late).unwrap());
    assert_eq!(invoice.sale.issued_at.as_str(), "2026-11-30T23:30:00-03:00");
    assert!(invoice.numbering.access_key.as_str().starts_with("352611"));
}

#[test]
fn a_second_delivery_gives_the_same_bytes_and_bills_nothing() {
    let shop = Shop::new();
    let message = shop.message(3);
    let (first, _) = invoice(shop.open().settle(&message, now()).unwrap());
    // Another process, an hour later.
    let (second, again) = invoice(shop.open().settle(&message, now() + 1.hour()).unwrap());
    assert!(again);
    for kind in DocumentKind::ALL {
        assert_eq!(render(kind, &first, signer()), render(kind, &second, signer()));
    }
    assert_eq!(shop.number("SELECT count(*) FROM billing_ledger"), 1);
    let open = shop.number("SELECT sum(open_cents) FROM credit");
    assert_eq!(open, message.order.total().0);
    let ordered: u32 = message.order.items.iter().map(|item| item.qty.get()).sum();
    assert_eq!(shop.number("SELECT sum(reserved) FROM stock"), i64::from(ordered));
}

#[test]
fn another_order_under_a_number_that_is_taken_is_recorded_and_changes_nothing() {
    let shop = Shop::new();
    let database = shop.open();
    let message = shop.message(3);
    let other = altered(&message, |order| order.allow_partial = !order.allow_partial);
    let (first, _) = invoice(database.settle(&message, now()).unwrap());
    for _ in 0..2 {
        assert_eq!(database.settle(&other, now()).unwrap(), Settlement::Conflicting);
    }
    assert_eq!(invoice(database.settle(&message, now()).unwrap()), (first, true));
    assert_eq!(shop.number("SELECT count(*) FROM conflict_ledger"), 1);
    assert_eq!(shop.number("SELECT count(*) FROM billing_ledger"), 1);
}

#[test]
fn the_same_number_of_two_partners_is_two_orders() {
    let shop = Shop::new();
    let database = shop.open();
    let of_first = (0..).map(|k| shop.message(k)).find(|m| m.partner.as_str() == "partner-01");
    let of_second = (0..).map(|k| shop.message(k)).find(|m| m.partner.as_str() == "partner-02");
    let (first, mut second) = (of_first.unwrap(), of_second.unwrap());
    second.order_number = first.order_number.clone();
    second.order.partner_order_no = first.order_number.clone();
    assert!(!invoice(database.settle(&first, now()).unwrap()).1);
    assert!(!invoice(database.settle(&second, now()).unwrap()).1);
}

#[test]
fn a_refusal_is_stored_takes_nothing_and_is_final() {
    let shop = Shop::new();
    let database = shop.open();
    let message = shop.message(0);
    shop.sql().execute("UPDATE stock SET on_hand = 5", []).unwrap();
    assert_eq!(refusal(&database, &message), "OUT_OF_STOCK");
    shop.sql().execute("UPDATE stock SET on_hand = 1000", []).unwrap();
    assert_eq!(refusal(&database, &message), "OUT_OF_STOCK");
    assert_eq!(shop.number("SELECT sum(reserved) FROM stock"), 0);
    assert_eq!(shop.number("SELECT sum(open_cents) FROM credit"), 0);
    assert_eq!(shop.number("SELECT count(*) FROM order_item"), 0);
    assert_eq!(shop.number("SELECT count(*) FROM refusal_ledger"), 1);
    // The refused order took no number: the next that is billed has the first.
    let (next, _) = invoice(database.settle(&shop.message(1), now()).unwrap());
    assert_eq!(next.number, 1);
}

#[test]
fn each_refusal_has_its_reason() {
    let shop = Shop::new();
    let database = shop.open();
    let mut elsewhere = shop.message(0);
    elsewhere.order_number = "another".parse().unwrap();
    assert_eq!(refusal(&database, &elsewhere), "ORDER_NUMBER_MISMATCH");
    let stranger =
        altered(&shop.message(1), |order| order.buyer.cnpj = "12ABC34501DE35".parse().unwrap());
    assert_eq!(refusal(&database, &stranger), "UNKNOWN_CUSTOMER");
    let no_product =
        altered(&shop.message(2), |order| order.items[0].ean = "96385074".parse().unwrap());
    assert_eq!(refusal(&database, &no_product), "UNKNOWN_EAN");
    let cheap = altered(&shop.message(3), |order| {
        order.items[0].unit_price = UnitPrice::from_1e4(order.items[0].unit_price.as_1e4() - 1);
    });
    assert_eq!(refusal(&database, &cheap), "PRICE_MISMATCH");
    shop.sql().execute("UPDATE credit SET limit_cents = 100", []).unwrap();
    assert_eq!(refusal(&database, &shop.message(4)), "CREDIT_LIMIT");
    shop.sql().execute("UPDATE customer SET blocked = 1", []).unwrap();
    assert_eq!(refusal(&database, &shop.message(5)), "CUSTOMER_BLOCKED");
    assert_eq!(shop.number("SELECT count(DISTINCT reason) FROM refusal_ledger"), 6);
}

#[test]
fn a_partner_whom_only_the_gateway_knows_is_not_settled() {
    let shop = Shop::new();
    let mut message = shop.message(0);
    message.partner = "partner-99".parse().unwrap();
    let settled = shop.open().settle(&message, now());
    assert!(matches!(settled, Err(DatabaseError::UnknownPartner)));
}

#[test]
fn an_invoice_is_owed_until_its_documents_are_stored() {
    let shop = Shop::new();
    let database = shop.open();
    let (invoice, _) = invoice(database.settle(&shop.message(0), now()).unwrap());
    let owed = "SELECT count(*) FROM billing_ledger WHERE status = 'numbered'";
    assert_eq!(shop.number(owed), 1);
    database.mark_stored(&invoice).unwrap();
    assert_eq!(shop.number(owed), 0);
}

#[test]
fn an_order_that_two_processes_have_at_once_is_billed_once() {
    let shop = Shop::new();
    for index in 0..50 {
        let message = shop.message(index);
        let billed: Vec<(Invoice, bool)> = thread::scope(|scope| {
            let settle = || invoice(shop.open().settle(&message, now()).unwrap());
            let threads = [scope.spawn(settle), scope.spawn(settle)];
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(billed[0].0, billed[1].0);
        assert_eq!(billed.iter().filter(|(_, again)| *again).count(), 1);
    }
    assert_eq!(shop.number("SELECT count(*) FROM billing_ledger"), 50);
}

#[test]
fn numbers_have_no_gap_whoever_takes_them_and_whatever_is_refused_between() {
    const PROCESSES: u64 = 4;
    const ORDERS: u64 = 400;
    let shop = Shop::new();
    thread::scope(|scope| {
        for process in 0..PROCESSES {
            let shop = &shop;
            scope.spawn(move || {
                let database = shop.open();
                for index in (process..ORDERS).step_by(PROCESSES as usize) {
                    let message = altered(&shop.message(index), |order| {
                        // Every tenth asks for a price of its own and is refused.
                        if index % 10 == 0 {
                            order.items[0].unit_price = UnitPrice::from_1e4(1);
                        }
                    });
                    database.settle(&message, now()).unwrap();
                }
            });
        }
    });
    let connection = shop.sql();
    let mut numbers = connection.prepare("SELECT number FROM billing_ledger").unwrap();
    let numbers: BTreeSet<i64> =
        numbers.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(numbers, (1..=360).collect());
    assert_eq!(shop.number("SELECT count(*) FROM refusal_ledger"), 40);
}

#[test]
fn a_database_is_made_once_and_opened_only_if_it_is_there() {
    let shop = Shop::new();
    assert!(create_database(&shop.path(), &orders::World::default()).is_err());
    assert!(SqliteDatabase::open(&shop.path().with_extension("none")).is_err());
}
