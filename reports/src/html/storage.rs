//! What S3 Intelligent-Tiering does with documents of this size, and the remedy.

use claims::words::grouped;
use maud::{Markup, html};

use crate::ReportInput;
use crate::page::scrolling;
use crate::words::bytes;

#[expect(clippy::unnecessary_wraps, reason = "every section is made alike")]
pub(super) fn body(input: &ReportInput<'_>) -> Result<Markup, String> {
    let s3 = &input.evidence.usage.s3;
    let objects = s3.small_objects.amount + s3.large_objects.amount;
    let mean = (s3.small_bytes.amount + s3.large_bytes.amount) / objects.max(1);
    Ok(html! {
        p {
            b { (grouped(s3.small_objects.amount)) " of " (grouped(objects)) " objects are under 128 KB" }
            "; the mean is " (bytes(mean)) ". S3 Intelligent-Tiering never moves such an object to a cheaper tier, and charges no monitoring for it: what is kept stays at the price of frequent access for as long as it is kept."
        }
        @for region in &input.evidence.cost.regions {
            @let small = &region.small_documents;
            h3 { (region.region) ", the documents of a million orders" }
            (scrolling(&format!("Storage in {}", region.region), &html! {
                table {
                    thead { tr { th scope="col" { "how they are kept" } th.number scope="col" { "PUT requests" } th.number scope="col" { "a month of storage" } } }
                    tbody {
                        tr { th scope="row" { "Intelligent-Tiering, an object a document (as deployed)" } td.number { (small.puts_now) } td.number { (small.month_now) } }
                        tr { th scope="row" { "S3 Standard, an object a document" } td.number { (small.puts_now) } td.number { (small.month_standard) } }
                        tr.remedy { th scope="row" { "remedy: Intelligent-Tiering, " (small.orders_per_bundle) " orders in an object of 1 MB, unread for 90 days" } td.number { (small.puts_bundled) } td.number { (small.month_bundled) } }
                    }
                }
            }))
            p.note { "Monitoring included. An object earns its monitoring from " (small.break_even_infrequent_kb) " KB on after 30 days unread, from " (small.break_even_archive_kb) " KB on after 90." }
        }
    })
}
