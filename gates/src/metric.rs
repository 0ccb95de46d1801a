//! The numbers that are compared between runs. Of every one less is better.

use runlog::HistoryRow;

/// A number of a run that is compared with those of others.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its column in `history.csv`.
    pub column: &'static str,
    /// What it is, in words.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// A difference below this is none, whatever its share: the resolution of the meter, or what
    /// nobody would notice.
    pub floor: f64,
    /// Where to look when it moves.
    pub look_at: &'static str,
    /// Its value in a row.
    pub of: fn(&HistoryRow) -> Option<f64>,
}

/// Where the answers to partners are made.
const ACCEPTING: &str =
    "latency.hlog and the latency chart of report.html; the gateway, then the queue's SendMessage";
/// Where documents are made.
const PROCESSING: &str =
    "invocations.parquet, concurrency and backlog in timeline.csv; the function, then its database";
const MEMORY: &str = "the memory columns of timeline.csv";

/// Every metric, in the order in which they are shown; the cost last, which has a gate of its own.
pub const METRICS: &[Metric] = &[
    Metric {
        column: "accept_p50_ms",
        name: "acceptance, p50",
        unit: "ms",
        floor: 0.1,
        look_at: ACCEPTING,
        of: |row| row.accept_p50_ms,
    },
    Metric {
        column: "accept_p99_ms",
        name: "acceptance, p99",
        unit: "ms",
        floor: 0.5,
        look_at: ACCEPTING,
        of: |row| row.accept_p99_ms,
    },
    Metric {
        column: "end_to_end_p50_ms",
        name: "acceptance to documents, p50",
        unit: "ms",
        floor: 0.5,
        look_at: PROCESSING,
        of: |row| row.end_to_end_p50_ms,
    },
    Metric {
        column: "end_to_end_p99_ms",
        name: "acceptance to documents, p99",
        unit: "ms",
        floor: 2.0,
        look_at: PROCESSING,
        of: |row| row.end_to_end_p99_ms,
    },
    Metric {
        column: "function_ms",
        name: "function duration, mean",
        unit: "ms",
        floor: 0.1,
        look_at: PROCESSING,
        of: |row| row.function_ms,
    },
    Metric {
        column: "function_memory_mb",
        name: "function memory",
        unit: "MB",
        floor: 2.0,
        look_at: MEMORY,
        of: |row| row.function_memory_mb,
    },
    Metric {
        column: "generator_memory_mb",
        name: "generator memory",
        unit: "MB",
        floor: 5.0,
        look_at: MEMORY,
        of: |row| row.generator_memory_mb,
    },
    Metric {
        column: "concurrency",
        name: "concurrency",
        unit: "invocations",
        floor: 1.0,
        look_at: PROCESSING,
        of: |row| row.concurrency,
    },
    Metric {
        column: "queue_age_s",
        name: "oldest message",
        unit: "s",
        floor: 1.0,
        look_at: PROCESSING,
        of: |row| row.queue_age_s,
    },
    Metric {
        column: "drain_ms",
        name: "time to empty queues",
        unit: "ms",
        floor: 500.0,
        look_at: PROCESSING,
        of: |row| row.drain_ms,
    },
    Metric {
        column: "error_percent",
        name: "errors",
        unit: "%",
        floor: 0.01,
        look_at: "exchanges.parquet, rows whose outcome is not accepted",
        of: |row| row.error_percent,
    },
    COST,
];

/// The cost, which is judged by a gate of its own.
pub const COST: Metric = Metric {
    column: "usd_per_1000",
    name: "cost of 1,000 orders",
    unit: "USD",
    floor: 0.0,
    look_at: "bill.json line by line: `vazao cost RUN --explain`",
    of: |row| row.usd_per_1000,
};

/// A number of a metric as people read it: at least three digits that matter.
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        ..0.001 => 6,
        0.001..0.1 => 5,
        0.1..10.0 => 3,
        10.0..1_000.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}
