//! Makes a sale of what was ordered and reserved: taxes, freight, sums, instalments. All that an
//! invoice says is computed here, once.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use orders::{
    Cents, Discount, Fiscal, Gtin, IssuedAt, Medicine, OrderNumber, PartnerId, PaymentTerms,
    Quantity, Rate, ShipToCode, UnitPrice,
};

use super::{Instalment, InvoiceLine, InvoiceLot, Party, Sale, Shortfall, Totals, in_digits};
use crate::tax::{Route, TaxError, TaxedAmounts, assess};

/// Carriage to another state, of the price of the goods. Within the state it is included.
const FREIGHT_BETWEEN_STATES: Rate = Rate(15_000);

/// What renders an invoice, as it is stored with it.
const PROGRAM: &str = concat!("vazao ", env!("CARGO_PKG_VERSION"));

// `verProc` has room for no more.
const _: () = assert!(PROGRAM.len() <= 20);

/// The largest amount that an NF-e has room for: 13 digits before the point (`TDec_1302`).
const AMOUNT_MAX: Cents = Cents(999_999_999_999_999);

/// The unit in which everything is sold.
const UNIT: &str = "UN";

/// Brasília, where the emitter's clock is. There is no summer time.
const OFFSET: Offset = Offset::constant(-3);

/// What a sale says apart from its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleHead {
    /// Who sent the order.
    pub partner: PartnerId,
    /// The partner's number of the order.
    pub order_number: OrderNumber,
    /// When it is billed. Read once and stored: a second delivery must not read a clock.
    pub issued_at: Timestamp,
    /// Who sells.
    pub emitter: Party,
    /// Who buys.
    pub recipient: Party,
    /// Where to.
    pub ship_to: ShipToCode,
    /// When it is paid.
    pub payment_terms: PaymentTerms,
    /// What was ordered and is not sold.
    pub shortfalls: Vec<Shortfall>,
}

/// A line that is confirmed, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldLine {
    /// The partner's line number.
    pub line: u32,
    /// Our code of the product.
    pub product_id: i64,
    /// The product's number.
    pub gtin: Gtin,
    /// The product's name.
    pub name: String,
    /// What tax law and ANVISA say of the product.
    pub fiscal: Fiscal,
    /// How many units are confirmed.
    pub quantity: Quantity,
    /// At what price each.
    pub unit_price: UnitPrice,
    /// Less what.
    pub discount: Discount,
    /// The lots reserved; their quantities add up to the line's.
    pub lots: Vec<InvoiceLot>,
}

impl Sale {
    /// Assesses, shares out and adds up.
    ///
    /// # Errors
    /// If the tax tables do not say what is owed, or if an NF-e has no room for it.
    pub fn new(head: SaleHead, lines: Vec<SoldLine>) -> Result<Self, TaxError> {
        let date = OFFSET.to_datetime(head.issued_at).date();
        if !head.recipient.is_registered() {
            return Err(TaxError::NotRegistered);
        }
        let route = Route { from: head.emitter.place.state, to: head.recipient.place.state };
        let freight = freight_shares(&lines, route);
        let lines = lines
            .into_iter()
            .zip(freight)
            .map(|(line, freight)| invoice_line(line, freight, route, date))
            .collect::<Result<Vec<_>, _>>()?;
        let totals = Totals::of(&lines);
        if totals.largest() > AMOUNT_MAX {
            return Err(TaxError::TooLarge);
        }
        Ok(Self {
            partner: head.partner,
            order_number: head.order_number,
            issued_at: IssuedAt::in_brasilia(head.issued_at),
            program: PROGRAM.to_owned(),
            emitter: head.emitter,
            recipient: head.recipient.in_digits(),
            ship_to: head.ship_to,
            instalments: instalments(totals.total, &head.payment_terms, date),
            payment_terms: head.payment_terms,
            lines,
            shortfalls: head.shortfalls,
            totals,
        })
    }

    /// Whether all of it is due on the day of the invoice.
    pub(crate) fn is_paid_at_once(&self) -> bool {
        let today = self.issued_on();
        self.instalments.iter().all(|instalment| instalment.due == today)
    }

    /// The day on which it was issued, where the emitter is.
    ///
    /// # Panics
    /// Never: [`IssuedAt`] begins with a date.
    pub fn issued_on(&self) -> Date {
        self.issued_at.as_str()[..10].parse().expect("an instant begins with its date")
    }
}

fn invoice_line(
    sold: SoldLine,
    freight: Cents,
    route: Route,
    date: Date,
) -> Result<InvoiceLine, TaxError> {
    let (gross, discount) = amounts(&sold);
    let taxed = TaxedAmounts { quantity: sold.quantity, gross, discount, freight };
    let assessment = assess(taxed, &sold.fiscal, route, date)?;
    let total = gross - discount + freight + assessment.taxes.icms.substituted();
    Ok(InvoiceLine {
        line: sold.line,
        product_id: sold.product_id,
        gtin: sold.gtin,
        name: sold.name,
        ncm: in_digits(sold.fiscal.ncm),
        cest: sold.fiscal.cest.map(in_digits),
        origin: sold.fiscal.origin,
        medicine: sold.fiscal.medicine.map(|medicine| Medicine {
            registration: in_digits(medicine.registration),
            ..medicine
        }),
        unit: UNIT.to_owned(),
        quantity: sold.quantity,
        unit_price: sold.unit_price,
        gross,
        discount,
        lots: sold.lots,
        freight,
        cfop: assessment.cfop,
        taxes: assessment.taxes,
        total,
    })
}

/// Before discount, and the discount.
fn amounts(line: &SoldLine) -> (Cents, Cents) {
    let gross = line.unit_price.times(line.quantity);
    (gross, line.discount.of(gross))
}

fn freight_shares(lines: &[SoldLine], route: Route) -> Vec<Cents> {
    let nets: Vec<Cents> = lines
        .iter()
        .map(|line| {
            let (gross, discount) = amounts(line);
            gross - discount
        })
        .collect();
    let rate = if route.from == route.to { Rate(0) } else { FREIGHT_BETWEEN_STATES };
    shared_out(rate.of(nets.iter().copied().sum()), &nets)
}

/// Parts of an amount in proportion to weights. Each is what the sum so far is due, half up, less
/// what was given: they add up to the amount, to the cent.
fn shared_out(amount: Cents, weights: &[Cents]) -> Vec<Cents> {
    let all: Cents = weights.iter().copied().sum();
    let mut seen = Cents(0);
    let mut given = Cents(0);
    weights
        .iter()
        .map(|weight| {
            seen = seen + *weight;
            let due = proportion(amount, seen, all);
            let part = due - given;
            given = due;
            part
        })
        .collect()
}

/// `amount` times `part` by `all`, half up; nothing of nothing.
fn proportion(amount: Cents, part: Cents, all: Cents) -> Cents {
    if all.0 == 0 {
        return Cents(0);
    }
    let (amount, part, all) = (i128::from(amount.0), i128::from(part.0), i128::from(all.0));
    // At most the amount, since the part is at most all.
    Cents((2 * amount * part + all).div_euclid(2 * all) as i64)
}

/// Equal parts; the cents that are left over go to the first ones. No part is of nothing, which an
/// NF-e refuses: an amount of fewer cents than terms is due in fewer parts.
fn instalments(total: Cents, terms: &PaymentTerms, date: Date) -> Vec<Instalment> {
    let wanted = terms.days().len() as i64;
    let parts = wanted.min(total.0).max(0);
    if parts == 0 {
        return Vec::new();
    }
    let (each, left_over) = (total.0 / parts, total.0 % parts);
    terms
        .days()
        .iter()
        .zip(0..parts)
        .map(|(days, index)| Instalment {
            due: date.saturating_add(i64::from(*days).days()),
            amount: Cents(each + i64::from(index < left_over)),
        })
        .collect()
}

impl Totals {
    /// Sums of amounts that are rounded already: the authority adds them up again (rejection 610).
    fn of(lines: &[InvoiceLine]) -> Self {
        let sum = |amount: fn(&InvoiceLine) -> Cents| lines.iter().map(amount).sum::<Cents>();
        let icms = |line: &InvoiceLine| line.taxes.icms.own.tax;
        Self {
            icms_base: sum(|line| line.taxes.icms.own.base),
            icms: sum(icms),
            substitution_base: sum(|line| {
                line.taxes.icms.substitution.map_or(Cents(0), |substitution| substitution.base)
            }),
            substitution: sum(|line| line.taxes.icms.substituted()),
            gross: sum(|line| line.gross),
            freight: sum(|line| line.freight),
            discount: sum(|line| line.discount),
            pis: sum(|line| line.taxes.pis.tax()),
            cofins: sum(|line| line.taxes.cofins.tax()),
            total: sum(|line| line.total),
            consumption_base: sum(|line| line.taxes.consumption.base),
            ibs_state: sum(|line| line.taxes.consumption.ibs_state.tax),
            ibs_city: sum(|line| line.taxes.consumption.ibs_city.tax),
            ibs: sum(|line| line.taxes.consumption.ibs),
            cbs: sum(|line| line.taxes.consumption.cbs.tax),
        }
    }

    /// No amount of the invoice or of a line is larger: none is negative, and all others are parts
    /// of these.
    fn largest(&self) -> Cents {
        self.gross.max(self.total).max(self.substitution_base)
    }
}

#[cfg(test)]
#[allow(clippy::inconsistent_digit_grouping, reason = "reais_cents")]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn parts(total: i64, terms: &str) -> Vec<i64> {
        let day = date(2026, 11, 23);
        let parts = instalments(Cents(total), &terms.parse().unwrap(), day);
        parts.iter().map(|part| part.amount.0).collect()
    }

    #[test]
    fn cents_left_over_go_to_the_first_instalments() {
        assert_eq!(parts(2_126_97, "30/60"), [1_063_49, 1_063_48]);
        assert_eq!(parts(100_01, "28/56/84"), [33_34, 33_34, 33_33]);
        assert_eq!(parts(5, "0"), [5]);
    }

    #[test]
    fn no_instalment_is_of_nothing() {
        assert_eq!(parts(2, "28/56/84"), [1, 1]);
        assert!(parts(0, "30").is_empty());
    }

    #[test]
    fn an_instalment_is_due_so_many_days_after_the_invoice() {
        let due = |terms: &str| {
            let parts = instalments(Cents(10_00), &terms.parse().unwrap(), date(2026, 11, 23));
            parts.iter().map(|part| part.due).collect::<Vec<_>>()
        };
        assert_eq!(due("30/60"), [date(2026, 12, 23), date(2027, 1, 22)]);
        assert_eq!(due("0"), [date(2026, 11, 23)]);
    }

    #[test]
    fn freight_is_shared_in_proportion_and_to_the_cent() {
        let weights = [Cents(100), Cents(100), Cents(100)];
        assert_eq!(shared_out(Cents(100), &weights), [Cents(33), Cents(34), Cents(33)]);
        assert_eq!(shared_out(Cents(7), &[Cents(0), Cents(50)]), [Cents(0), Cents(7)]);
        assert_eq!(shared_out(Cents(0), &[Cents(0)]), [Cents(0)]);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_none_is_negative(
            amount in 0_i64..1_000_000_000,
            weights in prop::collection::vec(0_i64..1_000_000_000, 1..30),
        ) {
            let weights: Vec<Cents> = weights.into_iter().map(Cents).collect();
            let all: Cents = weights.iter().copied().sum();
            let shares = shared_out(Cents(amount), &weights);
            prop_assert!(shares.iter().all(|share| share.0 >= 0));
            let expected = if all.0 == 0 { 0 } else { amount };
            prop_assert_eq!(shares.into_iter().sum::<Cents>(), Cents(expected));
        }

        #[test]
        fn instalments_add_up_and_differ_by_a_cent_at_most(total in 1_i64..1_000_000, n in 1_u16..120) {
            let terms: Vec<String> = (1..=n).map(|day| day.to_string()).collect();
            let parts = parts(total, &terms.join("/"));
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            prop_assert!(parts.iter().max().unwrap() - parts.iter().min().unwrap() <= 1);
            prop_assert!(parts.iter().all(|part| *part > 0));
        }
    }
}
