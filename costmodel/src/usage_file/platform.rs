//! What stands around the function: keys, network, database, firewall, and the servers of the
//! always-on comparison. Hours are those of one piece; left out, they are the month's.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::Month;
use crate::Architecture;
use crate::bill::Used;

fn line(
    month: Month,
    names: (&'static str, &str),
    key: (&'static str, &str),
    amount: (Decimal, &'static str),
) -> Used {
    let formula = format!("{} {}", amount.0, amount.1);
    month.line(names, (key.0, key.1, ""), amount, formula)
}

/// `[kms]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Kms {
    keys: Decimal,
    requests: Decimal,
}

impl Kms {
    pub(super) fn used(&self, month: Month) -> Vec<Used> {
        vec![
            line(month, ("KMS", "keys"), ("awskms", "KMS-Keys"), (self.keys, "key-months")),
            line(
                month,
                ("KMS", "requests"),
                ("awskms", "KMS-Requests"),
                (self.requests, "requests"),
            ),
        ]
    }
}

/// `[data_transfer]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DataTransfer {
    out_gb: Decimal,
    between_zones_gb: Decimal,
}

impl DataTransfer {
    pub(super) fn used(&self, month: Month) -> Vec<Used> {
        const OFFER: &str = "AWSDataTransfer";
        const SERVICE: &str = "Data transfer";
        vec![
            line(
                month,
                (SERVICE, "to the internet"),
                (OFFER, "DataTransfer-Out-Bytes"),
                (self.out_gb, "GB"),
            ),
            // Billed on both sides.
            line(
                month,
                (SERVICE, "between zones, each way"),
                (OFFER, "DataTransfer-Regional-Bytes"),
                (self.between_zones_gb * Decimal::TWO, "GB"),
            ),
        ]
    }
}

/// `[nat]`: NAT gateways.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Nat {
    gateways: Decimal,
    hours: Option<Decimal>,
    gb: Decimal,
}

impl Nat {
    pub(super) fn used(&self, month: Month) -> Vec<Used> {
        let hours = self.gateways * self.hours.unwrap_or(month.hours);
        vec![
            line(month, ("NAT", "gateways"), ("AmazonEC2", "NatGateway-Hours"), (hours, "hours")),
            line(month, ("NAT", "data"), ("AmazonEC2", "NatGateway-Bytes"), (self.gb, "GB")),
        ]
    }
}

/// `[vpc_endpoints]`: interface endpoints, and public addresses.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct VpcEndpoints {
    endpoints: Decimal,
    zones: Option<Decimal>,
    hours: Option<Decimal>,
    gb: Decimal,
    public_ipv4_addresses: Decimal,
}

impl VpcEndpoints {
    pub(super) fn used(&self, month: Month) -> Vec<Used> {
        let each = self.hours.unwrap_or(month.hours);
        let hours = self.endpoints * self.zones.unwrap_or(Decimal::ONE) * each;
        const OFFER: &str = "AmazonVPC";
        vec![
            line(
                month,
                ("VPC", "interface endpoints"),
                (OFFER, "VpcEndpoint-Hours"),
                (hours, "hours"),
            ),
            line(month, ("VPC", "endpoint data"), (OFFER, "VpcEndpoint-Bytes"), (self.gb, "GB")),
            line(
                month,
                ("VPC", "public IPv4 addresses"),
                (OFFER, "PublicIPv4:InUseAddress"),
                (self.public_ipv4_addresses * each, "hours"),
            ),
        ]
    }
}

/// `[rds]`: Aurora Serverless v2 and RDS Proxy on it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rds {
    aurora_acu: Decimal,
    proxy_acu: Decimal,
    hours: Option<Decimal>,
    storage_gb_months: Decimal,
    io_requests: Decimal,
}

impl Rds {
    pub(super) fn used(&self, month: Month) -> Vec<Used> {
        let hours = self.hours.unwrap_or(month.hours);
        [
            ("Aurora", "Aurora:ServerlessV2Usage", self.aurora_acu * hours, "ACU-hours"),
            ("Aurora storage", "Aurora:StorageUsage", self.storage_gb_months, "GB-months"),
            ("Aurora I/O", "Aurora:StorageIOUsage", self.io_requests, "requests"),
            ("RDS Proxy", "RDS:ProxyUsage:ACU", self.proxy_acu * hours, "ACU-hours"),
        ]
        .map(|(item, usage, quantity, unit)| {
            line(month, ("RDS", item), ("AmazonRDS", usage), (quantity, unit))
        })
        .into()
    }
}

/// `[waf]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Waf {
    web_acls: Decimal,
    rules: Decimal,
    requests: Decimal,
}

impl Waf {
    pub(super) fn used(&self, month: Month) -> Vec<Used> {
        vec![
            line(month, ("WAF", "web ACLs"), ("awswaf", "WebACL"), (self.web_acls, "months")),
            line(month, ("WAF", "rules"), ("awswaf", "Rule"), (self.rules, "months")),
            line(month, ("WAF", "requests"), ("awswaf", "Request"), (self.requests, "requests")),
        ]
    }
}

/// `[[fargate]]`: tasks of one size.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fargate {
    architecture: Architecture,
    tasks: Decimal,
    vcpu: Decimal,
    memory_gb: Decimal,
    #[serde(default)]
    ephemeral_gb: Decimal,
    hours: Option<Decimal>,
}

impl Fargate {
    pub(super) fn used(&self, month: Month) -> Vec<Used> {
        let hours = self.tasks * self.hours.unwrap_or(month.hours);
        let arm = match self.architecture {
            Architecture::Arm64 => "ARM-",
            Architecture::X86_64 => "",
        };
        // 20 GB of each task are free.
        let disk = (self.ephemeral_gb - Decimal::from(20)).max(Decimal::ZERO);
        [
            ("vCPU", format!("Fargate-{arm}vCPU-Hours:perCPU"), self.vcpu, "vCPU-hours"),
            ("memory", format!("Fargate-{arm}GB-Hours"), self.memory_gb, "GB-hours"),
            ("storage", "Fargate-EphemeralStorage-GB-Hours".to_owned(), disk, "GB-hours"),
        ]
        .map(|(item, usage, each, unit)| {
            line(month, ("Fargate", item), ("AmazonECS", &usage), (each * hours, unit))
        })
        .into()
    }
}

/// `[[ec2]]`: servers of one type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ec2 {
    instance_type: String,
    instances: Decimal,
    hours: Option<Decimal>,
    #[serde(default)]
    gp3_gb: Decimal,
}

impl Ec2 {
    pub(super) fn used(&self, month: Month) -> Vec<Used> {
        let hours = self.instances * self.hours.unwrap_or(month.hours);
        let usage = format!("BoxUsage:{}", self.instance_type);
        vec![
            line(month, ("EC2", &self.instance_type), ("AmazonEC2", &usage), (hours, "hours")),
            line(
                month,
                ("EC2", "gp3 volumes"),
                ("AmazonEC2", "EBS:VolumeUsage.gp3"),
                (self.gp3_gb, "GB-months"),
            ),
        ]
    }
}

/// `[load_balancer]`: Application Load Balancers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LoadBalancer {
    balancers: Decimal,
    hours: Option<Decimal>,
    lcus: Decimal,
}

impl LoadBalancer {
    pub(super) fn used(&self, month: Month) -> Vec<Used> {
        let hours = self.hours.unwrap_or(month.hours);
        let each = |item, usage, count: Decimal, unit| {
            line(month, ("Load balancer", item), ("AWSELB", usage), (count * hours, unit))
        };
        vec![
            each("hours", "LoadBalancerUsage", self.balancers, "hours"),
            each("capacity units", "LCUUsage", self.lcus, "LCU-hours"),
        ]
    }
}
