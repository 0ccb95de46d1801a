//! A price as a bill used it, with every tier, under a name that a formula can use.

use std::collections::BTreeSet;

use costmodel::{LineItem, PriceSheet, Tier};
use rust_decimal::Decimal;

/// The price of one usage type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Letters, digits and underscores.
    pub(crate) name: String,
    pub(crate) service: String,
    pub(crate) offer: String,
    pub(crate) usage_type: String,
    pub(crate) operation: String,
    pub(crate) unit: String,
    pub(crate) tiers: Vec<Tier>,
    /// Units that are free, first of all; zero if the free tier is not taken off.
    pub(crate) free: Decimal,
    pub(crate) published: String,
    pub(crate) source: String,
}

impl Rate {
    /// Whether a line is priced by it.
    pub(crate) fn is_of(&self, line: &LineItem) -> bool {
        (self.offer.as_str(), self.usage_type.as_str(), self.operation.as_str()) == key(line)
    }
}

fn key(line: &LineItem) -> (&str, &str, &str) {
    (&line.offer, &line.usage_type, &line.operation)
}

/// The prices of these lines, each once, in the order in which they first come.
pub(crate) fn rates<'a>(
    lines: impl Iterator<Item = &'a LineItem>,
    sheet: &PriceSheet,
    free_tier: bool,
) -> Vec<Rate> {
    let mut rates: Vec<Rate> = Vec::new();
    let mut names = BTreeSet::new();
    for line in lines {
        if rates.iter().any(|rate| rate.is_of(line)) {
            continue;
        }
        let mut rate = rate(line, sheet, free_tier);
        while !names.insert(rate.name.clone()) {
            rate.name.push('_');
        }
        rates.push(rate);
    }
    rates
}

/// The price of the list with all its tiers, if it is the one that the line was priced by: a run
/// is older than the lists, perhaps. Else what the line itself says.
fn rate(line: &LineItem, sheet: &PriceSheet, free_tier: bool) -> Rate {
    let prefix = sheet.region().usage_prefix();
    let usage = line.usage_type.strip_prefix(prefix).unwrap_or(&line.usage_type);
    let entry = sheet.entries().iter().find(|entry| {
        entry.offer == line.offer
            && entry.price.listed.usage_type == line.usage_type
            && (entry.operation == line.operation || line.operation.is_empty())
    });
    let charged = line.charges.iter().filter(|charge| !charge.unit_price.is_zero());
    let same = |tiers: &[Tier]| {
        charged.clone().all(|charge| {
            tiers.iter().any(|tier| {
                (tier.unit_price, &tier.rate_code) == (charge.unit_price, &charge.rate_code)
            })
        })
    };
    let found = entry.filter(|entry| same(&entry.price.tiers));
    Rate {
        name: name(&line.offer, usage, &line.operation),
        service: line.service.clone(),
        offer: line.offer.clone(),
        usage_type: line.usage_type.clone(),
        operation: line.operation.clone(),
        unit: line.unit.clone(),
        tiers: found.map_or_else(|| tiers_of(line), |entry| entry.price.tiers.clone()),
        free: found.filter(|_| free_tier).map_or(Decimal::ZERO, |entry| entry.price.free),
        published: line.price_published.clone(),
        source: found.map_or_else(
            || "bill.json".to_owned(),
            |entry| {
                let listed = &entry.price.listed;
                let grade = &listed.grade;
                let dot = if grade.is_empty() { "" } else { ", " };
                format!("{}{dot}{grade}", listed.source)
            },
        ),
    }
}

/// The tiers that a line's charges were at.
fn tiers_of(line: &LineItem) -> Vec<Tier> {
    let mut begin = Decimal::ZERO;
    let mut tiers: Vec<Tier> = Vec::new();
    for charge in &line.charges {
        let end = begin + charge.quantity;
        let (unit_price, rate_code) = (charge.unit_price, charge.rate_code.clone());
        tiers.push(Tier { begin, end: Some(end), unit_price, rate_code });
        begin = end;
    }
    if let Some(last) = tiers.last_mut() {
        last.end = None;
    }
    tiers
}

/// `s3_requests_int_tier1`.
fn name(offer: &str, usage: &str, operation: &str) -> String {
    let offer = offer.strip_prefix("Amazon").or(offer.strip_prefix("AWS")).unwrap_or(offer);
    let joint = if operation.is_empty() { "" } else { "_" };
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    format!("{offer}_{usage}{joint}{operation}").to_ascii_lowercase().chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_letters_and_digits_only() {
        assert_eq!(name("AmazonS3", "Requests-INT-Tier1", ""), "s3_requests_int_tier1");
        assert_eq!(name("AWSELB", "LCU:x", "Load"), "elb_lcu_x_load");
    }
}
