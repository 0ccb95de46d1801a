//! Confirm, confirm in part, or reject: decided from what was read, before anything is written.
//! No database, no clock.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use orders::{
    Cents, Discount, Fault, FaultyLine, Item, Order, OrderNumber, Quantity, Reason, UnitPrice,
};

use crate::database::{Facts, KnownCustomer, KnownLot, KnownProduct};

/// From how many lots a line is served, as many as an item of an NF-e names (`rastro`).
const LOTS_MAX: usize = 500;

/// A line as it is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecidedLine {
    pub(crate) line: u32,
    pub(crate) ean: String,
    pub(crate) product_id: Option<i64>,
    pub(crate) ordered: u32,
    /// At most as many as ordered; 0 on every line of a rejected order.
    pub(crate) confirmed: u32,
    pub(crate) unit_price: UnitPrice,
    pub(crate) discount_pct: Discount,
    pub(crate) gross: Cents,
    pub(crate) discount: Cents,
    /// Why less than ordered is confirmed.
    pub(crate) reason: Option<Reason>,
    /// From which lots; their quantities add up to what is confirmed.
    pub(crate) lots: Vec<TakenLot>,
}

/// How many are taken from a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TakenLot {
    pub(crate) lot: KnownLot,
    pub(crate) quantity: u32,
}

/// What is decided of an order before its total is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// Why it is rejected; none if at least a part can be confirmed.
    pub(crate) reason: Option<Reason>,
    /// In the order of their numbers.
    pub(crate) lines: Vec<DecidedLine>,
}

impl Judgement {
    /// Rejects what could have been confirmed: what was taken is given back.
    pub(crate) fn rejected(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        for line in &mut self.lines {
            (line.confirmed, line.gross, line.discount) = (0, Cents(0), Cents(0));
            line.lots.clear();
        }
        self
    }

    /// Whether less is confirmed than was ordered.
    pub(crate) fn is_partial(&self) -> bool {
        self.lines.iter().any(|line| line.confirmed < line.ordered)
    }
}

/// A body that is no order: rejected, whatever the database knows.
pub(crate) fn judge_fault(fault: &Fault) -> Judgement {
    let lines = in_order(fault.lines.iter().map(faulty));
    Judgement { reason: Some(fault.reason), lines }
}

/// By the numbers of the lines, which differ.
fn in_order(lines: impl Iterator<Item = DecidedLine>) -> Vec<DecidedLine> {
    let mut lines: Vec<DecidedLine> = lines.collect();
    lines.sort_by_key(|line| line.line);
    lines
}

/// A line of which no product is known, and none of it confirmed.
fn faulty(line: &FaultyLine) -> DecidedLine {
    DecidedLine {
        line: line.line,
        ean: line.ean.clone(),
        product_id: None,
        ordered: line.qty.get(),
        confirmed: 0,
        unit_price: line.unit_price,
        discount_pct: Discount::default(),
        gross: Cents(0),
        discount: Cents(0),
        reason: line.reason,
        lots: Vec::new(),
    }
}

/// Judges an order by what the database knows, on a day of the emitter's.
pub(crate) fn judge(
    order: &Order,
    path_number: &OrderNumber,
    facts: &Facts,
    today: Date,
) -> Judgement {
    let customer = match buyer(order, path_number, facts.customer.as_ref(), today) {
        Ok(customer) => customer,
        Err(reason) => return Judgement { reason: Some(reason), lines: unjudged(order) },
    };
    let mut shelves = Shelves::new(facts, today, customer);
    let mut items: Vec<&Item> = order.items.iter().collect();
    items.sort_by_key(|item| item.line);
    let judged =
        items.into_iter().map(|item| shelves.judge_line(item, customer, order.allow_partial));
    let lines = in_order(judged.chain(order.misread.iter().map(faulty)));
    all_or_part(Judgement { reason: None, lines }, order.allow_partial)
}

/// The customer, if it may buy in this way.
fn buyer<'a>(
    order: &Order,
    path_number: &OrderNumber,
    customer: Option<&'a KnownCustomer>,
    today: Date,
) -> Result<&'a KnownCustomer, Reason> {
    if order.partner_order_no != *path_number {
        return Err(Reason::OrderNumberMismatch);
    }
    let customer = customer.ok_or(Reason::UnknownCustomer)?;
    let last_due = order.payment_terms.days().last().copied().unwrap_or(0);
    let checks = [
        (customer.blocked, Reason::CustomerBlocked),
        (customer.license_until < today, Reason::LicenseExpired),
        (!customer.has_ship_to, Reason::UnknownShipTo),
        (u32::from(last_due) > customer.term_days_max, Reason::PaymentTermsNotAllowed),
        (order.requested_delivery.is_some_and(|day| day < today), Reason::DeliveryDateInvalid),
    ];
    let wrong = checks.into_iter().find_map(|(wrong, reason)| wrong.then_some(reason));
    wrong.map_or(Ok(customer), Err)
}

/// The lines of an order of which nothing more need be known.
fn unjudged(order: &Order) -> Vec<DecidedLine> {
    let items = order.items.iter().map(|item| decided(item, None, 0, None, Vec::new()));
    let misread = order.misread.iter().map(|line| DecidedLine { reason: None, ..faulty(line) });
    in_order(items.chain(misread))
}

/// All, unless a part is better than nothing; and a part of nothing is nothing.
fn all_or_part(judgement: Judgement, allow_partial: bool) -> Judgement {
    let first_reason = judgement.lines.iter().find_map(|line| line.reason);
    let nothing = judgement.lines.iter().all(|line| line.confirmed == 0);
    match first_reason {
        Some(reason) if nothing || !allow_partial => judgement.rejected(reason),
        Some(_) | None => judgement,
    }
}

/// What is left of each product while the lines of an order are served one after the other.
struct Shelves<'a> {
    products: BTreeMap<&'a str, Shelf<'a>>,
    expires_min: Date,
}

struct Shelf<'a> {
    product: &'a KnownProduct,
    lots: Vec<(&'a KnownLot, i64)>,
}

/// A lot that expires before this day is none for this customer: what expires today is for nobody.
pub(crate) fn expires_min(customer: &KnownCustomer, today: Date) -> Date {
    today.saturating_add(customer.shelf_days_min.max(1).days())
}

impl<'a> Shelves<'a> {
    fn new(facts: &'a Facts, today: Date, customer: &KnownCustomer) -> Self {
        let shelf = |product: &'a KnownProduct| {
            let lots = product.lots.iter().map(|lot| (lot, lot.free)).collect();
            (product.ean.as_str(), Shelf { product, lots })
        };
        Self {
            products: facts.products.iter().map(shelf).collect(),
            expires_min: expires_min(customer, today),
        }
    }

    fn judge_line(
        &mut self,
        item: &Item,
        customer: &KnownCustomer,
        allow_partial: bool,
    ) -> DecidedLine {
        let Some(shelf) = self.products.get_mut(item.ean.as_str()) else {
            return decided(item, None, 0, Some(Reason::UnknownEan), Vec::new());
        };
        let product = shelf.product;
        if let Some(reason) = line_reason(item, product, customer) {
            return decided(item, Some(product), 0, Some(reason), Vec::new());
        }
        let ordered = i64::from(item.qty.get());
        let fresh = shelf.available(self.expires_min);
        if fresh >= ordered {
            let lots = shelf.take(ordered, self.expires_min);
            return decided(item, Some(product), item.qty.get(), None, lots);
        }
        let some = fresh / product.pack * product.pack;
        let reason = match shelf.available(Date::MIN) {
            all if all >= ordered => Reason::ExpiryTooShort,
            _ if some > 0 && allow_partial => Reason::PartialStock,
            _ => Reason::OutOfStock,
        };
        let lots = shelf.take(some, self.expires_min);
        // Less than was ordered, which is a u32.
        decided(item, Some(product), some as u32, Some(reason), lots)
    }
}

impl Shelf<'_> {
    /// How many one line can have.
    fn available(&self, expires_min: Date) -> i64 {
        let fresh = |(lot, left): &&(&KnownLot, i64)| *left > 0 && lot.expires >= expires_min;
        self.lots.iter().filter(fresh).take(LOTS_MAX).map(|(_, left)| left).sum()
    }

    /// Takes this many, which are available, first expired first.
    fn take(&mut self, mut quantity: i64, expires_min: Date) -> Vec<TakenLot> {
        let fresh = |(lot, left): &&mut (&KnownLot, i64)| *left > 0 && lot.expires >= expires_min;
        let mut taken = Vec::new();
        for (lot, left) in self.lots.iter_mut().filter(fresh).take(LOTS_MAX) {
            let part = quantity.min(*left);
            if part > 0 {
                *left -= part;
                quantity -= part;
                taken.push(TakenLot { lot: (*lot).clone(), quantity: part as u32 });
            }
        }
        taken
    }
}

/// Why a product cannot be sold to a customer in this way, whatever is in stock.
fn line_reason(item: &Item, product: &KnownProduct, customer: &KnownCustomer) -> Option<Reason> {
    let checks = [
        (!product.active, Reason::Inactive),
        (product.controlled && !customer.may_buy_controlled, Reason::ControlledNotLicensed),
        (product.unit_price() != Some(item.unit_price), Reason::PriceMismatch),
        (i64::from(item.qty.get()) % product.pack != 0, Reason::PackMultiple),
    ];
    checks.into_iter().find_map(|(wrong, reason)| wrong.then_some(reason))
}

fn decided(
    item: &Item,
    product: Option<&KnownProduct>,
    confirmed: u32,
    reason: Option<Reason>,
    lots: Vec<TakenLot>,
) -> DecidedLine {
    let discount_pct = item.discount_pct.unwrap_or_default();
    let gross = Quantity::try_from(confirmed).map_or(Cents(0), |some| item.unit_price.times(some));
    DecidedLine {
        line: item.line,
        ean: item.ean.as_str().to_owned(),
        product_id: product.map(|product| product.product_id),
        ordered: item.qty.get(),
        confirmed,
        unit_price: item.unit_price,
        discount_pct,
        gross,
        discount: discount_pct.of(gross),
        reason,
        lots,
    }
}

#[cfg(test)]
#[allow(clippy::inconsistent_digit_grouping, reason = "reais_cents")]
mod tests;
