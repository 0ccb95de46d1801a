//! From what was read to what is written: an order is judged, its sale made up, its credit tried,
//! and all of its rows laid out, before the database is asked to write any of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::Offset;
use orders::{Cents, IssuedAt, LineStatus, OrderStatus, Reason};

use crate::billing::make_sale;
use crate::database::{
    DatabaseError, Facts, ItemRow, NumberingRow, ReceivableRow, ReservationRow, SettlingRow,
    TakeRow,
};
use crate::decision::{DecidedLine, Judgement, judge, judge_fault};
use crate::emitter::EMITTER_CNPJ;
use crate::invoice::{Invoice, InvoiceCodes, Numbering, Sale};
use crate::{Message, SettledOrder};

/// An order that is decided and not yet written.
#[derive(Debug, Clone)]
pub(crate) struct Settling {
    pub(crate) row: SettlingRow,
    status: OrderStatus,
    reason: Option<Reason>,
    lines: Vec<LineStatus>,
    sale: Option<Sale>,
}

impl Settling {
    /// Decides an order by what was read.
    ///
    /// # Errors
    /// If the database holds what it should not.
    pub(crate) fn decide(
        message: &Message,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Self, DatabaseError> {
        let today = Offset::constant(-3).to_datetime(now).date();
        let judgement = match &message.order {
            Ok(order) => judge(order, &message.order_number, facts, today),
            Err(fault) => judge_fault(fault),
        };
        let (judgement, sale) = billed(message, facts, judgement, now)?;
        let status = match judgement.reason {
            Some(_) => OrderStatus::Rejected,
            None if judgement.is_partial() => OrderStatus::PartiallyConfirmed,
            None => OrderStatus::Confirmed,
        };
        let row = row(message, facts, &judgement, status, sale.as_ref(), now)?;
        let lines = judgement.lines.iter().map(line_status).collect();
        Ok(Self { row, status, reason: judgement.reason, lines, sale })
    }

    /// Whether everything that was ordered is confirmed.
    pub(crate) fn confirms_all(&self) -> bool {
        self.status == OrderStatus::Confirmed
    }

    /// What its invoice is called under this number; none if it has no invoice.
    pub(crate) fn named(&self, number: u32) -> Option<Numbering> {
        let (sale, row) = (self.sale.as_ref()?, self.row.numbering.as_ref()?);
        Some(Numbering::new(sale, row.series, number))
    }

    /// The order as it is stored, now that it is, under this number if it is billed.
    pub(crate) fn stored(
        self,
        message: &Message,
        order_id: i64,
        number: Option<u32>,
    ) -> SettledOrder {
        let numbering = number.and_then(|number| self.named(number));
        let invoice = self.sale.zip(numbering).map(|(sale, numbering)| Invoice { numbering, sale });
        SettledOrder {
            order_id,
            partner: message.partner.clone(),
            order_number: message.order_number.clone(),
            body_sha256: message.body_sha256,
            status: self.status,
            reason: self.reason,
            decided_at: self.row.decided_at,
            lines: self.lines,
            invoice,
            documented: false,
        }
    }
}

/// The sale of what can be confirmed, if the customer's credit is enough for its total.
fn billed(
    message: &Message,
    facts: &Facts,
    judgement: Judgement,
    now: Timestamp,
) -> Result<(Judgement, Option<Sale>), DatabaseError> {
    let (Ok(order), Some(customer), None) = (&message.order, &facts.customer, judgement.reason)
    else {
        return Ok((judgement, None));
    };
    match make_sale(message, order, facts, customer, &judgement.lines, now)? {
        None => Ok((judgement.rejected(Reason::NotTaxable), None)),
        Some(sale) if !customer.has_credit(sale.totals.total) => {
            Ok((judgement.rejected(Reason::CreditLimit), None))
        }
        Some(sale) => Ok((judgement, Some(sale))),
    }
}

fn row(
    message: &Message,
    facts: &Facts,
    judgement: &Judgement,
    status: OrderStatus,
    sale: Option<&Sale>,
    now: Timestamp,
) -> Result<SettlingRow, DatabaseError> {
    let decided_at_ms = now.as_millisecond();
    let text = |sale| serde_json::to_string(sale).map_err(|_| DatabaseError::Stored("sale"));
    Ok(SettlingRow {
        partner_id: facts.partner_id,
        order_number: message.order_number.to_string(),
        customer_id: sale.and(facts.customer.as_ref()).map(|customer| customer.customer_id),
        status: status.name(),
        reason: judgement.reason.map(Reason::code),
        total_cents: sale.map_or(0, |sale| sale.totals.total.0),
        received_at_ms: message.sent_at_ms.unwrap_or(decided_at_ms),
        decided_at_ms,
        decided_at: IssuedAt::in_brasilia(now).to_string(),
        sale: sale.map(text).transpose()?,
        items: judgement.lines.iter().map(item_row).collect(),
        takes: takes(&judgement.lines),
        reservations: judgement.lines.iter().flat_map(reservation_rows).collect(),
        receivables: sale.map(receivable_rows).unwrap_or_default(),
        numbering: sale.map(|sale| numbering_row(sale, facts)),
    })
}

fn line_status(line: &DecidedLine) -> LineStatus {
    LineStatus {
        line: line.line,
        ean: line.ean.clone(),
        qty_ordered: line.ordered,
        qty_confirmed: line.confirmed,
        reason: line.reason,
    }
}

fn item_row(line: &DecidedLine) -> ItemRow {
    ItemRow {
        line: line.line,
        ean: line.ean.clone(),
        product_id: line.product_id,
        quantity_ordered: line.ordered,
        quantity_confirmed: line.confirmed,
        // Fifteen digits at most.
        unit_1e4: line.unit_price.as_1e4().cast_signed(),
        gross_cents: line.gross.0,
        discount_cents: line.discount.0,
        reason: line.reason.map(Reason::code),
    }
}

/// A product may be on several lines: what is taken from a lot is their sum.
fn takes(lines: &[DecidedLine]) -> Vec<TakeRow> {
    let mut sums = BTreeMap::new();
    for row in lines.iter().flat_map(reservation_rows) {
        *sums.entry((row.product_id, row.expires, row.lot)).or_insert(0) += row.quantity;
    }
    let take =
        |((product_id, expires, lot), quantity)| TakeRow { product_id, expires, lot, quantity };
    sums.into_iter().map(take).collect()
}

fn reservation_rows(line: &DecidedLine) -> impl Iterator<Item = ReservationRow> {
    let (number, product_id) = (line.line, line.product_id.unwrap_or_default());
    line.lots.iter().map(move |taken| ReservationRow {
        line: number,
        product_id,
        expires: taken.lot.expires,
        lot: taken.lot.lot.clone(),
        quantity: i64::from(taken.quantity),
    })
}

fn receivable_rows(sale: &Sale) -> Vec<ReceivableRow> {
    let row = |(n, part): (u32, &crate::invoice::Instalment)| {
        let Cents(cents) = part.amount;
        ReceivableRow { n, due: part.due, cents }
    };
    (1..).zip(&sale.instalments).map(row).collect()
}

fn numbering_row(sale: &Sale, facts: &Facts) -> NumberingRow {
    let InvoiceCodes { code, other_code, spread } = InvoiceCodes::of(sale);
    NumberingRow {
        cnpj: EMITTER_CNPJ,
        // Orders are spread over the series by what they are called, so that a second delivery
        // of one that was rolled back takes its number from the same series.
        series: facts.series_first + (spread % u32::from(facts.series_count.max(1))) as u16,
        key_prefix: sale.key_prefix(),
        code,
        other_code,
    }
}
