//! What the reports say in words, beside `claims::words`.

use claims::{RunVerdict, Standing};

/// Bytes as 123 B, 4.5 KB or 6.7 MB, binary units.
pub(crate) fn bytes(count: u64) -> String {
    let value = count as f64;
    match count {
        0..1_024 => format!("{count} B"),
        1_024..1_048_576 => format!("{:.1} KB", value / 1_024.0),
        _ => format!("{:.1} MB", value / 1_048_576.0),
    }
}

/// The class by which the page colours a standing.
pub(crate) fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "holds",
        Standing::Broken => "broken",
        Standing::NotShown => "unshown",
    }
}

/// The verdict as a headline.
pub(crate) fn headline(verdict: RunVerdict) -> &'static str {
    match verdict {
        RunVerdict::Holds => "Every claim holds, as far as this run can show",
        RunVerdict::ServiceLevelBroken => "A service level is broken",
        RunVerdict::OrderLost => "An order is lost, duplicated or unaccounted for",
        RunVerdict::Invalid => "The run is invalid: the generator was the bottleneck",
        RunVerdict::NotEnoughEvidence => "Not enough evidence",
        RunVerdict::Stopped => "The run was stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_change_their_unit_at_powers_of_1024() {
        assert_eq!([1_023, 1_024, 1_048_576].map(bytes), ["1023 B", "1.0 KB", "1.0 MB"]);
    }
}
