//! Usage files against bills that others printed: AWS's pricing pages, Infracost's golden files and
//! public studies. Each line is compared, exactly.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use costmodel::{PriceSheet, Statement, UsageFile, UsageFileError};
use rust_decimal::Decimal;

fn priced(text: &str) -> Result<Statement, UsageFileError> {
    let file = UsageFile::parse(text)?;
    file.bill(&PriceSheet::snapshot(file.region()?)?)
}

/// The amounts of the lines, by service and item, and their total.
fn check(name: &str, text: &str, lines: &[&str], total: &str) {
    let bill = priced(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut found: Vec<Decimal> =
        bill.lines.iter().map(|line| line.amount.exact().normalize()).collect();
    let mut expected: Vec<Decimal> = lines.iter().map(|line| line.parse().unwrap()).collect();
    found.retain(|amount| !amount.is_zero());
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{name}");
    assert_eq!(bill.total.exact(), total.parse().unwrap(), "{name}");
}

#[test]
fn lambda_costs_what_its_pricing_page_prints() {
    check(
        "mobile backend",
        "region='us-east-1'\nfree_tier=true\n[[lambda]]\nmemory_mb=1536\nrequests=3000000\nduration_ms=120",
        &["2.333338", "0.4"],
        "2.733338",
    );
    check(
        "2,048 MB of ephemeral storage",
        "region='us-east-1'\nfree_tier=true\n[[lambda]]\nmemory_mb=4096\nrequests=6000000\nduration_ms=280\nephemeral_mb=2048",
        &["105.333544", "1", "0.077868"],
        "106.411412",
    );
    check(
        "provisioned concurrency",
        "region='us-east-1'\nfree_tier=true\n[[lambda]]\nmemory_mb=1536\nrequests=2500000\nduration_ms=120\nprovisioned_concurrency=100\nprovisioned_hours=8\nprovisioned_requests=500000\nprovisioned_duration_ms=100",
        &["18.000144", "0.4", "0.729165", "0.833335"],
        "19.962644",
    );
    check(
        "streaming, its free GB used up",
        "region='us-east-1'\nfree_tier=true\n[free_pools]\nlambda_streamed_gb=0\n[[lambda]]\nmemory_mb=1536\nrequests=3000000\nduration_ms=500\nstreamed_gb=976.5625",
        &["30.833395", "0.4", "7.8125"],
        "39.045895",
    );
    check(
        "SQS pollers",
        "region='us-east-1'\n[[lambda]]\nmemory_mb=1024\nrequests=30000000\nduration_ms=1000\nsqs_poller_hours=8000",
        &["500.001", "6", "74"],
        "580.001",
    );
    check(
        "Kafka pollers",
        "region='us-east-1'\n[[lambda]]\ngb_seconds=60000000\nrequests=300000000\nkafka_poller_hours=720",
        &["1000.002", "60", "133.2"],
        "1193.202",
    );
    check(
        "tiers of arm64",
        "region='us-east-1'\n[[lambda]]\narchitecture='arm64'\nmemory_mb=2048\nrequests=18250000000\nduration_ms=2048",
        &["3650", "832358.1584"],
        "836008.1584",
    );
}

#[test]
fn gateway_queue_and_network_cost_what_others_printed() {
    check(
        "HTTP API",
        "region='us-east-1'\n[[api_gateway]]\nhttp_requests=432000000\nhttp_request_bytes=47104",
        &["418.8"],
        "418.8",
    );
    check(
        "private REST API",
        "region='us-east-1'\nmonth_hours=720\n[[api_gateway]]\nrest_requests=5000000\n[vpc_endpoints]\nendpoints=1\ngb=15.735626220703125",
        &["17.5", "7.2", "0.15735626220703125"],
        "24.85735626220703125",
    );
    check(
        "cache",
        "region='us-east-1'\n[[api_gateway]]\ncache_gb='1.6'\ncache_hours=24",
        &["0.912"],
        "0.912",
    );
    check(
        "four tiers of REST",
        "region='us-east-1'\n[[api_gateway]]\nrest_requests=21000000000",
        &["49763.1"],
        "49763.1",
    );
    check(
        "messages of 128 and 63 KB",
        "region='us-east-1'\n[[sqs]]\ntype='standard'\ncalls=1000000\nmessage_bytes=131072\n[[sqs]]\ntype='fifo'\ncalls=1000000\nmessage_bytes=64512",
        &["0.8", "0.5"],
        "1.3",
    );
    check("NAT", "region='us-east-1'\n[nat]\ngateways=1\ngb=100", &["32.85", "4.5"], "37.35");
    check(
        "egress",
        "region='sa-east-1'\nfree_tier=true\n[data_transfer]\nout_gb=500",
        &["60"],
        "60",
    );
}

#[test]
fn storage_logs_and_servers_cost_what_others_printed() {
    check(
        "Intelligent-Tiering",
        "region='us-east-1'\n[[s3]]\nclass='intelligent_tiering'\ngb_months=20000\ninfrequent_gb_months=20000\narchive_access_gb_months=20000\ndeep_archive_access_gb_months=20000\nmonitored_objects=20000\nput_requests=20000\nget_requests=20000\ntransitions=20000",
        &["460", "250", "72", "19.8", "0.05", "0.1", "0.008", "0.2"],
        "802.158",
    );
    check(
        "retrieval from Standard-IA",
        "region='us-east-1'\n[[s3]]\nclass='standard_ia'\nretrieval_gb=300",
        &["3"],
        "3",
    );
    check(
        "Standard in São Paulo",
        "region='sa-east-1'\n[[s3]]\nclass='standard'\ngb_months=3000\nput_requests=1000000\nget_requests=200000",
        &["121.5", "7", "0.112"],
        "128.612",
    );
    check(
        "logs beyond 5 GB free of each kind",
        "region='us-east-1'\nfree_tier=true\n[cloudwatch]\nlogs_gb=30\nlogs_stored_gb_months=6",
        &["12.5", "0.03"],
        "12.53",
    );
    check(
        "Aurora",
        "region='sa-east-1'\n[rds]\naurora_acu=2\nproxy_acu=2\nstorage_gb_months=100\nio_requests=20000000",
        &["365", "19", "5.6", "46.72"],
        "436.32",
    );
    check(
        "two servers",
        "region='sa-east-1'\n[[ec2]]\ninstance_type='t4g.large'\ninstances=2\ngp3_gb=40\n[load_balancer]\nbalancers=1\nlcus=1",
        &["156.512", "6.08", "24.82", "8.03"],
        "195.442",
    );
    check(
        "HTTP API, Lambda and SQS",
        "region='sa-east-1'\nfree_tier=true\n[free_pools]\nlambda_requests=0\nlambda_gb_seconds=0\n[[api_gateway]]\nhttp_requests=3000000\n[[sqs]]\ntype='standard'\nrequests=3000000\n[[lambda]]\nrequests=3000000\ngb_seconds=2250000",
        &["4.77", "0.6", "37.500075", "0.8"],
        "43.670075",
    );
}

/// 131,071 bytes bill as 131,072 in Standard-IA; in Intelligent-Tiering monitoring begins there.
#[test]
fn both_sides_of_128_kb() {
    let of = |class: &str, bytes: u64| {
        let text = format!(
            "region='us-east-1'\n[[s3]]\nclass='{class}'\nobjects=8192\nobject_bytes={bytes}"
        );
        priced(&text).unwrap().total.exact()
    };
    assert_eq!(of("standard_ia", 131_071), "0.0125".parse().unwrap());
    assert_eq!(of("standard_ia", 131_072), "0.0125".parse().unwrap());
    assert_eq!(of("intelligent_tiering", 131_071), of("standard", 131_071));
    assert_eq!(of("intelligent_tiering", 131_072), "0.04348".parse().unwrap());
}

#[test]
fn free_units_are_shared_by_both_architectures_and_both_kinds_of_queue() {
    let text = "region='us-east-1'\nfree_tier=true\n[[lambda]]\nrequests=700000\n[[lambda]]\narchitecture='arm64'\nrequests=800000\n[[sqs]]\ntype='standard'\nrequests=900000\n[[sqs]]\ntype='fifo'\nrequests=300000";
    // 500,000 requests at 0.20 a million, 200,000 at 0.50 a million.
    assert_eq!(priced(text).unwrap().total.exact(), "0.2".parse().unwrap());
}

#[test]
fn unknown_keys_are_refused_with_their_line_and_missing_prices_by_name() {
    let error = priced("region='us-east-1'\n[nat]\ngateway=1").unwrap_err().to_string();
    assert!(error.contains("line 3") && error.contains("gateway"), "{error}");
    let text = "region='us-west-2'\n[[sqs]]\ntype='standard'\nrequests=7";
    let error = priced(text).unwrap_err().to_string();
    assert!(error.contains("USW2-Requests-Tier1") && error.contains("us-west-2"), "{error}");
}
