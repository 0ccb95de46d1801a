//! Lambda on demand: a request an invocation, and GB-seconds = milliseconds x MB / 1000 / 1024,
//! initialization included (an OS-only runtime has always been billed for it).

use rust_decimal::Decimal;

use crate::bill::Used;
use crate::{Architecture, Provenance, Usage};

pub(crate) fn used(usage: &Usage) -> Vec<Used> {
    let lambda = &usage.lambda;
    let (requests, duration, name) = match lambda.architecture {
        Architecture::Arm64 => ("Request-ARM", "Lambda-GB-Second-ARM", "arm64"),
        Architecture::X86_64 => ("Request", "Lambda-GB-Second", "x86"),
    };
    let (handler_ms, init_ms) = (lambda.billed_ms.amount, lambda.init_ms.amount);
    let mb_ms = Decimal::from(handler_ms + init_ms) * Decimal::from(lambda.memory_mb);
    vec![
        Used {
            service: "Lambda",
            item: format!("requests, {name}"),
            offer: "AWSLambda",
            usage_type: requests.into(),
            operation: "",
            quantity: lambda.invocations.amount.into(),
            unit: "invocations",
            provenance: lambda.invocations.provenance,
            formula: format!("{} invocations, one a batch", lambda.invocations.amount),
        },
        Used {
            service: "Lambda",
            item: format!("duration, {name}"),
            offer: "AWSLambda",
            usage_type: duration.into(),
            operation: "",
            quantity: mb_ms / Decimal::from(1_024_000),
            unit: "GB-seconds",
            provenance: match lambda.billed_ms.provenance {
                Provenance::Measured => lambda.init_ms.provenance,
                other => other,
            },
            formula: format!("({handler_ms} + {init_ms} init) ms x {} MB", lambda.memory_mb),
        },
    ]
}
