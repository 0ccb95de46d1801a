//! The stall experiment as a permanent test; `examples/stall.rs` prints it beside goose's own
//! closed loop.

use std::sync::Arc;
use std::time::Duration;

use crate::gateway::{Listening, TestGateway};
use crate::load::{ONE_AT_A_TIME, plan, send};

/// 200 orders a second for 20 s, of which 3 s are a stall: 600 orders are due in it, 15 % of all,
/// and wait up to 3 s, evenly; so a tenth of all wait longer than 1 s. With 24 in flight at most 24
/// of them were sent and waited for their answers, 0.6 % of all: the p90 from the send knows
/// nothing of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_of_three_seconds_is_in_the_p90_from_the_intended_instant_and_not_in_that_from_the_send()
 {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let stall = Arc::new(tokio::sync::RwLock::new(()));
    let listening = Listening { stall: Arc::clone(&stall), ..Listening::plainly(|_| Some(202)) };
    let gateway = TestGateway::start(listening).await;
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(8)).await;
        let _held = stall.write().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    });
    let mut plan = plan(&gateway.url, folder.path(), 4_000, 20.0);
    plan.in_flight_max = 24;
    let generator = send(plan).await.generator;

    assert_eq!((generator.outcomes.accepted, generator.response.count), (4_000, 4_000));
    assert!(generator.response.p90_us > 500_000, "{generator:?}");
    assert!(generator.service.p90_us < 500_000, "{generator:?}");
    assert!(generator.response.p90_us > 5 * generator.service.p90_us, "{generator:?}");
}
