//! An order that is settled, and what its partner is told of it.

use orders::{
    Cents, DocumentKey, LineStatus, Links, NfeReference, OrderNumber, OrderStatus, PartnerId,
    Reason, StatusDocument,
};

use crate::Document;
use crate::hex::hex;
use crate::invoice::Invoice;

/// Version of the status document's form.
const STATUS_VERSION: u32 = 1;

/// An order as the database stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledOrder {
    /// Row of the order.
    pub order_id: i64,
    /// Who sent it.
    pub partner: PartnerId,
    /// The partner's number of the order.
    pub order_number: OrderNumber,
    /// Hash of the body that stands under the number.
    pub body_sha256: [u8; 32],
    /// How it ended.
    pub status: OrderStatus,
    /// Why it is rejected, if it is.
    pub reason: Option<Reason>,
    /// When it was decided: local time with offset.
    pub decided_at: String,
    /// The lines, in the order of their numbers.
    pub lines: Vec<LineStatus>,
    /// The invoice of what is confirmed; none if the order is rejected.
    pub invoice: Option<Invoice>,
    /// Whether its documents are known to be in the bucket.
    pub documented: bool,
}

impl SettledOrder {
    /// The status document: what the partner is told.
    pub fn status_document(&self) -> StatusDocument {
        let invoice = self.invoice.as_ref();
        StatusDocument {
            version: STATUS_VERSION,
            partner: self.partner.clone(),
            partner_order_no: self.order_number.clone(),
            body_sha256: hex(&self.body_sha256),
            status: self.status,
            reason: self.reason,
            decided_at: self.decided_at.clone(),
            lines: self.lines.clone(),
            total: invoice.map_or(Cents(0), |invoice| invoice.sale.totals.total).to_string(),
            nfe: invoice.map(|invoice| NfeReference {
                chave: invoice.numbering.access_key.clone(),
                serie: invoice.numbering.series,
                number: invoice.numbering.number,
            }),
            links: invoice.map(|invoice| self.links(invoice)),
        }
    }

    fn links(&self, invoice: &Invoice) -> Links {
        let key = |make: fn(PartnerId, OrderNumber, orders::AccessKey) -> DocumentKey| {
            let access_key = invoice.numbering.access_key.clone();
            make(self.partner.clone(), self.order_number.clone(), access_key).to_string()
        };
        Links { xml: key(DocumentKey::nfe), pdf: key(DocumentKey::confirmation) }
    }

    /// The status as it is stored in the bucket.
    ///
    /// # Panics
    /// Never: every value of the document has a form in JSON.
    pub fn status_object(&self) -> Document {
        let mut bytes = serde_json::to_vec(&self.status_document()).expect("texts and numbers");
        bytes.push(b'\n');
        let key = DocumentKey::status(self.partner.clone(), self.order_number.clone());
        Document { key, bytes }
    }
}
