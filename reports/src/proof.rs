//! `proof.html`: the proof that no order is lost, for whoever has to believe it.

use crate::page::{Head, page};
use claims::words::grouped;
use maud::{Markup, html};
use proof::{ASSUMED, Caught, Check, LayerProof, Proof, Sets};

/// Makes the page.
pub fn proof_page(proof: &Proof) -> String {
    let class = if proof.holds() { "holds" } else { "broken" };
    let head = Head {
        title: format!("vazao {}", proof.id),
        class,
        kicker: format!("vazao · proof · {}", proof.started_at),
        headline: headline(proof),
        explanation: html! { p { (explanation(proof)) } },
    };
    let body = html! {
        (how_to_read())
        @for layer in &proof.layers { (layer_section(layer)) }
        (planted(proof))
        (assumed())
        (provenance(proof))
    };
    page(&head, &[], &body)
}

fn headline(proof: &Proof) -> String {
    if proof.lost() > 0 {
        return format!("{} orders were lost", grouped(proof.lost()));
    }
    if proof.layers.iter().any(|layer| !layer.examination.holds()) {
        return "No order was lost, but a check does not hold".to_owned();
    }
    if !proof.holds() {
        return "No order was lost, but the proof is not complete".to_owned();
    }
    "No order was lost, and none was there twice".to_owned()
}

fn explanation(proof: &Proof) -> Markup {
    let never: Vec<String> = proof
        .layers
        .iter()
        .flat_map(|layer| {
            layer.never_struck().map(move |fault| format!("{fault} ({})", layer.name))
        })
        .collect();
    html! {
        @if let Some(bound) = proof.bound().filter(|_| proof.acknowledged() > 0) {
            "Of " (grouped(proof.acknowledged())) " orders that partners were told are accepted, none was lost. "
            "That does not show that none ever will be: it shows, with 95 % confidence, that under these faults fewer than "
            strong { (one_in(bound)) } " are (3 divided by the number of orders). "
        }
        @if !proof.planted.is_empty() {
            (proof.caught()) " of " (proof.planted.len()) " bugs that were planted were caught. "
        }
        @if !never.is_empty() { "Faults that never struck: " (never.join(", ")) ". " }
        @if let Some(signal) = &proof.stopped { "The proof was stopped (" (signal) ")." }
    }
}

/// 0.000003 as "1 order in 333,333".
fn one_in(bound: f64) -> String {
    format!("1 order in {}", grouped((1.0 / bound).floor() as u64))
}

fn how_to_read() -> Markup {
    html! {
        section {
            h2 { "How it was tried" }
            p {
                "Orders were sent by partners that write down every attempt and its answer. Meanwhile everything in the tables below went wrong, at moments that come from a number, the seed, so that the same can be tried again. "
                "When the faults were over and the queue was empty, every order of the partners' ledgers was looked for in the database, in the bucket of the documents and in the queue of the dead letters, one by one: a loss and a duplicate cannot cancel each other out. "
                "The program that compares shares no code with the program that bills. And bugs were planted, to see whether it finds them."
            }
        }
    }
}

fn layer_section(layer: &LayerProof) -> Markup {
    html! {
        section {
            h2 { (layer.name) }
            p.note {
                (format!("{:.1} s", layer.took_ms as f64 / 1_000.0))
                @if let Some(count) = layer.interleavings { " · " (grouped(count)) " interleavings" }
                " · again: " code { (layer.command) }
            }
            div.columns { (went_in(&layer.examination.sets)) (came_out(&layer.examination.sets)) }
            (checks(&layer.examination.checks))
            (faults(layer))
            table.facts { tbody {
                @for (what, number) in &layer.notes { tr { td { (what) } td.number { (number) } } }
            } }
        }
    }
}

fn row(label: &str, count: u64, note: &str) -> Markup {
    html! { tr { td { (label) } td.number { (grouped(count)) } td.note { (note) } } }
}

fn went_in(sets: &Sets) -> Markup {
    html! {
        table {
            caption { "What went in" }
            (row("attempted", sets.attempted, "requests that partners made, repeats included"))
            (row("distinct", sets.distinct, "different orders among them"))
            (row("acknowledged", sets.acknowledged, "orders that a partner was told are accepted"))
            (row("turned away", sets.turned_away, "of a wrong form: refused, and no trace of them"))
            (row("absent", sets.absent, "never accepted, and not there"))
        }
    }
}

fn came_out(sets: &Sets) -> Markup {
    html! {
        table {
            caption { "What came out" }
            (row("documented", sets.documented, "one row, XML, PDF, status and invoice number"))
            (row("rejected", sets.rejected, "for a business reason, which is stored and told"))
            (row("conflicting", sets.conflicting, "another body under a number that was taken: recorded"))
            (row("dead for good", sets.dead, "no code can process them: in the dead-letter queue"))
            (row("recovered", sets.recovered, "not promised, and processed all the same"))
            (row("lost", sets.lost, "accepted, and nowhere"))
            (row("duplicated", sets.duplicated, "there more than once"))
            (row("unexpected", sets.unexpected, "there, and never sent"))
            (row("undrained", sets.undrained, "still waiting at the end"))
            (row("dead letters", sets.in_dead_letters, "at any time, before they were driven back"))
        }
    }
}

fn checks(checks: &[Check]) -> Markup {
    html! {
        table.verdicts {
            thead { tr { th { "check" } th { "what it says" } th { "" } } }
            tbody {
                @for check in checks {
                    tr {
                        td { (format!("{:?}", check.id)) }
                        td {
                            (check.id.promise())
                            @if !check.holds() {
                                ul { @for example in &check.offenders.examples { li.note { (example) } } }
                            }
                        }
                        td {
                            @if check.holds() { span.standing.holds { "HOLDS" } }
                            @else { span.standing.broken { "BROKEN " (grouped(check.offenders.count)) } }
                        }
                    }
                }
            }
        }
    }
}

fn faults(layer: &LayerProof) -> Markup {
    html! {
        table {
            caption { "What went wrong on purpose" }
            thead { tr { th { "" } th { "fault" } th.number { "times" } th { "of which" } } }
            tbody {
                @for fault in &layer.faults {
                    tr {
                        td { (fault.fault) }
                        td { (fault.fault.words()) }
                        td.number {
                            @if fault.count == 0 { strong { "never" } } @else { (grouped(fault.count)) }
                        }
                        td.note {
                            @for (name, count) in fault.made_of.iter().filter(|(_, count)| *count > 0) {
                                (name) " " (grouped(*count)) br;
                            }
                        }
                    }
                }
            }
        }
    }
}

fn planted(proof: &Proof) -> Markup {
    html! {
        @if !proof.planted.is_empty() {
            section {
                h2 { "Planted bugs: " (proof.caught()) " of " (proof.planted.len()) " caught" }
                p { "Each of these was put into the system, by itself, and the checks were run. A proof whose checks do not find what is wrong on purpose shows nothing." }
                table {
                    thead { tr { th { "bug" } th { "found by" } th { "the first thing that was wrong" } } }
                    tbody { @for bug in &proof.planted { (planted_row(bug)) } }
                }
            }
        }
    }
}

fn planted_row(bug: &Caught) -> Markup {
    let ids: Vec<String> = bug.broke.iter().map(|check| format!("{:?}", check.id)).collect();
    let first = bug.broke.first().and_then(|check| check.offenders.examples.first());
    html! {
        tr {
            td { (bug.bug.words()) p.note { code { (bug.command) } } }
            td {
                @if let Some(refused) = &bug.refused { "refused before it could start" p.note { (refused) } }
                @else if bug.is_caught() { (ids.join(", ")) }
                @else { span.standing.broken { "NOT CAUGHT" } }
            }
            td.note { (first.map_or("", String::as_str)) }
        }
    }
}

fn assumed() -> Markup {
    html! {
        section.caveats {
            h2 { "What is taken for granted" }
            ul { @for one in ASSUMED { li { (one) } } }
        }
    }
}

fn provenance(proof: &Proof) -> Markup {
    html! {
        section {
            h2 { "Where this comes from" }
            table.facts { tbody {
                tr { td { "program" } td { (proof.software) } }
                tr { td { "seed" } td { (proof.seed) } }
                tr { td { "template, SHA-256" } td { code { (proof.template_sha256) } } }
                tr { td { "function's binary, SHA-256" } td { code { (proof.bootstrap_sha256) } } }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use proof::{CheckId, Examination, Fault, FaultCount, Layer, Planted};

    use super::*;

    fn proof() -> Proof {
        let checks = CheckId::ALL.map(|id| Check { id, offenders: runlog::Residual::default() });
        let sets = Sets { acknowledged: 3_000, documented: 2_990, ..Sets::default() };
        let layer = LayerProof {
            name: "real layer on SQLite".to_owned(),
            command: "vazao prove --layer real".to_owned(),
            examination: Examination { sets, checks: checks.to_vec() },
            interleavings: None,
            faults: vec![FaultCount { fault: Fault::F1, count: 71, made_of: Vec::new() }],
            took_ms: 65_432,
            notes: Vec::new(),
        };
        let caught = Caught {
            bug: Planted::EventFilter,
            layer: Layer::Template,
            broke: Vec::new(),
            command: "vazao prove".to_owned(),
            refused: Some("line 7".to_owned()),
        };
        Proof {
            version: 1,
            id: "20261123-101431-proof".to_owned(),
            software: "vazao 0.1.0".to_owned(),
            started_at: "2026-11-23 10:14:31 UTC".to_owned(),
            seed: 9,
            template_sha256: "aa".to_owned(),
            bootstrap_sha256: "bb".to_owned(),
            layers: vec![layer],
            planted: vec![caught],
            stopped: None,
        }
    }

    #[test]
    fn a_proof_that_holds_says_its_bound_and_what_it_assumes() {
        let page = proof_page(&proof());
        // 3 of 3,000 is one in a thousand.
        for text in
            ["No order was lost, and none", "1 order in 1,000", "1 of 1 caught", "One region"]
        {
            assert!(page.contains(text), "{text}");
        }
        assert!(!page.contains("NOT CAUGHT") && !page.contains("BROKEN"));
    }

    #[test]
    fn what_is_lost_what_never_struck_and_what_was_not_caught_is_said() {
        let mut broken = proof();
        broken.layers[0].examination.sets.lost = 2;
        broken.layers[0].examination.checks[0].offenders.add("partner-01/PO-7: nowhere".to_owned());
        broken.layers[0].faults[0].count = 0;
        broken.planted[0].refused = None;
        let page = proof_page(&broken);
        for text in
            ["2 orders were lost", "partner-01/PO-7: nowhere", "never", "NOT CAUGHT", "BROKEN 1"]
        {
            assert!(page.contains(text), "{text}");
        }
    }
}
