//! The model file of a plain queue: every key is described in `docs/model.md`.

use std::path::Path;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::ArrivalProcess;
use crate::Distribution;

/// A plain queue, and how long to watch it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueModel {
    /// Everything random comes from this.
    #[serde(default = "one")]
    pub seed: u64,
    /// How many customers are measured in each replication, after the warm-up.
    #[serde(default = "default_customers")]
    pub customers: u64,
    /// How many customers leave before measuring begins; by default a tenth of `customers`.
    pub warm_up: Option<u64>,
    /// In how many batches each replication is cut, for the standard errors.
    #[serde(default = "default_batches")]
    pub batches: u32,
    /// Independent replications, which may run on different threads.
    #[serde(default = "one_replication")]
    pub replications: u32,
    /// How customers arrive.
    pub arrivals: ArrivalProcess,
    /// How long a service takes, whatever its batch.
    pub service: Distribution,
    /// What each customer adds to the service of its batch.
    pub service_per_customer: Option<Distribution>,
    /// The queue and its servers.
    #[serde(default)]
    pub queue: QueueSettings,
    /// Failures and what follows.
    pub retry: Option<Retry>,
}

/// The queue and its servers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueueSettings {
    /// How many services at the same time.
    pub servers: Servers,
    /// Most customers waiting or in service; who arrives beyond it is blocked and lost.
    pub capacity: Option<u64>,
    /// Who is served first.
    pub discipline: Discipline,
    /// Most customers in one service.
    pub batch_size: u32,
    /// How long a free server waits for its batch to fill, s, counted from when the first of it
    /// could be received; `inf` waits for full batches.
    pub batch_window_s: f64,
    /// How many services progress at full speed at the same time: with more, all share equally.
    pub processors: Option<f64>,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            servers: Servers::Finite(1),
            capacity: None,
            discipline: Discipline::Fifo,
            batch_size: 1,
            batch_window_s: 0.0,
            processors: None,
        }
    }
}

/// A number of servers: a whole number, or `"infinite"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Servers {
    /// This many.
    Finite(u32),
    /// Nobody ever waits for one.
    Infinite,
}

/// Who is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discipline {
    /// Who has waited longest.
    #[default]
    Fifo,
}

/// Failures and what follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The chance that a service fails.
    pub failure_probability: f64,
    /// What fails together.
    #[serde(default)]
    pub fails: Fails,
    /// From the start of a service that failed until its customer can be served again, s; not
    /// before the service ends.
    #[serde(default)]
    pub visibility_timeout_s: f64,
    /// After so many services that failed a customer becomes a dead letter; without it, never.
    pub max_receive_count: Option<u32>,
}

/// What fails together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fails {
    /// Each customer for itself, as with partial batch responses.
    #[default]
    Customer,
    /// The whole batch.
    Batch,
}

/// A model that cannot be simulated. Every message names the file and the line or the key.
#[derive(Debug, Error)]
pub enum ModelError {
    /// A file is not there.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// Not TOML, an unknown key, a value of the wrong type.
    #[error("model {path}: {cause}")]
    Malformed {
        /// The file.
        path: String,
        /// The line, the key and what is wrong with it.
        cause: String,
    },
    /// Values that make no queue, all of them.
    #[error("model {path}: {}", wrong.join("; "))]
    Impossible {
        /// The file.
        path: String,
        /// What is wrong.
        wrong: Vec<String>,
    },
}

impl QueueModel {
    /// Reads a model file, and the file of arrivals that it names.
    ///
    /// # Errors
    /// If one cannot be read or makes no queue.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let name = path.display().to_string();
        let mut model = Self::parse_unchecked(&read(path)?, &name)?;
        if let ArrivalProcess::File { path: arrivals } = &model.arrivals {
            let arrivals = path.parent().unwrap_or(Path::new("")).join(arrivals);
            let at_s = instants(&read(&arrivals)?, &arrivals.display().to_string())?;
            model.arrivals = ArrivalProcess::Times { at_s };
        }
        model.checked(&name)
    }

    /// Parses a model; `path` is for messages.
    ///
    /// # Errors
    /// If it makes no queue.
    pub fn parse(text: &str, path: &str) -> Result<Self, ModelError> {
        Self::parse_unchecked(text, path)?.checked(path)
    }

    fn parse_unchecked(text: &str, path: &str) -> Result<Self, ModelError> {
        toml::from_str(text).map_err(|error: toml::de::Error| ModelError::Malformed {
            path: path.to_owned(),
            cause: on_one_line(text, &error),
        })
    }

    /// Everything that makes it no queue, at once.
    fn checked(self, path: &str) -> Result<Self, ModelError> {
        let mut wrong = Vec::new();
        self.arrivals.wrong(&mut wrong);
        self.service.wrong("service", &mut wrong);
        if let Some(service) = &self.service_per_customer {
            service.wrong("service_per_customer", &mut wrong);
        }
        let retry = self.retry.as_ref();
        let probability = |retry: &Retry| (0.0..=1.0).contains(&retry.failure_probability);
        let ends =
            |retry: &Retry| retry.failure_probability < 1.0 || retry.max_receive_count.is_some();
        let window = self.queue.batch_window_s;
        for (holds, what) in [
            (self.customers >= u64::from(self.batches), "customers must be at least batches"),
            (self.batches >= 2, "batches must be at least 2"),
            (self.replications >= 1, "replications must be at least 1"),
            (self.queue.servers != Servers::Finite(0), "queue.servers must be at least 1"),
            (self.queue.capacity != Some(0), "queue.capacity must be at least 1"),
            (self.queue.batch_size >= 1, "queue.batch_size must be at least 1"),
            (window >= 0.0, "queue.batch_window_s must be from 0 on"),
            (
                self.queue.processors.is_none_or(|processors| processors > 0.0),
                "queue.processors must be above 0",
            ),
            (retry.is_none_or(probability), "retry.failure_probability must be from 0 to 1"),
            (
                retry.is_none_or(ends),
                "retry.max_receive_count is needed when everything fails: nobody would ever leave",
            ),
            (
                retry.is_none_or(|retry| {
                    retry.visibility_timeout_s >= 0.0 && retry.visibility_timeout_s.is_finite()
                }),
                "retry.visibility_timeout_s must be from 0 on",
            ),
            (
                retry.is_none_or(|retry| retry.max_receive_count != Some(0)),
                "retry.max_receive_count must be at least 1",
            ),
        ] {
            if !holds {
                wrong.push(what.to_owned());
            }
        }
        if wrong.is_empty() {
            return Ok(self);
        }
        Err(ModelError::Impossible { path: path.to_owned(), wrong })
    }

    /// How many customers leave before measuring begins.
    pub fn warm_up(&self) -> u64 {
        self.warm_up.unwrap_or(self.customers / 10)
    }
}

fn read(path: &Path) -> Result<String, ModelError> {
    std::fs::read_to_string(path).map_err(|error| ModelError::Unreadable {
        path: path.display().to_string(),
        cause: error.to_string(),
    })
}

/// The instants of an arrivals file; empty lines and `#` comments are skipped.
fn instants(text: &str, path: &str) -> Result<Vec<f64>, ModelError> {
    let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
    lines
        .filter(|(line, _)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, number)| {
            line.parse().map_err(|_| ModelError::Malformed {
                path: path.to_owned(),
                cause: format!("line {number}: `{line}` is no number of seconds"),
            })
        })
        .collect()
}

/// What is wrong, after the line where.
fn on_one_line(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', ", ");
    match error.span() {
        Some(span) => {
            let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
            format!("line {line}: {message}")
        }
        None => message,
    }
}

fn one() -> u64 {
    1
}

fn one_replication() -> u32 {
    1
}

fn default_customers() -> u64 {
    1_000_000
}

fn default_batches() -> u32 {
    40
}

impl Serialize for Servers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Finite(servers) => serializer.serialize_u32(*servers),
            Self::Infinite => serializer.serialize_str("infinite"),
        }
    }
}

impl<'de> Deserialize<'de> for Servers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ServersVisitor)
    }
}

struct ServersVisitor;

impl Visitor<'_> for ServersVisitor {
    type Value = Servers;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a whole number of servers from 1 on, or \"infinite\"")
    }

    fn visit_i64<E: serde::de::Error>(self, servers: i64) -> Result<Servers, E> {
        u32::try_from(servers)
            .map(Servers::Finite)
            .map_err(|_| E::custom("servers must be from 1 to 4294967295, or \"infinite\""))
    }

    fn visit_u64<E: serde::de::Error>(self, servers: u64) -> Result<Servers, E> {
        u32::try_from(servers)
            .map(Servers::Finite)
            .map_err(|_| E::custom("servers must be from 1 to 4294967295, or \"infinite\""))
    }

    fn visit_f64<E: serde::de::Error>(self, servers: f64) -> Result<Servers, E> {
        if servers == f64::INFINITY {
            return Ok(Servers::Infinite);
        }
        Err(E::invalid_value(serde::de::Unexpected::Float(servers), &self))
    }

    fn visit_str<E: serde::de::Error>(self, servers: &str) -> Result<Servers, E> {
        if servers == "infinite" {
            return Ok(Servers::Infinite);
        }
        Err(E::invalid_value(serde::de::Unexpected::Str(servers), &self))
    }
}
