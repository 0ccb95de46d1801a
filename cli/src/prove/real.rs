//! One proof of the real layer, from an empty folder to the examination.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use observe::{Cloud, CloudAddress, DeadLetterQueue, queue_depth};
use orders::{RunTag, World};
use proof::{Alarm, Evidence, Fault, LayerProof, Leftover, SentOrder, examine};

use super::child::{CloudProcess, CloudSettings};
use super::evidence::{letter, read_bucket};
use super::proxy::Proxy;
use super::rates;
use super::sender::Partners;
use super::server::{Server, free_port};
use super::stop::Stop;
use super::trouble::{Alarmed, Struck, Trouble};
use crate::args::SystemArguments;
use crate::commands::run::prepare_data;
use crate::failure::Failure;
use crate::system::System;

/// When the faults are over, what failed comes again after this, s: nobody works for longer then.
const VISIBILITY_AFTER_S: u64 = 1;

/// Where a bug is planted and no process stands still, what failed comes again after this, s.
const VISIBILITY_OF_A_BUG_S: u64 = 2;

/// A queue that has not shrunk for so long is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(120);

/// Orders that are sent after the others, so often at most, until every fault has struck.
const MORE: u64 = 40;
const MORE_TIMES: u64 = 25;

/// CloudWatch's metrics of the queues are a second old at the most.
const METRICS_LATE: Duration = Duration::from_millis(1_500);

/// What is proven, and how.
#[derive(Debug, Clone)]
pub(crate) struct RealProof {
    pub(crate) name: String,
    pub(crate) command: String,
    /// A folder of its own.
    pub(crate) folder: PathBuf,
    pub(crate) bootstrap: PathBuf,
    /// The text of the template.
    pub(crate) template: String,
    pub(crate) seed: u64,
    pub(crate) orders: u64,
    pub(crate) over: Duration,
    pub(crate) faults: BTreeSet<Fault>,
    /// Faults of the local cloud beside those of the list.
    pub(crate) flags: Vec<String>,
    /// Whether messages are poisoned although F10 is not listed.
    pub(crate) poison: bool,
    pub(crate) postgres: bool,
    pub(crate) failover: Duration,
    /// Whether an order may die of trouble that passes.
    pub(crate) may_die: bool,
    pub(crate) keep: bool,
}

impl RealProof {
    /// Runs it. What is wrong with the system is in the result; a failure is ours.
    pub(crate) fn run(&self, stop: &Stop) -> Result<LayerProof, Failure> {
        let begin = Instant::now();
        fs::create_dir_all(&self.folder).map_err(Failure::internal)?;
        let folder = self.folder.canonicalize().map_err(Failure::internal)?;
        let template = folder.join("template.yaml");
        fs::write(&template, &self.template).map_err(Failure::internal)?;
        // A file of its own, which can be replaced by a version that does not work.
        let bootstrap = folder.join("bootstrap");
        fs::copy(&self.bootstrap, &bootstrap).map_err(|error| {
            Failure::usage(format!("--bootstrap {}: {error}", self.bootstrap.display()))
        })?;
        let system = self.system(&template, &bootstrap)?;
        let data = prepare_data(&folder.join("cloud"), &World::default())?;
        let mut server = self.postgres.then(Server::start).transpose()?;
        if let Some(server) = &server {
            let url = processor::DatabaseUrl::Postgres(Server::url(server.port()));
            processor::create_database(&url, &processor::Seed::of(World::default()))
                .map_err(Failure::internal)?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(Failure::internal)?;
        let place = Place { system: &system, data: &data, template, bootstrap };
        let mut proof = runtime.block_on(self.go(&place, server.as_mut(), stop))?;
        runtime.shutdown_background();
        drop(server);
        proof.took_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !self.keep {
            fs::remove_dir_all(&folder).map_err(Failure::internal)?;
        }
        Ok(proof)
    }

    /// What the template describes, or what is wrong with it.
    fn system(&self, template: &Path, bootstrap: &Path) -> Result<System, Failure> {
        System::resolve(&SystemArguments {
            port: None,
            bootstrap: Some(bootstrap.to_owned()),
            template: Some(template.to_owned()),
            parameter: Vec::new(),
            concurrency: None,
            batch_size: None,
            freeze: false,
            memory: None,
            region: "sa-east-1".to_owned(),
            fault: Vec::new(),
        })
    }

    async fn go(
        &self,
        place: &Place<'_>,
        mut server: Option<&mut Server>,
        stop: &Stop,
    ) -> Result<LayerProof, Failure> {
        let proxy = match &server {
            Some(server) => Some(Proxy::start(server.port(), self.seed).await?),
            None => None,
        };
        let cut = self.faults.contains(&Fault::F9);
        let database = server
            .as_ref()
            .zip(proxy.as_ref())
            .map(|(server, proxy)| Server::url(if cut { proxy.port } else { server.port() }));
        let mut flags = rates::flags(&self.faults, self.orders);
        flags.extend(self.flags.iter().cloned());
        let mut cloud = CloudProcess::start(CloudSettings {
            folder: place.data.to_owned(),
            port: free_port()?,
            template: place.template.clone(),
            bootstrap: place.bootstrap.clone(),
            seed: self.seed,
            faults: flags,
            database,
            freeze: self.faults.contains(&Fault::F13),
        })?;
        let view = View::of(place.system, cloud.settings().port).await;
        view.observer.keep_versions(place.system.bucket()).await.map_err(Failure::internal)?;
        if !self.may_die {
            view.set_visibility(VISIBILITY_OF_A_BUG_S).await?;
        }
        let mut alarmed = Alarmed::new(place.system.config().alarms.clone());
        let tag = RunTag::from_seed_text(&format!("proof {}", self.seed));
        let partners =
            Partners::new(view.gateway.clone(), self.seed, tag, World::default(), stop.clone())?;
        let mut trouble = Trouble {
            faults: &self.faults,
            cloud: &mut cloud,
            observer: &view.observer,
            alarmed: &mut alarmed,
            queue_url: view.queue_url.clone(),
            server: server.as_deref_mut(),
            file: System::database(place.data),
            failover: self.failover,
            orders: self.orders,
            stop,
            struck: Struck::default(),
            poisoned: Vec::new(),
        };
        let (mut sent, struck, poisoned) =
            self.send(&partners, &mut trouble, proxy.as_ref(), place).await?;
        sent.extend(poisoned);
        let sent_within = view.begin.elapsed();
        let (left, letters, struck) = self.settle(&view, &mut cloud, &mut alarmed, struck).await?;

        self.say("reading the database and every document");
        let reading = Instant::now();
        let mut evidence =
            Evidence { sent, letters, left, may_die: self.may_die, ..Evidence::default() };
        self.read_books(place, server.as_deref(), &mut evidence).await?;
        let (read, objects) =
            read_bucket(&view.observer, place.system.bucket(), &mut evidence).await?;
        let counts = self.counts(&cloud, struck, &partners, proxy.as_ref(), place);
        evidence.alarms = alarms(&evidence, &counts, &alarmed);
        cloud.stop();
        let examination = examine(&evidence);
        let acknowledged = examination.sets.acknowledged;
        Ok(LayerProof {
            name: self.name.clone(),
            command: self.command.clone(),
            interleavings: None,
            notes: vec![
                (
                    "orders a second, with everything going wrong".to_owned(),
                    format!("{:.0}", acknowledged as f64 / sent_within.as_secs_f64()),
                ),
                ("sent within".to_owned(), format!("{:.1} s", sent_within.as_secs_f64())),
                ("documents read".to_owned(), format!("{read} of {objects}")),
                (
                    "reading and comparing".to_owned(),
                    format!("{:.1} s", reading.elapsed().as_secs_f64()),
                ),
                ("most memory of this process".to_owned(), format!("{} MB", memory_peak_mb())),
            ],
            examination,
            faults: counts,
            took_ms: 0,
        })
    }

    /// Sends everything while everything goes wrong, and some more until every fault has struck.
    async fn send(
        &self,
        partners: &Arc<Partners>,
        trouble: &mut Trouble<'_>,
        proxy: Option<&Proxy>,
        place: &Place<'_>,
    ) -> Result<(Vec<SentOrder>, Struck, Vec<SentOrder>), Failure> {
        self.say(&format!("sending {} orders over {:.0} s", self.orders, self.over.as_secs_f64()));
        let sending = {
            let (partners, orders, over) = (Arc::clone(partners), self.orders, self.over);
            tokio::spawn(async move { partners.send(0..orders, over).await })
        };
        let watching = self.watch(Arc::clone(partners));
        if self.poison && !self.faults.contains(&Fault::F10) {
            trouble.poison().await?;
        }
        trouble.make(self.over).await?;
        let mut sent = sending.await.map_err(Failure::internal)??;
        watching.abort();
        for time in 0..MORE_TIMES {
            let counts = self.counts(trouble.cloud, trouble.struck, partners, proxy, place);
            // Dead letters are driven back only when all is over.
            let missing: Vec<Fault> = counts
                .iter()
                .filter(|count| count.count == 0 && count.fault != Fault::F15)
                .map(|count| count.fault)
                .collect();
            if missing.is_empty() || trouble.stop.is_asked() {
                break;
            }
            let names: Vec<String> = missing.iter().map(Fault::to_string).collect();
            self.say(&format!("{MORE} more orders: {} has not struck", names.join(", ")));
            let from = self.orders + time * MORE;
            let more = {
                let partners = Arc::clone(partners);
                let over = Duration::from_secs(2);
                tokio::spawn(async move { partners.send(from..from + MORE, over).await })
            };
            trouble.make_up_for().await?;
            sent.extend(more.await.map_err(Failure::internal)??);
        }
        Ok((sent, trouble.struck, std::mem::take(&mut trouble.poisoned)))
    }

    fn watch(&self, partners: Arc<Partners>) -> tokio::task::JoinHandle<()> {
        let (name, orders) = (self.name.clone(), self.orders);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(10)).await;
                let accepted = partners.accepted.load(Ordering::Relaxed);
                eprintln!("{name}: {accepted} of some {orders} orders accepted");
            }
        })
    }

    /// Ends the faults, waits until nothing waits, looks at the dead letters and drives them back,
    /// twice.
    async fn settle(
        &self,
        view: &View,
        cloud: &mut CloudProcess,
        alarmed: &mut Alarmed,
        mut struck: Struck,
    ) -> Result<(Leftover, Vec<proof::Letter>, Struck), Failure> {
        self.say("the faults end; waiting until the queue is empty");
        alarmed.look(&view.observer).await;
        if !self.may_die {
            // A cloud that starts again has forgotten the receives, which are what is looked at.
            view.drain().await?;
        }
        cloud.stop();
        cloud.start_again(false)?;
        view.set_visibility(VISIBILITY_AFTER_S).await?;
        view.drain().await?;
        let letters = view.dead_letters().await?;
        tokio::time::sleep(METRICS_LATE).await;
        alarmed.look(&view.observer).await;
        for _ in 0..2 {
            if view.depth(&view.dead_letter_url).await? == 0 {
                break;
            }
            self.say("driving the dead letters back");
            let letters = view.dead_letter_queue().await?;
            letters.start_move(&view.observer, None).await.map_err(Failure::internal)?;
            struck.redrives += 1;
            view.drain().await?;
        }
        let queue = view.depth(&view.queue_url).await?;
        Ok((Leftover { queue, dead: view.dead_letters().await? }, letters, struck))
    }

    async fn read_books(
        &self,
        place: &Place<'_>,
        server: Option<&Server>,
        evidence: &mut Evidence,
    ) -> Result<(), Failure> {
        let Some(server) = server else {
            return rehearsal::read_books(&System::database(place.data), evidence)
                .map_err(Failure::internal);
        };
        let url = Server::url(server.port());
        let config = processor::PostgresConfig { url, password: None, ca_file: None };
        let client = processor::connect_postgres(&config).await.map_err(Failure::internal)?;
        observe::read_server_books(&client, evidence).await.map_err(Failure::internal)
    }

    fn counts(
        &self,
        cloud: &CloudProcess,
        struck: Struck,
        partners: &Partners,
        proxy: Option<&Proxy>,
        place: &Place<'_>,
    ) -> Vec<proof::FaultCount> {
        let again = partners.again.load(Ordering::Relaxed);
        let cut = proxy.map_or(0, Proxy::cut);
        let own = [
            (Fault::F3, "orders sent again", again),
            (Fault::F6, "invocations whose time was up", timed_out(place)),
            (Fault::F7, "owners that went on beside another", struck.owners),
            (Fault::F9, "answers of the database that were cut off", cut),
            (Fault::F9, "connections killed (SIGKILL)", struck.connections_killed),
            (Fault::F9, "fail-overs", struck.failovers),
            (Fault::F9, "write locks held", struck.locks),
            (Fault::F10, "messages that no code can process", struck.poison),
            (Fault::F13, "processes that woke up with dead connections", struck.dead_sockets),
            (Fault::F14, "versions that could not start", struck.bad_versions),
            (Fault::F15, "redrives", struck.redrives),
            (Fault::F16, "crashes of the cloud (SIGKILL)", struck.crashes),
        ];
        rates::count(&self.faults, &cloud.counts(), &own)
    }

    fn say(&self, what: &str) {
        eprintln!("{}: {what}", self.name);
    }
}

/// Where a proof lives.
struct Place<'a> {
    system: &'a System,
    data: &'a Path,
    template: PathBuf,
    bootstrap: PathBuf,
}

/// The cloud from outside.
struct View {
    observer: Cloud,
    gateway: String,
    queue_url: String,
    dead_letter_url: String,
    begin: Instant,
}

impl View {
    async fn of(system: &System, port: u16) -> Self {
        let base = format!("http://127.0.0.1:{port}");
        let config = system.config();
        let stage = config.api.as_ref().map(|api| (api.name.as_str(), api.stage.as_str()));
        let (api, stage) = stage.unwrap_or(("none", "none"));
        let region = system.region.to_string();
        let url = |queue: &str| format!("{base}/{}/{queue}", config.account_id);
        Self {
            observer: Cloud::connect(&CloudAddress::Endpoint { url: base.clone(), region }).await,
            gateway: format!("{base}/_aws/execute-api/{api}/{stage}"),
            queue_url: url(system.queue()),
            dead_letter_url: url(system.dead_letter_queue()),
            begin: Instant::now(),
        }
    }

    async fn depth(&self, queue_url: &str) -> Result<u64, Failure> {
        let depth = queue_depth(&self.observer, queue_url).await.map_err(Failure::internal)?;
        Ok(depth.total())
    }

    async fn set_visibility(&self, seconds: u64) -> Result<(), Failure> {
        let set = self.observer.set_visibility(&self.queue_url, seconds).await;
        set.map_err(Failure::internal)
    }

    /// Waits until the queue is empty twice in a row, or has not shrunk for a long time.
    async fn drain(&self) -> Result<(), Failure> {
        let (mut least, mut shrunk, mut empty) = (u64::MAX, Instant::now(), 0);
        while empty < 2 && shrunk.elapsed() < PATIENCE {
            let left = self.depth(&self.queue_url).await?;
            empty = if left == 0 { empty + 1 } else { 0 };
            if left < least {
                (least, shrunk) = (left, Instant::now());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    async fn dead_letters(&self) -> Result<Vec<proof::Letter>, Failure> {
        let queue = self.dead_letter_queue().await?;
        let look = queue.look(&self.observer, usize::MAX, |_| false).await;
        Ok(look.map_err(Failure::internal)?.letters.iter().map(letter).collect())
    }

    async fn dead_letter_queue(&self) -> Result<DeadLetterQueue, Failure> {
        let found = DeadLetterQueue::find(&self.observer, &self.dead_letter_url).await;
        found.map_err(Failure::internal)
    }
}

/// The alarms that the template's operators need, by their names there, and whether each had a
/// reason.
fn alarms(evidence: &Evidence, counts: &[proof::FaultCount], alarmed: &Alarmed) -> Vec<Alarm> {
    let struck = |fault| counts.iter().any(|count| count.fault == fault && count.count > 0);
    let due = [
        ("DeadLettersAlarm", !evidence.letters.is_empty()),
        ("ServerErrorsAlarm", struck(Fault::F1) || struck(Fault::F2)),
        ("ProcessorErrorsAlarm", struck(Fault::F5) || struck(Fault::F6)),
        ("ProcessorThrottlesAlarm", struck(Fault::F12)),
        ("OrdersConflictingAlarm", !evidence.conflicts.is_empty()),
    ];
    let alarm = |(name, due): (&str, bool)| Alarm {
        name: name.to_owned(),
        due,
        fired: alarmed.has_fired(name),
    };
    due.map(alarm).to_vec()
}

/// Invocations whose time was up, by the function's log, which outlives the cloud.
fn timed_out(place: &Place<'_>) -> u64 {
    let logs = fs::read_dir(place.data.join("logs")).into_iter().flatten().flatten();
    let count = |path: PathBuf| {
        let text = fs::read(path).unwrap_or_default();
        text.windows(TIMED_OUT.len()).filter(|window| *window == TIMED_OUT).count() as u64
    };
    logs.map(|entry| count(entry.path())).sum()
}

/// As Lambda writes it.
const TIMED_OUT: &[u8] = b"Task timed out after";

/// The most memory that this process has used, MB of 2^20 bytes; 0 where the system does not tell.
pub(crate) fn memory_peak_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0).div_ceil(1024)
}
