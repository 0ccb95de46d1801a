//! Axes: what they take, how far they go, what their labels say.

/// An axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis<'a> {
    /// What it says, unit included.
    pub(crate) name: &'a str,
    /// The unit, for single values.
    pub(crate) unit: &'a str,
    /// Each step a factor of ten; values must be above 0.
    pub(crate) logarithmic: bool,
}

/// The least and the greatest place on it.
pub(super) type Range = (f64, f64);

impl Axis<'_> {
    pub(super) fn takes(self, value: f64) -> bool {
        value.is_finite() && (!self.logarithmic || value > 0.0)
    }

    /// Where a value lies on the axis.
    pub(super) fn place(self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value }
    }

    /// From the least to the greatest: whole powers of ten, or from nothing.
    pub(super) fn range(self, values: impl Iterator<Item = f64>) -> Range {
        let (low, high) = values
            .map(|value| self.place(value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if !self.logarithmic {
            // Of zeros alone it goes to one.
            return (0.0, if high > 0.0 { high * 1.04 } else { 1.0 });
        }
        let (low, high) = ((low + 1e-9).floor(), (high - 1e-9).ceil());
        (low, high.max(low + 1.0))
    }

    pub(super) fn label(self, place: f64, range: Range) -> String {
        if self.logarithmic {
            return number(10_f64.powf(place));
        }
        match range.1 {
            10.0.. => grouped(place),
            0.1.. => format!("{place:.1}"),
            _ => number(place),
        }
    }

    /// How many labels make one for each power of ten.
    pub(super) fn labels(self, range: Range) -> usize {
        if self.logarithmic { (range.1 - range.0) as usize + 1 } else { 7 }
    }
}

/// Four digits.
pub(super) fn short(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10_f64.powf(3.0 - value.abs().log10().floor());
    // Large numbers divide better than they multiply by a fraction.
    if scale < 1.0 { value.round() } else { (value * scale).round() / scale }
}

/// 0.002, 0.5, 20, 3,000, 1e6.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        0.0..1e-4 => format!("{value:e}"),
        1e-4..1.0 => format!("{}", (value * 1e6).round() / 1e6),
        1.0..10.0 => format!("{}", (value * 100.0).round() / 100.0),
        10.0..99_999.5 => grouped(value),
        _ => format!("{:e}", (value / 1e3).round() * 1e3),
    }
}

fn grouped(value: f64) -> String {
    let whole = claims::words::grouped(value.abs().round() as u64);
    if value < 0.0 { format!("-{whole}") } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: Axis<'static> = Axis { name: "orders a day", unit: "", logarithmic: true };

    #[test]
    fn a_logarithmic_axis_ends_at_powers_of_ten_and_names_them() {
        let range = LOG.range([20.0, 3_000.0].into_iter());
        assert_eq!(range, (1.0, 4.0));
        assert_eq!(LOG.labels(range), 4);
        let labels: Vec<_> = [-3.0, 1.0, 4.0, 6.0].map(|place| LOG.label(place, range)).to_vec();
        assert_eq!(labels, ["0.001", "10", "10,000", "1e6"]);
    }

    #[test]
    fn a_linear_axis_begins_at_zero_and_has_room_above_or_goes_to_one() {
        let axis = Axis { name: "age", unit: "s", logarithmic: false };
        assert_eq!(axis.range([3.0, 50.0].into_iter()), (0.0, 52.0));
        assert_eq!(axis.range([0.0, 0.0].into_iter()), (0.0, 1.0));
        assert_eq!(axis.range(std::iter::empty()), (0.0, 1.0));
    }

    #[test]
    fn values_keep_four_digits() {
        assert_eq!(
            [0.0, 0.012_345_6, 4.141_59, 271_828.4].map(short),
            [0.0, 0.012_35, 4.142, 271_828.0]
        );
    }
}
