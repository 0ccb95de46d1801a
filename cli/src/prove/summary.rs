//! The proof in a terminal.

use std::fmt::Write as _;

use claims::words::grouped;
use proof::{LayerProof, Proof};

/// What a person reads.
pub(crate) fn text(proof: &Proof, folder: &std::path::Path) -> String {
    let mut text = String::new();
    for layer in &proof.layers {
        layer_text(&mut text, layer);
    }
    planted_text(&mut text, proof);
    let _ = match proof.bound() {
        Some(bound) if proof.acknowledged() > 0 => writeln!(
            text,
            "{} orders accepted, 0 lost: at 95 % confidence fewer than {bound:.1e} of all orders are lost (3/N)",
            grouped(proof.acknowledged())
        ),
        Some(_) => Ok(()),
        None => writeln!(text, "{} orders LOST", grouped(proof.lost())),
    };
    let verdict = if proof.holds() { "PROVEN" } else { "NOT PROVEN" };
    let _ = writeln!(text, "{verdict}: {}", folder.join("proof.html").display());
    text
}

fn layer_text(text: &mut String, layer: &LayerProof) {
    let sets = &layer.examination.sets;
    let seconds = layer.took_ms as f64 / 1_000.0;
    let _ = writeln!(text, "{}, {seconds:.1} s", layer.name);
    if let Some(interleavings) = layer.interleavings {
        let _ = writeln!(text, "  {} interleavings", grouped(interleavings));
    }
    let _ = writeln!(
        text,
        "  attempted {}  distinct {}  acknowledged {}  documented {}  rejected {}  conflicting {}  \
         turned away {}",
        grouped(sets.attempted),
        grouped(sets.distinct),
        grouped(sets.acknowledged),
        grouped(sets.documented),
        grouped(sets.rejected),
        grouped(sets.conflicting),
        grouped(sets.turned_away),
    );
    let _ = writeln!(
        text,
        "  LOST {}  unexpected {}  duplicated {}  recovered {}  absent {}  undrained {}  in dead \
         letters {} (for good {})",
        grouped(sets.lost),
        grouped(sets.unexpected),
        grouped(sets.duplicated),
        grouped(sets.recovered),
        grouped(sets.absent),
        grouped(sets.undrained),
        grouped(sets.in_dead_letters),
        grouped(sets.dead),
    );
    let faults: Vec<String> =
        layer.faults.iter().map(|fault| format!("{} {}", fault.fault, fault.count)).collect();
    let _ = writeln!(text, "  faults: {}", faults.join("  "));
    for fault in layer.never_struck() {
        let _ = writeln!(text, "  {fault} NEVER STRUCK: {}", fault.words());
    }
    for (what, number) in &layer.notes {
        let _ = writeln!(text, "  {what}: {number}");
    }
    for check in layer.examination.broken() {
        let _ = writeln!(
            text,
            "  {:?} BROKEN by {}: {}",
            check.id,
            check.offenders.count,
            check.id.promise()
        );
        for example in &check.offenders.examples {
            let _ = writeln!(text, "    {example}");
        }
    }
    let _ = writeln!(text, "  again: {}", layer.command);
}

fn planted_text(text: &mut String, proof: &Proof) {
    if proof.planted.is_empty() {
        return;
    }
    let _ = writeln!(text, "planted bugs caught: {}/{}", proof.caught(), proof.planted.len());
    for bug in &proof.planted {
        let how = match (&bug.refused, bug.broke.first()) {
            (Some(refused), _) => {
                format!("refused at the start: {}", refused.lines().next().unwrap_or(""))
            }
            (None, Some(check)) => {
                let example = check.offenders.examples.first().map_or("", String::as_str);
                let ids: Vec<String> =
                    bug.broke.iter().map(|check| format!("{:?}", check.id)).collect();
                format!("{}: {example}", ids.join(" "))
            }
            (None, None) => format!("NOT CAUGHT: {}", bug.bug.words()),
        };
        let _ = writeln!(text, "  {:<26} {how}", bug.bug.name());
    }
}
