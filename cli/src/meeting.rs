//! Where the machines of one run meet: a folder that all of them see, or S3. They say there that
//! they are ready, learn when to start, and leave what they have. There is no server of our own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use observe::{Cloud, CloudAddress};
use orders::seed::mix;
use runlog::RunDirectory;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// How often a machine looks whether it can start.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Exit code of a run that is not whole.
pub(crate) const INCOMPLETE: u8 = 20;

/// Where a run's machines meet.
pub(crate) enum Meeting {
    /// A folder that all of them see.
    Folder(PathBuf),
    /// Keys of a bucket that begin so.
    S3 { cloud: Box<Cloud>, bucket: String, prefix: String },
}

/// `start.json`: what the first machine says when all are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    at: Timestamp,
    shards: u64,
}

impl Meeting {
    /// The place that is written as a folder or as `s3://bucket/prefix`, for this run. Without an
    /// endpoint S3 is that of the environment's account.
    pub(crate) async fn at(
        place: &str,
        run: &str,
        endpoint: Option<&str>,
        region: &str,
    ) -> Result<Self, Failure> {
        let Some(rest) = place.strip_prefix("s3://") else {
            return Ok(Self::Folder(Path::new(place).join(run)));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(Failure::usage(format!("--meet {place}: write s3://bucket/prefix")));
        }
        let region = region.to_owned();
        let address = match endpoint {
            Some(url) => CloudAddress::Endpoint { url: url.to_owned(), region },
            None => CloudAddress::Aws { region },
        };
        let prefix = match prefix.trim_matches('/') {
            "" => run.to_owned(),
            prefix => format!("{prefix}/{run}"),
        };
        let cloud = Box::new(Cloud::connect(&address).await);
        if endpoint.is_some() {
            // A stand-in has only the buckets of its template.
            cloud.create_bucket(bucket).await.map_err(Failure::usage)?;
        }
        Ok(Self::S3 { cloud, bucket: bucket.to_owned(), prefix })
    }

    /// Leaves something there.
    pub(crate) async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let parent = path.parent().unwrap_or(folder);
                fs::create_dir_all(parent).map_err(|error| cannot(parent, &error))?;
                RunDirectory::write(&path, &bytes).map_err(Failure::usage)
            }
            Self::S3 { cloud, bucket, prefix } => cloud
                .put_object(bucket, &format!("{prefix}/{name}"), bytes)
                .await
                .map_err(|error| Failure::usage(format!("--meet s3://{bucket}/{prefix}: {error}"))),
        }
    }

    /// What is there under a name; none if nothing is.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Folder(folder) => match fs::read(folder.join(name)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(cannot(&folder.join(name), &error)),
            },
            Self::S3 { cloud, bucket, prefix } => cloud
                .find_object(bucket, &format!("{prefix}/{name}"))
                .await
                .map_err(|error| Failure::usage(format!("--meet s3://{bucket}/{prefix}: {error}"))),
        }
    }

    /// The names that begin so.
    pub(crate) async fn names(&self, start: &str) -> Result<Vec<String>, Failure> {
        match self {
            Self::Folder(folder) => {
                let mut names = Vec::new();
                collect_names(folder, "", &mut names);
                names.retain(|name| name.starts_with(start));
                Ok(names)
            }
            Self::S3 { cloud, bucket, prefix } => {
                let whole = format!("{prefix}/");
                let keys = cloud.object_keys(bucket, &format!("{whole}{start}")).await.map_err(
                    |error| Failure::usage(format!("--meet s3://{bucket}/{prefix}: {error}")),
                )?;
                let names = keys.iter().filter_map(|key| key.strip_prefix(&whole));
                Ok(names.map(str::to_owned).collect())
            }
        }
    }

    /// Whether results are to be carried there: a shared folder has them already.
    pub(crate) fn is_elsewhere(&self, run: &Path) -> bool {
        match self {
            Self::Folder(folder) => folder != run,
            Self::S3 { .. } => true,
        }
    }

    /// Says that shard `shard` of `of` is ready, and waits until all are; when the run starts. The
    /// first shard says so, `lead` after it has seen the last.
    pub(crate) async fn wait_for_start(
        &self,
        (shard, of): (u64, u64),
        lead: Duration,
        patience: Duration,
    ) -> Result<Timestamp, Failure> {
        self.put(&format!("ready/{shard}"), Vec::new()).await?;
        let began = Instant::now();
        loop {
            if let Some(bytes) = self.get("start.json").await? {
                return start_of(&bytes, of);
            }
            let missing = self.missing(of).await?;
            if shard == 0 && missing.is_empty() {
                let start = Start { at: next_second_after(lead), shards: of };
                let text = serde_json::to_vec(&start).map_err(Failure::internal)?;
                self.put("start.json", text).await?;
                return Ok(start.at);
            }
            if began.elapsed() >= patience {
                return Err(nobody_came(&missing, patience));
            }
            // Machines that look at the same instant would all knock at once.
            let jitter = mix(shard, of, began.elapsed().as_millis() as u64) % 50;
            tokio::time::sleep(LOOK_EVERY + Duration::from_millis(jitter)).await;
        }
    }

    /// The shards that have not said that they are ready.
    async fn missing(&self, of: u64) -> Result<Vec<u64>, Failure> {
        let names = self.names("ready/").await?;
        let is_there = |shard: &u64| names.contains(&format!("ready/{shard}"));
        Ok((0..of).filter(|shard| !is_there(shard)).collect())
    }
}

/// The files below a folder, by their paths from it; what cannot be read has none.
fn collect_names(folder: &Path, before: &str, names: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = entry.path();
        if path.is_dir() {
            collect_names(&path, &format!("{before}{name}/"), names);
        } else {
            names.push(format!("{before}{name}"));
        }
    }
}

fn start_of(bytes: &[u8], of: u64) -> Result<Timestamp, Failure> {
    let start: Start = serde_json::from_slice(bytes)
        .map_err(|error| Failure::usage(format!("start.json of the run: {error}")))?;
    if start.shards != of {
        return Err(Failure::usage(format!(
            "the run was started with {} shards and not {of}: give another --run-id",
            start.shards
        )));
    }
    Ok(start.at)
}

/// A run begins on a whole second, so that its seconds are those of the meters.
fn next_second_after(lead: Duration) -> Timestamp {
    let ready = Timestamp::now() + SignedDuration::try_from(lead).unwrap_or_default();
    Timestamp::from_second(ready.as_second() + 1).unwrap_or(ready)
}

fn nobody_came(missing: &[u64], patience: Duration) -> Failure {
    let who = match missing {
        [] => "shard 0 never said when to start".to_owned(),
        missing => format!("not ready: shard {}", list(missing)),
    };
    let message = format!("waited {} s for the other shards; {who}", patience.as_secs());
    Failure { exit_code: INCOMPLETE, message }
}

/// Numbers in a row, the first twenty.
pub(crate) fn list(numbers: &[u64]) -> String {
    let mut texts: Vec<String> = numbers.iter().take(20).map(u64::to_string).collect();
    if numbers.len() > 20 {
        texts.push(format!("and {} more", numbers.len() - 20));
    }
    texts.join(", ")
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("--meet: {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn folder() -> Meeting {
        let place = tempfile::tempdir().unwrap().keep();
        Meeting::at(place.to_str().unwrap(), "r1", None, "sa-east-1").await.unwrap()
    }

    #[tokio::test]
    async fn machines_start_together_on_a_whole_second_when_the_last_is_there() {
        let meeting = folder().await;
        let wait =
            |shard| meeting.wait_for_start((shard, 3), Duration::ZERO, Duration::from_secs(20));
        let (first, second, third) = tokio::join!(wait(0), wait(1), wait(2));
        let start = first.unwrap();
        assert_eq!((second.unwrap(), third.unwrap()), (start, start));
        assert_eq!(start.subsec_nanosecond(), 0);
    }

    #[tokio::test]
    async fn a_machine_that_does_not_come_is_named_and_nothing_starts() {
        let meeting = folder().await;
        let wait = |shard| meeting.wait_for_start((shard, 4), Duration::ZERO, Duration::ZERO);
        wait(0).await.unwrap_err();
        let error = wait(2).await.unwrap_err();
        assert!(error.message.contains("shard 1, 3"), "{error}");
        assert_eq!(error.exit_code, 20);
        assert_eq!(meeting.get("start.json").await.unwrap(), None);
    }

    #[tokio::test]
    async fn another_number_of_machines_than_the_run_has_is_refused() {
        let meeting = folder().await;
        meeting.wait_for_start((0, 1), Duration::ZERO, Duration::ZERO).await.unwrap();
        let error =
            meeting.wait_for_start((1, 2), Duration::ZERO, Duration::ZERO).await.unwrap_err();
        assert!(error.message.contains("1 shards and not 2"), "{error}");
    }
}
