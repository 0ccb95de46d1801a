//! Lots of medicines: what is made at once and expires together. They are sold first expired,
//! first out, and an invoice names them (`rastro`).

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::World;
use crate::seed::Draws;

/// A lot in stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// Its number: 1 to 20 characters.
    pub number: String,
    /// The day on which it was made.
    pub made: Date,
    /// The day on which it expires.
    pub expires: Date,
    /// How many.
    pub quantity: u64,
}

/// The stream of [`Draws`] for lots.
const LOTS: u64 = 4;

/// The last lot is one that no run exhausts: running out is a scenario of its own.
const PLENTY: u64 = 600_000_000_000;

impl World {
    /// The lots of product `index`, the first to expire first. Small ones come before one of
    /// plenty, so that orders meet the end of a lot.
    pub fn lots(&self, index: u32) -> Vec<Lot> {
        let mut draws = Draws::new(0, LOTS, u64::from(index));
        let first_made = date(2026, 1, 5) + (draws.below(90) as i64).days();
        let quantities = [60 + draws.below(10) * 6, 600 + draws.below(100) * 6, PLENTY];
        let lot = |(position, quantity): (usize, u64)| {
            let made = first_made + (position as i64 * 45).days();
            Lot {
                number: format!("L{:05}{}", index % 100_000, ["A", "B", "C"][position]),
                made,
                expires: made + 24.months(),
                quantity,
            }
        };
        quantities.into_iter().enumerate().map(lot).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_expire_one_after_the_other_two_years_after_they_were_made() {
        for index in 0..50 {
            let lots = World::default().lots(index);
            assert!(lots.windows(2).all(|pair| pair[0].expires < pair[1].expires));
            assert!(lots.iter().all(|lot| lot.expires == lot.made + 24.months()));
            // Whole packs.
            assert!(lots.iter().all(|lot| lot.quantity % 6 == 0));
            assert_eq!(World::default().lots(index), lots);
        }
    }
}
