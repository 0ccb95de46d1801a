//! Retries, time limits and the abort rule.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use loadgen::{AbortRule, Retries};
use runlog::Outcome;

use crate::gateway::{Listening, TestGateway};
use crate::load::{ONE_AT_A_TIME, exchanges, plan, send};

/// By k modulo 5: throttled once, hung up on once, always 503, refused, accepted.
fn moody(k: u64, times: u32) -> Option<u16> {
    match (k % 5, times) {
        (0, 1) => Some(429),
        (1, 1) => None,
        (2, _) => Some(503),
        (3, _) => Some(400),
        _ => Some(202),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_tried_again_as_the_rule_says_and_every_attempt_is_an_exchange() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let gateway = TestGateway::start(Listening::plainly(|seen| moody(seen.k, seen.times))).await;
    let mut plan = plan(&gateway.url, folder.path(), 500, 1.0);
    plan.retries = Retries { attempts: 3, backoff_ms: 30, ..Retries::default() };
    let result = send(plan).await;

    // Of each five: twice, twice, three times, once, once.
    let times: Vec<u32> = gateway.times().into_values().collect();
    assert_eq!(times, [2, 2, 3, 1, 1].repeat(100));
    let counts = result.generator.outcomes;
    assert_eq!((counts.accepted, counts.failed, counts.rejected), (300, 100, 100));
    assert_eq!(counts.total(), 500);
    assert_eq!(result.generator.retries, 400);
    // One response time an order, one service time an attempt, one start lag an order.
    let generator = result.generator;
    let recorded =
        [generator.response, generator.service, generator.start_lag].map(|times| times.count);
    assert_eq!(recorded, [500, 900, 500]);

    let rows = exchanges(folder.path());
    let mut attempts: BTreeMap<u64, Vec<(u8, bool, Outcome)>> = BTreeMap::new();
    for row in &rows {
        attempts.entry(row.index).or_default().push((row.attempt, row.is_last, row.outcome));
    }
    assert_eq!(attempts[&10], [(1, false, Outcome::Throttled), (2, true, Outcome::Accepted)]);
    assert_eq!(attempts[&11], [(1, false, Outcome::Unknown), (2, true, Outcome::Accepted)]);
    let failed = Outcome::Failed;
    assert_eq!(attempts[&12], [(1, false, failed), (2, false, failed), (3, true, failed)]);
    assert_eq!(attempts[&13], [(1, true, Outcome::Rejected)]);
    // The same number and the same bytes each time.
    let mut bodies = BTreeMap::new();
    for seen in gateway.seen() {
        assert_eq!(*bodies.entry(seen.k).or_insert(seen.body.clone()), seen.body);
    }
}

/// 429 after silence says nothing of whether the first attempt was taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_once_unanswered_stays_unknown_unless_a_later_attempt_is_accepted() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let answer = |times| if times == 1 { None } else { Some(429) };
    let gateway = TestGateway::start(Listening::plainly(move |seen| answer(seen.times))).await;
    let mut plan = plan(&gateway.url, folder.path(), 40, 0.5);
    plan.retries = Retries { attempts: 2, backoff_ms: 10, ..Retries::default() };
    let result = send(plan).await;
    assert_eq!(result.generator.outcomes.unknown, 40);
    assert!((0..40).all(|k| result.outcomes.get(k) == Some(Outcome::Unknown)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_does_not_come_in_time_leaves_the_order_unknown() {
    let _one = ONE_AT_A_TIME.lock().await;
    for is_http2 in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let stall = Arc::new(tokio::sync::RwLock::new(()));
        let gateway = TestGateway::start(Listening {
            stall: Arc::clone(&stall),
            is_http2,
            ..Listening::plainly(|_| Some(202))
        })
        .await;
        let _for_ever = stall.write().await;
        let mut plan = plan(&gateway.url, folder.path(), 30, 0.2);
        plan.transport.answer_within = Duration::from_millis(150);
        if is_http2 {
            plan.transport.protocol = loadgen::Protocol::Http2;
        }
        let result = send(plan).await;
        assert_eq!(result.generator.outcomes.unknown, 30, "HTTP/2: {is_http2}");
        assert_eq!(gateway.times().len(), 30);
        assert!(result.generator.service.p50_us >= 150_000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_goes_nowhere_ends_by_its_abort_rule_and_accounts_for_what_it_sent() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let gateway = TestGateway::start(Listening::plainly(|_| Some(503))).await;
    // Twenty minutes, if it were not for the rule.
    let mut plan = plan(&gateway.url, folder.path(), 120_000, 1_200.0);
    plan.abort = Some(AbortRule { error_share_max: 0.5, for_s: 1 });
    let result = send(plan).await;
    let reason = result.aborted.unwrap();
    assert!(reason.contains("100 %") && reason.contains("50 %"), "{reason}");
    let sent = gateway.times();
    assert!(sent.len() < 60_000 && sent.values().all(|times| *times == 1));
    assert_eq!(result.generator.outcomes.failed, sent.len() as u64);
    let not_sent = (0..120_000).filter(|k| result.outcomes.get(*k).is_none()).count();
    assert_eq!(not_sent, 120_000 - sent.len());
}
