//! For each claim: a run that holds it, one that breaks it, one that cannot tell; and which of
//! several failures decides.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use claims::{Evidence, Judgement, RunVerdict, Standing, judge};
use costmodel::{
    ApiGatewayUsage, Architecture, LambdaUsage, LogsUsage, Metered, PaysForUse, PriceSheet, Region,
    S3Usage, SmallDocuments, SqsUsage, Terms, Usage, Usd, bill, floor,
};
use runlog::{
    CostRecord, Deployment, GeneratorHealth, LatencySummary, OutcomeCounts, Phases, Reconciliation,
    RegionCost, Residual, RunManifest, ServiceLevel, Target,
};
use simulator::{Extrapolation, Limit};

const ORDERS: u64 = 10_000;

/// A run in which everything is as it should be; tests change one thing.
struct Run {
    manifest: RunManifest,
    reconciliation: Reconciliation,
    usage: Usage,
    cost: CostRecord,
    extrapolation: Option<Extrapolation>,
}

impl Run {
    fn good() -> Self {
        let usage = usage();
        let extrapolation = None;
        Self {
            manifest: manifest(),
            reconciliation: account(),
            cost: cost(&usage),
            usage,
            extrapolation,
        }
    }

    fn judge(&self) -> Judgement {
        judge(&Evidence {
            manifest: &self.manifest,
            reconciliation: &self.reconciliation,
            usage: &self.usage,
            cost: &self.cost,
            timeline: &[],
            extrapolation: self.extrapolation.as_ref(),
        })
    }

    fn lose_one(&mut self) {
        self.reconciliation.documented = ORDERS - 1;
        self.reconciliation.lost = residual("abcde-0000007");
    }
}

fn residual(order: &str) -> Residual {
    Residual { count: 1, examples: vec![order.to_owned()] }
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
        id: "20261123-101500-test".to_owned(),
        tag: "abcde".to_owned(),
        software: "vazao 0.1.0".to_owned(),
        seed: 42,
        started_at: "2026-11-23T10:15:00Z".parse().unwrap(),
        target: Target::LocalCloud,
        profile: "test".to_owned(),
        profile_toml: String::new(),
        planned: ORDERS,
        speed: 1.0,
        schedule_ms: 30_000,
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
        machine: String::new(),
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
    let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
    let (list, free) = (Terms { free_tier: false }, Terms { free_tier: true });
    let region = RegionCost {
        region: "sa-east-1".to_owned(),
        run: bill(usage, &sheet, list).unwrap(),
        run_free_tier: bill(usage, &sheet, free).unwrap(),
        per_million: bill(&usage.scaled_to(1_000_000), &sheet, list).unwrap(),
        floor: floor(&sheet, list).unwrap(),
        floor_free_tier: floor(&sheet, free).unwrap(),
        small_documents: SmallDocuments::of(usage, &sheet).unwrap(),
        pays_for_use: PaysForUse::of(usage, &sheet).unwrap(),
    };
    CostRecord { version: 1, regions: vec![region] }
}

fn standings(judgement: &Judgement) -> [Standing; 3] {
    [0, 1, 2].map(|place: usize| judgement.findings[place].standing)
}

#[test]
fn a_good_run_holds_every_claim_and_exits_0() {
    let judgement = Run::good().judge();
    assert_eq!(standings(&judgement), [Standing::Holds; 3], "{judgement:?}");
    assert_eq!((judgement.verdict, judgement.exit_code), (RunVerdict::Holds, 0));
}

#[test]
fn no_loss_in_10_000_bounds_the_loss_rate_by_3_in_10_000() {
    let judgement = Run::good().judge();
    let bound = judgement.findings[0].facts.last().unwrap();
    assert_eq!(bound.value, "0.0300 % (3 of 10,000)");
}

#[test]
fn one_lost_order_breaks_the_claim_is_named_and_exits_11() {
    let mut run = Run::good();
    run.lose_one();
    let judgement = run.judge();
    assert_eq!(judgement.findings[0].standing, Standing::Broken);
    assert!(judgement.reason.contains("abcde-0000007"), "{}", judgement.reason);
    assert_eq!(judgement.exit_code, 11);
}

#[test]
fn each_kind_of_wrong_account_exits_11() {
    let wrongs: [fn(&mut Reconciliation); 6] = [
        |account| account.duplicated = residual("d"),
        |account| account.unexpected = residual("u"),
        |account| account.incomplete = residual("i"),
        |account| account.dead_letters = 1,
        |account| account.documents_match_billing = false,
        |account| account.sent.accepted -= 1,
    ];
    for (place, wrong) in wrongs.iter().enumerate() {
        let mut run = Run::good();
        wrong(&mut run.reconciliation);
        assert_eq!(run.judge().exit_code, 11, "wrong {place}");
    }
}

#[test]
fn what_is_still_in_the_queue_is_not_shown_lost_nor_kept() {
    let mut run = Run::good();
    run.lose_one();
    run.reconciliation.undrained = 1;
    let judgement = run.judge();
    assert_eq!(judgement.findings[0].standing, Standing::NotShown);
    assert!(judgement.findings[0].reason.contains("--drain-timeout"));
    assert_eq!(judgement.exit_code, 21);
}

#[test]
fn what_is_missing_beyond_what_waits_in_the_queue_is_lost() {
    let mut run = Run::good();
    run.lose_one();
    run.reconciliation.incomplete = residual("abcde-0000009");
    run.reconciliation.undrained = 1;
    assert_eq!(run.judge().exit_code, 11);
    run.reconciliation.undrained = 2;
    assert_eq!(run.judge().exit_code, 21);
}

#[test]
fn what_is_missing_and_no_more_than_the_dead_letters_is_not_called_lost() {
    let reason = |dead_letters| {
        let mut run = Run::good();
        run.lose_one();
        run.reconciliation.incomplete = residual("abcde-0000009");
        run.reconciliation.dead_letters = dead_letters;
        let judgement = run.judge();
        assert_eq!(judgement.exit_code, 11);
        judgement.findings[0].reason.clone()
    };
    assert!(reason(2).contains("1 not settled, and none beyond those in the queues"));
    assert!(reason(1).contains("1 lost (first: abcde-0000007); 1 processed in part"));
    assert!(!reason(2).contains("lost") && reason(2).contains("vazao dlq"));
}

#[test]
fn a_p99_whose_whole_interval_is_over_the_limit_breaks_scaling_and_exits_10() {
    let mut run = Run::good();
    // 400 ms is the limit; the interval is 100 us to either side.
    for (p99_us, standing, exit_code) in [
        (399_900, Standing::Holds, 0),
        (399_901, Standing::NotShown, 21),
        (400_100, Standing::NotShown, 21),
        (400_101, Standing::Broken, 10),
    ] {
        run.manifest.generator.response = times(p99_us);
        let judgement = run.judge();
        assert_eq!(judgement.findings[1].standing, standing, "{p99_us}");
        assert_eq!(judgement.exit_code, exit_code, "{p99_us}");
    }
}

#[test]
fn fewer_than_a_thousand_answers_do_not_show_a_p99() {
    let mut run = Run::good();
    for (count, standing) in [(999, Standing::NotShown), (1_000, Standing::Holds)] {
        run.manifest.generator.response.count = count;
        assert_eq!(run.judge().findings[1].standing, standing, "{count}");
    }
}

#[test]
fn orders_turned_away_break_scaling() {
    let mut run = Run::good();
    // 0.1 % of the offered may be turned away.
    for (throttled, exit_code) in [(10, 0), (11, 10)] {
        run.reconciliation.sent.throttled = throttled;
        run.reconciliation.sent.accepted = ORDERS - throttled;
        run.reconciliation.documented = ORDERS - throttled;
        assert_eq!(run.judge().exit_code, exit_code, "{throttled}");
    }
}

#[test]
fn a_late_generator_makes_the_run_invalid_before_anything_else() {
    let mut run = Run::good();
    // 2 % of 400 ms is 8 ms.
    for (lag_us, exit_code) in [(8_000, 0), (8_001, 20)] {
        run.manifest.generator.start_lag = times(lag_us);
        assert_eq!(run.judge().exit_code, exit_code, "{lag_us}");
    }
    run.lose_one();
    assert_eq!(run.judge().verdict, RunVerdict::Invalid);
    assert_eq!(run.judge().findings[0].standing, Standing::Broken);
}

#[test]
fn one_arrival_that_waited_for_the_cap_makes_the_run_invalid() {
    let mut run = Run::good();
    run.manifest.generator.capped = 1;
    assert_eq!(run.judge().exit_code, 20);
}

#[test]
fn a_generator_without_room_or_with_a_wrong_clock_makes_the_run_invalid() {
    type Change = fn(&mut GeneratorHealth);
    let cases: [(Change, u8); 8] = [
        (|generator| generator.cpu_permille = 800, 0),
        (|generator| generator.cpu_permille = 801, 20),
        (|generator| generator.clock_step_ms = -50, 0),
        (|generator| generator.clock_step_ms = -51, 20),
        (|generator| generator.clock_offset_ms = Some([1_000, 1_500]), 0),
        (|generator| generator.clock_offset_ms = Some([1_001, 1_500]), 20),
        (|generator| generator.clock_offset_ms = Some([-3_000, -1_001]), 20),
        (|generator| generator.clock_offset_ms = None, 0),
    ];
    for (position, (change, exit_code)) in cases.into_iter().enumerate() {
        let mut run = Run::good();
        change(&mut run.manifest.generator);
        assert_eq!(run.judge().exit_code, exit_code, "case {position}");
    }
}

#[test]
fn a_load_that_its_abort_rule_ended_breaks_the_service_level() {
    let mut run = Run::good();
    run.manifest.aborted = Some("73 % of the attempts of 10 s were not accepted".to_owned());
    run.reconciliation.planned = ORDERS + 5;
    run.reconciliation.not_sent = 5;
    let judgement = run.judge();
    assert_eq!(judgement.exit_code, 10);
    assert!(judgement.reason.contains("73 %"), "{}", judgement.reason);
}

#[test]
fn a_stopped_run_says_so_by_its_signal_unless_an_order_is_lost() {
    for (signal, exit_code) in [("SIGINT", 130), ("SIGTERM", 143)] {
        let mut run = Run::good();
        run.manifest.stopped = Some(signal.to_owned());
        run.reconciliation.planned = ORDERS + 5;
        run.reconciliation.not_sent = 5;
        assert_eq!(run.judge().exit_code, exit_code);
        run.lose_one();
        assert_eq!(run.judge().exit_code, 11);
    }
}

#[test]
fn a_month_without_orders_may_cost_a_dollar_and_no_more() {
    let mut run = Run::good();
    for (dollars, standing) in [("1", Standing::Holds), ("1.0001", Standing::Broken)] {
        run.cost.regions[0].floor[0].amount = Usd::new(dollars.parse().unwrap());
        assert_eq!(run.judge().findings[2].standing, standing, "{dollars}");
    }
}

#[test]
fn without_an_order_there_is_no_unit_cost_to_show() {
    let mut run = Run::good();
    run.usage.orders = 0;
    assert_eq!(run.judge().findings[2].standing, Standing::NotShown);
}

#[test]
fn small_documents_are_a_caveat_with_the_remedy_and_large_ones_are_none() {
    let mut run = Run::good();
    let said = |run: &Run| run.judge().findings[2].caveats.join(" ");
    assert!(said(&run).contains("Intelligent-Tiering saves nothing"));
    assert!(said(&run).contains("bundle"));
    run.usage.s3.small_objects = Metered::measured(0);
    assert!(!said(&run).contains("Intelligent-Tiering"));
}

#[test]
fn a_month_without_orders_is_said_with_what_watches_the_stack() {
    // 0.2592 of polls; with 19 alarm metrics of 0.135, a dashboard of 3 and a cent of sweeps 5.83.
    let said = Run::good().judge().findings[2].caveats.join(" ");
    assert!(said.contains("costs $0.259 only without") && said.contains("$5.83"), "{said}");
}

#[test]
fn the_finding_says_what_is_fixed_what_is_kept_when_servers_win_and_what_would_save_most() {
    let run = Run::good();
    let finding = &run.judge().findings[2];
    let value = |label: &str| {
        let fact = finding.facts.iter().find(|fact| fact.label.starts_with(label));
        fact.unwrap_or_else(|| panic!("no {label} in {:?}", finding.facts)).value.clone()
    };
    // 0.2592 without orders, and per million orders: 4.25 gateway + 0.52 queue + 14.01 PUT and so
    // on; so at a thousand orders a month most of the bill is fixed.
    let fixed = value("fixed share");
    assert!(fixed.contains(" % at 1,000 orders a month"), "{fixed}");
    let fixed: f64 = fixed.split(' ').next().unwrap().parse().unwrap();
    assert!((92.0..94.0).contains(&fixed), "{fixed}");
    assert!(value("documents of a million orders").contains("60 months"));
    assert!(value("Fargate").contains("orders a day"));
    // Changes are named with money, the largest first.
    assert!(value("saves most: 1").starts_with('$'));
    assert!(value("saves most: 3").starts_with('$'));
    assert!(finding.reason.contains("kept"), "{}", finding.reason);
}

#[test]
fn a_run_recorded_without_that_arithmetic_is_judged_all_the_same() {
    let mut run = Run::good();
    run.cost.regions[0].pays_for_use = None;
    assert_eq!(run.judge().findings[2].standing, Standing::Holds);
}

fn extrapolation() -> Extrapolation {
    Extrapolation {
        not_valid: Vec::new(),
        service_level: "p99<=5s".to_owned(),
        largest_per_s: Some(2_500.0),
        first_limit: Some(Limit::MaximumConcurrency),
        at_once_measured: 4,
        at_once_needed: 4,
    }
}

/// The facts of the claim of scale, in one text, and its caveats.
fn scales(run: &Run) -> (Standing, String, Vec<String>) {
    let judgement = run.judge();
    let finding = judgement.findings.iter().find(|finding| finding.claim == "scales").unwrap();
    let facts = finding
        .facts
        .iter()
        .map(|fact| format!("{}: {} ({})", fact.label, fact.value, fact.provenance))
        .collect::<Vec<_>>();
    (finding.standing, facts.join("; "), finding.caveats.clone())
}

#[test]
fn what_was_simulated_beyond_the_measured_rate_is_marked_and_decides_nothing() {
    let mut run = Run::good();
    let without = scales(&run).0;
    run.extrapolation = Some(extrapolation());
    let (standing, facts, _) = scales(&run);
    assert_eq!(standing, without);
    // 2,500/s for 86,400 s.
    assert!(facts.contains("from 731/s to 2500/s, as 216,000,000 a day"), "{facts}");
    assert!(facts.contains("first limit: 2500/s, the maximum concurrency"), "{facts}");
    assert!(facts.contains("(simulated, extrapolated)"), "{facts}");
}

#[test]
fn a_model_that_is_not_valid_for_the_run_says_nothing_beyond_it() {
    let mut run = Run::good();
    let not_valid = vec!["p50 is off".to_owned()];
    run.extrapolation = Some(Extrapolation { not_valid, ..extrapolation() });
    let (_, facts, caveats) = scales(&run);
    assert!(!facts.contains("extrapolated"), "{facts}");
    assert!(caveats.iter().any(|caveat| caveat.contains("p50 is off")), "{caveats:?}");
}

#[test]
fn a_limit_within_what_was_measured_is_no_extrapolation() {
    let mut run = Run::good();
    run.extrapolation = Some(Extrapolation { largest_per_s: Some(600.0), ..extrapolation() });
    let (_, facts, _) = scales(&run);
    assert!(facts.contains("first limit: 600/s") && !facts.contains("extrapolated"), "{facts}");
}

/// 10,000 orders in 30.1 s and 69.9 s: 100/s. Ten seconds are always fine.
#[test]
fn a_queue_that_empties_long_after_the_last_order_is_a_caveat() {
    let mut run = Run::good();
    run.manifest.phases.drain_ms = 10_000;
    assert_eq!(scales(&run).2, Vec::<String>::new());
    run.manifest.phases.drain_ms = 69_900;
    let (standing, _, caveats) = scales(&run);
    assert_eq!(standing, Standing::Holds);
    let late = "the queue took 69.90 s more to empty than the 30.10 s of sending. With up to 4 \
                invocations at once, on this machine, 100 orders/s were settled";
    assert!(caveats.iter().any(|caveat| caveat.contains(late)), "{caveats:?}");
    // A tenth of the sending is fine too, and no more.
    (run.manifest.phases.send_ms, run.manifest.phases.drain_ms) = (200_000, 20_000);
    assert_eq!(scales(&run).2, Vec::<String>::new());
    run.manifest.phases.drain_ms = 20_001;
    assert_eq!(scales(&run).2.len(), 1);
}

#[test]
fn more_invocations_at_once_than_were_measured_are_a_caveat() {
    let mut run = Run::good();
    run.extrapolation = Some(Extrapolation { at_once_needed: 9, ..extrapolation() });
    let (_, _, caveats) = scales(&run);
    assert!(caveats.iter().any(|caveat| caveat.contains("needs 9 invocations at once")));
}

/// p99 9.00 ms, between 8.90 and 9.10, of 400 ms; 3 of 10,000; 731/s for 86,400 s.
#[test]
fn a_finding_is_also_a_row_with_its_interval_its_threshold_and_how_far_it_was_tried() {
    let mut run = Run::good();
    let [lost, scales, pays] = run.judge().findings.try_into().unwrap();
    assert_eq!(lost.summary.value, "0 lost, 0 duplicated of 10,000");
    assert_eq!(lost.summary.interval, "loss rate at most 0.0300 % (3 of 10,000)");
    assert_eq!(scales.summary.value, "p99 9.00 ms");
    assert_eq!(scales.summary.interval, "8.90 ms to 9.10 ms");
    assert_eq!(scales.summary.threshold, "p99 within 400 ms, 99.9 % accepted");
    assert_eq!(scales.summary.tested, "to 731/s, as 63,158,400 a day");
    assert_eq!(scales.summary.simulated, "not at all: invocations were not recorded");
    assert_eq!(pays.summary.threshold, "at most $1 a month without orders");
    run.extrapolation = Some(extrapolation());
    assert_eq!(run.judge().findings[1].summary.simulated, "to 2500/s, p99<=5s to the document");
}
