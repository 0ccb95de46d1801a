//! Lines for CloudWatch Logs, the only place that writes to standard output and error. One JSON
//! object a line, of fields named here: no order number, no partner's data.

use std::io::{self, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use orders::Reason;
use serde_json::{Value, json};

use crate::{ProcessError, Reconciled, Swept};

/// Whether nobody wants the lines.
static SILENT: AtomicBool = AtomicBool::new(false);

/// No more lines from this process: whoever runs thousands of invocations in one asks for it.
pub fn silence_log() {
    SILENT.store(true, Ordering::Relaxed);
}

/// Writes one line. A log that cannot be written is no reason to fail an order.
pub(crate) fn write_line(value: &Value) {
    if SILENT.load(Ordering::Relaxed) {
        return;
    }
    let mut line = value.to_string();
    line.push('\n');
    let _ = io::stdout().lock().write_all(line.as_bytes());
}

pub(crate) fn log_refusal(reason: Reason) {
    write_line(&json!({"level": "INFO", "event": "order refused", "code": reason.code()}));
}

pub(crate) fn log_conflict() {
    let code = Reason::DuplicateConflict.code();
    write_line(&json!({
        "level": "WARN",
        "event": "order number used for another order",
        "code": code,
    }));
}

/// Of which message it is said, by the id of the queue: that is how `vazao dlq` finds the reason.
pub(crate) fn log_error(error: &ProcessError, message_id: Option<&str>) {
    write_line(&json!({
        "level": "ERROR",
        "event": "record failed",
        "messageId": message_id,
        "code": error.code(),
        "retryable": error.is_retryable(),
        "detail": error.detail(),
    }));
}

/// Says what a sweep found and did.
pub fn log_sweep(swept: &Swept) {
    write_line(&json!({
        "level": if swept.failed == 0 { "INFO" } else { "ERROR" },
        "event": "swept",
        "owed": swept.owed,
        "documented": swept.documented,
        "failed": swept.failed,
    }));
}

/// Says what a reconciliation found.
pub fn log_reconciled(found: &Reconciled) {
    write_line(&json!({
        "level": if found.is_clean() { "INFO" } else { "ERROR" },
        "event": "reconciled",
        "found": found,
    }));
}

/// Says why the function cannot start, or cannot go on.
pub fn log_startup_error(error: &dyn std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "bootstrap: {error}");
}

/// Replaces the panic message, which may quote an order, by the place in the code.
pub fn log_panics() {
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(|place| format!("{}:{}", place.file(), place.line()));
        write_line(&json!({"level": "ERROR", "event": "panic", "place": place}));
    }));
}
