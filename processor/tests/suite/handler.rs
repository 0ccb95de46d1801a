//! A batch: what fails goes back, and nothing else.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use processor::{
    Handler, HandlerError, Message, Outcome, Process, ProcessError, Processed, Retryable, Spent,
    Stored,
};

use crate::support::{Shop, record};

/// Does what a test wants done with the orders it names.
#[derive(Default)]
struct Scripted {
    panic_at: Option<String>,
    hang_at: Option<String>,
    fail_at: Option<String>,
    seen: RefCell<Vec<String>>,
    at_once: Cell<usize>,
    most_at_once: Cell<usize>,
    concludes: Conclude,
    concluded: RefCell<Vec<i64>>,
}

/// How an invocation is concluded.
#[derive(Default)]
enum Conclude {
    #[default]
    Well,
    Fail,
    Panic,
    Hang,
}

impl Process for &Scripted {
    async fn process(&self, message: Message) -> Result<Processed, ProcessError> {
        let number = message.order_number.to_string();
        self.seen.borrow_mut().push(number.clone());
        let row = self.seen.borrow().len() as i64;
        self.at_once.set(self.at_once.get() + 1);
        self.most_at_once.set(self.most_at_once.get().max(self.at_once.get()));
        tokio::task::yield_now().await;
        self.at_once.set(self.at_once.get() - 1);
        if self.hang_at.as_ref() == Some(&number) {
            std::future::pending::<()>().await;
        }
        assert_ne!(self.panic_at.as_ref(), Some(&number), "as the test wants it");
        if self.fail_at.as_ref() == Some(&number) {
            return Err(Retryable::DeadlineNear.into());
        }
        let (spent, stored) = (Spent::default(), Stored::default());
        // Every other order was documented before.
        let documented = (row % 2 == 0).then_some(row);
        Ok(Processed { outcome: Outcome::Documented, spent, stored, documented })
    }

    async fn conclude(&self, documented: &[i64]) -> Result<(), ProcessError> {
        self.concluded.borrow_mut().extend(documented);
        match self.concludes {
            Conclude::Well => Ok(()),
            Conclude::Fail => Err(Retryable::CutOff.into()),
            Conclude::Panic => panic!("as the test wants it"),
            Conclude::Hang => std::future::pending().await,
        }
    }
}

fn handle(
    process: &Scripted,
    records: Vec<SqsMessage>,
    left: Duration,
) -> Result<SqsBatchResponse, HandlerError> {
    let mut event = SqsEvent::default();
    event.records = records;
    let handler = Handler::new(process, Instant::now());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(handler.handle(event, SystemTime::now() + left))
}

fn failures(process: &Scripted, records: Vec<SqsMessage>, left: Duration) -> Vec<String> {
    let response = handle(process, records, left).unwrap();
    let mut failures: Vec<String> =
        response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    failures.sort();
    failures
}

const A_MINUTE: Duration = Duration::from_secs(60);

fn id(record: &SqsMessage) -> String {
    record.message_id.clone().unwrap()
}

fn number(record: &SqsMessage) -> String {
    record.message_attributes["orderNumber"].string_value.clone().unwrap()
}

#[test]
fn a_batch_without_trouble_returns_nothing() {
    let shop = Shop::new();
    let process = Scripted::default();
    let records: Vec<_> = (0..10).map(|index| shop.record(index)).collect();
    assert!(failures(&process, records, A_MINUTE).is_empty());
    assert_eq!(process.seen.borrow().len(), 10);
    // All at once, so that the database can settle them together.
    assert_eq!(process.most_at_once.get(), 10);
}

#[test]
fn what_was_documented_goes_back_if_that_cannot_be_noted() {
    let shop = Shop::new();
    let records: Vec<_> = (0..6).map(|index| shop.record(index)).collect();
    for (concludes, fails) in [
        (Conclude::Well, false),
        (Conclude::Fail, true),
        (Conclude::Panic, true),
        (Conclude::Hang, true),
    ] {
        let process = Scripted { concludes, ..Scripted::default() };
        let failed = failures(&process, records.clone(), Duration::from_millis(3_200));
        // Three of the six are to be noted, in one go; the others were documented before.
        let mut concluded = process.concluded.take();
        concluded.sort_unstable();
        assert_eq!(concluded, [2, 4, 6]);
        let noted: Vec<_> = [1, 3, 5].into_iter().map(|position| id(&records[position])).collect();
        assert_eq!(failed, if fails { noted } else { Vec::new() });
    }
}

#[test]
fn a_panic_costs_its_own_record() {
    let shop = Shop::new();
    let records: Vec<_> = (0..6).map(|index| shop.record(index)).collect();
    let process = Scripted { panic_at: Some(number(&records[1])), ..Scripted::default() };
    let panicked = id(&records[1]);
    assert_eq!(failures(&process, records, A_MINUTE), [panicked]);
    assert_eq!(process.seen.borrow().len(), 6);
}

#[test]
fn a_record_that_never_ends_goes_back_alone_before_the_invocation_ends() {
    let shop = Shop::new();
    let records: Vec<_> = (0..6).map(|index| shop.record(index)).collect();
    let process = Scripted { hang_at: Some(number(&records[2])), ..Scripted::default() };
    let hung = id(&records[2]);
    // Three seconds and a little are enough to begin with; half a second is kept for the answer.
    assert_eq!(failures(&process, records, Duration::from_millis(3_200)), [hung]);
    assert_eq!(process.seen.borrow().len(), 6);
}

#[test]
fn a_failure_goes_back_alone() {
    let shop = Shop::new();
    let records: Vec<_> = (0..6).map(|index| shop.record(index)).collect();
    let process = Scripted { fail_at: Some(number(&records[4])), ..Scripted::default() };
    let failed = id(&records[4]);
    assert_eq!(failures(&process, records, A_MINUTE), [failed]);
}

#[test]
fn what_is_no_order_goes_back_and_is_not_processed() {
    let shop = Shop::new();
    let good = shop.record(0);
    let body = good.body.clone().unwrap();
    let changed = |id: &str, change: fn(&mut SqsMessage)| {
        let mut record = record("partner-01", "PO-1", &body);
        record.message_id = Some(id.to_owned());
        change(&mut record);
        record
    };
    let records = vec![
        changed("1 no body", |record| record.body = None),
        changed("2 no partner", |record| drop(record.message_attributes.remove("partner"))),
        changed("3 no number", |record| drop(record.message_attributes.remove("orderNumber"))),
        changed("4 no order", |record| record.body = Some("{".to_owned())),
        good,
    ];
    let process = Scripted::default();
    let failed = failures(&process, records, A_MINUTE);
    assert_eq!(failed, ["1 no body", "2 no partner", "3 no number", "4 no order"]);
    assert_eq!(process.seen.borrow().len(), 1);
}

#[test]
fn the_body_cannot_say_who_the_partner_is() {
    let shop = Shop::new();
    let good = shop.record(0);
    let claims = good.body.unwrap().replacen('{', r#"{"partner":"partner-02","#, 1);
    let process = Scripted::default();
    assert_eq!(failures(&process, vec![record("partner-01", "PO-1", &claims)], A_MINUTE).len(), 1);
}

#[test]
fn nothing_is_begun_shortly_before_the_deadline() {
    let shop = Shop::new();
    let process = Scripted::default();
    let records: Vec<_> = (0..3).map(|index| shop.record(index)).collect();
    assert_eq!(failures(&process, records, Duration::from_secs(1)).len(), 3);
    assert!(process.seen.borrow().is_empty());
}

#[test]
fn a_failure_that_cannot_be_named_fails_the_batch() {
    let shop = Shop::new();
    let mut records = vec![shop.record(0), shop.record(1)];
    records[1].message_id = None;
    let process = Scripted { fail_at: Some(number(&records[1])), ..Scripted::default() };
    assert!(matches!(handle(&process, records, A_MINUTE), Err(HandlerError::NoMessageId)));
}
