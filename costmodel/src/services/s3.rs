//! S3 Intelligent-Tiering. An object under 128 KB stays in Frequent Access for ever and is not
//! monitored; a larger one, never read again, is there for a month (30 days), in Infrequent Access
//! for two (to 90 days), and in Archive Instant Access from then on, and pays monitoring.

use rust_decimal::Decimal;

use crate::bill::Used;
use crate::{Metered, Provenance, Usage};

/// Months that a large object spends in Frequent and then in Infrequent Access.
const FREQUENT_MONTHS: u64 = 1;
const INFREQUENT_MONTHS: u64 = 2;

pub(crate) fn used(usage: &Usage) -> Vec<Used> {
    let s3 = &usage.s3;
    let months = s3.months_kept.amount;
    let frequent = months.min(FREQUENT_MONTHS);
    let infrequent = months.saturating_sub(FREQUENT_MONTHS).min(INFREQUENT_MONTHS);
    let archive = months.saturating_sub(FREQUENT_MONTHS + INFREQUENT_MONTHS);
    let mut lines = vec![
        line(
            "PUT requests",
            "Requests-INT-Tier1",
            s3.put_requests.amount.into(),
            "requests",
            s3.put_requests,
            format!("{} PUTs", s3.put_requests.amount),
        ),
        storage(
            "objects under 128 KB, Frequent Access",
            "TimedStorage-INT-FA-ByteHrs",
            s3.small_bytes,
            months,
        ),
    ];
    if s3.large_objects.amount > 0 {
        lines.extend([
            storage(
                "larger objects, Frequent Access",
                "TimedStorage-INT-FA-ByteHrs",
                s3.large_bytes,
                frequent,
            ),
            storage(
                "larger objects, Infrequent Access",
                "TimedStorage-INT-IA-ByteHrs",
                s3.large_bytes,
                infrequent,
            ),
            storage(
                "larger objects, Archive Instant Access",
                "TimedStorage-INT-AIA-ByteHrs",
                s3.large_bytes,
                archive,
            ),
            line(
                "monitoring and automation",
                "Monitoring-Automation-INT",
                Decimal::from(s3.large_objects.amount) * Decimal::from(months),
                "object-months",
                s3.large_objects,
                format!(
                    "{} objects of 128 KB and more x {months} month(s)",
                    s3.large_objects.amount
                ),
            ),
        ]);
    }
    lines
}

/// Bytes in units of 2^30.
pub(crate) fn binary_gb(bytes: u64) -> Decimal {
    Decimal::from(bytes) / super::bytes_per_gb()
}

fn storage(item: &str, usage_type: &'static str, bytes: Metered, months: u64) -> Used {
    let quantity = binary_gb(bytes.amount) * Decimal::from(months);
    let formula = format!("{} bytes / 2^30 x {months} month(s), never read", bytes.amount);
    line(item, usage_type, quantity, "GB-months", bytes, formula)
}

fn line(
    item: &str,
    usage_type: &'static str,
    quantity: Decimal,
    unit: &'static str,
    of: Metered,
    formula: String,
) -> Used {
    let provenance: Provenance = of.provenance;
    let item = item.to_owned();
    Used {
        service: "S3",
        item,
        offer: "AmazonS3",
        usage_type: usage_type.into(),
        operation: "",
        quantity,
        unit,
        provenance,
        formula,
    }
}
