//! What goes wrong beside the faults of the local cloud: at fixed parts of a proof's time, in the
//! same order, each as bad as it is in life.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use localcloud::AlarmConfig;
use observe::Cloud;
use proof::{Attempt, Body, Fate, Fault, OrderName, SentOrder};
use runlog::Outcome;
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use super::child::CloudProcess;
use super::processes;
use super::server::Server;
use super::stop::Stop;
use crate::failure::Failure;

/// How long a version that cannot start is there.
const BAD_VERSION: Duration = Duration::from_millis(1_500);

/// How long the write lock of SQLite is held: longer than the function waits for it (5 s).
const LOCKED: Duration = Duration::from_millis(5_500);

/// An owner that stands still while the cloud dies goes on this long after the cloud is back, when
/// its message has another owner.
const OWNER_AWAY: Duration = Duration::from_millis(700);

/// What is left of the processes of a dead cloud ends after this.
const ORPHANS_LIVE: Duration = Duration::from_secs(2);

/// For so long a process at work is looked for.
const LOOK_FOR: Duration = Duration::from_secs(4);

/// How often the processes of a list are looked at, a millisecond apart.
const LOOKS_A_LIST: u32 = 100;

/// How often what the proof itself did has struck.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Struck {
    pub(super) owners: u64,
    pub(super) crashes: u64,
    pub(super) connections_killed: u64,
    pub(super) failovers: u64,
    pub(super) locks: u64,
    pub(super) dead_sockets: u64,
    pub(super) bad_versions: u64,
    pub(super) poison: u64,
    pub(super) redrives: u64,
}

/// The alarms of the template, and which of them have seen what they are there for.
pub(super) struct Alarmed {
    alarms: Vec<AlarmConfig>,
    since: Timestamp,
    /// Ids of those of which a datapoint breached.
    breached: BTreeSet<String>,
}

impl Alarmed {
    pub(super) fn new(alarms: Vec<AlarmConfig>) -> Self {
        Self { alarms, since: Timestamp::now(), breached: BTreeSet::new() }
    }

    /// Looks; a cloud that dies forgets what its meters said. One datapoint of the alarm's own
    /// period and statistic is enough: a proof is shorter than some alarms take to be sure.
    pub(super) async fn look(&mut self, cloud: &Cloud) {
        let series: Vec<_> = self.alarms.iter().map(series).collect();
        let read = observe::read_values(cloud, &series, (self.since, Timestamp::now())).await;
        for (alarm, values) in self.alarms.iter().zip(read.unwrap_or_default()) {
            if values.into_iter().any(|value| alarm.breaches(value)) {
                self.breached.insert(alarm.id.clone());
            }
        }
    }

    /// Whether the template has this alarm, and it has seen what it is there for.
    pub(super) fn has_fired(&self, id: &str) -> bool {
        self.breached.contains(id)
    }
}

fn series(alarm: &AlarmConfig) -> (observe::Series, i32) {
    let series = observe::Series {
        namespace: alarm.namespace.clone(),
        metric: alarm.metric.clone(),
        statistic: alarm.statistic.clone(),
        dimensions: alarm.dimensions.clone(),
    };
    (series, i32::try_from(alarm.period_s).unwrap_or(i32::MAX))
}

/// What can be made to go wrong.
pub(super) struct Trouble<'a> {
    pub(super) faults: &'a BTreeSet<Fault>,
    pub(super) cloud: &'a mut CloudProcess,
    pub(super) observer: &'a Cloud,
    pub(super) alarmed: &'a mut Alarmed,
    pub(super) queue_url: String,
    /// The server, if it is PostgreSQL; otherwise the file.
    pub(super) server: Option<&'a mut Server>,
    pub(super) file: PathBuf,
    pub(super) failover: Duration,
    pub(super) orders: u64,
    pub(super) stop: &'a Stop,
    pub(super) struck: Struck,
    /// The messages that no code can process.
    pub(super) poisoned: Vec<SentOrder>,
}

/// What goes wrong, and after which part of the time.
#[derive(Debug, Clone, Copy)]
enum Event {
    Poison,
    DatabaseFails,
    BadVersion,
    CloudCrashes,
    DatabaseFailsOver,
}

const EVENTS: [(f64, Event); 7] = [
    (0.05, Event::Poison),
    (0.15, Event::DatabaseFails),
    (0.28, Event::BadVersion),
    (0.42, Event::CloudCrashes),
    (0.58, Event::DatabaseFailsOver),
    (0.70, Event::DatabaseFails),
    (0.82, Event::CloudCrashes),
];

impl Trouble<'_> {
    /// Makes everything go wrong once or twice over this time.
    pub(super) async fn make(&mut self, over: Duration) -> Result<(), Failure> {
        let begin = Instant::now();
        for (part, event) in EVENTS {
            while begin.elapsed() < over.mul_f64(part) && !self.stop.is_asked() {
                sleep(Duration::from_millis(50)).await;
            }
            if self.stop.is_asked() {
                return Ok(());
            }
            self.happen(event).await?;
        }
        Ok(())
    }

    /// Makes the things happen again that have not struck.
    pub(super) async fn make_up_for(&mut self) -> Result<(), Failure> {
        let struck = self.struck;
        let missing = |fault, count| self.faults.contains(&fault) && count == 0;
        if missing(Fault::F7, struck.owners) || missing(Fault::F13, struck.dead_sockets) {
            self.happen(Event::CloudCrashes).await?;
        }
        Ok(())
    }

    async fn happen(&mut self, event: Event) -> Result<(), Failure> {
        let has = |fault| self.faults.contains(&fault);
        match event {
            Event::Poison if has(Fault::F10) => self.poison().await,
            Event::DatabaseFails if has(Fault::F9) => self.database_fails().await,
            Event::BadVersion if has(Fault::F14) => self.bad_version().await,
            Event::CloudCrashes if has(Fault::F16) || has(Fault::F7) || has(Fault::F13) => {
                self.cloud_crashes().await
            }
            Event::DatabaseFailsOver if has(Fault::F9) => self.database_fails_over().await,
            Event::Poison
            | Event::DatabaseFails
            | Event::BadVersion
            | Event::CloudCrashes
            | Event::DatabaseFailsOver => Ok(()),
        }
    }

    /// Messages that no code can process, past the gateway, which would not take them.
    pub(super) async fn poison(&mut self) -> Result<(), Failure> {
        let count = 6 + self.orders / 2_000;
        for index in 0..count {
            let (partner, body) = poison(index);
            let number = format!("POISON-{index:05}");
            let sent = self.observer.send_message(&self.queue_url, (partner, &number), &body).await;
            let outcome = if sent.is_ok() { Outcome::Accepted } else { Outcome::Unknown };
            self.struck.poison += u64::from(sent.is_ok());
            self.poisoned.push(SentOrder {
                name: OrderName {
                    partner: partner.parse().map_err(Failure::internal)?,
                    number: number.parse().map_err(Failure::internal)?,
                },
                fate: Fate::DeadLetter,
                bodies: vec![Body::of(body.as_bytes())],
                attempts: vec![Attempt { body: 0, outcome }],
            });
        }
        Ok(())
    }

    /// A process of the server is killed in the middle of its work, and with it, as PostgreSQL
    /// does it, every connection; or SQLite's lock is held for longer than anybody waits.
    async fn database_fails(&mut self) -> Result<(), Failure> {
        let Some(server) = &self.server else {
            let file = self.file.clone();
            let held =
                tokio::task::spawn_blocking(move || rehearsal::hold_write_lock(&file, LOCKED));
            held.await.map_err(Failure::internal)?.map_err(Failure::internal)?;
            self.struck.locks += 1;
            return Ok(());
        };
        if let Some(pid) = working_backend(server.port()).await? {
            processes::send(pid, Signal::KILL);
            self.struck.connections_killed += 1;
        }
        server.wait_until_ready()
    }

    /// The server goes away with all its connections, and comes back; idle processes of the
    /// function wake up with a connection that is dead.
    async fn database_fails_over(&mut self) -> Result<(), Failure> {
        let frozen = self.frozen();
        let Some(server) = &mut self.server else { return Ok(()) };
        server.stop();
        sleep(self.failover).await;
        server.start_again()?;
        self.struck.failovers += 1;
        self.struck.dead_sockets += frozen;
        Ok(())
    }

    fn frozen(&self) -> u64 {
        let all = self.cloud.function_processes();
        all.into_iter().filter(|pid| processes::is_stopped(*pid)).count() as u64
    }

    /// A version is deployed that ends at its start, and taken back.
    async fn bad_version(&mut self) -> Result<(), Failure> {
        let program = self.cloud.settings().bootstrap.clone();
        let good = program.with_extension("good");
        let bad = program.with_extension("bad");
        let made = std::fs::write(&bad, "#!/bin/sh\nexit 1\n")
            .and_then(|()| std::fs::set_permissions(&bad, PermissionsExt::from_mode(0o755)))
            .and_then(|()| std::fs::rename(&program, &good))
            .and_then(|()| std::fs::rename(&bad, &program));
        made.map_err(Failure::internal)?;
        // The processes of the version before end with it.
        for pid in self.cloud.function_processes() {
            processes::send(pid, Signal::KILL);
        }
        sleep(BAD_VERSION).await;
        std::fs::rename(&good, &program).map_err(Failure::internal)?;
        self.struck.bad_versions += 1;
        Ok(())
    }

    /// The cloud is killed and started again. One process of the function that is at work stands
    /// still meanwhile, and goes on when its message has another owner.
    async fn cloud_crashes(&mut self) -> Result<(), Failure> {
        self.alarmed.look(self.observer).await;
        let owner = self.owner_at_work().await;
        let orphans = self.cloud.function_processes();
        self.struck.dead_sockets += self.frozen().saturating_sub(u64::from(owner.is_some()));
        self.cloud.kill();
        self.struck.crashes += 1;
        let program = self.cloud.settings().bootstrap.clone();
        let is_ours = |pid: &u32| processes::runs(*pid, &program);
        // Who waits for work that will not come holds its place for nothing.
        let idle = |pid: &u32| processes::is_stopped(*pid) && Some(*pid) != owner;
        for pid in orphans.iter().copied().filter(idle).filter(is_ours) {
            processes::send(pid, Signal::KILL);
        }
        self.cloud.start_again(true)?;
        sleep(OWNER_AWAY).await;
        if let Some(owner) = owner.filter(is_ours) {
            processes::send(owner, Signal::CONT);
            self.struck.owners += 1;
        }
        sleep(ORPHANS_LIVE).await;
        for pid in orphans.into_iter().filter(is_ours) {
            processes::send(pid, Signal::KILL);
        }
        Ok(())
    }

    /// A process in the middle of an invocation, stopped: those that wait for work stand still.
    async fn owner_at_work(&self) -> Option<u32> {
        let begin = Instant::now();
        while begin.elapsed() < LOOK_FOR {
            // To list them takes as long as an invocation; to look at those that are listed does not.
            let all = self.cloud.function_processes();
            for _ in 0..LOOKS_A_LIST {
                if let Some(pid) = all.iter().copied().find(|pid| processes::is_at_work(*pid)) {
                    processes::send(pid, Signal::STOP);
                    return Some(pid);
                }
                sleep(Duration::from_millis(1)).await;
            }
        }
        None
    }
}

/// The partner and the body of a message that no code can process.
fn poison(index: u64) -> (&'static str, String) {
    match index % 6 {
        0 => ("partner-01", format!("{{\"order\": {index}, \"cut off")),
        1 => ("partner-02", format!("customer=Johnson & Johnson&quantity=+{index}&rate=3%")),
        2 => ("partner-01", format!("[{index}, \"\\u0000\"]")),
        // As long as SQS takes, with its attributes: 1 MiB.
        3 => ("partner-03", format!("{index}{}", "x".repeat(1_000_000))),
        4 => ("partner-02", format!("{{\"items\": [{{\"ean\": \"unknown {index}\"}}]}}")),
        _ => ("partner-01", format!("<order><number>{index}</number></order>")),
    }
}

/// The process of the server that serves a connection of the function: one that is in a
/// transaction, if one can be found.
async fn working_backend(port: u16) -> Result<Option<u32>, Failure> {
    let url = Server::url(port);
    let config = processor::PostgresConfig { url, password: None, ca_file: None };
    let client = processor::connect_postgres(&config).await.map_err(Failure::internal)?;
    let question = "SELECT CAST(pid AS text) FROM pg_stat_activity \
        WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' \
        ORDER BY (state = 'active') DESC LIMIT 1";
    let active = "SELECT CAST(pid AS text) FROM pg_stat_activity \
        WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND state = 'active'";
    let begin = Instant::now();
    let mut found = None;
    while begin.elapsed() < LOOK_FOR && found.is_none() {
        found = client.query_opt(active, &[]).await.ok().flatten();
    }
    if found.is_none() {
        found = client.query_opt(question, &[]).await.map_err(Failure::internal)?;
    }
    Ok(found.and_then(|row| row.get::<_, &str>(0).parse().ok()))
}
