//! What the database knows that bears on an order, read before it is decided.

use jiff::civil::Date;
use orders::{Cents, Medicine, Origin, State, TaxClass, UnitPrice};
use serde::Deserialize;

/// All that is read for one order. PostgreSQL gives it as JSON of this form.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Facts {
    pub(crate) partner_id: i64,
    /// The first of the series in which invoices are numbered, and how many there are.
    pub(crate) series_first: u16,
    pub(crate) series_count: u16,
    pub(crate) customer: Option<KnownCustomer>,
    /// Each product of the order once, in no order.
    pub(crate) products: Vec<KnownProduct>,
}

/// What the database knows of the customer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct KnownCustomer {
    pub(crate) customer_id: i64,
    pub(crate) cnpj: String,
    pub(crate) name: String,
    pub(crate) state_registration: String,
    pub(crate) street: String,
    pub(crate) house: String,
    pub(crate) district: String,
    pub(crate) city_code: u32,
    pub(crate) city: String,
    pub(crate) state: State,
    pub(crate) postcode: String,
    pub(crate) license_until: Date,
    pub(crate) may_buy_controlled: bool,
    pub(crate) shelf_days_min: i64,
    pub(crate) term_days_max: u32,
    pub(crate) blocked: bool,
    /// Whether the order's address is one of the customer's.
    pub(crate) has_ship_to: bool,
    pub(crate) limit_cents: i64,
    pub(crate) open_cents: i64,
}

impl KnownCustomer {
    /// Whether it may owe this much more.
    pub(crate) fn has_credit(&self, total: Cents) -> bool {
        Cents(self.open_cents) + total <= Cents(self.limit_cents)
    }
}

/// What the database knows of a product.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct KnownProduct {
    pub(crate) product_id: i64,
    pub(crate) ean: String,
    pub(crate) name: String,
    pub(crate) pack: i64,
    pub(crate) active: bool,
    pub(crate) controlled: bool,
    pub(crate) ncm: String,
    pub(crate) cest: Option<String>,
    pub(crate) origin: Origin,
    pub(crate) tax_class: TaxClass,
    pub(crate) registration: Option<String>,
    pub(crate) maximum_price_cents: Option<i64>,
    /// The customer's price on the day; none if it has none.
    pub(crate) unit_1e4: Option<i64>,
    /// What is not reserved, first expired first.
    pub(crate) lots: Vec<KnownLot>,
}

impl KnownProduct {
    pub(crate) fn unit_price(&self) -> Option<UnitPrice> {
        self.unit_1e4.map(|units| UnitPrice::from_1e4(units.unsigned_abs()))
    }

    pub(crate) fn medicine(&self) -> Option<Medicine> {
        let registration = self.registration.clone()?;
        Some(Medicine { registration, maximum_price: Cents(self.maximum_price_cents?) })
    }
}

/// A lot of which something is left.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct KnownLot {
    pub(crate) lot: String,
    pub(crate) made: Date,
    pub(crate) expires: Date,
    pub(crate) free: i64,
}
