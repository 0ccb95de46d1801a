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
mod bill_comparison;
mod floor;
pub mod forecast;
mod free_pools;
mod meter_key;
mod money;
mod offer_file;
mod pays_for_use;
mod price_change;
mod price_check;
mod price_sheet;
mod refresh;
mod region;
mod services;
mod small_documents;
mod statement;
pub mod storage;
mod usage;
mod usage_file;

pub use bill::{Bill, LineItem, PriceProvenance, Terms, TierCharge, bill};
pub use bill_comparison::{
    BillComparison, BilledKind, BilledLine, ComparedLine, LoneLine, compare,
};
pub use floor::{floor, idle_stack};
pub use free_pools::FreePools;
pub use money::Usd;
pub use offer_file::{Dimension, OfferFile, Product, Term};
pub use pays_for_use::{AlwaysOn, FixedShare, PaysForUse};
pub use price_change::{ChangeKind, PriceChange, price_changes};
pub use price_check::{Gap, gaps, is_metered, known_gaps, meter_keys};
pub use price_sheet::{Entry, Listed, Price, PriceError, PriceSheet, Tier};
pub use region::{Region, RegionError};
pub use small_documents::SmallDocuments;
pub use statement::{Converted, Period, Statement};
pub use usage::*;
pub use usage_file::{KeysOf, UsageFile, UsageFileError, keys_of_sections};
