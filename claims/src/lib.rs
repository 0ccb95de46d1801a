//! What must be true of the system, and whether a run shows it. Arithmetic over evidence: no I/O,
//! no clock.
//!
//! A claim is a function from [`Evidence`] to a [`Finding`]; [`CLAIMS`] lists them.

mod evidence;
mod finding;
mod generator_health;
mod no_order_lost;
mod pays_for_use;
mod scales;
mod verdict;
pub mod words;

pub use evidence::Evidence;
pub use finding::{Fact, Finding, Standing, Summary};
pub use generator_health::bottleneck;
pub use no_order_lost::is_owed;
pub use verdict::{Judgement, RunVerdict, judge};

/// A claim: its name and how it is examined.
pub struct Claim {
    /// Short name, for files and test reports.
    pub name: &'static str,
    /// Examines the evidence.
    pub examine: fn(&Evidence<'_>) -> Finding,
}

/// Every claim, in the order in which they are shown.
pub const CLAIMS: &[Claim] = &[
    Claim { name: "no-order-lost", examine: no_order_lost::examine },
    Claim { name: "scales", examine: scales::examine },
    Claim { name: "pays-for-use", examine: pays_for_use::examine },
];
