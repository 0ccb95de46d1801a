//! Faults: the bucket.

use crate::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "R11",
        what: "no block of public access",
        edits: &[(
            "      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
",
            "",
        )],
    },
    Mutant {
        rule: "R11",
        what: "three blocks of four",
        edits: &[("BlockPublicPolicy: true", "BlockPublicPolicy: false")],
    },
    Mutant {
        rule: "R12",
        what: "no default retention",
        edits: &[(
            "        Rule:
          DefaultRetention:
            Fn::If:
              - LockedForYears
              - {Mode: COMPLIANCE, Years: {Ref: RetentionYears}}
              - {Mode: GOVERNANCE, Days: 1}
",
            "",
        )],
    },
    Mutant {
        rule: "R12",
        what: "no versions",
        edits: &[(
            "VersioningConfiguration: {Status: Enabled}",
            "VersioningConfiguration: {Status: Suspended}",
        )],
    },
    Mutant {
        rule: "R12",
        what: "a lock that can be shortened, in production too",
        edits: &[(
            "      - Assert: {Fn::Equals: [{Ref: ObjectLockMode}, COMPLIANCE]}
",
            "      - Assert: {Fn::Equals: [{Ref: Environment}, production]}
",
        )],
    },
    Mutant {
        rule: "R12",
        what: "the lock may be of five years",
        edits: &[(
            "    Default: 6
    MinValue: 6
",
            "    Default: 6
    MinValue: 5
",
        )],
    },
    Mutant {
        rule: "R12",
        what: "the arms of the lock are exchanged",
        edits: &[(
            "              - {Mode: COMPLIANCE, Years: {Ref: RetentionYears}}
              - {Mode: GOVERNANCE, Days: 1}
",
            "              - {Mode: GOVERNANCE, Days: 1}
              - {Mode: COMPLIANCE, Years: {Ref: RetentionYears}}
",
        )],
    },
    Mutant {
        rule: "R32",
        what: "puts may overwrite",
        edits: &[(
            r#""Null": {s3:if-none-match: "true"}"#,
            r#""Null": {s3:if-none-match: "false"}"#,
        )],
    },
    Mutant {
        rule: "R32",
        what: "only invoices are written once",
        edits: &[(
            r#"            Action: s3:PutObject
            Resource: {Fn::Sub: "${DocumentsBucket.Arn}/*"}
"#,
            r#"            Action: s3:PutObject
            Resource: {Fn::Sub: "${DocumentsBucket.Arn}/nfe/*"}
"#,
        )],
    },
    Mutant {
        rule: "R33",
        what: "no encryption",
        edits: &[(
            "      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}
",
            "",
        )],
    },
    Mutant {
        rule: "R33",
        what: "whoever wrote an object owns it",
        edits: &[("BucketOwnerEnforced", "ObjectWriter")],
    },
    Mutant {
        rule: "R51",
        what: "documents are deleted after a year",
        edits: &[("ExpirationInDays: {Ref: ExpiryDays}", "ExpirationInDays: 365")],
    },
    Mutant {
        rule: "R51",
        what: "documents may be deleted after five years",
        edits: &[("MinValue: 2557", "MinValue: 1826")],
    },
    Mutant {
        rule: "R51",
        what: "old versions are deleted at once",
        edits: &[(
            "            ExpirationInDays: {Ref: ExpiryDays}
",
            "",
        )],
    },
];
