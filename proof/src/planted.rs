//! Bugs that are planted, to see whether the checks catch them. A proof whose checks do not catch
//! what is wrong on purpose shows nothing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Check;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Planted {
    /// 202 for an order that SQS refused.
    AcceptedOnFailure,
    /// No ReportBatchItemFailures.
    NoBatchFailures,
    /// maxReceiveCount 1.
    OneReceive,
    /// The body unencoded in the mapping template.
    RawBody,
    /// The partner from what the request says instead of who authenticated.
    PartnerFromRequest,
    /// An event filter.
    EventFilter,
    /// Visibility shorter than the function's time.
    ShortVisibility,
    /// No alarm for dead letters.
    SilentDeadLetters,
    /// Acknowledged before the bucket has it.
    AcknowledgedBeforeStored,
    /// Put without a condition.
    PutWithoutCondition,
    /// A panic in a task that nobody asks.
    PanicSwallowed,
    /// Committed after the documents are stored.
    CommitAfterStore,
    /// The number taken outside the order's transaction.
    NumberOutside,
    /// Stock taken again at a second delivery.
    StockTwice,
    /// Two owners, and no key in the database.
    NoKey,
    /// A panic ends the process.
    PanicAbort,
}

/// Where a bug is planted and looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// In the model: exact interleavings.
    Model,
    /// In the template, with the function as it ships.
    Template,
}

impl Planted {
    /// Every bug.
    pub const ALL: [Self; 16] = [
        Self::AcceptedOnFailure,
        Self::NoBatchFailures,
        Self::OneReceive,
        Self::RawBody,
        Self::PartnerFromRequest,
        Self::EventFilter,
        Self::ShortVisibility,
        Self::SilentDeadLetters,
        Self::AcknowledgedBeforeStored,
        Self::PutWithoutCondition,
        Self::PanicSwallowed,
        Self::CommitAfterStore,
        Self::NumberOutside,
        Self::StockTwice,
        Self::NoKey,
        Self::PanicAbort,
    ];

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::AcceptedOnFailure => "accepted-on-failure",
            Self::NoBatchFailures => "no-batch-failures",
            Self::OneReceive => "one-receive",
            Self::RawBody => "raw-body",
            Self::PartnerFromRequest => "partner-from-request",
            Self::EventFilter => "event-filter",
            Self::ShortVisibility => "short-visibility",
            Self::SilentDeadLetters => "silent-dead-letters",
            Self::AcknowledgedBeforeStored => "acknowledged-before-stored",
            Self::PutWithoutCondition => "put-without-condition",
            Self::PanicSwallowed => "panic-swallowed",
            Self::CommitAfterStore => "commit-after-store",
            Self::NumberOutside => "number-outside",
            Self::StockTwice => "stock-twice",
            Self::NoKey => "no-key",
            Self::PanicAbort => "panic-abort",
        }
    }

    /// What is wrong, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AcceptedOnFailure => "the gateway answers 202 when the queue refuses",
            Self::NoBatchFailures => {
                "failed messages of a batch are not reported (no ReportBatchItemFailures)"
            }
            Self::OneReceive => "a message is given one receive (maxReceiveCount 1)",
            Self::RawBody => "the mapping template does not encode the body",
            Self::PartnerFromRequest => {
                "the partner is what the request says, not who authenticated"
            }
            Self::EventFilter => {
                "the event source filters messages, and deletes those that do not match"
            }
            Self::ShortVisibility => {
                "a message becomes visible again before the function's time is up"
            }
            Self::SilentDeadLetters => "the alarm on dead letters waits for a hundred of them",
            Self::AcknowledgedBeforeStored => {
                "an order is acknowledged before the bucket has its documents"
            }
            Self::PutWithoutCondition => "documents are put without If-None-Match",
            Self::PanicSwallowed => "a panic in a spawned task counts as a success",
            Self::CommitAfterStore => "the order is committed after its documents are stored",
            Self::NumberOutside => "the invoice's number is taken outside the order's transaction",
            Self::StockTwice => "a second delivery takes the stock again",
            Self::NoKey => "visibility shorter than the work, and no unique key of the order",
            Self::PanicAbort => {
                "a panic ends the process (panic = abort), and the whole batch with it"
            }
        }
    }

    /// Where it is planted.
    pub fn layer(self) -> Layer {
        match self {
            Self::AcceptedOnFailure
            | Self::NoBatchFailures
            | Self::OneReceive
            | Self::RawBody
            | Self::PartnerFromRequest
            | Self::EventFilter
            | Self::ShortVisibility
            | Self::SilentDeadLetters => Layer::Template,
            Self::AcknowledgedBeforeStored
            | Self::PutWithoutCondition
            | Self::PanicSwallowed
            | Self::CommitAfterStore
            | Self::NumberOutside
            | Self::StockTwice
            | Self::NoKey
            | Self::PanicAbort => Layer::Model,
        }
    }
}

impl fmt::Display for Planted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Planted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|bug| bug.name() == text);
        found.ok_or_else(|| format!("no bug is called {text:?}; there are {}", names()))
    }
}

/// What became of a bug that was planted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caught {
    /// Which.
    pub bug: Planted,
    /// Where.
    pub layer: Layer,
    /// The checks that it broke, with the first offenders; empty if it was not caught.
    pub broke: Vec<Check>,
    /// What shows it again.
    pub command: String,
    /// Whether something else than a check refused it: what it said.
    pub refused: Option<String>,
}

impl Caught {
    /// Whether it was caught.
    pub fn is_caught(&self) -> bool {
        !self.broke.is_empty() || self.refused.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_comes_back_from_its_name_and_is_written_by_it() {
        for bug in Planted::ALL {
            assert_eq!(bug.name().parse(), Ok(bug));
            assert_eq!(serde_json::to_value(bug).unwrap(), bug.name());
        }
        assert!("none".parse::<Planted>().unwrap_err().contains("panic-abort"));
    }
}
