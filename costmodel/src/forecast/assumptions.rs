//! What a forecast assumes. The defaults are those of the reference system (`infra/template.yaml`)
//! and of the simulator's function. Units and ranges of the numbers are in `inputs.rs`.

use serde::{Deserialize, Serialize};

use crate::Architecture;
use crate::storage::StorageClass;

/// The front of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// API Gateway, REST API.
    Rest,
    /// API Gateway, HTTP API.
    Http,
}

/// What runs the processor, and takes the orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hosting {
    /// API Gateway and Lambda.
    Lambda,
    /// A load balancer and Fargate tasks of 1 vCPU and 2 GB.
    Fargate,
    /// A load balancer and EC2 servers of 2 vCPUs: m7g.large, or m7i.large on x86.
    Ec2,
}

/// How the function reaches the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Not in a VPC.
    None,
    /// In a VPC, everything through NAT gateways, documents too.
    Nat,
    /// In a VPC, S3 through its free gateway endpoint, two interface endpoints for the rest.
    Endpoints,
}

/// The way in which documents are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayoutName {
    /// Two objects an order.
    Separate,
    /// One object an order.
    Combined,
    /// Bundles from the start.
    Bundles,
    /// One object in Standard, bundles later.
    Compacted,
    /// The XML alone.
    XmlOnly,
}

/// `[orders]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Orders {
    /// In the first month.
    pub per_day: f64,
    /// From each month to the next.
    pub growth_percent_per_month: f64,
    /// Positions of one order.
    pub items: f64,
    /// Of the message, without its items.
    pub body_bytes: f64,
    /// Of the message, for an item.
    pub body_bytes_per_item: f64,
    /// The busiest rate by the mean rate.
    pub peak_to_mean: f64,
}

/// `[documents]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Documents {
    /// Of the NF-e, without its items.
    pub xml_bytes: f64,
    /// Of the NF-e, for an item.
    pub xml_bytes_per_item: f64,
    /// Of the confirmation, without its items.
    pub pdf_bytes: f64,
    /// Of the confirmation, for an item.
    pub pdf_bytes_per_item: f64,
}

/// `[queue]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// That wait for messages, 20 s at a time.
    pub pollers: f64,
    /// Of the orders that are delivered once more.
    pub retries_percent: f64,
}

/// `[function]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Function {
    /// Its architecture.
    pub architecture: Architecture,
    /// Configured.
    pub memory_mb: f64,
    /// For an order, on a whole vCPU (1,769 MB); with less memory it takes longer in proportion.
    pub cpu_ms_per_order: f64,
    /// For an order, waiting for the database and S3.
    pub wait_ms_per_order: f64,
    /// For an invocation, whatever it brings.
    pub ms_per_invocation: f64,
    /// CPU on x86 by that on arm64.
    pub x86_cpu_factor: f64,
    /// Of a cold start.
    pub init_ms: f64,
    /// Of the invocations.
    pub cold_start_percent: f64,
    /// Without a batch window.
    pub orders_per_invocation: f64,
    /// At most.
    pub batch_size: f64,
    /// How long a poller gathers; 0 is none.
    pub batch_window_s: f64,
}

/// `[logs]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Logs {
    /// That are written for an order: the line of the gateway's access log. The reference system's
    /// has 274 bytes where keys are asked for, and the partner's ARN more where requests are signed.
    pub bytes_per_order: f64,
    /// That are written for an invocation: START, END, REPORT and the function's metrics. The
    /// reference system writes 1,203.
    pub bytes_per_invocation: f64,
    /// Until they are deleted.
    pub kept_months: f64,
}

/// `[platform]`: what is there whether orders come or not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Platform {
    /// How the function reaches the world.
    pub network: Network,
    /// Availability zones of the VPC.
    pub zones: f64,
    /// CloudWatch alarms.
    pub alarms: f64,
    /// CloudWatch dashboards.
    pub dashboards: f64,
    /// KMS keys of one's own.
    pub kms_keys: f64,
}

/// `[storage]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// The layout.
    pub layout: LayoutName,
    /// Where documents, or bundles, are.
    pub class: StorageClass,
    /// Of a bundle.
    pub bundle_orders: f64,
    /// The age at which orders are bundled, if that is later.
    pub compact_after_days: f64,
    /// Until documents are deleted.
    pub retention_months: f64,
    /// To render a PDF again, at the function's memory.
    pub render_ms: f64,
    /// To put an order into its later bundle, at the function's memory.
    pub compaction_ms_per_order: f64,
    /// How long a reader of an old document may wait; 12 allows Deep Archive.
    pub reads_may_wait_hours: f64,
}

/// `[reads]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reads {
    /// In an order's first time, all together.
    pub early_per_order: f64,
    /// In which they fall by e.
    pub decay_days: f64,
    /// If not 0, they fall as (age + `decay_days`)^-exponent instead; above 1.
    pub power_law_exponent: f64,
    /// For ever.
    pub later_per_order_in_30_days: f64,
    /// Shape of the gamma distribution by which orders differ; 0 if they do not.
    pub gamma_shape: f64,
    /// Of the orders, that have another share of the reads; 0 if there are none.
    pub hot_percent: f64,
    /// Of the reads, that those have.
    pub hot_reads_percent: f64,
    /// The age at which an audit comes.
    pub audit_age_days: f64,
    /// Of the orders, that it reads.
    pub audit_percent: f64,
}

/// `[servers]`: the always-on comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Servers {
    /// CPU for an order on a server: taking it and processing it.
    pub cpu_ms_per_order: f64,
    /// To which they are loaded at the peak.
    pub utilisation_percent: f64,
    /// However few orders come: one in each zone.
    pub at_least: f64,
    /// Of the calls, that open a connection.
    pub new_connections_percent: f64,
}

/// All of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Assumptions {
    /// The front.
    pub api: Api,
    /// What runs the processor.
    pub hosting: Hosting,
    /// How many orders of what size.
    pub orders: Orders,
    /// What is kept of one.
    pub documents: Documents,
    /// The queue.
    pub queue: Queue,
    /// The function.
    pub function: Function,
    /// Its logs.
    pub logs: Logs,
    /// What stands around.
    pub platform: Platform,
    /// How documents are kept.
    pub storage: Storage,
    /// How often they are read.
    pub reads: Reads,
    /// The always-on comparison.
    pub servers: Servers,
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            per_day: 1_000_000.0,
            growth_percent_per_month: 0.0,
            items: 5.0,
            body_bytes: 512.0,
            body_bytes_per_item: 300.0,
            peak_to_mean: 3.0,
        }
    }
}

impl Default for Documents {
    /// 12 KiB and 50 KiB with five items, as the simulator assumes.
    fn default() -> Self {
        Self {
            xml_bytes: 6_528.0,
            xml_bytes_per_item: 1_152.0,
            pdf_bytes: 46_080.0,
            pdf_bytes_per_item: 1_024.0,
        }
    }
}

impl Default for Queue {
    /// An idle event source mapping goes back to five pollers (Lambda developer guide).
    fn default() -> Self {
        Self { pollers: 5.0, retries_percent: 0.1 }
    }
}

impl Default for Function {
    /// 5 ms an invocation and 40 ms an order at 256 MB, of which 2.4 ms are CPU on a whole vCPU.
    fn default() -> Self {
        Self {
            architecture: Architecture::Arm64,
            memory_mb: 256.0,
            cpu_ms_per_order: 2.4,
            wait_ms_per_order: 23.4,
            ms_per_invocation: 5.0,
            x86_cpu_factor: 1.0,
            init_ms: 30.0,
            cold_start_percent: 0.1,
            orders_per_invocation: 1.0,
            batch_size: 10.0,
            batch_window_s: 0.0,
        }
    }
}

impl Default for Logs {
    fn default() -> Self {
        Self { bytes_per_order: 300.0, bytes_per_invocation: 1_200.0, kept_months: 1.0 }
    }
}

impl Default for Platform {
    fn default() -> Self {
        let network = Network::None;
        Self { network, zones: 2.0, alarms: 0.0, dashboards: 0.0, kms_keys: 0.0 }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            layout: LayoutName::Separate,
            class: StorageClass::IntelligentTiering,
            bundle_orders: 30.0,
            compact_after_days: 90.0,
            retention_months: 60.0,
            render_ms: 8.0,
            compaction_ms_per_order: 1.0,
            reads_may_wait_hours: 0.0,
        }
    }
}

impl Default for Reads {
    fn default() -> Self {
        Self {
            early_per_order: 0.3,
            decay_days: 15.0,
            power_law_exponent: 0.0,
            later_per_order_in_30_days: 0.002,
            gamma_shape: 0.0,
            hot_percent: 0.0,
            hot_reads_percent: 0.0,
            audit_age_days: 365.0,
            audit_percent: 0.0,
        }
    }
}

impl Default for Servers {
    fn default() -> Self {
        Self {
            cpu_ms_per_order: 3.5,
            utilisation_percent: 60.0,
            at_least: 2.0,
            new_connections_percent: 10.0,
        }
    }
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            api: Api::Rest,
            hosting: Hosting::Lambda,
            orders: Orders::default(),
            documents: Documents::default(),
            queue: Queue::default(),
            function: Function::default(),
            logs: Logs::default(),
            platform: Platform::default(),
            storage: Storage::default(),
            reads: Reads::default(),
            servers: Servers::default(),
        }
    }
}
