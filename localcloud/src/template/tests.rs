//! The deployed template as a configuration, and what a template may not say.

use std::time::Duration;

use super::*;
use crate::config::{Quota, QuotaPeriod, RedrivePolicy, Throttle};

const DEPLOYED: &str = include_str!("../../../infra/template.yaml");

fn settings() -> TemplateSettings {
    let mut settings = TemplateSettings::new("/nowhere");
    settings.region = "sa-east-1".to_owned();
    settings.account_id = "111122223333".to_owned();
    settings.parameters.insert("DatabaseUrl".to_owned(), "sqlite:///db".to_owned());
    settings.executables.insert("order-processor".to_owned(), "/bin/bootstrap".into());
    settings
}

fn deployed(parameters: &[(&str, &str)]) -> Result<CloudConfig, String> {
    let mut settings = settings();
    let given = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    settings.parameters.extend(given);
    CloudConfig::from_template(DEPLOYED, &settings).map_err(|error| error.to_string())
}

/// The deployed template with one text in place of another.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(DEPLOYED.matches(from).count(), 1, "{from:?} must be there once");
    let text = DEPLOYED.replace(from, to);
    match CloudConfig::from_template(&text, &settings()) {
        Ok(_) => "taken".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn line_of(text: &str) -> usize {
    let at = DEPLOYED.find(text).unwrap();
    DEPLOYED[..at].matches('\n').count() + 1
}

#[test]
fn the_deployed_template_is_the_cloud() {
    let config = deployed(&[
        ("MaximumConcurrency", "7"),
        ("BatchSize", "9"),
        ("FunctionMemory", "512"),
        ("PartnerRateLimit", "21"),
        ("PartnerBurstLimit", "22"),
        ("PartnerDailyQuota", "23"),
        ("StageRateLimit", "31"),
        ("StageBurstLimit", "32"),
    ])
    .unwrap();
    let [queue, dead] = &config.queues[..] else { panic!("two queues") };
    assert_eq!((queue.name.as_str(), dead.name.as_str()), ("orders", "orders-dead-letters"));
    assert_eq!(queue.visibility_timeout, Duration::from_secs(30));
    assert_eq!(queue.retention, Duration::from_secs(4 * 86_400));
    assert_eq!(dead.retention, Duration::from_secs(14 * 86_400));
    let redrive =
        RedrivePolicy { dead_letter_queue: "orders-dead-letters".to_owned(), max_receive_count: 5 };
    assert_eq!((&queue.redrive, &dead.redrive), (&Some(redrive), &None));

    assert_eq!(config.buckets, ["order-documents-111122223333"]);
    let function = &config.functions[0];
    assert_eq!((function.name.as_str(), function.memory_mb), ("order-processor", 512));
    assert_eq!(function.timeout, Duration::from_secs(5));
    assert_eq!(function.environment["VAZAO_DATABASE"], "sqlite:///db");
    assert_eq!(function.environment["VAZAO_DOCUMENTS_BUCKET"], "order-documents-111122223333");
    let source = &config.event_sources[0];
    assert_eq!((source.queue.as_str(), source.function.as_str()), ("orders", "order-processor"));
    assert_eq!((source.batch_size, source.maximum_concurrency), (9, 7));
    assert!(source.report_batch_item_failures && source.batching_window.is_zero());

    let api = config.api.unwrap();
    assert_eq!((api.name.as_str(), api.stage.as_str()), ("orders", "live"));
    let route = &api.routes[0];
    assert_eq!((route.method.as_str(), route.path.as_str()), ("PUT", "/v1/orders/{orderNumber}"));
    assert!(route.signed && route.api_key_required);
    assert_eq!(route.throttle, Some(Throttle { rate_per_s: 31.0, burst: 32.0 }));
    assert_eq!(route.integration.queue, "orders");
    assert_eq!(route.integration.timeout, Duration::from_secs(5));
    let statuses: Vec<_> = route.integration.responses.iter().map(|r| r.status).collect();
    assert_eq!(statuses, [202, 503]);
    let schema = route.request_schema.as_ref().unwrap();
    assert_eq!(schema["properties"]["items"]["maxItems"], 990);
    let plan = &api.usage_plans[0];
    assert_eq!(plan.name, "partners");
    assert_eq!(plan.throttle, Some(Throttle { rate_per_s: 21.0, burst: 22.0 }));
    assert_eq!(plan.quota, Some(Quota { limit: 23, period: QuotaPeriod::Day }));
}

#[test]
fn a_condition_takes_the_signature_away() {
    let route = |value| {
        let config = deployed(&[("RequestAuthorization", value)]).unwrap();
        let route = &config.api.unwrap().routes[0];
        (route.signed, route.api_key_required)
    };
    assert_eq!([route("AWS_IAM"), route("API_KEY")], [(true, true), (false, true)]);
}

#[test]
fn what_makes_no_difference_here_is_told_with_its_line() {
    let notes = deployed(&[]).unwrap().unsimulated;
    let find = |what: &str| notes.iter().find(|note| note.what == what).unwrap().line;
    assert_eq!(find("ObjectLockEnabled of AWS::S3::Bucket"), line_of("ObjectLockEnabled: true"));
    assert_eq!(find("GatewayRole, AWS::IAM::Role"), line_of("  GatewayRole:\n") + 1);
    let computed = line_of("  OrdersUnsettledAlarm:\n") + 3;
    assert_eq!(find("OrdersUnsettledAlarm, AWS::CloudWatch::Alarm"), computed);
}

#[test]
fn the_access_log_is_the_templates_and_goes_to_the_group_that_is_named_after_the_api() {
    let api = deployed(&[]).unwrap().api.unwrap();
    let log = api.access_log.unwrap();
    assert_eq!((api.name.as_str(), log.log_group.as_str()), ("orders", "/aws/apigateway/orders"));
    assert!(log.format.starts_with(r#"{"requestId":"$context.requestId","#), "{}", log.format);
    let other = changed(
        "DestinationArn: {Fn::GetAtt: [OrdersApiLogs, Arn]}",
        "DestinationArn: arn:aws:firehose:sa-east-1:123456789012:deliverystream/amazon-apigateway-x",
    );
    assert!(other.contains("only a log group is imitated"), "{other}");
}

#[test]
fn an_alarm_is_what_it_looks_at_and_its_threshold_on_either_side() {
    let config = deployed(&[("QueueAgeAlarmSeconds", "611"), ("MaximumConcurrency", "7")]).unwrap();
    let alarm = |id: &str| config.alarms.iter().find(|alarm| alarm.id == id).unwrap();
    let age = alarm("QueueAgeAlarm");
    assert_eq!((age.namespace.as_str(), age.statistic.as_str()), ("AWS/SQS", "Maximum"));
    assert_eq!(age.dimensions, [("QueueName".to_owned(), "orders".to_owned())]);
    assert_eq!((age.period_s, age.evaluation_periods, age.datapoints_to_alarm), (60, 3, 3));
    assert_eq!([age.breaches(611.0), age.breaches(611.5)], [false, true]);
    let concurrency = alarm("ConcurrencyAlarm");
    assert_eq!([concurrency.breaches(6.0), concurrency.breaches(7.0)], [false, true]);
    let silent = alarm("SweeperSilentAlarm");
    assert_eq!([silent.breaches(0.0), silent.breaches(1.0)], [true, false]);
    assert_eq!(alarm("ServerErrorsAlarm").datapoints_to_alarm, 3);
    assert_eq!(alarm("ProcessorDurationAlarm").statistic, "p99");
    let alias = ("Resource".to_owned(), "order-processor:live".to_owned());
    assert_eq!(alarm("ProcessorErrorsAlarm").dimensions[1], alias);
    assert_eq!(config.functions[0].alias.as_deref(), Some("live"));
}

/// The sweeper is the same executable, and nothing here would start it.
#[test]
fn a_function_that_only_a_schedule_starts_is_left_out_and_told() {
    let config = deployed(&[]).unwrap();
    assert_eq!(config.functions.len(), 1);
    let note = config.unsimulated.iter().find(|note| note.what.starts_with("OrderSweeper, "));
    assert!(note.unwrap().why.contains("on a schedule"));
    let refusal = changed("Sweep:\n          Type: ScheduleV2", "Sweep:\n          Type: SQS");
    assert!(
        refusal.contains("no executable was given for the function order-sweeper"),
        "{refusal}"
    );
}

#[test]
fn a_suffix_goes_behind_every_name() {
    let mut settings = settings();
    settings.parameters.insert("NameSuffix".to_owned(), "-b".to_owned());
    settings.executables.insert("order-processor-b".to_owned(), "/bin/bootstrap".into());
    let config = CloudConfig::from_template(DEPLOYED, &settings).unwrap();
    let queues: Vec<&str> = config.queues.iter().map(|queue| queue.name.as_str()).collect();
    assert_eq!(queues, ["orders-b", "orders-dead-letters-b"]);
    assert_eq!(config.buckets, ["order-documents-111122223333-b"]);
    assert_eq!(config.event_sources[0].queue, "orders-b");
    let api = config.api.unwrap();
    assert_eq!((api.name.as_str(), api.usage_plans[0].name.as_str()), ("orders-b", "partners-b"));
    assert_eq!(api.routes[0].integration.queue, "orders-b");
}

/// Certificates are not looked at here, and there is no VPC; what is left of both is a key.
#[test]
fn the_ways_to_deploy_that_are_not_imitated_can_still_be_read() {
    let config = deployed(&[
        ("RequestAuthorization", "MUTUAL_TLS"),
        ("DomainName", "orders.example"),
        ("VpcId", "vpc-1"),
        ("SubnetIds", "subnet-1,subnet-2"),
        ("RouteTableIds", "rtb-1"),
        ("DatabaseSecurityGroupId", "sg-1"),
        ("DatabaseSecretArn", "arn:of:the:secret"),
    ])
    .unwrap();
    assert_eq!(config.functions[0].environment["VAZAO_DATABASE_SECRET"], "arn:of:the:secret");
    let route = &config.api.unwrap().routes[0];
    assert!(!route.signed && route.api_key_required);
}

#[test]
fn a_parameter_is_held_to_its_own_rules() {
    for (name, value, word) in [
        ("MaximumConcurrency", "1", "at least 2"),
        ("MaximumConcurrency", "1001", "at most 1000"),
        ("MaximumConcurrency", "four", "MaximumConcurrency must be"),
        ("RequestAuthorization", "NONE", "one of AWS_IAM, MUTUAL_TLS, API_KEY"),
        ("StageName", "a b", "must match"),
        ("Concurrency", "4", "no parameter Concurrency"),
    ] {
        let refusal = deployed(&[(name, value)]).unwrap_err();
        assert!(refusal.contains(word), "{refusal}");
    }
    let mut settings = settings();
    settings.parameters.clear();
    let refusal = CloudConfig::from_template(DEPLOYED, &settings).unwrap_err().to_string();
    assert_eq!(
        refusal,
        format!("line {}: the parameter DatabaseUrl needs a value", line_of("  DatabaseUrl:"))
    );
}

#[test]
fn nothing_unknown_is_ignored() {
    for (from, to, expected) in [
        (
            "VisibilityTimeout: 30\n      MessageRetentionPeriod: 345600",
            "VisibilityTimeot: 30\n      MessageRetentionPeriod: 345600",
            "VisibilityTimeot of AWS::SQS::Queue is not imitated",
        ),
        (
            "maxReceiveCount: 5",
            "maxReceiveCount: 5\n        x: 1",
            "x of RedrivePolicy is not imitated",
        ),
        (
            "Type: AWS::SQS::QueuePolicy",
            "Type: AWS::SQS::QueuePolicie",
            "the resource type AWS::SQS::QueuePolicie is not imitated",
        ),
        (
            "passthroughBehavior: never",
            "passthroughBehavior: when_no_match",
            "only passthroughBehavior: never is imitated",
        ),
        ("$util.urlEncode($partner)", "$util.escape($partner)", "$util.escape is not imitated"),
        (
            "gatewayresponse.header.Retry-After: \"'3600'\"",
            "gatewayresponse.header.Retry-After: context.x",
            "only a 'value' in quotes",
        ),
        ("          QUOTA_EXCEEDED:", "          QUOTA_EXCEDED:", "API Gateway has no such type"),
        (
            "Fn::Sub: \"order-documents-${AWS::AccountId}${NameSuffix}\"",
            "Fn::Sub: \"order-documents-${AWS::Account}${NameSuffix}\"",
            "AWS::Account is not imitated",
        ),
        ("{Ref: BatchSize}", "{Ref: BatchSiz}", "BatchSiz is neither a parameter nor a resource"),
        ("{Ref: BatchSize}", "!Ref BatchSize", "the long form"),
        ("minItems: 1", "minItems: one", "not JSON Schema draft 4"),
        ("Type: SQS", "Type: SNS", "only Type: SQS is imitated"),
        ("ReportBatchItemFailures", "ReportItemFailures", "only ReportBatchItemFailures exists"),
        ("Period: DAY", "Period: HOUR", "Period is no HOUR"),
    ] {
        let refusal = changed(from, to);
        assert!(refusal.contains(expected), "{expected:?} is not in {refusal:?}");
        assert!(refusal.starts_with("line "), "{refusal}");
    }
}

/// In a block, below its `|`: the line of the construct, not of the block.
#[test]
fn a_mapping_template_has_the_lines_of_the_file() {
    let refusal = changed("$util.urlEncode($partner)", "$util.escape($partner)");
    let line = line_of("$util.urlEncode($partner)");
    assert!(refusal.starts_with(&format!("line {line}: ")), "{line}: {refusal}");
    let last = "#set($partner = $context.identity.apiKeyId)";
    let refusal = changed(last, &format!("#macro(x){last}"));
    let line = line_of(last);
    assert!(refusal.starts_with(&format!("line {line}: ")), "{line}: {refusal}");
}

#[test]
fn all_resources_that_cannot_be_are_told_at_once() {
    let text = DEPLOYED
        .replace("maxReceiveCount: 5", "maxReceiveCount: five")
        .replace("{SSEAlgorithm: AES256}", "{SSEAlgorithm: AES256}\n      Colour: red");
    let error = CloudConfig::from_template(&text, &settings()).unwrap_err();
    assert_eq!(error.0.len(), 2, "{error}");
}

#[test]
fn intrinsics_do_what_cloudformation_does() {
    let template = |name: &str| {
        format!(
            "Parameters: {{Parts: {{Type: CommaDelimitedList, Default: 'a, b'}}}}\n\
             Mappings: {{Sizes: {{big: {{name: large}}}}}}\n\
             Conditions: {{Yes: {{'Fn::Equals': [x, x]}}, No: {{'Fn::Not': [{{Condition: Yes}}]}}}}\n\
             Resources:\n  Q: {{Type: 'AWS::SQS::Queue', Properties: {{QueueName: {name}}}}}\n\
             \x20 Gone: {{Type: 'AWS::SQS::Queue', Condition: No}}\n"
        )
    };
    for (name, expected) in [
        ("{'Fn::Join': ['-', {Ref: Parts}]}", "a-b"),
        ("{'Fn::Select': [1, {Ref: Parts}]}", "b"),
        ("{'Fn::Select': [0, {'Fn::Split': ['.', x.y]}]}", "x"),
        ("{'Fn::FindInMap': [Sizes, big, name]}", "large"),
        ("{'Fn::If': [No, a, {'Fn::If': [Yes, c, d]}]}", "c"),
        ("{'Fn::Sub': ['${A}-${AWS::Region}', {A: {Ref: 'AWS::StackName'}}]}", "local-sa-east-1"),
        ("{Ref: 'AWS::NoValue'}", "local-q"),
    ] {
        let mut settings = TemplateSettings::new("/nowhere");
        settings.region = "sa-east-1".to_owned();
        let config = CloudConfig::from_template(&template(name), &settings);
        let config = config.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(config.queues.len(), 1);
        assert_eq!(config.queues[0].name, expected, "{name}");
    }
}

#[test]
fn yaml_that_cloudformation_would_not_take_is_refused_with_its_line() {
    for (text, line, word) in [
        ("a: 1\nb: }\nc: 1\n", 2, "not YAML"),
        ("Resources:\n  A: {}\n  A: {}\n", 3, "written twice"),
        ("Resources: {}\n---\nResources: {}\n", 2, "second document"),
        ("A: &x 1\n", 1, "anchors"),
        ("", 1, "empty"),
    ] {
        let error = CloudConfig::from_template(text, &TemplateSettings::new("/")).unwrap_err();
        assert!(error.to_string().contains(word), "{text:?}: {error}");
        assert_eq!(error.0[0].line, line, "{text:?}: {error}");
    }
}

const SCALING: &str = "ScalingConfig: {MaximumConcurrency: {Ref: MaximumConcurrency}}";

#[test]
fn provisioned_pollers_and_a_reservation_are_read() {
    let text = DEPLOYED
        .replace(SCALING, "ProvisionedPollerConfig: {MinimumPollers: 3}")
        .replace("Timeout: 5\n", "Timeout: 5\n      ReservedConcurrentExecutions: 17\n");
    let config = CloudConfig::from_template(&text, &settings()).unwrap();
    assert_eq!(config.functions[0].reserved_concurrency, Some(17));
    let pollers = config.event_sources[0].provisioned.unwrap();
    assert_eq!((pollers.minimum, pollers.maximum), (3, 200));
}

#[test]
fn provisioned_pollers_exclude_a_maximum_concurrency() {
    let both = format!("{SCALING}\n            ProvisionedPollerConfig: {{MinimumPollers: 3}}");
    let refusal = changed(SCALING, &both);
    assert!(refusal.contains("exclude each other"), "{refusal}");
}
