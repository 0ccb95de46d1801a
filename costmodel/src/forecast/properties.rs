//! What must be true of every forecast, whatever is assumed.

use proptest::prelude::*;
use rust_decimal::prelude::ToPrimitive as _;

use super::fast::FastSheet;
use super::*;
use crate::storage::{LAGS, Layout, StorageClass};
use crate::{Architecture, Region};

const LIST: Terms = Terms { free_tier: false };

fn layouts() -> impl Strategy<Value = Layout> {
    use StorageClass::{GlacierInstantRetrieval, IntelligentTiering, Standard, StandardIa};
    let class = prop::sample::select(vec![
        Standard,
        IntelligentTiering,
        StandardIa,
        GlacierInstantRetrieval,
    ]);
    (0..5, class, 1_u32..5_000).prop_map(|(kind, class, orders)| {
        let orders = f64::from(orders);
        match kind {
            0 => Layout::Separate { class },
            1 => Layout::Combined { class },
            2 => Layout::Bundles { class, orders },
            3 => Layout::XmlOnly { class },
            _ => Layout::Compacted { class: GlacierInstantRetrieval, orders, after_days: 90.0 },
        }
    })
}

prop_compose! {
    fn assumptions()(
        // Up to 5 billion orders a month: the list of SQS in sa-east-1 ends at 100 billion requests.
        per_day in 0.0..6.5_f64,
        growth in -5.0..3.0_f64,
        window in prop::sample::select(vec![0.0, 2.5, 17.0]),
        (api, hosting, network) in (
            prop::sample::select(vec![Api::Rest, Api::Http]),
            prop::sample::select(vec![Hosting::Lambda, Hosting::Fargate, Hosting::Ec2]),
            prop::sample::select(vec![Network::None, Network::Nat, Network::Endpoints]),
        ),
        (memory_mb, pdf_bytes, retention) in (128.0..3_000.0_f64, 1e3..4e5_f64, 12_u32..132),
        layout in layouts(),
        (gamma_shape, audit_percent) in (
            prop::sample::select(vec![0.0, 0.7]), prop::sample::select(vec![0.0, 12.5])
        ),
        arm: bool,
    ) -> Assumptions {
        let mut a = Assumptions::default().with_layout(layout);
        a.orders.per_day = 10_f64.powf(per_day).round();
        a.orders.growth_percent_per_month = growth;
        a.function.batch_window_s = window;
        a.function.memory_mb = memory_mb;
        a.function.architecture = if arm { Architecture::Arm64 } else { Architecture::X86_64 };
        a.documents.pdf_bytes = pdf_bytes;
        a.storage.retention_months = f64::from(retention);
        a.reads.gamma_shape = gamma_shape;
        a.reads.audit_percent = audit_percent;
        a.platform.network = network;
        (a.api, a.hosting) = (api, hosting);
        (a.platform.alarms, a.platform.dashboards, a.platform.kms_keys) = (11.0, 4.0, 2.0);
        a
    }
}

fn regions() -> impl Strategy<Value = Region> {
    prop::sample::select(Region::COMPLETE.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_bill_is_the_exact_bill(
        a in assumptions(), region in regions(), free_tier: bool, months in 1_usize..133,
    ) {
        let (sheet, terms) = (PriceSheet::snapshot(region).unwrap(), Terms { free_tier });
        let plan = Plan::of(&a, &mut daily_grid(&a), months, Intake::Growing);
        let mut fast = [0.0; LAGS];
        FastSheet::of(&sheet, terms).totals(&plan, &mut fast);
        let exact = Priced::of(&plan, &sheet, terms).unwrap();
        for (month, lines) in exact.months.iter().enumerate() {
            let total = sum(lines).exact().to_f64().unwrap();
            let error = (fast[month] - total).abs() / total.abs().max(1e-3);
            prop_assert!(error < 1e-9, "month {month}: {} and {total}", fast[month]);
        }
    }

    #[test]
    fn more_orders_never_cost_less_and_the_free_tier_never_costs_more(
        a in assumptions(), region in regions(), factor in 1.0..3.0_f64,
    ) {
        let sheet = PriceSheet::snapshot(region).unwrap();
        let mut more = a;
        more.orders.per_day *= factor;
        let (less, greater) =
            (month_cost(&a, &sheet, LIST).unwrap(), month_cost(&more, &sheet, LIST).unwrap());
        prop_assert!(less <= greater, "{less:?} {greater:?}");
        let free = month_cost(&a, &sheet, Terms { free_tier: true }).unwrap();
        prop_assert!(free <= less, "{free:?} {less:?}");
    }

    #[test]
    fn a_forecast_is_the_sum_of_its_months_of_its_services_and_of_its_years(
        a in assumptions(), region in regions(), months in 1_usize..40,
    ) {
        let sheet = PriceSheet::snapshot(region).unwrap();
        let forecast = Forecast::of(&a, months, &sheet, LIST).unwrap();
        let by_month: Usd = forecast.months.iter().map(|month| month.total).sum();
        let by_year: Usd = forecast.years.iter().copied().sum();
        prop_assert_eq!(forecast.total, by_month);
        prop_assert_eq!(forecast.total, by_year);
        for month in &forecast.months {
            prop_assert_eq!(month.total, month.services.values().copied().sum());
        }
        let first: Usd = forecast.first_month.iter().map(|line| line.amount).sum();
        prop_assert_eq!(forecast.months[0].total, first);
    }

    #[test]
    fn small_documents_cost_in_intelligent_tiering_what_they_cost_in_standard(
        xml_bytes in 0.0..131_071.0_f64, pdf_bytes in 0.0..131_071.0_f64, region in regions(),
        months in 1_usize..100,
    ) {
        let sheet = PriceSheet::snapshot(region).unwrap();
        let documents = Documents {
            xml_bytes, pdf_bytes, xml_bytes_per_item: 0.0, pdf_bytes_per_item: 0.0,
        };
        let a = Assumptions { documents, ..Assumptions::default() };
        let of = |class| {
            let a = a.with_layout(Layout::Separate { class });
            layout_cost(&a, months, &sheet, LIST).unwrap()
        };
        let (tiered, standard) = (of(StorageClass::IntelligentTiering), of(StorageClass::Standard));
        prop_assert_eq!(tiered.total, standard.total);
        prop_assert_eq!(tiered.monitoring, Usd::ZERO);
    }
}

/// A growing system's recurrence, month from month, is the sum over all cohorts.
#[test]
fn what_is_kept_by_recurrence_is_what_is_kept_by_summing_cohorts() {
    let mut a = Assumptions::default()
        .with_layout(Layout::Bundles { class: StorageClass::IntelligentTiering, orders: 20.0 });
    a.orders.growth_percent_per_month = 3.0;
    a.storage.retention_months = 24.0;
    let plan = Plan::of(&a, &mut daily_grid(&a), 60, Intake::Growing);
    let intake = plan.series(Base::Orders);
    let summed = crate::storage::cohorts(intake, &a.read_pattern(), 20.0, 24);
    for (month, tiers) in summed.iter().enumerate() {
        let all = tiers.frequent + tiers.infrequent + tiers.archive;
        assert!((plan.at(Base::Kept, month) / all - 1.0).abs() < 1e-12, "{month}");
        let archive = plan.at(Base::Archive, month);
        assert!((archive - tiers.archive).abs() <= 1e-9 * all, "{month}");
    }
}

/// A different alternative on each thread count would show in the totals.
#[test]
fn draws_are_the_same_on_any_number_of_threads_and_differ_by_seed() {
    let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
    let a = Assumptions::default();
    let uncertain = Uncertain::defaults(&a);
    assert_eq!(uncertain.len(), 10);
    let of = |threads, seed| {
        let plan = DrawPlan {
            assumptions: &a,
            uncertain: &uncertain,
            changes: &Change::DEFAULTS,
            months: 12,
            draws: 501,
            seed,
            threads,
        };
        Draws::of(&plan, &sheet, LIST)
    };
    let one = of(1, 5);
    assert_eq!(one, of(3, 5));
    assert_ne!(one.alternatives, of(1, 6).alternatives);
    // With common random numbers an HTTP API is cheaper in every draw.
    assert_eq!(one.alternatives[1].cheaper, 1.0);
    assert!(one.alternatives.iter().all(|drawn| drawn.p10 < drawn.p50 && drawn.p50 < drawn.p90));
    // The volume matters most.
    assert_eq!(one.swings[0].key, "orders.per_day");
}

#[test]
fn draws_of_what_is_known_are_the_forecast() {
    let sheet = PriceSheet::snapshot(Region::UsEast1).unwrap();
    let a = Assumptions::default()
        .with_layout(Layout::Bundles { class: StorageClass::IntelligentTiering, orders: 30.0 });
    let plan = DrawPlan {
        assumptions: &a,
        uncertain: &[],
        changes: &[Change::AsIs],
        months: 60,
        draws: 3,
        seed: 1,
        threads: 1,
    };
    let drawn = Draws::of(&plan, &sheet, LIST).alternatives[0].p50;
    let exact = Forecast::of(&a, 60, &sheet, LIST).unwrap().total.exact().to_f64().unwrap();
    // The coarse grid of ages against two points a day.
    assert!((drawn / exact - 1.0).abs() < 2e-5, "{drawn} {exact}");
}

/// REST costs 3.50 a million up to 333 million a month in us-east-1 and HTTP 1.00 up to 300
/// million: no volume is without a difference, so there is no crossing. NAT in two zones costs
/// 65.70 a month and 0.045 a GB; two endpoints in two zones cost 29.20, and S3 is free.
#[test]
fn ways_that_never_cross_have_no_crossing() {
    let sheet = PriceSheet::snapshot(Region::UsEast1).unwrap();
    let a = Assumptions::default();
    let pairs = [
        (Change::Api(Api::Rest), Change::Api(Api::Http)),
        (Change::Network(Network::Nat), Change::Network(Network::Endpoints)),
    ];
    for pair in pairs {
        assert_eq!(crossings(&a, pair, &sheet, LIST).unwrap(), vec![]);
    }
}

#[test]
fn a_crossing_is_exact_to_the_order() {
    let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
    let a = Assumptions::default();
    let pair = (Change::AsIs, Change::Hosting(Hosting::Fargate));
    let found = crossings(&a, pair, &sheet, LIST).unwrap();
    let first = found.first().expect("servers are cheaper at some volume");
    assert_eq!(first.above, "Fargate and load balancer");
    let at = |change: Change, per_day: u64| {
        let mut a = change.of(&a);
        a.orders.per_day = per_day as f64;
        month_cost(&a, &sheet, LIST).unwrap()
    };
    assert!(at(pair.0, first.per_day) > at(pair.1, first.per_day));
    assert!(at(pair.0, first.per_day - 1) <= at(pair.1, first.per_day - 1));
    assert_eq!(first.month, at(pair.1, first.per_day));
}

/// REST 4.25 a million and HTTP 1.59 in sa-east-1, both under their first edge: 1,000 orders a day
/// are 365,000 / 12 a month, so HTTP saves 2.66 x 0.0304166... = 0.0809083 a month.
#[test]
fn a_saving_is_the_difference_of_two_bills() {
    let sheet = PriceSheet::snapshot(Region::SaEast1).unwrap();
    let mut a = Assumptions::default();
    a.orders.per_day = 1_000.0;
    let found = savings(&a, 2, &sheet, LIST).unwrap();
    let http = found.iter().find(|saving| saving.name == "HTTP API").unwrap();
    let expected: Decimal = "0.0809083333".parse().unwrap();
    assert!((http.per_month.exact() - expected).abs() < "0.0000001".parse().unwrap(), "{http:?}");
    assert!(found.windows(2).all(|pair| pair[0].per_month >= pair[1].per_month));
    assert!(found.iter().all(|saving| saving.per_month > Usd::ZERO));
}

/// 1,000 orders a day for a year of 365 days, 131,071 and 131,073 bytes: one small, one tiered.
#[test]
fn a_combined_object_of_128_kb_is_tiered_and_one_byte_less_is_not() {
    let sheet = PriceSheet::snapshot(Region::UsEast1).unwrap();
    let of = |bytes: f64| {
        let mut a = Assumptions::default()
            .with_layout(Layout::Combined { class: StorageClass::IntelligentTiering });
        a.orders.per_day = 1_000.0;
        a.documents = Documents {
            xml_bytes: bytes,
            pdf_bytes: 0.0,
            xml_bytes_per_item: 0.0,
            pdf_bytes_per_item: 0.0,
        };
        layout_cost(&a, 12, &sheet, LIST).unwrap()
    };
    assert_eq!(of(131_071.0).monitoring, Usd::ZERO);
    // Object-months: 1,000 x 365 / 12 x (0.5 + 1.5 + ... + 11.5) = 2,190,000 at 0.0000025.
    assert_eq!(of(131_072.0).monitoring.exact().round_dp(9), "5.475".parse().unwrap());
    assert!(of(131_072.0).storage < of(131_071.0).storage);
}
