use orders::{OrderError, TaxClass};

use super::*;

fn order(allow_partial: bool) -> Order {
    let body = r#"{"partner_order_no":"PO-1","issued_at":"2026-11-23T10:14:31-03:00",
        "buyer":{"cnpj":"12ABC34501DE35"},"ship_to":{"code":"CD04"},"payment_terms":"30/60",
        "requested_delivery":"2026-11-26","allow_partial":ALLOW,
        "items":[{"line":7,"ean":"7896004703398","qty":6,"unit_price":"8.3750"},
        {"line":2,"ean":"7891058001155","qty":48,"unit_price":"5.2300","discount_pct":"5.00"},
        {"line":4,"ean":"7891058001155","qty":12,"unit_price":"5.2300"}]}"#;
    Order::parse(body.replace("ALLOW", &allow_partial.to_string()).as_bytes()).unwrap()
}

fn lot(name: &str, expires: &str, free: i64) -> KnownLot {
    KnownLot {
        lot: name.to_owned(),
        made: "2025-01-01".parse().unwrap(),
        expires: expires.parse().unwrap(),
        free,
    }
}

fn product(product_id: i64, ean: &str, unit_1e4: i64, lots: Vec<KnownLot>) -> KnownProduct {
    KnownProduct {
        product_id,
        ean: ean.to_owned(),
        name: "DIPIRONA".to_owned(),
        pack: 6,
        active: true,
        controlled: false,
        ncm: "30049099".to_owned(),
        cest: None,
        origin: orders::Origin::National,
        tax_class: TaxClass::Medicine,
        registration: None,
        maximum_price_cents: None,
        unit_1e4: Some(unit_1e4),
        lots,
    }
}

/// Of the first product 50 that expire early and 100 that expire late; plenty of the second.
fn facts() -> Facts {
    Facts {
        partner_id: 3,
        series_first: 1,
        series_count: 16,
        customer: Some(KnownCustomer {
            customer_id: 4,
            cnpj: "12ABC34501DE35".to_owned(),
            name: "DROGARIA".to_owned(),
            state_registration: "110042490114".to_owned(),
            street: "RUA".to_owned(),
            house: "5".to_owned(),
            district: "CENTRO".to_owned(),
            city_code: 3_550_308,
            city: "SÃO PAULO".to_owned(),
            state: orders::State::Sp,
            postcode: "01310100".to_owned(),
            license_until: "2026-11-23".parse().unwrap(),
            may_buy_controlled: false,
            shelf_days_min: 30,
            term_days_max: 60,
            blocked: false,
            has_ship_to: true,
            limit_cents: 1_000,
            open_cents: 1,
        }),
        products: vec![
            product(
                9,
                "7891058001155",
                52_300,
                vec![lot("EARLY", "2026-12-23", 50), lot("LATE", "2027-12-31", 100)],
            ),
            product(8, "7896004703398", 83_750, vec![lot("ONLY", "2027-06-30", 6)]),
        ],
    }
}

fn today() -> Date {
    "2026-11-23".parse().unwrap()
}

fn judged(allow_partial: bool, change: impl FnOnce(&mut Facts)) -> Judgement {
    let mut facts = facts();
    change(&mut facts);
    judge(&order(allow_partial), &"PO-1".parse().unwrap(), &facts, today())
}

fn customer(facts: &mut Facts) -> &mut KnownCustomer {
    facts.customer.as_mut().unwrap()
}

/// Line, confirmed, reason.
fn lines(judgement: &Judgement) -> Vec<(u32, u32, Option<Reason>)> {
    judgement.lines.iter().map(|line| (line.line, line.confirmed, line.reason)).collect()
}

fn taken(line: &DecidedLine) -> Vec<(&str, u32)> {
    line.lots.iter().map(|taken| (taken.lot.lot.as_str(), taken.quantity)).collect()
}

#[test]
fn lines_are_served_in_their_order_from_the_lots_that_expire_first() {
    let judgement = judged(false, |_| ());
    assert_eq!(judgement.reason, None);
    assert_eq!(lines(&judgement), [(2, 48, None), (4, 12, None), (7, 6, None)]);
    assert_eq!(taken(&judgement.lines[0]), [("EARLY", 48)]);
    // Two are left of the early lot.
    assert_eq!(taken(&judgement.lines[1]), [("EARLY", 2), ("LATE", 10)]);
    // 48 x 5.23 = 251.04, of which 5 % are 12.552.
    assert_eq!(
        (judgement.lines[0].gross, judgement.lines[0].discount),
        (Cents(25_104), Cents(1_255))
    );
}

#[test]
fn the_last_piece_can_be_sold_and_one_more_cannot() {
    let stock =
        |free| move |facts: &mut Facts| facts.products[0].lots = vec![lot("L", "2027-12-31", free)];
    assert_eq!(judged(false, stock(60)).reason, None);
    let short = judged(false, stock(59));
    assert_eq!(short.reason, Some(Reason::OutOfStock));
    // What could have been confirmed is not, and takes no lot.
    assert!(short.lines.iter().all(|line| line.confirmed == 0 && line.lots.is_empty()));
    assert_eq!(lines(&short), [(2, 0, None), (4, 0, Some(Reason::OutOfStock)), (7, 0, None)]);
}

#[test]
fn a_part_is_whole_packs_of_what_is_there() {
    let judgement = judged(true, |facts| facts.products[0].lots[1].free = 9);
    assert_eq!(judgement.reason, None);
    // Of 59 the first line takes 48, of the 11 left the second takes one pack of 6.
    assert_eq!(
        lines(&judgement),
        [(2, 48, None), (4, 6, Some(Reason::PartialStock)), (7, 6, None)]
    );
    let less_than_a_pack = judged(true, |facts| facts.products[0].lots[1].free = 3);
    assert_eq!(less_than_a_pack.lines[1].reason, Some(Reason::OutOfStock));
    assert!(less_than_a_pack.is_partial());
}

#[test]
fn a_part_of_nothing_is_a_refusal_for_the_first_line_s_reason() {
    let judgement = judged(true, |facts| {
        facts.products[0].active = false;
        facts.products[1].lots.clear();
    });
    assert_eq!(judgement.reason, Some(Reason::Inactive));
    let reasons = [Some(Reason::Inactive), Some(Reason::Inactive), Some(Reason::OutOfStock)];
    assert_eq!(judgement.lines.iter().map(|line| line.reason).collect::<Vec<_>>(), reasons);
}

#[test]
fn a_lot_must_keep_as_long_as_the_customer_wants() {
    // 23 November and 30 days: 23 December is the first day that will do.
    let wants = |days| move |facts: &mut Facts| customer(facts).shelf_days_min = days;
    assert_eq!(taken(&judged(false, wants(30)).lines[0]), [("EARLY", 48)]);
    assert_eq!(taken(&judged(false, wants(31)).lines[0]), [("LATE", 48)]);
    let none = judged(false, wants(1_000));
    assert_eq!(none.reason, Some(Reason::ExpiryTooShort));
}

#[test]
fn what_expires_today_is_sold_to_nobody_and_what_expires_tomorrow_is() {
    let only = |expires: &'static str| {
        move |facts: &mut Facts| {
            customer(facts).shelf_days_min = 0;
            facts.products[0].lots = vec![lot("L", expires, 60)];
        }
    };
    assert_eq!(judged(false, only("2026-11-24")).reason, None);
    assert_eq!(judged(false, only("2026-11-23")).reason, Some(Reason::ExpiryTooShort));
}

#[test]
fn a_line_is_served_from_500_lots_at_most() {
    let of_one = |count: usize| {
        move |facts: &mut Facts| {
            facts.products[1].pack = 1;
            facts.products[1].lots =
                (0..count).map(|n| lot(&format!("{n:03}"), "2027-12-31", 1)).collect();
        }
    };
    let wants = |quantity: u32, allow_partial| {
        let mut facts = facts();
        of_one(600)(&mut facts);
        let mut order = order(allow_partial);
        order.items.retain(|item| item.line == 7);
        order.items[0].qty = quantity.try_into().unwrap();
        judge(&order, &"PO-1".parse().unwrap(), &facts, today())
    };
    let most = wants(500, false);
    assert_eq!((most.reason, most.lines[0].lots.len()), (None, 500));
    assert_eq!(wants(501, false).reason, Some(Reason::OutOfStock));
    let part = wants(501, true);
    assert_eq!(lines(&part), [(7, 500, Some(Reason::PartialStock))]);
}

#[test]
fn a_line_with_a_wrong_check_digit_does_not_hold_back_the_others() {
    let with = |allow: &str, good: &str| {
        let body = r#"{"partner_order_no":"PO-1","issued_at":"2026-11-23T10:14:31-03:00",
            "buyer":{"cnpj":"12ABC34501DE35"},"ship_to":{"code":"CD04"},"payment_terms":"30",
            "allow_partial":ALLOW,
            "items":[{"line":9,"ean":"7891058001154","qty":6,"unit_price":"5.2300"},
            {"line":3,"ean":"GOOD","qty":6,"unit_price":"8.3750"}]}"#;
        let body = body.replace("ALLOW", allow).replace("GOOD", good);
        match Order::parse(body.as_bytes()) {
            Ok(order) => judge(&order, &"PO-1".parse().unwrap(), &facts(), today()),
            Err(OrderError::Fault(fault)) => judge_fault(&fault),
            Err(error @ OrderError::Form(_)) => panic!("{error}"),
        }
    };
    let partial = with("true", "7896004703398");
    assert_eq!((partial.reason, partial.is_partial()), (None, true));
    assert_eq!(lines(&partial), [(3, 6, None), (9, 0, Some(Reason::BadEanDv))]);
    let all_or_nothing = with("false", "7896004703398");
    assert_eq!(all_or_nothing.reason, Some(Reason::BadEanDv));
    assert_eq!(lines(&all_or_nothing), [(3, 0, None), (9, 0, Some(Reason::BadEanDv))]);
    // A part of nothing: the first line's reason.
    assert_eq!(with("true", "6291041500213").reason, Some(Reason::UnknownEan));
}

/// A reason, and a change of the facts that is its cause.
type Cause = (Reason, fn(&mut Facts));

#[test]
fn each_reason_of_an_order_has_its_own_cause() {
    let cases: [Cause; 5] = [
        (Reason::UnknownCustomer, |facts| facts.customer = None),
        (Reason::CustomerBlocked, |facts| customer(facts).blocked = true),
        (Reason::LicenseExpired, |facts| {
            customer(facts).license_until = "2026-11-22".parse().unwrap();
        }),
        (Reason::UnknownShipTo, |facts| customer(facts).has_ship_to = false),
        (Reason::PaymentTermsNotAllowed, |facts| customer(facts).term_days_max = 59),
    ];
    for (reason, change) in cases {
        assert_eq!(judged(true, change).reason, Some(reason));
    }
    let (facts, number) = (facts(), "PO-1".parse().unwrap());
    let another = judge(&order(true), &"PO-2".parse().unwrap(), &facts, today());
    assert_eq!(another.reason, Some(Reason::OrderNumberMismatch));
    let mut today_s = order(true);
    today_s.requested_delivery = Some(today());
    assert_eq!(judge(&today_s, &number, &facts, today()).reason, None);
    let mut late = order(true);
    late.requested_delivery = Some("2026-11-22".parse().unwrap());
    let late = judge(&late, &number, &facts, today());
    assert_eq!(late.reason, Some(Reason::DeliveryDateInvalid));
    assert_eq!(lines(&late), [(2, 0, None), (4, 0, None), (7, 0, None)]);
}

#[test]
fn each_reason_of_a_line_has_its_own_cause() {
    let cases: [Cause; 7] = [
        (Reason::UnknownEan, |facts| drop(facts.products.remove(1))),
        (Reason::Inactive, |facts| facts.products[1].active = false),
        (Reason::ControlledNotLicensed, |facts| facts.products[1].controlled = true),
        (Reason::PriceMismatch, |facts| facts.products[1].unit_1e4 = Some(83_751)),
        (Reason::PriceMismatch, |facts| facts.products[1].unit_1e4 = Some(83_749)),
        (Reason::PriceMismatch, |facts| facts.products[1].unit_1e4 = None),
        (Reason::PackMultiple, |facts| facts.products[1].pack = 4),
    ];
    for (reason, change) in cases {
        let judgement = judged(true, change);
        assert_eq!(judgement.reason, None);
        assert_eq!(lines(&judgement), [(2, 48, None), (4, 12, None), (7, 0, Some(reason))]);
    }
}

#[test]
fn a_fault_is_refused_with_its_lines() {
    let body = r#"{"partner_order_no":"PO-1","issued_at":"2026-11-23T10:14:31-03:00",
        "buyer":{"cnpj":"12ABC34501DE35"},"ship_to":{"code":"CD04"},"payment_terms":"30",
        "items":[{"line":1,"ean":"7896004703397","qty":6,"unit_price":"8.3750"}]}"#;
    let Err(OrderError::Fault(fault)) = Order::parse(body.as_bytes()) else { panic!("no fault") };
    let judgement = judge_fault(&fault);
    assert_eq!(judgement.reason, Some(Reason::BadEanDv));
    assert_eq!(lines(&judgement), [(1, 0, Some(Reason::BadEanDv))]);
}
