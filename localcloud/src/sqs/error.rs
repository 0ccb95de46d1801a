//! SQS's errors, under the names its two protocols give them.

/// Why SQS refused a call.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum SqsError {
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    #[error("The input receipt handle \"{0}\" is not a valid receipt handle.")]
    ReceiptHandleIsInvalid(String),
    #[error(
        "Value {0} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."
    )]
    MessageNotInflight(String),
    #[error("Too many messages in flight: delete some, or poll longer than 0 s.")]
    OverLimit,
    #[error("There should be at least one entry in the request.")]
    EmptyBatchRequest,
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
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    #[error("The action {0} is not valid for this endpoint.")]
    InvalidAction(String),
    #[error("{0}")]
    ResourceNotFound(String),
    #[error("The request has failed due to a temporary failure of the server.")]
    ServiceUnavailable,
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
            SqsError::MessageNotInflight(_) => {
                ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight")
            }
            SqsError::OverLimit => ("OverLimit", "OverLimit"),
            SqsError::EmptyBatchRequest => {
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
            SqsError::InvalidAction(_) => ("UnsupportedOperation", "InvalidAction"),
            SqsError::ResourceNotFound(_) => {
                ("ResourceNotFoundException", "ResourceNotFoundException")
            }
            SqsError::ServiceUnavailable => ("ServiceUnavailable", "ServiceUnavailable"),
        }
    }

    pub(crate) fn is_sender_fault(&self) -> bool {
        *self != SqsError::ServiceUnavailable
    }
}
