//! What an environment remembers of partners, customers and products, so that an order of a known
//! customer for known products needs no reading. Nothing is decided for good by it alone:
//! `settle_order` writes an order only if all of it is still so, and what leads to a refusal is
//! read anew first. It belongs to one connection, as versions mean nothing on another server.

use std::collections::HashMap;
use std::hash::Hash;

use orders::{Order, PartnerId};

use super::facts::Versions;
use crate::Message;
use crate::database::{Facts, KnownCustomer, KnownProduct, TakeRow};

/// A customer takes some 0.6 KB, a product with three lots 0.7 KB: 5 MB at most.
const CUSTOMERS_MAX: usize = 4_000;
const PRODUCTS_MAX: usize = 4_000;
const PARTNERS_MAX: usize = 1_000;

/// Partner, company's number and address: whether the address is the customer's is part of it.
type CustomerKey = (i64, String, String);

/// Number and price list.
type ProductKey = (String, i64);

/// Facts, by what an order says.
#[derive(Debug, Default)]
pub(super) struct Memory {
    partners: HashMap<PartnerId, RememberedPartner>,
    customers: HashMap<CustomerKey, RememberedCustomer>,
    products: HashMap<ProductKey, RememberedProduct>,
}

#[derive(Debug)]
struct RememberedPartner {
    partner_id: i64,
    version: u32,
    series_first: u16,
    series_count: u16,
    establishment: u32,
}

#[derive(Debug)]
struct RememberedCustomer {
    known: KnownCustomer,
    version: u32,
    price_list: i64,
}

#[derive(Debug)]
struct RememberedProduct {
    known: KnownProduct,
    version: u32,
}

impl Memory {
    /// All that bears on an order, if all of it is remembered.
    pub(super) fn recall(&self, message: &Message) -> Option<(Facts, Versions)> {
        let order = message.order.as_ref().ok()?;
        let partner = self.partners.get(&message.partner)?;
        let customer = self.customers.get(&customer_key(partner.partner_id, order))?;
        let mut versions = Versions {
            partner: partner.version,
            establishment: partner.establishment,
            customer: Some(customer.version),
            price_list: Some(customer.price_list),
            ..Versions::default()
        };
        let mut products = Vec::with_capacity(order.items.len());
        for item in &order.items {
            let key = (item.ean.as_str().to_owned(), customer.price_list);
            let RememberedProduct { known, version } = self.products.get(&key)?;
            if versions.products.insert(known.product_id, *version).is_none() {
                products.push(known.clone());
            }
        }
        let facts = Facts {
            partner_id: partner.partner_id,
            series_first: partner.series_first,
            series_count: partner.series_count,
            customer: Some(customer.known.clone()),
            products,
        };
        Some((facts, versions))
    }

    /// Remembers what was read for an order.
    pub(super) fn keep(&mut self, message: &Message, facts: &Facts, versions: &Versions) {
        let Ok(order) = &message.order else { return };
        let &Facts { partner_id, series_first, series_count, .. } = facts;
        let &Versions { partner: version, establishment, .. } = versions;
        let partner =
            RememberedPartner { partner_id, version, series_first, series_count, establishment };
        put(&mut self.partners, PARTNERS_MAX, message.partner.clone(), partner);
        let (Some(known), Some(version), Some(price_list)) =
            (&facts.customer, versions.customer, versions.price_list)
        else {
            return;
        };
        let customer = RememberedCustomer { known: known.clone(), version, price_list };
        put(&mut self.customers, CUSTOMERS_MAX, customer_key(partner_id, order), customer);
        for known in &facts.products {
            let Some(version) = versions.products.get(&known.product_id) else { continue };
            let product = RememberedProduct { known: known.clone(), version: *version };
            put(&mut self.products, PRODUCTS_MAX, (known.ean.clone(), price_list), product);
        }
    }

    /// Forgets what an order was decided by: it is no longer so.
    pub(super) fn forget(&mut self, message: &Message, facts: &Facts, versions: &Versions) {
        let Ok(order) = &message.order else { return };
        self.partners.remove(&message.partner);
        self.customers.remove(&customer_key(facts.partner_id, order));
        for product in &facts.products {
            self.products.remove(&(product.ean.clone(), versions.price_list.unwrap_or_default()));
        }
    }

    /// Notes what an order has left of its lots and of the credit, so that the next decision knows.
    pub(super) fn note(
        &mut self,
        message: &Message,
        facts: &Facts,
        versions: &Versions,
        (takes, left): (&[TakeRow], &[i64]),
        open_cents: i64,
    ) {
        let Ok(order) = &message.order else { return };
        if let Some(customer) = self.customers.get_mut(&customer_key(facts.partner_id, order)) {
            customer.known.open_cents = open_cents;
        }
        let price_list = versions.price_list.unwrap_or_default();
        for product in &facts.products {
            let key = (product.ean.clone(), price_list);
            let Some(remembered) = self.products.get_mut(&key) else { continue };
            let own = takes.iter().zip(left).filter(|(t, _)| t.product_id == product.product_id);
            for (take, left) in own {
                let is_it = |lot: &&mut crate::database::KnownLot| {
                    lot.expires == take.expires && lot.lot == take.lot
                };
                if let Some(lot) = remembered.known.lots.iter_mut().find(is_it) {
                    lot.free = *left;
                }
            }
            remembered.known.lots.retain(|lot| lot.free > 0);
        }
    }
}

fn customer_key(partner_id: i64, order: &Order) -> CustomerKey {
    (partner_id, order.buyer.cnpj.as_str().to_owned(), order.ship_to.code.as_str().to_owned())
}

/// Puts a value in the place of the one before, or of any other if there are too many.
fn put<K: Clone + Eq + Hash, V>(all: &mut HashMap<K, V>, most: usize, key: K, value: V) {
    if all.len() >= most
        && !all.contains_key(&key)
        && let Some(other) = all.keys().next().cloned()
    {
        all.remove(&other);
    }
    all.insert(key, value);
}
