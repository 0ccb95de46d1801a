//! The order of a usage file's tables does not matter.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use costmodel::{PriceSheet, Region, UsageFile, Usd};
use proptest::prelude::*;

/// Tables of every kind that may come several times, among them such that share a free pool at
/// different prices.
const TABLES: [&str; 10] = [
    "[[lambda]]\narchitecture='x86_64'\nmemory_mb=1536\nrequests=900000\nduration_ms=310",
    "[[lambda]]\narchitecture='arm64'\nmemory_mb=512\nrequests=800000\nduration_ms=1207",
    "[[lambda]]\narchitecture='x86_64'\nmemory_mb=128\nrequests=70000\nduration_ms=41",
    "[[sqs]]\ntype='standard'\ncalls=900001\nmessage_bytes=70000",
    "[[sqs]]\ntype='fifo'\nrequests=300002",
    "[[api_gateway]]\nrest_requests=332000000",
    "[[api_gateway]]\nrest_requests=5000000\nhttp_requests=299000000\nhttp_request_bytes=600000",
    "[[s3]]\nclass='standard'\ngb_months=51000",
    "[[s3]]\nclass='standard'\ngb_months=777",
    "[[s3]]\nclass='intelligent_tiering'\nobjects=1000\nobject_bytes=131072\nput_requests=3",
];

fn total(tables: &[&str], free_tier: bool) -> Usd {
    let text = format!("region='us-east-1'\nfree_tier={free_tier}\n{}", tables.join("\n"));
    let sheet = PriceSheet::snapshot(Region::UsEast1).unwrap();
    UsageFile::parse(&text).unwrap().bill(&sheet).unwrap().total
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_the_tables_is_the_same_bill(
        tables in Just(TABLES.to_vec()).prop_shuffle(), free_tier: bool,
    ) {
        prop_assert_eq!(total(&tables, free_tier), total(&TABLES, free_tier));
    }

    #[test]
    fn the_free_tier_never_makes_a_bill_dearer(
        tables in prop::sample::subsequence(TABLES.to_vec(), 0..=10),
    ) {
        prop_assert!(total(&tables, true) <= total(&tables, false));
    }
}
