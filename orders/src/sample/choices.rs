//! The choices that make order k, as numbers: what they mean in words is not here.

use crate::World;
use crate::seed::Draws;

/// The stream of the run's seed from which orders are made.
const ORDERS: u64 = 0x6f72_6465_7273; // "orders"

/// Terms, each as often as the others.
const TERMS: [&str; 4] = ["30", "30/60", "28/56/84", "0"];

/// What was chosen for one order.
pub(super) struct Choices {
    pub(super) partner: u32,
    pub(super) customer: u32,
    /// Position among the customer's addresses.
    pub(super) address: u32,
    pub(super) terms: &'static str,
    pub(super) allow_partial: bool,
    items: u64,
    first_product: u64,
    stride: u64,
    products: u64,
    draws: Draws,
}

/// What was chosen for one item.
pub(super) struct ItemChoice {
    pub(super) line: u32,
    pub(super) product: u32,
    pub(super) quantity: u32,
    pub(super) is_reduced: bool,
}

impl Choices {
    /// The choices of order `index`; `items` instead of a drawn number of them.
    pub(super) fn draw(
        seed: u64,
        index: u64,
        world: &World,
        items: Option<u32>,
        addresses_of: impl Fn(u32) -> u32,
    ) -> Self {
        let mut draws = Draws::new(seed, ORDERS, index);
        let partner = world.choose_partner(&mut draws);
        let of_partner = u64::from(world.customers_of(partner));
        let customer = partner + world.size().partners * (draws.below(of_partner) as u32);
        let address = draws.below(addresses_of(customer).into()) as u32;
        let terms = TERMS[draws.below(TERMS.len() as u64) as usize];
        let allow_partial = draws.below(2) == 0;
        let products = u64::from(world.size().products);
        // One to twelve, three on average.
        let drawn = 1 + draws.below(3) + draws.below(3) + draws.below(20) / 19 * 7;
        let items = items.map_or(drawn, u64::from).min(products);
        let first_product = draws.below(products);
        // A stride without a common factor would be needed for any size; neighbours are enough.
        let stride = (products / items).max(1);
        Self {
            partner,
            customer,
            address,
            terms,
            allow_partial,
            items,
            first_product,
            stride,
            products,
            draws,
        }
    }

    /// The items, different products each, a twentieth of them reduced.
    pub(super) fn items(&self) -> impl Iterator<Item = ItemChoice> {
        let mut draws = self.draws.clone();
        (0..self.items).map(move |position| {
            let packs = 1 + draws.below(10) as u32;
            let is_reduced = draws.below(20) == 0;
            ItemChoice {
                line: position as u32 + 1,
                product: ((self.first_product + position * self.stride) % self.products) as u32,
                quantity: packs * 6,
                is_reduced,
            }
        })
    }
}
