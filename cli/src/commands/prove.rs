//! `vazao prove`: is an order ever lost, or there twice?

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use proof::{Caught, Check, Examination, Fault, FaultCount, Layer, LayerProof, Planted, Proof};
use rehearsal::{MODEL_FAULTS, Plan, Rehearsed, Stage, minimise, rehearse};
use runlog::RunDirectory;
use sha2::{Digest, Sha256};

use crate::args::{ProofDatabase, ProofLayer, ProveArguments};
use crate::failure::Failure;
use crate::prove::mutants::{self, MUTANTS, Mutant};
use crate::prove::rates;
use crate::prove::real::{RealProof, memory_peak_mb};
use crate::prove::stop::Stop;
use crate::prove::summary;

/// Orders a second of the real layer, unless --minutes says otherwise, and the least time in which
/// everything has room to go wrong.
const ORDERS_PER_S: f64 = 100.0;
const SHORTEST: Duration = Duration::from_secs(20);

/// A bug that is planted in the model and has not shown after so many interleavings is not caught.
const INTERLEAVINGS_OF_A_BUG: u64 = 4_000;

/// A bug that is planted in the template meets so many orders in so much time.
const ORDERS_OF_A_BUG: u64 = 150;
const TIME_OF_A_BUG: Duration = Duration::from_secs(4);

/// What goes wrong where no bug is planted: so seldom that no order meets five of them.
const CONTROL_FAULTS: [&str; 3] = ["sqs-refuse=0.1", "s3-error-before=0.05", "response-lost=0.03"];

/// Something is wrong; nothing is wrong, but not everything was tried.
const LOST: u8 = 11;
const NOT_ENOUGH: u8 = 21;

pub(crate) fn execute(arguments: &ProveArguments) -> Result<u8, Failure> {
    let faults = rates::parse(&arguments.faults)?;
    let planted = planted(&arguments.planted)?;
    if let Some(strikes) = &arguments.strikes {
        return play_one(arguments, strikes, &planted);
    }
    if arguments.orders == 0 || arguments.interleavings == 0 {
        return Err(Failure::usage("--orders and --interleavings must be at least 1"));
    }
    let prove = Prove { arguments, faults, planted, stop: Stop::listen()? };
    prove.go()
}

fn planted(text: &str) -> Result<Vec<Planted>, Failure> {
    match text {
        "all" => Ok(Planted::ALL.to_vec()),
        "none" => Ok(Vec::new()),
        list => list
            .split(',')
            .map(|name| {
                name.trim().parse().map_err(|error| Failure::usage(format!("--planted: {error}")))
            })
            .collect(),
    }
}

/// Plays the interleaving that the flags say, and nothing else.
fn play_one(arguments: &ProveArguments, strikes: &str, planted: &[Planted]) -> Result<u8, Failure> {
    let strikes = match strikes {
        "none" => Ok(Vec::new()),
        list => list.split(',').map(|strike| strike.trim().parse()).collect(),
    };
    let plan = Plan {
        seed: arguments.seed,
        orders: u32::try_from(arguments.orders)
            .map_err(|_| Failure::usage("--orders: an interleaving has a handful"))?,
        cursed: arguments.cursed,
        strikes: strikes.map_err(|error: String| Failure::usage(format!("--strikes: {error}")))?,
        // All is what the flag says when it is not given.
        bug: planted.first().copied().filter(|_| planted.len() == 1),
    };
    processor::silence_log();
    let certificate = processor::Certificate::for_tests().map_err(Failure::internal)?;
    let mut stage = Stage::new(&certificate).map_err(Failure::internal)?;
    let outcome = stage.play(&plan).map_err(Failure::internal)?;
    let text = serde_json::to_string_pretty(&outcome.examination).map_err(Failure::internal)?;
    println!("{text}");
    Ok(if outcome.examination.holds() { 0 } else { LOST })
}

struct Prove<'a> {
    arguments: &'a ProveArguments,
    faults: BTreeSet<Fault>,
    planted: Vec<Planted>,
    stop: Stop,
}

impl Prove<'_> {
    fn go(&self) -> Result<u8, Failure> {
        let bootstrap = self.bootstrap()?;
        let started_at = Timestamp::now();
        let id = format!("{}-proof", started_at.strftime("%Y%m%d-%H%M%S"));
        let directory = RunDirectory::create(&self.arguments.out, &id)
            .map_err(|error| Failure::usage(format!("--out: {error}")))?;
        let mut proof = Proof {
            version: 1,
            id,
            software: format!("vazao {}", env!("CARGO_PKG_VERSION")),
            started_at: started_at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            seed: self.arguments.seed,
            template_sha256: hex(&Sha256::digest(mutants::TEMPLATE)),
            bootstrap_sha256: fs::read(&bootstrap)
                .map(|bytes| hex(&Sha256::digest(bytes)))
                .unwrap_or_default(),
            layers: Vec::new(),
            planted: Vec::new(),
            stopped: None,
        };
        let layer = self.arguments.layer;
        if matches!(layer, ProofLayer::All | ProofLayer::Model) {
            proof.layers.push(self.model()?);
        }
        if matches!(layer, ProofLayer::All | ProofLayer::Real) {
            for postgres in self.databases() {
                if !self.stop.is_asked() {
                    proof.layers.push(self.real(postgres, &bootstrap, directory.root())?);
                }
            }
        }
        let bugs = self.bugs();
        if bugs.iter().any(|bug| bug.layer() == Layer::Template) && !self.stop.is_asked() {
            let control = self.small(&bootstrap, directory.root());
            proof.layers.push(control.run(&self.stop)?);
        }
        for bug in bugs {
            if !self.stop.is_asked() {
                proof.planted.push(self.plant(bug, &bootstrap, directory.root())?);
            }
        }
        proof.stopped = self.stop.signal().map(|(name, _)| name.to_owned());
        self.tell(&proof, &directory)?;
        Ok(self.exit_code(&proof))
    }

    /// Whatever is asked for, what is wrong comes first.
    fn exit_code(&self, proof: &Proof) -> u8 {
        let broken = proof.layers.iter().any(|layer| !layer.examination.holds());
        match (broken, self.stop.signal()) {
            (true, _) => LOST,
            (false, Some((_, code))) => code,
            (false, None) if proof.holds() => 0,
            (false, None) => NOT_ENOUGH,
        }
    }

    fn tell(&self, proof: &Proof, directory: &RunDirectory) -> Result<(), Failure> {
        RunDirectory::write_json(&directory.file("proof.json"), proof)
            .map_err(Failure::internal)?;
        let page = reports::proof_page(proof);
        let file = directory.file("proof.html");
        fs::write(&file, page).map_err(|error| {
            Failure::internal(format!("cannot write {}: {error}", file.display()))
        })?;
        if self.arguments.json {
            let text = serde_json::to_string_pretty(proof).map_err(Failure::internal)?;
            println!("{text}");
        } else {
            println!("{}", summary::text(proof, directory.root()).trim_end());
        }
        Ok(())
    }

    fn bootstrap(&self) -> Result<PathBuf, Failure> {
        let beside =
            std::env::current_exe().map_err(Failure::internal)?.with_file_name("bootstrap");
        let path = self.arguments.bootstrap.clone().unwrap_or(beside);
        if path.is_file() || self.arguments.layer == ProofLayer::Model {
            return Ok(path);
        }
        Err(Failure::usage(format!(
            "the processor's binary {} is missing: run `cargo build --release`, or name it with --bootstrap",
            path.display()
        )))
    }

    fn databases(&self) -> Vec<bool> {
        match self.arguments.database {
            ProofDatabase::Sqlite => vec![false],
            ProofDatabase::Postgres => vec![true],
            ProofDatabase::Both => vec![false, true],
        }
    }

    /// The bugs that belong to what is run.
    fn bugs(&self) -> Vec<Planted> {
        let belongs = |bug: &Planted| match self.arguments.layer {
            ProofLayer::All | ProofLayer::Planted => true,
            ProofLayer::Model => bug.layer() == Layer::Model,
            ProofLayer::Real => bug.layer() == Layer::Template,
        };
        self.planted.iter().copied().filter(belongs).collect()
    }

    fn threads(&self) -> usize {
        let all = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        self.arguments.threads.map_or(all, std::num::NonZeroUsize::get)
    }

    fn model(&self) -> Result<LayerProof, Failure> {
        let (begin, seed) = (Instant::now(), self.arguments.seed);
        let wanted = self.arguments.interleavings;
        eprintln!("model: {wanted} interleavings");
        let rehearsed = self.rehearse(wanted, None, usize::MAX)?;
        let took = begin.elapsed();
        let mut command =
            format!("vazao prove --layer model --seed {seed} --interleavings {wanted}");
        if let Some(smallest) = smallest(&rehearsed)? {
            command = smallest.command();
        }
        let faults = MODEL_FAULTS.into_iter().map(|fault| FaultCount {
            fault,
            count: rehearsed.struck.get(&fault).copied().unwrap_or(0),
            made_of: Vec::new(),
        });
        let per_second = rehearsed.interleavings as f64 / took.as_secs_f64();
        Ok(LayerProof {
            name: "model: the pipeline's code, interleaving by interleaving".to_owned(),
            command,
            examination: rehearsed.examination(),
            interleavings: Some(rehearsed.interleavings),
            faults: faults.collect(),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            notes: vec![
                ("interleavings a second".to_owned(), format!("{per_second:.0}")),
                ("steps of the scheduler".to_owned(), rehearsed.steps.to_string()),
                ("most memory of this process".to_owned(), format!("{} MB", memory_peak_mb())),
            ],
        })
    }

    fn rehearse(
        &self,
        interleavings: u64,
        bug: Option<Planted>,
        enough: usize,
    ) -> Result<Rehearsed, Failure> {
        let (seed, threads) = (self.arguments.seed, self.threads());
        let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
        let rehearsed = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut told = Instant::now();
                while !over.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(50));
                    if told.elapsed() > Duration::from_secs(10) {
                        told = Instant::now();
                        eprintln!("model: {} of {interleavings}", done.load(Ordering::Relaxed));
                    }
                }
            });
            let stop = self.stop.flag();
            let rehearsed = rehearse(seed, interleavings, bug, enough, threads, stop, &done);
            over.store(true, Ordering::Relaxed);
            rehearsed
        });
        rehearsed.map_err(Failure::internal)
    }

    fn real(&self, postgres: bool, bootstrap: &Path, root: &Path) -> Result<LayerProof, Failure> {
        let arguments = self.arguments;
        let database = if postgres { "postgres" } else { "sqlite" };
        let (seed, orders) = (arguments.seed, arguments.orders);
        let at_rate = Duration::from_secs_f64(orders as f64 / ORDERS_PER_S).max(SHORTEST);
        let over = arguments.minutes.map(|minutes| Duration::try_from_secs_f64(minutes * 60.0));
        let over =
            over.transpose().map_err(|error| Failure::usage(format!("--minutes: {error}")))?;
        let proof = RealProof {
            name: format!("real layer on {}", if postgres { "PostgreSQL" } else { "SQLite" }),
            command: self.again(database),
            folder: root.join(database),
            bootstrap: bootstrap.to_owned(),
            template: mutants::proven(arguments.visibility, self.faults.contains(&Fault::F12))?,
            seed,
            orders,
            over: over.unwrap_or(at_rate),
            faults: self.faults.clone(),
            flags: Vec::new(),
            poison: false,
            postgres,
            failover: Duration::from_secs(arguments.failover),
            may_die: true,
            keep: arguments.keep_cloud,
        };
        proof.run(&self.stop)
    }

    /// The command that proves the real layer on this database again.
    fn again(&self, database: &str) -> String {
        let ProveArguments { orders, seed, faults, visibility, failover, minutes, .. } =
            self.arguments;
        let mut command = format!(
            "vazao prove --layer real --planted none --database {database} --orders {orders} \
             --seed {seed} --faults {faults} --visibility {visibility} --failover {failover}"
        );
        if let Some(minutes) = minutes {
            command = format!("{command} --minutes {minutes}");
        }
        command
    }

    fn plant(&self, bug: Planted, bootstrap: &Path, root: &Path) -> Result<Caught, Failure> {
        eprintln!("planted: {bug}");
        let caught = match MUTANTS.iter().find(|mutant| mutant.bug == bug) {
            Some(mutant) => self.plant_in_template(mutant, bootstrap, root)?,
            None => self.plant_in_model(bug)?,
        };
        if !caught.is_caught() {
            eprintln!("planted: {bug} was NOT CAUGHT");
        }
        Ok(caught)
    }

    /// Interleavings until one shows it; then the smallest that does.
    fn plant_in_model(&self, bug: Planted) -> Result<Caught, Failure> {
        let rehearsed = self.rehearse(INTERLEAVINGS_OF_A_BUG, Some(bug), 1)?;
        let mut command = format!("vazao prove --layer model --planted {bug}");
        if let Some(plan) = smallest(&rehearsed)? {
            command = plan.command();
        }
        let broke = broken(&rehearsed.examination());
        Ok(Caught { bug, layer: Layer::Model, broke, command, refused: None })
    }

    /// The template with the proof's visibility timeout; one that a bug has changed stays.
    fn scaled(&self, template: &str) -> String {
        let visibility = format!("VisibilityTimeout: {}", self.arguments.visibility);
        template.replace("VisibilityTimeout: 30", &visibility)
    }

    /// The small proof in which bugs are planted, without one: it must hold, or what it finds with
    /// a bug means nothing.
    fn small(&self, bootstrap: &Path, root: &Path) -> RealProof {
        RealProof {
            name: "control: what bugs are planted in, without one".to_owned(),
            command: format!("vazao prove --layer planted --seed {}", self.arguments.seed),
            folder: root.join("control"),
            bootstrap: bootstrap.to_owned(),
            template: self.scaled(mutants::TEMPLATE),
            seed: self.arguments.seed,
            orders: ORDERS_OF_A_BUG,
            over: TIME_OF_A_BUG,
            faults: BTreeSet::new(),
            flags: CONTROL_FAULTS.iter().map(|flag| (*flag).to_owned()).collect(),
            poison: true,
            postgres: false,
            failover: Duration::ZERO,
            may_die: false,
            keep: self.arguments.keep_cloud,
        }
    }

    /// A small proof of the template with the bug in it; one that cannot even be started is caught.
    fn plant_in_template(
        &self,
        mutant: &Mutant,
        bootstrap: &Path,
        root: &Path,
    ) -> Result<Caught, Failure> {
        let Mutant { bug, faults, .. } = *mutant;
        let seed = self.arguments.seed;
        let command = format!("vazao prove --layer planted --planted {bug} --seed {seed}");
        let template = self.scaled(&mutant.template(mutants::TEMPLATE)?);
        let proof = RealProof {
            name: format!("planted {bug}"),
            command: command.clone(),
            folder: root.join(format!("planted-{bug}")),
            template,
            flags: faults.iter().map(|flag| (*flag).to_owned()).collect(),
            ..self.small(bootstrap, root)
        };
        let (broke, refused) = match proof.run(&self.stop) {
            Ok(proof) => (broken(&proof.examination), None),
            // What the template says is refused: nothing was started.
            Err(failure) if failure.exit_code == 2 => (Vec::new(), Some(failure.message)),
            Err(failure) => return Err(failure),
        };
        Ok(Caught { bug, layer: Layer::Template, broke, command, refused })
    }
}

fn broken(examination: &Examination) -> Vec<Check> {
    examination.broken().cloned().collect()
}

/// The smallest plan that fails as the first that failed does.
fn smallest(rehearsed: &Rehearsed) -> Result<Option<Plan>, Failure> {
    let Some(failed) = rehearsed.failed.first() else { return Ok(None) };
    let Some(check) = failed.examination.broken().next() else { return Ok(None) };
    let certificate = processor::Certificate::for_tests().map_err(Failure::internal)?;
    let mut stage = Stage::new(&certificate).map_err(Failure::internal)?;
    let plan = minimise(&mut stage, failed.plan.clone(), check.id).map_err(Failure::internal)?;
    Ok(Some(plan))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
