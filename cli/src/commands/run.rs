//! `vazao run`: a load through the local cloud, or through a deployed stack; the account, the bill,
//! the verdict.
//!
//! Everything that can be wrong with what the user asked for is found before a folder is made;
//! from the first order on, whatever happens, the run ends with an account.

mod ground;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use loadgen::{GatewayAddress, LoadPlan, LoadProfile, LoadResult, ProfileOverrides, RecorderFiles};
use localcloud::{InvocationRecord, LocalCloud, StartError};
use orders::{DocumentKey, RunTag, Sampler, World};
use runlog::{RunDirectory, RunManifest, ServiceLevel};
use tokio::runtime::{Builder, Runtime};

use crate::account::{self, Account};
use crate::args::RunArguments;
use crate::commands::shard;
use crate::database::{NamedServer, RunDatabase};
use crate::failure::Failure;
use crate::history;
use crate::invocations::InvocationLog;
use crate::partners::Partners;
use crate::process_use;
use crate::profiles;
use crate::reporting;
use crate::sending::Destination;
use crate::summary;
use crate::system::System;

use ground::Ground;
use watch::Watch;

/// What `--target` calls the account of the environment.
pub(crate) const AWS: &str = "aws";

/// The generator measures on the cores that the local cloud works on: it goes first.
const LOCAL_CLOUD_NICE: i32 = 5;

/// How often the live view is drawn, and how often the queues are asked.
const DRAW_EVERY: Duration = Duration::from_millis(250);

/// Runs of at most this length have latency intervals of a second, longer ones of ten.
const SHORT_RUN: Duration = Duration::from_secs(600);

pub(crate) fn execute(arguments: &RunArguments) -> Result<u8, Failure> {
    let flags = ProfileOverrides {
        orders: arguments.orders,
        per_day: arguments.per_day,
        speed: arguments.speed,
        seed: arguments.seed,
    };
    let profile = profiles::find(&arguments.profile)
        .and_then(|profile| profile.resolve(flags))
        .map_err(Failure::usage)?;
    if arguments.shards.shard.is_some() || arguments.shards.shards.is_some() {
        return shard::execute(arguments, &profile);
    }
    let ended = run(arguments, profile, false)?;
    Ok(ended.exit_code)
}

/// A run that has ended with an account.
pub(crate) struct Ended {
    pub(crate) exit_code: u8,
    /// Its folder.
    pub(crate) root: PathBuf,
}

/// Runs a resolved profile; if `quiet` nothing is printed at the end, because more comes.
pub(crate) fn run(
    arguments: &RunArguments,
    profile: LoadProfile,
    quiet: bool,
) -> Result<Ended, Failure> {
    let server = NamedServer::resolve(arguments.database.as_deref())?;
    let system = match arguments.shards.target.as_deref() {
        Some(AWS) => System::described(&arguments.system)?,
        Some(_) => return Err(only_shards("--target URL")),
        None => match arguments.shards.sending.given() {
            Some(flag) => return Err(only_shards(flag)),
            None => System::resolve(&arguments.system)?,
        },
    };
    if arguments.is_on_aws() && server.is_none() {
        return Err(Failure::usage(
            "--target aws needs --database postgres://...: every order is looked for where the stack bills it, be it through a tunnel",
        ));
    }
    let run = Run { quiet, ..Run::prepare(arguments, profile, system, server)? };
    let finished = run.go();
    if finished.is_err() {
        run.discard_if_empty();
    }
    let root = run.directory.root().to_owned();
    finished.map(|exit_code| Ended { exit_code, root })
}

fn only_shards(flag: &str) -> Failure {
    Failure::usage(format!(
        "{flag} is of a system that is there already (--target aws, or --shard 0/1 --target URL); this run starts its own"
    ))
}

/// A run that has its folder and has not begun.
struct Run<'a> {
    arguments: &'a RunArguments,
    quiet: bool,
    profile: LoadProfile,
    system: System,
    partners: Partners,
    /// Where the database is, if not in the run's folder.
    server: Option<NamedServer>,
    directory: RunDirectory,
    id: String,
    tag: RunTag,
}

impl<'a> Run<'a> {
    fn prepare(
        arguments: &'a RunArguments,
        profile: LoadProfile,
        system: System,
        server: Option<NamedServer>,
    ) -> Result<Self, Failure> {
        let partners = Partners::of(&profile)?;
        let now = Timestamp::now();
        let id = format!("{}-{}", now.strftime("%Y%m%d-%H%M%S"), profile.name);
        let directory = RunDirectory::create(&arguments.out, &id)
            .map_err(|error| Failure::usage(format!("--out: {error}")))?;
        let tag = RunTag::from_seed_text(&id);
        Ok(Self { arguments, quiet: false, profile, system, partners, server, directory, id, tag })
    }

    /// Takes the folder away if nothing was sent: what failed before it began leaves nothing.
    fn discard_if_empty(&self) {
        if !self.directory.exchanges().exists() {
            // Only tidying up; what failed has been said.
            let _ = fs::remove_dir_all(self.directory.root());
            let _ = fs::remove_dir(&self.arguments.out);
        }
    }

    fn go(&self) -> Result<u8, Failure> {
        if self.arguments.is_on_aws() { self.go_on_aws() } else { self.go_here() }
    }

    /// Against a stack that is deployed, whose database is only read.
    fn go_on_aws(&self) -> Result<u8, Failure> {
        let RunArguments { shards, stack, meters_after, .. } = self.arguments;
        let allowed =
            |url: &str| Destination::resolve(url, &shards.sending, &self.profile, &self.system);
        let database = RunDatabase::that_is_there(self.server.as_ref())?;
        let load_runtime = runtime("loadgen", 0)?;
        let main = Builder::new_current_thread().enable_all().build().map_err(Failure::internal)?;
        main.block_on(async {
            let after = Duration::from_secs(*meters_after);
            let ground = Ground::deployed(stack, &self.system, after, allowed).await?;
            self.on(&ground, &load_runtime, &database, None).await
        })
    }

    /// Against a local cloud of the run's own.
    fn go_here(&self) -> Result<u8, Failure> {
        let data = prepare_data(&self.directory.file("cloud"), &self.partners.world)?;
        let tag = self.tag.to_string();
        let database = RunDatabase::make(self.server.as_ref(), &data, &tag, self.partners.world)?;
        let outcome = self.go_with(&data, &database);
        if !self.arguments.keep_cloud {
            database.remove()?;
        }
        outcome
    }

    fn go_with(&self, data: &Path, database: &RunDatabase) -> Result<u8, Failure> {
        // Threads are named, so that the CPU account can tell the generator from the cloud.
        let cloud_runtime = runtime("localcloud", LOCAL_CLOUD_NICE)?;
        let load_runtime = runtime("loadgen", 0)?;
        let system = self.system.clone().with_database(database.url());
        let mut config = system.cloud(data, &self.partners.world)?;
        self.partners.apply(&mut config);
        if let Some(idle_s) = self.profile.shape.idle_s() {
            // Each order is to be the first after environments have gone.
            let idle = Duration::from_secs_f64(idle_s / self.profile.speed / 2.0);
            config.functions.iter_mut().for_each(|function| function.idle_expiry = idle);
        }
        config.seed = self.profile.seed;
        config.object_files = self.arguments.keep_cloud;
        let (records, invocations) = channel();
        config.invocations = Some(records);
        let cloud = cloud_runtime
            .block_on(async { LocalCloud::start(config).await })
            .map_err(start_error)?;
        let main = Builder::new_current_thread().enable_all().build().map_err(Failure::internal)?;
        let outcome = main.block_on(async {
            let ground = Ground::local(&cloud, &self.system, &self.partners).await;
            self.on(&ground, &load_runtime, database, Some(invocations)).await
        });
        cloud_runtime.block_on(cloud.shutdown());
        if !self.arguments.keep_cloud {
            fs::remove_dir_all(data).map_err(|error| {
                Failure::internal(format!("cannot remove {}: {error}", data.display()))
            })?;
        }
        outcome
    }

    /// Sends the load there, accounts for it and reports.
    async fn on(
        &self,
        ground: &Ground<'_>,
        load_runtime: &Runtime,
        database: &RunDatabase,
        invocations: Option<Receiver<InvocationRecord>>,
    ) -> Result<u8, Failure> {
        let (profile, orders) = (&self.profile, self.profile.orders);
        let mut watch = Watch::new(ground, profile.schedule(), orders)?;

        let (start, started_at) = next_whole_second();
        let invocations = invocations
            .map(|records| InvocationLog::start(&self.directory.invocations(), records, started_at))
            .transpose()?;
        let load = self.send(ground, load_runtime, &mut watch, (start, started_at)).await?;
        let draining = Instant::now();
        let undrained = watch.drain(Duration::from_secs(self.arguments.drain_timeout)).await?;
        let drain = draining.elapsed();
        invocations.map(InvocationLog::finish).transpose()?;
        watch.wait_for_meters().await;

        watch.screen.say("reconciling, order by order");
        let reconciling = Instant::now();
        let dead_letters = watch.depth(&ground.dead_letter_url).await?.total();
        let mut account = account::take(account::Question {
            observer: &ground.observer,
            meters: ground.meters.clone(),
            step_s: ground.step_s,
            database,
            tag: self.tag,
            planned: orders,
            mix: profile.order_mix(),
            load: &load,
            started_at,
            elapsed: start.elapsed(),
            memory_mb: self.system.deployment().memory_mb,
            region: self.system.region,
            dead_letters,
            undrained,
        })
        .await?;
        watch.processes.add_memory(&mut account.timeline);
        self.save_samples(ground, &account).await?;
        watch.processes.look(&ground.function_processes());

        let phases = runlog::Phases {
            send_ms: millis(load.sent_within),
            drain_ms: millis(drain),
            reconcile_ms: millis(reconciling.elapsed()),
        };
        let manifest = self.manifest(&load, started_at, phases, &watch)?;
        watch.screen.clear();
        self.write(&manifest, &account)?;
        let judgement = reporting::write_reports(&self.directory)?;
        history::note(&self.directory, judgement.exit_code);
        if self.quiet {
            return Ok(judgement.exit_code);
        }
        if self.arguments.json {
            let text = serde_json::to_string_pretty(&judgement).map_err(Failure::internal)?;
            println!("{text}");
        } else {
            let text = summary::text(&manifest, &account, &judgement, self.directory.root());
            println!("{}", text.trim_end_matches('\n'));
        }
        Ok(judgement.exit_code)
    }

    /// Sends the whole load, with the live view on.
    async fn send(
        &self,
        ground: &Ground<'_>,
        load_runtime: &Runtime,
        watch: &mut Watch<'_>,
        (start, started_at): (Instant, Timestamp),
    ) -> Result<LoadResult, Failure> {
        watch.start = Some(start);
        let schedule = self.profile.schedule();
        let interval = if schedule.duration() <= SHORT_RUN { 1 } else { 10 };
        let plan = LoadPlan {
            sampler: Sampler::new(self.profile.seed, self.tag, self.partners.world)
                .with_mix(self.profile.order_mix()),
            gateway: GatewayAddress(ground.gateway.clone()),
            credentials: ground.credentials.clone(),
            transport: ground.transport.clone(),
            retries: self.profile.retries.clone().unwrap_or_default(),
            abort: self.profile.abort,
            in_flight_max: self.profile.in_flight_max,
            start,
            start_unix: started_at,
            files: RecorderFiles {
                exchanges: self.directory.exchanges(),
                latency: self.directory.latency(),
                interval: Duration::from_secs(interval),
                start_unix_s: started_at.as_second() as f64,
                journal: None,
            },
            schedule,
        };
        if watch.stopped().is_some() {
            return Err(Failure {
                exit_code: 130,
                message: "stopped before the first order".to_owned(),
            });
        }
        let mut load = load_runtime.spawn(loadgen::run(plan, Arc::clone(&watch.progress)));
        let finished = loop {
            tokio::select! {
                finished = &mut load => break finished,
                () = tokio::time::sleep(DRAW_EVERY) => { watch.show("sent").await?; }
            }
        };
        finished.map_err(Failure::internal)?.map_err(Failure::internal)
    }

    fn manifest(
        &self,
        load: &LoadResult,
        started_at: Timestamp,
        phases: runlog::Phases,
        watch: &Watch<'_>,
    ) -> Result<RunManifest, Failure> {
        let schedule = self.profile.schedule();
        Ok(RunManifest {
            version: 1,
            id: self.id.clone(),
            tag: self.tag.to_string(),
            software: format!("vazao {}", env!("CARGO_PKG_VERSION")),
            seed: self.profile.seed,
            started_at,
            target: watch.ground.target(),
            profile: self.profile.name.clone(),
            profile_toml: toml::to_string(&self.profile).map_err(Failure::internal)?,
            planned: self.profile.orders,
            speed: self.profile.speed,
            schedule_ms: millis(schedule.duration()),
            peak_rate_per_s: schedule.peak_rate_per_s(),
            service_level: ServiceLevel { accept_p99_ms_max: self.profile.accept_p99_ms_max },
            deployment: self.system.deployment(),
            stopped: watch.stopped(),
            aborted: load.aborted.clone(),
            phases,
            generator: load.generator,
            machine: process_use::machine(),
            processes: watch.processes.account(),
            faults: watch.ground.fault_counts().filter(|_| self.system.plans_faults()),
        })
    }

    fn write(&self, manifest: &RunManifest, account: &Account) -> Result<(), Failure> {
        let directory = &self.directory;
        RunDirectory::write_json(&directory.manifest(), manifest)
            .and_then(|()| RunDirectory::write_json(&directory.pipeline(), &self.system.deployed()))
            .and_then(|()| RunDirectory::write_json(&directory.usage(), &account.usage))
            .and_then(|()| RunDirectory::write_json(&directory.bill(), &account.cost))
            .and_then(|()| {
                RunDirectory::write_json(&directory.reconciliation(), &account.reconciliation)
            })
            .and_then(|()| runlog::write_timeline(&directory.timeline(), &account.timeline))
            .map_err(Failure::internal)
    }

    /// Keeps the documents of the first order or two, to be looked at.
    async fn save_samples(&self, ground: &Ground<'_>, account: &Account) -> Result<(), Failure> {
        let folder = self.directory.file("samples");
        fs::create_dir_all(&folder).map_err(Failure::internal)?;
        for key in &account.sample_keys {
            let bytes = ground.observer.get_object(&ground.meters.bucket, key).await;
            let bytes = bytes.map_err(Failure::internal)?;
            let name = sample_name(key);
            fs::write(folder.join(&name), bytes).map_err(|error| {
                Failure::internal(format!("cannot write {}: {error}", folder.join(name).display()))
            })?;
        }
        Ok(())
    }
}

/// `nfe/partner-01/abcde-0000000/<key>.xml` as `abcde-0000000.xml`.
fn sample_name(key: &str) -> String {
    match key.parse::<DocumentKey>() {
        Ok(key) => format!("{}.{}", key.order_number(), key.kind().extension()),
        Err(_) => key.replace('/', "-"),
    }
}

/// A run begins on a whole second, so that its seconds are those of the meters.
fn next_whole_second() -> (Instant, Timestamp) {
    let (instant, now) = (Instant::now(), Timestamp::now());
    // Half a second for the generator to get ready.
    let ready = now + jiff::SignedDuration::from_millis(500);
    let second = Timestamp::from_second(ready.as_second() + 1).unwrap_or(ready);
    let wait = second.duration_since(now).unsigned_abs();
    (instant + wait, second)
}

/// A runtime whose threads have this name and this CPU priority, 0 or lower than ours.
fn runtime(name: &str, nice: i32) -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(name)
        // On Linux this is of the calling thread. Without it the run is only less exact.
        .on_thread_start(move || {
            if nice > 0 {
                let _ = rustix::process::setpriority_process(None, nice);
            }
        })
        .enable_all()
        .build()
        .map_err(Failure::internal)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The folder of a local cloud, with the existing database and a certificate in it; its
/// absolute path. What is already there stays as it is.
pub(crate) fn prepare_data(folder: &Path, world: &World) -> Result<PathBuf, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::usage(format!("cannot write {}: {error}", folder.display()))
    };
    fs::create_dir_all(folder).map_err(cannot)?;
    let folder = folder.canonicalize().map_err(cannot)?;
    let database = System::database(&folder);
    if !database.exists() {
        let url = processor::DatabaseUrl::Sqlite(database.clone());
        processor::create_database(&url, &processor::Seed::of(*world)).map_err(|error| {
            Failure::internal(format!("cannot make the database {}: {error}", database.display()))
        })?;
    }
    let certificate = System::certificate(&folder);
    if !certificate.exists() {
        processor::Certificate::for_tests()
            .and_then(|made| made.write_pem(&certificate))
            .map_err(|error| Failure::internal(error.to_string()))?;
    }
    Ok(folder)
}

/// Whatever keeps the local cloud from starting is in its settings.
pub(crate) fn start_error(error: StartError) -> Failure {
    let hint = match &error {
        StartError::AddressInUse { .. } => ": give another --port, or 0 for a free one",
        _ => "",
    };
    Failure::usage(format!("{error}{hint}"))
}
