//! What a machine can send, as `vazao calibrate` writes it down for whoever plans a load.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What was measured of a machine. A TOML file; docs/load.md has its keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Version of this file's format: 1.
    pub version: u32,
    /// When it was measured.
    pub measured_at: Timestamp,
    /// Processors that there were.
    pub processors: u32,
    /// The highest rate at which orders still left in time, orders per second.
    pub rate_per_s_max: f64,
    /// What "in time" meant: 99 of 100 orders left within this, µs.
    pub start_lag_p99_us_max: u64,
    /// CPU time of the generator's driver threads per order at that rate, µs.
    pub cpu_us_per_order: f64,
}

/// A capacity that cannot be read or written.
#[derive(Debug, Error)]
pub enum CapacityError {
    /// The file is not there, or the system does not let us.
    #[error("cannot use {path}: {cause}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// Not one of ours.
    #[error("{path} is no capacity file: {cause}; `vazao calibrate` makes it anew")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl Capacity {
    /// Where it is if nobody says otherwise: `vazao/capacity.toml` in the user's cache folder
    /// (XDG Base Directory Specification); none without a home.
    pub fn default_path() -> Option<PathBuf> {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache
            .filter(|folder| folder.is_absolute())
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
        Some(cache.join("vazao").join("capacity.toml"))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is not one of ours.
    pub fn read(path: &Path) -> Result<Self, CapacityError> {
        let path_text = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| CapacityError::File {
            path: path_text.clone(),
            cause: error.to_string(),
        })?;
        let malformed = |cause| CapacityError::Malformed { path: path_text.clone(), cause };
        let capacity: Self = toml::from_str(&text)
            .map_err(|error: toml::de::Error| malformed(error.message().replace('\n', " ")))?;
        match capacity.version {
            1 => Ok(capacity),
            other => Err(malformed(format!("version {other} is not known"))),
        }
    }

    /// Writes a file, and the folders that it is in.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CapacityError> {
        let cannot =
            |cause: String| CapacityError::File { path: path.display().to_string(), cause };
        let text = toml::to_string(self).map_err(|error| cannot(error.to_string()))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| cannot(error.to_string()))?;
        }
        std::fs::write(path, text).map_err(|error| cannot(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capacity_comes_back_from_its_file_and_another_file_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("capacity.toml");
        let capacity = Capacity {
            version: 1,
            measured_at: "2026-11-23T13:14:31Z".parse().unwrap(),
            processors: 2,
            rate_per_s_max: 41_234.5,
            start_lag_p99_us_max: 1_000,
            cpu_us_per_order: 11.25,
        };
        capacity.write(&path).unwrap();
        assert_eq!(Capacity::read(&path).unwrap(), capacity);
        for (text, expected) in [("version = 2", "version"), ("speed = 3", "speed")] {
            let changed = std::fs::read_to_string(&path).unwrap().replace("version = 1", text);
            let other = folder.path().join("other.toml");
            std::fs::write(&other, changed).unwrap();
            let said = Capacity::read(&other).unwrap_err().to_string();
            assert!(said.contains("other.toml") && said.contains(expected), "{said}");
        }
    }
}
