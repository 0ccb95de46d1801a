//! Several runs as one story: from one order to a million.

use claims::words::{duration, grouped};
use claims::{Finding, Standing};
use maud::{Markup, html};

use crate::ReportError;
use crate::charts::{BLUE, GREEN, ORANGE};
use crate::page::{Head, page, scrolling, section};
use crate::plots::{Axis, Plot, Series, Stroke};
use crate::words::class;

/// One run of several.
#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    /// The run's name.
    pub id: String,
    /// Where its page is, from the page that lists it.
    pub link: String,
    /// Orders that its schedule planned for 24 hours of its own time.
    pub per_day: f64,
    /// Orders that were sent.
    pub orders: u64,
    /// How many hours of the day were run, if not all.
    pub hours: Option<f64>,
    /// How often time was compressed.
    pub speed: f64,
    /// The schedule's highest rate, orders per second of the clock.
    pub peak_per_s: f64,
    /// p99 of the acceptance, from the intended instant, µs; none without an answer.
    pub accept_p99_us: Option<u64>,
    /// p99 from acceptance to document, µs; none where the cloud does not tell.
    pub document_p99_us: Option<u64>,
    /// The bill of the run at list prices over its orders, USD.
    pub usd_per_order: f64,
    /// Orders that were lost.
    pub lost: u64,
    /// Orders that still waited when the run ended, which is no loss.
    pub owed: u64,
    /// Orders that were there more than once.
    pub duplicated: u64,
    /// What the run found.
    pub findings: Vec<Finding>,
    /// The exit code of its verdict.
    pub exit_code: u8,
}

/// Makes the page of several runs, whatever their order.
///
/// # Errors
/// If a chart cannot be drawn.
pub fn ladder_page(rungs: &[Rung]) -> Result<String, ReportError> {
    let mut rungs = rungs.to_vec();
    rungs.sort_by(|a, b| a.per_day.total_cmp(&b.per_day));
    let failed = |cause| ReportError { file: "ladder.html", cause };
    let sections = [
        ("runs", "The runs", runs(&rungs)),
        ("times", "Time by volume", times(&rungs).map_err(failed)?),
        ("cost", "Cost by volume", cost(&rungs).map_err(failed)?),
        ("reading", "How to read it", reading(&rungs)),
    ];
    let contents = sections.each_ref().map(|(id, title, _)| (*id, *title));
    let body = html! { @for (id, title, body) in &sections { (section(id, title, body)) } };
    Ok(page(&head(&rungs), &contents, &body))
}

fn head(rungs: &[Rung]) -> Head {
    let lost: u64 = rungs.iter().map(|rung| rung.lost + rung.duplicated).sum();
    let orders: u64 = rungs.iter().map(|rung| rung.orders).sum();
    let of = |rung: Option<&Rung>| rung.map_or_else(String::new, |rung| volume(rung.per_day));
    let span = format!("{} to {} orders a day", of(rungs.first()), of(rungs.last()));
    let is_broken = rungs.iter().any(|rung| standing(rung) == Standing::Broken);
    Head {
        title: "vazao, from one order to millions".to_owned(),
        class: if is_broken { "broken" } else { "holds" },
        kicker: format!("vazao · {} runs · measured", rungs.len()),
        headline: if lost == 0 {
            format!("From {span}, no order was lost")
        } else {
            format!("From {span}, {} orders were lost or doubled", grouped(lost))
        },
        explanation: html! { p {
            (grouped(orders)) " orders were sent in " (rungs.len()) " runs, and each was looked for in the database and in the bucket."
            @for rung in rungs {
                @if let Some(hours) = rung.hours {
                    " Of the day of " (volume(rung.per_day)) " these are the first " (hours) " hours, at the day's rates."
                }
            }
        } },
    }
}

/// 1, 10,000 or 1.5 million.
fn volume(per_day: f64) -> String {
    match per_day {
        1e6.. => format!("{} million", (per_day / 1e5).round() / 10.0),
        _ => grouped(per_day.round() as u64),
    }
}

/// Broken if anything is; otherwise whether all its orders are there. A run of one order tells no
/// p99, which is no fault of the system.
fn standing(rung: &Rung) -> Standing {
    let is = |standing| rung.findings.iter().any(|finding| finding.standing == standing);
    if is(Standing::Broken) {
        Standing::Broken
    } else if is(Standing::NotShown) {
        Standing::NotShown
    } else {
        Standing::Holds
    }
}

fn runs(rungs: &[Rung]) -> Markup {
    let time = |us: Option<u64>| us.map_or_else(|| "not told".to_owned(), duration);
    scrolling(
        "The runs",
        &html! {
            table {
                thead { tr {
                    th.number scope="col" { "orders a day" } th.number scope="col" { "sent" } th.number scope="col" { "peak" }
                    th.number scope="col" { "accepted, p99" } th.number scope="col" { "documented, p99" } th.number scope="col" { "an order" }
                    th.number scope="col" { "lost" } th.number scope="col" { "doubled" } th scope="col" { "verdict" } th scope="col" { "run" }
                } }
                tbody { @for rung in rungs { tr {
                    th.number scope="row" { (volume(rung.per_day)) }
                    td.number {
                        (grouped(rung.orders))
                        @if let Some(hours) = rung.hours { div.note { "the first " (hours) " hours" } }
                    }
                    td.number { (format!("{:.0}/s", rung.peak_per_s)) }
                    td.number { (time(rung.accept_p99_us)) } td.number { (time(rung.document_p99_us)) }
                    td.number { (format!("${:.7}", rung.usd_per_order)) }
                    td.number {
                        (grouped(rung.lost))
                        @if rung.owed > 0 { div.note { (grouped(rung.owed)) " still waited" } }
                    }
                    td.number { (grouped(rung.duplicated)) }
                    td {
                        span class={ "standing " (class(standing(rung))) } { (standing(rung)) }
                        @for finding in rung.findings.iter().filter(|finding| finding.standing != Standing::Holds) {
                            div.note { (finding.promise) ": " (finding.reason) }
                        }
                    }
                    td { a href=(rung.link) { (rung.id) } }
                } } }
            }
        },
    )
}

const PER_DAY: Axis<'static> =
    Axis { name: "orders a day", unit: "orders a day", logarithmic: true };

fn times(rungs: &[Rung]) -> Result<Markup, String> {
    let line = |of: fn(&Rung) -> Option<u64>| {
        rungs.iter().filter_map(|rung| Some((rung.per_day, of(rung)? as f64 / 1e3))).collect()
    };
    Plot {
        title: "99th percentiles",
        x: PER_DAY,
        y: Axis { name: "ms", unit: "ms", logarithmic: true },
        series: vec![
            Series {
                name: "accepted, from the intended instant",
                color: BLUE,
                points: line(|rung| rung.accept_p99_us),
                stroke: Stroke::Marked,
            },
            Series {
                name: "documented, from acceptance",
                color: ORANGE,
                points: line(|rung| rung.document_p99_us),
                stroke: Stroke::Marked,
            },
        ],
        marks: Vec::new(),
        caption: html! { "Measured. A run of few orders has cold starts in its p99, and none of many." },
    }
    .figure()
}

fn cost(rungs: &[Rung]) -> Result<Markup, String> {
    Plot {
        title: "What an order cost",
        x: PER_DAY,
        y: Axis { name: "USD an order", unit: "USD", logarithmic: true },
        series: vec![Series {
            name: "usage of the run at list prices",
            color: GREEN,
            points: rungs.iter().map(|rung| (rung.per_day, rung.usd_per_order)).collect(),
            stroke: Stroke::Marked,
        }],
        marks: Vec::new(),
        caption: html! { "The usage of the run over its orders, without what a month costs that has none. Batches fill with the volume: fewer invocations an order." },
    }
    .figure()
}

fn reading(rungs: &[Rung]) -> Markup {
    html! {
        ul {
            @if rungs.iter().any(|rung| rung.hours.is_some()) {
                li { "A day of which only the first hours were run has the rates of the whole day, its busiest hour with them, and fewer orders: no more were to be settled in the time given on this machine." }
            }
            li { "Each point is a run of its own, with a page of its own: nothing between or beyond the points was measured." }
            li { "A day is compressed: arrivals are, visibility timeouts and scaling ramps are not. The peak is that of the clock." }
            li { "Not shown is not broken: a p99 takes a thousand answers, which a run of one order or a hundred does not have." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(id: &str, per_day: f64, lost: u64) -> Rung {
        Rung {
            id: id.to_owned(),
            link: format!("{id}/report.html"),
            per_day,
            orders: 7,
            hours: None,
            speed: 2_160.0,
            peak_per_s: 11.0,
            accept_p99_us: Some(1_500),
            document_p99_us: Some(23_000),
            usd_per_order: 0.000_028,
            lost,
            owed: 0,
            duplicated: 0,
            findings: Vec::new(),
            exit_code: 0,
        }
    }

    #[test]
    fn runs_are_shown_by_rising_volume_whatever_their_order_and_linked() {
        let page = ladder_page(&[rung("b", 1e6, 0), rung("a", 1.0, 0)]).unwrap();
        assert!(page.contains("From 1 to 1 million orders a day, no order was lost"), "{page}");
        let [a, b] = ["a/report.html", "b/report.html"].map(|link| page.find(link).unwrap());
        assert!(a < b && page.contains("14 orders were sent in 2 runs"));
    }

    #[test]
    fn a_day_that_was_not_run_to_its_end_says_how_far_and_that_the_rates_are_the_days() {
        let whole = ladder_page(&[rung("a", 1e6, 0)]).unwrap();
        let part = Rung { hours: Some(14.0), owed: 17, ..rung("a", 1e6, 0) };
        let page = ladder_page(&[rung("b", 1.0, 0), part]).unwrap();
        assert!(page.contains("17 still waited"), "{page}");
        let said = "Of the day of 1 million these are the first 14 hours, at the day's rates.";
        for words in [said, "the first 14 hours</div>", "of which only the first hours were run"] {
            assert!(page.contains(words) && !whole.contains(words), "{words}");
        }
    }

    #[test]
    fn one_lost_order_of_any_run_is_in_the_headline() {
        let page = ladder_page(&[rung("a", 1.0, 0), rung("b", 1e4, 3)]).unwrap();
        assert!(page.contains("3 orders were lost or doubled"));
    }
}
