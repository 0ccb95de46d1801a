//! From which volume on servers that are always on would be cheaper.

use claims::words::grouped;
use maud::{Markup, html};
use plotters::prelude::RGBColor;
use rust_decimal::prelude::ToPrimitive as _;

use crate::ReportInput;
use crate::charts::{BLUE, GREEN, ORANGE};
use crate::page::scrolling;
use crate::plots::{Axis, Mark, Plot, Series, Stroke};

const COLORS: [RGBColor; 3] = [BLUE, ORANGE, GREEN];

pub(super) fn body(input: &ReportInput<'_>) -> Result<Markup, String> {
    let pays = input.evidence.cost.regions.first().and_then(|region| region.pays_for_use.as_ref());
    let Some(pays) = pays else {
        return Ok(html! { p { "No order was carried: there is nothing to compare." } });
    };
    let servers: Vec<(&str, String)> = pays
        .always_on
        .iter()
        .map(|servers| {
            let from = servers.cheaper_from_per_day.map_or_else(
                || "never, up to a billion orders a day".to_owned(),
                |per_day| format!("from {} orders a day on", grouped(per_day)),
            );
            (servers.name.as_str(), from)
        })
        .collect();
    Ok(html! {
        (scrolling("Servers that are always on", &html! {
            table {
                thead { tr { th scope="col" { "always on" } th scope="col" { "cheaper than what is deployed" } } }
                tbody { @for (name, from) in &servers { tr { th scope="row" { (name) } td { (from) } } } }
            }
        }))
        (chart(input)?)
        h3 { "What would save most, at " (grouped(pays.savings_per_day.into())) " orders a day" }
        (scrolling("What would save most", &html! {
            table {
                thead { tr { th scope="col" { "change" } th.number scope="col" { "saves a month" } th.number scope="col" { "of the bill" } th scope="col" { "costs besides" } } }
                tbody { @for saving in &pays.savings { tr {
                    th scope="row" { (saving.name) } td.number { (saving.per_month) } td.number { (saving.percent) " %" } td.note { (saving.costs_besides) }
                } } }
            }
        }))
    })
}

fn chart(input: &ReportInput<'_>) -> Result<Markup, String> {
    let pays = input.evidence.cost.regions.first().and_then(|region| region.pays_for_use.as_ref());
    let crossings = pays.into_iter().flat_map(|pays| &pays.always_on);
    let marks = crossings
        .filter_map(|servers| Some((&servers.name, servers.cheaper_from_per_day?)))
        .map(|(name, per_day)| Mark { name, x: per_day as f64 })
        .collect();
    let series = input.study.break_even.iter().zip(COLORS).map(|(curve, color)| Series {
        name: &curve.name,
        color,
        points: curve
            .points
            .iter()
            .filter_map(|(x, usd)| Some((*x, usd.exact().to_f64()?)))
            .collect(),
        stroke: Stroke::Plain,
    });
    Plot {
        title: "A month's bill by volume",
        x: Axis { name: "orders a day", unit: "orders a day", logarithmic: true },
        y: Axis { name: "USD a month", unit: "USD", logarithmic: true },
        series: series.collect(),
        marks,
        caption: html! { "List prices; what an order uses is measured by this run, what servers can carry is assumed (" code { "vazao forecast" } " says by what). Grey lines: from there on servers are cheaper." },
    }
    .figure()
}
