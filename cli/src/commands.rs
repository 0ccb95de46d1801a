//! One module a command.

pub(crate) mod calibrate;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod cost;
pub(crate) mod dlq;
pub(crate) mod forecast;
pub(crate) mod ladder;
pub(crate) mod local;
pub(crate) mod merge;
pub(crate) mod plan;
pub(crate) mod prices;
pub(crate) mod profiles;
pub(crate) mod prove;
pub(crate) mod report;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod shard;
pub(crate) mod simulate;
pub(crate) mod soak;
pub(crate) mod stack;
