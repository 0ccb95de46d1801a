//! A failure and the exit code that says of what kind it is.

use std::fmt;

/// A command that could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// 1 is our fault, 2 the user's.
    pub(crate) exit_code: u8,
    /// One line that names what to change.
    pub(crate) message: String,
}

impl Failure {
    /// Something to change on the command line or in a file.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self { exit_code: 2, message: message.to_string() }
    }

    /// Something that should have worked.
    pub(crate) fn internal(message: impl fmt::Display) -> Self {
        Self { exit_code: 1, message: message.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}
