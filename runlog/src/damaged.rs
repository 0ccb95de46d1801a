//! The parquet crate asserts of a file what it could refuse: a damaged one panics in it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::errors::ParquetError;

/// The same answer, and an error where it would have panicked. What was being read is not used again.
pub(crate) fn refuse_damaged<T>(
    read: impl FnOnce() -> Result<T, ParquetError>,
) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(ParquetError::General("it is damaged".to_owned())))
}
