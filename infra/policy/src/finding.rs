//! What a rule has found.

use std::fmt;

/// One thing to change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The resource's logical id.
    pub resource: String,
    /// The property, as a path.
    pub property: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Finding {
    pub(crate) fn new(resource: &str, property: &str, problem: impl Into<String>) -> Self {
        let (resource, property) = (resource.to_owned(), property.to_owned());
        Self { resource, property, problem: problem.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}", self.resource, self.property, self.problem)
    }
}
