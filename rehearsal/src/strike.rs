//! What goes wrong in an interleaving, and from which step on.

use std::fmt;
use std::str::FromStr;

use proof::Fault;

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StrikeKind {
    /// The queue refuses an order.
    Refuse,
    /// The queue takes an order, and its partner hears nothing.
    Unheard,
    /// A partner sends an accepted order again.
    Repeat,
    /// A partner sends another body under the number of an accepted order.
    Change,
    /// A deletion does not take: the message comes again.
    Duplicate,
    /// A message becomes visible while its first owner still works on it.
    Expire,
    /// A process is killed where it stands.
    Crash,
    /// The code panics at this point, once.
    Panic,
    /// A put fails and has written nothing.
    PutBefore,
    /// A put has written and fails.
    PutAfter,
    /// The database does nothing and says so.
    DatabaseRefuses,
    /// The database has committed, and its answer is lost.
    CommitUnheard,
    /// A function's response is lost.
    ResponseLost,
    /// A batch is received, and there is no room for it.
    Throttled,
    /// A batch is given to a version that cannot start.
    BadVersion,
}

/// The faults of the list that the model makes; F10 by an order that no code can process, F15 by
/// driving dead letters back twice at the end.
pub const MODEL_FAULTS: [Fault; 13] = [
    Fault::F1,
    Fault::F2,
    Fault::F3,
    Fault::F4,
    Fault::F5,
    Fault::F7,
    Fault::F8,
    Fault::F9,
    Fault::F10,
    Fault::F11,
    Fault::F12,
    Fault::F14,
    Fault::F15,
];

impl StrikeKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Refuse,
        Self::Unheard,
        Self::Repeat,
        Self::Change,
        Self::Duplicate,
        Self::Expire,
        Self::Crash,
        Self::Panic,
        Self::PutBefore,
        Self::PutAfter,
        Self::DatabaseRefuses,
        Self::CommitUnheard,
        Self::ResponseLost,
        Self::Throttled,
        Self::BadVersion,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Unheard => "unheard",
            Self::Repeat => "repeat",
            Self::Change => "change",
            Self::Duplicate => "duplicate",
            Self::Expire => "expire",
            Self::Crash => "crash",
            Self::Panic => "panic",
            Self::PutBefore => "put-before",
            Self::PutAfter => "put-after",
            Self::DatabaseRefuses => "database-refuses",
            Self::CommitUnheard => "commit-unheard",
            Self::ResponseLost => "response-lost",
            Self::Throttled => "throttled",
            Self::BadVersion => "bad-version",
        }
    }

    /// Which fault of the list it is.
    pub fn fault(self) -> Fault {
        match self {
            Self::Refuse => Fault::F1,
            Self::Unheard => Fault::F2,
            Self::Repeat | Self::Change => Fault::F3,
            Self::Duplicate => Fault::F4,
            Self::Crash | Self::Panic => Fault::F5,
            Self::Expire => Fault::F7,
            Self::PutBefore | Self::PutAfter => Fault::F8,
            Self::DatabaseRefuses | Self::CommitUnheard => Fault::F9,
            Self::ResponseLost => Fault::F11,
            Self::Throttled => Fault::F12,
            Self::BadVersion => Fault::F14,
        }
    }
}

/// Trouble that strikes at the first occasion from a step on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// What.
    pub kind: StrikeKind,
    /// From which step of the scheduler on.
    pub step: u32,
}

impl fmt::Display for Strike {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.kind.name(), self.step)
    }
}

impl FromStr for Strike {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || StrikeKind::ALL.map(StrikeKind::name).join(", ");
        let (name, step) = text.split_once('@').ok_or_else(|| {
            format!("a strike is written KIND@STEP, such as crash@17, not {text:?}")
        })?;
        let kind = StrikeKind::ALL.into_iter().find(|kind| kind.name() == name);
        let kind =
            kind.ok_or_else(|| format!("no strike is called {name:?}; there are {}", names()))?;
        let step =
            step.parse().map_err(|_| format!("the step of {name} is a number, not {step:?}"))?;
        Ok(Self { kind, step })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strike_comes_back_from_its_text() {
        for (step, kind) in (0..).zip(StrikeKind::ALL) {
            let strike = Strike { kind, step };
            assert_eq!(strike.to_string().parse(), Ok(strike));
        }
        assert!("crash".parse::<Strike>().unwrap_err().contains("KIND@STEP"));
        assert!("burn@1".parse::<Strike>().unwrap_err().contains("bad-version"));
    }

    #[test]
    fn every_strike_is_of_a_fault_that_the_model_makes() {
        assert!(StrikeKind::ALL.iter().all(|kind| MODEL_FAULTS.contains(&kind.fault())));
    }
}
