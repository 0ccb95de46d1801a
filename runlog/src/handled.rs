//! What `invocations.parquet` comes to: how long orders took to their documents, second by second,
//! and when execution environments started. One pass, in memory that grows with the intervals and
//! not with the orders.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use crate::latency::{coarse, empty};
use crate::{Handling, LatencySummary};

/// Points of the distribution, the shares that took longer: three to each power of ten.
const TAIL: [f64; 13] =
    [0.9, 0.75, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.000_5, 0.000_1];

/// What the function did, over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Handled {
    /// Acceptance to document by the interval of acceptance, (its start s, quantiles to two digits).
    pub documented: Vec<(u64, LatencySummary)>,
    /// The same over the whole run; none without a document.
    pub whole: Option<LatencySummary>,
    /// (ms, share of the orders that took longer).
    pub tail: Vec<(f64, f64)>,
    /// Environments that started, by the second in which they were asked for.
    pub cold_starts: Vec<(u64, u64)>,
    /// Invocations that ran.
    pub invocations: u64,
}

/// Reads handlings and sums them up.
#[derive(Debug)]
pub struct HandledTally {
    interval_s: u64,
    intervals: BTreeMap<u64, Histogram<u64>>,
    whole: Histogram<u64>,
    cold: BTreeMap<u64, u64>,
    invocations: u64,
    /// Rows of an invocation follow one another.
    last: Option<i64>,
}

impl HandledTally {
    /// Sums up in intervals of so many seconds, at least one.
    pub fn new(interval_s: u64) -> Self {
        Self {
            interval_s: interval_s.max(1),
            intervals: BTreeMap::new(),
            whole: empty(),
            cold: BTreeMap::new(),
            invocations: 0,
            last: None,
        }
    }

    /// Adds one message of one invocation.
    pub fn add(&mut self, row: &Handling) {
        if self.last != Some(row.invocation) {
            self.last = Some(row.invocation);
            self.invocation(row);
        }
        if row.processed == 1 && row.succeeded == 1 {
            let us = row.ended_us.saturating_sub(row.sent_us).max(1).cast_unsigned();
            let interval = self.interval(row.sent_us);
            self.intervals.entry(interval).or_insert_with(coarse).saturating_record(us);
            self.whole.saturating_record(us);
        }
    }

    fn invocation(&mut self, row: &Handling) {
        let ran = row.succeeded == 1 || row.duration_us > 0;
        self.invocations += u64::from(ran);
        if ran && row.init_us > 0 {
            let interval = self.interval(row.received_us);
            *self.cold.entry(interval).or_default() += 1;
        }
    }

    /// The start of the interval of an instant, s; before the run is its first.
    fn interval(&self, us: i64) -> u64 {
        us.max(0).cast_unsigned() / 1_000_000 / self.interval_s * self.interval_s
    }

    /// What it comes to.
    pub fn finish(self) -> Handled {
        let orders = self.whole.len();
        // A share of fewer than one order is no point of the curve.
        let tail = TAIL.iter().filter(|share| **share * orders as f64 >= 1.0);
        Handled {
            documented: self
                .intervals
                .iter()
                .map(|(second, histogram)| (*second, LatencySummary::from(histogram)))
                .collect(),
            tail: tail
                .map(|share| (self.whole.value_at_quantile(1.0 - share) as f64 / 1e3, *share))
                .collect(),
            whole: (orders > 0).then(|| LatencySummary::from(&self.whole)),
            cold_starts: self.cold.into_iter().collect(),
            invocations: self.invocations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(invocation: i64, sent_us: i64, ended_us: i64) -> Handling {
        Handling {
            invocation,
            sent_us,
            ended_us,
            received_us: sent_us + 10,
            duration_us: 1,
            succeeded: 1,
            processed: 1,
            ..Handling::default()
        }
    }

    /// Accepted at 0.5 s and 1.5 s and 3.2 s; documented 20, 40 and 90 ms later. Two in the first
    /// interval of two seconds, one in the next.
    #[test]
    fn an_order_belongs_to_the_interval_in_which_it_was_accepted() {
        let mut tally = HandledTally::new(2);
        for row in
            [row(1, 500_000, 520_000), row(1, 1_500_000, 1_540_000), row(2, 3_200_000, 3_290_000)]
        {
            tally.add(&row);
        }
        let handled = tally.finish();
        let seen: Vec<(u64, u64)> =
            handled.documented.iter().map(|(second, summary)| (*second, summary.count)).collect();
        assert_eq!((seen, handled.invocations), (vec![(0, 2), (2, 1)], 2));
        let most = handled.whole.unwrap().max_us;
        assert!((90_000..=90_100).contains(&most), "{most}");
    }

    /// One environment started for three messages: one cold start. A batch that came back is no
    /// document.
    #[test]
    fn an_invocation_counts_once_however_many_messages_it_had() {
        let mut tally = HandledTally::new(1);
        let cold =
            |invocation| Handling { init_us: 7_000, ..row(invocation, 4_100_000, 4_200_000) };
        [cold(5), cold(5), cold(5)].iter().for_each(|row| tally.add(row));
        tally.add(&Handling { processed: 0, ..row(6, 4_300_000, 4_400_000) });
        let handled = tally.finish();
        assert_eq!(handled.cold_starts, [(4, 1)]);
        assert_eq!((handled.invocations, handled.whole.unwrap().count), (2, 3));
    }
}
