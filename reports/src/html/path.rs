//! The order's path, with this run's numbers on it: one row of boxes for a wide screen, a column
//! for a narrow one.

use claims::words::grouped;
use maud::{Markup, html};
use runlog::TimelinePoint;

use crate::ReportInput;
use crate::words::bytes;

/// One station of the path.
struct Station {
    name: &'static str,
    about: &'static str,
    /// (number, what it counts).
    numbers: Vec<(String, &'static str)>,
}

/// A box's width and its height, in a row and in a column, and the gap to the next.
const WIDTH: u32 = 164;
const HEIGHTS: [u32; 2] = [212, 176];
const GAP: u32 = 38;

#[expect(clippy::unnecessary_wraps, reason = "every section is made alike")]
pub(super) fn body(input: &ReportInput<'_>) -> Result<Markup, String> {
    let stations = stations(input);
    Ok(html! {
        figure.path {
            (drawing("wide", &stations, true))
            (drawing("narrow", &stations, false))
            figcaption {
                "The numbers of this run. Accepted is what the gateway answered with 202; what it rejects never reaches the queue. "
                "Backlog and age are the largest that the meters saw, once a period. "
                "An order is settled in one database transaction; then its NF-e, its confirmation and its status are put into the bucket."
            }
        }
    })
}

fn stations(input: &ReportInput<'_>) -> [Station; 5] {
    let evidence = &input.evidence;
    let (manifest, account, usage) = (evidence.manifest, evidence.reconciliation, evidence.usage);
    let most = |of: fn(&TimelinePoint) -> Option<f64>| {
        let all = evidence.timeline.iter().filter_map(of);
        all.fold(None, |most: Option<f64>, value| Some(most.map_or(value, |most| most.max(value))))
    };
    let said = |value: Option<f64>, unit: &str| {
        value.map_or_else(|| "not told".to_owned(), |value| format!("{}{unit}", whole(value)))
    };
    let sent = &account.sent;
    let refused_at_door = sent.rejected + sent.throttled;
    let s3 = &usage.s3;
    let cold: Option<u64> =
        input.study.handled.as_ref().map(|h| h.cold_starts.iter().map(|(_, n)| n).sum());
    [
        Station {
            name: "Partners",
            about: "the load generator",
            numbers: vec![
                (grouped(account.planned - account.not_sent), "orders sent"),
                (format!("{:.0}/s", manifest.peak_rate_per_s), "at the peak"),
            ],
        },
        Station {
            name: "API Gateway",
            about: "authenticates, validates",
            numbers: vec![
                (grouped(sent.accepted), "accepted"),
                (grouped(refused_at_door), "rejected"),
                (grouped(sent.failed + sent.unknown), "failed or unknown"),
            ],
        },
        Station {
            name: "SQS",
            about: "holds",
            numbers: vec![
                (said(most(|point| point.visible), ""), "longest backlog"),
                (said(most(|point| point.oldest_age_s), " s"), "oldest message"),
                (grouped(account.dead_letters), "dead letters"),
            ],
        },
        Station {
            name: "Lambda",
            about: "settles, documents",
            numbers: vec![
                (grouped(usage.lambda.invocations.amount), "invocations"),
                (said(most(|point| point.concurrency), ""), "at once, at most"),
                (cold.map_or_else(|| "not told".to_owned(), grouped), "cold starts"),
            ],
        },
        Station {
            name: "Database and S3",
            about: "keep",
            numbers: vec![
                (grouped(account.documented + account.recovered), "orders billed"),
                (grouped(account.refused), "refused, stored"),
                (grouped(s3.small_objects.amount + s3.large_objects.amount), "objects"),
                (bytes(s3.small_bytes.amount + s3.large_bytes.amount), "of documents"),
            ],
        },
    ]
}

/// 0.25, 3.5 and 1,234.
fn whole(value: f64) -> String {
    match value {
        10.0.. => grouped(value.round() as u64),
        _ => format!("{}", (value * 100.0).round() / 100.0),
    }
}

fn drawing(class: &str, stations: &[Station], is_row: bool) -> Markup {
    let count = u32::try_from(stations.len()).unwrap_or(0);
    let [in_row, in_column] = HEIGHTS;
    let (width, height, step, size) = if is_row {
        let step = WIDTH + GAP;
        (WIDTH, in_row, step, (count * step - GAP + 4, in_row + 4))
    } else {
        let step = in_column + GAP;
        (2 * WIDTH, in_column, step, (2 * WIDTH + 4, count * step - GAP + 4))
    };
    html! {
        svg class=(class) viewBox={ "0 0 " (size.0) " " (size.1) } role="img" aria-label=(in_words(stations)) {
            @for (n, station) in (0..count).zip(stations) {
                @let (x, y) = if is_row { (2 + n * step, 2) } else { (2, 2 + n * step) };
                g transform={ "translate(" (x) " " (y) ")" } {
                    rect.box width=(width) height=(height) rx="8" {}
                    text.name x="14" y="27" { (station.name) }
                    text.about x="14" y="45" { (station.about) }
                    @for (line, (number, what)) in station.numbers.iter().enumerate() {
                        @if is_row {
                            text.number x="14" y=(74 + line * 36) { (number) }
                            text.about x="14" y=(89 + line * 36) { (what) }
                        } @else {
                            text.number x="14" y=(74 + line * 28) { (number) }
                            text.about x="150" y=(74 + line * 28) { (what) }
                        }
                    }
                }
                @if n + 1 < count { (arrow((x, y), (width, height), is_row)) }
            }
        }
    }
}

/// From one box to the next.
fn arrow((x, y): (u32, u32), (width, height): (u32, u32), is_row: bool) -> Markup {
    let path = if is_row {
        let (from, to, y) = (x + width + 5, x + width + GAP - 5, y + height / 2);
        format!("M{from} {y}H{to}M{} {}L{to} {y}L{} {}", to - 7, y - 5, to - 7, y + 5)
    } else {
        let (from, to, x) = (y + height + 5, y + height + GAP - 5, x + width / 2);
        format!("M{x} {from}V{to}M{} {}L{x} {to}L{} {}", x - 5, to - 7, x + 5, to - 7)
    };
    html! { path.arrow d=(path) {} }
}

/// For those who hear the page.
fn in_words(stations: &[Station]) -> String {
    let station = |station: &Station| {
        let numbers: Vec<String> =
            station.numbers.iter().map(|(number, what)| format!("{number} {what}")).collect();
        format!("{}: {}", station.name, numbers.join(", "))
    };
    stations.iter().map(station).collect::<Vec<_>>().join(". Then ")
}
