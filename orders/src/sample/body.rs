//! The bodies of a run's orders, byte for byte as serde writes them, into a buffer that is used
//! again. A sender of 100,000 orders a second makes each in less time than it takes to allocate
//! its parts; what the world says of a customer or product is written down once.

use std::io::Write as _;

use jiff::Timestamp;

use super::{DISCOUNT, Sampler};
use crate::number::PLANNED_LENGTH;
use crate::{IssuedAt, OrderNumber};

/// Writes bodies. Holds 40 to 100 bytes per customer and product of the world.
#[derive(Debug)]
pub struct BodyWriter {
    sampler: Sampler,
    customers: Vec<CustomerText>,
    products: Vec<ProductText>,
    /// The second that was written last, and its text.
    issued: (i64, IssuedAt),
}

/// What must be known of an order that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenOrder {
    /// The partner's index in the world.
    pub partner_index: u32,
    number: [u8; PLANNED_LENGTH],
}

impl WrittenOrder {
    /// Its number, as [`OrderNumber::planned`] has it.
    pub fn number(&self) -> &str {
        std::str::from_utf8(&self.number).unwrap_or_default()
    }
}

#[derive(Debug)]
struct CustomerText {
    cnpj: Box<str>,
    /// Each address's code.
    ship_to: Box<[Box<str>]>,
}

#[derive(Debug)]
struct ProductText {
    /// What stands between an item's line and its quantity.
    ean: Box<[u8]>,
    /// What stands after the quantity.
    price: Box<[u8]>,
}

impl BodyWriter {
    pub(super) fn new(sampler: Sampler) -> Self {
        let size = sampler.world.size();
        let customer = |index| {
            let customer = sampler.world.customer(index);
            let code = |code: &crate::ShipToCode| code.as_str().into();
            CustomerText {
                cnpj: customer.cnpj.as_str().into(),
                ship_to: customer.ship_to.iter().map(code).collect(),
            }
        };
        let product = |index| {
            let product = sampler.world.product(index);
            ProductText {
                ean: format!(",\"ean\":\"{}\",\"qty\":", product.gtin).into_bytes().into(),
                price: format!(",\"unit_price\":\"{}\"", product.unit_price).into_bytes().into(),
            }
        };
        Self {
            customers: (0..size.customers).map(customer).collect(),
            products: (0..size.products).map(product).collect(),
            issued: (0, IssuedAt::in_brasilia(Timestamp::UNIX_EPOCH)),
            sampler,
        }
    }

    /// Appends the body of order `index`, as [`Sampler::order`] makes it.
    pub fn write(&mut self, index: u64, issued_at: Timestamp, out: &mut Vec<u8>) -> WrittenOrder {
        let second = issued_at.as_second();
        if self.issued.0 != second || issued_at < Timestamp::UNIX_EPOCH {
            self.issued = (second, IssuedAt::in_brasilia(issued_at));
        }
        let addresses_of = |customer: u32| self.customers[customer as usize].ship_to.len() as u32;
        let choices = self.sampler.choose(index, addresses_of);
        let customer = &self.customers[choices.customer as usize];
        let number = OrderNumber::planned_text(&self.sampler.tag, index);
        for part in [
            "{\"partner_order_no\":\"".as_bytes(),
            &number,
            b"\",\"issued_at\":\"",
            self.issued.1.as_str().as_bytes(),
            b"\",\"buyer\":{\"cnpj\":\"",
            customer.cnpj.as_bytes(),
            b"\"},\"ship_to\":{\"code\":\"",
            customer.ship_to[choices.address as usize].as_bytes(),
            b"\"},\"payment_terms\":\"",
            choices.terms.as_bytes(),
            b"\",\"allow_partial\":",
            if choices.allow_partial { b"true" } else { b"false" },
            b",\"items\":[",
        ] {
            out.extend_from_slice(part);
        }
        for item in choices.items() {
            let product = &self.products[item.product as usize];
            out.extend_from_slice(if item.line == 1 { b"{\"line\":" } else { b",{\"line\":" });
            append(out, item.line);
            out.extend_from_slice(&product.ean);
            append(out, item.quantity);
            out.extend_from_slice(&product.price);
            if item.is_reduced {
                out.extend_from_slice(b",\"discount_pct\":\"");
                out.extend_from_slice(DISCOUNT.as_bytes());
                out.push(b'"');
            }
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
        WrittenOrder { partner_index: choices.partner, number }
    }
}

/// Digits of a small number.
fn append(out: &mut Vec<u8>, number: u32) {
    match number {
        0..10 => out.push(b'0' + number as u8),
        10..100 => out.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]),
        // Writing to a Vec cannot fail.
        100.. => {
            let _ = write!(out, "{number}");
        }
    }
}
