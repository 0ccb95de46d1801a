//! Which nights are like tonight.

use runlog::HistoryRow;

/// The rows of a history that a run may be compared with, and why others were left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Nights<'a> {
    /// Comparable, earlier and valid, in the order of their start.
    pub before: Vec<&'a HistoryRow>,
    /// Of another profile, seed, number of orders, speed, target or machine.
    pub other: usize,
    /// Invalid, stopped, or with an order lost: their numbers mean something else.
    pub invalid: usize,
}

/// What keeps two runs from being compared: each difference in words; empty if nothing does.
pub fn incomparable(one: &HistoryRow, other: &HistoryRow) -> Vec<String> {
    let differs = |what: &str, one: &str, other: &str| {
        (one != other).then(|| format!("{what}: {} and {}", shown(one), shown(other)))
    };
    let texts = [
        differs("profile", &one.profile, &other.profile),
        differs("seed", &one.seed.to_string(), &other.seed.to_string()),
        differs("orders", &one.orders.to_string(), &other.orders.to_string()),
        differs("speed", &one.speed.to_string(), &other.speed.to_string()),
        differs("target", &one.target, &other.target),
        differs("machine", &one.machine, &other.machine),
    ];
    texts.into_iter().flatten().collect()
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "not known" } else { text }
}

/// Exit codes of runs whose numbers mean something else: lost orders, an invalid or a stopped run,
/// one that failed to end.
const INVALID: [u8; 6] = [1, 2, 11, 20, 130, 143];

/// Sorts a history by what it is to the run `tonight`.
pub fn nights<'a>(history: &'a [HistoryRow], tonight: &HistoryRow) -> Nights<'a> {
    let mut nights = Nights::default();
    let earlier =
        history.iter().filter(|row| row.run != tonight.run && row.started_at < tonight.started_at);
    for row in earlier {
        if !incomparable(row, tonight).is_empty() {
            nights.other += 1;
        } else if INVALID.contains(&row.exit_code) {
            nights.invalid += 1;
        } else {
            nights.before.push(row);
        }
    }
    nights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(run: &str, second: i64) -> HistoryRow {
        HistoryRow {
            run: run.to_owned(),
            started_at: jiff::Timestamp::from_second(second).unwrap(),
            profile: "soak".to_owned(),
            seed: 34,
            orders: 900,
            speed: 6.0,
            target: "local-cloud".to_owned(),
            machine: "x86_64, 2 processors".to_owned(),
            ..HistoryRow::default()
        }
    }

    #[test]
    fn only_what_is_the_same_in_every_respect_is_compared() {
        let tonight = row("tonight", 1_000);
        let others = [
            HistoryRow { profile: "steady".to_owned(), ..row("a", 10) },
            HistoryRow { seed: 35, ..row("b", 20) },
            HistoryRow { orders: 901, ..row("c", 30) },
            HistoryRow { speed: 7.0, ..row("d", 40) },
            HistoryRow { target: "aws".to_owned(), ..row("e", 50) },
            HistoryRow { machine: String::new(), ..row("f", 60) },
        ];
        for (other, word) in
            others.iter().zip(["profile", "seed", "orders", "speed", "target", "machine"])
        {
            let reasons = incomparable(&tonight, other);
            assert!(reasons.len() == 1 && reasons[0].starts_with(word), "{reasons:?}");
        }
        let nights = nights(&others, &tonight);
        assert_eq!((nights.before.len(), nights.other, nights.invalid), (0, 6, 0));
    }

    #[test]
    fn a_run_is_not_compared_with_itself_with_later_ones_or_with_invalid_ones() {
        let history = [
            row("good", 100),
            HistoryRow { exit_code: 20, ..row("late generator", 200) },
            HistoryRow { exit_code: 130, ..row("stopped", 300) },
            HistoryRow { exit_code: 12, ..row("slow", 400) },
            row("tonight", 1_000),
            row("tomorrow", 2_000),
        ];
        let tonight = row("tonight", 1_000);
        let nights = nights(&history, &tonight);
        let names: Vec<_> = nights.before.iter().map(|row| row.run.as_str()).collect();
        assert_eq!((names, nights.other, nights.invalid), (vec!["good", "slow"], 0, 2));
    }
}
