//! SQS: the queues of the account, their waiting receivers and their metrics.
//!
//! `queue.rs` decides; this file owns the clock, the locks and the waking. The protocols
//! are in `sqs/json.rs` and `sqs/query.rs`, the actions they share in `sqs/actions.rs`.

pub(crate) mod actions;
pub(crate) mod attributes;
pub(crate) mod deduplication;
pub(crate) mod error;
pub(crate) mod json;
pub(crate) mod messages;
pub(crate) mod moves;
pub(crate) mod permissions;
pub(crate) mod query;
pub(crate) mod queues;
pub(crate) mod requests;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::{now_ms, now_s, now_us};
use crate::config::QueueConfig;
use crate::faults::{FaultKind, Faults};
use crate::ids::{Id, IdSource};
use crate::lock::{lock, read, write};
use crate::message::{Draft, MESSAGE_BYTES_MAX, Md5Sum, Message};
use crate::metric_store::{MetricId, MetricStore, Series};
use crate::queue::{
    Delivery, Depth, Leaving, Queue, QueueSettings, Receipt, Sequence, Snapshot, Take,
    VisibilityChange,
};
use crate::queue_log::{Commit, QueueDurability, QueueLog, Replayed};

use deduplication::Deduplication;
use error::SqsError;

/// What SQS says of a message that is too long.
const TOO_LONG: &str =
    "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.";

/// A message was taken; what the sender learns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) id: Id,
    pub(crate) md5_of_body: Md5Sum,
    pub(crate) md5_of_attributes: Option<Md5Sum>,
    pub(crate) md5_of_system_attributes: Option<Md5Sum>,
    /// FIFO queues only.
    pub(crate) sequence_number: Option<u64>,
}

/// What a FIFO queue has and a standard one has not.
#[derive(Default)]
pub(crate) struct Fifo {
    pub(crate) content_based: AtomicBool,
    pub(crate) per_group: AtomicBool,
    recent: Mutex<Deduplication>,
}

/// A redrive policy as the API speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedriveTarget {
    pub(crate) queue_name: String,
    pub(crate) arn: String,
    pub(crate) max_receive_count: u32,
}

/// PurgeQueue API reference: "one call every 60 seconds".
const PURGE_MS_MIN: u64 = 60_000;

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
    /// What is in `core`, on disk. Locked only while `core` is.
    log: Option<Mutex<QueueLog>>,
    commit: Option<Arc<Commit>>,
    arrived: Notify,
    pub(crate) redrive: RwLock<Option<RedriveTarget>>,
    /// Attributes that are only remembered: Policy, RedriveAllowPolicy, …
    pub(crate) remembered: Mutex<BTreeMap<String, String>>,
    pub(crate) wait_ms_default: AtomicU64,
    pub(crate) message_bytes_max: AtomicUsize,
    pub(crate) modified_s: AtomicI64,
    pub(crate) purged_ms: AtomicU64,
    pub(crate) tags: Mutex<BTreeMap<String, String>>,
    pub(crate) fifo: Option<Fifo>,
    sends_to_refuse: AtomicU64,
    faults: Arc<Faults>,
    metrics: QueueMetrics,
}

impl QueueHandle {
    /// Takes a message and wakes one receiver. It is as durable as the cloud was asked to be
    /// when this returns.
    pub(crate) fn send(
        &self,
        id: Id,
        draft: Draft,
        delay_ms: Option<u64>,
    ) -> Result<Sent, SqsError> {
        let sent = self.accept(id, draft, delay_ms)?;
        self.commit()?;
        Ok(sent)
    }

    /// Takes a message that must not be answered for before [`QueueHandle::commit`].
    pub(crate) fn accept(
        &self,
        id: Id,
        draft: Draft,
        delay_ms: Option<u64>,
    ) -> Result<Sent, SqsError> {
        if self.refuses_now() || self.faults.strikes(FaultKind::SqsRefuse) {
            return Err(SqsError::ServiceUnavailable);
        }
        if self.faults.strikes(FaultKind::SqsDeny) {
            return Err(SqsError::AccessDenied);
        }
        if self.faults.strikes(FaultKind::SqsInvalid) {
            return Err(SqsError::InvalidParameterValue(TOO_LONG.to_owned()));
        }
        match &self.fifo {
            None => self.put(id, draft, delay_ms),
            Some(fifo) => self.put_once(fifo, id, draft),
        }
    }

    /// Waits until what was accepted is as safe as it has to be.
    pub(crate) fn commit(&self) -> Result<(), SqsError> {
        match &self.commit {
            Some(commit) => blocking(|| commit.wait()).map_err(|_| SqsError::ServiceUnavailable),
            None => Ok(()),
        }
    }

    fn put(&self, id: Id, draft: Draft, delay_ms: Option<u64>) -> Result<Sent, SqsError> {
        let message = Message::sent_at(id, draft, now_us());
        let now = message.sent_ms;
        let deep = lock(&self.core).is_deep();
        let message = Arc::new(if deep { message.packed() } else { message });
        let size_bytes = message.size_bytes;
        let (md5_of_body, md5_of_attributes) = (message.md5_of_body, message.md5_of_attributes);
        let md5_of_system_attributes = message.extras.as_ref().and_then(|extras| extras.md5());
        let sequence = self.store(now, message, self.delayed_by_fault(delay_ms), None)?;
        self.reorder();
        let second = now_s();
        self.metrics.sent.record(second, 1.0);
        self.metrics.sent_bytes.record(second, size_bytes as f64);
        let sequence_number = self.fifo.is_some().then_some(sequence);
        Ok(Sent { id, md5_of_body, md5_of_attributes, md5_of_system_attributes, sequence_number })
    }

    /// The delay of a message, longer if the fault strikes. A FIFO queue is spared.
    fn delayed_by_fault(&self, delay_ms: Option<u64>) -> Option<u64> {
        if self.fifo.is_some() {
            return delay_ms;
        }
        match self.faults.strikes_for(FaultKind::MessageDelay) {
            Some(more) => {
                let delay_ms = delay_ms.unwrap_or_else(|| self.settings().delay_ms);
                Some(delay_ms + millis(more))
            }
            None => delay_ms,
        }
    }

    fn reorder(&self) {
        if self.fifo.is_none()
            && let Some(number) = self.faults.strikes_with(FaultKind::MessageReorder)
        {
            lock(&self.core).trade_places(number);
        }
    }

    /// On disk first, if there is one; then in the queue.
    fn store(
        &self,
        now: u64,
        message: Arc<Message>,
        delay_ms: Option<u64>,
        dead_letter_source: Option<Arc<str>>,
    ) -> Result<Sequence, SqsError> {
        let sequence = {
            let mut core = lock(&self.core);
            let visible_ms = now + delay_ms.unwrap_or(core.settings.delay_ms);
            let sequence = core.next_sequence();
            let snapshot =
                Snapshot { sequence, message, arrived_ms: now, visible_ms, dead_letter_source };
            if let Some(log) = &self.log {
                lock(log).put(&snapshot).map_err(|_| SqsError::ServiceUnavailable)?;
            }
            core.restore(now, snapshot);
            sequence
        };
        self.arrived.notify_one();
        Ok(sequence)
    }

    /// Writes down that a message is gone, and now and then starts the file again.
    fn note_gone(&self, core: &Queue, sequence: Sequence, message_bytes: usize) {
        let Some(log) = &self.log else { return };
        let mut log = lock(log);
        log.delete(sequence, message_bytes);
        if log.wants_rewrite(core.is_empty()) {
            // The old file is still good if this fails.
            let _ = log.rewrite(core.snapshots());
        }
    }

    /// A repetition within five minutes is answered as the first was, and not stored.
    fn put_once(&self, fifo: &Fifo, id: Id, draft: Draft) -> Result<Sent, SqsError> {
        let per_group = fifo.per_group.load(Ordering::Relaxed);
        let key = deduplication::key(&draft, per_group);
        // Held while putting: two senders of the same message must not both be the first.
        let mut recent = lock(&fifo.recent);
        if let Some(first) = recent.find(now_ms(), &key) {
            return Ok(first);
        }
        // The delay of a FIFO queue is the queue's alone.
        let sent = self.put(id, draft, None)?;
        recent.remember(now_ms(), key, sent);
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
        let deleted = {
            let mut core = lock(&self.core);
            if core.may_bring_back(receipt) && self.faults.strikes(FaultKind::MessageDuplicate) {
                core.bring_back(receipt);
                self.arrived.notify_one();
                true
            } else {
                let size_bytes = core.size_bytes(receipt.sequence);
                let deleted = core.delete(receipt);
                if deleted {
                    self.note_gone(&core, receipt.sequence, size_bytes);
                }
                deleted
            }
        };
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

    /// A FIFO queue does not delete by a receipt that has expired.
    pub(crate) fn refuses_receipt(&self, receipt: Receipt) -> bool {
        self.fifo.is_some() && lock(&self.core).receipt_expired(now_ms(), receipt)
    }

    /// False: the last purge is less than 60 s ago.
    pub(crate) fn purge(&self) -> bool {
        let now = now_ms();
        let due = |last: u64| (now >= last + PURGE_MS_MIN).then_some(now);
        let purges = self.purged_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due).is_ok();
        if purges {
            let mut core = lock(&self.core);
            core.purge();
            if let Some(log) = &self.log {
                // What stays on disk for want of space comes back after a restart.
                let _ = lock(log).purge();
            }
        }
        purges
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

    /// Takes a message in from another queue, for good.
    fn take_in(
        &self,
        message: Arc<Message>,
        dead_letter_source: Option<Arc<str>>,
    ) -> Result<(), SqsError> {
        self.store(now_ms(), message, Some(0), dead_letter_source)?;
        self.commit()
    }

    /// Ends a departure: another queue has the message now.
    fn forget(&self, leaving: &Leaving) {
        let mut core = lock(&self.core);
        core.forget(leaving.sequence);
        self.note_gone(&core, leaving.sequence, leaving.message.size_bytes);
    }

    /// The queue is deleted, and what it has on disk with it.
    fn erase(&self) {
        if let Some(log) = &self.log {
            lock(log).remove();
        }
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
    disk: Disk,
    faults: Arc<Faults>,
}

/// Where queues are kept, and what a send waits for.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    pub(crate) directory: PathBuf,
    pub(crate) durability: QueueDurability,
}

impl Sqs {
    /// # Errors
    /// A queue of an earlier run cannot be read.
    pub(crate) fn new(
        region: &str,
        account_id: &str,
        queues: &[QueueConfig],
        disk: Disk,
        metrics: Arc<MetricStore>,
        faults: Arc<Faults>,
    ) -> io::Result<Self> {
        let sqs = Sqs {
            region: region.to_owned(),
            account_id: account_id.to_owned(),
            ids: IdSource::new(),
            base_url: OnceLock::new(),
            queues: RwLock::default(),
            moves: Mutex::default(),
            metrics,
            disk,
            faults,
        };
        for config in queues {
            let redrive = config.redrive.as_ref().map(|policy| RedriveTarget {
                arn: sqs.arn(&policy.dead_letter_queue),
                queue_name: policy.dead_letter_queue.clone(),
                max_receive_count: policy.max_receive_count,
            });
            sqs.create(&config.name, settings(config), redrive)?;
        }
        Ok(sqs)
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
    ) -> io::Result<Arc<QueueHandle>> {
        let is_fifo = name.ends_with(".fifo");
        let mut core = if is_fifo { Queue::fifo(settings) } else { Queue::new(settings) };
        let log = self.open_log(name, &mut core)?;
        let handle = Arc::new(QueueHandle {
            name: name.to_owned(),
            arn: self.arn(name).into(),
            created_s: now_s(),
            core: Mutex::new(core),
            commit: log.as_ref().map(QueueLog::commit),
            log: log.map(Mutex::new),
            arrived: Notify::new(),
            redrive: RwLock::new(redrive),
            remembered: Mutex::default(),
            wait_ms_default: AtomicU64::new(0),
            message_bytes_max: AtomicUsize::new(MESSAGE_BYTES_MAX),
            modified_s: AtomicI64::new(now_s()),
            purged_ms: AtomicU64::new(0),
            tags: Mutex::default(),
            fifo: is_fifo.then(Fifo::default),
            sends_to_refuse: AtomicU64::new(0),
            faults: self.faults.clone(),
            metrics: QueueMetrics::new(&self.metrics, name),
        });
        Ok(write(&self.queues).entry(name.to_owned()).or_insert(handle).clone())
    }

    /// Reads back what an earlier process left in the queue.
    fn open_log(&self, name: &str, core: &mut Queue) -> io::Result<Option<QueueLog>> {
        if self.disk.durability == QueueDurability::Memory {
            return Ok(None);
        }
        let now = now_ms();
        let replay = |replayed| match replayed {
            Replayed::Put(mut snapshot) => {
                if core.is_deep() {
                    let packed = Arc::unwrap_or_clone(snapshot.message).packed();
                    snapshot.message = Arc::new(packed);
                }
                core.restore(now, snapshot);
            }
            Replayed::Delete(sequence) => core.forget(sequence),
            Replayed::Purge => core.purge(),
        };
        QueueLog::open(&self.disk.directory, name, self.disk.durability, replay).map(Some)
    }

    pub(crate) fn remove(&self, name: &str) {
        if let Some(queue) = write(&self.queues).remove(name) {
            queue.erase();
        }
    }

    pub(crate) fn queue(&self, name: &str) -> Option<Arc<QueueHandle>> {
        read(&self.queues).get(name).cloned()
    }

    pub(crate) fn queue_by_arn(&self, arn: &str) -> Option<Arc<QueueHandle>> {
        let queue = self.queue(arn.rsplit(':').next().unwrap_or_default())?;
        (*queue.arn == *arn).then_some(queue)
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
                Some(target)
                    if target.take_in(leaving.message.clone(), Some(queue.arn.clone())).is_ok() =>
                {
                    queue.forget(&leaving);
                }
                Some(_) | None => lock(&queue.core).keep(leaving.sequence),
            }
        }
    }

    /// Publishes the gauges of every queue.
    pub(crate) fn sample(&self) {
        let now = now_ms();
        self.advance_moves(now);
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

/// The disk is waited for without holding up the other tasks of this thread. A runtime of one
/// thread has nowhere to put them.
fn blocking<T>(wait: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    match flavor {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
        Ok(_) | Err(_) => wait(),
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

/// Opaque to clients, and URL-safe: the queue's name, and sequence and count in hexadecimal.
pub(crate) fn receipt_handle(queue: &str, receipt: Receipt) -> String {
    let text = format!("{queue} {:x} {:x}", receipt.sequence, receipt.receive_count);
    URL_SAFE_NO_PAD.encode(text)
}

pub(crate) fn parse_receipt_handle(queue: &str, handle: &str) -> Option<Receipt> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(handle).ok()?).ok()?;
    let (sequence, count) = text.strip_prefix(queue)?.strip_prefix(' ')?.split_once(' ')?;
    Some(Receipt {
        sequence: u64::from_str_radix(sequence, 16).ok()?,
        receive_count: u32::from_str_radix(count, 16).ok()?,
    })
}
