//! `vazao profiles`

use crate::failure::Failure;
use crate::profiles;

pub(crate) fn execute() -> Result<u8, Failure> {
    for profile in profiles::shipped() {
        let profile = profile.map_err(Failure::internal)?;
        println!("{:<14} {}", profile.name, profile.description);
    }
    Ok(0)
}
