//! The tax tables: one dated file each, compiled in. A law that changes on a day is a new file that
//! begins on it, and `until` of the one before.

use std::sync::LazyLock;

use jiff::civil::Date;
use orders::{Rate, State, TaxClass};
use serde::Deserialize;

use crate::invoice::Presumption;

/// Every table, in the order of their dates.
static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    [include_str!("tables/2026.json")]
        .into_iter()
        .map(|text| serde_json::from_str(text).expect("a test reads every table"))
        .collect()
});

/// What holds between two days, both included. Each row says where it is from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    from: Date,
    until: Date,
    icms_within: Vec<Within>,
    icms_between: Vec<Between>,
    icms_between_imported: Imported,
    substitution: Vec<Substituted>,
    contributions: Vec<Contributions>,
    pub(super) consumption_rates: ConsumptionRates,
    consumption_classes: Vec<ConsumptionClass>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Within {
    state: State,
    class: TaxClass,
    rate: Rate,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Between {
    from: State,
    to: Vec<State>,
    rate: Rate,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Imported {
    rate: Rate,
    #[serde(rename = "source")]
    _source: String,
}

/// A state in which later sales are taxed beforehand. Only goods with a CEST are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Substituted {
    to: State,
    pub(super) presumption: Presumption,
    pub(super) rate: Rate,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contributions {
    class: TaxClass,
    pub(super) pis: Rate,
    pub(super) cofins: Rate,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsumptionRates {
    pub(super) ibs_state: Rate,
    pub(super) ibs_city: Rate,
    pub(super) cbs: Rate,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsumptionClass {
    class: TaxClass,
    pub(super) cst: String,
    pub(super) code: String,
    pub(super) reduction: Option<Rate>,
    #[serde(rename = "source")]
    _source: String,
}

impl Table {
    /// The table of a day.
    pub(super) fn of(date: Date) -> Option<&'static Self> {
        TABLES.iter().find(|table| (table.from..=table.until).contains(&date))
    }

    /// The last day that a table knows.
    pub(super) fn last_day() -> Date {
        TABLES.iter().map(|table| table.until).max().unwrap_or(Date::MIN)
    }

    pub(super) fn icms_within(&self, state: State, class: TaxClass) -> Option<Rate> {
        let row = self.icms_within.iter().find(|row| row.state == state && row.class == class);
        row.map(|row| row.rate)
    }

    pub(super) fn icms_between(&self, from: State, to: State) -> Option<Rate> {
        let row = self.icms_between.iter().find(|row| row.from == from && row.to.contains(&to));
        row.map(|row| row.rate)
    }

    pub(super) fn icms_between_imported(&self) -> Rate {
        self.icms_between_imported.rate
    }

    pub(super) fn substitution(&self, to: State) -> Option<&Substituted> {
        self.substitution.iter().find(|row| row.to == to)
    }

    pub(super) fn contributions(&self, class: TaxClass) -> Option<&Contributions> {
        self.contributions.iter().find(|row| row.class == class)
    }

    pub(super) fn consumption(&self, class: TaxClass) -> Option<&ConsumptionClass> {
        self.consumption_classes.iter().find(|row| row.class == class)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn tables_follow_one_another_without_gap_and_know_every_class() {
        for pair in TABLES.windows(2) {
            assert_eq!(pair[0].until.tomorrow().unwrap(), pair[1].from);
        }
        for table in TABLES.iter() {
            for class in TaxClass::ALL {
                assert!(table.consumption(class).is_some(), "{class:?}");
                assert!(table.icms_within(State::Sp, class).is_some(), "{class:?}");
            }
            for state in State::ALL.into_iter().filter(|state| *state != State::Sp) {
                assert!(table.icms_between(State::Sp, state).is_some(), "{state}");
            }
        }
    }

    #[test]
    fn a_table_holds_on_its_first_and_on_its_last_day_and_on_no_other() {
        assert!(Table::of(date(2025, 12, 31)).is_none());
        assert!(Table::of(date(2026, 1, 1)).is_some());
        assert!(Table::of(date(2026, 12, 31)).is_some());
        assert!(Table::of(date(2027, 1, 1)).is_none());
        assert_eq!(Table::last_day(), date(2026, 12, 31));
    }
}
