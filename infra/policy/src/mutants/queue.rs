//! Faults: the queues and the mapping.

use crate::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "R03",
        what: "MaximumConcurrency may be 1",
        edits: &[(
            "    Default: 4
    MinValue: 2
",
            "    Default: 4
    MinValue: 1
",
        )],
    },
    Mutant {
        rule: "R03",
        what: "MaximumConcurrency is 1,001",
        edits: &[(
            "ScalingConfig: {MaximumConcurrency: {Ref: MaximumConcurrency}}",
            "ScalingConfig: {MaximumConcurrency: 1001}",
        )],
    },
    Mutant {
        rule: "R04",
        what: "visible again while the function runs",
        edits: &[(
            "      VisibilityTimeout: 30
      MessageRetentionPeriod: 345600
",
            "      VisibilityTimeout: 5
      MessageRetentionPeriod: 345600
",
        )],
    },
    Mutant {
        rule: "R05",
        what: "visible again after one timeout (public: bedrock)",
        edits: &[(
            "      VisibilityTimeout: 30
      MessageRetentionPeriod: 345600
",
            "      VisibilityTimeout: 6
      MessageRetentionPeriod: 345600
",
        )],
    },
    Mutant {
        rule: "R05",
        what: "the timeout was raised and the visibility forgotten",
        edits: &[(
            "      Timeout: 5
",
            "      Timeout: 6
",
        )],
    },
    Mutant {
        rule: "R05",
        what: "a batching window, and no visibility for it",
        edits: &[("MaximumBatchingWindowInSeconds: 0", "MaximumBatchingWindowInSeconds: 5")],
    },
    Mutant {
        rule: "R06",
        what: "no dead-letter queue (public: most)",
        edits: &[(
            "      RedrivePolicy:
        deadLetterTargetArn: {Fn::GetAtt: [DeadLetterQueue, Arn]}
        maxReceiveCount: 5
",
            "",
        )],
    },
    Mutant {
        rule: "R06",
        what: "the dead letters go to a queue of another account",
        edits: &[(
            "deadLetterTargetArn: {Fn::GetAtt: [DeadLetterQueue, Arn]}",
            "deadLetterTargetArn: arn:aws:sqs:sa-east-1:444455556666:dead",
        )],
    },
    Mutant {
        rule: "R07",
        what: "dead letters are kept for a day",
        edits: &[("MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 86400")],
    },
    Mutant {
        rule: "R07",
        what: "dead letters are kept for the default (public: Solutions Constructs)",
        edits: &[(
            "      MessageRetentionPeriod: 1209600
",
            "",
        )],
    },
    Mutant {
        rule: "R08",
        what: "no partial batch response (public: api-sqs-lambda-python)",
        edits: &[(
            "            FunctionResponseTypes: [ReportBatchItemFailures]
",
            "",
        )],
    },
    Mutant {
        rule: "R08",
        what: "an empty list of response types",
        edits: &[("FunctionResponseTypes: [ReportBatchItemFailures]", "FunctionResponseTypes: []")],
    },
    Mutant {
        rule: "R09",
        what: "no maximum concurrency",
        edits: &[(
            "            ScalingConfig: {MaximumConcurrency: {Ref: MaximumConcurrency}}
",
            "",
        )],
    },
    Mutant {
        rule: "R23",
        what: "one receive (public: partial-batch-rust-sam)",
        edits: &[("maxReceiveCount: 5", "maxReceiveCount: 1")],
    },
    Mutant {
        rule: "R23",
        what: "four receives",
        edits: &[("maxReceiveCount: 5", "maxReceiveCount: 4")],
    },
    Mutant {
        rule: "R26",
        what: "a filter on the mapping",
        edits: &[(
            "            MaximumBatchingWindowInSeconds: 0
",
            r#"            MaximumBatchingWindowInSeconds: 0
            FilterCriteria: {Filters: [{Pattern: '{"body":{"partner_order_no":[{"exists":true}]}}'}]}
"#,
        )],
    },
    Mutant {
        rule: "R27",
        what: "capped by reserved concurrency too",
        edits: &[(
            "      Timeout: 5
",
            "      Timeout: 5
      ReservedConcurrentExecutions: 2
",
        )],
    },
    Mutant {
        rule: "R27",
        what: "provisioned pollers in place of the cap",
        edits: &[(
            "ScalingConfig: {MaximumConcurrency: {Ref: MaximumConcurrency}}",
            "ProvisionedPollerConfig: {MinimumPollers: 2}",
        )],
    },
    Mutant {
        rule: "R28",
        what: "encrypted with a key of KMS",
        edits: &[(
            "      VisibilityTimeout: 30
      MessageRetentionPeriod: 345600
      SqsManagedSseEnabled: true
",
            "      VisibilityTimeout: 30
      MessageRetentionPeriod: 345600
      KmsMasterKeyId: alias/orders
",
        )],
    },
    Mutant {
        rule: "R28",
        what: "a FIFO queue",
        edits: &[(
            "      VisibilityTimeout: 30
      MessageRetentionPeriod: 345600
",
            "      VisibilityTimeout: 30
      MessageRetentionPeriod: 345600
      FifoQueue: true
",
        )],
    },
    Mutant {
        rule: "R28",
        what: "every order is delayed",
        edits: &[(
            "      VisibilityTimeout: 30
      MessageRetentionPeriod: 345600
",
            "      VisibilityTimeout: 30
      MessageRetentionPeriod: 345600
      DelaySeconds: 60
",
        )],
    },
    Mutant {
        rule: "R31",
        what: "whoever likes sends to the dead letters",
        edits: &[("redrivePermission: byQueue", "redrivePermission: allowAll")],
    },
    Mutant {
        rule: "R31",
        what: "another queue sends to the dead letters",
        edits: &[(
            r#":orders${NameSuffix}"}

  QueuePolicy"#,
            r#":invoices${NameSuffix}"}

  QueuePolicy"#,
        )],
    },
];
