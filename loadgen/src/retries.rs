//! Whether an order is sent again, and when. Without a rule it never is.
//!
//! Every attempt is an exchange of its own. The number of the order, which is in the path and makes
//! the request idempotent, stays the same, and so does every byte of the body.

use std::time::Duration;

use orders::seed::mix;
use runlog::Outcome;
use serde::{Deserialize, Serialize};

/// The stream from which the waits take their jitter.
const RETRIES: u64 = 0x0072_6574_7269_6573; // "retries"

/// When an order is sent again, as written in a profile under `[retries]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// Most attempts of an order, the first included; 1 is no retry.
    pub attempts: u8,
    /// The outcomes after which there is another; never after `accepted`.
    #[serde(default = "default_on")]
    pub on: Vec<Outcome>,
    /// Before the second attempt, ms; doubled before each further one. A seeded half of it is
    /// jitter, so that partners do not come back together.
    #[serde(default = "default_backoff_ms")]
    pub backoff_ms: u64,
}

fn default_on() -> Vec<Outcome> {
    vec![Outcome::Throttled, Outcome::Failed, Outcome::Unknown]
}

fn default_backoff_ms() -> u64 {
    200
}

/// The longest wait.
const WAIT_MAX: Duration = Duration::from_secs(20);

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 1, on: default_on(), backoff_ms: default_backoff_ms() }
    }
}

impl Retries {
    /// What is wrong with the rule, if anything, for the person who wrote it.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.attempts == 0 {
            Some("retries.attempts must be at least 1, the first attempt".to_owned())
        } else if self.on.contains(&Outcome::Accepted) {
            Some("retries.on cannot have \"accepted\": nothing is sent again then".to_owned())
        } else {
            None
        }
    }

    /// How long to wait before the next attempt of order `index`, of which `attempt` ended so;
    /// none if that was the last.
    pub(crate) fn wait(&self, index: u64, attempt: u8, outcome: Outcome) -> Option<Duration> {
        if attempt >= self.attempts || outcome == Outcome::Accepted || !self.on.contains(&outcome) {
            return None;
        }
        let doubled = 1_u64.checked_shl(u32::from(attempt) - 1).unwrap_or(u64::MAX);
        let whole = Duration::from_millis(self.backoff_ms.saturating_mul(doubled)).min(WAIT_MAX);
        let part = mix(index, RETRIES, u64::from(attempt)) % 1_000;
        Some(whole / 2 + whole.mul_f64(part as f64 / 2_000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Retries {
        Retries { attempts: 3, on: vec![Outcome::Unknown, Outcome::Failed], backoff_ms: 100 }
    }

    #[test]
    fn the_wait_doubles_and_half_of_it_is_jitter() {
        for index in 0..200 {
            let first = rule().wait(index, 1, Outcome::Failed).unwrap().as_millis();
            let second = rule().wait(index, 2, Outcome::Unknown).unwrap().as_millis();
            assert!((50..100).contains(&first) && (100..200).contains(&second), "{index}");
        }
        let differ: std::collections::BTreeSet<_> =
            (0..50).map(|index| rule().wait(index, 1, Outcome::Failed)).collect();
        assert!(differ.len() > 40);
    }

    #[test]
    fn there_is_no_attempt_after_the_last_nor_after_another_outcome() {
        assert_eq!(rule().wait(7, 3, Outcome::Failed), None);
        assert!(rule().wait(7, 2, Outcome::Failed).is_some());
        assert_eq!(rule().wait(7, 1, Outcome::Throttled), None);
        assert_eq!(rule().wait(7, 1, Outcome::Accepted), None);
        assert_eq!(Retries::default().wait(7, 1, Outcome::Failed), None);
    }

    #[test]
    fn the_longest_wait_is_bounded_whatever_the_rule() {
        let rule = Retries { attempts: 255, backoff_ms: u64::MAX, ..rule() };
        assert!(rule.wait(1, 254, Outcome::Failed).unwrap() <= WAIT_MAX);
    }
}
