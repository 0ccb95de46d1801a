//! Faults: the functions.

use crate::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "R22",
        what: "all at once",
        edits: &[("Type: Canary10Percent5Minutes", "Type: AllAtOnce")],
    },
    Mutant {
        rule: "R22",
        what: "no alias",
        edits: &[(
            "      AutoPublishAlias: live
",
            "",
        )],
    },
    Mutant {
        rule: "R22",
        what: "no alarm rolls back",
        edits: &[(
            "        Alarms:
          - {Ref: ProcessorErrorsAlarm}
          - {Ref: OrdersFailedAlarm}
          - {Ref: DeadLettersAlarm}
",
            "",
        )],
    },
    Mutant {
        rule: "R44",
        what: "nobody sweeps",
        edits: &[(
            "          VAZAO_ENTRY: sweep
",
            "",
        )],
    },
    Mutant { rule: "R44", what: "swept once a day", edits: &[("rate(15 minutes)", "rate(1 day)")] },
    Mutant {
        rule: "R44",
        what: "the schedule is off",
        edits: &[(
            "            ScheduleExpression: rate(15 minutes)
            State: ENABLED
",
            "            ScheduleExpression: rate(15 minutes)
            State: DISABLED
",
        )],
    },
    Mutant {
        rule: "R44",
        what: "a sweep may outlast the next",
        edits: &[(
            "      Timeout: 120
",
            "      Timeout: 900
",
        )],
    },
    Mutant {
        rule: "R55",
        what: "the sweeper runs on other processors",
        edits: &[(
            "      Architectures: [arm64]
      MemorySize: {Ref: FunctionMemory}
      Timeout: 120
",
            "      Architectures: [x86_64]
      MemorySize: {Ref: FunctionMemory}
      Timeout: 120
",
        )],
    },
    Mutant {
        rule: "R55",
        what: "the sweeper is not in the VPC",
        edits: &[(
            "      LoggingConfig: {LogGroup: {Ref: OrderSweeperLogs}}
      VpcConfig:
        Fn::If:
          - InVpc
",
            "      LoggingConfig: {LogGroup: {Ref: OrderSweeperLogs}}
      VpcConfig:
        Fn::If:
          - WayToS3
",
        )],
    },
    Mutant {
        rule: "R55",
        what: "the reconciler compares with another bucket",
        edits: &[(
            "          VAZAO_DOCUMENTS_BUCKET: {Ref: DocumentsBucket}
      # What is not as it should be is still so after another try.
",
            "          VAZAO_DOCUMENTS_BUCKET: order-copies
      # What is not as it should be is still so after another try.
",
        )],
    },
    Mutant {
        rule: "R56",
        what: "nobody reconciles",
        edits: &[(
            "          VAZAO_ENTRY: reconcile
",
            "          VAZAO_ENTRY: sweep
",
        )],
    },
    Mutant {
        rule: "R56",
        what: "only Mondays are reconciled",
        edits: &[("cron(0 6 * * ? *)", "cron(0 6 ? * 2 *)")],
    },
];
