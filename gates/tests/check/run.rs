//! A run in which everything is as it should be, and one that is long enough to leak; tests change
//! one thing.
#![allow(dead_code, reason = "each test file uses a part")]

use claims::Evidence;
use costmodel::{
    ApiGatewayUsage, Architecture, LambdaUsage, LogsUsage, Metered, PaysForUse, PriceSheet, Region,
    S3Usage, SmallDocuments, SqsUsage, Terms, Usage, bill, floor,
};
use gates::{Check, Limits, RunFacts, check};
use runlog::{
    CostRecord, Deployment, GeneratorHealth, HistoryRow, LatencySummary, OutcomeCounts, Phases,
    Reconciliation, RegionCost, Residual, RunManifest, ServiceLevel, Target, TimelinePoint,
};

const ORDERS: u64 = 10_000;

/// How long its load lasts, s.
const LOAD_S: u64 = 1_000;

pub(crate) struct Run {
    pub(crate) manifest: RunManifest,
    pub(crate) reconciliation: Reconciliation,
    pub(crate) usage: Usage,
    pub(crate) cost: CostRecord,
    pub(crate) timeline: Vec<TimelinePoint>,
    pub(crate) response: Vec<(f64, f64)>,
    pub(crate) end_to_end: Vec<(f64, f64)>,
}

/// A number between -1 and 1 that looks like chance and has no trend.
pub(crate) fn wobble(k: u64) -> f64 {
    (k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

impl Run {
    pub(crate) fn good() -> Self {
        let usage = usage();
        let latency = |from_ms: f64, spread_ms: f64| -> Vec<(f64, f64)> {
            let order = |k: u64| (k as f64 / 10.0, from_ms + spread_ms * wobble(k + 7));
            (0..ORDERS).map(order).collect()
        };
        Self {
            manifest: manifest(),
            reconciliation: account(),
            cost: cost(&usage),
            usage,
            timeline: (0..LOAD_S).map(second).collect(),
            response: latency(20.0, 8.0),
            end_to_end: latency(90.0, 30.0),
        }
    }

    pub(crate) fn facts(&self) -> RunFacts<'_> {
        RunFacts {
            evidence: Evidence {
                manifest: &self.manifest,
                reconciliation: &self.reconciliation,
                usage: &self.usage,
                cost: &self.cost,
                timeline: &self.timeline,
                extrapolation: None,
            },
            response: &self.response,
            end_to_end: &self.end_to_end,
        }
    }

    pub(crate) fn check(&self, history: &[HistoryRow]) -> Check {
        check(&self.facts(), history, &Limits::default())
    }

    pub(crate) fn lose_one(&mut self) {
        self.reconciliation.documented = ORDERS - 1;
        self.reconciliation.lost =
            Residual { count: 1, examples: vec!["abcde-0000007".to_owned()] };
    }
}

fn second(second: u64) -> TimelinePoint {
    TimelinePoint {
        second,
        offered: 10,
        accepted: 10,
        documented: 10,
        visible: Some(0.0),
        in_flight: Some(3.0),
        oldest_age_s: Some(2.0),
        concurrency: Some(4.0),
        function_ms: Some(30.0 + wobble(second)),
        failed: 0,
        function_memory_mb: Some(40.0 + 0.1 * wobble(second + 1)),
        generator_memory_mb: Some(90.0 + 0.2 * wobble(second + 2)),
    }
}

fn times(p99_us: u64) -> LatencySummary {
    LatencySummary {
        count: ORDERS,
        p50_us: 700,
        p50_low_us: 690,
        p50_high_us: 710,
        p90_us: 1_900,
        p90_low_us: 1_800,
        p90_high_us: 2_000,
        p99_us,
        p99_low_us: p99_us - 100,
        p99_high_us: p99_us + 100,
        p999_us: p99_us + 3_000,
        max_us: p99_us + 9_000,
    }
}

fn manifest() -> RunManifest {
    RunManifest {
        version: 1,
        id: "tonight".to_owned(),
        tag: "abcde".to_owned(),
        software: "vazao 0.1.0".to_owned(),
        seed: 42,
        started_at: "2026-11-23T10:15:00Z".parse().expect("a time"),
        target: Target::LocalCloud,
        profile: "test".to_owned(),
        profile_toml: String::new(),
        planned: ORDERS,
        speed: 1.0,
        schedule_ms: LOAD_S * 1_000,
        peak_rate_per_s: 731.0,
        service_level: ServiceLevel { accept_p99_ms_max: 400 },
        deployment: Deployment {
            region: "sa-east-1".to_owned(),
            memory_mb: 256,
            batch_size: 10,
            maximum_concurrency: 4,
            visibility_timeout_s: 30,
        },
        stopped: None,
        aborted: None,
        phases: Phases { send_ms: 30_100, drain_ms: 600, reconcile_ms: 200 },
        generator: GeneratorHealth {
            response: times(9_000),
            service: times(4_000),
            start_lag: times(3_000),
            in_flight_max: 31,
            in_flight_cap: 500,
            capped: 0,
            outcomes: OutcomeCounts { accepted: ORDERS, ..OutcomeCounts::default() },
            retries: 0,
            cpu_permille: 120,
            clock_offset_ms: Some([-310, 420]),
            clock_step_ms: 3,
        },
        machine: "x86_64, 2 processors, A".to_owned(),
        processes: Vec::new(),
        faults: None,
    }
}

fn account() -> Reconciliation {
    Reconciliation {
        version: 1,
        planned: ORDERS,
        sent: OutcomeCounts { accepted: ORDERS, ..OutcomeCounts::default() },
        not_sent: 0,
        documented: ORDERS,
        refused: 0,
        malformed: 0,
        repeated: 0,
        recovered: 0,
        absent: 0,
        lost: Residual::default(),
        incomplete: Residual::default(),
        duplicated: Residual::default(),
        unexpected: Residual::default(),
        documents_match_billing: true,
        dead_letters: 0,
        undrained: 0,
    }
}

fn usage() -> Usage {
    Usage {
        orders: ORDERS,
        api_gateway: ApiGatewayUsage { rest_requests: Metered::measured(10_001) },
        sqs: SqsUsage {
            send_requests: Metered::measured(10_002),
            receive_requests: Metered::derived(1_503),
            empty_receive_requests: Metered::measured(4),
            delete_requests: Metered::derived(1_505),
        },
        lambda: LambdaUsage {
            architecture: Architecture::Arm64,
            memory_mb: 256,
            invocations: Metered::measured(1_506),
            billed_ms: Metered::derived(88_000),
            init_ms: Metered::measured(70),
        },
        s3: S3Usage {
            put_requests: Metered::measured(20_008),
            small_objects: Metered::measured(20_000),
            small_bytes: Metered::measured(57_800_000),
            large_objects: Metered::measured(0),
            large_bytes: Metered::measured(0),
            months_kept: Metered::assumed(1),
        },
        logs: LogsUsage { ingested_bytes: Metered::measured(1_400_009) },
    }
}

fn cost(usage: &Usage) -> CostRecord {
    let sheet = PriceSheet::snapshot(Region::SaEast1).expect("prices");
    let (list, free) = (Terms { free_tier: false }, Terms { free_tier: true });
    let region = RegionCost {
        region: "sa-east-1".to_owned(),
        run: bill(usage, &sheet, list).expect("prices"),
        run_free_tier: bill(usage, &sheet, free).expect("prices"),
        per_million: bill(&usage.scaled_to(1_000_000), &sheet, list).expect("prices"),
        floor: floor(&sheet, list).expect("prices"),
        floor_free_tier: floor(&sheet, free).expect("prices"),
        small_documents: SmallDocuments::of(usage, &sheet).expect("prices"),
        pays_for_use: PaysForUse::of(usage, &sheet).expect("prices"),
    };
    CostRecord { version: 1, regions: vec![region] }
}
