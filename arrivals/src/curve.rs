//! A rate that goes in straight lines from point to point, and the area under it.

/// A piecewise-linear rate over time, scaled so that the area under it is 1.
///
/// Linear in each piece, so the cumulative share is a parabola there and its inverse is exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// (time s, rate as share per s, share of the whole before this time), sorted by time.
    points: Vec<(f64, f64, f64)>,
}

impl Curve {
    /// The same rate for `duration_s`.
    pub fn constant(duration_s: f64) -> Self {
        Self::through(&[(0.0, 1.0), (duration_s, 1.0)])
    }

    /// Through these (time s, rate in any unit) points, times not falling, at least one rate above
    /// 0. Two points at one time are a step.
    pub fn through(points: &[(f64, f64)]) -> Self {
        let area = |pair: &[(f64, f64)]| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0;
        let whole: f64 = points.windows(2).map(area).sum();
        let mut before = 0.0;
        let mut scaled = Vec::with_capacity(points.len());
        for (position, (time, rate)) in points.iter().enumerate() {
            if position > 0 {
                before += area(&points[position - 1..=position]) / whole;
            }
            scaled.push((*time, rate / whole, before));
        }
        Self { points: scaled }
    }

    /// The first so many seconds of it, as a whole of its own; all of it if it is no longer.
    ///
    /// # Panics
    /// If nothing arrives before that time.
    #[must_use]
    pub fn first(&self, duration_s: f64) -> Self {
        let before = self.points.partition_point(|point| point.0 < duration_s);
        let mut points: Vec<_> = self.points[..before].iter().map(|p| (p.0, p.1)).collect();
        if before < self.points.len() {
            points.push((duration_s, self.share_per_s(duration_s)));
        }
        assert!(points.iter().any(|point| point.1 > 0.0), "no arrival before {duration_s} s");
        Self::through(&points)
    }

    /// The time of the last point, s.
    pub fn duration_s(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point.0)
    }

    /// The highest rate, share of the whole per second.
    pub fn peak_share_per_s(&self) -> f64 {
        self.points.iter().map(|point| point.1).fold(0.0, f64::max)
    }

    /// The rate at a time, share of the whole per second; 0 outside.
    pub fn share_per_s(&self, time_s: f64) -> f64 {
        let next = self.points.partition_point(|point| point.0 <= time_s);
        match (self.points.get(next.wrapping_sub(1)), self.points.get(next)) {
            (Some(from), Some(to)) => {
                let part = (time_s - from.0) / (to.0 - from.0);
                from.1 + part * (to.1 - from.1)
            }
            // The end belongs to the curve.
            (Some(last), None) if time_s <= last.0 => last.1,
            (Some(_) | None, _) => 0.0,
        }
    }

    /// The share of the whole that lies before a time.
    pub fn cumulative(&self, time_s: f64) -> f64 {
        let next = self.points.partition_point(|point| point.0 <= time_s);
        let (Some(from), Some(to)) = (self.points.get(next.wrapping_sub(1)), self.points.get(next))
        else {
            return if next == 0 { 0.0 } else { 1.0 };
        };
        let elapsed = time_s - from.0;
        let slope = (to.1 - from.1) / (to.0 - from.0);
        from.2 + elapsed * (from.1 + slope * elapsed / 2.0)
    }

    /// The time before which this share of the whole lies; the inverse of [`Curve::cumulative`].
    pub fn inverse(&self, share: f64) -> f64 {
        let next = self.points.partition_point(|point| point.2 <= share);
        let (Some(from), Some(to)) = (self.points.get(next.wrapping_sub(1)), self.points.get(next))
        else {
            return if next == 0 { 0.0 } else { self.duration_s() };
        };
        let wanted = share - from.2;
        let slope = (to.1 - from.1) / (to.0 - from.0);
        // wanted = rate * t + slope / 2 * t^2, solved without the cancellation of the school
        // formula: t = 2 wanted / (rate + sqrt(rate^2 + 2 slope wanted)).
        let root = (from.1 * from.1 + 2.0 * slope * wanted).max(0.0).sqrt();
        (from.0 + 2.0 * wanted / (from.1 + root)).clamp(from.0, to.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_of_a_ramp_from_nothing_lies_after_seven_tenths_of_its_time() {
        let ramp = Curve::through(&[(0.0, 0.0), (10.0, 5.0)]);
        // Area t^2 / 100 = 1/2 at t = sqrt(50).
        assert!((ramp.inverse(0.5) - 50_f64.sqrt()).abs() < 1e-12);
        assert!((ramp.peak_share_per_s() - 0.2).abs() < 1e-12);
    }

    #[test]
    fn at_a_step_the_rate_is_that_of_what_follows() {
        // 10 s at 1 and 5 s at 4: areas 10 and 20.
        let steps = Curve::through(&[(0.0, 1.0), (10.0, 1.0), (10.0, 4.0), (15.0, 4.0)]);
        assert!((steps.share_per_s(9.9) * 30.0 - 1.0).abs() < 1e-12);
        assert!((steps.share_per_s(10.0) * 30.0 - 4.0).abs() < 1e-12);
        assert!((steps.share_per_s(15.0) * 30.0 - 4.0).abs() < 1e-12);
        assert_eq!((steps.share_per_s(15.1), steps.share_per_s(-0.1)), (0.0, 0.0));
        assert!((steps.cumulative(10.0) - 1.0 / 3.0).abs() < 1e-12);
        assert!((steps.inverse(1.0 / 3.0) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn the_first_part_of_a_curve_has_its_rates_and_its_own_whole() {
        // 10 s from 0 to 4, then 10 s at 4: areas 20 and 40. Of the first 15 s: 20 + 20.
        let whole = Curve::through(&[(0.0, 0.0), (10.0, 4.0), (20.0, 4.0)]);
        let part = whole.first(15.0);
        assert!((part.duration_s() - 15.0).abs() < 1e-12);
        assert!((part.cumulative(10.0) - 0.5).abs() < 1e-12);
        // 40 orders of the part are as dense as 60 of the whole.
        assert!((part.share_per_s(12.0) * 40.0 - whole.share_per_s(12.0) * 60.0).abs() < 1e-12);
        // Cut in the slope: rate 2 at 5 s, area 5.
        assert!((whole.first(5.0).peak_share_per_s() - 2.0 / 5.0).abs() < 1e-12);
        assert_eq!((whole.first(20.0), whole.first(21.0)), (whole.clone(), whole));
    }

    #[test]
    fn no_arrival_falls_where_the_rate_is_zero() {
        let gap = Curve::through(&[
            (0.0, 1.0),
            (10.0, 1.0),
            (10.001, 0.0),
            (20.0, 0.0),
            (20.001, 1.0),
            (30.0, 1.0),
        ]);
        for k in 0..1_000 {
            let time = gap.inverse((f64::from(k) + 0.5) / 1_000.0);
            assert!(!(10.1..19.9).contains(&time), "{time}");
        }
    }

    proptest! {
        #[test]
        fn the_inverse_undoes_the_cumulative(
            rates in prop::collection::vec(0.01_f64..100.0, 2..30), share in 0.0_f64..1.0,
        ) {
            let points: Vec<_> = rates.iter().enumerate().map(|(i, r)| (i as f64 * 3.0, *r)).collect();
            let curve = Curve::through(&points);
            prop_assert!((curve.cumulative(curve.inverse(share)) - share).abs() < 1e-9);
        }
    }
}
