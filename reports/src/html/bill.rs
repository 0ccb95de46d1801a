//! What the usage costs, line by line, and a month without orders.

use claims::words::grouped;
use maud::{Markup, html};
use runlog::RegionCost;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::from;
use crate::ReportInput;
use crate::page::scrolling;

#[expect(clippy::unnecessary_wraps, reason = "every section is made alike")]
pub(super) fn body(input: &ReportInput<'_>) -> Result<Markup, String> {
    Ok(html! {
        p { "What the usage of this run would have cost on AWS at list prices, documents kept for one month; nothing is rounded before it is shown." }
        (cards(input))
        @for (n, region) in input.evidence.cost.regions.iter().enumerate() {
            details open[n == 0] { summary { (region.region) ", line by line: prices of " (region.run.prices_published) } (lines(region)) }
            (floor(region))
        }
    })
}

fn cards(input: &ReportInput<'_>) -> Markup {
    let Some(region) = input.evidence.cost.regions.first() else { return html! {} };
    let each = region.per_million.total.exact() / Decimal::from(1_000_000);
    let idle: costmodel::Usd = region.floor.iter().map(|item| item.amount).sum();
    html! {
        div.cards {
            div.card { p.note { "an order" } p.big { "$" (each.round_sf(3).unwrap_or(each).normalize()) } p { (region.per_million.total) " per million, " (region.region) } }
            div.card { p.note { "this run" } p.big { (region.run.total) } p { (region.run_free_tier.total) " with the free tier of an unused account" } }
            div.card { p.note { "a month without orders" } p.big { (idle) } p { "the system itself; watching it is in the claims" } }
        }
    }
}

fn lines(region: &RegionCost) -> Markup {
    scrolling(
        &format!("The bill in {}", region.region),
        &html! {
            table.bill {
                thead { tr {
                    th scope="col" { "service" } th scope="col" { "item" } th.number scope="col" { "quantity" } th scope="col" { "unit" }
                    th.number scope="col" { "this run" } th.number scope="col" { "per million" } th scope="col" { "how" }
                } }
                tbody {
                    @for (item, million) in region.run.lines.iter().zip(&region.per_million.lines) {
                        tr {
                            td { (item.service) } td { (item.item) }
                            td.number { (quantity(item.quantity)) } td.note { (item.unit) }
                            td.number { (item.amount) } td.number { (million.amount) }
                            td.note { (from(&format!("{:?}", item.provenance).to_lowercase())) " " (item.formula) }
                        }
                    }
                }
                tfoot {
                    tr { th scope="row" colspan="4" { "total" } td.number { (region.run.total) } td.number { (region.per_million.total) } td {} }
                    tr { th scope="row" colspan="4" { "with the free tier of an unused account" } td.number { (region.run_free_tier.total) } td {} td {} }
                }
            }
        },
    )
}

/// Whole as it is; else to four significant digits.
fn quantity(exact: Decimal) -> String {
    if exact.is_integer() {
        return grouped(exact.to_u64().unwrap_or(u64::MAX));
    }
    exact.round_sf(4).unwrap_or(exact).normalize().to_string()
}

fn floor(region: &RegionCost) -> Markup {
    html! {
        details {
            summary { (region.region) ", a month without orders" }
            (scrolling(&format!("A month without orders in {}", region.region), &html! {
                table { tbody {
                    @for item in &region.floor {
                        tr { td { (item.service) } td { (item.item) } td.number { (item.amount) } td.note { (item.formula) } }
                    }
                } }
            }))
        }
    }
}
