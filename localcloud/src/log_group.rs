//! A log group of CloudWatch Logs as a file, and what its volume comes to.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::clock::now_s;
use crate::lock::lock;
use crate::metric_store::{MetricId, MetricStore, Series};

pub(crate) struct LogGroup {
    file: Mutex<File>,
    incoming_bytes: Arc<Series>,
    incoming_events: Arc<Series>,
}

impl LogGroup {
    /// Appends to `directory/file`; `group` is the name by which CloudWatch knows it.
    pub(crate) fn open(
        directory: &Path,
        file: &str,
        group: &str,
        metrics: &MetricStore,
    ) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(directory.join(file))?;
        let series = |name: &str| {
            let dimensions = vec![("LogGroupName".to_owned(), group.to_owned())];
            metrics.series(MetricId::new("AWS/Logs", name, dimensions))
        };
        Ok(LogGroup {
            file: Mutex::new(file),
            incoming_bytes: series("IncomingBytes"),
            incoming_events: series("IncomingLogEvents"),
        })
    }

    /// Takes one or more whole lines, each ended by a line feed.
    pub(crate) fn write(&self, lines: &[u8]) {
        let events = lines.iter().filter(|byte| **byte == b'\n').count();
        let second = now_s();
        // The ends of lines are not part of the events.
        self.incoming_bytes.record(second, lines.len().saturating_sub(events) as f64);
        self.incoming_events.record(second, events as f64);
        // A full disk must not stop the service; the lines are counted all the same.
        let _ = lock(&self.file).write_all(lines);
    }
}
