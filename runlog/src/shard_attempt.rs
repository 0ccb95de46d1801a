//! A machine's part of a run: `shard-003-of-008/attempt-1/` in the run's folder.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{GeneratorHealth, RunDirectory, RunFileError};

/// One attempt at a shard, as it is written to `attempt.json` when it begins and again when it
/// ends. The fields up to `of` are the same in every shard of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardAttempt {
    /// Version of this file's format.
    pub version: u32,
    /// Name of the run.
    pub run: String,
    /// What begins each of its order numbers.
    pub tag: String,
    /// Everything random in the run comes from this.
    pub seed: u64,
    /// The profile as resolved, in the profile's own format.
    pub profile_toml: String,
    /// Orders that the whole run planned.
    pub planned: u64,
    /// When the first second of the schedule began, for every shard.
    pub started_at: Timestamp,
    /// How many shards the run has.
    pub of: u64,
    /// Which of them this is, from 0.
    pub shard: u64,
    /// Which attempt at it, from 1.
    pub attempt: u32,
    /// Whether it sent again what may have been sent before.
    pub resends_unknown: bool,
    /// Where the orders went.
    pub target: String,
    /// How it ended; absent while it runs, and for ever if it was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<AttemptEnd>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptEnd {
    /// Why it was stopped before its end, if it was: `SIGINT`, `SIGTERM`.
    pub stopped: Option<String>,
    /// What the abort rule saw, if it ended the load.
    #[serde(default)]
    pub aborted: Option<String>,
    /// How the generator fared.
    pub generator: GeneratorHealth,
}

/// The folder of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptDirectory {
    root: PathBuf,
}

/// The files of an attempt, in the order in which they are carried elsewhere: the last says that
/// all are there.
pub const ATTEMPT_FILES: [&str; 4] =
    ["journal", "exchanges.parquet", "latency.hlog", "attempt.json"];

impl AttemptDirectory {
    /// The name of a shard's folder.
    pub fn shard_name(shard: u64, of: u64) -> String {
        format!("shard-{shard:03}-of-{of:03}")
    }

    /// Makes the folder of the next attempt at a shard; its number.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(run: &Path, shard: u64, of: u64) -> Result<(Self, u32), RunFileError> {
        let folder = run.join(Self::shard_name(shard, of));
        let attempt = Self::existing(run, shard, of).len() as u32 + 1;
        let root = folder.join(format!("attempt-{attempt}"));
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::create_dir(&root))
            .map_err(|error| RunFileError::unwritable(&root, &error))?;
        Ok((Self { root }, attempt))
    }

    /// The attempts at a shard that are there, first to last.
    pub fn existing(run: &Path, shard: u64, of: u64) -> Vec<Self> {
        let folder = run.join(Self::shard_name(shard, of));
        (1..)
            .map(|attempt: u32| folder.join(format!("attempt-{attempt}")))
            .take_while(|root| root.is_dir())
            .map(|root| Self { root })
            .collect()
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file of it, one of [`ATTEMPT_FILES`].
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// What it was asked to do, and how it ended.
    ///
    /// # Errors
    /// If the file is not there or is none of ours.
    pub fn read(&self) -> Result<ShardAttempt, RunFileError> {
        RunDirectory::read_json(&self.file("attempt.json"))
    }

    /// Writes that.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, attempt: &ShardAttempt) -> Result<(), RunFileError> {
        RunDirectory::write_json(&self.file("attempt.json"), attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_numbered_one_after_the_other() {
        let run = tempfile::tempdir().unwrap();
        assert!(AttemptDirectory::existing(run.path(), 3, 8).is_empty());
        let (first, number) = AttemptDirectory::create(run.path(), 3, 8).unwrap();
        assert_eq!(number, 1);
        let (second, number) = AttemptDirectory::create(run.path(), 3, 8).unwrap();
        assert_eq!(number, 2);
        assert!(second.root().ends_with("shard-003-of-008/attempt-2"));
        assert_eq!(AttemptDirectory::existing(run.path(), 3, 8), [first, second]);
        assert!(AttemptDirectory::existing(run.path(), 2, 8).is_empty());
    }
}
