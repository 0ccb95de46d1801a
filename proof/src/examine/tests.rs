//! For each check an example that holds it and one that breaks it.

use orders::{AccessKey, AccessKeyParts, Cnpj, DocumentKey, RunTag, SampledOrder, Sampler, World};
use runlog::Outcome;

use super::*;
use crate::{Alarm, Attempt, Credit, InvoiceName, Letter, Lot, SentOrder, lines_digest};

const ORDERS: u64 = 4;

fn sampled(index: u64) -> SampledOrder {
    let sampler = Sampler::new(5, RunTag::from_seed_text("proof tests"), World::default());
    sampler.order(index, jiff::Timestamp::from_second(1_795_439_671).unwrap())
}

fn body(index: u64) -> Body {
    Body::of(&serde_json::to_vec(&sampled(index).order).unwrap())
}

fn name(index: u64) -> OrderName {
    let sampled = sampled(index);
    OrderName { partner: sampled.partner, number: sampled.order.partner_order_no }
}

fn sent(index: u64, outcomes: &[Outcome]) -> SentOrder {
    let attempts = outcomes.iter().map(|outcome| Attempt { body: 0, outcome: *outcome });
    SentOrder {
        name: name(index),
        fate: Fate::Settled,
        bodies: vec![body(index)],
        attempts: attempts.collect(),
    }
}

/// Order k has number k + 1 of series 1.
fn key(number: u32) -> AccessKey {
    let emitter: Cnpj = "11222333000181".parse().unwrap();
    AccessKey::new(&AccessKeyParts {
        state: 35,
        year: 2026,
        month: 11,
        emitter: &emitter,
        series: 1,
        number,
        code: 70_000_000 + number,
    })
}

fn lines(index: u64) -> u64 {
    let items = sampled(index).order.items;
    lines_digest(items.iter().map(|item| (item.ean.as_str().to_owned(), item.qty.get().into())))
}

fn cents(index: u64) -> i64 {
    7_000 + 11 * index.cast_signed()
}

fn row(index: u64, number: u32) -> Row {
    let access_key = key(number).to_string();
    Row {
        name: name(index),
        body_sha256: body(index).sha256,
        total_cents: cents(index),
        invoice: Some(InvoiceName { series: 1, number, access_key }),
        documented: true,
        confirmed: 30 + index.cast_signed(),
        reserved: 30 + index.cast_signed(),
    }
}

fn objects(index: u64, number: u32) -> Vec<StoredObject> {
    let OrderName { partner, number: order } = name(index);
    let nfe = NfeFacts {
        access_key: key(number).to_string(),
        series: 1,
        number,
        buyer: sampled(index).order.buyer.cnpj.to_string(),
        order_number: order.to_string(),
        total_cents: cents(index),
        lines: lines(index),
    };
    let status = StatusFacts {
        body_sha256: Some(body(index).sha256),
        rejected: false,
        partner: partner.to_string(),
        order_number: order.to_string(),
        access_key: Some(key(number).to_string()),
        total_cents: cents(index),
        ordered: lines(index),
        confirmed: lines(index),
    };
    let object = |key, contents| StoredObject { key, versions: 1, contents: Some(contents) };
    vec![
        object(
            DocumentKey::nfe(partner.clone(), order.clone(), key(number)),
            Contents::Nfe(Box::new(nfe)),
        ),
        object(
            DocumentKey::confirmation(partner.clone(), order.clone(), key(number)),
            Contents::Confirmation,
        ),
        object(DocumentKey::status(partner, order), Contents::Status(Box::new(status))),
    ]
}

/// A proof of four orders in which everything went well.
fn whole() -> Evidence {
    let numbers = || (0..ORDERS).zip(1..);
    Evidence {
        sent: (0..ORDERS).map(|index| sent(index, &[Outcome::Accepted])).collect(),
        rows: numbers().map(|(index, number)| row(index, number)).collect(),
        objects: numbers().flat_map(|(index, number)| objects(index, number)).collect(),
        next_numbers: vec![(1, 5), (2, 1)],
        lots: vec![Lot { name: "7/2028-01-01/L1".to_owned(), taken: 126, owed: 126 }],
        credits: vec![Credit {
            name: "customer 3".to_owned(),
            open_cents: 28_066,
            billed_cents: 28_066,
        }],
        ..Evidence::default()
    }
}

/// The checks that do not hold.
fn broken(evidence: &Evidence) -> Vec<CheckId> {
    examine(evidence).broken().map(|check| check.id).collect()
}

fn letter(index: u64) -> Letter {
    Letter {
        name: Some(name(index)),
        label: format!("letter of {}", name(index)),
        body_sha256: body(index).sha256,
    }
}

fn position(evidence: &Evidence, index: u64, kind: DocumentKind) -> usize {
    let number = name(index).number;
    let is =
        |object: &StoredObject| object.key.kind() == kind && *object.key.order_number() == number;
    evidence.objects.iter().position(is).unwrap()
}

#[test]
fn a_whole_proof_holds_and_its_sets_add_up() {
    let examination = examine(&whole());
    assert!(examination.holds(), "{examination:?}");
    let sets = examination.sets;
    assert_eq!((sets.distinct, sets.acknowledged, sets.documented), (4, 4, 4));
    assert_eq!((sets.lost, sets.unexpected, sets.duplicated), (0, 0, 0));
}

#[test]
fn c1_an_accepted_order_without_row_or_document_is_lost_and_named() {
    let mut evidence = whole();
    evidence.rows.remove(3);
    evidence.objects.truncate(9);
    evidence.next_numbers[0].1 = 4;
    let examination = examine(&evidence);
    assert_eq!(examination.sets.lost, 1);
    let first = examination.first_offender().unwrap();
    assert!(first.starts_with("C1") && first.contains(&name(3).to_string()), "{first}");
    for kind in DocumentKind::ALL {
        let mut evidence = whole();
        let missing = position(&evidence, 2, kind);
        evidence.objects.remove(missing);
        assert_eq!(broken(&evidence), [CheckId::C1], "{kind:?}");
    }
}

#[test]
fn c1_another_body_under_a_number_is_recorded_or_lost() {
    let mut evidence = whole();
    evidence.sent[1].bodies.push(body(9));
    evidence.sent[1].attempts.push(Attempt { body: 1, outcome: Outcome::Accepted });
    assert_eq!(broken(&evidence), [CheckId::C1]);
    evidence.conflicts.push((name(1), body(9).sha256));
    let examination = examine(&evidence);
    assert!(examination.holds(), "{examination:?}");
    assert_eq!(examination.sets.conflicting, 1);
}

#[test]
fn c1_what_no_code_can_process_is_in_the_dead_letter_queue_or_lost() {
    let mut evidence = whole();
    evidence.sent.push(SentOrder { fate: Fate::DeadLetter, ..sent(7, &[Outcome::Accepted]) });
    assert_eq!(broken(&evidence), [CheckId::C1]);
    evidence.letters.push(letter(7));
    evidence.left.dead.push(letter(7));
    let examination = examine(&evidence);
    assert!(examination.holds(), "{examination:?}");
    assert_eq!((examination.sets.dead, examination.sets.in_dead_letters), (1, 1));
}

#[test]
fn c2_what_nobody_sent_is_unexpected() {
    let mut evidence = whole();
    evidence.rows.push(Row { invoice: None, ..row(8, 5) });
    assert_eq!(broken(&evidence), [CheckId::C2]);
    let mut evidence = whole();
    evidence.strays.push("nfe/stray.txt".to_owned());
    assert_eq!(broken(&evidence), [CheckId::C2]);
    let mut evidence = whole();
    evidence.letters.push(Letter { body_sha256: [9; 32], ..letter(1) });
    evidence.may_die = true;
    assert_eq!(broken(&evidence), [CheckId::C2]);
}

#[test]
fn c2_what_was_refused_at_the_gate_leaves_no_trace() {
    let mut evidence = whole();
    evidence.sent[2].attempts[0].outcome = Outcome::Rejected;
    assert!(broken(&evidence).contains(&CheckId::C2));
    let mut evidence = whole();
    evidence.sent.push(SentOrder { fate: Fate::NotTaken, ..sent(7, &[Outcome::Rejected]) });
    let examination = examine(&evidence);
    assert!(examination.holds() && examination.sets.turned_away == 1, "{examination:?}");
    evidence.sent[4].attempts[0].outcome = Outcome::Accepted;
    assert_eq!(broken(&evidence), [CheckId::C2]);
}

#[test]
fn c2_what_must_be_refused_is_not_billed() {
    let mut evidence = whole();
    evidence.sent[0].fate = Fate::Refused;
    assert_eq!(broken(&evidence), [CheckId::C2]);
}

#[test]
fn c3_a_second_row_invoice_object_or_version_is_a_duplicate() {
    let mut evidence = whole();
    evidence.rows.push(row(2, 5));
    evidence.objects.extend(objects(2, 5).into_iter().take(2));
    let examination = examine(&evidence);
    assert!(examination.sets.duplicated >= 3, "{examination:?}");
    let mut evidence = whole();
    evidence.objects[4].versions = 2;
    assert_eq!(broken(&evidence), [CheckId::C3]);
}

#[test]
fn c3_a_number_given_twice_or_to_nobody_breaks_it_and_a_recorded_one_does_not() {
    let mut evidence = whole();
    evidence.next_numbers[0].1 = 6;
    assert_eq!(broken(&evidence), [CheckId::C3]);
    evidence.given_up.push((1, 5));
    assert_eq!(broken(&evidence), []);
    let mut evidence = whole();
    evidence.next_numbers[1].1 = 2;
    assert_eq!(broken(&evidence), [CheckId::C3]);
    let mut evidence = whole();
    evidence.rows[1].invoice = evidence.rows[0].invoice.clone();
    assert!(broken(&evidence).contains(&CheckId::C3));
}

#[test]
fn c3_stock_and_money_move_once() {
    for change in [
        (|evidence: &mut Evidence| evidence.lots[0].taken += 1) as fn(&mut Evidence),
        |evidence| evidence.rows[2].reserved += 1,
        |evidence| evidence.credits[0].open_cents += 1,
    ] {
        let mut evidence = whole();
        change(&mut evidence);
        assert_eq!(broken(&evidence), [CheckId::C3]);
    }
}

#[test]
fn c4_a_document_that_says_something_else_is_seen() {
    type Change = fn(&mut NfeFacts);
    let changes: [Change; 5] = [
        |facts| facts.lines ^= 1,
        |facts| facts.total_cents += 1,
        |facts| facts.buyer = "11222333000181".to_owned(),
        |facts| facts.number += 1,
        |facts| facts.order_number.push('x'),
    ];
    for change in changes {
        let mut evidence = whole();
        let place = position(&evidence, 1, DocumentKind::Nfe);
        let Some(Contents::Nfe(facts)) = &mut evidence.objects[place].contents else {
            panic!("an NF-e")
        };
        change(facts);
        assert_eq!(broken(&evidence), [CheckId::C4]);
    }
    let mut evidence = whole();
    evidence.objects[0].contents = Some(Contents::Unreadable);
    assert_eq!(broken(&evidence), [CheckId::C4]);
}

#[test]
fn c4_a_status_of_another_body_or_line_is_seen() {
    type Change = fn(&mut StatusFacts);
    let changes: [Change; 4] = [
        |facts| facts.body_sha256 = Some([1; 32]),
        |facts| facts.ordered ^= 1,
        |facts| facts.access_key = None,
        |facts| facts.total_cents = 0,
    ];
    for change in changes {
        let mut evidence = whole();
        let place = position(&evidence, 3, DocumentKind::Status);
        let Some(Contents::Status(facts)) = &mut evidence.objects[place].contents else {
            panic!("a status")
        };
        change(facts);
        assert_eq!(broken(&evidence), [CheckId::C4]);
    }
}

#[test]
fn c5_an_order_filed_under_another_partner_is_seen() {
    let mut evidence = whole();
    let other = if name(0).partner.as_str() == "partner-05" { "partner-04" } else { "partner-05" };
    evidence.rows[0].name.partner = other.parse().unwrap();
    let found = broken(&evidence);
    assert!(found.contains(&CheckId::C5), "{found:?}");
    let mut evidence = whole();
    let place = position(&evidence, 0, DocumentKind::Status);
    let Some(Contents::Status(facts)) = &mut evidence.objects[place].contents else {
        panic!("a status")
    };
    facts.partner = other.to_owned();
    assert_eq!(broken(&evidence), [CheckId::C5]);
}

#[test]
fn c6_nothing_waits_and_nothing_is_dead_without_need() {
    let mut evidence = whole();
    evidence.left.queue = 3;
    assert_eq!(broken(&evidence), [CheckId::C6]);
    assert_eq!(examine(&evidence).sets.undrained, 3);
    let mut evidence = whole();
    evidence.letters.push(letter(1));
    assert_eq!(broken(&evidence), [CheckId::C6]);
    evidence.may_die = true;
    assert_eq!(broken(&evidence), []);
    let mut evidence = whole();
    evidence.rows[2].documented = false;
    assert_eq!(broken(&evidence), [CheckId::C6]);
}

#[test]
fn c7_an_order_that_was_not_promised_is_whole_or_absent() {
    let mut evidence = whole();
    evidence.sent[3] = sent(3, &[Outcome::Unknown, Outcome::Failed]);
    let examination = examine(&evidence);
    assert!(examination.holds() && examination.sets.recovered == 1, "{examination:?}");
    evidence.objects.pop();
    assert_eq!(broken(&evidence), [CheckId::C7]);
    evidence.objects.truncate(9);
    evidence.rows.pop();
    evidence.next_numbers[0].1 = 4;
    let examination = examine(&evidence);
    assert!(examination.holds() && examination.sets.absent == 1, "{examination:?}");
}

#[test]
fn c8_an_alarm_that_was_due_must_have_fired() {
    let alarm = |due, fired| Alarm { name: "dead letters".to_owned(), due, fired };
    for (due, fired, holds) in
        [(true, true, true), (true, false, false), (false, false, true), (false, true, true)]
    {
        let evidence = Evidence { alarms: vec![alarm(due, fired)], ..whole() };
        assert_eq!(broken(&evidence).is_empty(), holds, "{due} {fired}");
    }
}

#[test]
fn a_loss_and_a_duplicate_do_not_cancel_out() {
    let mut evidence = whole();
    let place = position(&evidence, 0, DocumentKind::Confirmation);
    let mut again = evidence.objects.remove(place);
    again.key = DocumentKey::confirmation(name(1).partner, name(1).number, key(9));
    evidence.objects.push(again);
    let sets = examine(&evidence).sets;
    assert_eq!((sets.lost, sets.duplicated), (1, 1));
}
