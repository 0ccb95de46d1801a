//! Faults: alarms and logs.

use crate::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "R14",
        what: "no alarm for dead letters",
        edits: &[(
            "MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: {Fn::GetAtt: [DeadLetterQueue",
            "MetricName: NumberOfMessagesSent
      Dimensions: [{Name: QueueName, Value: {Fn::GetAtt: [DeadLetterQueue",
        )],
    },
    Mutant {
        rule: "R14",
        what: "an alarm for a hundred dead letters",
        edits: &[(
            r#"  DeadLettersAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: "An order is in the dead-letter queue. Read it, repair what stopped it, and redrive it"
      AlarmActions: [{Ref: AlarmTopic}]
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: {Fn::GetAtt: [DeadLetterQueue, QueueName]}}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching

"#,
            r#"  DeadLettersAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: "An order is in the dead-letter queue. Read it, repair what stopped it, and redrive it"
      AlarmActions: [{Ref: AlarmTopic}]
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: {Fn::GetAtt: [DeadLetterQueue, QueueName]}}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 100
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching

"#,
        )],
    },
    Mutant {
        rule: "R14",
        what: "an alarm for the other queue",
        edits: &[(
            r#"  DeadLettersAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: "An order is in the dead-letter queue. Read it, repair what stopped it, and redrive it"
      AlarmActions: [{Ref: AlarmTopic}]
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: {Fn::GetAtt: [DeadLetterQueue, QueueName]}}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching

"#,
            r#"  DeadLettersAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: "An order is in the dead-letter queue. Read it, repair what stopped it, and redrive it"
      AlarmActions: [{Ref: AlarmTopic}]
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: {Fn::GetAtt: [OrderQueue, QueueName]}}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching

"#,
        )],
    },
    Mutant {
        rule: "R15",
        what: "the function's log has no end",
        edits: &[(
            r#"      LogGroupName: {Fn::Sub: "/aws/lambda/order-processor${NameSuffix}"}
      RetentionInDays: {Ref: LogRetentionDays}
"#,
            r#"      LogGroupName: {Fn::Sub: "/aws/lambda/order-processor${NameSuffix}"}
"#,
        )],
    },
    Mutant {
        rule: "R15",
        what: "the sweeper logs to a group that nobody declared",
        edits: &[("LogGroup: {Ref: OrderSweeperLogs}", "LogGroup: /aws/lambda/order-sweeper-2")],
    },
    Mutant {
        rule: "R40",
        what: "no alarm for the age of the oldest order",
        edits: &[(
            "MetricName: ApproximateAgeOfOldestMessage",
            "MetricName: ApproximateNumberOfMessagesNotVisible",
        )],
    },
    Mutant {
        rule: "R40",
        what: "an alarm after more days than the queue keeps",
        edits: &[("Threshold: {Ref: QueueAgeAlarmSeconds}", "Threshold: 400000")],
    },
    Mutant {
        rule: "R41",
        what: "failed orders roll nothing back",
        edits: &[(
            "          - {Ref: OrdersFailedAlarm}
",
            "",
        )],
    },
    Mutant {
        rule: "R41",
        what: "dead letters roll nothing back",
        edits: &[(
            "          - {Ref: DeadLettersAlarm}
",
            "",
        )],
    },
    Mutant {
        rule: "R42",
        what: "an alarm that tells nobody",
        edits: &[(
            r#"  DeadLettersAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: "An order is in the dead-letter queue. Read it, repair what stopped it, and redrive it"
      AlarmActions: [{Ref: AlarmTopic}]
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: {Fn::GetAtt: [DeadLetterQueue, QueueName]}}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching

"#,
            r#"  DeadLettersAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: "An order is in the dead-letter queue. Read it, repair what stopped it, and redrive it"
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: {Fn::GetAtt: [DeadLetterQueue, QueueName]}}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching

"#,
        )],
    },
    Mutant {
        rule: "R42",
        what: "an alarm that is silent without data",
        edits: &[(
            r#"  DeadLettersAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: "An order is in the dead-letter queue. Read it, repair what stopped it, and redrive it"
      AlarmActions: [{Ref: AlarmTopic}]
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: {Fn::GetAtt: [DeadLetterQueue, QueueName]}}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching

"#,
            r#"  DeadLettersAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: "An order is in the dead-letter queue. Read it, repair what stopped it, and redrive it"
      AlarmActions: [{Ref: AlarmTopic}]
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: {Fn::GetAtt: [DeadLetterQueue, QueueName]}}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: ignore

"#,
        )],
    },
    Mutant {
        rule: "R43",
        what: "an alarm for the age of streams",
        edits: &[("MetricName: Throttles", "MetricName: IteratorAge")],
    },
    Mutant {
        rule: "R43",
        what: "an alarm for a metric that the function does not write",
        edits: &[(
            "MetricName: OrdersFailed
",
            "MetricName: OrdersLost
",
        )],
    },
    Mutant {
        rule: "R43",
        what: "alarms of an API by another name",
        edits: &[(
            r#"{Name: ApiName, Value: {Fn::Sub: "orders${NameSuffix}"}}, {Name: Stage, Value: {Ref: StageName}}]
      Statistic: Average
      Period: 60
"#,
            "{Name: ApiName, Value: orders-api}, {Name: Stage, Value: {Ref: StageName}}]
      Statistic: Average
      Period: 60
",
        )],
    },
    Mutant {
        rule: "R45",
        what: "nobody hears that there is no sweep",
        edits: &[(
            "      Period: 3600
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: LessThanThreshold
      TreatMissingData: breaching
",
            "      Period: 3600
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: LessThanThreshold
      TreatMissingData: notBreaching
",
        )],
    },
    Mutant {
        rule: "R45",
        what: "nobody hears that the bucket differs",
        edits: &[(
            "      MetricName: Errors
      Dimensions: [{Name: FunctionName, Value: {Ref: OrderReconciler}}]
",
            "      MetricName: Errors
      Dimensions: [{Name: FunctionName, Value: order-reconciliation}]
",
        )],
    },
    Mutant {
        rule: "R45",
        what: "nobody hears that sweeps fail",
        edits: &[(
            "      MetricName: Errors
      Dimensions: [{Name: FunctionName, Value: {Ref: OrderSweeper}}]
",
            "      MetricName: Throttles
      Dimensions: [{Name: FunctionName, Value: {Ref: OrderSweeper}}]
",
        )],
    },
    Mutant {
        rule: "R46",
        what: "orders are traced into the log",
        edits: &[("DataTraceEnabled: false", "DataTraceEnabled: true")],
    },
    Mutant {
        rule: "R46",
        what: "an execution log",
        edits: &[(r#"LoggingLevel: "OFF""#, "LoggingLevel: INFO")],
    },
    Mutant {
        rule: "R47",
        what: "no access log",
        edits: &[("DestinationArn: {Fn::GetAtt: [OrdersApiLogs, Arn]}", r#"DestinationArn: """#)],
    },
    Mutant {
        rule: "R47",
        what: "the access log quotes orders",
        edits: &[(
            r#""error":"$context.error.responseType""#,
            r#""error":"$context.error.validationErrorString""#,
        )],
    },
    Mutant {
        rule: "R47",
        what: "the access log does not say what was answered",
        edits: &[(r#""status":"$context.status","#, "")],
    },
];
