//! What a forecast can use, and the key of each in the price list.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::Provenance;
use crate::bill::Used;

/// Something that AWS counts and bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Meter {
    RestRequests,
    HttpRequests,
    BalancerHours,
    BalancerUnits,
    SqsRequests,
    LambdaRequestsArm,
    LambdaRequestsX86,
    LambdaDurationArm,
    LambdaDurationX86,
    FargateCpuArm,
    FargateCpuX86,
    FargateMemoryArm,
    FargateMemoryX86,
    ServersArm,
    ServersX86,
    PutIntelligent,
    GetIntelligent,
    Frequent,
    Infrequent,
    ArchiveInstant,
    Monitoring,
    PutStandard,
    GetStandard,
    Standard,
    PutInfrequentAccess,
    GetInfrequentAccess,
    InfrequentAccess,
    InfrequentAccessRetrieval,
    PutInstant,
    GetInstant,
    Instant,
    InstantRetrieval,
    IntoDeepArchive,
    DeepArchive,
    DeepArchiveRetrieval,
    DeepArchiveRestores,
    Logs,
    OtherLogs,
    LogsStored,
    Alarms,
    Dashboards,
    KeyMonths,
    NatHours,
    NatData,
    EndpointHours,
    EndpointData,
}

/// How the price list calls a meter, and how a bill does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) service: &'static str,
    pub(crate) item: &'static str,
    pub(crate) offer: &'static str,
    pub(crate) usage_type: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) unit: &'static str,
}

const fn rate(
    (service, item): (&'static str, &'static str),
    (offer, usage_type, operation): (&'static str, &'static str, &'static str),
    unit: &'static str,
) -> Rate {
    Rate { service, item, offer, usage_type, operation, unit }
}

const fn gateway(item: &'static str, usage_type: &'static str) -> Rate {
    rate(("API Gateway", item), ("AmazonApiGateway", usage_type, ""), "requests")
}

const fn lambda(item: &'static str, usage_type: &'static str, unit: &'static str) -> Rate {
    rate(("Lambda", item), ("AWSLambda", usage_type, ""), unit)
}

const fn fargate(item: &'static str, usage_type: &'static str, unit: &'static str) -> Rate {
    rate(("Fargate", item), ("AmazonECS", usage_type, ""), unit)
}

const fn s3(item: &'static str, usage_type: &'static str, unit: &'static str) -> Rate {
    rate(("S3", item), ("AmazonS3", usage_type, ""), unit)
}

const fn s3_of(item: &'static str, key: (&'static str, &'static str), unit: &'static str) -> Rate {
    rate(("S3", item), ("AmazonS3", key.0, key.1), unit)
}

const fn watch(item: &'static str, usage_type: &'static str, unit: &'static str) -> Rate {
    rate(("CloudWatch", item), ("AmazonCloudWatch", usage_type, ""), unit)
}

impl Meter {
    /// Every meter, in the order in which an order meets them.
    pub(crate) const ALL: [Self; 46] = [
        Self::RestRequests,
        Self::HttpRequests,
        Self::BalancerHours,
        Self::BalancerUnits,
        Self::SqsRequests,
        Self::LambdaRequestsArm,
        Self::LambdaRequestsX86,
        Self::LambdaDurationArm,
        Self::LambdaDurationX86,
        Self::FargateCpuArm,
        Self::FargateCpuX86,
        Self::FargateMemoryArm,
        Self::FargateMemoryX86,
        Self::ServersArm,
        Self::ServersX86,
        Self::PutIntelligent,
        Self::GetIntelligent,
        Self::Frequent,
        Self::Infrequent,
        Self::ArchiveInstant,
        Self::Monitoring,
        Self::PutStandard,
        Self::GetStandard,
        Self::Standard,
        Self::PutInfrequentAccess,
        Self::GetInfrequentAccess,
        Self::InfrequentAccess,
        Self::InfrequentAccessRetrieval,
        Self::PutInstant,
        Self::GetInstant,
        Self::Instant,
        Self::InstantRetrieval,
        Self::IntoDeepArchive,
        Self::DeepArchive,
        Self::DeepArchiveRetrieval,
        Self::DeepArchiveRestores,
        Self::Logs,
        Self::OtherLogs,
        Self::LogsStored,
        Self::Alarms,
        Self::Dashboards,
        Self::KeyMonths,
        Self::NatHours,
        Self::NatData,
        Self::EndpointHours,
        Self::EndpointData,
    ];

    /// Its key and names.
    pub(crate) const fn rate(self) -> Rate {
        const GB: &str = "GB";
        const MONTHS: &str = "GB-months";
        const REQUESTS: &str = "requests";
        const HOURS: &str = "hours";
        match self {
            Self::RestRequests => gateway("REST API requests", "ApiGatewayRequest"),
            Self::HttpRequests => gateway("HTTP API requests", "ApiGatewayHttpRequest"),
            Self::BalancerHours => {
                rate(("Load balancer", "hours"), ("AWSELB", "LoadBalancerUsage", ""), HOURS)
            }
            Self::BalancerUnits => {
                rate(("Load balancer", "capacity units"), ("AWSELB", "LCUUsage", ""), "LCU-hours")
            }
            Self::SqsRequests => rate(
                ("SQS", "standard queue requests"),
                ("AWSQueueService", "Requests-Tier1", ""),
                REQUESTS,
            ),
            Self::LambdaRequestsArm => lambda("requests, arm64", "Request-ARM", "invocations"),
            Self::LambdaRequestsX86 => lambda("requests, x86", "Request", "invocations"),
            Self::LambdaDurationArm => {
                lambda("duration, arm64", "Lambda-GB-Second-ARM", "GB-seconds")
            }
            Self::LambdaDurationX86 => lambda("duration, x86", "Lambda-GB-Second", "GB-seconds"),
            Self::FargateCpuArm => {
                fargate("vCPU, arm64", "Fargate-ARM-vCPU-Hours:perCPU", "vCPU-hours")
            }
            Self::FargateCpuX86 => fargate("vCPU, x86", "Fargate-vCPU-Hours:perCPU", "vCPU-hours"),
            Self::FargateMemoryArm => fargate("memory, arm64", "Fargate-ARM-GB-Hours", "GB-hours"),
            Self::FargateMemoryX86 => fargate("memory, x86", "Fargate-GB-Hours", "GB-hours"),
            Self::ServersArm => {
                rate(("EC2", "m7g.large"), ("AmazonEC2", "BoxUsage:m7g.large", ""), HOURS)
            }
            Self::ServersX86 => {
                rate(("EC2", "m7i.large"), ("AmazonEC2", "BoxUsage:m7i.large", ""), HOURS)
            }
            Self::PutIntelligent => s3("PUT, Intelligent-Tiering", "Requests-INT-Tier1", REQUESTS),
            Self::GetIntelligent => s3("GET, Intelligent-Tiering", "Requests-INT-Tier2", REQUESTS),
            Self::Frequent => s3("Frequent Access", "TimedStorage-INT-FA-ByteHrs", MONTHS),
            Self::Infrequent => s3("Infrequent Access", "TimedStorage-INT-IA-ByteHrs", MONTHS),
            Self::ArchiveInstant => {
                s3("Archive Instant Access", "TimedStorage-INT-AIA-ByteHrs", MONTHS)
            }
            Self::Monitoring => {
                s3("monitoring and automation", "Monitoring-Automation-INT", "object-months")
            }
            Self::PutStandard => s3("PUT, Standard", "Requests-Tier1", REQUESTS),
            Self::GetStandard => s3("GET, Standard", "Requests-Tier2", REQUESTS),
            Self::Standard => s3("Standard", "TimedStorage-ByteHrs", MONTHS),
            Self::PutInfrequentAccess => s3("PUT, Standard-IA", "Requests-SIA-Tier1", REQUESTS),
            Self::GetInfrequentAccess => s3("GET, Standard-IA", "Requests-SIA-Tier2", REQUESTS),
            Self::InfrequentAccess => s3("Standard-IA", "TimedStorage-SIA-ByteHrs", MONTHS),
            Self::InfrequentAccessRetrieval => s3("retrieval, Standard-IA", "Retrieval-SIA", GB),
            Self::PutInstant => s3("PUT, Glacier Instant", "Requests-GIR-Tier1", REQUESTS),
            Self::GetInstant => s3("GET, Glacier Instant", "Requests-GIR-Tier2", REQUESTS),
            Self::Instant => s3("Glacier Instant", "TimedStorage-GIR-ByteHrs", MONTHS),
            Self::InstantRetrieval => s3("retrieval, Glacier Instant", "Retrieval-GIR", GB),
            Self::IntoDeepArchive => s3_of(
                "transitions into Deep Archive",
                ("Requests-Tier3", "S3-GDATransition"),
                REQUESTS,
            ),
            Self::DeepArchive => s3("Deep Archive", "TimedStorage-GDA-ByteHrs", MONTHS),
            Self::DeepArchiveRetrieval => s3_of(
                "retrieval, Deep Archive, bulk",
                ("Bulk-Retrieval-Bytes", "DeepArchiveRestoreObject"),
                GB,
            ),
            Self::DeepArchiveRestores => {
                s3_of("restore requests", ("Requests-Tier3", "RestoreObject"), REQUESTS)
            }
            Self::Logs => watch("vended logs ingested", "VendedLog-Bytes", GB),
            Self::OtherLogs => watch("servers' logs ingested", "DataProcessing-Bytes", GB),
            Self::LogsStored => watch("logs stored", "TimedStorage-ByteHrs", MONTHS),
            Self::Alarms => watch("alarms", "CW:AlarmMonitorUsage", "alarm-months"),
            Self::Dashboards => watch("dashboards", "CW:DashboardsUsageHour", "dashboard-months"),
            Self::KeyMonths => rate(("KMS", "keys"), ("awskms", "KMS-Keys", ""), "key-months"),
            Self::NatHours => {
                rate(("NAT", "gateways"), ("AmazonEC2", "NatGateway-Hours", ""), HOURS)
            }
            Self::NatData => rate(("NAT", "data"), ("AmazonEC2", "NatGateway-Bytes", ""), GB),
            Self::EndpointHours => {
                rate(("VPC", "interface endpoints"), ("AmazonVPC", "VpcEndpoint-Hours", ""), HOURS)
            }
            Self::EndpointData => {
                rate(("VPC", "endpoint data"), ("AmazonVPC", "VpcEndpoint-Bytes", ""), GB)
            }
        }
    }

    /// So much of it, for a bill.
    pub(crate) fn used(self, quantity: Decimal, formula: String) -> Used {
        let rate = self.rate();
        Used {
            service: rate.service,
            item: rate.item.to_owned(),
            offer: rate.offer,
            usage_type: Cow::Borrowed(rate.usage_type),
            operation: rate.operation,
            quantity,
            unit: rate.unit,
            provenance: Provenance::Assumed,
            formula,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meter_stands_at_its_own_place_and_no_two_share_a_price() {
        for (place, meter) in Meter::ALL.into_iter().enumerate() {
            assert_eq!(meter as usize, place);
        }
        let key = |meter: Meter| {
            let rate = meter.rate();
            (rate.offer, rate.usage_type, rate.operation)
        };
        let keys: std::collections::BTreeSet<_> = Meter::ALL.into_iter().map(key).collect();
        assert_eq!(keys.len(), Meter::ALL.len());
    }
}
