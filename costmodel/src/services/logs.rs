//! CloudWatch Logs: what Lambda writes is a vended log, with its own tiers, since 2025-05-01, and so
//! is an access log of API Gateway. (Up to 10 TB a month other logs have the same price.)

use rust_decimal::Decimal;

use crate::Usage;
use crate::bill::Used;

pub(crate) fn used(usage: &Usage) -> Vec<Used> {
    let bytes = usage.logs.ingested_bytes;
    vec![Used {
        service: "CloudWatch Logs",
        item: "vended logs ingested".to_owned(),
        offer: "AmazonCloudWatch",
        usage_type: "VendedLog-Bytes".into(),
        operation: "",
        quantity: Decimal::from(bytes.amount) / super::bytes_per_gb(),
        unit: "GB",
        provenance: bytes.provenance,
        formula: format!("{} bytes / 2^30", bytes.amount),
    }]
}
