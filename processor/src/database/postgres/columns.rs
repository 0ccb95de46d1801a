//! An order as parameters of `settle_order`: by what it was decided, and its rows column by column.
//! Arrays of numbers and texts cost the server a fraction of what JSON does.

use bytes::BytesMut;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use tokio_postgres::types::{IsNull, ToSql, Type, accepts, to_sql_checked};

use super::facts::{Versions, day};
use crate::Message;
use crate::database::{Facts, ItemRow, NumberingRow, ReservationRow, SettlingRow, TakeRow};
use crate::decision::expires_min;
use crate::emitter::EMITTER_CNPJ;

pub(super) type Parameters<'a> = Vec<&'a (dyn ToSql + Sync)>;

/// By what an order was decided.
pub(super) struct Basis<'a> {
    partner_id: i64,
    partner: i32,
    establishment: i32,
    customer_id: Option<i64>,
    customer: Option<i32>,
    address: &'a str,
    products: Vec<i64>,
    versions: Vec<Option<i32>>,
    prices: Vec<Option<i64>>,
    today: SqlDate,
    expires_min: Option<SqlDate>,
}

impl<'a> Basis<'a> {
    pub(super) fn new(
        message: &'a Message,
        facts: &Facts,
        versions: &Versions,
        now: Timestamp,
    ) -> Self {
        let today = day(now);
        let order = message.order.as_ref().ok();
        let customer = facts.customer.as_ref();
        let version = |id| versions.products.get(id).copied().map(u32::cast_signed);
        Self {
            partner_id: facts.partner_id,
            partner: versions.partner.cast_signed(),
            establishment: versions.establishment.cast_signed(),
            customer_id: customer.map(|customer| customer.customer_id),
            customer: versions.customer.map(u32::cast_signed),
            address: order.map_or("", |order| order.ship_to.code.as_str()),
            products: facts.products.iter().map(|product| product.product_id).collect(),
            versions: facts.products.iter().map(|product| version(&product.product_id)).collect(),
            prices: facts.products.iter().map(|product| product.unit_1e4).collect(),
            today: SqlDate(today),
            expires_min: customer.map(|customer| SqlDate(expires_min(customer, today))),
        }
    }

    pub(super) fn parameters(&self) -> Parameters<'_> {
        vec![
            &self.partner_id,
            &self.partner,
            &EMITTER_CNPJ,
            &self.establishment,
            &self.customer_id,
            &self.customer,
            &self.address,
            &self.products,
            &self.versions,
            &self.prices,
            &self.today,
            &self.expires_min,
        ]
    }
}

/// The rows of an order.
pub(super) struct Columns<'a> {
    row: &'a SettlingRow,
    sha256: &'a [u8],
    items: ItemColumns<'a>,
    takes: LotColumns<'a>,
    part_lines: Vec<i32>,
    parts: LotColumns<'a>,
    due_dates: Vec<SqlDate>,
    dues: Vec<i64>,
    numbering: NumberingColumns<'a>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(message: &'a Message, row: &'a SettlingRow) -> Self {
        Self {
            row,
            sha256: message.body_sha256.as_slice(),
            items: ItemColumns::new(&row.items),
            takes: LotColumns::of_takes(&row.takes),
            part_lines: row.reservations.iter().map(|part| part.line.cast_signed()).collect(),
            parts: LotColumns::of_reservations(&row.reservations),
            due_dates: row.receivables.iter().map(|row| SqlDate(row.due)).collect(),
            dues: row.receivables.iter().map(|row| row.cents).collect(),
            numbering: row.numbering.as_ref().map(NumberingColumns::new).unwrap_or_default(),
        }
    }

    pub(super) fn parameters(&self) -> Parameters<'_> {
        let Self { row, items, takes, parts, numbering, .. } = self;
        vec![
            &row.order_number,
            &self.sha256,
            &row.status,
            &row.reason,
            &row.total_cents,
            &row.received_at_ms,
            &row.decided_at_ms,
            &row.decided_at,
            &row.sale,
            &items.lines,
            &items.eans,
            &items.products,
            &items.ordered,
            &items.confirmed,
            &items.units_1e4,
            &items.gross_cents,
            &items.discount_cents,
            &items.reasons,
            &takes.products,
            &takes.expires,
            &takes.lots,
            &takes.quantities,
            &self.part_lines,
            &parts.products,
            &parts.expires,
            &parts.lots,
            &parts.quantities,
            &self.due_dates,
            &self.dues,
            &numbering.series,
            &numbering.key_prefix,
            &numbering.code,
            &numbering.rest,
            &numbering.other_code,
            &numbering.other_rest,
        ]
    }
}

struct ItemColumns<'a> {
    lines: Vec<i32>,
    eans: Vec<&'a str>,
    products: Vec<Option<i64>>,
    ordered: Vec<i64>,
    confirmed: Vec<i64>,
    units_1e4: Vec<i64>,
    gross_cents: Vec<i64>,
    discount_cents: Vec<i64>,
    reasons: Vec<Option<&'static str>>,
}

impl<'a> ItemColumns<'a> {
    fn new(rows: &'a [ItemRow]) -> Self {
        Self {
            lines: rows.iter().map(|row| row.line.cast_signed()).collect(),
            eans: rows.iter().map(|row| row.ean.as_str()).collect(),
            products: rows.iter().map(|row| row.product_id).collect(),
            ordered: rows.iter().map(|row| i64::from(row.quantity_ordered)).collect(),
            confirmed: rows.iter().map(|row| i64::from(row.quantity_confirmed)).collect(),
            units_1e4: rows.iter().map(|row| row.unit_1e4).collect(),
            gross_cents: rows.iter().map(|row| row.gross_cents).collect(),
            discount_cents: rows.iter().map(|row| row.discount_cents).collect(),
            reasons: rows.iter().map(|row| row.reason).collect(),
        }
    }
}

/// Quantities of lots.
#[derive(Default)]
struct LotColumns<'a> {
    products: Vec<i64>,
    expires: Vec<SqlDate>,
    lots: Vec<&'a str>,
    quantities: Vec<i64>,
}

impl<'a> LotColumns<'a> {
    fn of_takes(rows: &'a [TakeRow]) -> Self {
        let mut columns = Self::default();
        for TakeRow { product_id, expires, lot, quantity } in rows {
            columns.push(*product_id, *expires, lot, *quantity);
        }
        columns
    }

    fn of_reservations(rows: &'a [ReservationRow]) -> Self {
        let mut columns = Self::default();
        for ReservationRow { line: _, product_id, expires, lot, quantity } in rows {
            columns.push(*product_id, *expires, lot, *quantity);
        }
        columns
    }

    fn push(&mut self, product_id: i64, expires: Date, lot: &'a str, quantity: i64) {
        self.products.push(product_id);
        self.expires.push(SqlDate(expires));
        self.lots.push(lot);
        self.quantities.push(quantity);
    }
}

/// All empty if the order gets no number.
#[derive(Default)]
struct NumberingColumns<'a> {
    series: Option<i32>,
    key_prefix: Option<&'a str>,
    code: Option<i32>,
    rest: Option<i32>,
    other_code: Option<i32>,
    other_rest: Option<i32>,
}

impl<'a> NumberingColumns<'a> {
    fn new(row: &'a NumberingRow) -> Self {
        Self {
            series: Some(i32::from(row.series)),
            key_prefix: Some(&row.key_prefix),
            code: Some(row.code.cast_signed()),
            rest: Some(weighted_rest(row, row.code)),
            other_code: Some(row.other_code.cast_signed()),
            other_rest: Some(weighted_rest(row, row.other_code)),
        }
    }
}

/// The weighted sum from which an access key's check digit is made, of all characters but the nine
/// of the number (NT Conjunta DFe 2025.001).
fn weighted_rest(row: &NumberingRow, code: u32) -> i32 {
    let NumberingRow { key_prefix, series, .. } = row;
    let key = format!("{key_prefix}{series:03}0000000001{code:08}");
    let weights = (2..=9).cycle();
    key.bytes().rev().zip(weights).map(|(byte, weight)| (i32::from(byte) - 48) * weight).sum()
}

/// A day as PostgreSQL has it.
#[derive(Debug, Clone, Copy)]
struct SqlDate(Date);

impl ToSql for SqlDate {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        const FIRST: Date = date(2000, 1, 1);
        let days = self.0.since(FIRST)?.get_days();
        out.extend_from_slice(&days.to_be_bytes());
        Ok(IsNull::No)
    }

    accepts!(DATE);
    to_sql_checked!();
}
