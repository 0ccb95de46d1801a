//! Faults: the stack as a whole.

use crate::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "R00",
        what: "the mapping reads from the dead letters",
        edits: &[(
            "Queue: {Fn::GetAtt: [OrderQueue, Arn]}",
            "Queue: {Fn::GetAtt: [DeadLetterQueue, Arn]}",
        )],
    },
    Mutant {
        rule: "R01",
        what: "VisibilityTimeout is misspelt",
        edits: &[(
            "      VisibilityTimeout: 30
      MessageRetentionPeriod: 345600
",
            "      VisibilityTimeot: 30
      MessageRetentionPeriod: 345600
",
        )],
    },
    Mutant {
        rule: "R01",
        what: "MaximumBatchingWindowInSeconds is misspelt",
        edits: &[("MaximumBatchingWindowInSeconds", "MaximumBatchingWindow")],
    },
    Mutant {
        rule: "R02",
        what: "the credentials are an attribute that a role does not have",
        edits: &[(
            "credentials: {Fn::GetAtt: [GatewayRole, Arn]}",
            "credentials: {Fn::GetAtt: [GatewayRole, RoleArn]}",
        )],
    },
    Mutant {
        rule: "R02",
        what: "the proxy's alarm is there without the proxy",
        edits: &[(
            "  PinnedConnectionsAlarm:
    Type: AWS::CloudWatch::Alarm
    Condition: Proxied
",
            "  PinnedConnectionsAlarm:
    Type: AWS::CloudWatch::Alarm
",
        )],
    },
    Mutant {
        rule: "R02",
        what: "a condition that nobody wrote",
        edits: &[(
            "Fn::If: [CertifiedRequests, true, false]",
            "Fn::If: [CertifidRequests, true, false]",
        )],
    },
    Mutant {
        rule: "R29",
        what: "the queue goes with the stack",
        edits: &[(
            "  OrderQueue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
",
            "  OrderQueue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Delete
",
        )],
    },
    Mutant {
        rule: "R29",
        what: "the bucket is deleted when it is replaced",
        edits: &[(
            "    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      BucketName",
            "    DeletionPolicy: Retain
    Properties:
      BucketName",
        )],
    },
    Mutant {
        rule: "R53",
        what: "the output of the dead letters is gone",
        edits: &[(
            "  DeadLetterQueueUrl:
",
            "  DeadLettersUrl:
",
        )],
    },
];
