//! `runs/<id>/`: which file holds what.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// A file of a run that cannot be read or written. The message names the file.
#[derive(Debug, Error)]
pub enum RunFileError {
    /// It is missing, broken, or of another version.
    #[error("cannot read {path}: {cause}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// No space, no permission, no folder.
    #[error("cannot write {path}: {cause}", path = path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
}

impl RunFileError {
    pub(crate) fn unreadable(path: &Path, cause: &impl Display) -> Self {
        Self::Unreadable { path: path.to_owned(), cause: cause.to_string() }
    }

    pub(crate) fn unwritable(path: &Path, cause: &impl Display) -> Self {
        Self::Unwritable { path: path.to_owned(), cause: cause.to_string() }
    }
}

/// The directory of one run.
#[derive(Debug, Clone)]
pub struct RunDirectory {
    root: PathBuf,
}

impl RunDirectory {
    /// Makes the directory `<folder>/<id>`.
    ///
    /// # Errors
    /// If it cannot be made, or is there already.
    pub fn create(folder: &Path, id: &str) -> Result<Self, RunFileError> {
        std::fs::create_dir_all(folder)
            .map_err(|error| RunFileError::unwritable(folder, &error))?;
        let root = folder.join(id);
        std::fs::create_dir(&root).map_err(|error| RunFileError::unwritable(&root, &error))?;
        Ok(Self { root })
    }

    /// An existing run.
    pub fn open(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The manifest, [`crate::RunManifest`].
    pub fn manifest(&self) -> PathBuf {
        self.root.join("run.json")
    }

    /// One row per arrival, [`crate::Exchange`].
    pub fn exchanges(&self) -> PathBuf {
        self.root.join("exchanges.parquet")
    }

    /// One row per message and invocation, [`crate::Handling`]; not there where the cloud does
    /// not tell.
    pub fn invocations(&self) -> PathBuf {
        self.root.join("invocations.parquet")
    }

    /// The settings of the pipeline that ran, for a simulation of it.
    pub fn pipeline(&self) -> PathBuf {
        self.root.join("pipeline.json")
    }

    /// HdrHistogram V2 interval log.
    pub fn latency(&self) -> PathBuf {
        self.root.join("latency.hlog")
    }

    /// The run second by second, [`crate::TimelinePoint`].
    pub fn timeline(&self) -> PathBuf {
        self.root.join("timeline.csv")
    }

    /// What the run used, `costmodel::Usage`.
    pub fn usage(&self) -> PathBuf {
        self.root.join("usage.json")
    }

    /// The account of every order, [`crate::Reconciliation`].
    pub fn reconciliation(&self) -> PathBuf {
        self.root.join("reconciliation.json")
    }

    /// What it cost, `costmodel::Bill`s.
    pub fn bill(&self) -> PathBuf {
        self.root.join("bill.json")
    }

    /// Any other file of the run, such as a report.
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a value as JSON, whole or not at all: to a file beside it first, then renamed.
    ///
    /// # Errors
    /// If it cannot be written; the message names the file.
    pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RunFileError> {
        let mut text = serde_json::to_vec_pretty(value)
            .map_err(|error| RunFileError::unwritable(path, &error))?;
        text.push(b'\n');
        Self::write(path, &text)
    }

    /// Writes bytes, whole or not at all.
    ///
    /// # Errors
    /// If they cannot be written; the message names the file.
    pub fn write(path: &Path, bytes: &[u8]) -> Result<(), RunFileError> {
        let unfinished = path.with_added_extension("unfinished");
        std::fs::write(&unfinished, bytes)
            .and_then(|()| std::fs::rename(&unfinished, path))
            .map_err(|error| RunFileError::unwritable(path, &error))
    }

    /// Reads a value back.
    ///
    /// # Errors
    /// If it cannot be read; the message names the file.
    pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, RunFileError> {
        let bytes = std::fs::read(path).map_err(|error| RunFileError::unreadable(path, &error))?;
        serde_json::from_slice(&bytes).map_err(|error| RunFileError::unreadable(path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        RunDirectory::create(folder.path(), "r1").unwrap();
        let error = RunDirectory::create(folder.path(), "r1").unwrap_err();
        assert!(error.to_string().contains("r1"), "{error}");
    }

    #[test]
    fn a_folder_that_is_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("occupied");
        std::fs::write(&file, "").unwrap();
        let error = RunDirectory::create(&file, "r1").unwrap_err();
        assert!(error.to_string().contains("occupied"), "{error}");
    }
}
