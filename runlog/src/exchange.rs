//! One arrival and what became of it at the gateway.

use serde::{Deserialize, Serialize};

/// What the sender knows of an order after its last attempt. Only the reconciliation can tell
/// what became of an [`Outcome::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 2xx: the system owes a document.
    Accepted,
    /// 4xx except 429: refused, and rightly not processed.
    Rejected,
    /// 429.
    Throttled,
    /// 5xx, or no connection: the order was not taken, or nobody promised that it was.
    Failed,
    /// Sent, and no answer came: the order may have been taken.
    Unknown,
}

impl Outcome {
    /// Every outcome, in the order of the accounts.
    pub const ALL: [Self; 5] =
        [Self::Accepted, Self::Rejected, Self::Throttled, Self::Failed, Self::Unknown];

    /// The outcome that an HTTP status says.
    pub fn from_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Accepted,
            429 => Self::Throttled,
            400..=499 => Self::Rejected,
            _ => Self::Failed,
        }
    }

    /// What is known of an order whose attempts ended so, one after the other. An attempt without
    /// an answer stays unknown whatever the next one is told, unless that is "accepted": the first
    /// may have been taken.
    #[must_use]
    pub fn followed_by(self, later: Self) -> Self {
        match (self, later) {
            (Self::Accepted, _) | (_, Self::Accepted) => Self::Accepted,
            (Self::Unknown, _) => Self::Unknown,
            (Self::Rejected | Self::Throttled | Self::Failed, later) => later,
        }
    }

    /// The code of the outcome in the exchanges file.
    pub fn code(self) -> i32 {
        match self {
            Self::Accepted => 0,
            Self::Rejected => 1,
            Self::Throttled => 2,
            Self::Failed => 3,
            Self::Unknown => 4,
        }
    }

    /// The inverse of [`Outcome::code`].
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// One attempt at an arrival: when it was due, when it was sent, when it ended, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// The arrival's index k in the schedule; also names the order.
    pub index: u64,
    /// When the schedule wanted it sent: microseconds from the start of the run.
    pub intended_us: u64,
    /// When it was sent: microseconds from the start of the run.
    pub sent_us: u64,
    /// When the answer was complete, or the attempt was given up.
    pub end_us: u64,
    /// The HTTP status; 0 when there was none.
    pub status: u16,
    /// What the sender knows.
    pub outcome: Outcome,
    /// Which attempt at the order this is; 1 is the first.
    pub attempt: u8,
    /// Whether no further attempt followed.
    pub is_last: bool,
}

impl Exchange {
    /// From the intended instant to the end: what a partner who wanted to send then has waited.
    pub fn response_us(&self) -> u64 {
        self.end_us.saturating_sub(self.intended_us)
    }

    /// From the send to the end: what the gateway took.
    pub fn service_us(&self) -> u64 {
        self.end_us.saturating_sub(self.sent_us)
    }

    /// From the intended instant to the send: the generator's own lateness.
    pub fn start_lag_us(&self) -> u64 {
        self.sent_us.saturating_sub(self.intended_us)
    }
}

/// How many arrivals had each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeCounts {
    /// 2xx.
    pub accepted: u64,
    /// 4xx except 429.
    pub rejected: u64,
    /// 429.
    pub throttled: u64,
    /// 5xx, or no connection.
    pub failed: u64,
    /// No answer.
    pub unknown: u64,
}

impl OutcomeCounts {
    /// Counts one more.
    pub fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Accepted => &mut self.accepted,
            Outcome::Rejected => &mut self.rejected,
            Outcome::Throttled => &mut self.throttled,
            Outcome::Failed => &mut self.failed,
            Outcome::Unknown => &mut self.unknown,
        } += 1;
    }

    /// All arrivals that were sent.
    pub fn total(&self) -> u64 {
        self.accepted + self.rejected + self.throttled + self.failed + self.unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_the_outcome_that_its_class_says() {
        let cases = [
            (200, Outcome::Accepted),
            (202, Outcome::Accepted),
            (299, Outcome::Accepted),
            (300, Outcome::Failed),
            (399, Outcome::Failed),
            (400, Outcome::Rejected),
            (428, Outcome::Rejected),
            (429, Outcome::Throttled),
            (430, Outcome::Rejected),
            (499, Outcome::Rejected),
            (500, Outcome::Failed),
            (503, Outcome::Failed),
        ];
        for (status, outcome) in cases {
            assert_eq!(Outcome::from_status(status), outcome, "{status}");
        }
    }

    #[test]
    fn response_is_lag_plus_service() {
        let late = Exchange {
            index: 7,
            intended_us: 1_000,
            sent_us: 1_300,
            end_us: 6_000,
            status: 202,
            outcome: Outcome::Accepted,
            attempt: 1,
            is_last: true,
        };
        assert_eq!(
            (late.start_lag_us(), late.service_us(), late.response_us()),
            (300, 4_700, 5_000)
        );
    }

    #[test]
    fn an_unanswered_attempt_stays_unknown_until_another_is_accepted() {
        use Outcome::{Accepted, Failed, Rejected, Throttled, Unknown};
        assert_eq!(Unknown.followed_by(Rejected), Unknown);
        assert_eq!(Unknown.followed_by(Throttled).followed_by(Accepted), Accepted);
        assert_eq!(Failed.followed_by(Throttled).followed_by(Rejected), Rejected);
        assert_eq!(Failed.followed_by(Unknown).followed_by(Failed), Unknown);
    }

    #[test]
    fn codes_come_back_as_the_same_outcome_and_others_as_none() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
        }
        assert_eq!(Outcome::from_code(5), None);
        assert_eq!(Outcome::from_code(-1), None);
    }
}
