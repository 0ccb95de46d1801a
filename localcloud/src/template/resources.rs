//! The resources of a template, one function a type.

use std::time::Duration;

use crate::config::{
    ApiKey, CloudConfig, EventSourceConfig, FunctionConfig, PollerScaling, ProvisionedPollers,
    QueueConfig, Quota, QuotaPeriod, RedrivePolicy, Throttle, UsagePlan,
};

use super::fields::Fields;
use super::intrinsics::Resolver;
use super::unsimulated::{self, Notes};
use super::yaml::{Kind, Node};
use super::{TemplateProblem, TemplateSettings, alarms, openapi};

type Read<T> = Result<T, TemplateProblem>;

/// SAM's default.
const FUNCTION_TIMEOUT_S: u64 = 3;
/// SAM's default.
const FUNCTION_MEMORY_MB: u64 = 128;
/// Lambda's default for SQS.
const BATCH_SIZE: u64 = 10;
/// Lambda developer guide, "services-sqs-scaling": the ceiling without a MaximumConcurrency is
/// 1,250; an account's default concurrency comes first.
const MAXIMUM_CONCURRENCY: u64 = 1000;

/// A cloud's configuration, as far as the template has been read.
pub(super) struct Stack<'s, 't> {
    resolver: &'s Resolver<'t>,
    settings: &'s TemplateSettings,
    config: &'s mut CloudConfig,
    notes: &'s mut Notes,
    /// Plans and memberships may come before the keys and the API.
    plans: Vec<(String, UsagePlan)>,
    keys: Vec<(String, ApiKey)>,
    memberships: Vec<(String, String)>,
}

impl<'s, 't> Stack<'s, 't> {
    pub(super) fn new(
        resolver: &'s Resolver<'t>,
        settings: &'s TemplateSettings,
        config: &'s mut CloudConfig,
        notes: &'s mut Notes,
    ) -> Self {
        let (plans, keys, memberships) = (Vec::new(), Vec::new(), Vec::new());
        Stack { resolver, settings, config, notes, plans, keys, memberships }
    }

    pub(super) fn add(&mut self, id: &str, resource: &Node) -> Read<()> {
        let fields = Fields::of("resource", resource)?;
        let kind = fields.required("Type")?;
        if let Some(condition) = fields.optional("Condition")
            && !self.resolver.condition_named(&condition.text()?, condition, 0)?
        {
            return Ok(());
        }
        let properties = fields.optional("Properties");
        let type_name = kind.text()?;
        if let Some(why) = unsimulated::resource(&type_name) {
            self.notes.add(resource.line, format!("{id}, {type_name}"), why);
            return Ok(());
        }
        let properties = match properties {
            Some(properties) => self.resolver.resolve(properties)?,
            None => Node { line: resource.line, kind: Kind::Map(Vec::new()) },
        };
        match type_name.as_str() {
            "AWS::SQS::Queue" => self.queue(id, &properties)?,
            "AWS::S3::Bucket" => self.bucket(id, &properties)?,
            "AWS::Serverless::Function" => self.function(id, &properties)?,
            "AWS::Serverless::Api" => {
                let api = openapi::api(id, &properties, self.resolver, self.notes)?;
                if self.config.api.replace(api).is_some() {
                    return Err(kind.problem("a second API is not imitated"));
                }
            }
            "AWS::ApiGateway::UsagePlan" => self.usage_plan(id, &properties)?,
            "AWS::ApiGateway::ApiKey" => self.api_key(id, &properties)?,
            "AWS::ApiGateway::UsagePlanKey" => self.membership(&properties)?,
            "AWS::CloudWatch::Alarm" => {
                self.config.alarms.extend(alarms::alarm(id, &properties, self.notes)?);
            }
            other => return Err(kind.problem(format!("the resource type {other} is not imitated"))),
        }
        fields.finish(self.notes)
    }

    /// What only fits together when all has been read.
    pub(super) fn finish(self) -> Read<()> {
        let problem = |problem: String| TemplateProblem { line: 1, problem };
        let mut keys = self.keys;
        for (key, plan) in self.memberships {
            let plan = self.plans.iter().find(|(id, _)| *id == plan).map(|(_, plan)| plan);
            let key = keys.iter_mut().find(|(id, _)| *id == key).map(|(_, key)| key);
            match (key, plan) {
                (Some(key), Some(plan)) => key.usage_plan = Some(plan.name.clone()),
                _ => return Err(problem("a UsagePlanKey without its key or plan".to_owned())),
            }
        }
        match &mut self.config.api {
            Some(api) => {
                api.usage_plans.extend(self.plans.into_iter().map(|(_, plan)| plan));
                api.api_keys.extend(keys.into_iter().map(|(_, key)| key));
                Ok(())
            }
            None if self.plans.is_empty() && keys.is_empty() => Ok(()),
            None => Err(problem("usage plans without an AWS::Serverless::Api".to_owned())),
        }
    }

    fn queue(&mut self, id: &str, node: &Node) -> Read<()> {
        let fields = Fields::of("AWS::SQS::Queue", node)?;
        let seconds = |name: &str, default: u64| match fields.optional(name) {
            Some(node) => node.integer().map(Duration::from_secs),
            None => Ok(Duration::from_secs(default)),
        };
        fields.optional("QueueName");
        fields.only("DelaySeconds", "0")?;
        fields.only("MaximumMessageSize", "1048576")?;
        fields.only("ReceiveMessageWaitTimeSeconds", "0")?;
        fields.only("FifoQueue", "false")?;
        let queue = QueueConfig {
            name: self.resolver.name_of(id, "QueueName", node, 0)?,
            // SQS's defaults, CreateQueue API reference.
            visibility_timeout: seconds("VisibilityTimeout", 30)?,
            retention: seconds("MessageRetentionPeriod", 345_600)?,
            redrive: fields.optional("RedrivePolicy").map(|node| self.redrive(node)).transpose()?,
        };
        self.config.queues.push(queue);
        fields.finish(self.notes)
    }

    fn redrive(&mut self, node: &Node) -> Read<RedrivePolicy> {
        let fields = Fields::of("RedrivePolicy", node)?;
        let count = fields.required("maxReceiveCount")?;
        let policy = RedrivePolicy {
            dead_letter_queue: queue_of_arn(fields.required("deadLetterTargetArn")?)?,
            max_receive_count: u32::try_from(count.integer()?)
                .map_err(|_| count.problem("maxReceiveCount must be 1 to 1000"))?,
        };
        fields.finish(self.notes)?;
        Ok(policy)
    }

    fn bucket(&mut self, id: &str, node: &Node) -> Read<()> {
        let fields = Fields::of("AWS::S3::Bucket", node)?;
        fields.optional("BucketName");
        self.config.buckets.push(self.resolver.name_of(id, "BucketName", node, 0)?);
        fields.finish(self.notes)
    }

    fn function(&mut self, id: &str, node: &Node) -> Read<()> {
        let fields = Fields::of("AWS::Serverless::Function", node)?;
        fields.optional("FunctionName");
        let name = self.resolver.name_of(id, "FunctionName", node, 0)?;
        let events = fields.optional("Events");
        if only_scheduled(events)? {
            let what = format!("{id}, AWS::Serverless::Function that only a schedule starts");
            self.notes.add(node.line, what, unsimulated::SCHEDULE);
            return Ok(());
        }
        let executable = self.settings.executables.get(&name).cloned().ok_or_else(|| {
            node.problem(format!("no executable was given for the function {name}"))
        })?;
        let number = |property: &str, default: u64| match fields.optional(property) {
            Some(node) => node.integer(),
            None => Ok(default),
        };
        let mut function = FunctionConfig::new(name.clone(), executable);
        function.alias = fields.optional("AutoPublishAlias").map(Node::text).transpose()?;
        function.memory_mb = u32::try_from(number("MemorySize", FUNCTION_MEMORY_MB)?)
            .map_err(|_| node.problem("MemorySize must be 128 to 10240"))?;
        if let Some(node) = fields.optional("ReservedConcurrentExecutions") {
            function.reserved_concurrency =
                Some(u32::try_from(node.integer()?).map_err(|_| node.problem("out of range"))?);
        }
        function.timeout = Duration::from_secs(number("Timeout", FUNCTION_TIMEOUT_S)?);
        if let Some(environment) = fields.optional("Environment") {
            let environment = Fields::of("Environment", environment)?;
            for entry in environment.required("Variables")?.entries()? {
                function.environment.insert(entry.name.clone(), entry.value.text()?);
            }
            environment.finish(self.notes)?;
        }
        self.config.functions.push(function);
        if let Some(events) = events {
            for event in events.entries()? {
                self.event(&name, &event.value)?;
            }
        }
        fields.finish(self.notes)
    }

    fn event(&mut self, function: &str, node: &Node) -> Read<()> {
        let fields = Fields::of("event", node)?;
        fields.only("Type", "SQS")?;
        let source = self.event_source(function, fields.required("Properties")?)?;
        self.config.event_sources.push(source);
        fields.finish(self.notes)
    }

    fn event_source(&mut self, function: &str, node: &Node) -> Read<EventSourceConfig> {
        let fields = Fields::of("event source", node)?;
        let number = |node: Option<&Node>, default: u64| {
            let value = node.map_or(Ok(default), Node::integer)?;
            u32::try_from(value).map_err(|_| fields.problem("a number out of range"))
        };
        fields.only("Enabled", "true")?;
        let types = fields.optional("FunctionResponseTypes");
        for kind in types.map_or(Ok(&[][..]), Node::items)? {
            if kind.text()? != "ReportBatchItemFailures" {
                return Err(kind.problem("only ReportBatchItemFailures exists"));
            }
        }
        let scaling = match fields.optional("ScalingConfig") {
            Some(node) => Fields::of("ScalingConfig", node)?,
            None => Fields::none("ScalingConfig", node.line),
        };
        let maximum = number(scaling.optional("MaximumConcurrency"), MAXIMUM_CONCURRENCY)?;
        scaling.finish(self.notes)?;
        let provisioned = fields.optional("ProvisionedPollerConfig");
        if provisioned.is_some() && fields.optional("ScalingConfig").is_some() {
            return Err(
                fields.problem("ScalingConfig and ProvisionedPollerConfig exclude each other")
            );
        }
        let window = number(fields.optional("MaximumBatchingWindowInSeconds"), 0)?;
        let source = EventSourceConfig {
            queue: queue_of_arn(fields.required("Queue")?)?,
            function: function.to_owned(),
            batch_size: number(fields.optional("BatchSize"), BATCH_SIZE)?,
            batching_window: Duration::from_secs(window.into()),
            maximum_concurrency: maximum,
            report_batch_item_failures: types.is_some(),
            scaling: PollerScaling::default(),
            provisioned: provisioned.map(|node| self.provisioned(node)).transpose()?,
        };
        fields.finish(self.notes)?;
        Ok(source)
    }

    fn provisioned(&mut self, node: &Node) -> Read<ProvisionedPollers> {
        let fields = Fields::of("ProvisionedPollerConfig", node)?;
        let number = |name: &str, default: u64| {
            let value = fields.optional(name).map_or(Ok(default), Node::integer)?;
            u32::try_from(value).map_err(|_| fields.problem(format!("{name} is out of range")))
        };
        // The defaults of Lambda's ProvisionedPollerConfig.
        let pollers = ProvisionedPollers {
            minimum: number("MinimumPollers", 2)?,
            maximum: number("MaximumPollers", 200)?,
        };
        fields.finish(self.notes)?;
        Ok(pollers)
    }

    fn usage_plan(&mut self, id: &str, node: &Node) -> Read<()> {
        let fields = Fields::of("AWS::ApiGateway::UsagePlan", node)?;
        let stages = fields.optional("ApiStages");
        for stage in stages.map_or(Ok(&[][..]), Node::items)? {
            let stage = Fields::of("ApiStages", stage)?;
            stage.required("ApiId")?;
            stage.required("Stage")?;
            stage.finish(self.notes)?;
        }
        let plan = UsagePlan {
            name: match fields.optional("UsagePlanName") {
                Some(name) => name.text()?,
                None => id.to_owned(),
            },
            throttle: fields.optional("Throttle").map(|node| self.throttle(node)).transpose()?,
            quota: fields.optional("Quota").map(|node| self.quota(node)).transpose()?,
        };
        self.plans.push((id.to_owned(), plan));
        fields.finish(self.notes)
    }

    fn throttle(&mut self, node: &Node) -> Read<Throttle> {
        let fields = Fields::of("Throttle", node)?;
        let throttle = Throttle {
            rate_per_s: fields.required("RateLimit")?.number()?,
            burst: fields.required("BurstLimit")?.number()?,
        };
        fields.finish(self.notes)?;
        Ok(throttle)
    }

    fn quota(&mut self, node: &Node) -> Read<Quota> {
        let fields = Fields::of("Quota", node)?;
        let period = fields.required("Period")?;
        let quota = Quota {
            limit: fields.required("Limit")?.integer()?,
            period: match period.text()?.as_str() {
                "DAY" => QuotaPeriod::Day,
                "WEEK" => QuotaPeriod::Week,
                "MONTH" => QuotaPeriod::Month,
                other => return Err(period.problem(format!("Period is no {other}"))),
            },
        };
        fields.only("Offset", "0")?;
        fields.finish(self.notes)?;
        Ok(quota)
    }

    fn api_key(&mut self, id: &str, node: &Node) -> Read<()> {
        let fields = Fields::of("AWS::ApiGateway::ApiKey", node)?;
        fields.only("Enabled", "true")?;
        let key = ApiKey {
            id: fields.optional("Name").map_or_else(|| Ok(id.to_owned()), Node::text)?,
            value: fields.required("Value")?.text()?,
            usage_plan: None,
        };
        self.keys.push((id.to_owned(), key));
        fields.finish(self.notes)
    }

    fn membership(&mut self, node: &Node) -> Read<()> {
        let fields = Fields::of("AWS::ApiGateway::UsagePlanKey", node)?;
        fields.only("KeyType", "API_KEY")?;
        let (key, plan) = (fields.required("KeyId")?, fields.required("UsagePlanId")?);
        self.memberships.push((key.text()?, plan.text()?));
        fields.finish(self.notes)
    }
}

/// Whether a function has events and all of them are schedules.
fn only_scheduled(events: Option<&Node>) -> Read<bool> {
    let Some(events) = events else { return Ok(false) };
    let kinds = events.entries()?.iter().map(|event| match event.value.get("Type") {
        Some(kind) => kind.text(),
        None => Err(event.value.problem("an event needs a Type")),
    });
    let kinds: Vec<String> = kinds.collect::<Read<_>>()?;
    Ok(!kinds.is_empty() && kinds.iter().all(|kind| kind == "Schedule" || kind == "ScheduleV2"))
}

fn queue_of_arn(node: &Node) -> Read<String> {
    let arn = node.text()?;
    let name = arn.starts_with("arn:aws:sqs:").then(|| arn.rsplit(':').next()).flatten();
    name.map(str::to_owned).ok_or_else(|| node.problem(format!("{arn:?} is not a queue's ARN")))
}
