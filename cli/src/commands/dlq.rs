//! `vazao dlq`: what the function could not process, and its way back.

mod reasons;

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use observe::{
    Cloud, CloudAddress, DeadLetter, DeadLetterQueue, Look, MoveStatus, MoveTask, ObserveError,
    Stack,
};
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::{
    DlqAction, DlqArguments, DlqListArguments, DlqRedriveArguments, DlqShowArguments, Place,
    PlaceArguments,
};
use crate::failure::Failure;
use reasons::Reasons;

/// Where `vazao local` is, unless it was told otherwise.
const LOCAL_ENDPOINT: &str = "http://127.0.0.1:4566";

/// Where it writes the function's log.
const LOCAL_LOGS: &str = "runs/local/logs";

/// The template's output with the queue's URL.
const QUEUE_OUTPUT: &str = "DeadLetterQueueUrl";

/// How often a redrive is asked how far it has come.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// Exit code of what Ctrl-C has stopped.
const STOPPED: u8 = 130;

pub(crate) fn execute(arguments: &DlqArguments) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::internal)?;
    runtime.block_on(async {
        match &arguments.action {
            DlqAction::List(list) => list_letters(list).await,
            DlqAction::Show(show) => show_letter(show).await,
            DlqAction::Redrive(redrive) => redrive_letters(redrive).await,
        }
    })
}

/// Finds the queue; nothing is received yet.
async fn open(place: &PlaceArguments) -> Result<(Cloud, DeadLetterQueue), Failure> {
    let cloud = Cloud::connect(&address(place)?).await;
    let queue = match &place.stack {
        Some(name) => {
            let stack = Stack::read(&cloud, name).await;
            let stack = stack.map_err(|error| Failure::usage(format!("--stack: {error}")))?;
            stack.output(QUEUE_OUTPUT).map_err(Failure::usage)?.to_owned()
        }
        None => place.queue.clone(),
    };
    let found = DeadLetterQueue::find(&cloud, &queue).await.map_err(|error| {
        Failure::usage(format!("the queue {queue} (--queue, --endpoint-url, --target): {error}"))
    })?;
    Ok((cloud, found))
}

fn address(place: &PlaceArguments) -> Result<CloudAddress, Failure> {
    let region = place.region.clone();
    match (place.target, &place.endpoint_url) {
        (Place::Aws, None) => Ok(CloudAddress::Aws { region }),
        (Place::Aws, Some(_)) => Err(Failure::usage(
            "--endpoint-url names a stand-in, --target aws the account: leave one of them out",
        )),
        (Place::Local, url) => {
            let url = url.clone().unwrap_or_else(|| LOCAL_ENDPOINT.to_owned());
            Ok(CloudAddress::Endpoint { url, region })
        }
    }
}

async fn list_letters(arguments: &DlqListArguments) -> Result<u8, Failure> {
    let (cloud, queue) = open(&arguments.place).await?;
    let reasons = match logs(arguments) {
        Some(path) => Reasons::read(&path)?,
        None => Reasons::default(),
    };
    let look = queue.look(&cloud, arguments.limit, |_| false).await.map_err(Failure::internal)?;
    let there = observe::queue_depth(&cloud, queue.url()).await.map_err(Failure::internal)?;
    if arguments.json {
        let letters: Vec<Value> =
            look.letters.iter().map(|letter| summary(letter, &reasons)).collect();
        println!("{}", json!({ "messages": letters, "inQueue": there.total() }));
    } else {
        println!("{}", table(&look, &reasons, Timestamp::now()).trim_end_matches('\n'));
        if there.total() > look.letters.len() as u64 {
            println!("{} are there in all: --limit shows more", there.total());
        }
    }
    warn_held(&look);
    Ok(0)
}

fn logs(arguments: &DlqListArguments) -> Option<PathBuf> {
    let default = || {
        let is_local = arguments.place.target == Place::Local;
        (is_local && Path::new(LOCAL_LOGS).is_dir()).then(|| LOCAL_LOGS.into())
    };
    arguments.logs.clone().or_else(default)
}

fn summary(letter: &DeadLetter, reasons: &Reasons) -> Value {
    json!({
        "messageId": letter.message_id,
        "orderNumber": letter.attribute("orderNumber"),
        "partner": letter.attribute("partner"),
        "receiveCount": letter.receive_count,
        "sentAt": letter.sent_at,
        "reason": reasons.of(&letter.message_id),
    })
}

fn table(look: &Look, reasons: &Reasons, now: Timestamp) -> String {
    if look.letters.is_empty() {
        return "no dead letters".to_owned();
    }
    let mut text = format!(
        "{:<36}  {:<15}  {:<12}  {:>8}  {:>6}  reason\n",
        "message", "order", "partner", "receives", "age"
    );
    for letter in &look.letters {
        let named = |name| letter.attribute(name).unwrap_or("-");
        let age =
            letter.sent_at.map_or_else(|| "-".to_owned(), |sent| age(now.duration_since(sent)));
        let reason = reasons.of(&letter.message_id).unwrap_or("-");
        let _ = writeln!(
            text,
            "{:<36}  {:<15}  {:<12}  {:>8}  {age:>6}  {reason}",
            letter.message_id,
            named("orderNumber"),
            named("partner"),
            letter.receive_count,
        );
    }
    text
}

/// In the largest unit of which there is one.
fn age(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        86_400.. => format!("{} d", seconds / 86_400),
        ..0 => "-".to_owned(),
    }
}

fn warn_held(look: &Look) {
    if look.held > 0 {
        eprintln!("vazao: {} could not be made visible again yet; they are in 2 min", look.held);
    }
}

async fn show_letter(arguments: &DlqShowArguments) -> Result<u8, Failure> {
    let (cloud, queue) = open(&arguments.place).await?;
    let wanted = |letter: &DeadLetter| letter.message_id == arguments.message_id;
    let look = queue.look(&cloud, usize::MAX, wanted).await.map_err(Failure::internal)?;
    warn_held(&look);
    let letter = look.letters.iter().find(|letter| wanted(letter)).ok_or_else(|| {
        Failure::usage(format!("no dead letter {}: `vazao dlq list`", arguments.message_id))
    })?;
    if arguments.json {
        let mut value = summary(letter, &Reasons::default());
        value["attributes"] = json!(letter.attributes);
        value["body"] = json!(letter.body);
        println!("{value}");
        return Ok(0);
    }
    println!("message   {}", letter.message_id);
    if let Some(sent) = letter.sent_at {
        println!("sent      {sent}");
    }
    println!("receives  {}", letter.receive_count);
    for (name, value) in &letter.attributes {
        println!("{name:<9} {value}");
    }
    println!("\n{}", letter.body);
    Ok(0)
}

async fn redrive_letters(arguments: &DlqRedriveArguments) -> Result<u8, Failure> {
    let (cloud, queue) = open(&arguments.place).await?;
    let there = observe::queue_depth(&cloud, queue.url()).await.map_err(Failure::internal)?;
    if there.total() == 0 {
        let nothing =
            MoveTask { status: MoveStatus::Completed, moved: 0, to_move: 0, started_ms: 0 };
        return Ok(say_end(&nothing, arguments.json));
    }
    let before = queue.last_move(&cloud).await.map_err(Failure::internal)?;
    // From here on, so that no Ctrl-C leaves a move alone.
    let interrupt = signal(SignalKind::interrupt()).map_err(Failure::internal)?;
    let handle = queue.start_move(&cloud, arguments.rate).await.map_err(Failure::usage)?;
    let redrive = Redrive { cloud, queue, handle, before_ms: before.map(|task| task.started_ms) };
    let end = redrive.follow(interrupt).await.map_err(|error| {
        Failure::internal(format!("the redrive goes on, but cannot be followed: {error}"))
    })?;
    Ok(say_end(&end, arguments.json))
}

/// A move that was started.
struct Redrive {
    cloud: Cloud,
    queue: DeadLetterQueue,
    handle: String,
    /// When the last one before it was started: SQS may go on telling of that for a moment.
    before_ms: Option<i64>,
}

impl Redrive {
    /// Waits for its end, and stops it at Ctrl-C.
    async fn follow(&self, mut interrupt: Signal) -> Result<MoveTask, ObserveError> {
        let (mut is_cancelled, mut said) = (false, 0);
        loop {
            let last = self.queue.last_move(&self.cloud).await?;
            if let Some(task) = last.filter(|task| Some(task.started_ms) != self.before_ms) {
                if task.status.is_over() {
                    return Ok(task);
                }
                if task.moved > said && std::io::stderr().is_terminal() {
                    said = task.moved;
                    eprintln!("{} of {} are back", task.moved, task.to_move);
                }
            }
            tokio::select! {
                Some(()) = interrupt.recv(), if !is_cancelled => {
                    is_cancelled = true;
                    self.queue.cancel_move(&self.cloud, &self.handle).await?;
                }
                () = tokio::time::sleep(ASK_EVERY) => {}
            }
        }
    }
}

/// Says how it ended; the exit code.
fn say_end(end: &MoveTask, is_json: bool) -> u8 {
    let MoveTask { status, moved, to_move, started_ms: _ } = end;
    let (name, text, exit_code) = match status {
        MoveStatus::Completed if *to_move == 0 => ("completed", "nothing to redrive".into(), 0),
        MoveStatus::Completed => ("completed", format!("{moved} are back in their queue"), 0),
        MoveStatus::Cancelled => (
            "cancelled",
            format!("stopped: {moved} of {to_move} are back, the rest stays"),
            STOPPED,
        ),
        MoveStatus::Failed(reason) => {
            ("failed", format!("{moved} of {to_move} are back, then: {reason}"), 1)
        }
        MoveStatus::Running | MoveStatus::Cancelling => {
            ("running", format!("{moved} of {to_move} are back so far"), 1)
        }
    };
    if is_json {
        println!("{}", json!({ "status": name, "moved": moved, "toMove": to_move }));
    } else {
        println!("{text}");
    }
    exit_code
}
