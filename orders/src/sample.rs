//! Order k of a run, made again whenever somebody asks.

mod body;
mod choices;

pub use body::{BodyWriter, WrittenOrder};

use jiff::Timestamp;

use choices::{Choices, ItemChoice};

use crate::{
    Buyer, Deviation, Discount, IssuedAt, Item, Order, OrderMix, OrderNumber, PartnerId, RunTag,
    ShipTo, World,
};

/// What a twentieth of the items are reduced by, percent.
const DISCOUNT: &str = "5.00";

/// Makes the orders of a run.
#[derive(Debug, Clone)]
pub struct Sampler {
    seed: u64,
    tag: RunTag,
    world: World,
    mix: OrderMix,
    /// So many items in every order, instead of a varying number.
    items: Option<u32>,
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
        Self { seed, tag, world, mix: OrderMix::orders_only(), items: None }
    }

    /// The same run, in which some arrivals are no order.
    #[must_use]
    pub fn with_mix(mut self, mix: OrderMix) -> Self {
        self.mix = mix;
        self
    }

    /// The same, but every order has exactly so many items, at least one and at most as many as
    /// there are products: bodies of a known size, to compare senders with.
    #[must_use]
    pub fn with_items(mut self, items: u32) -> Self {
        self.items = Some(items.max(1));
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
        let choices = self.choose(index, |customer| self.world.ship_to_count(customer));
        let customer = self.world.customer(choices.customer);
        let items = choices.items().map(|item| self.item(item)).collect();
        let order = Order {
            partner_order_no: OrderNumber::planned(&self.tag, index),
            issued_at: IssuedAt::in_brasilia(issued_at),
            buyer: Buyer { cnpj: customer.cnpj },
            ship_to: ShipTo { code: customer.ship_to[choices.address as usize].clone() },
            requested_delivery: None,
            payment_terms: choices.terms.parse().expect("a constant that is payment terms"),
            allow_partial: choices.allow_partial,
            items,
            misread: Vec::new(),
        };
        let partner_index = choices.partner;
        SampledOrder { partner: self.world.partner(partner_index), partner_index, order }
    }

    /// What writes the bodies of the same orders faster.
    pub fn body_writer(&self) -> BodyWriter {
        BodyWriter::new(self.clone())
    }

    fn choose(&self, index: u64, addresses_of: impl Fn(u32) -> u32) -> Choices {
        Choices::draw(self.seed, index, &self.world, self.items, addresses_of)
    }

    fn item(&self, chosen: ItemChoice) -> Item {
        let product = self.world.product(chosen.product);
        Item {
            line: chosen.line,
            ean: product.gtin,
            qty: chosen.quantity.try_into().expect("at most sixty"),
            unit_price: product.unit_price,
            discount_pct: chosen
                .is_reduced
                .then(|| DISCOUNT.parse::<Discount>().expect("a constant")),
        }
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

    #[test]
    fn orders_of_a_fixed_size_have_so_many_items_of_different_products() {
        for wanted in [1, 16, 990] {
            let order = sampler(4).with_items(wanted).order(11, at()).order;
            let products: BTreeSet<_> = order.items.iter().map(|item| &item.ean).collect();
            assert_eq!((order.items.len(), products.len()), (wanted as usize, wanted as usize));
        }
    }

    #[test]
    fn a_writer_goes_on_to_another_second_and_back() {
        let mut writer = sampler(8).body_writer();
        for (k, second) in [(0, 1_800_000_000), (1, 1_800_000_001), (2, 1_800_000_000)] {
            let issued_at = Timestamp::from_second(second).unwrap();
            let mut body = Vec::new();
            writer.write(k, issued_at, &mut body);
            assert_eq!(Order::parse(&body).unwrap(), sampler(8).order(k, issued_at).order);
        }
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

        #[test]
        fn the_body_writer_writes_the_bytes_of_the_same_order(
            seed: u64, index in 0_u64..1 << 36, items in prop::option::of(1_u32..40), second: i32,
        ) {
            let mut sampler = sampler(seed);
            if let Some(items) = items {
                sampler = sampler.with_items(items);
            }
            let issued_at = Timestamp::from_second(second.into()).unwrap();
            let sampled = sampler.order(index, issued_at);
            let mut body = b"kept ".to_vec();
            let written = sampler.body_writer().write(index, issued_at, &mut body);
            let expected = format!("kept {}", serde_json::to_string(&sampled.order).unwrap());
            prop_assert_eq!(String::from_utf8(body).unwrap(), expected);
            prop_assert_eq!(written.partner_index, sampled.partner_index);
            prop_assert_eq!(written.number(), sampled.order.partner_order_no.as_str());
        }
    }
}
