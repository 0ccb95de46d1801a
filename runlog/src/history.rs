//! `history.csv`: one row a run, beside the runs, for trends and for other tools (Apache Otava and
//! pandas read it as it is).

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{RunDirectory, RunFileError};

/// The version of the columns, which is in every row.
pub const HISTORY_VERSION: u32 = 1;

/// A run in one row. An empty field is something that was not measured. Of every number less is
/// better.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// [`HISTORY_VERSION`].
    pub version: u32,
    /// The run's name, and its folder's.
    pub run: String,
    /// When it began.
    pub started_at: Timestamp,
    /// The load profile.
    pub profile: String,
    /// The seed.
    pub seed: u64,
    /// Orders planned.
    pub orders: u64,
    /// Seconds of the profile per second of the clock.
    pub speed: f64,
    /// `local-cloud` or `aws`.
    pub target: String,
    /// What it ran on: architecture, processors, model; empty where it is not known.
    pub machine: String,
    /// Version of vazao.
    pub software: String,
    /// The exit code of the run's verdict, or of its gates once they were checked.
    pub exit_code: u8,
    /// Response time from the intended instant, p50, ms.
    pub accept_p50_ms: Option<f64>,
    /// The same, p99, ms.
    pub accept_p99_ms: Option<f64>,
    /// From acceptance until the documents are stored, p50, ms.
    pub end_to_end_p50_ms: Option<f64>,
    /// The same, p99, ms.
    pub end_to_end_p99_ms: Option<f64>,
    /// Duration of an invocation, mean, ms.
    pub function_ms: Option<f64>,
    /// Resident memory of the largest function process, median over the run, MB.
    pub function_memory_mb: Option<f64>,
    /// Resident memory of the process that generates the load, median over the run, MB.
    pub generator_memory_mb: Option<f64>,
    /// Invocations at the same time, median over the run.
    pub concurrency: Option<f64>,
    /// Greatest age of the oldest message, s.
    pub queue_age_s: Option<f64>,
    /// From the last answer to empty queues, ms.
    pub drain_ms: Option<f64>,
    /// Orders that were throttled, failed or not answered, %.
    pub error_percent: Option<f64>,
    /// List price of the run per 1,000 orders, USD.
    pub usd_per_1000: Option<f64>,
}

/// What was read of a history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// The rows by their start; of a run that is there twice the later row.
    pub rows: Vec<HistoryRow>,
    /// Lines that are no row: torn by a crash or a full disk, and left out.
    pub torn: usize,
}

/// Reads a history; one that is not there has no rows.
///
/// # Errors
/// If the file cannot be read, or has the columns of another version; the message names it.
pub fn read_history(path: &Path) -> Result<History, RunFileError> {
    let text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(History::default()),
        Err(error) => return Err(RunFileError::unreadable(path, &error)),
    };
    parse(&text).map_err(|cause| RunFileError::unreadable(path, &cause))
}

fn parse(text: &str) -> Result<History, String> {
    let mut lines = text.lines();
    let Some(first) = lines.next() else { return Ok(History::default()) };
    if first != header() {
        return Err(format!(
            "line 1 is not the header of version {HISTORY_VERSION}: move the file away, and a new one is begun"
        ));
    }
    let mut rows: BTreeMap<String, HistoryRow> = BTreeMap::new();
    let mut torn = 0;
    // The end of a torn line may look like a whole number.
    let unfinished = if text.ends_with('\n') { None } else { text.lines().next_back() };
    for line in lines.filter(|line| !line.is_empty()) {
        let is_whole = unfinished.is_none_or(|unfinished| !std::ptr::eq(unfinished, line));
        match parse_row(first, line).filter(|_| is_whole) {
            Some(row) => {
                rows.insert(row.run.clone(), row);
            }
            None => torn += 1,
        }
    }
    let mut rows: Vec<HistoryRow> = rows.into_values().collect();
    rows.sort_by(|one, other| (one.started_at, &one.run).cmp(&(other.started_at, &other.run)));
    Ok(History { rows, torn })
}

/// A row, if the line is one: a torn line has too few fields, or one that is no number.
fn parse_row(header: &str, line: &str) -> Option<HistoryRow> {
    let text = format!("{header}\n{line}\n");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let row: HistoryRow = reader.deserialize().next()?.ok()?;
    (row.version == HISTORY_VERSION).then_some(row)
}

fn header() -> String {
    let text = lines(&[HistoryRow::default()]).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

/// The header and these rows.
fn lines(rows: &[HistoryRow]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Puts a row into the history: at its end, or in the place of the row of the same run. It is there
/// whole or not at all: one write at the end of the file, or a new file that takes the old one's
/// place, without its torn lines. Whoever else appends at the same time waits: the folder is locked.
///
/// # Errors
/// If the file cannot be read or written, or has the columns of another version; the message names
/// it.
pub fn append_history(path: &Path, row: &HistoryRow) -> Result<(), RunFileError> {
    let unwritable = |error: std::io::Error| RunFileError::unwritable(path, &error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    // Released when it is closed, also by a crash.
    let locked = File::open(folder).map_err(unwritable)?;
    locked.lock().map_err(unwritable)?;
    let mut history = read_history(path)?;
    let ends_well = std::fs::read(path).is_ok_and(|bytes| bytes.ends_with(b"\n"));
    if !ends_well || history.rows.iter().any(|other| other.run == row.run) {
        history.rows.retain(|other| other.run != row.run);
        history.rows.push(row.clone());
        let text = lines(&history.rows).map_err(|error| RunFileError::unwritable(path, &error))?;
        return RunDirectory::write(path, text.as_bytes());
    }
    let text =
        lines(std::slice::from_ref(row)).map_err(|error| RunFileError::unwritable(path, &error))?;
    let line = text.split_once('\n').map_or("", |(_, line)| line);
    let mut file = OpenOptions::new().append(true).open(path).map_err(unwritable)?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(run: &str, second: i64, accept_p50_ms: f64) -> HistoryRow {
        HistoryRow {
            version: HISTORY_VERSION,
            run: run.to_owned(),
            started_at: Timestamp::from_second(second).unwrap(),
            profile: "soak, with a comma".to_owned(),
            seed: 34,
            orders: 7_000,
            speed: 6.5,
            target: "local-cloud".to_owned(),
            machine: "x86_64, 2 processors, \"A\"".to_owned(),
            software: "vazao 0.1.0".to_owned(),
            exit_code: 12,
            accept_p50_ms: Some(accept_p50_ms),
            usd_per_1000: Some(0.028_112),
            ..HistoryRow::default()
        }
    }

    fn file() -> std::path::PathBuf {
        tempfile::tempdir().unwrap().keep().join("runs").join("history.csv")
    }

    #[test]
    fn rows_come_back_as_they_were_in_the_order_of_their_start() {
        let path = file();
        assert_eq!(read_history(&path).unwrap(), History::default());
        let (late, early) = (row("b", 200, 0.31), row("a", 100, 0.29));
        append_history(&path, &late).unwrap();
        append_history(&path, &early).unwrap();
        assert_eq!(read_history(&path).unwrap(), History { rows: vec![early, late], torn: 0 });
    }

    #[test]
    fn the_second_row_of_a_run_takes_the_place_of_the_first() {
        let path = file();
        for (run, second, p50) in [("a", 100, 0.29), ("b", 200, 0.31), ("a", 100, 0.35)] {
            append_history(&path, &row(run, second, p50)).unwrap();
        }
        let rows = read_history(&path).unwrap().rows;
        assert_eq!(
            rows.iter().map(|row| row.accept_p50_ms).collect::<Vec<_>>(),
            [Some(0.35), Some(0.31)]
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3);
    }

    #[test]
    fn a_torn_line_costs_one_run_wherever_it_was_torn() {
        let path = file();
        append_history(&path, &row("a", 100, 0.29)).unwrap();
        append_history(&path, &row("b", 200, 0.31)).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        let second = whole.match_indices('\n').nth(1).unwrap().0 + 1;
        for cut in second + 1..whole.len() - 1 {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(read_history(&path).unwrap().torn, 1, "cut at {cut}");
            append_history(&path, &row("c", 300, 0.33)).unwrap();
            let history = read_history(&path).unwrap();
            let runs: Vec<_> = history.rows.iter().map(|row| row.run.as_str()).collect();
            assert_eq!((runs, history.torn), (vec!["a", "c"], 0), "cut at {cut}");
        }
    }

    #[test]
    fn columns_of_another_version_are_refused_by_name() {
        let path = file();
        append_history(&path, &row("a", 100, 0.29)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap().replace("drain_ms", "drain_s");
        std::fs::write(&path, text).unwrap();
        for error in [
            read_history(&path).unwrap_err(),
            append_history(&path, &row("b", 200, 0.31)).unwrap_err(),
        ] {
            let error = error.to_string();
            assert!(error.contains("history.csv") && error.contains("version 1"), "{error}");
        }
    }

    #[test]
    fn rows_that_are_appended_at_once_are_all_there() {
        let path = file();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    for k in 0..5 {
                        append_history(path, &row(&format!("{writer}-{k}"), k, 0.3)).unwrap();
                    }
                });
            }
        });
        let history = read_history(&path).unwrap();
        assert_eq!((history.rows.len(), history.torn), (40, 0));
    }
}
