//! What one invocation did, as one line of CloudWatch's embedded metric format: CloudWatch makes
//! metrics of it, and no request has to be sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::store::Stored;

/// How a record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Billed by this delivery, documents stored.
    Documented,
    /// Billed in part by this delivery, as the partner allowed, documents stored.
    PartlyDocumented,
    /// Settled by an earlier delivery, documents stored now or before.
    Redelivered,
    /// Refused by this delivery, and the partner told.
    Refused,
    /// Another order under a number that is taken.
    Conflicting,
}

/// A settled record and where its time went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processed {
    /// How it ended.
    pub outcome: Outcome,
    /// Where its time went.
    pub spent: Spent,
    /// What was put.
    pub stored: Stored,
    /// Row of the order, if it is still to be noted that its documents are stored
    /// ([`Process::conclude`](crate::Process::conclude)).
    pub documented: Option<i64>,
}

/// Wall time by part of the work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// In transactions, waiting for other processes' included.
    pub database: Duration,
    /// Rendering.
    pub render: Duration,
    /// Waiting for the bucket.
    pub store: Duration,
}

/// The counts and times of an invocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchMetrics {
    /// Records in the batch.
    pub batch_size: u64,
    /// Records that ended as [`Outcome::Documented`] or [`Outcome::PartlyDocumented`].
    pub documented: u64,
    /// Records that ended as [`Outcome::PartlyDocumented`].
    pub partly_documented: u64,
    /// Records that ended as [`Outcome::Redelivered`].
    pub redelivered: u64,
    /// Records that ended as [`Outcome::Refused`].
    pub refused: u64,
    /// Records that ended as [`Outcome::Conflicting`].
    pub conflicting: u64,
    /// Records that go back to the queue.
    pub failed: u64,
    /// Sums over the records. Puts of several overlap, so that the sum may exceed the wall time.
    pub spent: Spent,
    /// What was put.
    pub stored: Stored,
    /// From the start of the process to its first invocation; only there.
    pub init: Option<Duration>,
}

impl BatchMetrics {
    /// Counts a settled record.
    pub fn add(&mut self, processed: &Processed) {
        match processed.outcome {
            Outcome::Documented => self.documented += 1,
            Outcome::PartlyDocumented => {
                self.documented += 1;
                self.partly_documented += 1;
            }
            Outcome::Redelivered => self.redelivered += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Conflicting => self.conflicting += 1,
        }
        self.spent.database += processed.spent.database;
        self.spent.render += processed.spent.render;
        self.spent.store += processed.spent.store;
        self.stored += processed.stored;
    }

    /// The line.
    pub fn to_emf(&self, now: SystemTime) -> Value {
        let ms = |time: Duration| (json!(time.as_secs_f64() * 1_000.0), "Milliseconds");
        let count = |number: u64| (json!(number), "Count");
        let mut metrics = vec![
            ("OrdersDocumented", count(self.documented)),
            ("OrdersPartiallyConfirmed", count(self.partly_documented)),
            ("OrdersRefused", count(self.refused)),
            ("OrdersRedelivered", count(self.redelivered)),
            ("OrdersConflicting", count(self.conflicting)),
            ("OrdersFailed", count(self.failed)),
            ("BatchSize", count(self.batch_size)),
            ("Documents", count(self.stored.documents)),
            ("DocumentBytes", (json!(self.stored.bytes), "Bytes")),
            ("StoreRetries", count(self.stored.retries)),
            ("DatabaseMs", ms(self.spent.database)),
            ("RenderMs", ms(self.spent.render)),
            ("StoreMs", ms(self.spent.store)),
        ];
        if let Some(init) = self.init {
            metrics.extend([("ColdStarts", count(1)), ("InitMs", ms(init))]);
        }
        let definitions: Vec<Value> =
            metrics.iter().map(|(name, (_, unit))| json!({"Name": name, "Unit": unit})).collect();
        let timestamp_ms = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let mut line = json!({
            "_aws": {
                "Timestamp": timestamp_ms,
                "CloudWatchMetrics": [
                    {"Namespace": "Vazao", "Dimensions": [["service"]], "Metrics": definitions},
                ],
            },
            "service": "processor",
        });
        for (name, (value, _)) in metrics {
            line[name] = value;
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_that_is_announced_has_its_value() {
        let mut metrics = BatchMetrics { batch_size: 3, failed: 1, ..BatchMetrics::default() };
        metrics.init = Some(Duration::from_millis(12));
        let spent = Spent {
            database: Duration::from_micros(250),
            render: Duration::from_micros(125),
            store: Duration::from_millis(7),
        };
        let stored = Stored { documents: 3, bytes: 20_000, retries: 2 };
        let documented = Some(7);
        metrics.add(&Processed { outcome: Outcome::PartlyDocumented, spent, stored, documented });
        let stored = Stored::default();
        metrics.add(&Processed { outcome: Outcome::Refused, spent, stored, documented });
        let line = metrics.to_emf(UNIX_EPOCH + Duration::from_millis(1_700_000_000_123));
        let announced = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        assert_eq!(announced.len(), 15);
        assert!(announced.iter().all(|metric| line[metric["Name"].as_str().unwrap()].is_number()));
        assert_eq!(line["_aws"]["Timestamp"], 1_700_000_000_123_u64);
        assert_eq!((&line["DatabaseMs"], &line["StoreMs"]), (&json!(0.5), &json!(14.0)));
        assert_eq!((&line["OrdersDocumented"], &line["OrdersRefused"]), (&json!(1), &json!(1)));
        assert_eq!(
            (&line["OrdersPartiallyConfirmed"], &line["ColdStarts"]),
            (&json!(1), &json!(1))
        );
        assert_eq!((&line["Documents"], &line["DocumentBytes"]), (&json!(3), &json!(20_000)));
        assert_eq!(line["StoreRetries"], json!(2));
        assert_eq!((&line["InitMs"], &line["OrdersFailed"]), (&json!(12.0), &json!(1)));
    }

    #[test]
    fn a_warm_invocation_has_no_init_time() {
        let line = BatchMetrics::default().to_emf(UNIX_EPOCH);
        assert!(line.get("InitMs").is_none() && line.get("ColdStarts").is_none());
    }
}
