//! `vazao merge`: the parts of a run as one. A part that is missing is named; so is every order
//! that was planned and that nobody knows to have been sent.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use loadgen::{LoadProfile, Shard};
use observe::{Cloud, CloudAddress, read_inventory, read_ledger};
use orders::{OrderNumber, RunTag};
use runlog::{
    AttemptDirectory, Delivery, Exchange, ExchangeRows, JournalEntry, JournalReader,
    LatencySummary, MergeFiles, Merged, Outcome, OutcomeCounts, Reconciliation, RunDirectory,
    RunFileError, ShardAttempt, merge_exchanges, reconcile_mixed,
};
use serde::Serialize;

use crate::args::MergeArguments;
use crate::commands::shard::{interval, profile_of, read_state};
use crate::failure::Failure;
use crate::meeting::{INCOMPLETE, Meeting, list};
use crate::system::System;

/// Exit code of an order that is lost or duplicated.
const ORDER_LOST: u8 = 11;

/// `merged.json`.
#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    run: String,
    planned: u64,
    /// Time compression: seconds of the profile per second of the clock.
    speed: f64,
    shards: u64,
    /// Shards of which nothing is there.
    missing_shards: Vec<u64>,
    /// Shards that were ended before their time, and why: a signal, or what their abort rule saw.
    ended_early: Vec<EndedEarly>,
    /// Arrivals with an exchange.
    sent: u64,
    /// First attempts beyond the first of their arrivals, by machines that resumed.
    sent_again: u64,
    /// Exchanges: an order has one for each attempt.
    attempts: u64,
    /// Attempts beyond the first of an order, as the profile's `[retries]` asks.
    retries: u64,
    /// Those of shards of which nothing is there.
    in_missing_shards: u64,
    /// Planned, and certainly not sent.
    not_sent: u64,
    /// Claimed by a sender that died: perhaps sent.
    unknown: u64,
    outcomes: OutcomeCounts,
    response: LatencySummary,
    service: LatencySummary,
    start_lag: LatencySummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    reconciliation: Option<Reconciliation>,
}

#[derive(Debug, Serialize)]
struct EndedEarly {
    shard: u64,
    attempt: u32,
    reason: String,
}

pub(crate) fn execute(arguments: &MergeArguments) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::internal)?;
    runtime.block_on(async {
        let run = &arguments.run;
        if let Some(place) = &arguments.from {
            fetch(run, place, arguments.endpoint.as_deref(), &arguments.region).await?;
        }
        let parts = Parts::read(run)?;
        let out = run.join("merged");
        fs::create_dir_all(&out)
            .map_err(|error| Failure::usage(format!("{}: {error}", out.display())))?;
        let merged = parts.merge(&out)?;
        let gaps = parts.gaps()?;
        parts.name_missing(&merged, &gaps, &out.join("missing.csv"))?;
        let mut report = parts.report(&merged, &gaps);
        if let Some(data) = &arguments.data {
            let account = parts.reconcile(&merged, &gaps, data, arguments).await?;
            report.reconciliation = Some(account);
        }
        RunDirectory::write_json(&out.join("merged.json"), &report).map_err(Failure::internal)?;
        if arguments.json {
            let text = serde_json::to_string_pretty(&report).map_err(Failure::internal)?;
            println!("{text}");
        } else {
            print(&report, &out);
        }
        Ok(report.exit_code())
    })
}

/// How many shards the run in this folder has, by the names of theirs.
pub(crate) fn shards_of(run: &Path) -> Result<u64, Failure> {
    let entries =
        fs::read_dir(run).map_err(|error| Failure::usage(format!("{}: {error}", run.display())))?;
    let of = |name: &str| name.strip_prefix("shard-")?.split_once("-of-")?.1.parse().ok();
    let mut all: Vec<u64> =
        entries.filter_map(|entry| of(entry.ok()?.file_name().to_str()?)).collect();
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [of] => Ok(*of),
        [] => Err(Failure::usage(format!("{} has no shard", run.display()))),
        [one, other, ..] => Err(Failure::usage(format!(
            "{} has shards of {one} and of {other}: they are of different runs",
            run.display()
        ))),
    }
}

/// Brings what machines left elsewhere into the run's folder.
pub(crate) async fn fetch(
    run: &Path,
    place: &str,
    endpoint: Option<&str>,
    region: &str,
) -> Result<(), Failure> {
    let name = run.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let meeting = Meeting::at(place, name, endpoint, region).await?;
    let local = Meeting::Folder(run.to_owned());
    for name in meeting.names("shard-").await? {
        if let Some(bytes) = meeting.get(&name).await? {
            local.put(&name, bytes).await?;
        }
    }
    Ok(())
}

/// The shards of a run that are there.
struct Parts {
    first: ShardAttempt,
    profile: LoadProfile,
    /// By shard: its attempts and what each was.
    shards: Vec<Vec<(AttemptDirectory, ShardAttempt)>>,
}

/// What is not there.
#[derive(Debug, Default)]
struct Gaps {
    shards: Vec<u64>,
    /// Arrivals of the whole, rising.
    unknown: Vec<u64>,
}

impl Gaps {
    fn is_unknown(&self, k: u64) -> bool {
        self.unknown.binary_search(&k).is_ok()
    }
}

/// The exchanges of one attempt.
type Exchanges = Box<dyn Iterator<Item = Result<Exchange, RunFileError>>>;

impl Parts {
    fn read(run: &Path) -> Result<Self, Failure> {
        let of = shards_of(run)?;
        let mut shards = Vec::new();
        for shard in 0..of {
            let attempts = AttemptDirectory::existing(run, shard, of)
                .into_iter()
                .map(|directory| directory.read().map(|attempt| (directory, attempt)))
                .collect::<Result<Vec<_>, _>>()
                .map_err(Failure::usage)?;
            shards.push(attempts);
        }
        let first = shards.iter().flatten().next().map(|(_, attempt)| attempt.clone());
        let first = first
            .ok_or_else(|| Failure::usage(format!("{} has no shard that began", run.display())))?;
        if let Some((directory, _)) =
            shards.iter().flatten().find(|(_, attempt)| !is_of_one_run(&first, attempt))
        {
            return Err(Failure::usage(format!(
                "{} is of another run than {}: seed, profile and start must be the same",
                directory.root().display(),
                first.run
            )));
        }
        let profile = profile_of(&first)?;
        Ok(Self { first, profile, shards })
    }

    fn merge(&self, out: &Path) -> Result<Merged, Failure> {
        let sources = self
            .shards
            .iter()
            .flatten()
            .map(|(directory, attempt)| exchanges(directory, attempt))
            .collect::<Result<Vec<_>, _>>()
            .map_err(Failure::usage)?;
        let files = MergeFiles {
            exchanges: out.join("exchanges.parquet"),
            latency: out.join("latency.hlog"),
            interval: interval(&self.profile.schedule()),
            start_unix_s: self.first.started_at.as_second() as f64,
        };
        merge_exchanges(sources, self.first.planned, &files).map_err(Failure::usage)
    }

    fn tag(&self) -> Result<RunTag, Failure> {
        self.first.tag.parse().map_err(Failure::usage)
    }

    /// The shards of which nothing is there, and the orders that dead ones may have sent.
    fn gaps(&self) -> Result<Gaps, Failure> {
        let schedule = self.profile.schedule();
        let mut gaps = Gaps::default();
        for (shard, attempts) in (0..).zip(&self.shards) {
            if attempts.is_empty() {
                gaps.shards.push(shard);
                continue;
            }
            let shard = Shard::new(shard, self.first.of).map_err(Failure::usage)?;
            let part = schedule.clone().shard(shard);
            let folders: Vec<_> = attempts.iter().map(|(directory, _)| directory.clone()).collect();
            let state = read_state(&part, &folders)?;
            gaps.unknown.extend(state.unknown.iter().map(|place| part.index(*place)));
        }
        gaps.unknown.sort_unstable();
        Ok(gaps)
    }

    fn report(&self, merged: &Merged, gaps: &Gaps) -> Report {
        let [response, service, start_lag] = merged.latency;
        // Of one that has an exchange the outcome says whether more is known.
        let unknown = gaps.unknown.iter().filter(|k| !merged.seen.contains(**k)).count() as u64;
        let planned = self.first.planned;
        let count = |shard: &u64| Shard::new(*shard, self.first.of).map_or(0, |s| s.count(planned));
        let in_missing_shards: u64 = gaps.shards.iter().map(count).sum();
        Report {
            version: 1,
            run: self.first.run.clone(),
            planned,
            speed: self.profile.speed,
            shards: self.first.of,
            missing_shards: gaps.shards.clone(),
            ended_early: self.ended_early(),
            sent: merged.seen.len(),
            sent_again: merged.again,
            attempts: merged.attempts,
            retries: merged.retries,
            in_missing_shards,
            not_sent: planned - merged.seen.len() - unknown - in_missing_shards,
            unknown,
            outcomes: merged.outcomes,
            response,
            service,
            start_lag,
            reconciliation: None,
        }
    }

    fn ended_early(&self) -> Vec<EndedEarly> {
        let attempts = self.shards.iter().flatten().map(|(_, attempt)| attempt);
        attempts
            .filter_map(|attempt| {
                let end = attempt.end.as_ref()?;
                let reason = end.aborted.clone().or_else(|| end.stopped.clone())?;
                Some(EndedEarly { shard: attempt.shard, attempt: attempt.attempt, reason })
            })
            .collect()
    }

    /// One line for each planned order without an exchange.
    fn name_missing(&self, merged: &Merged, gaps: &Gaps, path: &Path) -> Result<(), Failure> {
        let tag = self.tag()?;
        let write = || -> std::io::Result<()> {
            let mut file = BufWriter::new(fs::File::create(path)?);
            writeln!(file, "index,order_number,shard,standing")?;
            for k in (0..self.first.planned).filter(|k| !merged.seen.contains(*k)) {
                let standing = if gaps.shards.contains(&(k % self.first.of)) {
                    "shard missing"
                } else if gaps.is_unknown(k) {
                    "unknown"
                } else {
                    "not sent"
                };
                let number = OrderNumber::planned(&tag, k);
                writeln!(file, "{k},{number},{},{standing}", k % self.first.of)?;
            }
            file.flush()
        };
        write().map_err(|error| Failure::internal(format!("{}: {error}", path.display())))
    }

    /// Compares every order with the database and the bucket of a local cloud.
    async fn reconcile(
        &self,
        merged: &Merged,
        gaps: &Gaps,
        data: &Path,
        arguments: &MergeArguments,
    ) -> Result<Reconciliation, Failure> {
        let url = arguments.endpoint.clone().ok_or_else(|| {
            Failure::usage("--data needs the --endpoint of the local cloud whose folder it is")
        })?;
        let address = CloudAddress::Endpoint { url, region: arguments.region.clone() };
        let cloud = Cloud::connect(&address).await;
        let (tag, planned) = (self.tag()?, self.first.planned);
        let mut delivery = Delivery::new(tag, planned);
        read_ledger(&System::database(data), &mut delivery).map_err(Failure::usage)?;
        let inventory = read_inventory(&cloud, &arguments.bucket, &tag, planned, |_| ())
            .await
            .map_err(Failure::usage)?;
        delivery.nfe = inventory.nfe;
        delivery.confirmations = inventory.confirmations;
        delivery.statuses = inventory.statuses;
        // What a dead sender may have sent is unknown and not "not sent".
        let unknown = |k| gaps.is_unknown(k).then_some(Outcome::Unknown);
        let outcome = |k| merged.outcome(k).or_else(|| unknown(k));
        Ok(reconcile_mixed(&tag, planned, &self.profile.order_mix(), outcome, &delivery))
    }
}

fn is_of_one_run(one: &ShardAttempt, other: &ShardAttempt) -> bool {
    (&one.run, &one.tag, one.seed, &one.profile_toml, one.planned, one.started_at, one.of)
        == (
            &other.run,
            &other.tag,
            other.seed,
            &other.profile_toml,
            other.planned,
            other.started_at,
            other.of,
        )
}

/// The exchanges of an attempt: of its file if it ended, else of its journal.
fn exchanges(
    directory: &AttemptDirectory,
    attempt: &ShardAttempt,
) -> Result<Exchanges, RunFileError> {
    if attempt.end.is_some() {
        return Ok(Box::new(ExchangeRows::open(&directory.file("exchanges.parquet"))?));
    }
    let journal = JournalReader::open(&directory.file("journal"))?;
    Ok(Box::new(journal.filter_map(|entry| match entry {
        JournalEntry::Exchange(exchange) => Some(Ok(exchange)),
        JournalEntry::Claim { .. } => None,
    })))
}

impl Report {
    /// Not whole is said first: what is missing explains the rest.
    fn exit_code(&self) -> u8 {
        let is_whole = self.sent == self.planned;
        match &self.reconciliation {
            _ if !is_whole => INCOMPLETE,
            Some(account) if !account.is_clean() => ORDER_LOST,
            Some(_) | None => 0,
        }
    }
}

fn print(report: &Report, out: &Path) {
    let present = report.shards - report.missing_shards.len() as u64;
    println!("run {}: {present} of {} shards, time x{}", report.run, report.shards, report.speed);
    println!(
        "  planned {} = sent {} + not sent {} + unknown {} + of missing shards {}; sent again {} | retries {}",
        report.planned,
        report.sent,
        report.not_sent,
        report.unknown,
        report.in_missing_shards,
        report.sent_again,
        report.retries
    );
    let outcomes = &report.outcomes;
    println!(
        "  accepted {} | rejected {} | throttled {} | failed {} | no answer {}",
        outcomes.accepted, outcomes.rejected, outcomes.throttled, outcomes.failed, outcomes.unknown
    );
    for (name, times) in [
        ("response", &report.response),
        ("service", &report.service),
        ("start lag", &report.start_lag),
    ] {
        let ms = |us: u64| us as f64 / 1_000.0;
        println!(
            "  {name:<10} p50 {:>9.2} ms | p90 {:>9.2} ms | p99 {:>9.2} ms | max {:>9.2} ms",
            ms(times.p50_us),
            ms(times.p90_us),
            ms(times.p99_us),
            ms(times.max_us)
        );
    }
    if let Some(account) = &report.reconciliation {
        println!(
            "  documented {} | refused {} | lost {} | duplicated {} | unexpected {}",
            account.documented + account.recovered,
            account.refused,
            account.lost.count,
            account.duplicated.count,
            account.unexpected.count
        );
    }
    for end in &report.ended_early {
        eprintln!("vazao: shard {} was ended early: {}", end.shard, end.reason);
    }
    if !report.missing_shards.is_empty() {
        eprintln!("vazao: missing: shard {}", list(&report.missing_shards));
    }
    if report.sent < report.planned {
        let path: PathBuf = out.join("missing.csv");
        eprintln!("vazao: the orders without an exchange are named in {}", path.display());
    }
}
