//! Numbers as people read them, the same in every claim, report and summary.

/// Digits in groups of three: 12,345,678.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Microseconds in the unit that reads best: 1.23 ms, 56 ms, 8.90 s.
pub fn duration(us: u64) -> String {
    let ms = us as f64 / 1_000.0;
    match us {
        0..10_000 => format!("{ms:.2} ms"),
        10_000..1_000_000 => format!("{ms:.0} ms"),
        _ => format!("{:.2} s", ms / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0, 999, 1_000, 12_345_678].map(grouped), ["0", "999", "1,000", "12,345,678"]);
    }

    #[test]
    fn durations_change_their_unit_at_ten_milliseconds_and_one_second() {
        assert_eq!(
            [9_999, 10_000, 999_999, 1_000_000].map(duration),
            ["10.00 ms", "10 ms", "1000 ms", "1.00 s"]
        );
    }
}
