//! What each service makes of a usage: AWS's own units and rounding.

mod api_gateway;
mod lambda;
mod logs;
mod s3;
mod sqs;

use rust_decimal::Decimal;

use crate::Usage;
use crate::bill::Used;

pub(crate) use s3::binary_gb;
pub(crate) use sqs::requests as sqs_requests;

/// Every service, in the order in which an order meets them.
pub(crate) const SERVICES: &[fn(&Usage) -> Vec<Used>] =
    &[api_gateway::used, sqs::used, lambda::used, s3::used, logs::used];

/// 2^30: AWS's GB of storage and of logs.
fn bytes_per_gb() -> Decimal {
    Decimal::from(1_u64 << 30)
}
