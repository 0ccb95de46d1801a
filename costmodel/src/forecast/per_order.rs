//! What follows from the assumptions for one order, and what a run says of one.

use super::assumptions::{Assumptions, LayoutName};
use crate::storage::{Decay, Layout, MONTH_DAYS, Mix, ReadPattern};
use crate::{Architecture, Usage};

/// Memory at which a function has one vCPU (Lambda developer guide).
const VCPU_MB: f64 = 1_769.0;

impl Assumptions {
    /// What a run measured, for a forecast: sizes, batches, duration and logs of one order. What no
    /// run can tell (growth, reads, retention) stays as it is by default.
    pub fn of_usage(usage: &Usage) -> Self {
        let mut all = Self::default();
        let orders = usage.orders.max(1) as f64;
        let invocations = usage.lambda.invocations.amount.max(1) as f64;
        all.function.architecture = usage.lambda.architecture;
        all.function.memory_mb = f64::from(usage.lambda.memory_mb);
        all.function.orders_per_invocation = (orders / invocations).clamp(1.0, 10.0);
        // The share of the CPU is not known: all of it waits, so that no memory size looks better.
        all.function.cpu_ms_per_order = 0.0;
        all.function.ms_per_invocation = 0.0;
        all.function.wait_ms_per_order = usage.lambda.billed_ms.amount as f64 / orders;
        all.function.cold_start_percent = 100.0;
        all.function.init_ms = usage.lambda.init_ms.amount as f64 / invocations;
        let bytes = (usage.s3.small_bytes.amount + usage.s3.large_bytes.amount) as f64 / orders;
        all.documents.xml_bytes_per_item = 0.0;
        all.documents.pdf_bytes_per_item = 0.0;
        (all.documents.xml_bytes, all.documents.pdf_bytes) = (bytes / 2.0, bytes / 2.0);
        all.logs.bytes_per_order = usage.logs.ingested_bytes.amount as f64 / orders;
        all.logs.bytes_per_invocation = 0.0;
        all
    }

    /// The message of one order.
    pub fn body_bytes(&self) -> f64 {
        self.orders.body_bytes + self.orders.items * self.orders.body_bytes_per_item
    }

    /// The NF-e of one order.
    pub fn xml_bytes(&self) -> f64 {
        self.documents.xml_bytes + self.orders.items * self.documents.xml_bytes_per_item
    }

    /// The confirmation of one order.
    pub fn pdf_bytes(&self) -> f64 {
        self.documents.pdf_bytes + self.orders.items * self.documents.pdf_bytes_per_item
    }

    /// Handler time of one order at the function's memory, ms.
    pub fn ms_per_order(&self) -> f64 {
        let function = &self.function;
        let factor = match function.architecture {
            Architecture::Arm64 => 1.0,
            Architecture::X86_64 => function.x86_cpu_factor,
        };
        let vcpu = (function.memory_mb / VCPU_MB).min(1.0);
        function.cpu_ms_per_order * factor / vcpu + function.wait_ms_per_order
    }

    /// Orders of a month of 730 hours.
    pub fn orders_per_month(&self) -> f64 {
        self.orders.per_day * MONTH_DAYS
    }

    /// The reads.
    pub fn read_pattern(&self) -> ReadPattern {
        let reads = &self.reads;
        let decay = if reads.power_law_exponent > 1.0 {
            Decay::PowerLaw { offset_days: reads.decay_days, exponent: reads.power_law_exponent }
        } else {
            Decay::Exponential { days: reads.decay_days }
        };
        let mix = if reads.gamma_shape > 0.0 {
            Mix::Gamma { shape: reads.gamma_shape }
        } else if reads.hot_percent > 0.0 {
            Mix::HotCold {
                hot_share: reads.hot_percent / 100.0,
                hot_reads_share: reads.hot_reads_percent / 100.0,
            }
        } else {
            Mix::Alike
        };
        ReadPattern {
            early_reads: reads.early_per_order,
            decay,
            later_reads_per_day: reads.later_per_order_in_30_days / 30.0,
            mix,
            audit_age_days: reads.audit_age_days,
            audit_share: reads.audit_percent / 100.0,
        }
    }

    /// The layout.
    pub fn layout(&self) -> Layout {
        let storage = &self.storage;
        let (class, orders) = (storage.class, storage.bundle_orders.round());
        match storage.layout {
            LayoutName::Separate => Layout::Separate { class },
            LayoutName::Combined => Layout::Combined { class },
            LayoutName::Bundles => Layout::Bundles { class, orders },
            LayoutName::Compacted => {
                Layout::Compacted { class, orders, after_days: storage.compact_after_days }
            }
            LayoutName::XmlOnly => Layout::XmlOnly { class },
        }
    }

    /// The same with another layout.
    pub fn with_layout(mut self, layout: Layout) -> Self {
        let storage = &mut self.storage;
        (storage.layout, storage.class) = match layout {
            Layout::Separate { class } => (LayoutName::Separate, class),
            Layout::Combined { class } => (LayoutName::Combined, class),
            Layout::Bundles { class, orders } => {
                storage.bundle_orders = orders;
                (LayoutName::Bundles, class)
            }
            Layout::Compacted { class, orders, after_days } => {
                storage.bundle_orders = orders;
                storage.compact_after_days = after_days;
                (LayoutName::Compacted, class)
            }
            Layout::XmlOnly { class } => (LayoutName::XmlOnly, class),
        };
        self
    }
}
