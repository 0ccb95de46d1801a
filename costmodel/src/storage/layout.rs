//! The ways in which an order's documents can be kept.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A storage class of S3 in which documents can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageClass {
    /// S3 Standard.
    Standard,
    /// S3 Intelligent-Tiering, its three automatic tiers.
    IntelligentTiering,
    /// S3 Standard-IA: at least 128 KB an object, a fee for each GB read.
    StandardIa,
    /// S3 Glacier Instant Retrieval: likewise, 90 days at least.
    GlacierInstantRetrieval,
    /// S3 Glacier Deep Archive: a read waits for 12 to 48 hours.
    GlacierDeepArchive,
}

impl fmt::Display for StorageClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Standard => "Standard",
            Self::IntelligentTiering => "Intelligent-Tiering",
            Self::StandardIa => "Standard-IA",
            Self::GlacierInstantRetrieval => "Glacier Instant",
            Self::GlacierDeepArchive => "Deep Archive",
        })
    }
}

/// How an order's XML and PDF are laid out in objects.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "layout")]
pub enum Layout {
    /// An object each: the reference system.
    Separate {
        /// Where.
        class: StorageClass,
    },
    /// One object an order.
    Combined {
        /// Where.
        class: StorageClass,
    },
    /// The orders of some seconds or minutes in one object, read by ranges.
    Bundles {
        /// Where.
        class: StorageClass,
        /// Orders in one.
        orders: f64,
    },
    /// One object an order in Standard at first, bundles later.
    Compacted {
        /// Where the bundles are.
        class: StorageClass,
        /// Orders in one.
        orders: f64,
        /// At this age, days.
        after_days: f64,
    },
    /// The XML alone; a PDF is rendered again from the stored rows whenever it is asked for.
    XmlOnly {
        /// Where.
        class: StorageClass,
    },
}

impl Layout {
    /// What the reference system does.
    pub const AS_SPECIFIED: Self = Self::Separate { class: StorageClass::IntelligentTiering };

    /// Orders that one object holds in the end.
    pub fn orders_per_object(self) -> f64 {
        match self {
            Self::Separate { .. } | Self::Combined { .. } | Self::XmlOnly { .. } => 1.0,
            Self::Bundles { orders, .. } | Self::Compacted { orders, .. } => orders,
        }
    }

    /// What it costs besides money: time.
    pub fn latency(self, orders_per_s: f64) -> String {
        let wait = |class: StorageClass| match class {
            StorageClass::GlacierDeepArchive => "a read of an old order waits for 12 to 48 hours",
            StorageClass::Standard
            | StorageClass::IntelligentTiering
            | StorageClass::StandardIa
            | StorageClass::GlacierInstantRetrieval => "none",
        };
        match self {
            Self::Separate { class } | Self::Combined { class } => wait(class).to_owned(),
            Self::Bundles { orders, .. } => format!(
                "a document is durable in S3 when its bundle is full: {} of orders; until then its \
                 order waits in the queue",
                seconds(orders / orders_per_s.max(1e-12))
            ),
            Self::Compacted { class, .. } => wait(class).to_owned(),
            Self::XmlOnly { .. } => "a PDF is rendered while its reader waits".to_owned(),
        }
    }

    /// What it costs besides money: work, and things to get right.
    pub fn complexity(self) -> &'static str {
        match self {
            Self::Separate { .. } => "none: what the reference system does",
            Self::Combined { .. } => {
                "low: a container format of two parts; a reader takes the part that it wants"
            }
            Self::Bundles { .. } => {
                "high: an index row (key, offset, length) for each order, written once under \
                 at-least-once delivery; deletion and legal hold of one order need a new bundle"
            }
            Self::Compacted { .. } => {
                "medium: the hot path stays as it is; a nightly compactor with an index row for \
                 each order, and deletion of what it has verified"
            }
            Self::XmlOnly { .. } => {
                "low: rendering must stay byte for byte the same, or the first PDF is no evidence"
            }
        }
    }
}

/// A time in the unit that reads best.
fn seconds(s: f64) -> String {
    match s {
        ..120.0 => format!("{s:.1} s"),
        120.0..7_200.0 => format!("{:.0} minutes", s / 60.0),
        _ => format!("{:.0} hours", s / 3_600.0),
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Separate { class } => write!(formatter, "two objects an order, {class}"),
            Self::Combined { class } => write!(formatter, "one object an order, {class}"),
            Self::Bundles { class, orders } => write!(formatter, "bundles of {orders}, {class}"),
            Self::Compacted { class, orders, after_days } => {
                write!(formatter, "bundles of {orders} after {after_days} days, {class}")
            }
            Self::XmlOnly { class } => write!(formatter, "XML only, {class}"),
        }
    }
}
