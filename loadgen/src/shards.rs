//! What a machine that sends a part of a run has done and has left to do, from its journals. A pure
//! reading: it decides nothing about sending again.

use runlog::{IndexSet, JournalEntry};

use crate::{ArrivalSchedule, IndexRanges};

/// Where a shard stands. Places count its own arrivals from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardState {
    /// Places whose last exchange was written down.
    pub done: IndexSet,
    /// Places that were claimed, so that they may have been sent, and of which nothing more is
    /// known. Only the reconciliation can tell.
    pub unknown: Vec<u64>,
    /// Places that were certainly not sent.
    pub pending: IndexRanges,
}

impl ShardState {
    /// Reads the journals of a shard's attempts, first to last. `schedule` is the shard's part.
    pub fn read<I: Iterator<Item = JournalEntry>>(
        schedule: &ArrivalSchedule,
        journals: impl IntoIterator<Item = I>,
    ) -> Self {
        let places = schedule.orders();
        let mut done = IndexSet::new(places);
        let mut unknown = IndexSet::new(places);
        for journal in journals {
            let claimed_us = take_in(schedule, journal, &mut done);
            let claimed = (0..places).filter(|place| is_claimed(schedule, *place, claimed_us));
            claimed.for_each(|place| {
                unknown.insert(place);
            });
        }
        let unknown: Vec<u64> =
            (0..places).filter(|p| unknown.contains(*p) && !done.contains(*p)).collect();
        let is_open = |place: &u64| !done.contains(*place) && unknown.binary_search(place).is_err();
        let pending = IndexRanges::of_rising((0..places).filter(is_open));
        Self { done, unknown, pending }
    }

    /// What an attempt has to send: what was certainly not sent, and on request what may have been.
    pub fn to_send(&self, resend_unknown: bool) -> IndexRanges {
        if !resend_unknown {
            return self.pending.clone();
        }
        let open = (0..self.done.bound()).filter(|place| !self.done.contains(*place));
        IndexRanges::of_rising(open)
    }
}

/// Marks what the entries say is done; until when arrivals were claimed.
fn take_in(
    schedule: &ArrivalSchedule,
    entries: impl Iterator<Item = JournalEntry>,
    done: &mut IndexSet,
) -> Option<u64> {
    let mut claimed_us = None;
    for entry in entries {
        match entry {
            JournalEntry::Claim { until_us } => claimed_us = claimed_us.max(Some(until_us)),
            JournalEntry::Exchange(exchange) => {
                let place = schedule.place_of(exchange.index).filter(|place| *place < done.bound());
                if let Some(place) = place.filter(|_| exchange.is_last) {
                    done.insert(place);
                }
            }
        }
    }
    claimed_us
}

fn is_claimed(schedule: &ArrivalSchedule, place: u64, claimed_us: Option<u64>) -> bool {
    claimed_us.is_some_and(|until_us| schedule.at(place).as_micros() <= u128::from(until_us))
}

#[cfg(test)]
mod tests {
    use runlog::{Exchange, Outcome};

    use super::*;
    use crate::{Curve, Shard};

    /// Places 0 to 9 of shard 1 of 3, at 1.5, 4.5, ... 28.5 s.
    fn schedule() -> ArrivalSchedule {
        ArrivalSchedule::new(Curve::constant(30.0), 30, 1.0, None).shard(Shard::new(1, 3).unwrap())
    }

    fn exchange(place: u64) -> JournalEntry {
        JournalEntry::Exchange(Exchange {
            index: schedule().index(place),
            intended_us: 0,
            sent_us: 0,
            end_us: 0,
            status: 202,
            outcome: Outcome::Accepted,
            attempt: 1,
            is_last: true,
        })
    }

    fn state(journals: Vec<Vec<JournalEntry>>) -> ShardState {
        ShardState::read(&schedule(), journals.into_iter().map(Vec::into_iter))
    }

    fn places(ranges: &IndexRanges) -> Vec<u64> {
        (0..ranges.len()).map(|m| ranges.nth(m)).collect()
    }

    #[test]
    fn what_was_claimed_and_not_answered_is_unknown_and_the_rest_is_pending() {
        let claim = JournalEntry::Claim { until_us: 13_500_000 };
        let state = state(vec![vec![claim, exchange(0), exchange(2)]]);
        assert_eq!(state.done.len(), 2);
        assert_eq!(state.unknown, [1, 3, 4]);
        assert_eq!(places(&state.pending), [5, 6, 7, 8, 9]);
        assert_eq!(places(&state.to_send(true)), [1, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn an_order_whose_next_attempt_was_not_written_down_is_unknown() {
        let JournalEntry::Exchange(answered) = exchange(1) else { unreachable!() };
        let first = JournalEntry::Exchange(Exchange { is_last: false, ..answered });
        let second = JournalEntry::Exchange(Exchange { attempt: 2, ..answered });
        let claim = JournalEntry::Claim { until_us: 4_500_000 };
        assert_eq!(state(vec![vec![claim, exchange(0), first]]).unknown, [1]);
        assert_eq!(state(vec![vec![claim, exchange(0), first, second]]).done.len(), 2);
    }

    #[test]
    fn a_claim_that_ends_before_an_arrival_does_not_reach_it() {
        let until = |until_us| vec![vec![JournalEntry::Claim { until_us }]];
        assert_eq!(state(until(4_499_999)).unknown, [0]);
        assert_eq!(state(until(4_500_000)).unknown, [0, 1]);
        assert_eq!(state(vec![vec![]]).pending.len(), 10);
    }

    #[test]
    fn what_is_unknown_stays_so_until_an_attempt_that_sends_it_again_is_answered() {
        let first = vec![JournalEntry::Claim { until_us: 5_000_000 }];
        let rest: Vec<_> = (2..10).map(exchange).collect();
        let without = state(vec![first.clone(), rest.clone()]);
        assert_eq!((without.unknown, without.pending.len()), (vec![0, 1], 0));
        let again = [exchange(0), exchange(1)].into_iter().chain(rest).collect();
        let with = state(vec![first, again]);
        assert!(with.unknown.is_empty() && with.pending.is_empty());
        assert_eq!(with.done.len(), 10);
    }
}
