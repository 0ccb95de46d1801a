//! What goes wrong in a proof: sixteen kinds, each of which must have struck.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// SQS refuses the message.
    F1,
    /// SQS takes the message, and the partner hears nothing of it.
    F2,
    /// A partner sends a number again, with the same body or another.
    F3,
    /// Messages come twice, late, in another order.
    F4,
    /// The function's process is killed.
    F5,
    /// The function's time is up.
    F6,
    /// Two work on the same message at once.
    F7,
    /// The bucket fails, before or after it has written.
    F8,
    /// The database fails.
    F9,
    /// A message that no code can process.
    F10,
    /// The function's response is lost.
    F11,
    /// Messages are received, and there is no room to process them.
    F12,
    /// Processes stand still between invocations, and their connections die meanwhile.
    F13,
    /// A version is deployed that does not work, and taken back.
    F14,
    /// Dead letters are driven back, twice.
    F15,
    /// Clocks are off; the machine of the queue crashes and starts again.
    F16,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::F1,
        Self::F2,
        Self::F3,
        Self::F4,
        Self::F5,
        Self::F6,
        Self::F7,
        Self::F8,
        Self::F9,
        Self::F10,
        Self::F11,
        Self::F12,
        Self::F13,
        Self::F14,
        Self::F15,
        Self::F16,
    ];

    /// What happens, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::F1 => "the queue refuses an order (503, 403, 400)",
            Self::F2 => "the queue takes an order, and its partner gets no answer in time (504)",
            Self::F3 => "a partner sends an order again, with the same body or with another",
            Self::F4 => "messages are delivered twice, late, and out of order",
            Self::F5 => "a process of the function is killed in the middle of its work",
            Self::F6 => "a process of the function stands still until its time is up",
            Self::F7 => "two processes work on the same order at the same time",
            Self::F8 => "the bucket fails before a write, after it, conflicts, or slows down",
            Self::F9 => {
                "the database refuses, loses a connection in the middle of a transaction, commits \
                 and does not say so, or fails over"
            }
            Self::F10 => "a message arrives that no code can process",
            Self::F11 => "a process of the function answers, and the answer is lost",
            Self::F12 => "messages are received while there is no room to process them",
            Self::F13 => "processes stand still between invocations, and their connections die",
            Self::F14 => "a version that cannot start is deployed, and taken back",
            Self::F15 => "dead letters are driven back into the queue, twice",
            Self::F16 => "clocks are off, and the cloud itself crashes and starts again",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found =
            Self::ALL.into_iter().find(|fault| fault.to_string().eq_ignore_ascii_case(text));
        found.ok_or_else(|| format!("no fault is called {text:?}; there are F1 to F16"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_comes_back_from_its_name_in_either_case() {
        for fault in Fault::ALL {
            assert_eq!(fault.to_string().parse(), Ok(fault));
            assert_eq!(fault.to_string().to_lowercase().parse(), Ok(fault));
        }
        assert!("F17".parse::<Fault>().unwrap_err().contains("F1 to F16"));
    }
}
