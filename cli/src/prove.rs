//! The real layer of `vazao prove`: the function as it ships, the local cloud as a process that can
//! be killed, partners that send again, and everything that goes wrong.

pub(crate) mod child;
pub(crate) mod evidence;
pub(crate) mod mutants;
mod processes;
mod proxy;
pub(crate) mod rates;
pub(crate) mod real;
mod sender;
pub(crate) mod server;
pub(crate) mod stop;
pub(crate) mod summary;
mod trouble;
