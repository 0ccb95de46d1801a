//! The documents of an invoice: bytes that follow from the stored rows and the certificate, and
//! from nothing else, so that a second delivery makes the same ones. No clock, no randomness.

mod confirmation;
mod deflate;
mod nfe;
mod signature;
mod xml;

use orders::{AccessKey, DocumentKey, OrderNumber, PartnerId};

use crate::Invoice;

pub use confirmation::confirmation_pdf;
pub use nfe::nfe_xml;
pub use signature::{Signer, SignerError};

/// A document and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where.
    pub key: DocumentKey,
    /// What.
    pub bytes: Vec<u8>,
}

/// Renders the NF-e of an invoice.
pub fn nfe_document(invoice: &Invoice, signer: &Signer) -> Document {
    document(DocumentKey::nfe, invoice, nfe_xml(invoice, signer).into_bytes())
}

/// Renders the order confirmation of an invoice.
pub fn confirmation_document(invoice: &Invoice) -> Document {
    document(DocumentKey::confirmation, invoice, confirmation_pdf(invoice))
}

fn document(
    key: fn(PartnerId, OrderNumber, AccessKey) -> DocumentKey,
    invoice: &Invoice,
    bytes: Vec<u8>,
) -> Document {
    let Invoice { numbering, sale } = invoice;
    let (partner, order_number) = (sale.partner.clone(), sale.order_number.clone());
    Document { key: key(partner, order_number, numbering.access_key.clone()), bytes }
}
