//! Faults: who may do what.

use crate::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "R10",
        what: "the gateway may do all with all queues (public: apigw-sqs-lambda-iot)",
        edits: &[(
            "                Action: sqs:SendMessage
                Resource: {Fn::GetAtt: [OrderQueue, Arn]}
",
            r#"                Action: sqs:*
                Resource: "*"
"#,
        )],
    },
    Mutant {
        rule: "R10",
        what: "the gateway may receive and purge (public: 2)",
        edits: &[(
            "Action: sqs:SendMessage",
            "Action: [sqs:SendMessage, sqs:ReceiveMessage, sqs:PurgeQueue, sqs:DeleteMessage]",
        )],
    },
    Mutant {
        rule: "R13",
        what: "queues without TLS",
        edits: &[(
            r#"            Condition: {Bool: {aws:SecureTransport: "false"}}
          # One call"#,
            r#"            Condition: {Bool: {aws:SecureTransport: "true"}}
          # One call"#,
        )],
    },
    Mutant {
        rule: "R13",
        what: "the bucket without TLS, objects only excepted",
        edits: &[(
            r#"            Resource:
              - {Fn::GetAtt: [DocumentsBucket, Arn]}
              - {Fn::Sub: "${DocumentsBucket.Arn}/*"}
"#,
            "            Resource:
              - {Fn::GetAtt: [DocumentsBucket, Arn]}
",
        )],
    },
    Mutant {
        rule: "R17",
        what: "anybody may order",
        edits: &[(
            "              security:
                Fn::If:
                  - SignedRequests
                  - [{sigv4: [], api_key: []}]
                  - [{api_key: []}]
",
            "",
        )],
    },
    Mutant {
        rule: "R17",
        what: "a signature or a key, as one likes",
        edits: &[("[{sigv4: [], api_key: []}]", "[{sigv4: [], api_key: []}, {api_key: []}]")],
    },
    Mutant {
        rule: "R17",
        what: "the arms of the condition are exchanged",
        edits: &[(
            "                  - [{sigv4: [], api_key: []}]
                  - [{api_key: []}]
",
            "                  - [{api_key: []}]
                  - [{sigv4: [], api_key: []}]
",
        )],
    },
    Mutant {
        rule: "R17",
        what: "a key alone in production too",
        edits: &[(
            "      - Assert: {Fn::Equals: [{Ref: Environment}, development]}
",
            "      - Assert: {Fn::Not: [{Fn::Equals: [{Ref: Environment}, staging]}]}
",
        )],
    },
    Mutant {
        rule: "R17",
        what: "a domain that asks for no certificate",
        edits: &[(
            "      MutualTlsAuthentication: {TruststoreUri: {Ref: TruststoreUri}}
",
            "",
        )],
    },
    Mutant {
        rule: "R48",
        what: "the endpoint stays open beside the domain",
        edits: &[(
            "DisableExecuteApiEndpoint: {Fn::If: [CertifiedRequests, true, false]}",
            "DisableExecuteApiEndpoint: false",
        )],
    },
    Mutant {
        rule: "R48",
        what: "the domain takes TLS 1.0",
        edits: &[("SecurityPolicy: TLS_1_2", "SecurityPolicy: TLS_1_0")],
    },
    Mutant {
        rule: "R30",
        what: "queues can be purged",
        edits: &[("Action: [sqs:PurgeQueue, sqs:DeleteQueue]", "Action: sqs:DeleteQueue")],
    },
    Mutant {
        rule: "R30",
        what: "dead letters can be purged",
        edits: &[(
            "            Action: [sqs:PurgeQueue, sqs:DeleteQueue]
            Resource:
              - {Fn::GetAtt: [OrderQueue, Arn]}
              - {Fn::GetAtt: [DeadLetterQueue, Arn]}
",
            "            Action: [sqs:PurgeQueue, sqs:DeleteQueue]
            Resource:
              - {Fn::GetAtt: [OrderQueue, Arn]}
",
        )],
    },
    Mutant {
        rule: "R34",
        what: "the function cannot compare what is there (ours, until this rule)",
        edits: &[(
            "              # GetObject: a document that is there already is compared, by a HEAD.
              - Effect: Allow
                Action: [s3:PutObject, s3:GetObject]
",
            "              # GetObject: a document that is there already is compared, by a HEAD.
              - Effect: Allow
                Action: s3:PutObject
",
        )],
    },
    Mutant {
        rule: "R34",
        what: "the function may delete documents",
        edits: &[(
            "              # GetObject: a document that is there already is compared, by a HEAD.
              - Effect: Allow
                Action: [s3:PutObject, s3:GetObject]
",
            "              # GetObject: a document that is there already is compared, by a HEAD.
              - Effect: Allow
                Action: [s3:PutObject, s3:GetObject, s3:DeleteObject]
",
        )],
    },
    Mutant {
        rule: "R34",
        what: "the function may send orders",
        edits: &[(
            "[sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes]",
            "[sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:SendMessage]",
        )],
    },
    Mutant {
        rule: "R34",
        what: "the function cannot log",
        edits: &[(
            "                Action: [logs:CreateLogStream, logs:PutLogEvents]
                Resource: {Fn::GetAtt: [OrderProcessorLogs, Arn]}
",
            "                Action: [logs:CreateLogStream]
                Resource: {Fn::GetAtt: [OrderProcessorLogs, Arn]}
",
        )],
    },
    Mutant {
        rule: "R34",
        what: "the reconciler mends what it compares",
        edits: &[(
            "              - Effect: Allow
                Action: s3:ListBucket
",
            "              - Effect: Allow
                Action: [s3:ListBucket, s3:PutObject]
",
        )],
    },
    Mutant {
        rule: "R35",
        what: "the sweeper has the function's role",
        edits: &[(
            "Role: {Fn::GetAtt: [SweeperRole, Arn]}",
            "Role: {Fn::GetAtt: [ProcessorRole, Arn]}",
        )],
    },
    Mutant {
        rule: "R35",
        what: "the account may take the proxy's role",
        edits: &[(
            "Principal: {Service: rds.amazonaws.com}",
            "Principal: {Service: rds.amazonaws.com, AWS: {Ref: AWS::AccountId}}",
        )],
    },
    Mutant {
        rule: "R35",
        what: "the gateway's role has a managed policy of everything",
        edits: &[(
            r#"service-role/AmazonAPIGatewayPushToCloudWatchLogs""#,
            r#"AdministratorAccess""#,
        )],
    },
];
