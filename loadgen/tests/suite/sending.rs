//! Every arrival is sent once, on time or with the lateness on record.

use std::sync::Arc;
use std::time::Duration;

use runlog::Outcome;
use tokio::net::TcpListener;

use crate::gateway::{Listening, TestGateway};
use crate::load::{ONE_AT_A_TIME, exchanges, partner, plan, send};

/// By k modulo 10: a redirect, a server error, throttled, refused, a hang-up; else accepted.
fn mixed(k: u64) -> Option<u16> {
    match k % 10 {
        0 => Some(307),
        1 => Some(503),
        2 => Some(429),
        3 => Some(400),
        4 => None,
        _ => Some(202),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_arrival_is_sent_exactly_once_and_has_the_outcome_that_it_got() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let gateway = TestGateway::start(Listening::plainly(|seen| mixed(seen.k))).await;
    let result = send(plan(&gateway.url, folder.path(), 1_000, 2.0)).await;

    let received = gateway.times();
    assert_eq!(received.len(), 1_000);
    assert!(received.values().all(|times| *times == 1), "an order was sent again");
    for seen in gateway.seen() {
        assert_eq!(seen.headers["x-api-key"], format!("key {}", partner(seen.k)).as_str());
    }
    let counts = result.generator.outcomes;
    assert_eq!(
        (counts.accepted, counts.rejected, counts.throttled, counts.failed, counts.unknown),
        (500, 100, 100, 200, 100)
    );
    for k in 0..1_000 {
        let expected = mixed(k).map_or(Outcome::Unknown, Outcome::from_status);
        assert_eq!(result.outcomes.get(k), Some(expected), "order {k}");
    }
    let rows = exchanges(folder.path());
    for row in &rows {
        assert_eq!(Some(row.outcome), result.outcomes.get(row.index));
        assert!(row.intended_us <= row.sent_us && row.sent_us <= row.end_us);
        assert_eq!((row.attempt, row.is_last), (1, true));
    }
    assert_eq!(rows.len(), 1_000);
    assert_eq!(result.generator.response.count, 1_000);
}

/// Coordinated omission: while the gateway stalls, a cap of four in flight keeps the others from
/// being sent. Their service time is short; what their partners waited is not, and is recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_is_in_the_response_time_of_every_order_that_it_held_up() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let stall = Arc::new(tokio::sync::RwLock::new(()));
    let listening = Listening { stall: Arc::clone(&stall), ..Listening::plainly(|_| Some(202)) };
    let gateway = TestGateway::start(listening).await;
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let _held = stall.write().await;
        tokio::time::sleep(Duration::from_millis(1_000)).await;
    });
    let mut plan = plan(&gateway.url, folder.path(), 600, 3.0);
    plan.in_flight_max = 4;
    let result = send(plan).await;

    let generator = result.generator;
    assert_eq!(generator.outcomes.accepted, 600);
    assert!(generator.in_flight_max <= 4, "{generator:?}");
    assert!(generator.capped > 100, "{generator:?}");
    // A third of the orders were due in the stall; four were in flight.
    assert!(generator.response.p90_us > 5 * generator.service.p90_us, "{generator:?}");
    assert!(generator.start_lag.p90_us > 5 * generator.service.p90_us, "{generator:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_not_there_fails_every_order_and_loses_no_account() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let result = send(plan(&url, folder.path(), 50, 0.5)).await;
    assert_eq!(result.generator.outcomes.failed, 50);
}
