//! The bills of a usage, by the prices of each region that vazao ships.

use costmodel::{PaysForUse, PriceSheet, Region, SmallDocuments, Terms, Usage, bill, floor};
use runlog::{CostRecord, RegionCost};

use crate::failure::Failure;

/// A unit cost is that of this many orders, so that tiers and rounding do not matter.
const UNIT_ORDERS: u64 = 1_000_000;

/// Prices a usage in every region, that of the run first.
pub(crate) fn price(usage: &Usage, home: Region) -> Result<CostRecord, Failure> {
    let others = Region::COMPLETE.iter().copied().filter(|region| *region != home);
    let regions = std::iter::once(home)
        .chain(others)
        .map(|region| price_in(usage, region))
        .collect::<Result<_, _>>()?;
    Ok(CostRecord { version: 1, regions })
}

fn price_in(usage: &Usage, region: Region) -> Result<RegionCost, Failure> {
    let sheet = PriceSheet::snapshot(region).map_err(Failure::internal)?;
    let list = Terms { free_tier: false };
    let free = Terms { free_tier: true };
    let bill = |usage: &Usage, terms| bill(usage, &sheet, terms).map_err(Failure::internal);
    let floor = |terms| floor(&sheet, terms).map_err(Failure::internal);
    Ok(RegionCost {
        region: region.to_string(),
        run: bill(usage, list)?,
        run_free_tier: bill(usage, free)?,
        per_million: bill(&usage.scaled_to(UNIT_ORDERS), list)?,
        floor: floor(list)?,
        floor_free_tier: floor(free)?,
        small_documents: SmallDocuments::of(usage, &sheet).map_err(Failure::internal)?,
        pays_for_use: PaysForUse::of(usage, &sheet).map_err(Failure::internal)?,
    })
}
