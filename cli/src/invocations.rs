//! Writes what the local cloud says of each invocation, while the run goes on.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use localcloud::InvocationRecord;
use runlog::{Handling, HandlingWriter};

use crate::failure::Failure;

/// How often the writer looks whether the run is over.
const LOOK_EVERY: Duration = Duration::from_millis(50);

type Writer = HandlingWriter<BufWriter<File>>;

/// A thread that writes records until it is told that the run is over.
pub(crate) struct InvocationLog {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), String>>,
}

impl InvocationLog {
    /// Starts a file of the run that begins at `start`.
    pub(crate) fn start(
        path: &Path,
        records: Receiver<InvocationRecord>,
        start: Timestamp,
    ) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let cannot = move |error: String| format!("cannot write {shown}: {error}");
        let writer = File::create(path)
            .map_err(|error| error.to_string())
            .and_then(|file| Writer::new(BufWriter::new(file)).map_err(|error| error.to_string()))
            .map_err(|error| Failure::internal(cannot(error)))?;
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            write(writer, &records, &told, start.as_microsecond()).map_err(cannot)
        });
        Ok(Self { over, thread })
    }

    /// Writes what there is and ends the file.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.over.store(true, Ordering::Relaxed);
        let written = self.thread.join().map_err(|_| Failure::internal("the writer panicked"))?;
        written.map_err(Failure::internal)
    }
}

fn write(
    mut writer: Writer,
    records: &Receiver<InvocationRecord>,
    over: &AtomicBool,
    start_us: i64,
) -> Result<(), String> {
    let mut invocation = 0;
    loop {
        match records.recv_timeout(LOOK_EVERY) {
            Ok(record) => {
                for row in rows(&record, invocation, start_us) {
                    writer.write(row).map_err(|error| error.to_string())?;
                }
                invocation += 1;
            }
            Err(RecvTimeoutError::Timeout) if !over.load(Ordering::Relaxed) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return writer.finish().map_err(|error| error.to_string());
            }
        }
    }
}

fn rows(
    record: &InvocationRecord,
    invocation: i64,
    start_us: i64,
) -> impl Iterator<Item = Handling> {
    let since_start = move |us: u64| us.cast_signed() - start_us;
    record.messages.iter().map(move |message| Handling {
        invocation,
        message: message.message.cast_signed(),
        messages: i64::try_from(record.messages.len()).unwrap_or(i64::MAX),
        sent_us: since_start(message.sent_us),
        polled_us: since_start(record.polled_us),
        received_us: since_start(record.received_us),
        ended_us: since_start(record.ended_us),
        duration_us: record.duration_us.cast_signed(),
        init_us: record.init_us.cast_signed(),
        throttles: i64::from(record.throttles),
        receive: i64::from(message.receive_count),
        succeeded: i64::from(record.succeeded),
        processed: i64::from(message.processed),
    })
}
