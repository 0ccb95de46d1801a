//! Faults: the mapping template.

use crate::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "R19",
        what: "the body as it is (public: 10 of 11)",
        edits: &[("MessageBody=$util.urlEncode($input.body)", "MessageBody=$input.body")],
    },
    Mutant {
        rule: "R19",
        what: "the body parsed and written again (public: the queue with CDK)",
        edits: &[("MessageBody=$util.urlEncode($input.body)", "MessageBody=$input.json('$')")],
    },
    Mutant {
        rule: "R19",
        what: "the body escaped for JavaScript first",
        edits: &[(
            "$util.urlEncode($input.body)",
            "$util.urlEncode($util.escapeJavaScript($input.body))",
        )],
    },
    Mutant {
        rule: "R19",
        what: "the order number as it is",
        edits: &[(
            "StringValue=$util.urlEncode($input.params('orderNumber'))",
            "StringValue=$input.params('orderNumber')",
        )],
    },
    Mutant {
        rule: "R24",
        what: "the partner is what a header says",
        edits: &[(
            "#set($partner = $context.identity.apiKeyId)",
            "#set($partner = $input.params('X-Partner'))",
        )],
    },
    Mutant {
        rule: "R24",
        what: "the partner is what the body says",
        edits: &[("$util.urlEncode($partner)", "$util.urlEncode($input.path('$.partner'))")],
    },
    Mutant {
        rule: "R24",
        what: "no partner on the message (public: all)",
        edits: &[("MessageAttribute.1.Name=partner", "MessageAttribute.1.Name=client")],
    },
    Mutant {
        rule: "R25",
        what: "the number is what the body says",
        edits: &[(
            "$util.urlEncode($input.params('orderNumber'))",
            "$util.urlEncode($input.path('$.partner_order_no'))",
        )],
    },
    Mutant {
        rule: "R25",
        what: "no request id on the message",
        edits: &[("MessageAttribute.3.Name=requestId", "MessageAttribute.3.Name=trace")],
    },
];
