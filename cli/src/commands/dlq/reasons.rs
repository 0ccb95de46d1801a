//! Why messages failed, by the function's log: it names a message by the queue's id, and quotes
//! nothing of the order.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;

/// The last reason of each message.
#[derive(Debug, Default)]
pub(super) struct Reasons(BTreeMap<String, String>);

impl Reasons {
    /// Reads a log, or the logs of a folder.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let mut reasons = Self::default();
        for file in files(path)? {
            let text = fs::read(&file).map_err(|error| cannot(&file, &error))?;
            String::from_utf8_lossy(&text).lines().for_each(|line| reasons.note(line));
        }
        Ok(reasons)
    }

    pub(super) fn of(&self, message_id: &str) -> Option<&str> {
        self.0.get(message_id).map(String::as_str)
    }

    /// Log tools put a time and a name before the line.
    fn note(&mut self, line: &str) {
        let Some(start) = line.find('{') else { return };
        let Ok(entry) = serde_json::from_str::<Value>(&line[start..]) else { return };
        if entry["event"] != "record failed" {
            return;
        }
        let (Some(id), Some(code)) = (entry["messageId"].as_str(), entry["code"].as_str()) else {
            return;
        };
        let first_line = entry["detail"].as_str().and_then(|detail| detail.lines().next());
        let reason = first_line.map_or_else(|| code.to_owned(), |line| format!("{code}: {line}"));
        self.0.insert(id.to_owned(), reason);
    }
}

/// A file itself, or those of a folder that are logs, by name.
fn files(path: &Path) -> Result<Vec<std::path::PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| cannot(path, &error))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    files.sort();
    Ok(files)
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("--logs {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_reason_of_a_message_is_known_by_its_id_and_only_its_first_line() {
        let mut reasons = Reasons::default();
        for line in [
            r#"{"event":"record failed","messageId":"a","code":"DATABASE","detail":"first"}"#,
            r#"2026-11-27T10:00:00 2026/11/27/[5]ab {"event":"record failed","messageId":"a","code":"STORE","detail":"503\nmore"}"#,
            r#"{"event":"record failed","messageId":"b","code":"UNKNOWN_PARTNER","detail":null}"#,
            r#"{"event":"record failed","messageId":null,"code":"CUT_OFF","detail":"x"}"#,
            r#"{"event":"panic","messageId":"c","code":"x"}"#,
            "START RequestId: d {",
        ] {
            reasons.note(line);
        }
        assert_eq!(reasons.of("a"), Some("STORE: 503"));
        assert_eq!(reasons.of("b"), Some("UNKNOWN_PARTNER"));
        assert_eq!(reasons.0.len(), 2);
    }
}
