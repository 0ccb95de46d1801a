//! What was found, by order.

use std::collections::{BTreeSet, HashMap, HashSet};

use orders::DocumentKind;

use crate::evidence::{Evidence, Letter, OrderName, Row, StoredObject};
use crate::sent::{Fate, SentOrder};
use crate::{Contents, StatusFacts};

/// What was found of one order.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) rows: Vec<&'a Row>,
    objects: Vec<&'a StoredObject>,
}

impl<'a> Found<'a> {
    pub(super) fn has_trace(&self) -> bool {
        !self.rows.is_empty() || !self.objects.is_empty()
    }

    pub(super) fn is_billed(&self) -> bool {
        self.rows.iter().any(|row| row.invoice.is_some())
            || self.objects.iter().any(|object| object.key.kind().is_of_invoice())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &'a StoredObject> {
        self.objects.iter().copied()
    }

    pub(super) fn count(&self, kind: DocumentKind) -> usize {
        self.all().filter(|object| object.key.kind() == kind).count()
    }

    pub(super) fn status(&self) -> Option<&'a StatusFacts> {
        self.all().find_map(|object| match &object.contents {
            Some(Contents::Status(facts)) => Some(&**facts),
            Some(Contents::Nfe(_) | Contents::Confirmation | Contents::Unreadable) | None => None,
        })
    }
}

/// Everything that was found, by order.
#[derive(Debug)]
pub(super) struct Index<'a> {
    /// What was found of each order that was sent, in the order of the evidence.
    pub(super) found: Vec<Found<'a>>,
    sent: HashMap<&'a OrderName, &'a SentOrder>,
    /// Names in the database or the bucket that nobody sent.
    pub(super) strange: BTreeSet<OrderName>,
    /// All numbers that were sent, whoever sent them.
    pub(super) numbers: HashSet<&'a str>,
    pub(super) conflicts: HashSet<(&'a OrderName, [u8; 32])>,
    died: HashSet<&'a OrderName>,
    dead: HashMap<&'a OrderName, Vec<[u8; 32]>>,
}

impl<'a> Index<'a> {
    pub(super) fn of(evidence: &'a Evidence) -> Self {
        let sent = &evidence.sent;
        let places: HashMap<&OrderName, usize> =
            sent.iter().enumerate().map(|(place, order)| (&order.name, place)).collect();
        let mut index = Self {
            found: sent.iter().map(|_| Found::default()).collect(),
            sent: sent.iter().map(|order| (&order.name, order)).collect(),
            strange: BTreeSet::new(),
            numbers: sent.iter().map(|order| order.name.number.as_str()).collect(),
            conflicts: evidence.conflicts.iter().map(|(name, sha)| (name, *sha)).collect(),
            died: evidence.letters.iter().filter_map(|letter| letter.name.as_ref()).collect(),
            dead: HashMap::new(),
        };
        for row in &evidence.rows {
            match places.get(&row.name) {
                Some(place) => index.found[*place].rows.push(row),
                None => drop(index.strange.insert(row.name.clone())),
            }
        }
        for object in &evidence.objects {
            let name = OrderName {
                partner: object.key.partner().clone(),
                number: object.key.order_number().clone(),
            };
            match places.get(&name) {
                Some(place) => index.found[*place].objects.push(object),
                None => drop(index.strange.insert(name)),
            }
        }
        for letter in &evidence.left.dead {
            if let Some(name) = &letter.name {
                index.dead.entry(name).or_default().push(letter.body_sha256);
            }
        }
        index
    }

    /// Whether a message of the order was in the dead-letter queue at any time.
    pub(super) fn died(&self, name: &OrderName) -> bool {
        self.died.contains(name)
    }

    /// Whether a message of the order is still in the dead-letter queue.
    pub(super) fn is_dead(&self, name: &OrderName) -> bool {
        self.dead.contains_key(name)
    }

    /// Whether a message with this body is.
    pub(super) fn is_dead_with(&self, name: &OrderName, sha256: &[u8; 32]) -> bool {
        self.dead.get(name).is_some_and(|bodies| bodies.contains(sha256))
    }

    /// What must become of the order that a letter is of.
    pub(super) fn fate(&self, letter: &Letter) -> Option<Fate> {
        letter.name.as_ref().and_then(|name| self.sent.get(name)).map(|order| order.fate)
    }

    /// Whether a partner sent what the letter says.
    pub(super) fn was_sent(&self, letter: &Letter) -> bool {
        let order = letter.name.as_ref().and_then(|name| self.sent.get(name));
        order.is_some_and(|order| order.body_with(&letter.body_sha256).is_some())
    }
}
