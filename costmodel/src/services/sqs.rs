//! SQS, standard queues: every API call is a request, one for each started 64 KB of its payload,
//! receives that bring nothing among them.

use rust_decimal::Decimal;

use crate::bill::Used;
use crate::{Provenance, Usage};

pub(crate) fn used(usage: &Usage) -> Vec<Used> {
    let sqs = &usage.sqs;
    let parts =
        [sqs.send_requests, sqs.receive_requests, sqs.empty_receive_requests, sqs.delete_requests];
    let measured = parts.iter().all(|part| part.provenance == Provenance::Measured);
    let provenance = if measured { Provenance::Measured } else { Provenance::Derived };
    let sum: u64 = parts.iter().map(|part| part.amount).sum();
    let formula = format!(
        "{} send + {} receive + {} empty receive + {} delete",
        parts[0].amount, parts[1].amount, parts[2].amount, parts[3].amount
    );
    vec![requests(sum, provenance, formula)]
}

/// So many requests of whatever kind: all share one price and its tiers.
pub(crate) fn requests(count: u64, provenance: Provenance, formula: String) -> Used {
    Used {
        service: "SQS",
        item: "standard queue requests".to_owned(),
        offer: "AWSQueueService",
        usage_type: "Requests-Tier1".into(),
        operation: "",
        quantity: Decimal::from(count),
        unit: "requests",
        provenance,
        formula,
    }
}
