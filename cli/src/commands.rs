//! One module a command.

pub(crate) mod calibrate;
pub(crate) mod cost;
pub(crate) mod local;
pub(crate) mod profiles;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod simulate;
