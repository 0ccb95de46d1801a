//! The documents of an invoice: bytes that follow from the stored rows and the certificate, and
//! from nothing else, so that a second delivery makes the same ones. No clock, no randomness.

mod confirmation;
mod deflate;
mod nfe;
mod signature;
mod xml;

use orders::{DocumentKey, DocumentKind};

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

/// Renders a document of an invoice.
pub fn render(kind: DocumentKind, invoice: &Invoice, signer: &Signer) -> Document {
    let bytes = match kind {
        DocumentKind::Nfe => nfe_xml(invoice, signer).into_bytes(),
        DocumentKind::Confirmation => confirmation_pdf(invoice),
    };
    let key = DocumentKey {
        kind,
        partner: invoice.sale.partner.clone(),
        order_number: invoice.sale.order_number.clone(),
        access_key: invoice.numbering.access_key.clone(),
    };
    Document { key, bytes }
}
