//! Printing that outlives its reader. `vazao cost --json | head` closes the pipe before all is
//! written: that is no failure of ours, and the exit code still says how the command ended. The
//! standard `println!` would panic, so these two stand in its place everywhere in this crate.

use std::fmt;
use std::io::{ErrorKind, Write as _};

/// `println!`, to a reader that may have gone.
macro_rules! println {
    () => { $crate::output::line(format_args!("")) };
    ($($text:tt)*) => { $crate::output::line(format_args!($($text)*)) };
}

/// `eprintln!`, to a reader that may have gone.
macro_rules! eprintln {
    () => { $crate::output::error_line(format_args!("")) };
    ($($text:tt)*) => { $crate::output::error_line(format_args!($($text)*)) };
}

/// Writes a line to standard output. A full disk ends the program: what was asked for is not there.
pub(crate) fn line(text: fmt::Arguments<'_>) {
    let written = writeln!(std::io::stdout(), "{text}");
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        error_line(format_args!("vazao: standard output: {error}"));
        std::process::exit(1);
    }
}

/// Writes a line to standard error; nobody is left to tell if that fails.
pub(crate) fn error_line(text: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
