//! From usage to money: exact decimals, no clock, no I/O. A [`Usage`] says what was used, a
//! [`PriceSheet`] what one of it costs; [`bill`] multiplies, each unit at the price of its tier.
//!
//! ```
//! use costmodel::{PriceSheet, Region};
//! let sheet = PriceSheet::snapshot(Region::SaEast1)?;
//! assert_eq!(sheet.published(), "2025-08-28");
//! # Ok::<(), costmodel::PriceError>(())
//! ```

mod bill;
mod floor;
pub mod forecast;
mod money;
mod pays_for_use;
mod price_sheet;
mod region;
mod services;
mod small_documents;
pub mod storage;
mod usage;
mod usage_file;

pub use bill::{Bill, LineItem, Terms, TierCharge, bill};
pub use floor::floor;
pub use money::Usd;
pub use pays_for_use::{AlwaysOn, FixedShare, PaysForUse};
pub use price_sheet::{PriceError, PriceSheet};
pub use region::{Region, RegionError};
pub use small_documents::SmallDocuments;
pub use usage::*;
pub use usage_file::{FreePools, Statement, UsageFile, UsageFileError};
