//! The reconciliation, as a table.

use claims::words::grouped;
use maud::{Markup, html};

use crate::ReportInput;

#[expect(clippy::unnecessary_wraps, reason = "every section is made alike")]
pub(super) fn body(input: &ReportInput<'_>) -> Result<Markup, String> {
    let account = input.evidence.reconciliation;
    let sent = &account.sent;
    Ok(html! {
        p { "Compared order by order in the sender's ledger, the billing table and the bucket: a loss and a duplicate cannot cancel each other out." }
        p.equation {
            b { (grouped(account.planned)) } " planned = "
            b { (grouped(sent.accepted)) } " accepted + "
            b { (grouped(sent.total() - sent.accepted)) } " not accepted + "
            b { (grouped(account.not_sent)) } " not sent"
        }
        div.columns {
            table {
                caption { "What went in" }
                tbody {
                    (row("planned", account.planned, ""))
                    (row("accepted", sent.accepted, "202: the queue has it"))
                    (row("rejected", sent.rejected, "4xx"))
                    (row("throttled", sent.throttled, "429"))
                    (row("failed", sent.failed, "5xx, or no connection"))
                    (row("unknown", sent.unknown, "no answer"))
                    (row("not sent", account.not_sent, "the run was stopped"))
                    @if account.malformed > 0 { (row("malformed", account.malformed, "on purpose, and refused")) }
                    @if account.repeated > 0 { (row("repeated", account.repeated, "on purpose, billed once")) }
                }
            }
            table {
                caption { "What came out" }
                tbody {
                    (row("documented", account.documented, "one billing row, one XML, one PDF"))
                    (row("refused", account.refused, "a business reason, stored"))
                    (row("recovered", account.recovered, "no promise was heard, and yet processed"))
                    (row("absent", account.absent, "no promise was heard, and not processed"))
                    (row("in part", account.incomplete.count, &account.incomplete.examples.join(" ")))
                    (row("lost", account.lost.count, &account.lost.examples.join(" ")))
                    (row("duplicated", account.duplicated.count, &account.duplicated.examples.join(" ")))
                    (row("unexpected", account.unexpected.count, &account.unexpected.examples.join(" ")))
                    (row("dead letters", account.dead_letters, "at the end"))
                    (row("undrained", account.undrained, "still in the queue at the end"))
                }
            }
        }
    })
}

fn row(label: &str, count: u64, note: &str) -> Markup {
    html! { tr { th scope="row" { (label) } td.number { (grouped(count)) } td.note { (note) } } }
}
