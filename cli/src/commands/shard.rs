//! `vazao run --shard i/N` and `vazao resume`: one machine's part of a run, against a system that
//! is there already. It sends and writes down; `vazao merge` puts the parts together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use loadgen::{
    ArrivalSchedule, GatewayAddress, IndexRanges, LoadPlan, LoadProfile, LoadResult, Progress,
    RecorderFiles, Shard, ShardState,
};
use orders::{RunTag, Sampler};
use runlog::{ATTEMPT_FILES, AttemptDirectory, AttemptEnd, Journal, JournalReader, ShardAttempt};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{ResumeArguments, RunArguments, ShardArguments, SystemArguments};
use crate::commands::merge::fetch;
use crate::failure::Failure;
use crate::meeting::{INCOMPLETE, Meeting};
use crate::partners::Partners;
use crate::screen::{Screen, View};
use crate::sending::Destination;
use crate::system::System;

/// How often the live view is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(250);
/// Runs of at most this length have latency intervals of a second, longer ones of ten.
const SHORT_RUN: Duration = Duration::from_secs(600);
/// How long a machine that resumes takes to get ready.
const READY: Duration = Duration::from_millis(500);

/// Sends one shard of a new run.
pub(crate) fn execute(arguments: &RunArguments, profile: &LoadProfile) -> Result<u8, Failure> {
    let wanted = &arguments.shards;
    let environment = |name: &str| std::env::var(name).ok();
    let shard = which(wanted, environment)?;
    let run = run_name(wanted, environment)?;
    let system = System::described(&arguments.system)?;
    let destination =
        Destination::resolve(target(wanted.target.as_deref())?, &wanted.sending, profile, &system)?;
    let folder = arguments.out.join(&run);
    if !AttemptDirectory::existing(&folder, shard.index(), shard.of()).is_empty() {
        return Err(Failure::usage(format!(
            "shard {shard} of {run} has begun already: vazao resume {} --shard {}",
            folder.display(),
            shard.index()
        )));
    }
    let runtime = Runtime::new().map_err(Failure::internal)?;
    runtime.block_on(async {
        let meeting = meeting(wanted, &arguments.out, &run, &arguments.system.region).await?;
        let stop = listen_for_signals()?;
        eprintln!("shard {shard} of {run}: ready, waiting for the others");
        let (lead, patience) =
            (Duration::from_secs(wanted.lead), Duration::from_secs(wanted.patience));
        let started_at =
            meeting.wait_for_start((shard.index(), shard.of()), lead, patience).await?;
        let attempt = ShardAttempt {
            version: 1,
            tag: RunTag::from_seed_text(&run).to_string(),
            run,
            seed: profile.seed,
            profile_toml: toml::to_string(profile).map_err(Failure::internal)?,
            planned: profile.orders,
            started_at,
            of: shard.of(),
            shard: shard.index(),
            attempt: 1,
            resends_unknown: false,
            target: destination.url.clone(),
            end: None,
        };
        let schedule = profile.schedule().shard(shard);
        Sending { profile, folder: &folder, meeting: &meeting, destination, stop }
            .send(attempt, schedule, start_of(started_at))
            .await
    })
}

/// Sends what a shard that died has left.
pub(crate) fn resume(arguments: &ResumeArguments) -> Result<u8, Failure> {
    let runtime = Runtime::new().map_err(Failure::internal)?;
    runtime.block_on(async {
        let folder = &arguments.run;
        if let Some(place) = &arguments.from {
            fetch(folder, place, arguments.endpoint.as_deref(), &arguments.region).await?;
        }
        let earlier = attempts_of(folder, arguments.shard)?;
        let Some(last) = earlier.last() else {
            return Err(Failure::usage(format!(
                "{} has no attempt at shard {}: start it with vazao run --shard",
                folder.display(),
                arguments.shard
            )));
        };
        let mut attempt = last.read().map_err(Failure::usage)?;
        let profile = profile_of(&attempt)?;
        let shard = Shard::new(attempt.shard, attempt.of).map_err(Failure::usage)?;
        let part = profile.schedule().shard(shard);
        let state = read_state(&part, &earlier)?;
        let left = state.to_send(arguments.resend_unknown);
        tell(&state, &left, arguments.resend_unknown, shard);
        if left.is_empty() {
            return Ok(0);
        }
        let place = arguments.from.clone().unwrap_or_else(|| parent(folder));
        let meeting =
            Meeting::at(&place, &attempt.run, arguments.endpoint.as_deref(), &arguments.region)
                .await?;
        attempt.resends_unknown = arguments.resend_unknown;
        attempt.end = None;
        if let Some(other) = &arguments.target {
            attempt.target.clone_from(other);
        }
        let system = System::described(&SystemArguments::in_region(&arguments.region))?;
        let destination =
            Destination::resolve(&attempt.target, &arguments.sending, &profile, &system)?;
        let rest = part.only(left);
        // What is left begins at once: the schedule's zero lies so far back.
        let first = rest.at(0);
        let start = Instant::now() + READY;
        let zero = start.checked_sub(first).unwrap_or(start);
        let stop = listen_for_signals()?;
        Sending { profile: &profile, folder, meeting: &meeting, destination, stop }
            .send(attempt, rest, zero)
            .await
    })
}

fn parent(folder: &Path) -> String {
    folder.parent().unwrap_or(Path::new(".")).display().to_string()
}

/// The profile that a shard was started with; a file that it replays must still be there.
pub(crate) fn profile_of(attempt: &ShardAttempt) -> Result<LoadProfile, Failure> {
    LoadProfile::parse(&attempt.profile_toml, "profile of the run")
        .and_then(|profile| profile.resolve(loadgen::ProfileOverrides::default()))
        .map_err(Failure::usage)
}

/// The attempts at a shard of a run, whatever the number of its shards.
fn attempts_of(folder: &Path, shard: u64) -> Result<Vec<AttemptDirectory>, Failure> {
    let of = crate::commands::merge::shards_of(folder)?;
    Ok(AttemptDirectory::existing(folder, shard, of))
}

/// Where a shard stands, by its journals.
pub(crate) fn read_state(
    part: &ArrivalSchedule,
    attempts: &[AttemptDirectory],
) -> Result<ShardState, Failure> {
    let journals = attempts
        .iter()
        .map(|attempt| JournalReader::open(&attempt.file("journal")))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::usage)?;
    Ok(ShardState::read(part, journals))
}

fn tell(state: &ShardState, left: &IndexRanges, resends: bool, shard: Shard) {
    let unknown = state.unknown.len();
    let fate = match (unknown, resends) {
        (0, _) => "",
        (_, true) => ", which are sent again under their numbers",
        (_, false) => ", which are left to the reconciliation (--resend-unknown sends them again)",
    };
    eprintln!(
        "shard {shard}: {} sent, {} not sent, {unknown} unknown{fate}; sending {}",
        state.done.len(),
        state.pending.len(),
        left.len()
    );
}

/// Which shard this machine is: as the flag says, or as the engine that started it does.
fn which(
    wanted: &ShardArguments,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Shard, Failure> {
    if let Some(text) = &wanted.shard {
        return text.parse().map_err(|error| Failure::usage(format!("--shard: {error}")));
    }
    let engines = ["AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX"];
    let found = engines.iter().find_map(|name| environment(name).map(|text| (name, text)));
    let (name, index) = found.ok_or_else(|| {
        Failure::usage(format!("--shards without --shard needs {}", engines.join(" or ")))
    })?;
    let index =
        index.parse().map_err(|_| Failure::usage(format!("{name} is no number but {index:?}")))?;
    Shard::new(index, wanted.shards.unwrap_or(1))
        .map_err(|error| Failure::usage(format!("{name} and --shards: {error}")))
}

/// The name that all shards of a run share.
fn run_name(
    wanted: &ShardArguments,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<String, Failure> {
    let of_batch = || environment("AWS_BATCH_JOB_ID")?.split(':').next().map(str::to_owned);
    let name = wanted.run_id.clone().or_else(of_batch).ok_or_else(|| {
        Failure::usage("shards of one run need the same --run-id, such as $(date +%Y%m%d-%H%M%S)")
    })?;
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !name.is_empty() && name.chars().all(fine) && !name.starts_with('.') {
        return Ok(name);
    }
    Err(Failure::usage(format!("--run-id: letters, digits, - _ and . only, not {name:?}")))
}

/// The gateway to send to.
fn target(url: Option<&str>) -> Result<&str, Failure> {
    match url {
        Some(crate::commands::run::AWS) => Err(Failure::usage(
            "a shard's --target is the address of a gateway: `vazao stack NAME` prints the stack's",
        )),
        Some(url) => Ok(url),
        None => Err(Failure::usage(
            "a shard sends to a system that is there: name its gateway with --target",
        )),
    }
}

async fn meeting(
    wanted: &ShardArguments,
    out: &Path,
    run: &str,
    region: &str,
) -> Result<Meeting, Failure> {
    let shared = out.display().to_string();
    let place = wanted.meet.as_deref().unwrap_or(&shared);
    Meeting::at(place, run, wanted.endpoint.as_deref(), region).await
}

/// The instant of a timestamp on the monotonic clock.
fn start_of(at: Timestamp) -> Instant {
    let (now, instant) = (Timestamp::now(), Instant::now());
    let ahead = at.duration_since(now);
    if ahead.is_negative() {
        instant.checked_sub(ahead.unsigned_abs()).unwrap_or(instant)
    } else {
        instant + ahead.unsigned_abs()
    }
}

/// One attempt under way.
struct Sending<'a> {
    profile: &'a LoadProfile,
    folder: &'a Path,
    meeting: &'a Meeting,
    destination: Destination,
    stop: Arc<AtomicU8>,
}

impl Sending<'_> {
    async fn send(
        self,
        mut attempt: ShardAttempt,
        schedule: ArrivalSchedule,
        zero: Instant,
    ) -> Result<u8, Failure> {
        let (directory, number) = AttemptDirectory::create(self.folder, attempt.shard, attempt.of)
            .map_err(Failure::usage)?;
        attempt.attempt = number;
        directory.write(&attempt).map_err(Failure::internal)?;
        let planned = schedule.orders();
        let plan = self.plan(&attempt, &directory, schedule, zero)?;
        let result = watch(plan, planned).await?;
        let stopped = stopped_by(&self.stop);
        if let Some(reason) = &result.aborted {
            eprintln!("vazao: the load was ended early: {reason}");
        }
        attempt.end = Some(AttemptEnd {
            stopped: stopped.clone(),
            aborted: result.aborted.clone(),
            generator: result.generator,
        });
        directory.write(&attempt).map_err(Failure::internal)?;
        self.carry(&attempt).await?;
        let sent = result.generator.outcomes.total();
        println!(
            "shard {}/{}: sent {sent} of {planned}, accepted {}, in {}",
            attempt.shard,
            attempt.of,
            result.generator.outcomes.accepted,
            directory.root().display()
        );
        Ok(match stopped.as_deref() {
            Some("SIGTERM") => 143,
            Some(_) => 130,
            None if sent < planned => INCOMPLETE,
            None => 0,
        })
    }

    fn plan(
        &self,
        attempt: &ShardAttempt,
        directory: &AttemptDirectory,
        schedule: ArrivalSchedule,
        zero: Instant,
    ) -> Result<LoadPlan, Failure> {
        let partners = Partners::of(self.profile)?;
        let tag: RunTag = attempt.tag.parse().map_err(Failure::usage)?;
        let journal = Journal::create(&directory.file("journal")).map_err(Failure::internal)?;
        Ok(LoadPlan {
            sampler: Sampler::new(attempt.seed, tag, partners.world)
                .with_mix(self.profile.order_mix()),
            gateway: GatewayAddress(self.destination.url.clone()),
            credentials: self.destination.credentials.clone(),
            transport: self.destination.transport.clone(),
            retries: self.profile.retries.clone().unwrap_or_default(),
            abort: self.profile.abort,
            in_flight_max: self.profile.in_flight_max,
            start: zero,
            start_unix: attempt.started_at,
            files: RecorderFiles {
                exchanges: directory.file("exchanges.parquet"),
                latency: directory.file("latency.hlog"),
                interval: interval(&schedule),
                start_unix_s: attempt.started_at.as_second() as f64,
                journal: Some(Arc::new(journal)),
            },
            schedule,
        })
    }

    /// Leaves what this machine has of the shard where the run's machines meet, unless it is there
    /// already; an attempt that was killed could not.
    async fn carry(&self, attempt: &ShardAttempt) -> Result<(), Failure> {
        if !self.meeting.is_elsewhere(self.folder) {
            return Ok(());
        }
        let (shard, of) = (attempt.shard, attempt.of);
        let name = AttemptDirectory::shard_name(shard, of);
        for (number, directory) in (1..).zip(AttemptDirectory::existing(self.folder, shard, of)) {
            for file in ATTEMPT_FILES {
                let path: PathBuf = directory.file(file);
                // What was killed may lack a file; its journal is there.
                let Ok(bytes) = std::fs::read(&path) else { continue };
                self.meeting.put(&format!("{name}/attempt-{number}/{file}"), bytes).await?;
            }
        }
        Ok(())
    }
}

/// Length of a latency interval.
pub(crate) fn interval(schedule: &ArrivalSchedule) -> Duration {
    Duration::from_secs(if schedule.duration() <= SHORT_RUN { 1 } else { 10 })
}

/// Sends, with the live view on.
async fn watch(plan: LoadPlan, planned: u64) -> Result<LoadResult, Failure> {
    let progress = Arc::new(Progress::default());
    let mut screen = Screen::new(planned);
    let (schedule, start) = (plan.schedule.clone(), plan.start);
    let mut load = tokio::spawn(loadgen::run(plan, Arc::clone(&progress)));
    let finished = loop {
        tokio::select! {
            finished = &mut load => break finished,
            () = tokio::time::sleep(DRAW_EVERY) => {
                let load = progress.snapshot();
                let elapsed = start.elapsed();
                screen.show("sent", View {
                    load,
                    offered_per_s: schedule.rate_at(elapsed),
                    left: schedule.duration().saturating_sub(elapsed),
                    in_queue: 0,
                    documented: load.outcomes.accepted,
                });
            }
        }
    };
    screen.clear();
    finished.map_err(Failure::internal)?.map_err(Failure::internal)
}

const SIGINT: u8 = 2;
const SIGTERM: u8 = 15;

fn stopped_by(stop: &AtomicU8) -> Option<String> {
    match stop.load(Ordering::Relaxed) {
        0 => None,
        SIGTERM => Some("SIGTERM".to_owned()),
        _ => Some("SIGINT".to_owned()),
    }
}

/// A signal ends the load, and what was sent is accounted for; a second one of Ctrl-C ends the
/// process, which loses nothing that the journal has.
fn listen_for_signals() -> Result<Arc<AtomicU8>, Failure> {
    let stop = Arc::new(AtomicU8::new(0));
    let interrupted = Arc::clone(&stop);
    // Before goose does, whose own handler leaves no time to account.
    ctrlc::set_handler(move || {
        if interrupted.swap(SIGINT, Ordering::Relaxed) == SIGINT {
            std::process::exit(130);
        }
        loadgen::stop("SIGINT");
    })
    .map_err(Failure::internal)?;
    let terminated = Arc::clone(&stop);
    let mut terminations = signal(SignalKind::terminate()).map_err(Failure::internal)?;
    tokio::spawn(async move {
        while terminations.recv().await.is_some() {
            terminated.store(SIGTERM, Ordering::Relaxed);
            loadgen::stop("SIGTERM");
        }
    });
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::SendingArguments;

    fn wanted(shard: Option<&str>, shards: Option<u64>) -> ShardArguments {
        ShardArguments {
            shard: shard.map(str::to_owned),
            shards,
            run_id: None,
            meet: None,
            lead: 10,
            patience: 600,
            target: None,
            endpoint: None,
            sending: SendingArguments::default(),
        }
    }

    fn environment<'a>(all: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| all.iter().find(|(each, _)| *each == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn a_machine_knows_its_shard_by_flag_by_batch_and_by_kubernetes() {
        let shard = |shard, shards, all: &[(&str, &str)]| {
            which(&wanted(shard, shards), environment(all)).map(|shard| shard.to_string())
        };
        assert_eq!(shard(Some("2/5"), None, &[]).unwrap(), "2/5");
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "3")];
        assert_eq!(shard(None, Some(8), &batch).unwrap(), "3/8");
        let kubernetes = [("JOB_COMPLETION_INDEX", "0")];
        assert_eq!(shard(None, Some(4), &kubernetes).unwrap(), "0/4");
        let said = shard(None, Some(4), &[]).unwrap_err().message;
        assert!(said.contains("JOB_COMPLETION_INDEX") && said.contains("BATCH"), "{said}");
        let said = shard(None, Some(3), &batch).unwrap_err().message;
        assert!(said.contains("--shards") && said.contains("3/3"), "{said}");
        assert!(shard(Some("5/5"), None, &[]).unwrap_err().message.contains("--shard"));
    }

    #[test]
    fn shards_of_an_array_job_share_the_name_of_the_job() {
        let named = |all: &[(&str, &str)]| run_name(&wanted(None, None), environment(all));
        let batch = [("AWS_BATCH_JOB_ID", "6c0deb0e-3c4f:17")];
        assert_eq!(named(&batch).unwrap(), "6c0deb0e-3c4f");
        assert!(named(&[]).unwrap_err().message.contains("--run-id"));
        assert!(named(&[("AWS_BATCH_JOB_ID", "../x")]).is_err());
    }
}
