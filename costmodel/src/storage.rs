//! What becomes of documents over the years: how old they are, when they are read, in which access
//! tier of S3 Intelligent-Tiering they lie, and the layouts in which they can be kept.
//!
//! Shares of tiers are probabilities and quantities are expectations, so numbers here are floating
//! point; they become money, exact, in [`crate::bill`]'s arithmetic.
//!
//! Not here: what it costs (`crate::forecast`).

mod age_grid;
mod cohorts;
mod layout;
mod reads;

pub(crate) use age_grid::{AgeGrid, Kernel, LAGS};
pub use cohorts::{TierMonths, cohorts};
pub use layout::{Layout, StorageClass};
pub use reads::{Decay, Mix, ReadPattern, TierShares};

/// Days of a month of 730 hours, as AWS's calculator takes it.
pub const MONTH_DAYS: f64 = 365.0 / 12.0;

/// The longest time that a forecast looks ahead, months: eleven years.
pub const MONTHS_MAX: usize = 132;
