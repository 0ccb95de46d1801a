//! The documents of an order and where they are kept.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::{AccessKey, OrderNumber, PartnerId};

/// What an accepted order becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// The NF-e, XML.
    Nfe,
    /// The order confirmation, PDF.
    Confirmation,
}

impl DocumentKind {
    /// Every kind: an order is documented when it has one of each.
    pub const ALL: [Self; 2] = [Self::Nfe, Self::Confirmation];

    /// First segment of the object key.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Nfe => "nfe",
            Self::Confirmation => "confirmation",
        }
    }

    /// Ending of the object key.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Nfe => "xml",
            Self::Confirmation => "pdf",
        }
    }

    /// Media type of the object.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Nfe => "application/xml",
            Self::Confirmation => "application/pdf",
        }
    }
}

/// The object key of a document: `nfe/{partner}/{order}/{access key}.xml` and
/// `confirmation/{partner}/{order}/{access key}.pdf`.
///
/// A second delivery of an order has the same key, since billing gives an order one invoice. Were
/// it ever given a second, that would be a second object, which the reconciliation sees; with the
/// order number alone the second would hide behind the first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentKey {
    /// Which document.
    pub kind: DocumentKind,
    /// Whose order.
    pub partner: PartnerId,
    /// Which order.
    pub order_number: OrderNumber,
    /// Of which invoice.
    pub access_key: AccessKey,
}

/// A text that is no document's key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not the key of a document")]
pub struct DocumentKeyError(String);

impl fmt::Display for DocumentKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, partner, order_number, access_key } = self;
        let (folder, extension) = (kind.folder(), kind.extension());
        write!(formatter, "{folder}/{partner}/{order_number}/{access_key}.{extension}")
    }
}

impl FromStr for DocumentKey {
    type Err = DocumentKeyError;

    fn from_str(text: &str) -> Result<Self, DocumentKeyError> {
        parse(text).ok_or_else(|| DocumentKeyError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<DocumentKey> {
    let mut segments = text.split('/');
    let folder = segments.next()?;
    let kind = DocumentKind::ALL.into_iter().find(|kind| kind.folder() == folder)?;
    let partner = segments.next()?.parse().ok()?;
    let order_number = segments.next()?.parse().ok()?;
    let (access_key, extension) = segments.next()?.split_once('.')?;
    let fine = extension == kind.extension() && segments.next().is_none();
    let access_key = access_key.parse().ok()?;
    fine.then_some(DocumentKey { kind, partner, order_number, access_key })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "35261111222333000181550010000047111834729154";

    #[test]
    fn a_key_comes_back_from_its_text() {
        for text in [
            format!("nfe/partner-01/PO-1/{KEY}.xml"),
            format!("confirmation/partner-02/PO-2/{KEY}.pdf"),
        ] {
            assert_eq!(text.parse::<DocumentKey>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_almost_a_key_is_none() {
        for text in [
            format!("nfe/partner-01/PO-1/{KEY}.pdf"),
            format!("nfe/partner-01/{KEY}.xml"),
            format!("nfe/partner-01/PO-1/x/{KEY}.xml"),
            format!("nfce/partner-01/PO-1/{KEY}.xml"),
            "nfe/partner-01/PO-1/1.xml".to_owned(),
        ] {
            assert!(text.parse::<DocumentKey>().is_err(), "{text}");
        }
    }
}
