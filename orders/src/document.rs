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
    /// How the order ended, JSON.
    Status,
}

impl DocumentKind {
    /// Every kind: a confirmed order is documented when it has one of each.
    pub const ALL: [Self; 3] = [Self::Nfe, Self::Confirmation, Self::Status];

    /// Whether there is one for each invoice. Of the others there is one for each order, also for
    /// a rejected one, which has no invoice.
    pub fn is_of_invoice(self) -> bool {
        match self {
            Self::Nfe | Self::Confirmation => true,
            Self::Status => false,
        }
    }

    /// First segment of the object key.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Nfe => "nfe",
            Self::Confirmation => "confirmation",
            Self::Status => "status",
        }
    }

    /// Ending of the object key.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Nfe => "xml",
            Self::Confirmation => "pdf",
            Self::Status => "json",
        }
    }

    /// Media type of the object.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Nfe => "application/xml",
            Self::Confirmation => "application/pdf",
            Self::Status => "application/json",
        }
    }
}

/// The object key of a document: `nfe/{partner}/{order}/{access key}.xml`,
/// `confirmation/{partner}/{order}/{access key}.pdf` and `status/{partner}/{order}.json`.
///
/// A second delivery of an order has the same keys, since billing gives an order one invoice. Were
/// it ever given a second, that would be a second object, which the reconciliation sees; with the
/// order number alone the second would hide behind the first. The status is the one document that
/// a partner must find without knowing the invoice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentKey {
    kind: DocumentKind,
    partner: PartnerId,
    order_number: OrderNumber,
    /// There for the kinds that are of an invoice, and only for them.
    access_key: Option<AccessKey>,
}

/// A text that is no document's key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not the key of a document")]
pub struct DocumentKeyError(String);

impl DocumentKey {
    /// The key of the NF-e, XML.
    pub fn nfe(partner: PartnerId, order_number: OrderNumber, access_key: AccessKey) -> Self {
        Self { kind: DocumentKind::Nfe, partner, order_number, access_key: Some(access_key) }
    }

    /// The key of the order confirmation, PDF.
    pub fn confirmation(
        partner: PartnerId,
        order_number: OrderNumber,
        access_key: AccessKey,
    ) -> Self {
        let access_key = Some(access_key);
        Self { kind: DocumentKind::Confirmation, partner, order_number, access_key }
    }

    /// The key of the status, JSON.
    pub fn status(partner: PartnerId, order_number: OrderNumber) -> Self {
        Self { kind: DocumentKind::Status, partner, order_number, access_key: None }
    }

    /// Which document.
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// Whose order.
    pub fn partner(&self) -> &PartnerId {
        &self.partner
    }

    /// Which order.
    pub fn order_number(&self) -> &OrderNumber {
        &self.order_number
    }

    /// Of which invoice, if the kind is of one.
    pub fn access_key(&self) -> Option<&AccessKey> {
        self.access_key.as_ref()
    }
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, partner, order_number, access_key } = self;
        write!(formatter, "{}/{partner}/{order_number}", kind.folder())?;
        if let Some(access_key) = access_key {
            write!(formatter, "/{access_key}")?;
        }
        write!(formatter, ".{}", kind.extension())
    }
}

impl FromStr for DocumentKey {
    type Err = DocumentKeyError;

    fn from_str(text: &str) -> Result<Self, DocumentKeyError> {
        parse(text).ok_or_else(|| DocumentKeyError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<DocumentKey> {
    let (folder, rest) = text.split_once('/')?;
    let kind = DocumentKind::ALL.into_iter().find(|kind| kind.folder() == folder)?;
    // An order number may hold dots, so that the ending is the one that the kind has.
    let rest = rest.strip_suffix(kind.extension())?.strip_suffix('.')?;
    let (partner, rest) = rest.split_once('/')?;
    let (order_number, access_key) = if kind.is_of_invoice() {
        let (order_number, access_key) = rest.split_once('/')?;
        (order_number, Some(access_key.parse().ok()?))
    } else {
        (rest, None)
    };
    let (partner, order_number) = (partner.parse().ok()?, order_number.parse().ok()?);
    Some(DocumentKey { kind, partner, order_number, access_key })
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
            "status/partner-03/PO.3.json".to_owned(),
        ] {
            assert_eq!(text.parse::<DocumentKey>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_key_is_made_of_its_parts() {
        let of = |make: fn(PartnerId, OrderNumber, AccessKey) -> DocumentKey| {
            let (partner, order) = ("partner-01".parse().unwrap(), "PO-1".parse().unwrap());
            make(partner, order, KEY.parse().unwrap()).to_string()
        };
        assert_eq!(of(DocumentKey::nfe), format!("nfe/partner-01/PO-1/{KEY}.xml"));
        assert_eq!(
            of(DocumentKey::confirmation),
            format!("confirmation/partner-01/PO-1/{KEY}.pdf")
        );
        let status = of(|partner, order, _| DocumentKey::status(partner, order));
        assert_eq!(status, "status/partner-01/PO-1.json");
    }

    #[test]
    fn what_is_almost_a_key_is_none() {
        for text in [
            format!("nfe/partner-01/PO-1/{KEY}.pdf"),
            format!("nfe/partner-01/{KEY}.xml"),
            format!("nfe/partner-01/PO-1/x/{KEY}.xml"),
            format!("nfce/partner-01/PO-1/{KEY}.xml"),
            "nfe/partner-01/PO-1/1.xml".to_owned(),
            format!("status/partner-01/PO-1/{KEY}.json"),
            "status/PO-1.json".to_owned(),
            "status/partner-01/PO-1.xml".to_owned(),
        ] {
            assert!(text.parse::<DocumentKey>().is_err(), "{text}");
        }
    }
}
