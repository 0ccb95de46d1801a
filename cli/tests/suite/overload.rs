//! More orders than the gateway lets in: what it lets in is documented, the rest is told so.

use runlog::ExchangeReader;

use crate::vazao::{only_run, run};

const ORDERS: u64 = 1_600;
const RATE_PER_S: u64 = 100;
const BURST: u64 = 50;

#[test]
fn at_four_times_the_limit_partners_are_told_so_and_what_was_accepted_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("over.toml"), folder.path().join("runs"));
    let profile = format!(
        "name = \"over\"\ndescription = \"for tests\"\norders = {ORDERS}\nseed = 31\n\
         accept_p99_ms_max = 2000\nshape = {{ kind = \"constant\", duration_s = 4 }}\n"
    );
    std::fs::write(&file, profile).unwrap();
    let (rate, burst) =
        (format!("StageRateLimit={RATE_PER_S}"), format!("StageBurstLimit={BURST}"));
    let output = run(&[
        "run",
        file.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--parameter",
        &rate,
        "--parameter",
        &burst,
    ]);
    let finished = only_run(&out);
    let account = &finished.reconciliation;
    assert!(account.is_clean(), "{account:?}");
    let (mut first_us, mut last_us) = (u64::MAX, 0);
    ExchangeReader::read(&finished.directory.exchanges(), |exchange| {
        first_us = first_us.min(exchange.sent_us);
        last_us = last_us.max(exchange.end_us);
    })
    .unwrap();
    // A bucket that was full lets in its burst and what flows in from the first order to the last.
    let let_in = BURST + RATE_PER_S * (last_us - first_us).div_ceil(1_000_000);
    assert_eq!(account.sent.accepted + account.sent.throttled, ORDERS, "{account:?}");
    assert!((RATE_PER_S..=let_in).contains(&account.sent.accepted), "{account:?} of {let_in}");
    assert_eq!(account.documented, account.sent.accepted);
    // 10: partners were refused. 20: on a busy machine the generator may be late as well.
    let text = String::from_utf8_lossy(&output.stdout);
    assert!([Some(10), Some(20)].contains(&output.status.code()), "{text}");
    assert!(text.contains("of the offered orders were accepted"), "{text}");
}
