//! One invocation that is over: the lines AWS writes of it, and what an error is called.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;

use crate::environment::InvokeError;
use crate::ids::Id;

/// One invocation, as REPORT tells it.
#[derive(Debug)]
pub(crate) struct Invoked {
    pub(crate) request_id: Id,
    pub(crate) outcome: Result<Bytes, InvokeError>,
    pub(crate) duration: Duration,
    pub(crate) init: Option<Duration>,
    /// The most that the environment has used in its life; None where nobody can tell.
    pub(crate) memory_peak_mb: Option<u32>,
}

impl Invoked {
    /// An invocation that found no environment.
    pub(crate) fn not_run(request_id: Id, error: InvokeError) -> Self {
        let outcome = Err(error);
        Invoked { request_id, outcome, duration: Duration::ZERO, init: None, memory_peak_mb: None }
    }

    pub(crate) fn opening_line(request_id: Id) -> String {
        format!("START RequestId: {request_id} Version: $LATEST\n")
    }

    /// The lines AWS writes after an invocation. Billed time includes init (since 2025-08-01)
    /// and is rounded up to the millisecond.
    pub(crate) fn closing_lines(&self, memory_mb: u32) -> String {
        let Invoked { request_id, outcome, duration, init, memory_peak_mb } = self;
        let mut text = String::with_capacity(256);
        // Writing to a String cannot fail.
        if let Err(error) = outcome {
            let line = error.to_string().replace('\n', " ");
            let _ = writeln!(text, "{request_id} {line}");
        }
        let duration_ms = duration.as_secs_f64() * 1000.0;
        let init_ms = init.map(|init| init.as_secs_f64() * 1000.0);
        let billed_ms = (duration_ms + init_ms.unwrap_or(0.0)).ceil();
        let _ = writeln!(text, "END RequestId: {request_id}");
        let _ = write!(
            text,
            "REPORT RequestId: {request_id}\tDuration: {duration_ms:.2} ms\tBilled Duration: {billed_ms} ms\tMemory Size: {memory_mb} MB"
        );
        if let Some(peak_mb) = memory_peak_mb {
            // What is over the limit was not given.
            let _ = write!(text, "\tMax Memory Used: {} MB", peak_mb.min(&memory_mb));
        }
        if let Some(init_ms) = init_ms {
            let _ = write!(text, "\tInit Duration: {init_ms:.2} ms");
        }
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::IdSource;

    #[test]
    fn the_report_bills_init_and_rounds_up() {
        let request_id = IdSource::new().next();
        let mut invoked = Invoked {
            request_id,
            outcome: Ok(Bytes::new()),
            duration: Duration::from_micros(2_340),
            init: Some(Duration::from_micros(17_100)),
            memory_peak_mb: Some(31),
        };
        let expected = format!(
            "END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: 2.34 ms\tBilled Duration: 20 ms\tMemory Size: 256 MB\tMax Memory Used: 31 MB\tInit Duration: 17.10 ms\n"
        );
        assert_eq!(invoked.closing_lines(256), expected);
        invoked.memory_peak_mb = Some(260);
        assert!(invoked.closing_lines(256).contains("\tMax Memory Used: 256 MB\t"));
    }
}
