//! Claim: no order is ever lost. What a run can show is a bound, and the account.

use runlog::Reconciliation;

use crate::words::grouped;
use crate::{Evidence, Finding, Standing, Summary};

const PROMISE: &str = "no order is ever lost";

pub(crate) fn examine(evidence: &Evidence<'_>) -> Finding {
    let account = evidence.reconciliation;
    let (standing, reason) = decide(account);
    let mut finding = Finding::new("no-order-lost", PROMISE, standing, reason)
        .summed_up(summary(account))
        .fact("planned", grouped(account.planned), "measured")
        .fact("accepted by the gateway", grouped(account.sent.accepted), "measured")
        .fact(
            "with one billing row, one XML and one PDF",
            grouped(account.documented + account.recovered),
            "measured",
        )
        .fact("refused, and the reason stored", grouped(account.refused), "measured")
        .fact("lost", grouped(account.lost.count), "measured")
        .fact("duplicated", grouped(account.duplicated.count), "measured")
        .fact("unexpected", grouped(account.unexpected.count), "measured")
        .fact("in the dead-letter queue", grouped(account.dead_letters), "measured");
    if account.malformed + account.repeated > 0 {
        finding = finding
            .fact("malformed on purpose, and refused", grouped(account.malformed), "measured")
            .fact("sent again on purpose, and accepted", grouped(account.repeated), "measured");
    }
    if let Some(bound) = loss_bound(account) {
        finding = finding.fact("loss rate, 95 % upper bound", bound, "derived");
    }
    if account.not_sent > 0 {
        finding = finding.caveat(format!(
            "the run was stopped: {} planned orders were never sent",
            grouped(account.not_sent)
        ));
    }
    finding
}

fn summary(account: &Reconciliation) -> Summary {
    let settled = account.documented + account.refused + account.recovered;
    Summary {
        value: format!(
            "{} lost, {} duplicated of {}",
            grouped(account.lost.count),
            grouped(account.duplicated.count),
            grouped(settled)
        ),
        interval: loss_bound(account)
            .map_or_else(|| "no bound".to_owned(), |bound| format!("loss rate at most {bound}")),
        threshold: "0 lost, 0 duplicated, 0 unexpected".to_owned(),
        tested: format!("{} orders, one by one", grouped(account.planned - account.not_sent)),
        simulated: "not at all: what is simulated proves no order".to_owned(),
    }
}

/// Whether all that is missing may still wait in the queue: that is owed, and what is missing beyond it
/// is lost.
pub fn is_owed(account: &Reconciliation) -> bool {
    account.undrained > 0 && account.lost.count + account.incomplete.count <= account.undrained
}

fn decide(account: &Reconciliation) -> (Standing, String) {
    let settled = account.documented + account.refused + account.recovered;
    let is_clean_so_far = account.duplicated.is_empty() && account.unexpected.is_empty();
    if is_owed(account) && is_clean_so_far {
        let waiting = grouped(account.undrained);
        return (
            Standing::NotShown,
            format!(
                "{waiting} messages were still in the queue when waiting ended: give --drain-timeout more"
            ),
        );
    }
    if !account.is_clean() {
        return (Standing::Broken, wrong(account));
    }
    if settled == 0 {
        return (Standing::NotShown, "no order was accepted".to_owned());
    }
    let reason = format!("0 of {} lost, 0 duplicated, order by order", grouped(settled));
    (Standing::Holds, reason)
}

/// Everything that is wrong, with the first order that shows it. An order that is not settled is
/// lost only if it is not in a queue either.
fn wrong(account: &Reconciliation) -> String {
    let missing = account.lost.count + account.incomplete.count;
    let is_dead = account.dead_letters > 0 && missing <= account.dead_letters + account.undrained;
    let words = if is_dead {
        ("not settled, and none beyond those in the queues", "settled in part")
    } else {
        ("lost", "processed in part")
    };
    let residuals = [
        (words.0, &account.lost),
        (words.1, &account.incomplete),
        ("duplicated", &account.duplicated),
        ("unexpected", &account.unexpected),
    ];
    let mut parts: Vec<String> = residuals
        .into_iter()
        .filter(|(_, residual)| !residual.is_empty())
        .map(|(what, residual)| {
            let first = residual.examples.first().map_or("", String::as_str);
            format!("{} {what} (first: {first})", grouped(residual.count))
        })
        .collect();
    if account.dead_letters > 0 {
        let letters = grouped(account.dead_letters);
        parts.push(format!("{letters} in the dead-letter queue (vazao dlq list, and redrive)"));
    }
    if account.undrained > 0 {
        parts.push(format!("{} still in the queue", grouped(account.undrained)));
    }
    if !account.documents_match_billing {
        parts.push("documents name other invoices than the billing ledger".to_owned());
    }
    if !account.is_balanced() {
        parts.push("the sender's own account does not add up".to_owned());
    }
    parts.join("; ")
}

/// None of N lost bounds the loss rate by 3/N with 95 % confidence (rule of three).
fn loss_bound(account: &Reconciliation) -> Option<String> {
    let settled = account.documented + account.refused + account.recovered;
    (account.lost.is_empty() && account.incomplete.is_empty() && settled >= 3)
        .then(|| format!("{:.4} % (3 of {})", 300.0 / settled as f64, grouped(settled)))
}
