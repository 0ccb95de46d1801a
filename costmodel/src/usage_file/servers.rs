//! The servers of the always-on comparison. Hours are those of one piece; left out, they are the
//! month's.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::Month;
use crate::Architecture;
use crate::bill::Used;

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
    pub(super) fn used(&self, month: Month) -> impl Iterator<Item = Used> {
        let each = self.hours.unwrap_or(month.hours);
        let is_arm = match self.architecture {
            Architecture::Arm64 => true,
            Architecture::X86_64 => false,
        };
        let cpu =
            if is_arm { "Fargate-ARM-vCPU-Hours:perCPU" } else { "Fargate-vCPU-Hours:perCPU" };
        let memory = if is_arm { "Fargate-ARM-GB-Hours" } else { "Fargate-GB-Hours" };
        // 20 GB of each task are free.
        let disk = (self.ephemeral_gb - Decimal::from(20)).max(Decimal::ZERO);
        [
            ("vCPU", cpu, self.vcpu, "vCPU-hours"),
            ("memory", memory, self.memory_gb, "GB-hours"),
            ("storage", "Fargate-EphemeralStorage-GB-Hours", disk, "GB-hours"),
        ]
        .into_iter()
        .filter_map(move |(item, usage, size, unit)| {
            let amount = (self.tasks * each * size, unit);
            let formula = || format!("{} tasks x {each} h x {size}", self.tasks);
            month.line(("Fargate", item), ("AmazonECS", usage, ""), amount, formula)
        })
    }
}

/// How a server is paid for.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Purchase {
    #[default]
    OnDemand,
    ReservedOneYearNoUpfront,
}

/// `[[ec2]]`: servers of one type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ec2 {
    instance_type: String,
    instances: Decimal,
    #[serde(default)]
    purchase: Purchase,
    hours: Option<Decimal>,
    #[serde(default)]
    gp3_gb: Decimal,
}

impl Ec2 {
    pub(super) fn used(&self, month: Month) -> impl Iterator<Item = Used> + use<> {
        let each = self.hours.unwrap_or(month.hours);
        let (kind, name) = match self.purchase {
            Purchase::OnDemand => ("BoxUsage", ""),
            // Reserved hours are billed whether they are used or not.
            Purchase::ReservedOneYearNoUpfront => ("HeavyUsage", ", reserved for a year"),
        };
        let usage = format!("{kind}:{}", self.instance_type);
        let item = format!("{}{name}", self.instance_type);
        let servers = month.line(
            ("EC2", &item),
            ("AmazonEC2", usage, "RunInstances"),
            (self.instances * each, "hours"),
            || format!("{} instances x {each} h", self.instances),
        );
        let volumes = month.line(
            ("EC2", "gp3 volumes"),
            ("AmazonEC2", "EBS:VolumeUsage.gp3", ""),
            (self.gp3_gb, "GB-months"),
            || format!("{} GB-months", self.gp3_gb),
        );
        [servers, volumes].into_iter().flatten()
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
    pub(super) fn used(&self, month: Month) -> impl Iterator<Item = Used> + use<> {
        let hours = self.hours.unwrap_or(month.hours);
        [
            ("hours", "LoadBalancerUsage", self.balancers, "hours"),
            ("capacity units", "LCUUsage", self.lcus, "LCU-hours"),
        ]
        .into_iter()
        .filter_map(move |(item, usage, count, unit)| {
            let key = ("AWSELB", usage, "LoadBalancing:Application");
            let formula = || format!("{count} x {hours} h");
            month.line(("Load balancer", item), key, (count * hours, unit), formula)
        })
    }
}
