//! The live view of a run, on standard error: a few lines that are drawn again on a terminal, a
//! line every few seconds elsewhere.

use std::collections::VecDeque;
use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use claims::words::{duration, grouped};
use indicatif::{ProgressBar, ProgressStyle};
use loadgen::ProgressSnapshot;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A terminal that is narrower than this is written on as if it were not.
const COLUMNS_MIN: usize = 20;

/// What the live view shows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct View {
    pub(crate) load: ProgressSnapshot,
    /// What the schedule wants now, orders per second.
    pub(crate) offered_per_s: f64,
    /// Until the schedule ends; zero when it has.
    pub(crate) left: Duration,
    /// Messages in the queue, waiting or in flight.
    pub(crate) in_queue: u64,
    /// Accepted and no longer in the queue.
    pub(crate) documented: u64,
}

/// The live view.
pub(crate) struct Screen {
    bar: Option<ProgressBar>,
    planned: u64,
    started: Instant,
    last_line: Instant,
    last_rate: (Instant, u64, f64),
    ages: Ages,
}

impl Screen {
    pub(crate) fn new(planned: u64) -> Self {
        let now = Instant::now();
        let bar = stderr().is_terminal().then(bar);
        let last_rate = (now, 0, 0.0);
        Self { bar, planned, started: now, last_line: now, last_rate, ages: Ages::default() }
    }

    /// Shows where the run is. `phase` is a word: sent, draining.
    pub(crate) fn show(&mut self, phase: &str, view: View) {
        let sent_per_s = self.rate(view.load.sent);
        let age = self.ages.oldest(view.load.outcomes.accepted, view.documented, Instant::now());
        let facts = facts(phase, self.planned, &view, sent_per_s, age);
        match &self.bar {
            Some(bar) => {
                let columns = usize::from(console::Term::stderr().size().1);
                bar.set_message(lines(&facts, columns.max(COLUMNS_MIN)).join("\n"));
                bar.tick();
            }
            None if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                self.line(&facts.join(" | "));
            }
            None => {}
        }
    }

    /// Says one thing, whatever the kind of screen.
    pub(crate) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None => self.line(text),
        }
    }

    /// Takes the live view away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        let seconds = self.started.elapsed().as_secs();
        // Nobody to tell if standard error is closed.
        let _ = writeln!(stderr(), "[{seconds:>3} s] {text}");
    }

    /// Orders sent per second over the last second.
    fn rate(&mut self, sent: u64) -> f64 {
        let (since, before, rate) = self.last_rate;
        let elapsed = since.elapsed();
        if elapsed < Duration::from_secs(1) {
            return rate;
        }
        let rate = sent.saturating_sub(before) as f64 / elapsed.as_secs_f64();
        self.last_rate = (Instant::now(), sent, rate);
        rate
    }
}

fn bar() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style)
}

/// How many orders had been accepted when: whoever is next out of a queue in order has waited since
/// as many had been accepted as are out now.
#[derive(Debug, Default)]
struct Ages(VecDeque<(Instant, u64)>);

impl Ages {
    /// About how long the oldest order has been in the queue; none if there is none.
    fn oldest(&mut self, accepted: u64, documented: u64, now: Instant) -> Option<Duration> {
        if self.0.back().is_none_or(|last| last.1 < accepted) {
            self.0.push_back((now, accepted));
        }
        while self.0.front().is_some_and(|first| first.1 <= documented) {
            self.0.pop_front();
        }
        self.0.front().map(|first| now.saturating_duration_since(first.0))
    }
}

/// Everything there is to say, each on its own, the most important first.
fn facts(
    phase: &str,
    planned: u64,
    view: &View,
    sent_per_s: f64,
    age: Option<Duration>,
) -> Vec<String> {
    let load = &view.load;
    let outcomes = &load.outcomes;
    let [p50, p90, p99] = load.response_us.map(duration);
    let mut facts = vec![format!("{phase} {} of {}", grouped(load.sent), grouped(planned))];
    if !view.left.is_zero() {
        let left_s = view.left.as_secs();
        facts.push(format!("{}:{:02} left", left_s / 60, left_s % 60));
        facts.push(format!("offered {:.0}/s", view.offered_per_s));
    }
    facts.push(format!("sent {sent_per_s:.0}/s"));
    facts.push(format!("in flight {}", grouped(load.in_flight)));
    facts.push(format!("p50 {p50} p90 {p90} p99 {p99}"));
    facts.push(format!("accepted {}", grouped(outcomes.accepted)));
    let oldest =
        age.map_or_else(String::new, |age| format!(", oldest about {:.1} s", age.as_secs_f64()));
    facts.push(format!("in queue {}{oldest}", grouped(view.in_queue)));
    facts.push(format!("documented {}", grouped(view.documented)));
    let troubles = [
        ("rejected", outcomes.rejected),
        ("throttled", outcomes.throttled),
        ("failed", outcomes.failed),
        ("unknown", outcomes.unknown),
        ("sent again", load.retries),
        ("waited for room", load.capped),
    ];
    let troubles = troubles.into_iter().filter(|(_, count)| *count > 0);
    facts.extend(troubles.map(|(what, count)| format!("{what} {}", grouped(count))));
    facts
}

/// The facts in lines of at most so many columns.
fn lines(facts: &[String], columns: usize) -> Vec<String> {
    const BETWEEN: &str = " | ";
    let mut lines: Vec<String> = Vec::new();
    for fact in facts {
        let fact: String = fact.chars().take(columns).collect();
        match lines.last_mut() {
            Some(line) if line.len() + BETWEEN.len() + fact.len() <= columns => {
                line.push_str(BETWEEN);
                line.push_str(&fact);
            }
            Some(_) | None => lines.push(fact),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::OutcomeCounts;

    fn view() -> View {
        View {
            load: ProgressSnapshot {
                sent: 12_345,
                outcomes: OutcomeCounts {
                    accepted: 12_000,
                    rejected: 11,
                    throttled: 22,
                    failed: 33,
                    unknown: 0,
                },
                in_flight: 279,
                in_flight_max: 300,
                capped: 0,
                retries: 44,
                response_us: [1_500, 20_000, 3_000_000],
                start_lag_p99_us: 100,
            },
            offered_per_s: 512.4,
            left: Duration::from_secs(125),
            in_queue: 700,
            documented: 11_300,
        }
    }

    #[test]
    fn every_fact_is_said_and_no_trouble_that_there_is_not() {
        let age = Some(Duration::from_millis(1_250));
        let text = facts("sent", 20_000, &view(), 498.6, age).join("; ");
        assert_eq!(
            text,
            "sent 12,345 of 20,000; 2:05 left; offered 512/s; sent 499/s; in flight 279; \
             p50 1.50 ms p90 20 ms p99 3.00 s; accepted 12,000; in queue 700, oldest about 1.2 s; \
             documented 11,300; rejected 11; throttled 22; failed 33; sent again 44"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_none_is_lost() {
        let facts = facts("sent", 20_000, &view(), 498.6, None);
        for columns in COLUMNS_MIN..200 {
            let lines = lines(&facts, columns);
            assert!(lines.iter().all(|line| line.len() <= columns), "{columns}: {lines:?}");
            let said: usize = lines.iter().map(|line| line.split(" | ").count()).sum();
            assert_eq!(said, facts.len(), "{columns}");
        }
    }

    #[test]
    fn the_oldest_order_is_as_old_as_the_moment_when_so_many_had_been_accepted() {
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        let mut ages = Ages::default();
        assert_eq!(ages.oldest(0, 0, at(0)), None);
        assert_eq!(ages.oldest(10, 0, at(1)), Some(Duration::ZERO));
        assert_eq!(ages.oldest(30, 10, at(3)), Some(Duration::ZERO));
        assert_eq!(ages.oldest(30, 29, at(7)), Some(Duration::from_secs(4)));
        assert_eq!(ages.oldest(30, 30, at(8)), None);
    }
}
