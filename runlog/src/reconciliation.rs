//! What went in must come out: the sets of orders at the sender, in the billing ledger and in the
//! bucket, compared order by order. A count would let one loss and one duplicate cancel out.

use std::collections::BTreeMap;

use orders::{Intent, OrderMix, OrderNumber, RunTag};
use serde::{Deserialize, Serialize};

use crate::{IndexSet, Outcome, OutcomeCounts};

/// How many order numbers a residual names; the count is always exact.
const EXAMPLES_MAX: usize = 20;

/// Which planned orders were seen in one place, which were seen there more than once, and what
/// was seen there that nobody had planned.
#[derive(Debug, Clone)]
pub struct Tally {
    tag: RunTag,
    seen: IndexSet,
    again: IndexSet,
    foreign: Residual,
    fingerprint: u128,
}

impl Tally {
    /// An empty tally for the `planned` orders of the run `tag`.
    pub fn new(tag: RunTag, planned: u64) -> Self {
        Self {
            tag,
            seen: IndexSet::new(planned),
            again: IndexSet::new(planned),
            foreign: Residual::default(),
            fingerprint: 0,
        }
    }

    /// Counts one sighting of an order. `identity` is what must be the same in every place where
    /// the order is seen (its invoice's access key); empty where there is none.
    pub fn add(&mut self, order: &OrderNumber, identity: &str) {
        match order.planned_index(&self.tag).filter(|index| *index < self.seen.bound()) {
            Some(index) if self.seen.insert(index) => {}
            Some(index) => {
                self.again.insert(index);
            }
            None => self.foreign.add(order.to_string()),
        }
        self.fingerprint = self.fingerprint.wrapping_add(fingerprint(order.as_str(), identity));
    }

    /// Counts something that is there and bears no order number at all.
    pub fn add_foreign(&mut self, name: &str) {
        self.foreign.add(name.to_owned());
    }

    /// How many different planned orders were seen.
    pub fn len(&self) -> u64 {
        self.seen.len()
    }

    /// Whether no planned order was seen.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

/// A number for a pair of texts such that two sets of pairs have the same sum only if, but for a
/// chance of 2^-128, they are the same set. FNV-1a, 128 bits (draft-eastlake-fnv, section 5).
fn fingerprint(order: &str, identity: &str) -> u128 {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let separated = order.bytes().chain([0]).chain(identity.bytes());
    separated.fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// What was found on the far side of the queue.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Rows of the billing ledger.
    pub billed: Tally,
    /// Orders refused for a business reason: a stored outcome, with no document.
    pub refused: Tally,
    /// NF-e XML objects in the bucket.
    pub nfe: Tally,
    /// Confirmation PDF objects in the bucket.
    pub confirmations: Tally,
    /// Status JSON objects in the bucket: one for each order, billed or refused.
    pub statuses: Tally,
    /// Messages left in the dead-letter queue.
    pub dead_letters: u64,
    /// Messages still in the queue when waiting ended.
    pub undrained: u64,
}

impl Delivery {
    /// Nothing seen yet of the `planned` orders of the run `tag`.
    pub fn new(tag: RunTag, planned: u64) -> Self {
        let tally = || Tally::new(tag, planned);
        Self {
            billed: tally(),
            refused: tally(),
            nfe: tally(),
            confirmations: tally(),
            statuses: tally(),
            dead_letters: 0,
            undrained: 0,
        }
    }

    fn is_documented(&self, index: u64) -> bool {
        self.billed.seen.contains(index)
            && self.nfe.seen.contains(index)
            && self.confirmations.seen.contains(index)
            && self.statuses.seen.contains(index)
            && !self.refused.seen.contains(index)
    }

    fn is_refused(&self, index: u64) -> bool {
        self.refused.seen.contains(index)
            && self.statuses.seen.contains(index)
            && !self.billed.seen.contains(index)
            && !self.nfe.seen.contains(index)
            && !self.confirmations.seen.contains(index)
    }

    fn has_trace(&self, index: u64) -> bool {
        self.all().iter().any(|tally| tally.seen.contains(index))
    }

    fn is_doubled(&self, index: u64) -> bool {
        self.all().iter().any(|tally| tally.again.contains(index))
            || (self.refused.seen.contains(index) && self.billed.seen.contains(index))
    }

    fn all(&self) -> [&Tally; 5] {
        [&self.billed, &self.refused, &self.nfe, &self.confirmations, &self.statuses]
    }
}

/// Orders for which something is wrong: how many, and the first few by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residual {
    /// How many.
    pub count: u64,
    /// The first of them, at most twenty.
    pub examples: Vec<String>,
}

impl Residual {
    /// Counts one more, and names it if it is among the first.
    pub fn add(&mut self, name: String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(name);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The account of every planned order, as it is written to `reconciliation.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    /// Version of this file's format.
    pub version: u32,
    /// Orders that the schedule planned.
    pub planned: u64,
    /// What the sender knows of those that were sent.
    pub sent: OutcomeCounts,
    /// Planned orders that a stopped run did not send; 0 for a run that ended by itself.
    pub not_sent: u64,
    /// Accepted orders with exactly one billing row, one XML, one PDF and one status.
    pub documented: u64,
    /// Accepted orders refused for a business reason, which was stored and told in a status.
    pub refused: u64,
    /// Arrivals with a body of a wrong form, as planned, which the gateway refused.
    #[serde(default)]
    pub malformed: u64,
    /// Arrivals that sent a number again, as planned, and were accepted: no order of their own.
    #[serde(default)]
    pub repeated: u64,
    /// Unknown or failed at the sender, and processed: one billing row, XML, PDF and status, or
    /// a stored refusal and its status.
    pub recovered: u64,
    /// Unknown or failed at the sender, and no trace of them on the far side.
    pub absent: u64,
    /// Accepted, and neither documented nor refused.
    pub lost: Residual,
    /// Unknown or failed at the sender, and processed only in part.
    pub incomplete: Residual,
    /// More than one billing row, XML, PDF or status, or both billed and refused.
    pub duplicated: Residual,
    /// There, though the sender was told that it was not taken, or though nobody planned it.
    pub unexpected: Residual,
    /// Whether the billing ledger and both documents of an invoice name the same invoice for each
    /// order.
    pub documents_match_billing: bool,
    /// Messages in the dead-letter queue.
    pub dead_letters: u64,
    /// Messages still in the queue when waiting ended.
    pub undrained: u64,
}

impl Reconciliation {
    /// Whether every planned order has exactly one place in the sender's account.
    pub fn is_balanced(&self) -> bool {
        self.planned == self.sent.total() + self.not_sent
    }

    /// Whether nothing is lost, duplicated, unexpected or left over.
    pub fn is_clean(&self) -> bool {
        self.is_balanced()
            && self.lost.is_empty()
            && self.incomplete.is_empty()
            && self.duplicated.is_empty()
            && self.unexpected.is_empty()
            && self.documents_match_billing
            && self.dead_letters == 0
            && self.undrained == 0
    }
}

/// Compares what the sender knows with what was delivered. `outcome_of(k)` is the outcome of
/// order k, `None` if it was not sent. Every arrival is an order of its own.
pub fn reconcile(
    tag: &RunTag,
    planned: u64,
    outcome_of: impl Fn(u64) -> Option<Outcome>,
    delivery: &Delivery,
) -> Reconciliation {
    reconcile_mixed(tag, planned, &OrderMix::orders_only(), outcome_of, delivery)
}

/// The same for a run in which some arrivals are deliberately no order: what must be refused may
/// not be billed, and what comes again may not be billed again.
pub fn reconcile_mixed(
    tag: &RunTag,
    planned: u64,
    mix: &OrderMix,
    outcome_of: impl Fn(u64) -> Option<Outcome>,
    delivery: &Delivery,
) -> Reconciliation {
    let mut account = blank(planned, delivery);
    let again = again(planned, mix, &outcome_of);
    for index in 0..planned {
        let name = || OrderNumber::planned(tag, index).to_string();
        if delivery.is_doubled(index) {
            account.duplicated.add(name());
        }
        let own = outcome_of(index);
        match own {
            Some(sent) => account.sent.add(sent),
            None => account.not_sent += 1,
        }
        match mix.intent(index) {
            Intent::Order => {
                let outcome = stronger(own, again.get(&index).copied());
                settle(&mut account, outcome, index, delivery, name);
            }
            Intent::Refused => settle_refusal(&mut account, own, index, delivery, name),
            Intent::Malformed => settle_malformed(&mut account, own, index, delivery, name),
            Intent::Repeat { .. } | Intent::Conflict { .. } => {
                account.repeated += u64::from(own == Some(Outcome::Accepted));
                if delivery.has_trace(index) {
                    account.unexpected.add(name());
                }
            }
        }
    }
    account
}

/// For each order that came again, what the sender knows of the later times.
fn again(
    planned: u64,
    mix: &OrderMix,
    outcome_of: &impl Fn(u64) -> Option<Outcome>,
) -> BTreeMap<u64, Outcome> {
    let mut again = BTreeMap::new();
    if mix.is_orders_only() {
        return again;
    }
    for index in 0..planned {
        let of = mix.intent(index).number_of(index);
        if let (true, Some(outcome)) = (of != index, outcome_of(index)) {
            let known = stronger(Some(outcome), again.get(&of).copied()).unwrap_or(outcome);
            again.insert(of, known);
        }
    }
    again
}

/// What is known of an order that was sent twice: accepted once is accepted.
fn stronger(one: Option<Outcome>, other: Option<Outcome>) -> Option<Outcome> {
    let strength = |outcome: Option<Outcome>| match outcome {
        Some(Outcome::Accepted) => 5,
        Some(Outcome::Unknown) => 4,
        Some(Outcome::Failed) => 3,
        Some(Outcome::Throttled) => 2,
        Some(Outcome::Rejected) => 1,
        None => 0,
    };
    if strength(one) >= strength(other) { one } else { other }
}

fn blank(planned: u64, delivery: &Delivery) -> Reconciliation {
    let mut unexpected = Residual::default();
    for foreign in delivery.all().map(|tally| &tally.foreign) {
        unexpected.count += foreign.count;
        unexpected.examples.extend(foreign.examples.iter().cloned());
    }
    unexpected.examples.truncate(EXAMPLES_MAX);
    let billed = delivery.billed.fingerprint;
    Reconciliation {
        version: 1,
        planned,
        sent: OutcomeCounts::default(),
        not_sent: 0,
        documented: 0,
        refused: 0,
        malformed: 0,
        repeated: 0,
        recovered: 0,
        absent: 0,
        lost: Residual::default(),
        incomplete: Residual::default(),
        duplicated: Residual::default(),
        unexpected,
        documents_match_billing: billed == delivery.nfe.fingerprint
            && billed == delivery.confirmations.fingerprint,
        dead_letters: delivery.dead_letters,
        undrained: delivery.undrained,
    }
}

/// Puts one order where it belongs.
fn settle(
    account: &mut Reconciliation,
    outcome: Option<Outcome>,
    index: u64,
    delivery: &Delivery,
    name: impl Fn() -> String,
) {
    let documented = delivery.is_documented(index);
    let refused = delivery.is_refused(index);
    let trace = delivery.has_trace(index);
    match outcome {
        Some(Outcome::Accepted) if documented => account.documented += 1,
        Some(Outcome::Accepted) if refused => account.refused += 1,
        Some(Outcome::Accepted) => account.lost.add(name()),
        // A 504 and a lost answer alike may follow an order that the queue has taken.
        Some(Outcome::Failed | Outcome::Unknown) if documented || refused => account.recovered += 1,
        Some(Outcome::Failed | Outcome::Unknown) if trace => account.incomplete.add(name()),
        Some(Outcome::Failed | Outcome::Unknown) => account.absent += 1,
        Some(Outcome::Rejected | Outcome::Throttled) | None if trace => {
            account.unexpected.add(name());
        }
        Some(Outcome::Rejected | Outcome::Throttled) | None => {}
    }
}

/// A body that is no order must not be billed, whatever the sender was told.
fn settle_refusal(
    account: &mut Reconciliation,
    outcome: Option<Outcome>,
    index: u64,
    delivery: &Delivery,
    name: impl Fn() -> String,
) {
    let billed = delivery.billed.seen.contains(index)
        || delivery.nfe.seen.contains(index)
        || delivery.confirmations.seen.contains(index);
    if billed {
        account.unexpected.add(name());
    } else {
        settle(account, outcome, index, delivery, name);
    }
}

/// A body of a wrong form must not be accepted, and must leave no trace.
fn settle_malformed(
    account: &mut Reconciliation,
    outcome: Option<Outcome>,
    index: u64,
    delivery: &Delivery,
    name: impl Fn() -> String,
) {
    match outcome {
        Some(Outcome::Rejected) if !delivery.has_trace(index) => account.malformed += 1,
        Some(Outcome::Accepted | Outcome::Rejected) => account.unexpected.add(name()),
        Some(Outcome::Throttled | Outcome::Failed | Outcome::Unknown) | None => {
            if delivery.has_trace(index) {
                account.unexpected.add(name());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANNED: u64 = 12;

    fn tag() -> RunTag {
        RunTag::from_seed_text("reconciliation tests")
    }

    fn order(index: u64) -> OrderNumber {
        OrderNumber::planned(&tag(), index)
    }

    /// Every order accepted and documented.
    fn all_delivered() -> Delivery {
        let mut delivery = Delivery::new(tag(), PLANNED);
        for index in 0..PLANNED {
            document(&mut delivery, index);
        }
        delivery
    }

    fn document(delivery: &mut Delivery, index: u64) {
        let key = format!("key of {index}");
        delivery.billed.add(&order(index), &key);
        delivery.nfe.add(&order(index), &key);
        delivery.confirmations.add(&order(index), &key);
        delivery.statuses.add(&order(index), "");
    }

    fn account(outcome: impl Fn(u64) -> Option<Outcome>, delivery: &Delivery) -> Reconciliation {
        reconcile(&tag(), PLANNED, outcome, delivery)
    }

    fn accepted(_: u64) -> Option<Outcome> {
        Some(Outcome::Accepted)
    }

    #[test]
    fn a_run_that_delivers_everything_once_is_clean() {
        let account = account(accepted, &all_delivered());
        assert!(account.is_clean(), "{account:?}");
        assert_eq!((account.documented, account.sent.accepted), (12, 12));
    }

    #[test]
    fn an_accepted_order_without_its_pdf_is_lost_and_named() {
        let mut delivery = Delivery::new(tag(), PLANNED);
        (0..PLANNED).filter(|index| *index != 5).for_each(|index| document(&mut delivery, index));
        delivery.billed.add(&order(5), "key of 5");
        delivery.nfe.add(&order(5), "key of 5");
        let account = account(accepted, &delivery);
        assert_eq!(account.lost.examples, [order(5).to_string()]);
        assert!(!account.is_clean());
    }

    #[test]
    fn an_order_whose_status_is_missing_is_lost_be_it_billed_or_refused() {
        let mut delivery = Delivery::new(tag(), PLANNED);
        (2..PLANNED).for_each(|index| document(&mut delivery, index));
        delivery.billed.add(&order(0), "key of 0");
        delivery.nfe.add(&order(0), "key of 0");
        delivery.confirmations.add(&order(0), "key of 0");
        delivery.refused.add(&order(1), "");
        assert_eq!(account(accepted, &delivery).lost.count, 2);
    }

    #[test]
    fn a_loss_and_a_duplicate_do_not_cancel_out() {
        let mut delivery = Delivery::new(tag(), PLANNED);
        (0..PLANNED).filter(|index| *index != 3).for_each(|index| document(&mut delivery, index));
        document(&mut delivery, 4);
        let account = account(accepted, &delivery);
        assert_eq!(account.lost.examples, [order(3).to_string()]);
        assert_eq!(account.duplicated.examples, [order(4).to_string()]);
    }

    #[test]
    fn a_second_invoice_for_an_order_is_a_duplicate() {
        let mut delivery = all_delivered();
        delivery.billed.add(&order(7), "another key");
        assert_eq!(account(accepted, &delivery).duplicated.count, 1);
    }

    #[test]
    fn an_object_of_another_invoice_than_the_billed_one_is_seen() {
        let mut delivery = Delivery::new(tag(), PLANNED);
        (1..PLANNED).for_each(|index| document(&mut delivery, index));
        delivery.billed.add(&order(0), "the billed key");
        delivery.nfe.add(&order(0), "the billed key");
        delivery.confirmations.add(&order(0), "another key");
        delivery.statuses.add(&order(0), "");
        let account = account(accepted, &delivery);
        assert!(!account.documents_match_billing && !account.is_clean());
        assert!(account.lost.is_empty());
    }

    #[test]
    fn what_nobody_planned_is_unexpected() {
        let mut delivery = all_delivered();
        delivery.nfe.add(&OrderNumber::planned(&tag(), PLANNED), "x");
        delivery.nfe.add(&"PO-2026-000123".parse().unwrap(), "y");
        delivery.confirmations.add_foreign("stray.txt");
        assert_eq!(account(accepted, &delivery).unexpected.count, 3);
    }

    #[test]
    fn an_order_that_was_rejected_and_yet_billed_is_unexpected() {
        let rejected_2 =
            |index| Some(if index == 2 { Outcome::Rejected } else { Outcome::Accepted });
        let account = account(rejected_2, &all_delivered());
        assert_eq!(account.unexpected.examples, [order(2).to_string()]);
    }

    #[test]
    fn unknowns_are_resolved_as_recovered_absent_or_incomplete() {
        let mut delivery = Delivery::new(tag(), PLANNED);
        (3..PLANNED).for_each(|index| document(&mut delivery, index));
        document(&mut delivery, 0);
        delivery.billed.add(&order(1), "key of 1");
        let unknown_below_3 =
            |index| Some(if index < 3 { Outcome::Unknown } else { Outcome::Accepted });
        let account = account(unknown_below_3, &delivery);
        assert_eq!((account.recovered, account.absent), (1, 1));
        assert_eq!(account.incomplete.examples, [order(1).to_string()]);
        assert!(account.lost.is_empty());
    }

    #[test]
    fn a_stored_refusal_settles_an_accepted_order() {
        let mut delivery = Delivery::new(tag(), PLANNED);
        (1..PLANNED).for_each(|index| document(&mut delivery, index));
        delivery.refused.add(&order(0), "");
        delivery.statuses.add(&order(0), "");
        let account = account(accepted, &delivery);
        assert!(account.is_clean(), "{account:?}");
        assert_eq!((account.documented, account.refused), (11, 1));
    }

    #[test]
    fn refused_and_billed_at_once_is_a_duplicate_and_not_settled() {
        let mut delivery = all_delivered();
        delivery.refused.add(&order(9), "");
        let account = account(accepted, &delivery);
        assert_eq!((account.duplicated.count, account.lost.count), (1, 1));
    }

    #[test]
    fn a_stopped_run_balances_by_what_it_did_not_send() {
        let mut delivery = Delivery::new(tag(), PLANNED);
        (0..4).for_each(|index| document(&mut delivery, index));
        let stopped_after_4 = |index| (index < 4).then_some(Outcome::Accepted);
        let account = account(stopped_after_4, &delivery);
        assert!(account.is_clean(), "{account:?}");
        assert_eq!(account.not_sent, 8);
    }

    #[test]
    fn a_message_left_in_either_queue_is_not_clean() {
        let mut dead = all_delivered();
        dead.dead_letters = 1;
        let mut waiting = all_delivered();
        waiting.undrained = 1;
        assert!(!account(accepted, &dead).is_clean());
        assert!(!account(accepted, &waiting).is_clean());
    }

    #[test]
    fn the_fingerprint_tells_where_the_order_ends_and_the_key_begins() {
        assert_ne!(fingerprint("ab", "c"), fingerprint("a", "bc"));
        // FNV-1a 128 of a single zero byte: (offset ^ 0) * prime.
        assert_eq!(fingerprint("", ""), 0xd228_cb69_101a_8caf_7891_2b70_4e4a_147f);
    }

    const MIX: orders::Mix = orders::Mix {
        malformed_ppm: 100_000,
        refused_ppm: 100_000,
        repeated_ppm: 200_000,
        conflicting_ppm: 100_000,
    };

    /// A run of 300 that went as it was planned: outcomes, and what was delivered.
    fn mixed() -> (OrderMix, Delivery) {
        let mix = OrderMix::new(6, MIX);
        let mut delivery = Delivery::new(tag(), 300);
        for index in 0..300 {
            match mix.intent(index) {
                Intent::Order => document(&mut delivery, index),
                Intent::Refused => {
                    delivery.refused.add(&order(index), "");
                    delivery.statuses.add(&order(index), "");
                }
                Intent::Malformed | Intent::Repeat { .. } | Intent::Conflict { .. } => {}
            }
        }
        (mix, delivery)
    }

    fn as_planned(mix: OrderMix) -> impl Fn(u64) -> Option<Outcome> {
        move |index| {
            let is_malformed = mix.intent(index) == Intent::Malformed;
            Some(if is_malformed { Outcome::Rejected } else { Outcome::Accepted })
        }
    }

    fn first(mix: &OrderMix, is: impl Fn(Intent) -> bool) -> u64 {
        (0..300).find(|index| is(mix.intent(*index))).unwrap()
    }

    #[test]
    fn planned_refusals_and_repeats_are_neither_losses_nor_duplicates() {
        let (mix, delivery) = mixed();
        let account = reconcile_mixed(&tag(), 300, &mix, as_planned(mix), &delivery);
        assert!(account.is_clean(), "{account:?}");
        let sums = account.documented + account.refused + account.malformed + account.repeated;
        assert_eq!(sums, 300);
        assert!(account.malformed > 10 && account.refused > 10 && account.repeated > 50);
    }

    #[test]
    fn a_repeat_that_made_an_order_of_its_own_or_a_second_invoice_is_seen() {
        let (mix, mut delivery) = mixed();
        let again = first(&mix, |intent| matches!(intent, Intent::Repeat { .. }));
        document(&mut delivery, again);
        let of = mix.intent(again).number_of(again);
        delivery.billed.add(&order(of), "a second key");
        let account = reconcile_mixed(&tag(), 300, &mix, as_planned(mix), &delivery);
        assert_eq!(account.unexpected.examples, [order(again).to_string()]);
        assert_eq!(account.duplicated.examples, [order(of).to_string()]);
    }

    #[test]
    fn an_order_whose_answer_was_lost_is_accepted_if_its_repeat_was() {
        let (mix, delivery) = mixed();
        let again = first(&mix, |intent| matches!(intent, Intent::Repeat { .. }));
        let of = mix.intent(again).number_of(again);
        let planned = as_planned(mix);
        let throttled = |index| {
            if index == of { Some(Outcome::Throttled) } else { planned(index) }
        };
        let account = reconcile_mixed(&tag(), 300, &mix, throttled, &delivery);
        assert!(account.is_clean(), "{account:?}");
    }

    #[test]
    fn what_should_have_been_refused_and_was_billed_or_accepted_is_unexpected() {
        let (mix, mut delivery) = mixed();
        let refused = first(&mix, |intent| intent == Intent::Refused);
        delivery.nfe.add(&order(refused), "key");
        let malformed = first(&mix, |intent| intent == Intent::Malformed);
        let planned = as_planned(mix);
        let accepted = |index| {
            if index == malformed { Some(Outcome::Accepted) } else { planned(index) }
        };
        let account = reconcile_mixed(&tag(), 300, &mix, accepted, &delivery);
        let mut named = account.unexpected.examples;
        named.sort();
        let mut expected = [order(refused).to_string(), order(malformed).to_string()];
        expected.sort();
        assert_eq!(named, expected);
    }

    #[test]
    fn a_lost_order_is_lost_in_a_mix_too() {
        let (mix, _) = mixed();
        let lost = first(&mix, |intent| intent == Intent::Order);
        let mut delivery = Delivery::new(tag(), 300);
        let refused = first(&mix, |intent| intent == Intent::Refused);
        for index in (0..300).filter(|index| ![lost, refused].contains(index)) {
            match mix.intent(index) {
                Intent::Order => document(&mut delivery, index),
                Intent::Refused => {
                    delivery.refused.add(&order(index), "");
                    delivery.statuses.add(&order(index), "");
                }
                Intent::Malformed | Intent::Repeat { .. } | Intent::Conflict { .. } => {}
            }
        }
        let account = reconcile_mixed(&tag(), 300, &mix, as_planned(mix), &delivery);
        // Neither was repeated before 300, or it would be lost all the same.
        assert_eq!(account.lost.count, 2, "{account:?}");
    }
}
