//! `bill.json`: what the run cost, and what it would have cost elsewhere.

use costmodel::{Bill, LineItem, PaysForUse, SmallDocuments};
use serde::{Deserialize, Serialize};

/// The bills of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostRecord {
    /// Version of this file's format.
    pub version: u32,
    /// One entry a region; the first is the region of the run.
    pub regions: Vec<RegionCost>,
}

/// The bills of a run by the prices of one region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionCost {
    /// The region.
    pub region: String,
    /// The run itself, list prices, documents kept for one month.
    pub run: Bill,
    /// The run itself in an account that uses nothing else: free tier taken off.
    pub run_free_tier: Bill,
    /// The run scaled to a million orders, list prices.
    pub per_million: Bill,
    /// A month without a single order, list prices.
    pub floor: Vec<LineItem>,
    /// A month without a single order, free tier taken off.
    pub floor_free_tier: Vec<LineItem>,
    /// What Intelligent-Tiering makes of documents of this size.
    pub small_documents: SmallDocuments,
    /// What "you pay for what you use" comes to; none without an order.
    #[serde(default)]
    pub pays_for_use: Option<PaysForUse>,
}
