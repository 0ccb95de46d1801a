//! What a gate says.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a gate, or one number of it, stands. In the order of what outweighs what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing was asked, or nothing was recorded of it, or there is too little history.
    NotJudged,
    /// Within the limit.
    Pass,
    /// Worth a look; nothing fails.
    Warn,
    /// The run cannot tell.
    Inconclusive,
    /// Beyond the limit.
    Fail,
}

impl fmt::Display for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::NotJudged => "NOT JUDGED",
            Self::Pass => "PASS",
            Self::Warn => "WARN",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Fail => "FAIL",
        })
    }
}

/// The exit code of the gate that says that something is not known.
pub(crate) const NOT_ENOUGH_EVIDENCE: u8 = 21;

/// One number that a gate looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// What it is.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// The number, what it was held against, and what that gave.
    pub said: String,
    /// The file or the part of the system to look at when it moves.
    pub look_at: String,
}

impl Measure {
    pub(crate) fn new(name: &str, standing: Standing, said: String, look_at: &str) -> Self {
        Self { name: name.to_owned(), standing, said, look_at: look_at.to_owned() }
    }
}

/// A gate and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Its name, for files and test reports.
    pub name: String,
    /// The exit code of a run that fails it.
    pub exit_code: u8,
    /// The worst of its measures.
    pub standing: Standing,
    /// What moved, or that nothing did, in one sentence.
    pub reason: String,
    /// Everything that was looked at.
    pub measures: Vec<Measure>,
}

impl Gate {
    /// A gate of these measures: it stands as the worst of them, and says of those what they say, or
    /// `fine` if nothing is wrong.
    pub(crate) fn of(name: &str, exit_code: u8, measures: Vec<Measure>, fine: &str) -> Self {
        let standing =
            measures.iter().map(|measure| measure.standing).max().unwrap_or(Standing::NotJudged);
        let worst: Vec<String> = measures
            .iter()
            .filter(|measure| measure.standing == standing)
            .map(|measure| format!("{}: {}", measure.name, measure.said))
            .collect();
        let reason = match standing {
            Standing::Pass => fine.to_owned(),
            Standing::NotJudged | Standing::Warn | Standing::Inconclusive | Standing::Fail => {
                worst.join("; ")
            }
        };
        Self { name: name.to_owned(), exit_code, standing, reason, measures }
    }

    /// Whether the run fails by it: something is beyond its limit, or, for the gate that asks for
    /// evidence, there is none.
    pub fn fails(&self) -> bool {
        let is_open = self.standing == Standing::Inconclusive;
        self.standing == Standing::Fail || is_open && self.exit_code == NOT_ENOUGH_EVIDENCE
    }

    /// Where to look: of each measure that stands as the gate does, once.
    pub fn look_at(&self) -> Vec<&str> {
        let mut places: Vec<&str> = Vec::new();
        for measure in self.measures.iter().filter(|measure| measure.standing == self.standing) {
            if !measure.look_at.is_empty() && !places.contains(&measure.look_at.as_str()) {
                places.push(&measure.look_at);
            }
        }
        places
    }
}
