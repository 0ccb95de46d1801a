//! `vazao resume`: what a shard that died has left to send.

use crate::args::ResumeArguments;
use crate::commands::shard;
use crate::failure::Failure;

pub(crate) fn execute(arguments: &ResumeArguments) -> Result<u8, Failure> {
    shard::resume(arguments)
}
