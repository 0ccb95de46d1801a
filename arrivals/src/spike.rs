//! A quiet rate with one peak in it: an advertisement, an outage that ends, a deadline.
//!
//! ```text
//!  peak |       ****
//!       |      *    *
//!  base |******      *********
//!       0     at                duration
//!              rise hold fall
//! ```

use crate::Curve;

/// A peak over a base; times in s, rates relative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spike {
    /// Rate before and after.
    pub base: f64,
    /// Rate of the peak.
    pub peak: f64,
    /// When the rate begins to rise.
    pub at_s: f64,
    /// How long it rises, and how long it falls; 0 is a wall.
    pub rise_s: f64,
    /// How long the peak is held.
    pub hold_s: f64,
    /// How long the whole lasts; not shorter than the peak's end.
    pub duration_s: f64,
}

impl Curve {
    /// A peak over a base.
    pub fn spike(spike: Spike) -> Self {
        let Spike { base, peak, at_s, rise_s, hold_s, duration_s } = spike;
        let top = at_s + rise_s;
        Self::through(&[
            (0.0, base),
            (at_s, base),
            (top, peak),
            (top + hold_s, peak),
            (top + hold_s + rise_s, base),
            (duration_s, base),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_has_its_area_and_is_where_it_was_put() {
        let spike =
            Spike { base: 1.0, peak: 11.0, at_s: 20.0, rise_s: 2.0, hold_s: 5.0, duration_s: 60.0 };
        // 60 of base and, above it, 10 x (2/2 + 5 + 2/2) = 70.
        let curve = Curve::spike(spike);
        assert!((curve.cumulative(20.0) - 20.0 / 130.0).abs() < 1e-12);
        assert!((curve.cumulative(29.0) - 99.0 / 130.0).abs() < 1e-12);
        assert!((curve.share_per_s(24.0) - 11.0 / 130.0).abs() < 1e-12);
    }

    #[test]
    fn without_a_rise_it_is_a_wall() {
        let wall =
            Spike { base: 1.0, peak: 4.0, at_s: 10.0, rise_s: 0.0, hold_s: 10.0, duration_s: 30.0 };
        let curve = Curve::spike(wall);
        assert!((curve.share_per_s(9.999) * 60.0 - 1.0).abs() < 1e-9);
        assert!((curve.share_per_s(10.0) * 60.0 - 4.0).abs() < 1e-9);
    }
}
