//! The days of a Brazilian business-to-business week: how much of the week each has, and what its
//! hours look like.
//!
//! Monday has the orders that Saturday afternoon and Sunday left; pharmacies of the street close on
//! Saturday after lunch; on Sunday only the chains sell, and upload at closing time. The weights
//! are this project's assumption, like those of the day; a real week is to be replayed from a file.

use crate::Curve;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weekday {
    /// The day after the weekend: a quarter more than an ordinary day.
    Monday,
    /// An ordinary day.
    Tuesday,
    /// An ordinary day.
    Wednesday,
    /// An ordinary day.
    Thursday,
    /// Stocks are filled for the weekend: a tenth more.
    Friday,
    /// A morning, and the chains in the evening.
    Saturday,
    /// The chains in the evening.
    Sunday,
}

/// Relative rate at each full hour, 0 h to 24 h.
const SATURDAY: [f64; 25] = [
    0.6, 0.3, 0.2, 0.2, 0.2, 0.3, 0.6, 1.5, 4.0, 6.5, 7.5, 6.5, 4.5, 2.5, 1.2, 0.9, 0.8, 0.8, 0.8,
    0.9, 1.2, 2.5, 3.5, 1.5, 0.6,
];
const SUNDAY: [f64; 25] = [
    0.6, 0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.9, 0.8, 0.7, 0.6, 0.6, 0.6, 0.6, 0.7,
    0.8, 1.2, 2.5, 3.5, 1.5, 0.6,
];

impl Weekday {
    /// From Monday to Sunday.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// Relative rate at each full hour of the day.
    fn rates(self) -> [f64; 25] {
        let times = |factor: f64| crate::business_day::RATE_AT_HOUR.map(|rate| rate * factor);
        match self {
            Self::Monday => times(1.25),
            Self::Tuesday | Self::Wednesday | Self::Thursday => times(1.0),
            Self::Friday => times(1.1),
            Self::Saturday => SATURDAY,
            Self::Sunday => SUNDAY,
        }
    }
}

impl Curve {
    /// One day of the week, 24 hours from midnight.
    pub fn business_day_of(day: Weekday) -> Self {
        Self::through(&hourly(&[day]))
    }

    /// Monday to Sunday, 168 hours from midnight.
    pub fn business_week() -> Self {
        Self::through(&hourly(&Weekday::ALL))
    }
}

/// A point at each full hour; midnight belongs to both of its days.
fn hourly(days: &[Weekday]) -> Vec<(f64, f64)> {
    let day_s = 86_400.0;
    let at = |day: usize, hour: usize| day as f64 * day_s + hour as f64 * 3_600.0;
    days.iter()
        .enumerate()
        .flat_map(|(number, day)| {
            let rates = day.rates().into_iter().enumerate();
            rates.map(move |(hour, rate)| (at(number, hour), rate)).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_of(day: u32) -> f64 {
        let week = Curve::business_week();
        let midnight = |day: u32| f64::from(day) * 86_400.0;
        week.cumulative(midnight(day + 1)) - week.cumulative(midnight(day))
    }

    #[test]
    fn monday_is_the_busiest_day_and_sunday_the_quietest() {
        let shares: Vec<f64> = (0..7).map(share_of).collect();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!((shares[0] / shares[1] - 1.25).abs() < 1e-9, "{shares:?}");
        assert!((shares[4] / shares[1] - 1.1).abs() < 1e-9, "{shares:?}");
        assert!(shares[5] < shares[1] / 2.0 && shares[6] < shares[5] / 2.0, "{shares:?}");
    }

    #[test]
    fn saturday_is_a_morning_and_an_evening_and_sunday_an_evening() {
        let before = |day, hour: f64| Curve::business_day_of(day).cumulative(hour * 3_600.0);
        assert!(before(Weekday::Saturday, 14.0) > 0.6);
        assert!(before(Weekday::Sunday, 20.0) < 0.6);
        let evening = before(Weekday::Sunday, 24.0) - before(Weekday::Sunday, 20.0);
        assert!(evening > 0.4, "{evening}");
    }

    #[test]
    fn an_ordinary_day_is_the_business_day() {
        assert_eq!(Curve::business_day_of(Weekday::Wednesday), Curve::business_day());
    }
}
