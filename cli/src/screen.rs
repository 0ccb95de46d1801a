//! The live view of a run, on standard error: a bar on a terminal, a line every few seconds
//! elsewhere.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use loadgen::ProgressSnapshot;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// What the live view shows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct View {
    pub(crate) load: ProgressSnapshot,
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
}

impl Screen {
    pub(crate) fn new(planned: u64) -> Self {
        let now = Instant::now();
        let bar = stderr().is_terminal().then(|| bar(planned));
        Self { bar, planned, started: now, last_line: now, last_rate: (now, 0, 0.0) }
    }

    /// Shows where the run is. `phase` is a word: sending, draining.
    pub(crate) fn show(&mut self, phase: &str, view: View) {
        let rate = self.rate(view.load.sent);
        let text = describe(phase, self.planned, &view, rate);
        match &self.bar {
            Some(bar) => {
                bar.set_position(view.documented.min(self.planned));
                bar.set_message(text);
            }
            None if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                self.line(&text);
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

fn bar(planned: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:24.cyan/blue} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(planned).with_style(style)
}

fn describe(phase: &str, planned: u64, view: &View, rate: f64) -> String {
    let outcomes = view.load.outcomes;
    let refused = outcomes.total() - outcomes.accepted;
    let trouble = if refused > 0 { format!(" | not accepted {refused}") } else { String::new() };
    format!(
        "{phase} {} of {planned} | accepted {}{trouble} | in queue {} | documented {} | {rate:.0}/s | p99 {:.1} ms",
        view.load.sent,
        outcomes.accepted,
        view.in_queue,
        view.documented,
        view.load.response_p99_us as f64 / 1_000.0,
    )
}
