//! What was sent against what was found, order by order.

mod index;
mod once;
#[cfg(test)]
mod tests;

use orders::DocumentKind;
use runlog::Residual;
use serde::{Deserialize, Serialize};

use crate::checks::{Check, CheckId};
use crate::evidence::{Evidence, OrderName, Row, StoredObject};
use crate::sent::{Body, Fate, SentOrder};
use crate::{Contents, NfeFacts, StatusFacts};
use index::{Found, Index};

/// How many orders are in which set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sets {
    /// Requests that partners made.
    pub attempted: u64,
    /// Different orders among them.
    pub distinct: u64,
    /// Orders that a partner was told are accepted.
    pub acknowledged: u64,
    /// Accepted, and billed, with XML, PDF and status.
    pub documented: u64,
    /// Accepted, and refused with a reason and a status.
    pub rejected: u64,
    /// Accepted, and recorded as another body under a number that was taken.
    pub conflicting: u64,
    /// Orders that the gateway refused, and that left no trace.
    pub turned_away: u64,
    /// Messages that were in the dead-letter queue at any time.
    pub in_dead_letters: u64,
    /// Accepted orders that no code can process, and that ended in the dead-letter queue.
    pub dead: u64,
    /// Accepted, and in none of the sets above.
    pub lost: u64,
    /// There, though nobody sent it.
    pub unexpected: u64,
    /// There more than once.
    pub duplicated: u64,
    /// Not promised, and processed whole.
    pub recovered: u64,
    /// Not promised, and not there.
    pub absent: u64,
    /// Still waiting at the end.
    pub undrained: u64,
}

impl std::ops::AddAssign for Sets {
    fn add_assign(&mut self, other: Self) {
        self.attempted += other.attempted;
        self.distinct += other.distinct;
        self.acknowledged += other.acknowledged;
        self.documented += other.documented;
        self.rejected += other.rejected;
        self.conflicting += other.conflicting;
        self.turned_away += other.turned_away;
        self.in_dead_letters += other.in_dead_letters;
        self.dead += other.dead;
        self.lost += other.lost;
        self.unexpected += other.unexpected;
        self.duplicated += other.duplicated;
        self.recovered += other.recovered;
        self.absent += other.absent;
        self.undrained += other.undrained;
    }
}

/// The sets and the checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examination {
    /// The sets.
    pub sets: Sets,
    /// The checks, C1 to C8.
    pub checks: Vec<Check>,
}

impl Examination {
    /// Whether every check holds.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(Check::holds)
    }

    /// The checks that do not hold.
    pub fn broken(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.holds())
    }

    /// The first of what breaks a check, as one line.
    pub fn first_offender(&self) -> Option<String> {
        let check = self.broken().next()?;
        let example = check.offenders.examples.first().map_or("", String::as_str);
        Some(format!("{:?}: {example} ({} in all)", check.id, check.offenders.count))
    }
}

/// Compares everything.
pub fn examine(evidence: &Evidence) -> Examination {
    let index = Index::of(evidence);
    let mut examiner =
        Examiner { evidence, index: &index, sets: Sets::default(), broken: <_>::default() };
    for (order, found) in evidence.sent.iter().zip(&index.found) {
        examiner.order(order, found);
    }
    examiner.strangers();
    examiner.once();
    examiner.left();
    examiner.alarms();
    let Examiner { sets, broken, .. } = examiner;
    let checks = CheckId::ALL.into_iter().zip(broken);
    Examination { sets, checks: checks.map(|(id, offenders)| Check { id, offenders }).collect() }
}

/// The work of [`examine`].
struct Examiner<'a> {
    evidence: &'a Evidence,
    index: &'a Index<'a>,
    sets: Sets,
    /// What breaks each check, in the order of [`CheckId::ALL`].
    broken: [Residual; CheckId::ALL.len()],
}

impl Examiner<'_> {
    fn breaks(&mut self, check: CheckId, name: &impl ToString, why: &str) {
        self.broken[check as usize].add(format!("{}: {why}", name.to_string()));
    }

    fn order(&mut self, order: &SentOrder, found: &Found<'_>) {
        self.sets.attempted += order.attempts.len() as u64;
        self.sets.distinct += 1;
        self.sets.acknowledged += u64::from(order.is_acknowledged());
        match order.fate {
            Fate::NotTaken => self.not_taken(order, found),
            Fate::DeadLetter => self.dead_letter(order, found),
            Fate::Settled | Fate::Refused if order.is_acknowledged() => self.owed(order, found),
            Fate::Settled | Fate::Refused => self.not_promised(order, found),
        }
        if order.fate == Fate::Refused && found.is_billed() {
            self.unexpected(&order.name, "billed, though it is no order");
        }
        for row in &found.rows {
            self.content(order, row, found);
        }
    }

    fn unexpected(&mut self, name: &impl ToString, why: &str) {
        self.sets.unexpected += 1;
        self.breaks(CheckId::C2, name, why);
    }

    fn not_taken(&mut self, order: &SentOrder, found: &Found<'_>) {
        if order.is_acknowledged() {
            self.unexpected(&order.name, "accepted, though its form is wrong");
        } else if found.has_trace() || self.index.died(&order.name) {
            self.unexpected(&order.name, "it is inside, though its form is wrong");
        } else {
            self.sets.turned_away += 1;
        }
    }

    fn dead_letter(&mut self, order: &SentOrder, found: &Found<'_>) {
        if found.has_trace() {
            self.unexpected(&order.name, "processed, though it cannot be");
        }
        if !order.is_acknowledged() {
            return;
        }
        if self.index.is_dead(&order.name) {
            self.sets.dead += 1;
        } else {
            self.lose(
                &order.name,
                "accepted, cannot be processed, and not in the dead-letter queue",
            );
        }
    }

    fn lose(&mut self, name: &OrderName, why: &str) {
        self.sets.lost += 1;
        self.breaks(CheckId::C1, name, why);
    }

    /// Every body that was acknowledged stands, is recorded, or is lost.
    fn owed(&mut self, order: &SentOrder, found: &Found<'_>) {
        for (position, body) in order.bodies.iter().enumerate() {
            if !order.acknowledged(position) {
                continue;
            }
            if found.rows.iter().any(|row| row.body_sha256 == body.sha256) {
                self.standing(order, found);
            } else if self.index.conflicts.contains(&(&order.name, body.sha256)) {
                self.sets.conflicting += 1;
            } else if self.index.is_dead_with(&order.name, &body.sha256) {
                self.breaks(CheckId::C6, &order.name, "still in the dead-letter queue");
            } else {
                self.lose(
                    &order.name,
                    "accepted, and there is no row, no conflict and no dead letter",
                );
            }
        }
    }

    fn standing(&mut self, order: &SentOrder, found: &Found<'_>) {
        match found.missing() {
            None if found.is_billed() => self.sets.documented += 1,
            None => self.sets.rejected += 1,
            Some(_) if self.index.is_dead(&order.name) => {
                self.breaks(
                    CheckId::C6,
                    &order.name,
                    "settled, and still in the dead-letter queue",
                );
            }
            Some(missing) => self.lose(&order.name, &format!("settled, and without its {missing}")),
        }
    }

    fn not_promised(&mut self, order: &SentOrder, found: &Found<'_>) {
        let may_be_inside = (0..order.bodies.len()).any(|body| order.may_be_inside(body));
        match (found.has_trace(), may_be_inside, found.missing()) {
            (false, _, _) => self.sets.absent += 1,
            (true, false, _) => {
                self.unexpected(
                    &order.name,
                    "processed, though its partner was told that it is refused",
                );
            }
            (true, true, None) => self.sets.recovered += 1,
            (true, true, Some(_)) if self.index.is_dead(&order.name) => {
                self.breaks(CheckId::C6, &order.name, "still in the dead-letter queue");
            }
            (true, true, Some(missing)) => {
                self.breaks(CheckId::C7, &order.name, &format!("in part: without its {missing}"));
            }
        }
    }

    /// What row, invoice and status say, against the body that was sent.
    fn content(&mut self, order: &SentOrder, row: &Row, found: &Found<'_>) {
        let Some(body) = order.body_with(&row.body_sha256) else {
            self.breaks(
                CheckId::C4,
                &order.name,
                "the row has the hash of a body that was not sent",
            );
            return;
        };
        if order.fate != Fate::DeadLetter && !order.may_be_inside(body) {
            self.unexpected(&order.name, "the body that stands was refused at the gateway");
        }
        let body = &order.bodies[body];
        for object in found.all() {
            if let Some(wrong) = wrong_content(body, row, object, found) {
                self.breaks(CheckId::C4, &order.name, wrong);
            }
            if let Some(Contents::Status(facts)) = &object.contents
                && facts.partner != order.name.partner.as_str()
            {
                self.breaks(CheckId::C5, &order.name, "its status names another partner");
            }
        }
    }

    /// Rows, objects and letters of orders that nobody sent.
    fn strangers(&mut self) {
        for name in &self.index.strange {
            if self.index.numbers.contains(name.number.as_str()) {
                self.sets.unexpected += 1;
                self.breaks(CheckId::C5, name, "the order of another partner is filed here");
            } else {
                self.unexpected(name, "nobody sent it");
            }
        }
        for stray in &self.evidence.strays {
            self.unexpected(stray, "an object that is no document");
        }
        for letter in &self.evidence.letters {
            self.sets.in_dead_letters += 1;
            if !self.index.was_sent(letter) {
                self.unexpected(&letter.label, "a dead letter with a body that nobody sent");
            }
        }
    }

    fn left(&mut self) {
        self.sets.undrained = self.evidence.left.queue;
        if self.evidence.left.queue > 0 {
            let left = format!("{} messages", self.evidence.left.queue);
            self.breaks(CheckId::C6, &"the queue", &left);
        }
        for letter in &self.evidence.letters {
            let cannot_be_processed = self.index.fate(letter) == Some(Fate::DeadLetter);
            if !self.evidence.may_die && !cannot_be_processed {
                self.breaks(CheckId::C6, &letter.label, "needlessly in the dead-letter queue");
            }
        }
        for row in self.evidence.rows.iter().filter(|row| !row.documented) {
            self.breaks(CheckId::C6, &row.name, "not noted as documented");
        }
    }

    fn alarms(&mut self) {
        for alarm in self.evidence.alarms.iter().filter(|alarm| alarm.due && !alarm.fired) {
            self.breaks(CheckId::C8, &alarm.name, "was due and did not fire");
        }
    }
}

/// What is wrong with an object of the order that has this row.
fn wrong_content(
    body: &Body,
    row: &Row,
    object: &StoredObject,
    found: &Found<'_>,
) -> Option<&'static str> {
    match object.contents.as_ref()? {
        Contents::Unreadable => Some("a document cannot be read"),
        Contents::Confirmation => {
            let key = object.key.access_key()?.as_str();
            let named = row.invoice.as_ref().is_some_and(|invoice| invoice.access_key == key);
            (!named).then_some("a confirmation of another invoice")
        }
        Contents::Nfe(facts) => wrong_nfe(body, row, facts, found.status()),
        Contents::Status(facts) => wrong_status(body, row, facts),
    }
}

fn wrong_nfe(
    body: &Body,
    row: &Row,
    facts: &NfeFacts,
    status: Option<&StatusFacts>,
) -> Option<&'static str> {
    let invoice = row.invoice.as_ref();
    let named = invoice.is_some_and(|invoice| {
        invoice.access_key == facts.access_key
            && (invoice.series, invoice.number) == (facts.series, facts.number)
    });
    let buyer = body.buyer.as_ref().map(orders::Cnpj::as_str);
    if !named {
        Some("an XML of another invoice")
    } else if facts.order_number != row.name.number.as_str() {
        Some("an XML of another order")
    } else if buyer != Some(facts.buyer.as_str()) {
        Some("an XML to another buyer")
    } else if facts.total_cents != row.total_cents {
        Some("an XML of another amount")
    } else if status.is_some_and(|status| status.confirmed != facts.lines) {
        Some("an XML of other lines than the status confirms")
    } else {
        None
    }
}

fn wrong_status(body: &Body, row: &Row, facts: &StatusFacts) -> Option<&'static str> {
    let invoice = row.invoice.as_ref().map(|invoice| invoice.access_key.as_str());
    if facts.body_sha256 != Some(row.body_sha256) {
        Some("a status of another body")
    } else if facts.order_number != row.name.number.as_str() {
        Some("a status of another order")
    } else if facts.access_key.as_deref() != invoice {
        Some("a status of another invoice")
    } else if facts.rejected != row.invoice.is_none() {
        Some("a status of another end")
    } else if facts.total_cents != row.total_cents {
        Some("a status of another amount")
    } else if !facts.rejected && body.lines.is_some_and(|lines| lines != facts.ordered) {
        Some("a status of other lines than were sent")
    } else {
        None
    }
}

impl Found<'_> {
    /// Which document an order that is settled lacks.
    fn missing(&self) -> Option<&'static str> {
        let Some(row) = self.rows.first() else { return Some("row") };
        let has = |kind: DocumentKind| {
            self.all().any(|object| {
                let same = |invoice: &crate::InvoiceName| {
                    object.key.access_key().is_some_and(|key| key.as_str() == invoice.access_key)
                };
                object.key.kind() == kind
                    && (!kind.is_of_invoice() || row.invoice.as_ref().is_some_and(same))
            })
        };
        if !has(DocumentKind::Status) {
            Some("status")
        } else if row.invoice.is_none() {
            None
        } else if !has(DocumentKind::Nfe) {
            Some("XML")
        } else if !has(DocumentKind::Confirmation) {
            Some("PDF")
        } else {
            None
        }
    }
}
