//! Orders as a Poisson process whose rate changes every minute.

use ::arrivals::Curve;

use crate::chance::Chance;

/// A rate for each minute, orders a second.
#[derive(Debug, Clone, PartialEq)]
pub struct MinuteRates(pub Vec<f64>);

impl MinuteRates {
    /// The same rate for so many minutes.
    pub fn constant(rate_per_s: f64, minutes: usize) -> Self {
        Self(vec![rate_per_s; minutes])
    }

    /// `orders` on average, over the minutes of a curve.
    pub fn of_curve(curve: &Curve, orders: f64) -> Self {
        let minutes = (curve.duration_s() / 60.0).ceil() as u32;
        let share = |minute: u32| curve.cumulative(f64::from(minute) * 60.0);
        let rate = |minute| (share(minute + 1) - share(minute)) * orders / 60.0;
        Self((0..minutes).map(rate).collect())
    }

    /// The instants, µs. A Poisson process has no memory, so at the start of a minute the distance
    /// to the next order is drawn anew.
    pub fn arrivals(&self, seed: u64) -> impl Iterator<Item = u64> + '_ {
        let mut chance = Chance::new(seed, 0x6172_7269);
        let mut now = 0.0_f64;
        let mut minute = 0_usize;
        std::iter::from_fn(move || {
            loop {
                let rate = *self.0.get(minute)?;
                let end = (minute + 1) as f64 * 60e6;
                if rate > 0.0 {
                    let next = now + chance.exponential() * 1e6 / rate;
                    if next < end {
                        now = next;
                        return Some(now as u64);
                    }
                }
                now = end;
                minute += 1;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orders_of_a_day_are_as_many_as_asked_for_and_sorted() {
        let day = MinuteRates::of_curve(&Curve::business_day(), 50_000.0);
        let arrivals: Vec<u64> = day.arrivals(3).collect();
        // Poisson: the standard deviation is the root of 50,000.
        assert!((arrivals.len() as f64 - 50_000.0).abs() < 4.0 * 50_000_f64.sqrt());
        assert!(arrivals.is_sorted());
        assert!(arrivals.last().is_some_and(|last| *last < 86_400_000_000));
        assert_eq!(day.arrivals(3).collect::<Vec<_>>(), arrivals);
    }
}
