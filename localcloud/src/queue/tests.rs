//! What AWS promises of a standard queue, and then the promises for any sequence of calls.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::ids::IdSource;
use crate::message::{Attributes, Draft};

const SETTINGS: QueueSettings = QueueSettings {
    visibility_ms: 30_000,
    retention_ms: 3_600_000,
    delay_ms: 0,
    max_receive_count: Some(3),
};
const ALL: Take = Take { count_max: 10, bytes_max: usize::MAX, visibility_ms: 30_000 };

fn message(body: &str, sent_ms: u64) -> Arc<Message> {
    let draft = Draft::new(body.to_owned(), Attributes::default(), usize::MAX).unwrap();
    Arc::new(Message::new(IdSource::new().next(), draft, sent_ms))
}

fn queue_with(bodies: &[&str]) -> Queue {
    let mut queue = Queue::new(SETTINGS);
    for body in bodies {
        queue.put(1000, message(body, 1000), 0, None);
    }
    queue
}

fn bodies(received: &Received) -> Vec<String> {
    received.deliveries.iter().map(|delivery| delivery.message.payload().body.clone()).collect()
}

#[test]
fn messages_come_in_the_order_they_were_sent() {
    let mut queue = queue_with(&["a", "b", "c"]);
    assert_eq!(bodies(&queue.receive(1000, Take { count_max: 2, ..ALL })), ["a", "b"]);
    assert_eq!(bodies(&queue.receive(1000, ALL)), ["c"]);
    assert_eq!(queue.depth(), Depth { visible: 0, not_visible: 3, delayed: 0 });
}

#[test]
fn a_received_message_comes_back_when_its_visibility_timeout_ends() {
    let mut queue = queue_with(&["a"]);
    queue.receive(1000, ALL);
    assert!(queue.receive(30_999, ALL).deliveries.is_empty());
    let again = queue.receive(31_000, ALL);
    assert_eq!(bodies(&again), ["a"]);
    assert_eq!(again.deliveries[0].receipt.receive_count, 2);
    assert_eq!(again.deliveries[0].first_receive_ms, 1000);
}

#[test]
fn a_deleted_message_does_not_come_back() {
    let mut queue = queue_with(&["a"]);
    let receipt = queue.receive(1000, ALL).deliveries[0].receipt;
    assert!(queue.delete(receipt));
    assert!(queue.receive(500_000, ALL).deliveries.is_empty());
    assert_eq!(queue.depth(), Depth::default());
}

#[test]
fn a_message_comes_back_once_from_a_deletion() {
    let mut queue = queue_with(&["a"]);
    let first = queue.receive(1000, ALL).deliveries[0].receipt;
    assert!(queue.may_bring_back(first));
    queue.bring_back(first);
    assert!(!queue.may_bring_back(first), "it is visible, not in flight");
    let again = queue.receive(1000, ALL);
    assert_eq!(bodies(&again), ["a"]);
    let second = again.deliveries[0].receipt;
    assert_eq!(second.receive_count, 2);
    assert!(!queue.may_bring_back(second) && !queue.may_bring_back(first));
    assert!(queue.delete(second) && queue.is_empty());
}

#[test]
fn the_last_trades_places_with_one_that_waits_and_never_in_a_fifo_queue() {
    let mut queue = queue_with(&["a", "b", "c", "d"]);
    // 6 mod 4: with "c".
    queue.trade_places(6);
    assert_eq!(bodies(&queue.receive(1000, ALL)), ["a", "b", "d", "c"]);
    queue.trade_places(6);
    assert!(queue.receive(1000, ALL).deliveries.is_empty());
    let mut fifo = Queue::fifo(SETTINGS);
    for body in ["a", "b", "c"] {
        fifo.put(1000, message(body, 1000), 0, None);
    }
    fifo.trade_places(0);
    assert_eq!(bodies(&fifo.receive(1000, ALL)), ["a", "b", "c"]);
}

#[test]
fn the_last_receipt_deletes_even_after_its_timeout() {
    let mut queue = queue_with(&["a"]);
    let receipt = queue.receive(1000, ALL).deliveries[0].receipt;
    queue.advance(40_000);
    assert_eq!(queue.depth().visible, 1);
    assert!(queue.delete(receipt));
    assert!(queue.receive(40_000, ALL).deliveries.is_empty());
}

#[test]
fn a_receipt_that_a_later_receive_withdrew_deletes_nothing() {
    let mut queue = queue_with(&["a"]);
    let old = queue.receive(1000, ALL).deliveries[0].receipt;
    queue.receive(31_000, ALL);
    assert!(!queue.delete(old));
    assert_eq!(bodies(&queue.receive(61_000, ALL)), ["a"]);
}

#[test]
fn the_receive_that_would_exceed_the_limit_dead_letters_with_the_original_timestamp() {
    let mut queue = queue_with(&["poison"]);
    for receive in 0..3 {
        assert_eq!(bodies(&queue.receive(1000 + receive * 30_000, ALL)), ["poison"]);
    }
    let fourth = queue.receive(91_000, ALL);
    assert!(fourth.deliveries.is_empty());
    assert_eq!(fourth.dead[0].message.sent_ms, 1000);
    assert_eq!(queue.depth().not_visible, 1, "it counts here until the other queue has it");
    queue.forget(fourth.dead[0].sequence);
    assert_eq!(queue.depth(), Depth::default());
}

#[test]
fn a_message_that_could_not_leave_is_still_there() {
    let mut queue = queue_with(&["a"]);
    let leaving = queue.take_away(1000, 10);
    queue.keep(leaving[0].sequence);
    assert_eq!(bodies(&queue.receive(1000, ALL)), ["a"]);
}

#[test]
fn a_dead_letter_keeps_its_retention_clock_and_restarts_its_age() {
    let mut dead_letters = Queue::new(SETTINGS);
    dead_letters.put(3_000_000, message("a", 1000), 0, None);
    assert_eq!(dead_letters.oldest_age_ms(3_000_700), 700);
    assert_eq!(bodies(&dead_letters.receive(3_600_999, Take { visibility_ms: 0, ..ALL })), ["a"]);
    dead_letters.advance(3_601_000);
    assert_eq!((dead_letters.expired(), dead_letters.depth()), (1, Depth::default()));
}

#[test]
fn retention_deletes_what_is_in_flight_too() {
    let mut queue = queue_with(&["a", "b"]);
    let receipt = queue.receive(3_600_000, Take { count_max: 1, ..ALL }).deliveries[0].receipt;
    queue.advance(3_601_000);
    assert_eq!(queue.expired(), 2);
    assert!(!queue.delete(receipt));
}

#[test]
fn a_delayed_message_waits_its_delay() {
    let mut queue = Queue::new(SETTINGS);
    queue.put(1000, message("a", 1000), 500, None);
    assert_eq!(queue.depth(), Depth { visible: 0, not_visible: 0, delayed: 1 });
    assert_eq!(queue.next_change_ms(), Some(1500));
    assert!(queue.receive(1499, ALL).deliveries.is_empty());
    assert_eq!(bodies(&queue.receive(1500, ALL)), ["a"]);
}

#[test]
fn a_delay_is_no_longer_because_the_clock_was_set_back_between_two_processes() {
    let mut before = Queue::new(SETTINGS);
    before.put(900_000, message("a", 900_000), 500, None);
    let mut after = Queue::new(SETTINGS);
    before.snapshots().for_each(|snapshot| after.restore(2000, snapshot));
    assert!(after.receive(2499, ALL).deliveries.is_empty());
    assert_eq!(bodies(&after.receive(2500, ALL)), ["a"]);
}

#[test]
fn visibility_changes_only_for_the_current_receipt_in_flight() {
    let mut queue = queue_with(&["a"]);
    let receipt = queue.receive(1000, ALL).deliveries[0].receipt;
    assert_eq!(queue.change_visibility(2000, receipt, 60_000), VisibilityChange::Changed);
    assert!(queue.receive(61_999, ALL).deliveries.is_empty());
    assert_eq!(queue.change_visibility(61_999, receipt, 0), VisibilityChange::Changed);
    assert_eq!(queue.change_visibility(61_999, receipt, 9), VisibilityChange::NotInFlight);
    assert_eq!(bodies(&queue.receive(61_999, ALL)), ["a"]);
    assert_eq!(queue.change_visibility(62_000, receipt, 9), VisibilityChange::Gone);
}

#[test]
fn the_age_metric_looks_past_a_message_received_three_times() {
    let mut queue = Queue::new(QueueSettings { max_receive_count: None, ..SETTINGS });
    queue.put(1000, message("stuck", 1000), 0, None);
    queue.put(5000, message("young", 5000), 0, None);
    for _ in 0..2 {
        queue.receive(6000, Take { count_max: 1, visibility_ms: 0, ..ALL });
        queue.receive(6000, Take { count_max: 1, visibility_ms: 0, ..ALL });
    }
    assert_eq!(queue.oldest_age_ms(7000), 6000);
    queue.receive(6000, Take { count_max: 1, ..ALL });
    assert_eq!(queue.oldest_age_ms(7000), 2000);
}

#[test]
fn no_more_than_the_documented_number_is_in_flight() {
    let mut queue = Queue::new(SETTINGS);
    let message = message("a", 1000);
    for _ in 0..=IN_FLIGHT_MAX {
        queue.put(1000, message.clone(), 0, None);
    }
    let all = queue.receive(1000, Take { count_max: usize::MAX, ..ALL });
    assert_eq!((all.deliveries.len(), all.over_limit), (IN_FLIGHT_MAX, true));
    assert!(queue.delete(all.deliveries[0].receipt));
    assert_eq!(queue.receive(1000, ALL).deliveries.len(), 1);
}

#[test]
fn a_batch_stops_at_its_bytes_but_never_empty() {
    let mut queue = queue_with(&["aaaa", "bbbb", "cc"]);
    let take = Take { bytes_max: 6, ..ALL };
    assert_eq!(bodies(&queue.receive(1000, Take { bytes_max: 1, ..ALL })), ["aaaa"]);
    assert_eq!(bodies(&queue.receive(1000, take)), ["bbbb", "cc"]);
}

#[test]
fn a_purged_queue_is_empty_and_old_receipts_do_not_hit_new_messages() {
    let mut queue = queue_with(&["a"]);
    let old = queue.receive(1000, ALL).deliveries[0].receipt;
    queue.purge();
    queue.put(2000, message("b", 2000), 0, None);
    queue.receive(2000, ALL);
    assert!(!queue.delete(old));
    assert_eq!(queue.depth().not_visible, 1);
}

#[derive(Clone, Debug)]
enum Step {
    Send { delay_ms: u64 },
    Receive { count: usize, visibility_ms: u64 },
    DeleteOldest,
    DeleteNewest,
    Change { visibility_ms: u64 },
    Wait { ms: u64 },
    Move,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3_u64).prop_map(|n| Step::Send { delay_ms: n * 500 }),
        (1..5_usize, 0..4_u64)
            .prop_map(|(count, n)| Step::Receive { count, visibility_ms: n * 1000 }),
        Just(Step::DeleteOldest),
        Just(Step::DeleteNewest),
        (0..4_u64).prop_map(|n| Step::Change { visibility_ms: n * 1000 }),
        (0..2000_u64).prop_map(|ms| Step::Wait { ms }),
        Just(Step::Move),
    ]
}

proptest! {
    /// Every message sent is deleted, dead-lettered or still counted: none is lost, none is
    /// made, and none comes back after its deletion.
    #[test]
    fn no_message_is_lost_or_made(steps in prop::collection::vec(step(), 1..120)) {
        let mut queue = Queue::new(SETTINGS);
        let (mut now, mut sent, mut gone) = (1_000_u64, 0_usize, 0_usize);
        let mut receipts: Vec<Receipt> = Vec::new();
        let mut deleted: BTreeSet<Sequence> = BTreeSet::new();
        for step in steps {
            match step {
                Step::Send { delay_ms } => {
                    queue.put(now, message("m", now), delay_ms, None);
                    sent += 1;
                }
                Step::Receive { count, visibility_ms } => {
                    let received = queue.receive(now, Take { count_max: count, visibility_ms, ..ALL });
                    prop_assert!(received.deliveries.len() <= count);
                    for delivery in &received.deliveries {
                        prop_assert!(!deleted.contains(&delivery.receipt.sequence));
                        prop_assert!(delivery.receipt.receive_count <= 3);
                        receipts.push(delivery.receipt);
                    }
                    gone += received.dead.len();
                    received.dead.iter().for_each(|dead| queue.forget(dead.sequence));
                }
                Step::DeleteOldest | Step::DeleteNewest => {
                    let newest = matches!(step, Step::DeleteNewest);
                    let receipt = if newest { receipts.pop() } else { (!receipts.is_empty()).then(|| receipts.remove(0)) };
                    if let Some(receipt) = receipt && queue.delete(receipt) {
                        prop_assert!(deleted.insert(receipt.sequence));
                        gone += 1;
                    }
                }
                Step::Change { visibility_ms } => {
                    if let Some(receipt) = receipts.last() {
                        queue.change_visibility(now, *receipt, visibility_ms);
                    }
                }
                Step::Wait { ms } => {
                    now += ms;
                    queue.advance(now);
                }
                Step::Move => {
                    let leaving = queue.take_away(now, 1);
                    gone += leaving.len();
                    leaving.iter().for_each(|one| queue.forget(one.sequence));
                }
            }
            let depth = queue.depth();
            prop_assert_eq!(depth.visible + depth.not_visible + depth.delayed + gone, sent);
            prop_assert_eq!(queue.entries.len() + gone, sent);
            prop_assert_eq!(queue.timers.len(), depth.not_visible + depth.delayed);
        }
    }
}

fn in_group(body: &str, group: &str) -> Arc<Message> {
    let mut draft = Draft::new(body.to_owned(), Attributes::default(), usize::MAX).unwrap();
    draft.extras = Some(Box::new(crate::message::Extras {
        group: Some(group.to_owned()),
        ..crate::message::Extras::default()
    }));
    Arc::new(Message::new(IdSource::new().next(), draft, 1000))
}

fn fifo_with(messages: &[(&str, &str)]) -> Queue {
    let mut queue = Queue::fifo(SETTINGS);
    for (body, group) in messages {
        queue.put(1000, in_group(body, group), 0, None);
    }
    queue
}

#[test]
fn a_group_is_blocked_while_one_of_its_messages_is_in_flight() {
    let mut queue = fifo_with(&[("a1", "a"), ("b1", "b"), ("a2", "a")]);
    let one = Take { count_max: 1, ..ALL };
    let first = queue.receive(1000, one);
    assert_eq!(bodies(&first), ["a1"]);
    assert_eq!(bodies(&queue.receive(1000, ALL)), ["b1"]);
    assert!(queue.receive(1000, ALL).deliveries.is_empty());
    assert!(queue.delete(first.deliveries[0].receipt));
    assert_eq!(bodies(&queue.receive(1000, ALL)), ["a2"]);
}

#[test]
fn one_receive_takes_what_it_can_of_one_group_before_the_next() {
    let mut queue = fifo_with(&[("a1", "a"), ("b1", "b"), ("a2", "a"), ("b2", "b")]);
    assert_eq!(bodies(&queue.receive(1000, Take { count_max: 3, ..ALL })), ["a1", "a2", "b1"]);
    assert!(queue.receive(1000, ALL).deliveries.is_empty());
}

#[test]
fn a_message_that_comes_back_keeps_its_place_in_its_group() {
    let mut queue = fifo_with(&[("a1", "a"), ("a2", "a")]);
    queue.receive(1000, Take { count_max: 1, ..ALL });
    assert_eq!(bodies(&queue.receive(31_000, ALL)), ["a1", "a2"]);
}

#[test]
fn a_receipt_may_hide_its_message_for_twelve_hours_in_all() {
    let mut queue = queue_with(&["a"]);
    let receipt = queue.receive(1000, Take { visibility_ms: 60_000, ..ALL }).deliveries[0].receipt;
    assert_eq!(queue.change_visibility(1999, receipt, 43_200_000), VisibilityChange::Changed);
    assert_eq!(queue.change_visibility(2000, receipt, 43_200_000), VisibilityChange::TooLong);
    assert_eq!(queue.change_visibility(2000, receipt, 43_199_000), VisibilityChange::Changed);
}
