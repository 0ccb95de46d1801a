//! An environment decides by what it remembers. Whatever becomes of the database meanwhile, and
//! whoever changes it, the order ends as it would for an environment that has just begun.

use orders::{OrderStatus, Reason, UnitPrice};
use processor::Settlement;

use crate::server::block_on;
use crate::shop::{Kind, Opened, Shop, now};

/// What is changed, by SQL that stands for another program, before the order `second` is sent; and
/// the reason that it then has.
struct Change {
    name: &'static str,
    sql: &'static str,
    reason: Option<Reason>,
}

/// Every fact by which an order is decided, changed once. Whether the order then is confirmed as
/// before (`None`) or not, both environments must say the same.
const CHANGES: &[Change] = &[
    Change { name: "nothing", sql: "", reason: None },
    Change {
        name: "customer blocked",
        sql: "UPDATE customer SET blocked = TRUE",
        reason: Some(Reason::CustomerBlocked),
    },
    Change {
        name: "licence ended",
        sql: "UPDATE customer SET license_until = '2026-11-22'",
        reason: Some(Reason::LicenseExpired),
    },
    Change {
        name: "terms shortened",
        sql: "UPDATE customer SET term_days_max = 27",
        reason: Some(Reason::PaymentTermsNotAllowed),
    },
    Change {
        name: "customer renamed and moved",
        sql: "UPDATE customer SET name = 'OUTRA LTDA', street = 'RUA NOVA', state = 'RJ'",
        reason: None,
    },
    Change {
        name: "customer given to nobody",
        sql: "UPDATE customer SET cnpj = '99' || substr(cnpj, 3)",
        reason: Some(Reason::UnknownCustomer),
    },
    Change {
        name: "address gone",
        sql: "DELETE FROM ship_to",
        reason: Some(Reason::UnknownShipTo),
    },
    Change {
        name: "longer shelf life wanted",
        sql: "UPDATE customer SET shelf_days_min = 9999",
        reason: Some(Reason::ExpiryTooShort),
    },
    Change {
        name: "price raised",
        sql: "UPDATE price SET unit_1e4 = unit_1e4 + 1",
        reason: Some(Reason::PriceMismatch),
    },
    Change {
        name: "new price from today on",
        sql: "INSERT INTO price SELECT product_id, price_list, '2026-11-23', unit_1e4 + 1 FROM price",
        reason: Some(Reason::PriceMismatch),
    },
    Change {
        name: "new price from tomorrow on",
        sql: "INSERT INTO price SELECT product_id, price_list, '2026-11-24', unit_1e4 + 1 FROM price",
        reason: None,
    },
    Change {
        name: "no price any more",
        sql: "DELETE FROM price",
        reason: Some(Reason::PriceMismatch),
    },
    Change {
        name: "another price list",
        sql: "UPDATE customer SET price_list = 2",
        reason: Some(Reason::PriceMismatch),
    },
    Change {
        name: "product withdrawn",
        sql: "UPDATE product SET active = FALSE",
        reason: Some(Reason::Inactive),
    },
    Change {
        name: "packs enlarged",
        sql: "UPDATE product SET pack = 997",
        reason: Some(Reason::PackMultiple),
    },
    Change {
        name: "controlled now",
        sql: "UPDATE product SET controlled = TRUE; UPDATE customer SET may_buy_controlled = FALSE",
        reason: Some(Reason::ControlledNotLicensed),
    },
    Change {
        name: "taxed otherwise and renamed",
        sql: "UPDATE product SET name = 'OUTRO', ncm = '33049910', tax_class = 'general'",
        reason: None,
    },
    Change {
        name: "first lot emptied",
        sql: "UPDATE stock_lot SET reserved = on_hand WHERE expires = (SELECT min(expires)
            FROM stock_lot other WHERE other.product_id = stock_lot.product_id)",
        reason: None,
    },
    Change {
        name: "first lot nearly emptied",
        sql: "UPDATE stock_lot SET reserved = on_hand - 1 WHERE expires = (SELECT min(expires)
            FROM stock_lot other WHERE other.product_id = stock_lot.product_id)",
        reason: None,
    },
    Change {
        name: "every lot emptied",
        sql: "UPDATE stock_lot SET reserved = on_hand",
        reason: Some(Reason::OutOfStock),
    },
    Change {
        name: "a lot that expires earlier",
        sql: "INSERT INTO stock_lot SELECT product_id, '2027-03-01', 'EARLY', '2025-03-01', 4, 0
            FROM product",
        reason: None,
    },
    Change {
        name: "a lot that expires too early",
        sql:
            "INSERT INTO stock_lot SELECT product_id, '2026-12-01', 'TOO EARLY', '2025-03-01', 4, 0
            FROM product",
        reason: None,
    },
    Change {
        name: "first lot gone",
        sql: "DELETE FROM reservation; DELETE FROM stock_lot WHERE expires = (SELECT min(expires)
            FROM stock_lot other WHERE other.product_id = stock_lot.product_id)",
        reason: None,
    },
    Change {
        name: "credit used up",
        sql: "UPDATE credit SET open_cents = limit_cents",
        reason: Some(Reason::CreditLimit),
    },
    Change {
        name: "credit lowered",
        sql: "UPDATE credit SET limit_cents = open_cents",
        reason: Some(Reason::CreditLimit),
    },
    Change {
        name: "more series",
        sql: "UPDATE establishment SET series_count = 1, series_first = 2",
        reason: None,
    },
];

/// A shop in which an environment has settled an order of a customer for some products, and so
/// knows both.
async fn acquainted() -> (Shop, Opened) {
    let shop = Shop::with_series(Kind::Postgres, 2);
    let database = shop.open();
    let (order, _) = database.settled(&shop.altered(0, all_or_nothing)).await;
    assert_eq!(order.status, OrderStatus::Confirmed);
    (shop, database)
}

fn all_or_nothing(order: &mut orders::Order) {
    order.allow_partial = false;
    order.payment_terms = "28/56/84".parse().unwrap();
}

/// The same customer orders the same products again, under another number.
fn second(shop: &Shop) -> processor::Message {
    shop.renumbered(0, "second", all_or_nothing)
}

#[test]
fn whatever_changes_meanwhile_an_order_ends_as_if_nothing_had_been_remembered() {
    for Change { name, sql, reason } in CHANGES {
        let decided = |fresh: bool| {
            block_on(async {
                let (shop, remembering) = acquainted().await;
                shop.execute(sql);
                let database = if fresh { shop.open() } else { remembering };
                let (mut order, _) = database.settled(&second(&shop)).await;
                // What is rolled back takes the row's number with it, and none of the invoice's.
                order.order_id = 0;
                order
            })
        };
        let (fresh, remembered) = (decided(true), decided(false));
        assert_eq!(fresh.reason, *reason, "{name}");
        assert_eq!(remembered, fresh, "{name}");
    }
}

#[test]
fn a_price_that_was_wrong_and_is_right_now_is_no_mismatch() {
    block_on(async {
        let (shop, database) = acquainted().await;
        let dearer = shop.renumbered(0, "dearer", |order| {
            all_or_nothing(order);
            for item in &mut order.items {
                item.unit_price = UnitPrice::from_1e4(item.unit_price.as_1e4() + 1);
            }
        });
        shop.execute("UPDATE price SET unit_1e4 = unit_1e4 + 1");
        assert_eq!(database.settled(&dearer).await.0.reason, None);
        // And the new price is remembered.
        assert_eq!(database.settled(&second(&shop)).await.0.reason, Some(Reason::PriceMismatch));
    });
}

#[test]
fn what_is_there_again_is_sold_again() {
    block_on(async {
        let (shop, database) = acquainted().await;
        shop.execute("UPDATE customer SET blocked = TRUE; UPDATE stock_lot SET reserved = on_hand");
        assert_eq!(database.settled(&second(&shop)).await.0.reason, Some(Reason::CustomerBlocked));
        shop.execute("UPDATE customer SET blocked = FALSE; UPDATE stock_lot SET reserved = 0");
        let third = shop.renumbered(0, "third", all_or_nothing);
        assert_eq!(database.settled(&third).await.0.status, OrderStatus::Confirmed);
    });
}

#[test]
fn an_order_that_another_environment_has_settled_is_found_and_not_billed_again() {
    block_on(async {
        let (shop, database) = acquainted().await;
        let message = second(&shop);
        let (theirs, again) = shop.open().settled(&message).await;
        assert!(!again);
        assert_eq!(database.settled(&message).await, (theirs, true));
        let other = shop.renumbered(0, "second", |order| order.allow_partial = true);
        assert_eq!(database.settle(&other, now()).await.unwrap(), Settlement::Conflicting);
        assert_eq!(shop.number("SELECT count(*) FROM billing_ledger"), 2);
    });
}

#[test]
fn a_partner_that_is_no_longer_active_is_not_served_from_memory() {
    block_on(async {
        let (shop, database) = acquainted().await;
        shop.execute("UPDATE partner SET active = FALSE");
        let settled = database.settle(&second(&shop), now()).await;
        assert!(matches!(settled, Err(processor::DatabaseError::UnknownPartner)), "{settled:?}");
    });
}

/// Environments take turns, and each knows of the others' orders only by what the server says.
async fn turns(environments: usize) -> (Vec<(OrderStatus, Option<Reason>, Vec<u32>)>, Shop) {
    let shop = Shop::new(Kind::Postgres);
    // Three lots of 31: five orders and a piece each.
    shop.execute("UPDATE stock_lot SET on_hand = 31");
    let opened: Vec<Opened> = (0..environments).map(|_| shop.open()).collect();
    let mut ends = Vec::new();
    for turn in 0..24 {
        let message = shop.renumbered(0, &format!("turn-{turn}"), |order| {
            order.allow_partial = true;
            order.items.truncate(1);
            order.items[0].qty = 6.try_into().unwrap();
        });
        let (order, _) = opened[turn % environments].settled(&message).await;
        let lots = |sale: processor::Sale| sale.lines[0].lots.iter().map(|l| l.quantity).collect();
        let lots = order.invoice.map(|invoice| lots(invoice.sale)).unwrap_or_default();
        ends.push((order.status, order.reason, lots));
    }
    (ends, shop)
}

#[test]
fn environments_that_take_turns_sell_the_last_pieces_of_every_lot_as_one_would() {
    block_on(async {
        let ((alone, _), (together, shop)) = (turns(1).await, turns(3).await);
        assert_eq!(together, alone);
        // 5 of 6 from each lot, with one piece of the lot before: 15 orders, and three are left.
        let confirmed = alone.iter().filter(|(status, ..)| *status == OrderStatus::Confirmed);
        assert_eq!(confirmed.count(), 15);
        assert_eq!(alone[5], (OrderStatus::Confirmed, None, vec![1, 5]));
        assert_eq!(alone[15], (OrderStatus::Rejected, Some(Reason::OutOfStock), vec![]));
        assert_eq!(shop.number("SELECT sum(reserved) FROM stock_lot"), 90);
    });
}

/// The server counts the statements that clients send.
#[test]
fn an_order_of_a_known_customer_for_known_products_takes_one_statement() {
    block_on(async {
        let shop = Shop::with_series(Kind::Postgres, 4);
        shop.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
        let database = shop.open();
        for index in 0..100 {
            database.settled(&shop.message(index)).await;
        }
        shop.execute("SELECT pg_stat_statements_reset()");
        for index in 0..100 {
            let message = shop.renumbered(index, &format!("again-{index}"), |_| ());
            database.settled(&message).await;
        }
        let calls = |of: &str| {
            shop.number(&format!(
                "SELECT sum(calls)::bigint FROM pg_stat_statements s JOIN pg_database d
                 ON d.oid = s.dbid AND d.datname = current_database()
                 WHERE query LIKE '%{of}(%' AND query NOT LIKE '%pg_stat%'"
            ))
        };
        assert_eq!(calls("settle_order"), 100);
        assert_eq!(calls("order_facts"), 0);
    });
}
