//! What a FIFO queue remembers of the messages it took in the last five minutes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::message::Draft;

use super::Sent;

/// SQS guide, "Exactly-once processing in Amazon SQS": the deduplication interval.
const INTERVAL_MS: u64 = 300_000;

/// By key, the answers given within the interval.
#[derive(Default)]
pub(crate) struct Deduplication {
    answers: HashMap<Arc<str>, Sent>,
    /// (when the interval ends, key), oldest first.
    ends: VecDeque<(u64, Arc<str>)>,
}

impl Deduplication {
    /// How the same message was answered.
    pub(crate) fn find(&mut self, now_ms: u64, key: &str) -> Option<Sent> {
        while self.ends.front().is_some_and(|(end_ms, _)| *end_ms <= now_ms) {
            let Some((_, key)) = self.ends.pop_front() else { break };
            self.answers.remove(&key);
        }
        self.answers.get(key).copied()
    }

    pub(crate) fn remember(&mut self, now_ms: u64, key: String, sent: Sent) {
        let key: Arc<str> = key.into();
        self.ends.push_back((now_ms + INTERVAL_MS, key.clone()));
        self.answers.insert(key, sent);
    }
}

/// What makes two messages the same: the id given, or the body; in the whole queue, or within
/// the message group (DeduplicationScope).
pub(crate) fn key(draft: &Draft, per_group: bool) -> String {
    let extras = draft.extras.as_deref();
    let given = extras.and_then(|extras| extras.deduplication_id.clone());
    let id = given.unwrap_or_else(|| content_id(&draft.body));
    let group = extras.and_then(|extras| extras.group.as_deref()).filter(|_| per_group);
    format!("{id} {}", group.unwrap_or_default())
}

/// ContentBasedDeduplication: the SHA-256 of the body, not of the attributes.
pub(crate) fn content_id(body: &str) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::IdSource;
    use crate::message::Md5Sum;

    #[test]
    fn an_answer_is_remembered_for_five_minutes_and_no_longer() {
        let ids = IdSource::new();
        let sent = Sent {
            id: ids.next(),
            md5_of_body: Md5Sum::of(b"x"),
            md5_of_attributes: None,
            md5_of_system_attributes: None,
            sequence_number: Some(7),
        };
        let mut recent = Deduplication::default();
        recent.remember(1000, "a".to_owned(), sent);
        assert_eq!(recent.find(300_999, "a").map(|found| found.id), Some(sent.id));
        assert!(recent.find(300_999, "b").is_none());
        assert!(recent.find(301_000, "a").is_none());
    }
}
