//! What stands around the function: keys, network, managed database, firewall. Hours are those of
//! one piece; left out, they are the month's.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Month, UsageFileError, value};
use crate::Region;
use crate::bill::Used;

fn line(
    month: Month,
    names: (&'static str, &str),
    key: (&'static str, &'static str),
    amount: (Decimal, &'static str),
) -> Option<Used> {
    month.line(names, (key.0, key.1, ""), amount, || format!("{} {}", amount.0, amount.1))
}

/// `[kms]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Kms {
    keys: Decimal,
    requests: Decimal,
}

impl Kms {
    pub(super) fn used(&self, month: Month) -> impl Iterator<Item = Used> + use<> {
        let keys = (self.keys, "key-months");
        let requests = (self.requests, "requests");
        [
            line(month, ("KMS", "keys"), ("awskms", "KMS-Keys"), keys),
            line(month, ("KMS", "requests"), ("awskms", "KMS-Requests"), requests),
        ]
        .into_iter()
        .flatten()
    }
}

/// `[data_transfer]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DataTransfer {
    out_gb: Decimal,
    between_zones_gb: Decimal,
    to_region_gb: BTreeMap<String, Decimal>,
}

impl DataTransfer {
    pub(super) fn used(&self, month: Month) -> Result<Vec<Used>, UsageFileError> {
        const OFFER: &str = "AWSDataTransfer";
        const SERVICE: &str = "Data transfer";
        let out = (self.out_gb, "GB");
        // Billed on both sides.
        let between = (self.between_zones_gb * Decimal::TWO, "GB");
        let own = [
            line(month, (SERVICE, "to the internet"), (OFFER, "DataTransfer-Out-Bytes"), out),
            line(
                month,
                (SERVICE, "between zones, both sides"),
                (OFFER, "DataTransfer-Regional-Bytes"),
                between,
            ),
        ];
        let mut all: Vec<Used> = own.into_iter().flatten().collect();
        for (name, gb) in &self.to_region_gb {
            let region: Region = name.parse().map_err(|error: crate::RegionError| {
                value("data_transfer.to_region_gb", &error.to_string())
            })?;
            let key = (OFFER, format!("{}-AWS-Out-Bytes", region.billing_name()), "");
            let item = format!("to {name}");
            all.extend(month.line((SERVICE, &item), key, (*gb, "GB"), || format!("{gb} GB")));
        }
        Ok(all)
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
    pub(super) fn used(&self, month: Month) -> impl Iterator<Item = Used> {
        let each = self.hours.unwrap_or(month.hours);
        let gateways = month.line(
            ("NAT", "gateways"),
            ("AmazonEC2", "NatGateway-Hours", ""),
            (self.gateways * each, "hours"),
            || format!("{} gateways x {each} h", self.gateways),
        );
        let data = (self.gb, "GB");
        [gateways, line(month, ("NAT", "data"), ("AmazonEC2", "NatGateway-Bytes"), data)]
            .into_iter()
            .flatten()
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
    pub(super) fn used(&self, month: Month) -> impl Iterator<Item = Used> {
        const OFFER: &str = "AmazonVPC";
        let each = self.hours.unwrap_or(month.hours);
        let zones = self.zones.unwrap_or(Decimal::ONE);
        [
            month.line(
                ("VPC", "interface endpoints"),
                (OFFER, "VpcEndpoint-Hours", ""),
                (self.endpoints * zones * each, "hours"),
                || format!("{} endpoints x {zones} zones x {each} h", self.endpoints),
            ),
            line(month, ("VPC", "endpoint data"), (OFFER, "VpcEndpoint-Bytes"), (self.gb, "GB")),
            month.line(
                ("VPC", "public IPv4 addresses"),
                (OFFER, "PublicIPv4:InUseAddress", ""),
                (self.public_ipv4_addresses * each, "hours"),
                || format!("{} addresses x {each} h", self.public_ipv4_addresses),
            ),
        ]
        .into_iter()
        .flatten()
    }
}

/// `[rds]`: Aurora Serverless v2 and RDS Proxy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rds {
    aurora_acu: Decimal,
    proxy_acu: Decimal,
    proxy_vcpu: Decimal,
    hours: Option<Decimal>,
    storage_gb_months: Decimal,
    io_requests: Decimal,
}

impl Rds {
    pub(super) fn used(&self, month: Month) -> impl Iterator<Item = Used> + use<> {
        let hours = self.hours.unwrap_or(month.hours);
        let kept = |item, usage, count: Decimal, unit| {
            let formula = move || format!("{count} x {hours} h");
            month.line(("RDS", item), ("AmazonRDS", usage, ""), (count * hours, unit), formula)
        };
        let counted =
            |item, usage, amount| line(month, ("RDS", item), ("AmazonRDS", usage), amount);
        let (storage, io) = ((self.storage_gb_months, "GB-months"), (self.io_requests, "requests"));
        [
            kept("Aurora", "Aurora:ServerlessV2Usage", self.aurora_acu, "ACU-hours"),
            counted("Aurora storage", "Aurora:StorageUsage", storage),
            counted("Aurora I/O", "Aurora:StorageIOUsage", io),
            kept("RDS Proxy, by ACU", "RDS:ProxyUsage:ACU", self.proxy_acu, "ACU-hours"),
            kept("RDS Proxy, by vCPU", "RDS:ProxyUsage", self.proxy_vcpu, "vCPU-hours"),
        ]
        .into_iter()
        .flatten()
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
    pub(super) fn used(&self, month: Month) -> impl Iterator<Item = Used> + use<> {
        let requests = (self.requests, "requests");
        [
            line(month, ("WAF", "web ACLs"), ("awswaf", "WebACL"), (self.web_acls, "months")),
            line(month, ("WAF", "rules"), ("awswaf", "Rule"), (self.rules, "months")),
            line(month, ("WAF", "requests"), ("awswaf", "Request"), requests),
        ]
        .into_iter()
        .flatten()
    }
}
