//! The numbers of the assumptions: each has a name, a unit and a range.

use std::ops::RangeInclusive;

use super::assumptions::{Assumptions, LayoutName};
use crate::storage::StorageClass;

/// A number of the assumptions, by its name in the file.
#[derive(Clone, Copy)]
pub struct Input {
    /// As in the file: `orders.per_day`.
    pub key: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Where it is.
    pub of: fn(&mut Assumptions) -> &mut f64,
    /// What makes sense.
    pub range: (f64, f64),
}

const fn input(
    key: &'static str,
    unit: &'static str,
    range: RangeInclusive<f64>,
    of: fn(&mut Assumptions) -> &mut f64,
) -> Input {
    Input { key, unit, of, range: (*range.start(), *range.end()) }
}

/// Every number, in the order of the file.
pub const INPUTS: &[Input] = &[
    input("orders.per_day", "orders", 0.0..=1e9, |a| &mut a.orders.per_day),
    input("orders.growth_percent_per_month", "%", -50.0..=100.0, |a| {
        &mut a.orders.growth_percent_per_month
    }),
    input("orders.items", "items", 1.0..=990.0, |a| &mut a.orders.items),
    input("orders.body_bytes", "bytes", 0.0..=1e6, |a| &mut a.orders.body_bytes),
    input("orders.body_bytes_per_item", "bytes", 0.0..=1e6, |a| &mut a.orders.body_bytes_per_item),
    input("orders.peak_to_mean", "times", 1.0..=1e3, |a| &mut a.orders.peak_to_mean),
    input("documents.xml_bytes", "bytes", 0.0..=1e8, |a| &mut a.documents.xml_bytes),
    input("documents.xml_bytes_per_item", "bytes", 0.0..=1e6, |a| {
        &mut a.documents.xml_bytes_per_item
    }),
    input("documents.pdf_bytes", "bytes", 0.0..=1e8, |a| &mut a.documents.pdf_bytes),
    input("documents.pdf_bytes_per_item", "bytes", 0.0..=1e6, |a| {
        &mut a.documents.pdf_bytes_per_item
    }),
    input("queue.pollers", "pollers", 1.0..=1e4, |a| &mut a.queue.pollers),
    input("queue.retries_percent", "%", 0.0..=400.0, |a| &mut a.queue.retries_percent),
    input("function.memory_mb", "MB", 128.0..=10_240.0, |a| &mut a.function.memory_mb),
    input("function.cpu_ms_per_order", "ms", 0.0..=9e5, |a| &mut a.function.cpu_ms_per_order),
    input("function.wait_ms_per_order", "ms", 0.0..=9e5, |a| &mut a.function.wait_ms_per_order),
    input("function.ms_per_invocation", "ms", 0.0..=9e5, |a| &mut a.function.ms_per_invocation),
    input("function.x86_cpu_factor", "times", 0.1..=10.0, |a| &mut a.function.x86_cpu_factor),
    input("function.init_ms", "ms", 0.0..=1e4, |a| &mut a.function.init_ms),
    input("function.cold_start_percent", "%", 0.0..=100.0, |a| &mut a.function.cold_start_percent),
    input("function.orders_per_invocation", "orders", 1.0..=10.0, |a| {
        &mut a.function.orders_per_invocation
    }),
    input("function.batch_size", "orders", 1.0..=10.0, |a| &mut a.function.batch_size),
    input("function.batch_window_s", "s", 0.0..=300.0, |a| &mut a.function.batch_window_s),
    input("logs.bytes_per_order", "bytes", 0.0..=1e7, |a| &mut a.logs.bytes_per_order),
    input("logs.bytes_per_invocation", "bytes", 0.0..=1e7, |a| &mut a.logs.bytes_per_invocation),
    input("logs.kept_months", "months", 0.0..=132.0, |a| &mut a.logs.kept_months),
    input("platform.zones", "zones", 1.0..=6.0, |a| &mut a.platform.zones),
    input("platform.alarms", "alarms", 0.0..=1e4, |a| &mut a.platform.alarms),
    input("platform.dashboards", "dashboards", 0.0..=1e3, |a| &mut a.platform.dashboards),
    input("platform.kms_keys", "keys", 0.0..=1e3, |a| &mut a.platform.kms_keys),
    input("storage.bundle_orders", "orders", 1.0..=1e6, |a| &mut a.storage.bundle_orders),
    input("storage.compact_after_days", "days", 1.0..=180.0, |a| &mut a.storage.compact_after_days),
    input("storage.retention_months", "months", 12.0..=132.0, |a| &mut a.storage.retention_months),
    input("storage.render_ms", "ms", 0.0..=1e5, |a| &mut a.storage.render_ms),
    input("storage.compaction_ms_per_order", "ms", 0.0..=1e5, |a| {
        &mut a.storage.compaction_ms_per_order
    }),
    input("storage.reads_may_wait_hours", "hours", 0.0..=1e3, |a| {
        &mut a.storage.reads_may_wait_hours
    }),
    input("reads.early_per_order", "reads", 0.0..=1e4, |a| &mut a.reads.early_per_order),
    input("reads.decay_days", "days", 0.1..=3_650.0, |a| &mut a.reads.decay_days),
    input("reads.power_law_exponent", "", 0.0..=10.0, |a| &mut a.reads.power_law_exponent),
    input("reads.later_per_order_in_30_days", "reads", 0.0..=1e4, |a| {
        &mut a.reads.later_per_order_in_30_days
    }),
    input("reads.gamma_shape", "", 0.0..=1e9, |a| &mut a.reads.gamma_shape),
    input("reads.hot_percent", "%", 0.0..=100.0, |a| &mut a.reads.hot_percent),
    input("reads.hot_reads_percent", "%", 0.0..=100.0, |a| &mut a.reads.hot_reads_percent),
    input("reads.audit_age_days", "days", 0.0..=4_015.0, |a| &mut a.reads.audit_age_days),
    input("reads.audit_percent", "%", 0.0..=100.0, |a| &mut a.reads.audit_percent),
    input("servers.cpu_ms_per_order", "ms", 0.0..=1e6, |a| &mut a.servers.cpu_ms_per_order),
    input("servers.utilisation_percent", "%", 1.0..=100.0, |a| &mut a.servers.utilisation_percent),
    input("servers.at_least", "servers", 1.0..=1e4, |a| &mut a.servers.at_least),
    input("servers.new_connections_percent", "%", 0.0..=100.0, |a| {
        &mut a.servers.new_connections_percent
    }),
];

impl Assumptions {
    /// What makes no sense, all at once; each names its key.
    pub fn wrong(&self) -> Vec<String> {
        let mut copy = *self;
        let mut wrong: Vec<String> = INPUTS
            .iter()
            .filter_map(|input| {
                let (value, (low, high)) = (*(input.of)(&mut copy), input.range);
                let fits = (low..=high).contains(&value);
                (!fits).then(|| {
                    format!("{}: {value} is not from {low} to {high} {}", input.key, input.unit)
                })
            })
            .collect();
        let power = self.reads.power_law_exponent;
        if power > 0.0 && power <= 1.0 {
            wrong.push("reads.power_law_exponent: 0 for none, or above 1".to_owned());
        }
        if self.reads.gamma_shape > 0.0 && self.reads.hot_percent > 0.0 {
            wrong.push("reads: either gamma_shape or hot_percent, not both".to_owned());
        }
        for (key, whole) in [
            ("storage.retention_months", self.storage.retention_months),
            ("function.batch_size", self.function.batch_size),
        ] {
            if whole.fract() != 0.0 {
                wrong.push(format!("{key}: a whole number"));
            }
        }
        let (class, is_compacted) =
            (self.storage.class, self.storage.layout == LayoutName::Compacted);
        if class == StorageClass::IntelligentTiering && is_compacted {
            wrong.push("storage.class: of compacted bundles glacier_instant_retrieval, standard_ia, standard or glacier_deep_archive".to_owned());
        }
        if class == StorageClass::GlacierDeepArchive && !is_compacted {
            wrong.push(
                "storage.class: glacier_deep_archive only with layout = \"compacted\"".to_owned(),
            );
        }
        wrong
    }
}
