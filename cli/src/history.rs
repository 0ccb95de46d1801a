//! `history.csv`, beside the runs.

use std::path::{Path, PathBuf};

use runlog::{RunDirectory, append_history};

use crate::facts::Facts;
use crate::failure::Failure;

/// The history's file name.
pub(crate) const FILE: &str = "history.csv";

/// The history beside a run.
pub(crate) fn beside(run: &Path) -> PathBuf {
    // `runs/id/..` would do, but would be shown to people.
    let folder = run.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).join(FILE)
}

/// Writes the run's row with the exit code of its verdict. That it could not be written is said, and
/// takes nothing from the run.
pub(crate) fn note(directory: &RunDirectory, exit_code: u8) {
    let path = beside(directory.root());
    if let Err(failure) = append(directory, exit_code, &path) {
        eprintln!("vazao: the run is not in the history: {failure}");
    }
}

fn append(directory: &RunDirectory, exit_code: u8, path: &Path) -> Result<(), Failure> {
    let facts = Facts::read(directory)?;
    append_history(path, &facts.facts().row(exit_code)).map_err(Failure::usage)
}
