//! Order k of a run, made again whenever somebody asks.

use jiff::Timestamp;

use crate::seed::Draws;
use crate::{
    Buyer, Deviation, Discount, IssuedAt, Item, Order, OrderMix, OrderNumber, PartnerId, RunTag,
    ShipTo, World,
};

/// The stream of the run's seed from which orders are made.
const ORDERS: u64 = 0x6f72_6465_7273; // "orders"

/// Terms and how many in ten orders have them, roughly.
const TERMS: [&str; 4] = ["30", "30/60", "28/56/84", "0"];

/// Makes the orders of a run.
#[derive(Debug, Clone)]
pub struct Sampler {
    seed: u64,
    tag: RunTag,
    world: World,
    mix: OrderMix,
}

/// An order and who sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledOrder {
    /// Who sends it.
    pub partner: PartnerId,
    /// The partner's index in the world.
    pub partner_index: u32,
    /// The order.
    pub order: Order,
}

impl Sampler {
    /// The orders of the run with this seed and tag.
    pub fn new(seed: u64, tag: RunTag, world: World) -> Self {
        Self { seed, tag, world, mix: OrderMix::orders_only() }
    }

    /// The same run, in which some arrivals are no order.
    #[must_use]
    pub fn with_mix(mut self, mix: OrderMix) -> Self {
        self.mix = mix;
        self
    }

    /// What arrival `index` sends where that is not simply order `index`; `issued_at(j)` is when
    /// order j is issued.
    pub fn deviation(&self, index: u64, issued_at: impl Fn(u64) -> Timestamp) -> Option<Deviation> {
        Deviation::of(self, &self.mix, index, issued_at)
    }

    /// Order `index`: a pure function of (seed, tag, index) and of when it is issued.
    ///
    /// # Panics
    /// Never: the constants it parses are valid.
    pub fn order(&self, index: u64, issued_at: Timestamp) -> SampledOrder {
        let mut draws = Draws::new(self.seed, ORDERS, index);
        let partner_index = self.world.choose_partner(&mut draws);
        let of_partner = u64::from(self.world.customers_of(partner_index));
        let customer_index =
            partner_index + self.world.size().partners * (draws.below(of_partner) as u32);
        let customer = self.world.customer(customer_index);
        let address = draws.below(customer.ship_to.len() as u64) as usize;
        let terms = TERMS[draws.below(TERMS.len() as u64) as usize];
        let order = Order {
            partner_order_no: OrderNumber::planned(&self.tag, index),
            issued_at: IssuedAt::in_brasilia(issued_at),
            buyer: Buyer { cnpj: customer.cnpj },
            ship_to: ShipTo { code: customer.ship_to[address].clone() },
            requested_delivery: None,
            payment_terms: terms.parse().expect("a constant that is payment terms"),
            allow_partial: draws.below(2) == 0,
            items: self.items(&mut draws),
            misread: Vec::new(),
        };
        SampledOrder { partner: self.world.partner(partner_index), partner_index, order }
    }

    /// One to twelve different products, three on average, a twentieth of them at 5 % off.
    fn items(&self, draws: &mut Draws) -> Vec<Item> {
        let products = u64::from(self.world.size().products);
        let wanted = (1 + draws.below(3) + draws.below(3) + draws.below(20) / 19 * 7).min(products);
        let first = draws.below(products);
        // A stride without a common factor would be needed for any size; neighbours are enough.
        let stride = (products / wanted).max(1);
        (0..wanted)
            .map(|position| {
                let product = self.world.product(((first + position * stride) % products) as u32);
                let packs = 1 + draws.below(10) as u32;
                let reduced = draws.below(20) == 0;
                Item {
                    line: position as u32 + 1,
                    ean: product.gtin,
                    qty: (packs * 6).try_into().expect("at most sixty"),
                    unit_price: product.unit_price,
                    discount_pct: reduced.then(|| "5.00".parse::<Discount>().expect("a constant")),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn sampler(seed: u64) -> Sampler {
        Sampler::new(seed, RunTag::from_seed_text("sample tests"), World::default())
    }

    fn at() -> Timestamp {
        "2026-11-23T13:14:31Z".parse().unwrap()
    }

    #[test]
    fn the_same_order_can_be_made_again_and_the_next_is_another() {
        assert_eq!(sampler(3).order(17, at()), sampler(3).order(17, at()));
        assert_ne!(sampler(3).order(17, at()).order, sampler(3).order(18, at()).order);
        assert_ne!(sampler(3).order(17, at()).order.items, sampler(4).order(17, at()).order.items);
    }

    #[test]
    fn orders_are_issued_in_brasilia() {
        assert_eq!(sampler(1).order(0, at()).order.issued_at.as_str(), "2026-11-23T10:14:31-03:00");
    }

    #[test]
    fn every_partner_sends_and_the_first_most() {
        let mut counts = [0; 5];
        (0..2_000).for_each(|k| counts[sampler(9).order(k, at()).partner_index as usize] += 1);
        assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
        assert_eq!(counts.iter().max(), counts.first());
    }

    #[test]
    fn an_order_has_about_three_items() {
        let items: usize = (0..1_000).map(|k| sampler(2).order(k, at()).order.items.len()).sum();
        assert!((2_800..4_000).contains(&items), "{items}");
    }

    proptest! {
        #[test]
        fn a_sampled_order_parses_and_comes_back_the_same(seed: u64, index in 0_u64..1 << 36) {
            let sampled = sampler(seed).order(index, at());
            let body = serde_json::to_vec(&sampled.order).unwrap();
            prop_assert_eq!(Order::parse(&body).unwrap(), sampled.order.clone());
            let products: BTreeSet<_> = sampled.order.items.iter().map(|item| &item.ean).collect();
            prop_assert_eq!(products.len(), sampled.order.items.len());
        }
    }
}
