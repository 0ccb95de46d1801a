//! What a line of a sale owes to whom, decided once, before it is stored. The rates are data: the
//! dated files of `tax/tables/`. A day without a table is refused, not guessed: from 2027 on IBS
//! and CBS are part of the price, and the rate of CBS is not published.
//!
//! All amounts are half up to the cent. Not here: IPI (a wholesaler is no industry), DIFAL and FCP
//! (a customer who is not registered for ICMS is refused), ICMS reduced, exempt or deferred.

mod tables;

use jiff::civil::Date;
use orders::{Cents, Fiscal, Origin, Quantity, Rate, State, TaxClass};
use thiserror::Error;

use crate::invoice::{
    Consumption, ConsumptionPart, Contribution, Icms, Levy, LineTaxes, Presumption, Substitution,
};
use tables::{Contributions, Table};

/// The amounts of a line that taxes are computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxedAmounts {
    /// How many units.
    pub quantity: Quantity,
    /// Quantity times price.
    pub gross: Cents,
    /// What is taken off.
    pub discount: Cents,
    /// The line's share of the freight.
    pub freight: Cents,
}

/// From which state to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The emitter's.
    pub from: State,
    /// The recipient's.
    pub to: State,
}

/// A line's transaction code and taxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The kind of transaction.
    pub cfop: u16,
    /// The taxes.
    pub taxes: LineTaxes,
}

/// A sale that cannot be taxed. The order is refused: another attempt cannot help before there is
/// another table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TaxError {
    /// No table holds on the day.
    #[error(
        "no tax table holds on {date}: the last day of processor/src/tax/tables/ is {last_day}; \
         the law of 2027 puts IBS and CBS into the price, and the rate of CBS is not published"
    )]
    NoTable {
        /// The day of the sale.
        date: Date,
        /// The last day that a table knows.
        last_day: Date,
    },
    /// The table has no ICMS rate for it.
    #[error(
        "the tax table of {date} has no ICMS rate from {from} to {to} for {}: add it to \
         processor/src/tax/tables/", .class.name()
    )]
    NoIcmsRate {
        /// The day of the sale.
        date: Date,
        /// The emitter's state.
        from: State,
        /// The recipient's state.
        to: State,
        /// The product's class.
        class: TaxClass,
    },
    /// The buyer is not registered for ICMS.
    #[error(
        "the buyer has no state registration: what a sale to whoever is not registered for ICMS \
         owes (DIFAL) is in no tax table; give the customer its registration"
    )]
    NotRegistered,
    /// An amount has more digits than an NF-e has room for.
    #[error("an amount has more than 13 digits before the point, for which an NF-e has no room")]
    TooLarge,
    /// The table has no class of IBS and CBS for it.
    #[error(
        "the tax table of {date} has no class of IBS and CBS for {}: add it to \
         processor/src/tax/tables/", .class.name()
    )]
    NoConsumptionClass {
        /// The day of the sale.
        date: Date,
        /// The product's class.
        class: TaxClass,
    },
}

/// Decides the taxes of a line.
///
/// # Errors
/// If the tables do not say.
pub fn assess(
    amounts: TaxedAmounts,
    fiscal: &Fiscal,
    route: Route,
    date: Date,
) -> Result<Assessment, TaxError> {
    let no_table = TaxError::NoTable { date, last_day: Table::last_day() };
    let table = Table::of(date).ok_or(no_table)?;
    let class = fiscal.tax_class;
    let Route { from, to } = route;
    let rate = own_icms_rate(table, fiscal, route).ok_or(TaxError::NoIcmsRate {
        date,
        from,
        to,
        class,
    })?;
    let icms = icms(table, amounts, fiscal, route, rate);
    let (pis, cofins) = contributions(table.contributions(class), amounts, icms.own.tax);
    let base = consumption_base(amounts, icms.own.tax, pis, cofins);
    let consumption =
        consumption(table, class, base).ok_or(TaxError::NoConsumptionClass { date, class })?;
    let cfop = cfop(route, icms.substitution.is_some());
    Ok(Assessment { cfop, taxes: LineTaxes { icms, pis, cofins, consumption } })
}

/// Resale: 5 within the state and 6 to another; 102 of goods, 403 of goods whose later ICMS the
/// seller pays (table of CFOP, Convênio s/nº of 1970).
fn cfop(route: Route, substitutes: bool) -> u16 {
    let within = route.from == route.to;
    match (within, substitutes) {
        (true, false) => 5_102,
        (true, true) => 5_403,
        (false, false) => 6_102,
        (false, true) => 6_403,
    }
}

fn own_icms_rate(table: &Table, fiscal: &Fiscal, Route { from, to }: Route) -> Option<Rate> {
    if from == to {
        return table.icms_within(from, fiscal.tax_class);
    }
    match fiscal.origin {
        Origin::National => table.icms_between(from, to),
        Origin::ImportedBoughtInBrazil => Some(table.icms_between_imported()),
    }
}

/// The base is the price with what is charged beside it (LC 87/1996, article 13).
fn icms(table: &Table, amounts: TaxedAmounts, fiscal: &Fiscal, route: Route, rate: Rate) -> Icms {
    let base = charged(amounts);
    let own = Levy { base, rate, tax: rate.of(base) };
    let substitution =
        table.substitution(route.to).filter(|_| fiscal.cest.is_some()).and_then(|row| {
            let base = presumed_base(row.presumption, amounts, fiscal)?;
            let whole = row.rate.of(base);
            // What is left of the later sale's tax; a list price below ours leaves nothing.
            let tax = Cents((whole - own.tax).0.max(0));
            Some(Substitution { presumption: row.presumption, base, rate: row.rate, tax })
        });
    Icms { own, substitution }
}

/// The price at which the goods will be sold to the consumer. None if it follows a list in which
/// the product is not.
fn presumed_base(
    presumption: Presumption,
    amounts: TaxedAmounts,
    fiscal: &Fiscal,
) -> Option<Cents> {
    match presumption {
        Presumption::Margin(margin) => {
            let charged = charged(amounts);
            Some(charged + margin.of(charged))
        }
        Presumption::MaximumPrice => fiscal.medicine.as_ref().map(|medicine| {
            let quantity = i64::from(amounts.quantity.get());
            Cents(medicine.maximum_price.0.saturating_mul(quantity))
        }),
    }
}

/// ICMS is no part of the base of PIS and COFINS (STF, RE 574.706).
fn contributions(
    rates: Option<&Contributions>,
    amounts: TaxedAmounts,
    icms: Cents,
) -> (Contribution, Contribution) {
    let base = charged(amounts) - icms;
    let owed = |rate: Rate| Contribution::Owed(Levy { base, rate, tax: rate.of(base) });
    match rates {
        Some(rates) => (owed(rates.pis), owed(rates.cofins)),
        None => (Contribution::PaidByManufacturer, Contribution::PaidByManufacturer),
    }
}

/// LC 214/2025, article 12, paragraph 2: none of the taxes that it replaces.
fn consumption_base(
    amounts: TaxedAmounts,
    icms: Cents,
    pis: Contribution,
    cofins: Contribution,
) -> Cents {
    charged(amounts) - icms - pis.tax() - cofins.tax()
}

fn consumption(table: &Table, class: TaxClass, base: Cents) -> Option<Consumption> {
    let row = table.consumption(class)?;
    let rates = &table.consumption_rates;
    let part = |rate: Rate| {
        let effective_rate = row.reduction.map_or(rate, |reduction| rate.reduced_by(reduction));
        ConsumptionPart { rate, effective_rate, tax: effective_rate.of(base) }
    };
    let (ibs_state, ibs_city) = (part(rates.ibs_state), part(rates.ibs_city));
    Some(Consumption {
        cst: row.cst.clone(),
        class: row.code.clone(),
        base,
        reduction: row.reduction,
        ibs_state,
        ibs_city,
        ibs: ibs_state.tax + ibs_city.tax,
        cbs: part(rates.cbs),
    })
}

/// What the customer is charged, but for taxes on top.
fn charged(amounts: TaxedAmounts) -> Cents {
    amounts.gross - amounts.discount + amounts.freight
}

#[cfg(test)]
#[allow(clippy::inconsistent_digit_grouping, reason = "reais_cents")]
mod tests {
    use jiff::civil::date;
    use orders::Medicine;

    use super::*;

    const WITHIN: Route = Route { from: State::Sp, to: State::Sp };

    fn to(state: State) -> Route {
        Route { from: State::Sp, to: state }
    }

    fn fiscal(tax_class: TaxClass) -> Fiscal {
        let medicine =
            Medicine { registration: "1234567890123".to_owned(), maximum_price: Cents(7_24) };
        let is_medicine = tax_class != TaxClass::General;
        Fiscal {
            ncm: "30049099".to_owned(),
            cest: is_medicine.then(|| "1300200".to_owned()),
            origin: Origin::National,
            medicine: is_medicine.then_some(medicine),
            tax_class,
        }
    }

    fn amounts(gross: i64, discount: i64, freight: i64) -> TaxedAmounts {
        TaxedAmounts {
            quantity: 48.try_into().unwrap(),
            gross: Cents(gross),
            discount: Cents(discount),
            freight: Cents(freight),
        }
    }

    fn assessed(amounts: TaxedAmounts, class: TaxClass, route: Route) -> Assessment {
        assess(amounts, &fiscal(class), route, date(2026, 11, 23)).unwrap()
    }

    #[test]
    fn a_generic_medicine_within_sao_paulo_is_the_first_line_of_the_worked_example() {
        let Assessment { cfop, taxes } =
            assessed(amounts(251_04, 12_55, 0), TaxClass::GenericMedicine, WITHIN);
        assert_eq!(cfop, 5_102);
        assert_eq!(
            taxes.icms.own,
            Levy { base: Cents(238_49), rate: Rate(120_000), tax: Cents(28_62) }
        );
        assert_eq!(taxes.icms.substitution, None);
        assert_eq!(taxes.pis, Contribution::PaidByManufacturer);
        let consumption = taxes.consumption;
        assert_eq!((consumption.cst.as_str(), consumption.class.as_str()), ("200", "200032"));
        assert_eq!(consumption.base, Cents(209_87));
        assert_eq!(consumption.ibs_state.effective_rate, Rate(400));
        assert_eq!((consumption.ibs_state.tax, consumption.ibs_city.tax), (Cents(8), Cents(0)));
        assert_eq!((consumption.ibs, consumption.cbs.tax), (Cents(8), Cents(76)));
    }

    #[test]
    fn a_margin_is_added_to_price_and_freight_before_the_later_tax_is_computed() {
        // 251.04 - 12.55 + 3.77 = 242.26; 12 % = 29.0712. Times 1.4908 = 361.16 (118.9012 more);
        // 20 % of it = 72.232, less 29.07 = 43.16.
        let Assessment { cfop, taxes } =
            assessed(amounts(251_04, 12_55, 3_77), TaxClass::GenericMedicine, to(State::Rj));
        assert_eq!(cfop, 6_403);
        assert_eq!((taxes.icms.own.base, taxes.icms.own.tax), (Cents(242_26), Cents(29_07)));
        let substitution = taxes.icms.substitution.unwrap();
        assert_eq!(substitution.presumption, Presumption::Margin(Rate(490_800)));
        assert_eq!((substitution.base, substitution.tax), (Cents(36_116), Cents(4_316)));
        assert_eq!(taxes.consumption.base, Cents(213_19));
    }

    #[test]
    fn a_maximum_price_is_the_base_whatever_was_paid() {
        // 48 x 7.24 = 347.52; 19.5 % = 67.7664; own: 12 % of 251.04 = 30.1248.
        let taxes = assessed(amounts(251_04, 0, 0), TaxClass::Medicine, to(State::Pr)).taxes;
        let substitution = taxes.icms.substitution.unwrap();
        assert_eq!(substitution.presumption, Presumption::MaximumPrice);
        assert_eq!((substitution.base, substitution.tax), (Cents(347_52), Cents(37_65)));
    }

    #[test]
    fn between_states_the_rate_follows_destination_and_origin() {
        let rate = |origin, state| {
            let fiscal = Fiscal { origin, ..fiscal(TaxClass::General) };
            let day = date(2026, 1, 1);
            let Assessment { cfop, taxes } =
                assess(amounts(100_00, 0, 0), &fiscal, to(state), day).unwrap();
            (cfop, taxes.icms.own.rate)
        };
        assert_eq!(rate(Origin::National, State::Sc), (6_102, Rate(120_000)));
        assert_eq!(rate(Origin::National, State::Es), (6_102, Rate(70_000)));
        assert_eq!(rate(Origin::ImportedBoughtInBrazil, State::Sc), (6_102, Rate(40_000)));
        // Food supplements have no CEST, and no substitution.
        assert_eq!(rate(Origin::National, State::Rj), (6_102, Rate(120_000)));
    }

    #[test]
    fn what_is_no_medicine_owes_pis_and_cofins_of_the_price_without_icms() {
        // 18 % of 100.00; 1.65 % of 82.00 = 1.353, 7.6 % = 6.232; 82.00 - 1.35 - 6.23 = 74.42;
        // 0.1 % and 0.9 % of that.
        let taxes = assessed(amounts(100_00, 0, 0), TaxClass::General, WITHIN).taxes;
        let owed = |rate, tax| {
            Contribution::Owed(Levy { base: Cents(82_00), rate: Rate(rate), tax: Cents(tax) })
        };
        assert_eq!((taxes.pis, taxes.cofins), (owed(16_500, 1_35), owed(76_000, 6_23)));
        let consumption = taxes.consumption;
        assert_eq!((consumption.class.as_str(), consumption.reduction), ("000001", None));
        assert_eq!(consumption.base, Cents(74_42));
        assert_eq!((consumption.ibs, consumption.cbs.tax), (Cents(7), Cents(67)));
    }

    #[test]
    fn medicines_of_the_list_are_at_zero() {
        let taxes = assessed(amounts(100_00, 0, 0), TaxClass::MedicineAtZero, WITHIN).taxes;
        assert_eq!(taxes.consumption.reduction, Some(Rate::WHOLE));
        assert_eq!(taxes.consumption.class, "200009");
        assert_eq!(taxes.consumption.cbs.effective_rate, Rate(0));
        assert_eq!((taxes.consumption.ibs, taxes.consumption.cbs.tax), (Cents(0), Cents(0)));
    }

    #[test]
    fn from_2027_on_a_sale_is_refused_with_the_reason() {
        let sale =
            |day| assess(amounts(1_00, 0, 0), &fiscal(TaxClass::Medicine), WITHIN, day).map(|_| ());
        assert_eq!(sale(date(2026, 12, 31)), Ok(()));
        let message = sale(date(2027, 1, 1)).unwrap_err().to_string();
        assert!(message.contains("no tax table holds on 2027-01-01"), "{message}");
        assert!(message.contains("2026-12-31"), "{message}");
    }

    #[test]
    fn a_route_without_a_rate_is_refused() {
        let route = Route { from: State::Rj, to: State::Rj };
        let day = date(2026, 5, 1);
        let error = assess(amounts(1_00, 0, 0), &fiscal(TaxClass::General), route, day);
        assert!(matches!(error, Err(TaxError::NoIcmsRate { from: State::Rj, .. })), "{error:?}");
    }
}
