//! API Gateway, REST API: a request is a call received, refused ones too.

use crate::Usage;
use crate::bill::Used;

pub(crate) fn used(usage: &Usage) -> Vec<Used> {
    let requests = usage.api_gateway.rest_requests;
    vec![Used {
        service: "API Gateway",
        item: "REST API requests".to_owned(),
        offer: "AmazonApiGateway",
        usage_type: "ApiGatewayRequest".into(),
        operation: "",
        quantity: requests.amount.into(),
        unit: "requests",
        provenance: requests.provenance,
        formula: format!("{} calls received", requests.amount),
    }]
}
