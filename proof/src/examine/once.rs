//! Everything is there once: rows, documents, versions, numbers, stock, money.

use std::collections::{BTreeMap, HashMap};

use orders::DocumentKind;

use super::Examiner;
use crate::CheckId;

impl Examiner<'_> {
    pub(super) fn once(&mut self) {
        self.one_of_each();
        self.written_once();
        self.numbers();
        self.access_keys();
        self.stock();
        self.money();
    }

    fn doubled(&mut self, name: &impl ToString, why: &str) {
        self.sets.duplicated += 1;
        self.breaks(CheckId::C3, name, why);
    }

    fn one_of_each(&mut self) {
        let index = self.index;
        for (order, found) in self.evidence.sent.iter().zip(&index.found) {
            if found.rows.len() > 1 {
                self.doubled(&order.name, "more than one row");
            }
            for kind in DocumentKind::ALL {
                if found.count(kind) > 1 {
                    self.doubled(&order.name, &format!("more than one {} object", kind.folder()));
                }
            }
        }
    }

    fn written_once(&mut self) {
        let evidence = self.evidence;
        for object in evidence.objects.iter().filter(|object| object.versions > 1) {
            self.doubled(&object.key, "written more than once");
        }
    }

    /// Numbers are given once, and none is left out that nobody has recorded.
    fn numbers(&mut self) {
        let mut series: BTreeMap<u16, BTreeMap<u32, u32>> = BTreeMap::new();
        let invoices = || self.evidence.rows.iter().filter_map(|row| row.invoice.as_ref());
        for invoice in invoices() {
            *series.entry(invoice.series).or_default().entry(invoice.number).or_default() += 1;
        }
        let mut wrong = Vec::new();
        for (number_of, numbers) in &series {
            let more = numbers.iter().filter(|(_, times)| **times > 1);
            wrong.extend(more.map(|(number, _)| (*number_of, *number, true)));
        }
        for (number_of, next) in self.ends(&series) {
            let numbers = series.get(&number_of);
            let missing = (1..next).filter(|number| {
                !numbers.is_some_and(|numbers| numbers.contains_key(number))
                    && !self.evidence.given_up.contains(&(number_of, *number))
            });
            wrong.extend(missing.map(|number| (number_of, number, false)));
        }
        for (series, number, twice) in wrong {
            let name = format!("number {number} of series {series}");
            if twice {
                self.doubled(&name, "given twice");
            } else {
                self.breaks(CheckId::C3, &name, "taken by no invoice and not recorded");
            }
        }
    }

    /// Up to which number each series must be whole: what the series says, or its last invoice.
    fn ends(&self, series: &BTreeMap<u16, BTreeMap<u32, u32>>) -> BTreeMap<u16, u32> {
        let last = |numbers: &BTreeMap<u32, u32>| numbers.keys().next_back().map_or(1, |n| n + 1);
        let mut ends: BTreeMap<u16, u32> =
            series.iter().map(|(series, numbers)| (*series, last(numbers))).collect();
        for (series, next) in &self.evidence.next_numbers {
            let end = ends.entry(*series).or_insert(1);
            *end = (*end).max(*next);
        }
        ends
    }

    fn access_keys(&mut self) {
        let mut seen: HashMap<&str, u32> = HashMap::new();
        for invoice in self.evidence.rows.iter().filter_map(|row| row.invoice.as_ref()) {
            *seen.entry(&invoice.access_key).or_default() += 1;
        }
        let twice: Vec<_> = seen.into_iter().filter(|(_, times)| *times > 1).collect();
        for (key, _) in twice {
            self.doubled(&key, "an access key given twice");
        }
    }

    fn stock(&mut self) {
        let evidence = self.evidence;
        for lot in evidence.lots.iter().filter(|lot| lot.taken != lot.owed) {
            let why = format!("{} taken, {} sold from it", lot.taken, lot.owed);
            self.breaks(CheckId::C3, &lot.name, &why);
        }
        for row in evidence.rows.iter().filter(|row| row.confirmed != row.reserved) {
            let why = format!("{} confirmed, {} reserved", row.confirmed, row.reserved);
            self.breaks(CheckId::C3, &row.name, &why);
        }
    }

    fn money(&mut self) {
        let evidence = self.evidence;
        for credit in
            evidence.credits.iter().filter(|credit| credit.open_cents != credit.billed_cents)
        {
            let why = format!("{} cents open, {} billed", credit.open_cents, credit.billed_cents);
            self.breaks(CheckId::C3, &credit.name, &why);
        }
    }
}
