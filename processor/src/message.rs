//! A message of the queue, parsed once.

use aws_lambda_events::event::sqs::SqsMessage;
use orders::{Fault, Order, OrderError, OrderNumber, PartnerId};
use sha2::{Digest, Sha256};

use crate::Poison;

/// An order and who sent it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Who sent it: from the gateway, which authenticated the partner. The body is never asked.
    pub partner: PartnerId,
    /// The number in the path, under which the gateway accepted the order. It, with the partner, is
    /// the order's identity.
    pub order_number: OrderNumber,
    /// What was ordered; or why that is no order, which no schema can see and the partner is told.
    pub order: Result<Order, Fault>,
    /// Tells a second delivery from a second order of the same number.
    pub body_sha256: [u8; 32],
    /// When the queue took it, milliseconds since 1970, if it says so.
    pub sent_at_ms: Option<i64>,
}

impl Message {
    /// Parses a message.
    ///
    /// # Errors
    /// If it has no body, no identity or no order in it: it never will.
    pub fn parse(message: &SqsMessage) -> Result<Self, Poison> {
        let attribute = |name: &str| message.message_attributes.get(name)?.string_value.as_deref();
        let body = message.body.as_deref().ok_or(Poison::NoBody)?;
        let partner = attribute("partner").and_then(|text| text.parse().ok());
        let order_number = attribute("orderNumber").and_then(|text| text.parse().ok());
        Ok(Self {
            partner: partner.ok_or(Poison::NoPartner)?,
            order_number: order_number.ok_or(Poison::NoOrderNumber)?,
            order: parsed(body)?,
            body_sha256: Sha256::digest(body).into(),
            sent_at_ms: message.attributes.get("SentTimestamp").and_then(|text| text.parse().ok()),
        })
    }
}

fn parsed(body: &str) -> Result<Result<Order, Fault>, Poison> {
    match Order::parse(body.as_bytes()) {
        Ok(order) => Ok(Ok(order)),
        Err(OrderError::Fault(fault)) => Ok(Err(fault)),
        Err(error @ OrderError::Form(_)) => Err(error.into()),
    }
}
