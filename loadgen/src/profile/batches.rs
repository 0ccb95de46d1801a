//! `[[batches]]` of a profile: orders that come together.

use serde::{Deserialize, Serialize};

use crate::BatchSizes;

/// A size of batch, and how often it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRow {
    /// Orders in one batch.
    pub orders: u64,
    /// How often, relative to the other rows: percent, or any whole numbers.
    pub weight: u32,
}

/// The sizes that the rows describe; none where orders come alone.
pub(super) fn sizes(rows: &[BatchRow]) -> Result<Option<BatchSizes>, String> {
    if rows.is_empty() {
        return Ok(None);
    }
    let rows: Vec<(u64, u32)> = rows.iter().map(|row| (row.orders, row.weight)).collect();
    BatchSizes::new(&rows).map(Some).map_err(|error| format!("batches: {error}"))
}
