//! The sale that billing makes of what is confirmed.

use jiff::Timestamp;
use orders::{Fiscal, Order, Quantity};

use crate::Message;
use crate::database::{DatabaseError, Facts, KnownCustomer, KnownProduct};
use crate::decision::{DecidedLine, TakenLot};
use crate::emitter::emitter;
use crate::invoice::{InvoiceLot, Party, Place, Sale, SaleHead, Shortfall, SoldLine};

/// Makes up the sale of the confirmed lines, of which there is one at least; none if the tax tables
/// do not say what would be owed.
pub(crate) fn make_sale(
    message: &Message,
    order: &Order,
    facts: &Facts,
    customer: &KnownCustomer,
    lines: &[DecidedLine],
    now: Timestamp,
) -> Result<Option<Sale>, DatabaseError> {
    let head = SaleHead {
        partner: message.partner.clone(),
        order_number: message.order_number.clone(),
        issued_at: now,
        emitter: emitter(),
        recipient: recipient(customer)?,
        ship_to: order.ship_to.code.clone(),
        payment_terms: order.payment_terms.clone(),
        shortfalls: lines.iter().filter_map(|line| shortfall(line, facts)).collect(),
    };
    let confirmed = lines.iter().filter(|line| line.confirmed > 0);
    let sold = confirmed.map(|line| sold_line(line, facts)).collect::<Result<_, _>>()?;
    Ok(Sale::new(head, sold).ok())
}

fn recipient(customer: &KnownCustomer) -> Result<Party, DatabaseError> {
    Ok(Party {
        cnpj: customer.cnpj.parse().map_err(|_| DatabaseError::Stored("cnpj"))?,
        name: customer.name.clone(),
        state_registration: customer.state_registration.clone(),
        place: Place {
            street: customer.street.clone(),
            house: customer.house.clone(),
            district: customer.district.clone(),
            city_code: customer.city_code,
            city: customer.city.clone(),
            state: customer.state,
            postcode: customer.postcode.clone(),
        },
    })
}

fn known_product<'a>(line: &DecidedLine, facts: &'a Facts) -> Option<&'a KnownProduct> {
    facts.products.iter().find(|product| product.ean == line.ean)
}

fn shortfall(line: &DecidedLine, facts: &Facts) -> Option<Shortfall> {
    Some(Shortfall {
        line: line.line,
        ean: line.ean.clone(),
        name: known_product(line, facts).map(|product| product.name.clone()),
        ordered: line.ordered,
        confirmed: line.confirmed,
        reason: line.reason?,
    })
}

fn sold_line(line: &DecidedLine, facts: &Facts) -> Result<SoldLine, DatabaseError> {
    let product = known_product(line, facts);
    let product = product.ok_or(DatabaseError::Stored("product"))?;
    let quantity = Quantity::try_from(line.confirmed);
    Ok(SoldLine {
        line: line.line,
        product_id: product.product_id,
        gtin: line.ean.parse().map_err(|_| DatabaseError::Stored("ean"))?,
        name: product.name.clone(),
        fiscal: fiscal(product),
        quantity: quantity.map_err(|_| DatabaseError::Stored("quantity"))?,
        unit_price: line.unit_price,
        discount: line.discount_pct,
        lots: line.lots.iter().map(invoice_lot).collect(),
    })
}

fn fiscal(product: &KnownProduct) -> Fiscal {
    Fiscal {
        ncm: product.ncm.clone(),
        cest: product.cest.clone(),
        origin: product.origin,
        medicine: product.medicine(),
        tax_class: product.tax_class,
    }
}

fn invoice_lot(taken: &TakenLot) -> InvoiceLot {
    let lot = &taken.lot;
    InvoiceLot {
        number: lot.lot.clone(),
        quantity: taken.quantity,
        made: lot.made,
        expires: lot.expires,
    }
}
