//! One interleaving: the scheduler, the environments and what strikes them.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use orders::{World, WorldSize};
use processor::{
    Certificate, DatabaseUrl, Document, Handler, HandlerError, Pipeline, Seed, Signer,
    SqliteDatabase, create_database,
};
use proof::{Evidence, Examination, Fault, Leftover, Planted, examine};
use runlog::Outcome as Heard;
use thiserror::Error;

use crate::books::read_books;
use crate::bugs::Buggy;
use crate::database::Gated;
use crate::dice::Dice;
use crate::gates::{Gates, Point, Way};
use crate::partners::Partners;
use crate::plan::Plan;
use crate::process::Watched;
use crate::queue::{Queue, Receipt};
use crate::shelf::{Bucket, Shelf};
use crate::strike::{Strike, StrikeKind};

/// Environments at once.
const ENVIRONMENTS: usize = 3;

/// An interleaving that takes more steps does not end; they take some sixty, with dead letters
/// some two hundred.
const STEPS_MAX: u32 = 20_000;

/// Times that an environment is asked to go on after a step: the database lets the other orders of
/// a batch come to wait, once.
const TURNS: u32 = 4;

/// A small business: what matters are the orders, and the file is copied for every interleaving.
const WORLD: WorldSize = WorldSize { partners: 2, customers: 6, products: 40 };

/// What cannot be rehearsed.
#[derive(Debug, Error)]
pub enum StageError {
    /// Files.
    #[error("cannot write in {folder}: {cause}")]
    Folder {
        /// Where.
        folder: String,
        /// Why.
        cause: String,
    },
    /// The database.
    #[error("the rehearsal's database: {0}")]
    Database(String),
    /// The certificate.
    #[error("the rehearsal's certificate: {0}")]
    Certificate(String),
    /// It goes on and on.
    #[error("no end after {STEPS_MAX} steps: {0}")]
    NoEnd(String),
}

/// A thread's place to rehearse in.
#[derive(Debug)]
pub struct Stage {
    folder: tempfile::TempDir,
    signer: Rc<Signer>,
    world: World,
    played: u64,
    runtime: tokio::runtime::Runtime,
}

/// What an interleaving came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Sets and checks.
    pub examination: Examination,
    /// What struck.
    pub struck: Vec<Fault>,
    /// Steps that it took.
    pub steps: u32,
}

impl Stage {
    /// Makes a place: a folder in memory if there is one, a database to copy.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn new(certificate: &Certificate) -> Result<Self, StageError> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let cannot = |error: std::io::Error| StageError::Folder {
            folder: parent.display().to_string(),
            cause: error.to_string(),
        };
        let folder = tempfile::Builder::new().prefix("vazao-rehearsal-").tempdir_in(&parent);
        let folder = folder.map_err(cannot)?;
        let world = World::new(WORLD);
        // Few series, so that orders meet in them.
        let seed = Seed { world, series: 2 };
        create_database(&DatabaseUrl::Sqlite(folder.path().join("first.db")), &seed)
            .map_err(|error| StageError::Database(error.to_string()))?;
        let signer = Signer::new(certificate);
        let signer = signer.map_err(|error| StageError::Certificate(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(cannot)?;
        Ok(Self { folder, signer: Rc::new(signer), world, played: 0, runtime })
    }

    /// Plays an interleaving to its end and examines it.
    ///
    /// # Errors
    /// If it cannot be played; what goes wrong on purpose is no error.
    pub fn play(&mut self, plan: &Plan) -> Result<Outcome, StageError> {
        self.played += 1;
        let path = self.folder.path().join(format!("{}.db", self.played));
        std::fs::copy(self.folder.path().join("first.db"), &path).map_err(|error| {
            StageError::Folder { folder: path.display().to_string(), cause: error.to_string() }
        })?;
        let scene = Scene::new(plan, path.clone(), self.world, Rc::clone(&self.signer));
        let outcome = self.runtime.block_on(scene.play());
        for ending in ["", "-wal", "-shm"] {
            // What is left goes with the folder.
            let _ = std::fs::remove_file(format!("{}{ending}", path.display()));
        }
        outcome
    }
}

type Invocation = Pin<Box<dyn Future<Output = Result<SqsBatchResponse, HandlerError>>>>;

/// A process of the function.
struct Environment {
    pipeline: Rc<Pipeline<Gated, Shelf>>,
    gates: Rc<Gates>,
    owed: Rc<RefCell<Vec<Document>>>,
    aborted: Rc<Cell<bool>>,
    running: Option<(Invocation, Vec<Receipt>, Vec<String>)>,
}

/// What the scheduler may do next.
#[derive(Debug, Clone, Copy)]
enum Step {
    Send(usize),
    Invoke,
    Open {
        environment: usize,
        place: usize,
    },
    /// All that are about to be settled go on together: one transaction.
    OpenAll {
        environment: usize,
    },
    Pay {
        environment: usize,
    },
}

struct Scene<'a> {
    plan: &'a Plan,
    path: PathBuf,
    signer: Rc<Signer>,
    dice: Dice,
    step: u32,
    /// Not struck yet.
    strikes: Vec<Strike>,
    struck: Vec<Fault>,
    partners: Partners,
    queue: Queue,
    bucket: Rc<RefCell<Bucket>>,
    environments: Vec<Environment>,
}

impl<'a> Scene<'a> {
    fn new(plan: &'a Plan, path: PathBuf, world: World, signer: Rc<Signer>) -> Self {
        Self {
            plan,
            path,
            signer,
            dice: Dice::new(plan.seed),
            step: 0,
            strikes: plan.strikes.clone(),
            struck: Vec::new(),
            partners: Partners::new(world, plan.seed, plan.orders, plan.cursed),
            queue: Queue::default(),
            bucket: Rc::default(),
            environments: Vec::new(),
        }
    }

    /// Until nothing is left to do; then dead letters are driven back, twice.
    async fn play(mut self) -> Result<Outcome, StageError> {
        self.until_still().await?;
        let died = self.queue.letters.clone();
        // What did not find its occasion finds none any more.
        self.strikes.clear();
        for _ in 0..2 {
            if self.queue.redrive() > 0 {
                self.struck.push(Fault::F15);
                self.until_still().await?;
            }
        }
        if self.partners.cursed().is_some() {
            self.struck.push(Fault::F10);
        }
        self.environments.clear();
        let evidence = self.evidence(died)?;
        Ok(Outcome { examination: examine(&evidence), struck: self.struck, steps: self.step })
    }

    async fn until_still(&mut self) -> Result<(), StageError> {
        loop {
            self.strike_between();
            let steps = self.steps();
            if steps.is_empty() {
                return Ok(());
            }
            let step = steps[self.dice.below(steps.len())];
            self.take(step).await?;
            self.step += 1;
            if self.step == STEPS_MAX {
                return Err(StageError::NoEnd(self.plan.command()));
            }
        }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = (0..self.partners.waiting()).map(Step::Send).collect();
        let idle = self.environments.iter().filter(|one| one.running.is_none()).count();
        if !self.queue.visible().is_empty() && (idle > 0 || self.environments.len() < ENVIRONMENTS)
        {
            steps.push(Step::Invoke);
        }
        for (environment, one) in self.environments.iter().enumerate() {
            let points = one.gates.points();
            steps.extend((0..points.len()).map(|place| Step::Open { environment, place }));
            if points.iter().filter(|point| **point == Point::Settle).count() > 1 {
                steps.push(Step::OpenAll { environment });
            }
            if !one.owed.borrow().is_empty() {
                steps.push(Step::Pay { environment });
            }
        }
        steps
    }

    /// The first of these that is due, which is then spent.
    fn due(&mut self, kinds: &[StrikeKind]) -> Option<StrikeKind> {
        let step = self.step;
        let is_due = |strike: &Strike| strike.step <= step && kinds.contains(&strike.kind);
        let place = self.strikes.iter().position(is_due)?;
        let Strike { kind, .. } = self.strikes.remove(place);
        self.struck.push(kind.fault());
        Some(kind)
    }

    /// What strikes between two steps: whoever owes documents dies, a message becomes visible.
    fn strike_between(&mut self) {
        let owes = self.environments.iter().position(|one| !one.owed.borrow().is_empty());
        if let Some(environment) = owes
            && self.due(&[StrikeKind::Crash]).is_some()
        {
            self.crash(environment);
        }
        let in_flight = self.queue.in_flight();
        if !in_flight.is_empty() && self.due(&[StrikeKind::Expire]).is_some() {
            let message = in_flight[self.dice.below(in_flight.len())];
            self.queue.expire(message);
        }
    }

    async fn take(&mut self, step: Step) -> Result<(), StageError> {
        match step {
            Step::Send(place) => self.send(place),
            Step::Invoke => self.invoke().await?,
            Step::Open { environment, place } => self.open(environment, place).await,
            Step::OpenAll { environment } => {
                let gates = Rc::clone(&self.environments[environment].gates);
                while let Some(place) =
                    gates.points().iter().position(|point| *point == Point::Settle)
                {
                    gates.open(place, Way::On);
                }
                self.go_on(environment).await;
            }
            Step::Pay { environment } => {
                Shelf::pay(&self.bucket, &self.environments[environment].owed);
            }
        }
        Ok(())
    }

    fn send(&mut self, place: usize) {
        let Some(sending) = self.partners.sending(place) else { return };
        let strike = self.due(&[
            StrikeKind::Refuse,
            StrikeKind::Unheard,
            StrikeKind::Repeat,
            StrikeKind::Change,
        ]);
        if strike == Some(StrikeKind::Refuse) {
            self.partners.hears(&sending, Heard::Failed);
            return;
        }
        self.queue.send(sending.name.clone(), sending.sha256, sending.record.clone());
        if strike == Some(StrikeKind::Unheard) {
            self.partners.hears(&sending, Heard::Failed);
            return;
        }
        self.partners.hears(&sending, Heard::Accepted);
        match strike {
            Some(StrikeKind::Repeat) => self.partners.repeats(&sending),
            Some(StrikeKind::Change) if !self.partners.changes(&sending) => {
                self.partners.repeats(&sending);
            }
            Some(_) | None => {}
        }
    }

    /// Receives some of what is visible and gives it to an environment.
    async fn invoke(&mut self) -> Result<(), StageError> {
        let mut visible = self.queue.visible();
        let wanted = 1 + self.dice.below(visible.len());
        let (mut receipts, mut ids) = (Vec::new(), Vec::new());
        let mut event = SqsEvent::default();
        for _ in 0..wanted {
            let message = visible.swap_remove(self.dice.below(visible.len()));
            let Some((receipt, record)) = self.queue.receive(message) else { continue };
            receipts.push(receipt);
            ids.push(record.message_id.clone().unwrap_or_default());
            event.records.push(record);
        }
        if receipts.is_empty() {
            return Ok(());
        }
        if self.due(&[StrikeKind::Throttled, StrikeKind::BadVersion]).is_some() {
            receipts.into_iter().for_each(|receipt| self.queue.give_back(receipt));
            return Ok(());
        }
        let idle = self.environments.iter().position(|one| one.running.is_none());
        let environment = match idle {
            Some(environment) => environment,
            None => self.start()?,
        };
        let cursed = self.partners.cursed();
        let one = &mut self.environments[environment];
        one.running = Some((one.invocation(event, self.plan.bug, cursed), receipts, ids));
        self.go_on(environment).await;
        Ok(())
    }

    fn start(&mut self) -> Result<usize, StageError> {
        let database = SqliteDatabase::open(&self.path);
        let database = database.map_err(|error| StageError::Database(error.to_string()))?;
        let (gates, owed) = (Rc::<Gates>::default(), Rc::<RefCell<Vec<Document>>>::default());
        let database = Gated {
            database: Buggy::new(database, &self.path, self.plan.bug),
            gates: Rc::clone(&gates),
        };
        let shelf = Shelf {
            bucket: Rc::clone(&self.bucket),
            gates: Rc::clone(&gates),
            bug: self.plan.bug,
            owed: Rc::clone(&owed),
        };
        let pipeline = Rc::new(Pipeline::new(database, shelf, Rc::clone(&self.signer)));
        let (aborted, running) = (Rc::default(), None);
        self.environments.push(Environment { pipeline, gates, owed, aborted, running });
        Ok(self.environments.len() - 1)
    }

    /// Opens a gate, unless something strikes there.
    async fn open(&mut self, environment: usize, place: usize) {
        let point = self.environments[environment].gates.points()[place];
        let strike = match point {
            Point::Settle | Point::Conclude => {
                self.due(&[StrikeKind::DatabaseRefuses, StrikeKind::Crash, StrikeKind::Panic])
            }
            Point::Numbered => self.due(&[StrikeKind::Crash, StrikeKind::DatabaseRefuses]),
            Point::Settled | Point::Concluded => {
                self.due(&[StrikeKind::CommitUnheard, StrikeKind::Crash, StrikeKind::Panic])
            }
            Point::Put => self.due(&[StrikeKind::PutBefore, StrikeKind::Crash, StrikeKind::Panic]),
            Point::Stored => {
                self.due(&[StrikeKind::PutAfter, StrikeKind::Crash, StrikeKind::Panic])
            }
        };
        let way = match strike {
            Some(StrikeKind::Crash) => {
                self.crash(environment);
                return;
            }
            Some(StrikeKind::Panic) => Way::Panic,
            Some(_) => Way::Fail,
            None => Way::On,
        };
        self.environments[environment].gates.open(place, way);
        self.go_on(environment).await;
    }

    /// The process is gone, with all that it had not yet given away.
    fn crash(&mut self, environment: usize) {
        let gone = self.environments.remove(environment);
        if let Some((_, receipts, _)) = gone.running {
            receipts.into_iter().for_each(|receipt| self.queue.give_back(receipt));
        }
    }

    /// Lets an environment work until it waits at its gates or has answered.
    async fn go_on(&mut self, environment: usize) {
        for _ in 0..TURNS {
            let one = &mut self.environments[environment];
            let Some((invocation, ..)) = &mut one.running else { return };
            let answer = invocation.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if one.aborted.get() {
                self.crash(environment);
                return;
            }
            if let Poll::Ready(answer) = answer {
                self.answered(environment, answer);
                return;
            }
            // The runtime wakes here whoever let others go first.
            tokio::task::yield_now().await;
        }
    }

    fn answered(&mut self, environment: usize, answer: Result<SqsBatchResponse, HandlerError>) {
        let Some((_, receipts, ids)) = self.environments[environment].running.take() else {
            return;
        };
        let is_heard = self.due(&[StrikeKind::ResponseLost]).is_none();
        let failed: Option<Vec<String>> = answer.ok().filter(|_| is_heard).map(|answer| {
            answer.batch_item_failures.into_iter().map(|one| one.item_identifier).collect()
        });
        for (receipt, id) in receipts.into_iter().zip(ids) {
            let done = failed.as_ref().is_some_and(|failed| !failed.contains(&id));
            if done && self.due(&[StrikeKind::Duplicate]).is_none() {
                self.queue.delete(receipt);
            } else {
                self.queue.give_back(receipt);
            }
        }
    }

    fn evidence(&self, letters: Vec<proof::Letter>) -> Result<Evidence, StageError> {
        let mut evidence = Evidence {
            sent: self.partners.sent.clone(),
            objects: self.bucket.borrow().objects(),
            letters,
            left: Leftover { queue: self.queue.left(), dead: self.queue.dead() },
            ..Evidence::default()
        };
        read_books(&self.path, &mut evidence).map_err(StageError::Database)?;
        Ok(evidence)
    }
}

impl Environment {
    fn invocation(
        &self,
        event: SqsEvent,
        bug: Option<Planted>,
        cursed: Option<[u8; 32]>,
    ) -> Invocation {
        let process = Watched {
            pipeline: Rc::clone(&self.pipeline),
            bug,
            cursed,
            aborted: Rc::clone(&self.aborted),
        };
        // Nothing waits for a clock here: the scheduler is the clock.
        let deadline = SystemTime::now() + Duration::from_secs(3_600);
        Box::pin(async move { Handler::new(process, Instant::now()).handle(event, deadline).await })
    }
}
