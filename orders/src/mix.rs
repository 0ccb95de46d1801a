//! What an arrival of a run is when it is not simply an order: a body that must be refused, or a
//! number that was used before. Planned, so that the account of the run knows it: a planned refusal
//! is no loss, a planned repeat no duplicate.

use crate::seed::Draws;

/// Stream of the run's seed from which intents are drawn.
const STREAM: u64 = 0x006d_6978_7475_7265; // "mixture"

/// A repeat comes at most so many arrivals after what it repeats, where there is one.
const REPEATED_WITHIN: u64 = 50;

/// Parts per million.
const WHOLE: u64 = 1_000_000;

/// How many arrivals of a million are something else than an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mix {
    /// Bodies of a wrong form, which the gateway refuses.
    pub malformed_ppm: u32,
    /// Bodies of the right form that are no order, which are refused with a reason.
    pub refused_ppm: u32,
    /// The same order again.
    pub repeated_ppm: u32,
    /// Another order under a number that was used.
    pub conflicting_ppm: u32,
}

/// What an arrival is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// An order: accepted, and billed or refused as the business decides.
    Order,
    /// A body of a wrong form: the gateway refuses it, and it leaves no trace.
    Malformed,
    /// A body of the right form that is no order: accepted, refused with a reason, never billed.
    Refused,
    /// The same body under the same number as that arrival: accepted, and nothing more comes of it.
    Repeat {
        /// The arrival that sent it first.
        of: u64,
    },
    /// Another body under the number of that arrival: accepted; one of the two stands.
    Conflict {
        /// The arrival whose number it takes.
        of: u64,
    },
}

impl Intent {
    /// The arrival whose order number this one sends; its own if none.
    pub fn number_of(self, k: u64) -> u64 {
        match self {
            Self::Order | Self::Malformed | Self::Refused => k,
            Self::Repeat { of } | Self::Conflict { of } => of,
        }
    }
}

/// The intents of a run's arrivals: a pure function of (seed, k).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrderMix {
    seed: u64,
    mix: Mix,
}

/// The kind of an arrival before it is known which one it repeats.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Order,
    Malformed,
    Refused,
    Repeat,
    Conflict,
}

impl OrderMix {
    /// Every arrival is an order.
    pub fn orders_only() -> Self {
        Self::default()
    }

    /// So many of each kind, at random places that the seed chooses.
    pub fn new(seed: u64, mix: Mix) -> Self {
        Self { seed, mix }
    }

    /// Whether every arrival is an order.
    pub fn is_orders_only(&self) -> bool {
        self.mix == Mix::default()
    }

    /// What arrival `k` is meant to be. A repeat that finds no order before it is an order.
    pub fn intent(&self, k: u64) -> Intent {
        if self.is_orders_only() {
            return Intent::Order;
        }
        let mut draws = Draws::new(self.seed, STREAM, k);
        let kind = self.kind(&mut draws);
        match kind {
            Kind::Order => Intent::Order,
            Kind::Malformed => Intent::Malformed,
            Kind::Refused => Intent::Refused,
            Kind::Repeat | Kind::Conflict => {
                let back = 1 + draws.below(REPEATED_WITHIN);
                match self.order_at_or_before(k.saturating_sub(back)).filter(|of| *of < k) {
                    Some(of) if kind == Kind::Repeat => Intent::Repeat { of },
                    Some(of) => Intent::Conflict { of },
                    None => Intent::Order,
                }
            }
        }
    }

    fn kind(&self, draws: &mut Draws) -> Kind {
        let mut rest = draws.below(WHOLE);
        for (kind, ppm) in [
            (Kind::Malformed, self.mix.malformed_ppm),
            (Kind::Refused, self.mix.refused_ppm),
            (Kind::Repeat, self.mix.repeated_ppm),
            (Kind::Conflict, self.mix.conflicting_ppm),
        ] {
            if rest < u64::from(ppm) {
                return kind;
            }
            rest -= u64::from(ppm);
        }
        Kind::Order
    }

    /// The nearest arrival at or before `k` that was drawn as an order.
    fn order_at_or_before(&self, k: u64) -> Option<u64> {
        (0..=k).rev().find(|k| self.kind(&mut Draws::new(self.seed, STREAM, *k)) == Kind::Order)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIX: Mix = Mix {
        malformed_ppm: 30_000,
        refused_ppm: 50_000,
        repeated_ppm: 80_000,
        conflicting_ppm: 20_000,
    };

    #[test]
    fn each_kind_has_its_share() {
        let mix = OrderMix::new(9, MIX);
        let mut counts = [0_u32; 5];
        for k in 0..100_000 {
            let place = match mix.intent(k) {
                Intent::Order => 0,
                Intent::Malformed => 1,
                Intent::Refused => 2,
                Intent::Repeat { .. } => 3,
                Intent::Conflict { .. } => 4,
            };
            counts[place] += 1;
        }
        // Four standard errors of 8 % of 100,000 are 343.
        for (count, expected) in counts.into_iter().zip([82_000, 3_000, 5_000, 8_000, 2_000]) {
            assert!(count.abs_diff(expected) < 343, "{counts:?}");
        }
    }

    #[test]
    fn the_first_arrival_is_never_a_repeat() {
        let repeats = Mix { repeated_ppm: 500_000, ..Mix::default() };
        assert!((0..200).all(|seed| OrderMix::new(seed, repeats).intent(0) == Intent::Order));
    }

    #[test]
    fn without_a_mix_every_arrival_is_an_order() {
        assert!((0..1_000).all(|k| OrderMix::orders_only().intent(k) == Intent::Order));
    }

    proptest! {
        #[test]
        fn what_is_repeated_is_an_earlier_order(seed: u64, k in 0_u64..100_000) {
            let mix = OrderMix::new(seed, MIX);
            let of = mix.intent(k).number_of(k);
            prop_assert!(of <= k);
            if of != k {
                prop_assert_eq!(mix.intent(of), Intent::Order);
            }
        }
    }
}
