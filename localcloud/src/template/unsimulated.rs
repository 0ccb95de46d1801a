//! What a template may say although the local cloud does not act on it. Anything that is
//! neither imitated nor in these two lists keeps the cloud from starting.

use std::fmt;

/// Resource types that are left out.
const TYPES: &[(&str, &str)] = &[
    ("AWS::IAM::Role", "nothing on one machine is kept out by a policy"),
    ("AWS::SQS::QueuePolicy", "nothing on one machine is kept out by a policy"),
    ("AWS::S3::BucketPolicy", "nothing on one machine is kept out by a policy"),
    ("AWS::Logs::LogGroup", "logs are files, kept until they are deleted"),
    ("AWS::CloudWatch::CompositeAlarm", "alarms are not evaluated; the metrics are there"),
    ("AWS::CloudWatch::Dashboard", "there is no console"),
    ("AWS::SNS::Topic", "nobody is notified"),
    ("AWS::SNS::TopicPolicy", "nobody is notified"),
    ("AWS::SNS::Subscription", "nobody is notified"),
    ("AWS::EC2::SecurityGroup", "functions are processes of this machine, without a VPC"),
    ("AWS::EC2::SecurityGroupIngress", "functions are processes of this machine, without a VPC"),
    ("AWS::EC2::SecurityGroupEgress", "functions are processes of this machine, without a VPC"),
    ("AWS::EC2::VPCEndpoint", "functions are processes of this machine, without a VPC"),
    ("AWS::RDS::DBProxy", "the function connects to the database itself"),
    ("AWS::RDS::DBProxyTargetGroup", "the function connects to the database itself"),
    ("AWS::SecretsManager::Secret", "secrets are parameters"),
    ("AWS::SecretsManager::SecretTargetAttachment", "secrets are parameters"),
    ("AWS::KMS::Key", "nothing is encrypted on one machine"),
    ("AWS::ApiGateway::Account", "there is no access log"),
    ("AWS::ApiGateway::BasePathMapping", ADDRESS),
    ("AWS::ApiGateway::DomainName", ADDRESS),
    ("AWS::CloudTrail::Trail", "there is no audit trail"),
    ("AWS::Budgets::Budget", "nothing is billed"),
];

/// Of a function that nothing else starts.
pub(super) const SCHEDULE: &str = "nothing comes on a schedule; run its executable by hand";

const ADDRESS: &str = "there is one address";
const ENCRYPTION: &str = "nothing is encrypted on one machine";
const CONSOLE: &str = "there is no console to show it";
const DEPLOYMENT: &str = "it concerns deploying";
const POLICY: &str = "nothing on one machine is kept out by a policy";
const PLATFORM: &str = "the function's executable is this machine's";
const ALARM: &str = "alarms are not evaluated; the metrics are there";
const VPC: &str = "functions are processes of this machine, without a VPC";

/// Properties that are left out, by what has them.
const PROPERTIES: &[(&str, &str, &str)] = &[
    ("AWS::CloudWatch::Alarm", "AlarmActions", ALARM),
    ("AWS::CloudWatch::Alarm", "AlarmDescription", CONSOLE),
    ("AWS::CloudWatch::Alarm", "AlarmName", CONSOLE),
    ("AWS::CloudWatch::Alarm", "TreatMissingData", ALARM),
    ("resource", "Metadata", DEPLOYMENT),
    ("resource", "DependsOn", "everything starts at once"),
    ("resource", "DeletionPolicy", DEPLOYMENT),
    ("resource", "UpdateReplacePolicy", DEPLOYMENT),
    ("template", "Description", CONSOLE),
    ("template", "Metadata", DEPLOYMENT),
    ("template", "Outputs", "vazao local prints the addresses"),
    ("template", "Rules", DEPLOYMENT),
    ("AWS::SQS::Queue", "SqsManagedSseEnabled", ENCRYPTION),
    ("AWS::SQS::Queue", "KmsMasterKeyId", ENCRYPTION),
    ("AWS::SQS::Queue", "KmsDataKeyReusePeriodSeconds", ENCRYPTION),
    ("AWS::SQS::Queue", "RedriveAllowPolicy", POLICY),
    ("AWS::SQS::Queue", "Tags", CONSOLE),
    ("AWS::Serverless::Function", "CodeUri", PLATFORM),
    ("AWS::Serverless::Function", "Handler", PLATFORM),
    ("AWS::Serverless::Function", "Runtime", PLATFORM),
    ("AWS::Serverless::Function", "Architectures", PLATFORM),
    ("AWS::Serverless::Function", "Layers", PLATFORM),
    ("AWS::Serverless::Function", "PackageType", PLATFORM),
    ("AWS::Serverless::Function", "EphemeralStorage", PLATFORM),
    ("AWS::Serverless::Function", "Description", CONSOLE),
    ("AWS::Serverless::Function", "Tags", CONSOLE),
    ("AWS::Serverless::Function", "LoggingConfig", "logs are files in the data folder"),
    ("AWS::Serverless::Function", "Tracing", "nothing is traced"),
    ("AWS::Serverless::Function", "Policies", POLICY),
    ("AWS::Serverless::Function", "Role", POLICY),
    ("AWS::Serverless::Function", "PermissionsBoundary", POLICY),
    ("AWS::Serverless::Function", "KmsKeyArn", ENCRYPTION),
    ("AWS::Serverless::Function", "VpcConfig", VPC),
    ("AWS::Serverless::Function", "AutoPublishAliasAllProperties", DEPLOYMENT),
    ("AWS::Serverless::Function", "DeploymentPreference", DEPLOYMENT),
    ("AWS::Serverless::Function", "VersionDescription", DEPLOYMENT),
    ("AWS::Serverless::Function", "EventInvokeConfig", "queues invoke synchronously"),
    ("AWS::S3::Bucket", "OwnershipControls", POLICY),
    ("AWS::S3::Bucket", "PublicAccessBlockConfiguration", POLICY),
    ("AWS::S3::Bucket", "BucketEncryption", ENCRYPTION),
    (
        "AWS::S3::Bucket",
        "VersioningConfiguration",
        "an object is written once; a client may switch versions on",
    ),
    ("AWS::S3::Bucket", "ObjectLockEnabled", "a client may lock an object itself"),
    ("AWS::S3::Bucket", "ObjectLockConfiguration", "a client may lock an object itself"),
    (
        "AWS::S3::Bucket",
        "IntelligentTieringConfigurations",
        "objects do not age; the cost model ages them",
    ),
    ("AWS::S3::Bucket", "LifecycleConfiguration", "objects do not age; the cost model ages them"),
    ("AWS::S3::Bucket", "MetricsConfigurations", "request metrics are always on"),
    ("AWS::S3::Bucket", "LoggingConfiguration", "there is no access log"),
    ("AWS::S3::Bucket", "Tags", CONSOLE),
    ("AWS::Serverless::Api", "EndpointConfiguration", ADDRESS),
    ("AWS::Serverless::Api", "Description", CONSOLE),
    ("AWS::Serverless::Api", "Tags", CONSOLE),
    ("AWS::Serverless::Api", "TracingEnabled", "nothing is traced"),
    ("AWS::Serverless::Api", "OpenApiVersion", DEPLOYMENT),
    ("AWS::Serverless::Api", "AlwaysDeploy", DEPLOYMENT),
    ("AWS::Serverless::Api", "MinimumCompressionSize", "bodies are not compressed"),
    ("AWS::Serverless::Api", "DisableExecuteApiEndpoint", ADDRESS),
    ("AWS::Serverless::Api", "Domain", ADDRESS),
    ("MethodSettings", "MetricsEnabled", "metrics are always on"),
    ("MethodSettings", "DataTraceEnabled", "there is no execution log"),
    ("MethodSettings", "LoggingLevel", "there is no execution log"),
    ("OpenAPI", "info", CONSOLE),
    ("OpenAPI", "tags", CONSOLE),
    ("OpenAPI", "x-amazon-apigateway-policy", POLICY),
    ("method", "operationId", CONSOLE),
    ("method", "summary", CONSOLE),
    ("method", "description", CONSOLE),
    ("method", "tags", CONSOLE),
    ("method", "responses", "answers are the integration's"),
    ("requestBody", "description", CONSOLE),
    ("parameter", "description", CONSOLE),
    ("x-amazon-apigateway-integration", "credentials", POLICY),
    ("AWS::ApiGateway::UsagePlan", "Description", CONSOLE),
    ("AWS::ApiGateway::UsagePlan", "Tags", CONSOLE),
    ("AWS::ApiGateway::ApiKey", "Description", CONSOLE),
    ("AWS::ApiGateway::ApiKey", "Tags", CONSOLE),
    ("AWS::ApiGateway::ApiKey", "StageKeys", "keys join by their usage plan"),
];

pub(super) fn resource(kind: &str) -> Option<&'static str> {
    TYPES.iter().find(|(known, _)| *known == kind).map(|(_, why)| *why)
}

pub(super) fn property(kind: &str, name: &str) -> Option<&'static str> {
    let found = PROPERTIES.iter().find(|(of, known, _)| *of == kind && *known == name);
    found.map(|(_, _, why)| *why)
}

/// One thing of a template that the local cloud does not act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsimulated {
    /// Line of the template, from 1.
    pub line: usize,
    /// A resource's type, or a property and whose it is.
    pub what: String,
    /// Why it makes no difference here.
    pub why: &'static str,
}

impl fmt::Display for Unsimulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {} ({})", self.line, self.what, self.why)
    }
}

#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<Unsimulated>);

impl Notes {
    pub(super) fn add(&mut self, line: usize, what: String, why: &'static str) {
        self.0.push(Unsimulated { line, what, why });
    }
}
