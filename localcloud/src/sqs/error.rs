//! SQS's errors, under the names its two protocols give them.

use std::fmt::Display;

use http::StatusCode;

/// Why SQS refused a call.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum SqsError {
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    #[error("The input receipt handle \"{0}\" is not a valid receipt handle.")]
    ReceiptHandleIsInvalid(String),
    #[error("The specified message isn't in flight.")]
    MessageNotInflight,
    #[error("Too many messages in flight: delete some, or poll longer than 0 s.")]
    OverLimit,
    #[error("There should be at least one {0}BatchRequestEntry in the request.")]
    EmptyBatchRequest(&'static str),
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeQueueInProgress(String),
    #[error("{0} Actions were found, maximum allowed is 7.")]
    TooManyActions(usize),
    #[error("{0}")]
    Serialization(String),
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    #[error("Batch requests cannot be longer than 1048576 bytes. You have sent {0} bytes.")]
    BatchRequestTooLong(usize),
    #[error("{0}")]
    InvalidMessageContents(String),
    #[error("{0}")]
    InvalidParameterValue(String),
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(String),
    #[error("{0}")]
    InvalidAttributeName(String),
    #[error("{0}")]
    InvalidAttributeValue(String),
    #[error("The action {0} is not valid for this endpoint.")]
    InvalidAction(String),
    #[error("{0}")]
    ResourceNotFound(String),
    #[error("The request has failed due to a temporary failure of the server.")]
    ServiceUnavailable,
    #[error("Access to the resource is denied.")]
    AccessDenied,
}

impl SqsError {
    /// (shape of the JSON protocol, code of the query protocol).
    pub(crate) fn names(&self) -> (&'static str, &'static str) {
        match self {
            SqsError::QueueDoesNotExist => {
                ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
            }
            SqsError::QueueNameExists(_) => ("QueueNameExists", "QueueAlreadyExists"),
            SqsError::ReceiptHandleIsInvalid(_) => {
                ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid")
            }
            SqsError::MessageNotInflight => {
                ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight")
            }
            SqsError::OverLimit | SqsError::TooManyActions(_) => ("OverLimit", "OverLimit"),
            SqsError::PurgeQueueInProgress(_) => {
                ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress")
            }
            SqsError::Serialization(_) => ("SerializationException", "MalformedInput"),
            SqsError::EmptyBatchRequest(_) => {
                ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest")
            }
            SqsError::TooManyEntriesInBatchRequest(_) => (
                "TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            ),
            SqsError::BatchEntryIdsNotDistinct(_) => {
                ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
            }
            SqsError::InvalidBatchEntryId => {
                ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId")
            }
            SqsError::BatchRequestTooLong(_) => {
                ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong")
            }
            SqsError::InvalidMessageContents(_) => {
                ("InvalidMessageContents", "InvalidMessageContents")
            }
            SqsError::InvalidParameterValue(_) => {
                ("InvalidParameterValueException", "InvalidParameterValue")
            }
            SqsError::MissingParameter(_) => {
                ("MissingRequiredParameterException", "MissingParameter")
            }
            SqsError::InvalidAttributeName(_) => ("InvalidAttributeName", "InvalidAttributeName"),
            SqsError::InvalidAttributeValue(_) => {
                ("InvalidAttributeValue", "InvalidAttributeValue")
            }
            SqsError::InvalidAction(_) => ("InvalidAction", "InvalidAction"),
            SqsError::ResourceNotFound(_) => {
                ("ResourceNotFoundException", "ResourceNotFoundException")
            }
            SqsError::ServiceUnavailable => ("ServiceUnavailable", "ServiceUnavailable"),
            SqsError::AccessDenied => ("AccessDeniedException", "AccessDenied"),
        }
    }

    pub(crate) fn is_sender_fault(&self) -> bool {
        *self != SqsError::ServiceUnavailable
    }

    /// 400 for nearly everything; AWS's other choices are as recorded from it.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            SqsError::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            SqsError::AccessDenied
            | SqsError::OverLimit
            | SqsError::TooManyActions(_)
            | SqsError::PurgeQueueInProgress(_) => StatusCode::FORBIDDEN,
            SqsError::ResourceNotFound(_) => StatusCode::NOT_FOUND,
            SqsError::QueueDoesNotExist
            | SqsError::QueueNameExists(_)
            | SqsError::ReceiptHandleIsInvalid(_)
            | SqsError::MessageNotInflight
            | SqsError::EmptyBatchRequest(_)
            | SqsError::TooManyEntriesInBatchRequest(_)
            | SqsError::BatchEntryIdsNotDistinct(_)
            | SqsError::InvalidBatchEntryId
            | SqsError::BatchRequestTooLong(_)
            | SqsError::InvalidMessageContents(_)
            | SqsError::InvalidParameterValue(_)
            | SqsError::MissingParameter(_)
            | SqsError::InvalidAttributeName(_)
            | SqsError::InvalidAttributeValue(_)
            | SqsError::InvalidAction(_)
            | SqsError::Serialization(_) => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        SqsError::MissingParameter(parameter.to_owned())
    }

    /// The form in which AWS refuses most values.
    pub(crate) fn value(value: impl Display, parameter: &str, reason: &str) -> Self {
        SqsError::InvalidParameterValue(format!(
            "Value {value} for parameter {parameter} is invalid. Reason: {reason}"
        ))
    }

    pub(crate) fn unknown_attribute(name: &str) -> Self {
        SqsError::InvalidAttributeName(format!("Unknown Attribute {name}."))
    }

    pub(crate) fn attribute_value(name: &str) -> Self {
        SqsError::InvalidAttributeValue(format!("Invalid value for the parameter {name}."))
    }
}
