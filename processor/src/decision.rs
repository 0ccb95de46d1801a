//! Bill or refuse: decided from what was read, before anything is written.

use std::collections::BTreeMap;

use orders::{Cents, Order, OrderNumber, Quantity, UnitPrice};

use crate::Refusal;

/// What the database knows of the customer.
#[derive(Debug, Clone)]
pub(crate) struct KnownCustomer {
    pub(crate) customer_id: i64,
    pub(crate) blocked: bool,
    pub(crate) credit_limit: Cents,
    pub(crate) open: Cents,
}

/// What the database knows of a product.
#[derive(Debug, Clone)]
pub(crate) struct KnownProduct {
    pub(crate) product_id: i64,
    pub(crate) unit_price: UnitPrice,
    pub(crate) available: i64,
}

/// What billing will write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bill {
    pub(crate) customer_id: i64,
    pub(crate) lines: Vec<BillLine>,
    /// How many of each product, in product order: databases that lock rows need one order for
    /// all, or two orders wait for each other.
    pub(crate) reservations: BTreeMap<i64, i64>,
    pub(crate) total: Cents,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BillLine {
    pub(crate) line: u32,
    pub(crate) product_id: i64,
    pub(crate) quantity: Quantity,
    pub(crate) unit_price: UnitPrice,
    pub(crate) gross: Cents,
    pub(crate) discount: Cents,
}

/// Decides an order. `products` has one entry for each item, in the items' order.
pub(crate) fn decide(
    order: &Order,
    path_number: &OrderNumber,
    customer: Option<&KnownCustomer>,
    products: &[Option<KnownProduct>],
) -> Result<Bill, Refusal> {
    if order.partner_order_no != *path_number {
        return Err(Refusal::OrderNumberMismatch);
    }
    let customer = customer.ok_or(Refusal::UnknownCustomer)?;
    if customer.blocked {
        return Err(Refusal::CustomerBlocked);
    }
    let products: Vec<&KnownProduct> = products
        .iter()
        .map(|product| product.as_ref().ok_or(Refusal::UnknownEan))
        .collect::<Result<_, _>>()?;
    let lines = priced_lines(order, &products)?;
    let reservations = reservations(&lines, &products)?;
    let total: Cents = lines.iter().map(|line| line.gross - line.discount).sum();
    if customer.open + total > customer.credit_limit {
        return Err(Refusal::CreditLimit);
    }
    Ok(Bill { customer_id: customer.customer_id, lines, reservations, total })
}

fn priced_lines(order: &Order, products: &[&KnownProduct]) -> Result<Vec<BillLine>, Refusal> {
    order
        .items
        .iter()
        .zip(products)
        .map(|(item, product)| {
            if item.unit_price != product.unit_price {
                return Err(Refusal::PriceMismatch);
            }
            Ok(BillLine {
                line: item.line,
                product_id: product.product_id,
                quantity: item.qty,
                unit_price: item.unit_price,
                gross: item.gross(),
                discount: item.discount(),
            })
        })
        .collect()
}

/// A product may be on several lines: what counts is their sum.
fn reservations(
    lines: &[BillLine],
    products: &[&KnownProduct],
) -> Result<BTreeMap<i64, i64>, Refusal> {
    let mut wanted = BTreeMap::new();
    for (line, product) in lines.iter().zip(products) {
        let sum = wanted.entry(line.product_id).or_insert(0);
        *sum += i64::from(line.quantity.get());
        if *sum > product.available {
            return Err(Refusal::OutOfStock);
        }
    }
    Ok(wanted)
}

#[cfg(test)]
#[allow(clippy::inconsistent_digit_grouping, reason = "reais_cents")]
mod tests {
    use super::*;

    fn order() -> Order {
        let body = br#"{"partner_order_no":"PO-1","issued_at":"2026-11-23T10:14:31-03:00",
            "buyer":{"cnpj":"12ABC34501DE35"},"ship_to":{"code":"CD04"},"payment_terms":"30",
            "items":[{"line":1,"ean":"7891058001155","qty":48,"unit_price":"5.2300","discount_pct":"5.00"},
            {"line":2,"ean":"7891058001155","qty":2,"unit_price":"5.2300"}]}"#;
        Order::parse(body).unwrap()
    }

    fn product(available: i64) -> Option<KnownProduct> {
        Some(KnownProduct { product_id: 9, unit_price: UnitPrice::from_1e4(52_300), available })
    }

    fn customer(limit: i64) -> KnownCustomer {
        KnownCustomer {
            customer_id: 4,
            blocked: false,
            credit_limit: Cents(limit),
            open: Cents(1_00),
        }
    }

    // 48 x 5.23 = 251.04, less 5 % = 12.55: 238.49; 2 x 5.23 = 10.46; in all 248.95.
    const TOTAL: i64 = 248_95;

    fn decided(customer: Option<KnownCustomer>, available: i64) -> Result<Bill, Refusal> {
        let products = [product(available), product(available)];
        decide(&order(), &"PO-1".parse().unwrap(), customer.as_ref(), &products)
    }

    #[test]
    fn the_last_piece_and_the_last_cent_can_still_be_sold() {
        let bill = decided(Some(customer(TOTAL + 1_00)), 50).unwrap();
        assert_eq!(bill.total, Cents(TOTAL));
        assert_eq!(bill.reservations, BTreeMap::from([(9, 50)]));
        assert_eq!(decided(Some(customer(TOTAL + 1_00)), 49), Err(Refusal::OutOfStock));
        assert_eq!(decided(Some(customer(TOTAL + 99)), 50), Err(Refusal::CreditLimit));
    }

    #[test]
    fn customers_that_are_unknown_or_blocked_are_refused() {
        assert_eq!(decided(None, 50), Err(Refusal::UnknownCustomer));
        let blocked = KnownCustomer { blocked: true, ..customer(i64::MAX) };
        assert_eq!(decided(Some(blocked), 50), Err(Refusal::CustomerBlocked));
    }

    #[test]
    fn the_path_the_products_and_their_prices_must_agree() {
        let customer = customer(i64::MAX);
        let other_price = product(50)
            .map(|known| KnownProduct { unit_price: UnitPrice::from_1e4(52_301), ..known });
        let refused = |path: &str, products: [Option<KnownProduct>; 2]| {
            decide(&order(), &path.parse().unwrap(), Some(&customer), &products).unwrap_err()
        };
        assert_eq!(refused("PO-2", [product(50), product(50)]), Refusal::OrderNumberMismatch);
        assert_eq!(refused("PO-1", [product(50), None]), Refusal::UnknownEan);
        assert_eq!(refused("PO-1", [product(50), other_price]), Refusal::PriceMismatch);
    }
}
