//! What can go wrong with one message. The type is the decision whether another attempt can help.
//! A refused order is not here: it is an outcome.

use orders::{DocumentKind, OrderError};
use thiserror::Error;

use crate::{DatabaseError, StoreError};

/// Why a message is not settled. Either way it goes back to the queue, and after enough attempts to
/// the dead-letter queue: the difference is what the person who reads the alarm does.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// Another attempt can succeed.
    #[error("{0}")]
    Retryable(#[from] Retryable),
    /// No attempt can succeed until somebody changes something.
    #[error("{0}")]
    Poison(#[from] Poison),
}

/// Trouble of the moment.
#[derive(Debug, Error)]
pub enum Retryable {
    /// The database did not answer, or not in time.
    #[error("database: {0}")]
    Database(#[from] DatabaseError),
    /// The bucket did not answer, or not in time.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The invocation is about to end; the record was not begun.
    #[error("deadline near: record not begun")]
    DeadlineNear,
    /// The record took so long that the others would have failed with it.
    #[error("record cut off: it took too long")]
    CutOff,
    /// The code failed on this record.
    #[error("panic while processing the record")]
    Panicked,
}

/// A message that cannot be processed as it is.
#[derive(Debug, Error)]
pub enum Poison {
    /// There is no body.
    #[error("no body")]
    NoBody,
    /// The gateway did not say who the partner is.
    #[error("no valid message attribute partner")]
    NoPartner,
    /// The gateway did not say under which number the order came.
    #[error("no valid message attribute orderNumber")]
    NoOrderNumber,
    /// The body is no order.
    #[error("malformed order: {0}")]
    Malformed(#[from] OrderError),
    /// The gateway knows the partner, the database does not.
    #[error("partner not in the database")]
    UnknownPartner,
    /// Under the document's key there is another content.
    #[error("the stored {0:?} document differs from ours")]
    DocumentDiffers(DocumentKind),
}

impl ProcessError {
    /// The name for logs: no text of the order in it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Retryable(Retryable::Database(_)) => "DATABASE",
            Self::Retryable(Retryable::Store(_)) => "STORE",
            Self::Retryable(Retryable::DeadlineNear) => "DEADLINE_NEAR",
            Self::Retryable(Retryable::CutOff) => "CUT_OFF",
            Self::Retryable(Retryable::Panicked) => "PANIC",
            Self::Poison(Poison::NoBody) => "NO_BODY",
            Self::Poison(Poison::NoPartner) => "NO_PARTNER",
            Self::Poison(Poison::NoOrderNumber) => "NO_ORDER_NUMBER",
            Self::Poison(Poison::Malformed(_)) => "MALFORMED_ORDER",
            Self::Poison(Poison::UnknownPartner) => "UNKNOWN_PARTNER",
            Self::Poison(Poison::DocumentDiffers(_)) => "DOCUMENT_DIFFERS",
        }
    }

    /// What a service said, for logs; nothing for errors whose text could quote the order.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::Retryable(cause) => Some(cause.to_string()),
            Self::Poison(_) => None,
        }
    }

    /// Whether another attempt can succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retryable(_))
    }
}

impl From<DatabaseError> for ProcessError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::UnknownPartner => Poison::UnknownPartner.into(),
            #[cfg(feature = "sqlite")]
            DatabaseError::Sqlite(_) => Retryable::Database(error).into(),
            DatabaseError::Postgres(_)
            | DatabaseError::NoSqlite
            | DatabaseError::Slow(_)
            | DatabaseError::Connection(_)
            | DatabaseError::Contended(_)
            | DatabaseError::Untaxed(_)
            | DatabaseError::Stored(_)
            | DatabaseError::Version { .. } => Retryable::Database(error).into(),
        }
    }
}

impl From<StoreError> for ProcessError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Differs(kind) => Poison::DocumentDiffers(kind).into(),
            StoreError::Service { .. } => Retryable::Store(error).into(),
        }
    }
}
