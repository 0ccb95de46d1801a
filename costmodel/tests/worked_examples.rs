//! The arithmetic against numbers that others worked out: AWS's own pricing examples, the golden
//! files of Infracost, and sums done by hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use costmodel::{
    ApiGatewayUsage, Architecture, Bill, LambdaUsage, LogsUsage, Metered, PriceSheet, Provenance,
    Region, S3Usage, SmallDocuments, SqsUsage, Terms, Usage, Usd, bill,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

const LIST: Terms = Terms { free_tier: false };
const FREE: Terms = Terms { free_tier: true };

/// Nothing used at all.
fn nothing() -> Usage {
    let zero = Metered::measured(0);
    Usage {
        orders: 0,
        api_gateway: ApiGatewayUsage { rest_requests: zero },
        sqs: SqsUsage {
            send_requests: zero,
            receive_requests: zero,
            empty_receive_requests: zero,
            delete_requests: zero,
        },
        lambda: LambdaUsage {
            architecture: Architecture::X86_64,
            memory_mb: 128,
            invocations: zero,
            billed_ms: zero,
            init_ms: zero,
        },
        s3: S3Usage {
            put_requests: zero,
            small_objects: zero,
            small_bytes: zero,
            large_objects: zero,
            large_bytes: zero,
            months_kept: Metered::assumed(1),
        },
        logs: LogsUsage { ingested_bytes: zero },
    }
}

fn priced(usage: &Usage, region: Region, terms: Terms) -> Bill {
    bill(usage, &PriceSheet::snapshot(region).unwrap(), terms).unwrap()
}

fn cents(amount: Usd) -> Decimal {
    amount.exact().round_dp(2)
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn amount_of(bill: &Bill, service: &str, item: &str) -> Usd {
    let line = bill.lines.iter().find(|line| line.service == service && line.item == item);
    line.unwrap_or_else(|| panic!("no line {service} {item}")).amount
}

fn lambda(invocations: u64, billed_ms: u64, memory_mb: u32, architecture: Architecture) -> Usage {
    let mut usage = nothing();
    usage.lambda = LambdaUsage {
        architecture,
        memory_mb,
        invocations: Metered::measured(invocations),
        billed_ms: Metered::measured(billed_ms),
        init_ms: Metered::measured(0),
    };
    usage
}

/// AWS Lambda pricing page, example "Mobile application backend": 3 million requests of 120 ms at
/// 1,536 MB, with the free tier: 2.33 for compute, 0.40 for requests.
#[test]
fn the_mobile_backend_of_the_lambda_pricing_page_costs_2_73() {
    let usage = lambda(3_000_000, 3_000_000 * 120, 1_536, Architecture::X86_64);
    let bill = priced(&usage, Region::UsEast1, FREE);
    assert_eq!(cents(amount_of(&bill, "Lambda", "duration, x86")), number("2.33"));
    assert_eq!(cents(amount_of(&bill, "Lambda", "requests, x86")), number("0.40"));
    assert_eq!(cents(bill.total), number("2.73"));
}

/// Infracost's golden file of Lambda: 61.44 billion GB-s x86 cost 854,203.296, and 74.752 billion
/// arm64 cost 832,358.158: every tier is used.
#[test]
fn each_unit_pays_the_price_of_its_own_tier() {
    for (gb_s, architecture, item, expected) in [
        (61_440_000_000_u64, Architecture::X86_64, "duration, x86", "854203.296"),
        (74_752_000_000, Architecture::Arm64, "duration, arm64", "832358.158"),
    ] {
        let usage = lambda(0, gb_s * 1_000, 1_024, architecture);
        let bill = priced(&usage, Region::SaEast1, LIST);
        let amount = amount_of(&bill, "Lambda", item).exact().round_dp(3);
        assert_eq!(amount, number(expected), "{item}");
    }
}

/// REST in us-east-1: 333,000,000 at 3.50 a million, the next at 2.80.
#[test]
fn the_request_after_a_tier_s_end_is_the_first_at_the_next_price() {
    let with = |requests| {
        let mut usage = nothing();
        usage.api_gateway.rest_requests = Metered::measured(requests);
        priced(&usage, Region::UsEast1, LIST).total.exact()
    };
    assert_eq!(with(333_000_000), number("1165.5"));
    assert_eq!(with(333_000_001) - with(333_000_000), number("0.0000028"));
    assert_eq!(with(333_000_000) - with(332_999_999), number("0.0000035"));
    // São Paulo has no break there.
    let mut usage = nothing();
    usage.api_gateway.rest_requests = Metered::measured(333_000_001);
    assert_eq!(priced(&usage, Region::SaEast1, LIST).total.exact(), number("1415.25000425"));
}

/// A different number in every field; each line worked by hand at the prices of sa-east-1.
#[test]
fn a_bill_of_every_service_is_the_sum_of_lines_done_by_hand() {
    let mut usage = lambda(1_300_000, 7_000_000, 256, Architecture::Arm64);
    usage.orders = 2_000_000;
    usage.lambda.init_ms = Metered::measured(168_000);
    usage.api_gateway.rest_requests = Metered::measured(2_100_000);
    usage.sqs = SqsUsage {
        send_requests: Metered::measured(2_000_001),
        receive_requests: Metered::derived(1_300_002),
        empty_receive_requests: Metered::measured(30_003),
        delete_requests: Metered::derived(1_299_994),
    };
    usage.s3.put_requests = Metered::measured(4_100_000);
    usage.s3.small_objects = Metered::measured(4_000_000);
    usage.s3.small_bytes = Metered::measured(24 << 30);
    usage.logs.ingested_bytes = Metered::measured(5 << 29);
    let bill = priced(&usage, Region::SaEast1, LIST);
    for (service, item, expected) in [
        // 2.1 million at 4.25.
        ("API Gateway", "REST API requests", "8.925"),
        // 2,000,001 + 1,300,002 + 30,003 + 1,299,994 = 4,630,000 at 0.40 a million.
        ("SQS", "standard queue requests", "1.852"),
        // 1.3 million at 0.20.
        ("Lambda", "requests, arm64", "0.26"),
        // 7,168,000 ms x 256 MB / 1,024,000 = 1,792 GB-s at 0.0000133334.
        ("Lambda", "duration, arm64", "0.0238934528"),
        // 4.1 million at 7.00.
        ("S3", "PUT requests", "28.7"),
        // 24 GB at 0.0405.
        ("S3", "objects under 128 KB, Frequent Access", "0.972"),
        // 2.5 GB at 0.90.
        ("CloudWatch Logs", "vended logs ingested", "2.25"),
    ] {
        assert_eq!(amount_of(&bill, service, item).exact(), number(expected), "{service} {item}");
    }
    assert_eq!(bill.total.exact(), number("42.9828934528"));
    assert_eq!(bill.per_order().unwrap().exact(), number("0.0000214914467264"));
    assert_eq!(bill.lines.len(), 7);
    let queue = bill.lines.iter().find(|line| line.service == "SQS").unwrap();
    assert_eq!(queue.provenance, Provenance::Derived);
}

#[test]
fn the_free_tier_takes_off_a_million_requests_and_400_000_gb_seconds() {
    let usage = lambda(1_000_001, 400_001_000, 1_024, Architecture::Arm64);
    let bill = priced(&usage, Region::SaEast1, FREE);
    // One request and one GB-s are left.
    assert_eq!(bill.total.exact(), number("0.0000002") + number("0.0000133334"));
    let within = lambda(1_000_000, 400_000_000, 1_024, Architecture::Arm64);
    assert_eq!(priced(&within, Region::SaEast1, FREE).total, Usd::ZERO);
}

/// A month of `small` and `large` bytes of one object each, kept for `months`.
fn kept(small: u64, large: u64, months: u64) -> Bill {
    let mut usage = nothing();
    usage.s3.small_objects = Metered::measured(u64::from(small > 0));
    usage.s3.small_bytes = Metered::measured(small);
    usage.s3.large_objects = Metered::measured(u64::from(large > 0));
    usage.s3.large_bytes = Metered::measured(large);
    usage.s3.months_kept = Metered::assumed(months);
    priced(&usage, Region::UsEast1, LIST)
}

#[test]
fn an_object_of_131_071_bytes_never_leaves_frequent_access_and_is_not_monitored() {
    let small = kept(131_071, 0, 12);
    assert!(small.lines.iter().all(|line| !line.item.contains("monitoring")));
    let frequent = number("131071") / number("1073741824") * number("12") * number("0.023");
    assert_eq!(small.total.exact(), frequent);
}

#[test]
fn an_object_of_131_072_bytes_moves_after_one_and_three_months_and_is_monitored() {
    let large = kept(0, 131_072, 12);
    let gb = number("131072") / number("1073741824");
    // 1 month at 0.023, 2 at 0.0125, 9 at 0.004, and 12 x 0.0000025 of monitoring.
    let storage = gb * (number("0.023") + number("0.025") + number("0.036"));
    assert_eq!(large.total.exact(), storage + number("0.00003"));
}

#[test]
fn small_documents_cost_in_intelligent_tiering_what_they_cost_in_standard() {
    for region in Region::COMPLETE {
        let mut usage = nothing();
        usage.orders = 1_000;
        usage.s3.small_objects = Metered::measured(2_000);
        usage.s3.small_bytes = Metered::measured(1_000 * 10_240);
        usage.s3.put_requests = Metered::measured(2_000);
        let sheet = PriceSheet::snapshot(*region).unwrap();
        let finding = SmallDocuments::of(&usage, &sheet).unwrap();
        assert_eq!(finding.month_now, finding.month_standard);
        assert_eq!(finding.small_percent, number("100"));
        // 1,048,576 / 10,240 = 102.4.
        assert_eq!(finding.orders_per_bundle, 103);
        assert!(finding.month_bundled < finding.month_now);
    }
}

/// Monitoring 0.0000025 against 0.023 - 0.0125 and 0.023 - 0.004 a GB-month in us-east-1, and
/// against 0.0405 - 0.0221 and 0.0405 - 0.0083 in sa-east-1.
#[test]
fn monitoring_pays_from_these_sizes_on() {
    for (region, infrequent, archive) in
        [(Region::UsEast1, "249.7", "138.0"), (Region::SaEast1, "142.5", "81.4")]
    {
        let sheet = PriceSheet::snapshot(region).unwrap();
        let finding = SmallDocuments::of(&nothing(), &sheet).unwrap();
        assert_eq!(finding.break_even_infrequent_kb, number(infrequent), "{region}");
        assert_eq!(finding.break_even_archive_kb, number(archive), "{region}");
    }
}

#[test]
fn scaling_is_in_proportion_and_half_up() {
    let mut usage = lambda(3, 10, 512, Architecture::Arm64);
    usage.orders = 4;
    usage.s3.put_requests = Metered::measured(8);
    let scaled = usage.scaled_to(6);
    // 3 x 6 / 4 = 4.5.
    assert_eq!(scaled.lambda.invocations, Metered::derived(5));
    assert_eq!(scaled.lambda.billed_ms.amount, 15);
    assert_eq!(scaled.s3.put_requests.amount, 12);
    assert_eq!((scaled.orders, scaled.s3.months_kept.amount), (6, 1));
    assert_eq!(nothing().scaled_to(5), nothing());
}

#[test]
fn no_orders_have_no_cost_each() {
    assert_eq!(priced(&nothing(), Region::SaEast1, LIST).per_order(), None);
}

proptest! {
    #[test]
    fn a_bill_is_the_sum_of_its_lines_and_more_never_costs_less(
        requests in 0_u64..50_000_000_000, more in 0_u64..5_000_000_000, ms in 0_u64..1 << 50,
        free: bool,
    ) {
        let terms = Terms { free_tier: free };
        let of = |requests, ms| {
            let mut usage = lambda(requests / 10, ms, 1_024, Architecture::Arm64);
            usage.api_gateway.rest_requests = Metered::measured(requests);
            usage.sqs.send_requests = Metered::measured(requests);
            priced(&usage, Region::UsEast1, terms)
        };
        let (less, greater) = (of(requests, ms), of(requests + more, ms + more));
        prop_assert_eq!(less.total, less.lines.iter().map(|line| line.amount).sum());
        prop_assert!(less.total <= greater.total);
        for line in &less.lines {
            let charged: Decimal = line.charges.iter().map(|charge| charge.quantity).sum();
            prop_assert_eq!(charged, line.quantity);
        }
    }
}
