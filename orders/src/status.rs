//! What a partner is told of an order: the status document, JSON, one for each order, under a key
//! made from the partner and the order's number.

use serde::{Deserialize, Serialize};

use crate::{AccessKey, OrderNumber, PartnerId, Reason};

/// How an order ended. Before it ends there is no document: an accepted order without one is
/// received, no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// All of it is billed.
    Confirmed,
    /// A part of it is billed, as the partner allowed.
    PartiallyConfirmed,
    /// None of it is billed.
    Rejected,
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::PartiallyConfirmed, Self::Rejected];

    /// The name in documents and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::PartiallyConfirmed => "partially_confirmed",
            Self::Rejected => "rejected",
        }
    }

    /// The status of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// The status document. It follows from the stored rows and from nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusDocument {
    /// Version of this form.
    pub version: u32,
    /// Who sent the order.
    pub partner: PartnerId,
    /// The partner's own number.
    pub partner_order_no: OrderNumber,
    /// SHA-256 of the body that stands under this number, 64 hexadecimal digits. Whoever has sent
    /// another body under it finds that it was not taken.
    pub body_sha256: String,
    /// How it ended.
    pub status: OrderStatus,
    /// Why it is rejected; the first reason, where lines have several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When it was decided, local time with offset.
    pub decided_at: String,
    /// The lines, in the order of their numbers.
    pub lines: Vec<LineStatus>,
    /// What is to be paid, decimal text in BRL; 0.00 if rejected.
    pub total: String,
    /// The invoice, if anything is confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nfe: Option<NfeReference>,
    /// Where its documents are, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
}

/// How a line ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineStatus {
    /// The partner's line number.
    pub line: u32,
    /// The product's number as it was sent.
    pub ean: String,
    /// How many were ordered.
    pub qty_ordered: u32,
    /// How many are confirmed.
    pub qty_confirmed: u32,
    /// Why not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// The invoice of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NfeReference {
    /// Access key.
    pub chave: AccessKey,
    /// Series.
    pub serie: u16,
    /// Number within the series.
    pub number: u32,
}

/// Object keys in the bucket of the documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// The NF-e, XML.
    pub xml: String,
    /// The order confirmation, PDF.
    pub pdf: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_name_in_json_and_in_tables() {
        for status in OrderStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
            assert_eq!(OrderStatus::named(status.name()), Some(status));
        }
    }

    #[test]
    fn what_does_not_apply_is_left_out() {
        let text = r#"{"version":1,"partner":"partner-01","partner_order_no":"PO-1",
            "body_sha256":"00","status":"rejected","reason":"OUT_OF_STOCK",
            "decided_at":"2026-11-23T10:15:00-03:00",
            "lines":[{"line":1,"ean":"7891058001155","qty_ordered":5,"qty_confirmed":0,
            "reason":"OUT_OF_STOCK"}],"total":"0.00"}"#;
        let document: StatusDocument = serde_json::from_str(text).unwrap();
        let written = serde_json::to_string(&document).unwrap();
        assert_eq!(written, text.replace("\n            ", ""));
    }
}
