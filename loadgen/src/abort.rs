//! The rule that ends a load which is going nowhere, and the window it looks through.

use std::collections::VecDeque;

use runlog::Outcome;
use serde::{Deserialize, Serialize};

/// When a load ends before its time, as written in a profile under `[abort]`. What was sent is
/// accounted for as in any run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbortRule {
    /// The load ends when more than this share of the attempts, 0 to 1, was not accepted...
    pub error_share_max: f64,
    /// ...over so many seconds in a row, s.
    pub for_s: u32,
}

impl AbortRule {
    /// What is wrong with the rule, if anything, for the person who wrote it.
    pub(crate) fn problem(&self) -> Option<String> {
        if !(0.0..1.0).contains(&self.error_share_max) {
            let share = self.error_share_max;
            Some(format!("abort.error_share_max must be at least 0 and below 1, not {share}"))
        } else if self.for_s == 0 {
            Some("abort.for_s must be at least 1".to_owned())
        } else {
            None
        }
    }
}

/// Fewer attempts than this in the time are too few to end a load on.
const ATTEMPTS_MIN: u64 = 10;

/// Looks at the last seconds of a load.
pub(crate) struct AbortWatch {
    rule: AbortRule,
    /// Attempts that ended and those not accepted, of each second with an end, the oldest first.
    seconds: VecDeque<(u64, u64, u64)>,
    first_end_s: Option<u64>,
}

impl AbortWatch {
    pub(crate) fn new(rule: AbortRule) -> Self {
        Self { rule, seconds: VecDeque::new(), first_end_s: None }
    }

    /// Takes in one attempt; why the load must end, if it must. Time is that of the attempts, so
    /// that the same exchanges always come to the same end.
    pub(crate) fn see(&mut self, outcome: Outcome, end_us: u64) -> Option<String> {
        let second = end_us / 1_000_000;
        let first = *self.first_end_s.get_or_insert(second);
        let newest = self.seconds.back().map_or(second, |newest| newest.0.max(second));
        let for_s = u64::from(self.rule.for_s);
        while self.seconds.front().is_some_and(|oldest| oldest.0 + for_s <= newest) {
            self.seconds.pop_front();
        }
        if self.seconds.back().is_none_or(|last| last.0 < second) {
            self.seconds.push_back((second, 0, 0));
        }
        // What ended before every second that is looked at belongs to the oldest of them.
        let position = self.seconds.iter().rposition(|each| each.0 <= second).unwrap_or(0);
        let place = self.seconds.get_mut(position)?;
        place.1 += 1;
        place.2 += u64::from(outcome != Outcome::Accepted);
        if newest < first + for_s {
            return None;
        }
        let (ended, wrong) =
            self.seconds.iter().fold((0, 0), |sum, each| (sum.0 + each.1, sum.1 + each.2));
        let share = wrong as f64 / ended as f64;
        (ended >= ATTEMPTS_MIN && share > self.rule.error_share_max).then(|| {
            format!(
                "{:.0} % of the attempts of {for_s} s were not accepted, more than the {:.0} % of the abort rule",
                share * 100.0,
                self.rule.error_share_max * 100.0
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> AbortWatch {
        AbortWatch::new(AbortRule { error_share_max: 0.5, for_s: 3 })
    }

    /// Ten attempts a second from second 4 on, so many of them wrong; the second of the abort.
    fn aborted_at(wrong_of_ten: impl Fn(u64) -> u64) -> Option<u64> {
        let mut watch = watch();
        for second in 4..30 {
            for attempt in 0..10 {
                let outcome = if attempt < wrong_of_ten(second) {
                    Outcome::Rejected
                } else {
                    Outcome::Accepted
                };
                if watch.see(outcome, second * 1_000_000 + attempt * 90_000).is_some() {
                    return Some(second);
                }
            }
        }
        None
    }

    #[test]
    fn a_share_at_the_limit_goes_on_and_one_over_it_ends_the_load_when_the_time_is_full() {
        // The errors come first in each second: 9 of 23 when the newest is partly seen.
        assert_eq!(aborted_at(|_| 3), None);
        assert_eq!(aborted_at(|_| 10), Some(7));
    }

    #[test]
    fn two_bad_seconds_of_three_are_forgotten_when_they_are_over() {
        // Seconds 10 and 11: the first 5 of 10 wrong, then none: 10 of 21 when second 12 begins.
        assert_eq!(aborted_at(|second| if (10..12).contains(&second) { 5 } else { 0 }), None);
    }

    #[test]
    fn an_attempt_that_ends_out_of_order_is_counted_in_its_second() {
        let mut watch = watch();
        assert!(watch.see(Outcome::Accepted, 5_000_000).is_none());
        assert!(watch.see(Outcome::Failed, 4_900_000).is_none());
        assert_eq!((watch.seconds[0].1, watch.seconds[0].2), (2, 1));
        let verdicts = (1..=10).map(|_| watch.see(Outcome::Failed, 20_000_000).is_some());
        assert_eq!(verdicts.filter(|aborted| *aborted).count(), 1, "the tenth");
    }

    #[test]
    fn every_impossible_rule_has_its_problem() {
        for (share, for_s) in [(1.0, 3), (-0.1, 3), (f64::NAN, 3), (0.5, 0)] {
            let rule = AbortRule { error_share_max: share, for_s };
            assert!(rule.problem().is_some_and(|text| text.contains("abort.")), "{rule:?}");
        }
        assert_eq!(AbortRule { error_share_max: 0.0, for_s: 1 }.problem(), None);
    }
}
