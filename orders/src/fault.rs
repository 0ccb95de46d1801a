//! What a schema cannot see: bodies of the right form that are no order all the same.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::order::{INSTALMENTS_MAX, ITEMS_MAX, LINE_MAX};
use crate::{
    Cnpj, CnpjError, Discount, Gtin, GtinError, IssuedAt, Order, OrderNumber, PaymentTerms,
    Quantity, Reason, ShipTo, UnitPrice,
};

/// Why a body of the right form is no order: the first reason that applies, and the lines that
/// have one of their own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct Fault {
    /// The reason to refuse the order.
    pub reason: Reason,
    /// Every line as it was sent.
    pub lines: Vec<FaultyLine>,
}

/// A line of such a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultyLine {
    /// The partner's number of the line; a number that is there twice is only here once.
    pub line: u32,
    /// The product's number as it was sent.
    pub ean: String,
    /// How many.
    pub qty: Quantity,
    /// At what price each.
    pub unit_price: UnitPrice,
    /// What is wrong with this line.
    pub reason: Option<Reason>,
}

/// An order in which every text that has a rule beyond its form is left as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suspect {
    #[serde(rename = "partner_order_no")]
    number: String,
    issued_at: String,
    buyer: SuspectBuyer,
    #[serde(rename = "ship_to")]
    _ship_to: ShipTo,
    #[serde(default)]
    requested_delivery: Option<String>,
    payment_terms: String,
    #[serde(default, rename = "allow_partial")]
    _allow_partial: bool,
    items: Vec<SuspectItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuspectBuyer {
    cnpj: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuspectItem {
    line: u32,
    ean: String,
    qty: Quantity,
    unit_price: UnitPrice,
    #[serde(default, rename = "discount_pct")]
    _discount: Option<Discount>,
}

impl Fault {
    /// The fault of a body that is no order; none where even the form is wrong.
    pub(crate) fn find(body: &[u8]) -> Option<Self> {
        let suspect: Suspect = serde_json::from_slice(body).ok()?;
        if !suspect.has_form() {
            return None;
        }
        let lines = suspect.lines();
        let of_lines = lines.iter().find_map(|line| line.reason);
        let reason = suspect.reason().or(suspect.doubled_line()).or(of_lines)?;
        Some(Self { reason, lines })
    }

    /// The order of the other lines, where nothing is wrong but the EAN of some, and the partner
    /// would rather have a part than nothing.
    pub(crate) fn sound_part(&self, body: &[u8]) -> Option<Order> {
        if self.reason != Reason::BadEanDv {
            return None;
        }
        let mut body: Value = serde_json::from_slice(body).ok()?;
        let misread: Vec<_> = self.lines.iter().filter(|line| line.reason.is_some()).collect();
        let is_misread = |item: &Value| {
            let number = item["line"].as_u64();
            misread.iter().any(|line| Some(u64::from(line.line)) == number)
        };
        body["items"].as_array_mut()?.retain(|item| !is_misread(item));
        let order: Order = serde_json::from_value(body).ok()?;
        let misread = misread.into_iter().cloned().collect();
        order.allow_partial.then_some(Order { misread, ..order })
    }
}

impl Suspect {
    /// Whether the texts have the form that the gateway's schema asks for.
    fn has_form(&self) -> bool {
        let cnpj = !matches!(self.buyer.cnpj.parse::<Cnpj>(), Err(CnpjError::Form(_)));
        let terms = self.payment_terms.split('/');
        let mut eans = self.items.iter().map(|item| item.ean.parse::<Gtin>());
        let is_of_dots = self.number.bytes().all(|byte| byte == b'.');
        let number = (1..=15).contains(&self.number.len()) && is_of_dots;
        (number || self.number.parse::<OrderNumber>().is_ok())
            && cnpj
            && (1..=ITEMS_MAX).contains(&self.items.len())
            && self.items.iter().all(|item| (1..=LINE_MAX).contains(&item.line))
            && eans.all(|ean| !matches!(ean, Err(GtinError::Form(_))))
            && is_instant(&self.issued_at)
            && self.requested_delivery.as_deref().is_none_or(|date| is_like(date, "0000-00-00"))
            && terms.clone().count() <= INSTALMENTS_MAX
            && terms.clone().all(|days| ["0", "00", "000"].iter().any(|form| is_like(days, form)))
    }

    /// What is wrong with the order as a whole, in the order in which an order is judged.
    fn reason(&self) -> Option<Reason> {
        let date = self.requested_delivery.as_deref();
        let checks = [
            (self.number.parse::<OrderNumber>().is_err(), Reason::OrderNumberMismatch),
            (self.issued_at.parse::<IssuedAt>().is_err(), Reason::IssuedAtInvalid),
            (self.buyer.cnpj.parse::<Cnpj>().is_err(), Reason::BadCnpjDv),
            (self.payment_terms.parse::<PaymentTerms>().is_err(), Reason::PaymentTermsNotAllowed),
            (date.is_some_and(|date| date.parse::<Date>().is_err()), Reason::DeliveryDateInvalid),
        ];
        checks.into_iter().find_map(|(wrong, reason)| wrong.then_some(reason))
    }

    fn doubled_line(&self) -> Option<Reason> {
        let mut seen = BTreeSet::new();
        let doubled = self.items.iter().any(|item| !seen.insert(item.line));
        doubled.then_some(Reason::DuplicateLine)
    }

    fn lines(&self) -> Vec<FaultyLine> {
        let mut seen = BTreeSet::new();
        let once = self.items.iter().filter(|item| seen.insert(item.line));
        once.map(SuspectItem::line).collect()
    }
}

impl SuspectItem {
    fn line(&self) -> FaultyLine {
        let Self { line, ean, qty, unit_price, .. } = self;
        let reason = ean.parse::<Gtin>().is_err().then_some(Reason::BadEanDv);
        let (line, ean, qty, unit_price) = (*line, ean.clone(), *qty, *unit_price);
        FaultyLine { line, ean, qty, unit_price, reason }
    }
}

/// `2026-11-23T10:14:31`, perhaps a fraction, and `Z` or an offset.
fn is_instant(text: &str) -> bool {
    let Some((second, rest)) = text.split_at_checked(19) else { return false };
    let (fraction, zone) = rest.split_at(rest.find(['Z', '+', '-']).unwrap_or(rest.len()));
    let digits = fraction.strip_prefix('.').unwrap_or("0");
    is_like(second, "0000-00-00T00:00:00")
        && (fraction.is_empty() || fraction.starts_with('.'))
        && (1..=9).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (zone == "Z" || is_like(zone, "+00:00") || is_like(zone, "-00:00"))
}

/// Whether a text has a digit where the form has a 0, and otherwise the form's own characters.
fn is_like(text: &str, form: &str) -> bool {
    let alike = |(byte, form): (u8, u8)| byte == form || form == b'0' && byte.is_ascii_digit();
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(alike)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Order, OrderError};

    const FINE: &str = r#"{"partner_order_no":"PO-1","issued_at":"2026-11-23T10:14:31-03:00",
        "buyer":{"cnpj":"12ABC34501DE35"},"ship_to":{"code":"CD04"},"payment_terms":"30/60",
        "requested_delivery":"2026-11-26",
        "items":[{"line":1,"ean":"7891058001155","qty":48,"unit_price":"5.2300"},
        {"line":2,"ean":"7896004703398","qty":120,"unit_price":"8.3750"}]}"#;

    fn fault(from: &str, to: &str) -> Fault {
        assert!(FINE.contains(from), "{from}");
        match Order::parse(FINE.replacen(from, to, 1).as_bytes()) {
            Err(OrderError::Fault(fault)) => fault,
            other => panic!("{from} as {to}: {other:?}"),
        }
    }

    #[test]
    fn each_rule_beyond_the_form_has_its_reason() {
        for (from, to, reason) in [
            ("PO-1", "..", Reason::OrderNumberMismatch),
            ("-11-23T", "-11-31T", Reason::IssuedAtInvalid),
            ("DE35", "DE36", Reason::BadCnpjDv),
            ("30/60", "60/30", Reason::PaymentTermsNotAllowed),
            ("2026-11-26", "2026-02-29", Reason::DeliveryDateInvalid),
            ("\"line\":2", "\"line\":1", Reason::DuplicateLine),
            ("703398", "703397", Reason::BadEanDv),
        ] {
            assert_eq!(fault(from, to).reason, reason, "{from} as {to}");
        }
    }

    #[test]
    fn the_line_whose_check_digit_is_wrong_is_named() {
        let lines = fault("703398", "703397").lines;
        let reasons: Vec<_> = lines.iter().map(|line| (line.line, line.reason)).collect();
        assert_eq!(reasons, [(1, None), (2, Some(Reason::BadEanDv))]);
        assert_eq!((lines[1].ean.as_str(), lines[1].qty.get()), ("7896004703397", 120));
    }

    #[test]
    fn the_other_lines_are_an_order_where_a_part_is_better_than_nothing() {
        let partial = FINE.replace("\"items\"", "\"allow_partial\":true,\"items\"");
        let order = Order::parse(partial.replace("703398", "703397").as_bytes()).unwrap();
        assert_eq!(order.items.iter().map(|item| item.line).collect::<Vec<_>>(), [1]);
        let misread: Vec<_> = order.misread.iter().map(|line| (line.line, line.reason)).collect();
        assert_eq!(misread, [(2, Some(Reason::BadEanDv))]);
        assert_eq!(order.total(), crate::Cents(25_104));
        // Nothing else may be wrong, and something must be left.
        for (from, to) in [("30/60", "60/30"), ("\"line\":2", "\"line\":1"), ("001155", "001154")] {
            let body = partial.replace("703398", "703397").replace(from, to);
            assert!(matches!(Order::parse(body.as_bytes()), Err(OrderError::Fault(_))), "{to}");
        }
        let sound = Order::parse(partial.as_bytes()).unwrap();
        assert!(sound.misread.is_empty());
    }

    #[test]
    fn a_wrong_form_is_no_fault() {
        for (from, to) in [("48", "0"), ("buyer", "bayer"), ("5.2300", "5,23"), ("{", "[")] {
            let parsed = Order::parse(FINE.replacen(from, to, 1).as_bytes());
            assert!(matches!(parsed, Err(OrderError::Form(_))), "{from} as {to}");
        }
    }
}
