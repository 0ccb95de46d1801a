//! SQS: the queues of the account, their waiting receivers and their metrics.
//!
//! `queue.rs` decides; this file owns the clock, the locks and the waking. The protocols
//! are in `sqs/json.rs` and `sqs/query.rs`, the actions they share in `sqs/actions.rs`.

pub(crate) mod actions;
pub(crate) mod error;
pub(crate) mod json;
pub(crate) mod moves;
pub(crate) mod query;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::{now_ms, now_s};
use crate::config::QueueConfig;
use crate::ids::{Id, IdSource};
use crate::lock::{lock, read, write};
use crate::message::{Draft, MESSAGE_BYTES_MAX, Md5Sum, Message};
use crate::metric_store::{MetricId, MetricStore, Series};
use crate::queue::{
    Delivery, Depth, Leaving, Queue, QueueSettings, Receipt, Take, VisibilityChange,
};

use error::SqsError;

/// A message was taken; what the sender learns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) id: Id,
    pub(crate) md5_of_body: Md5Sum,
    pub(crate) md5_of_attributes: Option<Md5Sum>,
}

/// A redrive policy as the API speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedriveTarget {
    pub(crate) queue_name: String,
    pub(crate) arn: String,
    pub(crate) max_receive_count: u32,
}

struct QueueMetrics {
    sent: Arc<Series>,
    sent_bytes: Arc<Series>,
    received: Arc<Series>,
    deleted: Arc<Series>,
    empty_receives: Arc<Series>,
    visible: Arc<Series>,
    not_visible: Arc<Series>,
    delayed: Arc<Series>,
    oldest_age_s: Arc<Series>,
}

impl QueueMetrics {
    fn new(store: &MetricStore, queue: &str) -> Self {
        let series = |name: &str| {
            store.series(MetricId::new(
                "AWS/SQS",
                name,
                vec![("QueueName".to_owned(), queue.to_owned())],
            ))
        };
        QueueMetrics {
            sent: series("NumberOfMessagesSent"),
            sent_bytes: series("SentMessageSize"),
            received: series("NumberOfMessagesReceived"),
            deleted: series("NumberOfMessagesDeleted"),
            empty_receives: series("NumberOfEmptyReceives"),
            visible: series("ApproximateNumberOfMessagesVisible"),
            not_visible: series("ApproximateNumberOfMessagesNotVisible"),
            delayed: series("ApproximateNumberOfMessagesDelayed"),
            oldest_age_s: series("ApproximateAgeOfOldestMessage"),
        }
    }
}

/// One queue and those who wait for it.
pub(crate) struct QueueHandle {
    pub(crate) name: String,
    pub(crate) arn: Arc<str>,
    pub(crate) created_s: i64,
    core: Mutex<Queue>,
    arrived: Notify,
    pub(crate) redrive: RwLock<Option<RedriveTarget>>,
    /// Attributes that are only remembered: Policy, RedriveAllowPolicy, …
    pub(crate) remembered: Mutex<BTreeMap<String, String>>,
    pub(crate) wait_ms_default: AtomicU64,
    pub(crate) message_bytes_max: AtomicUsize,
    sends_to_refuse: AtomicU64,
    metrics: QueueMetrics,
}

impl QueueHandle {
    /// Takes a message and wakes one receiver.
    pub(crate) fn send(
        &self,
        id: Id,
        draft: Draft,
        delay_ms: Option<u64>,
    ) -> Result<Sent, SqsError> {
        if self.refuses_now() {
            return Err(SqsError::ServiceUnavailable);
        }
        let now = now_ms();
        let message = Arc::new(Message::new(id, draft, now));
        let sent = Sent {
            id,
            md5_of_body: message.md5_of_body,
            md5_of_attributes: message.md5_of_attributes,
        };
        let size_bytes = message.size_bytes;
        {
            let mut core = lock(&self.core);
            let delay_ms = delay_ms.unwrap_or(core.settings.delay_ms);
            core.put(now, message, delay_ms, None);
        }
        self.arrived.notify_one();
        let second = now_s();
        self.metrics.sent.record(second, 1.0);
        self.metrics.sent_bytes.record(second, size_bytes as f64);
        Ok(sent)
    }

    /// Makes the next `count` sends fail, as when SQS itself is in trouble.
    pub(crate) fn refuse_sends(&self, count: u64) {
        self.sends_to_refuse.store(count, Ordering::Relaxed);
    }

    fn refuses_now(&self) -> bool {
        if self.sends_to_refuse.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let take_one = |left: u64| left.checked_sub(1);
        self.sends_to_refuse.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one).is_ok()
    }

    /// Deletes; true if there was something to delete.
    pub(crate) fn delete(&self, receipt: Receipt) -> bool {
        let deleted = lock(&self.core).delete(receipt);
        // NumberOfMessagesDeleted counts calls with a valid handle, not vanished messages:
        // "Available CloudWatch metrics for Amazon SQS".
        self.metrics.deleted.record(now_s(), 1.0);
        deleted
    }

    pub(crate) fn change_visibility(
        &self,
        receipt: Receipt,
        visibility_ms: u64,
    ) -> VisibilityChange {
        let change = lock(&self.core).change_visibility(now_ms(), receipt, visibility_ms);
        // A receiver may be asleep until a later instant than the new one.
        self.arrived.notify_waiters();
        change
    }

    pub(crate) fn purge(&self) {
        lock(&self.core).purge();
    }

    pub(crate) fn depth(&self) -> Depth {
        let mut core = lock(&self.core);
        core.advance(now_ms());
        core.depth()
    }

    pub(crate) fn settings(&self) -> QueueSettings {
        lock(&self.core).settings
    }

    pub(crate) fn change_settings(&self, change: impl FnOnce(&mut QueueSettings)) {
        change(&mut lock(&self.core).settings);
        self.arrived.notify_waiters();
    }

    fn take_in(&self, leaving: &Leaving, source_arn: &Arc<str>) {
        lock(&self.core).put(now_ms(), leaving.message.clone(), 0, Some(source_arn.clone()));
        self.arrived.notify_one();
    }

    /// Publishes the gauges. AWS does so each minute; here each second.
    fn sample(&self, now: u64) {
        let (woken, depth, age_ms) = {
            let mut core = lock(&self.core);
            (core.advance(now), core.depth(), core.oldest_age_ms(now))
        };
        if woken > 0 {
            self.arrived.notify_waiters();
        }
        let second = now_s();
        self.metrics.visible.record(second, depth.visible as f64);
        self.metrics.not_visible.record(second, depth.not_visible as f64);
        self.metrics.delayed.record(second, depth.delayed as f64);
        self.metrics.oldest_age_s.record(second, (age_ms / 1000) as f64);
    }
}

/// The queues of the account.
pub(crate) struct Sqs {
    pub(crate) region: String,
    pub(crate) account_id: String,
    pub(crate) ids: IdSource,
    base_url: OnceLock<String>,
    queues: RwLock<BTreeMap<String, Arc<QueueHandle>>>,
    pub(crate) moves: Mutex<Vec<moves::MoveTask>>,
    metrics: Arc<MetricStore>,
}

impl Sqs {
    pub(crate) fn new(
        region: &str,
        account_id: &str,
        queues: &[QueueConfig],
        metrics: Arc<MetricStore>,
    ) -> Self {
        let sqs = Sqs {
            region: region.to_owned(),
            account_id: account_id.to_owned(),
            ids: IdSource::new(),
            base_url: OnceLock::new(),
            queues: RwLock::default(),
            moves: Mutex::default(),
            metrics,
        };
        for config in queues {
            let redrive = config.redrive.as_ref().map(|policy| RedriveTarget {
                arn: sqs.arn(&policy.dead_letter_queue),
                queue_name: policy.dead_letter_queue.clone(),
                max_receive_count: policy.max_receive_count,
            });
            sqs.create(&config.name, settings(config), redrive);
        }
        sqs
    }

    /// The port is known only once the listener is bound.
    pub(crate) fn set_base_url(&self, base_url: &str) {
        // A second call cannot happen: only `LocalCloud::start` calls, once.
        let _ = self.base_url.set(base_url.to_owned());
    }

    pub(crate) fn create(
        &self,
        name: &str,
        settings: QueueSettings,
        redrive: Option<RedriveTarget>,
    ) -> Arc<QueueHandle> {
        let handle = Arc::new(QueueHandle {
            name: name.to_owned(),
            arn: self.arn(name).into(),
            created_s: now_s(),
            core: Mutex::new(Queue::new(settings)),
            arrived: Notify::new(),
            redrive: RwLock::new(redrive),
            remembered: Mutex::default(),
            wait_ms_default: AtomicU64::new(0),
            message_bytes_max: AtomicUsize::new(MESSAGE_BYTES_MAX),
            sends_to_refuse: AtomicU64::new(0),
            metrics: QueueMetrics::new(&self.metrics, name),
        });
        write(&self.queues).entry(name.to_owned()).or_insert(handle).clone()
    }

    pub(crate) fn remove(&self, name: &str) -> bool {
        write(&self.queues).remove(name).is_some()
    }

    pub(crate) fn queue(&self, name: &str) -> Option<Arc<QueueHandle>> {
        read(&self.queues).get(name).cloned()
    }

    pub(crate) fn queues(&self) -> Vec<Arc<QueueHandle>> {
        read(&self.queues).values().cloned().collect()
    }

    pub(crate) fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{name}", self.region, self.account_id)
    }

    pub(crate) fn url(&self, name: &str) -> String {
        let base_url = self.base_url.get().map_or("", String::as_str);
        format!("{base_url}/{}/{name}", self.account_id)
    }

    /// Receives, waiting up to `wait` for a first message. An empty answer is counted.
    pub(crate) async fn receive(
        &self,
        queue: &QueueHandle,
        take: Take,
        wait: Duration,
    ) -> Result<Vec<Delivery>, SqsError> {
        let deadline = Instant::now() + wait;
        loop {
            let mut arrived = std::pin::pin!(queue.arrived.notified());
            // Listening starts before looking, or a message could arrive in between.
            arrived.as_mut().enable();
            let now = now_ms();
            let (received, next_change_ms) = {
                let mut core = lock(&queue.core);
                (core.receive(now, take), core.next_change_ms())
            };
            let found_dead = !received.dead.is_empty();
            self.dead_letter(queue, received.dead);
            if !received.deliveries.is_empty() {
                queue.metrics.received.record(now_s(), received.deliveries.len() as f64);
                return Ok(received.deliveries);
            }
            if received.over_limit && wait.is_zero() {
                return Err(SqsError::OverLimit);
            }
            if Instant::now() >= deadline {
                queue.metrics.empty_receives.record(now_s(), 1.0);
                return Ok(Vec::new());
            }
            if found_dead {
                continue;
            }
            let wake = wake_at(deadline, now, next_change_ms);
            tokio::select! {
                () = arrived => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    /// Puts first and forgets second, so that at no instant a message is in neither queue.
    fn dead_letter(&self, queue: &QueueHandle, dead: Vec<Leaving>) {
        if dead.is_empty() {
            return;
        }
        let target =
            read(&queue.redrive).as_ref().and_then(|target| self.queue(&target.queue_name));
        for leaving in dead {
            match &target {
                Some(target) => {
                    target.take_in(&leaving, &queue.arn);
                    lock(&queue.core).forget(leaving.sequence);
                }
                None => lock(&queue.core).keep(leaving.sequence),
            }
        }
    }

    /// Publishes the gauges of every queue.
    pub(crate) fn sample(&self) {
        let now = now_ms();
        self.queues().iter().for_each(|queue| queue.sample(now));
    }
}

/// The earlier of the deadline and the queue's own next change, at least a millisecond away:
/// timers have that resolution and must not make the loop spin.
fn wake_at(deadline: Instant, now: u64, next_change_ms: Option<u64>) -> Instant {
    match next_change_ms {
        Some(change_ms) => {
            let ahead = Duration::from_millis(change_ms.saturating_sub(now).max(1));
            deadline.min(Instant::now() + ahead)
        }
        None => deadline,
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn settings(config: &QueueConfig) -> QueueSettings {
    QueueSettings {
        visibility_ms: millis(config.visibility_timeout),
        retention_ms: millis(config.retention),
        delay_ms: 0,
        max_receive_count: config.redrive.as_ref().map(|redrive| redrive.max_receive_count),
    }
}

/// `sequence-count` in hexadecimal, after the name of the queue: opaque to clients.
pub(crate) fn receipt_handle(queue: &str, receipt: Receipt) -> String {
    format!("{queue}.{:x}.{:x}", receipt.sequence, receipt.receive_count)
}

pub(crate) fn parse_receipt_handle(queue: &str, handle: &str) -> Option<Receipt> {
    let (sequence, count) = handle.strip_prefix(queue)?.strip_prefix('.')?.split_once('.')?;
    Some(Receipt {
        sequence: u64::from_str_radix(sequence, 16).ok()?,
        receive_count: u32::from_str_radix(count, 16).ok()?,
    })
}
