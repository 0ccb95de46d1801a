//! Faults: the API.

use crate::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "R16",
        what: "no throttling of the stage",
        edits: &[(
            "          ThrottlingRateLimit: {Ref: StageRateLimit}
          ThrottlingBurstLimit: {Ref: StageBurstLimit}
",
            "",
        )],
    },
    Mutant {
        rule: "R16",
        what: "no quota for a partner",
        edits: &[(
            "      Quota:
        Limit: {Ref: PartnerDailyQuota}
        Period: DAY
",
            "",
        )],
    },
    Mutant {
        rule: "R16",
        what: "who signs needs no key, so no plan applies",
        edits: &[("[{sigv4: [], api_key: []}]", "[{sigv4: []}]")],
    },
    Mutant {
        rule: "R16",
        what: "the plan is of another stage",
        edits: &[(
            "          Stage: {Ref: StageName}
      Throttle",
            "          Stage: test
      Throttle",
        )],
    },
    Mutant {
        rule: "R18",
        what: "what SQS refuses is a 202 (public: 11 of 11)",
        edits: &[(
            r#"                    statusCode: "503"
"#,
            r#"                    statusCode: "202"
"#,
        )],
    },
    Mutant {
        rule: "R18",
        what: "default is the 202, and only 500 is refused (public: Solutions Constructs)",
        edits: &[(
            r#"                  "200":
                    statusCode: "202"
"#,
            r#"                  "500":
                    statusCode: "500"
                  "[^5].*":
                    statusCode: "202"
"#,
        )],
    },
    Mutant {
        rule: "R18",
        what: "503 does not say when to try again",
        edits: &[(
            r#"                    responseParameters: {method.response.header.Retry-After: "'1'"}
"#,
            "",
        )],
    },
    Mutant {
        rule: "R18",
        what: "an order that was too big is a 202",
        edits: &[(
            "                  default:
",
            r#"                  "4\\d{2}":
                    statusCode: "202"
                  default:
"#,
        )],
    },
    Mutant {
        rule: "R18",
        what: "all is answered 200",
        edits: &[(
            r#"                  "200":
                    statusCode: "202"
"#,
            r#"                  "200":
                    statusCode: "200"
"#,
        )],
    },
    Mutant {
        rule: "R20",
        what: "bodies of other types pass (public: apigw-sqs-cdk-typescript)",
        edits: &[("passthroughBehavior: never", "passthroughBehavior: when_no_match")],
    },
    Mutant {
        rule: "R20",
        what: "passes when there are no templates (public: the queue with CDK)",
        edits: &[("passthroughBehavior: never", "passthroughBehavior: when_no_templates")],
    },
    Mutant {
        rule: "R20",
        what: "nothing said of what passes",
        edits: &[(
            "                passthroughBehavior: never
",
            "",
        )],
    },
    Mutant {
        rule: "R21",
        what: "the body is not validated",
        edits: &[("validateRequestBody: true", "validateRequestBody: false")],
    },
    Mutant {
        rule: "R21",
        what: "the method names no validator",
        edits: &[(
            "              x-amazon-apigateway-request-validator: all
",
            "",
        )],
    },
    Mutant {
        rule: "R21",
        what: "the order may have other fields",
        edits: &[(
            "              title: Order
              type: object
              additionalProperties: false
",
            "              title: Order
              type: object
",
        )],
    },
    Mutant {
        rule: "R21",
        what: "a list without end",
        edits: &[(
            "                  maxItems: 990
",
            "",
        )],
    },
    Mutant {
        rule: "R21",
        what: "a text without end",
        edits: &[(
            "                        maxLength: 16
",
            "",
        )],
    },
    Mutant {
        rule: "R36",
        what: "the partner waits for 29 seconds",
        edits: &[("timeoutInMillis: 5000", "timeoutInMillis: 29000")],
    },
    Mutant {
        rule: "R37",
        what: "plain text is mapped too",
        edits: &[(
            "                requestTemplates:
                  application/json: |
",
            "                requestTemplates:
                  text/plain: Action=SendMessage&MessageBody=$util.urlEncode($input.body)
                  application/json: |
",
        )],
    },
    Mutant {
        rule: "R38",
        what: "throttled, and no word of when",
        edits: &[(
            r#"          THROTTLED:
            statusCode: "429"
            responseParameters: {gatewayresponse.header.Retry-After: "'1'"}
"#,
            r#"          THROTTLED:
            statusCode: "429"
"#,
        )],
    },
    Mutant {
        rule: "R38",
        what: "no answer of SQS is a 202",
        edits: &[(
            r#"          INTEGRATION_TIMEOUT:
            statusCode: "504"
"#,
            r#"          INTEGRATION_TIMEOUT:
            statusCode: "202"
"#,
        )],
    },
    Mutant {
        rule: "R39",
        what: "POST, which may not be sent again",
        edits: &[(
            "            put:
",
            "            post:
",
        )],
    },
    Mutant {
        rule: "R39",
        what: "an order without a number",
        edits: &[("/v1/orders/{orderNumber}:", "/v1/orders:")],
    },
    Mutant {
        rule: "R52",
        what: "the receipt lacks the MD5",
        edits: &[(
            r#"                        "md5OfMessageBody":"$input.path('$.SendMessageResponse.SendMessageResult.MD5OfMessageBody')",##
"#,
            "",
        )],
    },
];
