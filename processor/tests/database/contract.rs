//! What every database promises, tested on both.

use std::time::Duration;

use jiff::ToSpan;
use orders::{OrderStatus, Reason, UnitPrice};
use processor::{DatabaseError, Numbers, Settlement};

use crate::server::block_on;
use crate::shop::{Kind, Shop, message, now};

/// Each test, for each kind of database.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod on_sqlite {
            $(#[test] fn $test() { super::block_on(super::$test(super::Kind::Sqlite)); })*
        }
        mod on_postgres {
            $(#[test] fn $test() { super::block_on(super::$test(super::Kind::Postgres)); })*
        }
    };
}

on_both! {
    an_order_is_billed_with_the_next_number_at_its_own_time
    the_month_of_the_access_key_is_the_emitter_s_not_greenwich_s
    a_second_delivery_finds_what_the_first_left_and_bills_nothing
    another_order_under_a_number_that_is_taken_is_recorded_and_changes_nothing
    a_refusal_is_stored_takes_nothing_and_is_final
    each_refusal_has_its_reason
    what_no_schema_sees_is_refused_with_its_reason
    a_partner_whom_only_the_gateway_knows_is_not_settled
    lots_are_reserved_first_expired_first
    a_part_is_confirmed_if_the_partner_allows_it
    what_is_due_is_what_the_invoice_says
    an_order_is_owed_until_it_is_documented
    what_was_settled_is_read_back_by_its_rows
    orders_are_spread_over_the_series
    from_2027_on_nothing_is_billed
}

async fn an_order_is_billed_with_the_next_number_at_its_own_time(kind: Kind) {
    let shop = Shop::new(kind);
    let message = shop.message(0);
    let (order, again) = shop.open().settled(&message).await;
    assert_eq!((again, order.status, order.reason), (false, OrderStatus::Confirmed, None));
    let invoice = order.invoice.unwrap();
    assert_eq!((invoice.numbering.series, invoice.numbering.number), (1, 1));
    assert_eq!(invoice.sale.issued_at.as_str(), "2026-11-23T10:15:00-03:00");
    let key = invoice.numbering.access_key.to_string();
    assert!(key.starts_with("35261111222333000181550010000000011"), "{key}");
    let items = &message.order.as_ref().unwrap().items;
    let ordered: Vec<_> = items.iter().map(|item| (item.line, item.qty.get())).collect();
    let confirmed: Vec<_> =
        order.lines.iter().map(|line| (line.line, line.qty_confirmed)).collect();
    assert_eq!(confirmed, ordered);
    // The ledger names the same invoice.
    let query = format!("SELECT count(*) FROM billing_ledger WHERE access_key = '{key}'");
    assert_eq!(shop.number(&query), 1);
}

async fn the_month_of_the_access_key_is_the_emitter_s_not_greenwich_s(kind: Kind) {
    let shop = Shop::new(kind);
    // 23:30 of 30 November in São Paulo.
    let late = "2026-12-01T02:30:00Z".parse().unwrap();
    let settled = shop.open().settle(&shop.message(0), late).await.unwrap();
    let Settlement::Settled { order, .. } = settled else { panic!("in conflict") };
    let invoice = order.invoice.unwrap();
    assert_eq!(invoice.sale.issued_at.as_str(), "2026-11-30T23:30:00-03:00");
    assert!(invoice.numbering.access_key.as_str().starts_with("352611"));
}

async fn a_second_delivery_finds_what_the_first_left_and_bills_nothing(kind: Kind) {
    let shop = Shop::new(kind);
    let message = shop.message(3);
    let (first, _) = shop.open().settled(&message).await;
    // Another environment, an hour later.
    let later = shop.open().settle(&message, now() + 1.hour()).await.unwrap();
    assert_eq!(later, Settlement::Settled { order: Box::new(first.clone()), again: true });
    assert_eq!(shop.number("SELECT count(*) FROM billing_ledger"), 1);
    let total = first.invoice.unwrap().sale.totals.total;
    assert_eq!(shop.number("SELECT sum(open_cents) FROM credit"), total.0);
    let items = &message.order.as_ref().unwrap().items;
    let ordered: u32 = items.iter().map(|item| item.qty.get()).sum();
    assert_eq!(shop.number("SELECT sum(reserved) FROM stock_lot"), i64::from(ordered));
    assert_eq!(shop.number("SELECT sum(quantity) FROM reservation"), i64::from(ordered));
}

async fn another_order_under_a_number_that_is_taken_is_recorded_and_changes_nothing(kind: Kind) {
    let shop = Shop::new(kind);
    let database = shop.open();
    let (message, other) =
        (shop.message(3), shop.altered(3, |order| order.allow_partial = !order.allow_partial));
    let (first, _) = database.settled(&message).await;
    for _ in 0..2 {
        let settled = database.settle(&other, now()).await.unwrap();
        assert_eq!(settled, Settlement::Conflicting);
    }
    assert_eq!(database.settled(&message).await, (first, true));
    assert_eq!(shop.number("SELECT count(*) FROM conflict_ledger"), 1);
    assert_eq!(shop.number("SELECT count(*) FROM billing_ledger"), 1);
}

async fn a_refusal_is_stored_takes_nothing_and_is_final(kind: Kind) {
    let shop = Shop::new(kind);
    let database = shop.open();
    let message = shop.altered(0, |order| order.allow_partial = false);
    shop.execute("UPDATE stock_lot SET on_hand = 1");
    let (refused, _) = database.settled(&message).await;
    assert_eq!((refused.status, refused.reason), (OrderStatus::Rejected, Some(Reason::OutOfStock)));
    shop.execute("UPDATE stock_lot SET on_hand = 1000");
    assert_eq!(database.settled(&message).await, (refused, true));
    for nothing in [
        "SELECT sum(reserved) FROM stock_lot",
        "SELECT sum(open_cents) FROM credit",
        "SELECT sum(quantity_confirmed) FROM order_item",
        "SELECT count(*) FROM reservation",
        "SELECT count(*) FROM receivable",
        "SELECT count(*) FROM billing_ledger",
    ] {
        assert_eq!(shop.number(nothing), 0, "{nothing}");
    }
    assert_eq!(shop.number("SELECT count(*) FROM refusal_ledger"), 1);
    // The refused order took no number: the next that is billed has the first.
    let (next, _) = database.settled(&shop.message(1)).await;
    assert_eq!(next.invoice.unwrap().numbering.number, 1);
}

async fn each_refusal_has_its_reason(kind: Kind) {
    let shop = Shop::new(kind);
    let database = shop.open();
    let mut elsewhere = shop.message(0);
    elsewhere.order_number = "another".parse().unwrap();
    let stranger = shop.altered(1, |order| order.buyer.cnpj = "12ABC34501DE35".parse().unwrap());
    let address = shop.altered(2, |order| order.ship_to.code = "NOWHERE".parse().unwrap());
    let terms = shop.altered(3, |order| order.payment_terms = "30/121".parse().unwrap());
    let past =
        shop.altered(4, |order| order.requested_delivery = Some("2026-11-22".parse().unwrap()));
    let one = |index, change: fn(&mut orders::Item)| {
        shop.altered(index, move |order| {
            order.allow_partial = false;
            change(&mut order.items[0]);
        })
    };
    let unknown = one(5, |item| item.ean = "96385074".parse().unwrap());
    let cheap = one(6, |item| item.unit_price = UnitPrice::from_1e4(item.unit_price.as_1e4() - 1));
    let loose = one(7, |item| item.qty = 7.try_into().unwrap());
    for (message, reason) in [
        (elsewhere, Reason::OrderNumberMismatch),
        (stranger, Reason::UnknownCustomer),
        (address, Reason::UnknownShipTo),
        (terms, Reason::PaymentTermsNotAllowed),
        (past, Reason::DeliveryDateInvalid),
        (unknown, Reason::UnknownEan),
        (cheap, Reason::PriceMismatch),
        (loose, Reason::PackMultiple),
    ] {
        assert_eq!(database.settled(&message).await.0.reason, Some(reason));
    }
    for (index, sql, reason) in [
        (8, "UPDATE credit SET limit_cents = 1", Reason::CreditLimit),
        (9, "UPDATE customer SET shelf_days_min = 9999", Reason::ExpiryTooShort),
        (10, "UPDATE product SET controlled = TRUE", Reason::ControlledNotLicensed),
        (11, "UPDATE product SET active = FALSE", Reason::Inactive),
        (12, "UPDATE customer SET license_until = '2026-11-22'", Reason::LicenseExpired),
        (13, "UPDATE customer SET blocked = TRUE", Reason::CustomerBlocked),
    ] {
        if reason == Reason::ControlledNotLicensed {
            shop.execute("UPDATE customer SET may_buy_controlled = FALSE");
        }
        shop.execute(sql);
        let message = shop.altered(index, |order| order.allow_partial = false);
        assert_eq!(database.settled(&message).await.0.reason, Some(reason));
    }
    assert_eq!(shop.number("SELECT count(DISTINCT reason) FROM refusal_ledger"), 14);
}

async fn what_no_schema_sees_is_refused_with_its_reason(kind: Kind) {
    let shop = Shop::new(kind);
    let fine = shop.sampler.order(0, now());
    let number = fine.order.partner_order_no.to_string();
    let body = serde_json::to_string(&fine.order).unwrap();
    let ean = fine.order.items[0].ean.as_str();
    // Another last digit is a wrong one.
    let last = ean.len() - 1;
    let wrong = format!("{}{}", &ean[..last], (ean.as_bytes()[last] - b'0' + 1) % 10);
    let message = message(fine.partner.as_str(), &number, &body.replace(ean, &wrong));
    let (order, _) = shop.open().settled(&message).await;
    assert_eq!((order.status, order.reason), (OrderStatus::Rejected, Some(Reason::BadEanDv)));
    assert_eq!((&order.lines[0].ean, order.lines[0].reason), (&wrong, Some(Reason::BadEanDv)));
    assert_eq!(shop.open().settled(&message).await, (order, true));
}

async fn a_partner_whom_only_the_gateway_knows_is_not_settled(kind: Kind) {
    let shop = Shop::new(kind);
    let mut message = shop.message(0);
    message.partner = "partner-99".parse().unwrap();
    let settled = shop.open().settle(&message, now()).await;
    assert!(matches!(settled, Err(DatabaseError::UnknownPartner)), "{settled:?}");
}

async fn lots_are_reserved_first_expired_first(kind: Kind) {
    let shop = Shop::new(kind);
    let message = shop.message(0);
    // Of every product one piece less than a pack expires first.
    shop.execute(
        "UPDATE stock_lot SET on_hand = 5 WHERE expires =
         (SELECT min(expires) FROM stock_lot other WHERE other.product_id = stock_lot.product_id)",
    );
    let (order, _) = shop.open().settled(&message).await;
    for line in order.invoice.unwrap().sale.lines {
        assert_eq!((line.lots.len(), line.lots[0].quantity), (2, 5));
        assert!(line.lots[0].expires < line.lots[1].expires);
        let quantity: u32 = line.lots.iter().map(|lot| lot.quantity).sum();
        assert_eq!(quantity, line.quantity.get());
    }
}

async fn a_part_is_confirmed_if_the_partner_allows_it(kind: Kind) {
    let shop = Shop::new(kind);
    let message = shop.altered(0, |order| {
        order.allow_partial = true;
        order.items.truncate(1);
        order.items[0].qty = 600.try_into().unwrap();
    });
    // Three lots of 5 make 15, of which 12 are whole packs.
    shop.execute("UPDATE stock_lot SET on_hand = 5");
    let (order, _) = shop.open().settled(&message).await;
    assert_eq!((order.status, order.reason), (OrderStatus::PartiallyConfirmed, None));
    let line = &order.lines[0];
    assert_eq!((line.qty_ordered, line.qty_confirmed), (600, 12));
    assert_eq!(line.reason, Some(Reason::PartialStock));
    let sold = &order.invoice.as_ref().unwrap().sale.lines[0];
    let lots: Vec<u32> = sold.lots.iter().map(|lot| lot.quantity).collect();
    assert_eq!(lots, [5, 5, 2]);
    assert_eq!(shop.open().settled(&message).await, (order, true));
}

async fn what_is_due_is_what_the_invoice_says(kind: Kind) {
    let shop = Shop::new(kind);
    let message = shop.altered(0, |order| order.payment_terms = "28/56/84".parse().unwrap());
    let (order, _) = shop.open().settled(&message).await;
    let total = order.invoice.unwrap().sale.totals.total;
    assert_eq!(shop.number("SELECT sum(cents) FROM receivable"), total.0);
    assert_eq!(shop.number("SELECT count(*) FROM receivable WHERE due = '2027-02-15'"), 1);
    assert_eq!(shop.number("SELECT total_cents FROM sales_order"), total.0);
}

async fn an_order_is_owed_until_it_is_documented(kind: Kind) {
    let shop = Shop::new(kind);
    let database = shop.open();
    let (first, _) = database.settled(&shop.message(0)).await;
    let refused = shop.altered(1, |order| order.ship_to.code = "NOWHERE".parse().unwrap());
    let (second, _) = database.settled(&refused).await;
    let minute = Duration::from_secs(60);
    let later = now() + 60.seconds();
    assert_eq!(database.owed(now(), minute, 10).await.unwrap(), []);
    let both = [first.clone(), second.clone()];
    assert_eq!(database.owed(later, minute, 10).await.unwrap(), both);
    assert_eq!(database.owed(later, minute, 1).await.unwrap().len(), 1);
    database.mark_documented(&[first.order_id]).await.unwrap();
    assert_eq!(database.owed(later, minute, 10).await.unwrap(), [second]);
    assert_eq!(shop.number("SELECT count(*) FROM billing_ledger WHERE status = 'stored'"), 1);
    assert!(database.settled(&shop.message(0)).await.0.documented);
}

async fn what_was_settled_is_read_back_by_its_rows(kind: Kind) {
    let shop = Shop::new(kind);
    let database = shop.open();
    let mut settled = Vec::new();
    for index in 0..4 {
        let minute = now() + (i64::try_from(index).unwrap() * 60).seconds();
        let Settlement::Settled { order, .. } =
            database.settle(&shop.message(index), minute).await.unwrap()
        else {
            panic!("in conflict")
        };
        settled.push(*order);
    }
    database.mark_documented(&[settled[2].order_id]).await.unwrap();
    settled[2].documented = true;
    let rows: Vec<i64> = settled.iter().map(|order| order.order_id).collect();
    let ms = |minutes: i64| now().as_millisecond() + minutes * 60_000;

    assert_eq!(database.first_from(0).await, Some((rows[0], ms(0))));
    assert_eq!(database.first_from(rows[1] + 1).await, Some((rows[2], ms(2))));
    assert_eq!(database.first_from(rows[3] + 1).await, None);
    assert_eq!(database.count(rows[1]..=rows[3]).await, (3, 1));
    assert_eq!(database.count(rows[3] + 1..=rows[3] + 9).await, (0, 0));
    let asked = [rows[3] + 1, rows[2], rows[0]];
    let mut orders = database.orders(&asked).await;
    orders.sort_by_key(|order| order.order_id);
    assert_eq!(orders, [settled[0].clone(), settled[2].clone()]);

    let mut numbers = database.numbers(rows[0]..=rows[2]).await;
    let used = numbers.pop().unwrap();
    assert_eq!((numbers.len(), used.first, used.last), (0, 1, 3));
    assert_eq!(database.issued(&used).await, 3);
    assert_eq!(database.issued(&Numbers { first: 3, last: 9, ..used.clone() }).await, 2);
    assert_eq!(database.issued(&Numbers { series: used.series + 1, ..used }).await, 0);
}

async fn orders_are_spread_over_the_series(kind: Kind) {
    let shop = Shop::with_series(kind, 4);
    let database = shop.open();
    for index in 0..60 {
        database.settled(&shop.message(index)).await;
    }
    let series = "SELECT count(*) FROM (SELECT series FROM nfe GROUP BY series
        HAVING count(*) = max(number) AND min(number) = 1) full_series";
    assert_eq!(shop.number(series), 4);
}

async fn from_2027_on_nothing_is_billed(kind: Kind) {
    let shop = Shop::new(kind);
    let database = shop.open();
    // The last second of 2026 in São Paulo, and the first of 2027.
    for (index, instant, reason) in
        [(0, "2027-01-01T02:59:59Z", None), (1, "2027-01-01T03:00:00Z", Some(Reason::NotTaxable))]
    {
        let settled = database.settle(&shop.message(index), instant.parse().unwrap()).await;
        let Settlement::Settled { order, .. } = settled.unwrap() else { panic!("in conflict") };
        assert_eq!(order.reason, reason, "{instant}");
    }
}
