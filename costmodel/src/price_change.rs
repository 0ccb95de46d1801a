//! What changed between two price lists of a region, tier by tier.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::PriceSheet;
use crate::price_sheet::{Entry, Tier};

/// How a price changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Another price, or another range.
    Changed,
    /// Only the newer list has it.
    Added,
    /// Only the older list has it.
    Gone,
}

/// A change of one tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceChange {
    /// What kind.
    pub kind: ChangeKind,
    /// The offer.
    pub offer: String,
    /// The usage type without its region.
    pub usage: String,
    /// The operation.
    pub operation: String,
    /// Where the tier begins.
    pub begin: Decimal,
    /// The price before, USD.
    pub before: Option<Decimal>,
    /// The price after, USD.
    pub after: Option<Decimal>,
    /// By how much, per cent; none if there was nothing, or a price of zero.
    pub percent: Option<Decimal>,
}

/// The changes from `before` to `after`, by key and tier.
pub fn price_changes(before: &PriceSheet, after: &PriceSheet) -> Vec<PriceChange> {
    let mut changes = Vec::new();
    let mut old = before.entries().iter().peekable();
    let mut new = after.entries().iter().peekable();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(one), Some(other)) => one.key().cmp(&other.key()),
        };
        let one = if order.is_le() { old.next() } else { None };
        let other = if order.is_ge() { new.next() } else { None };
        compare(one, other, &mut changes);
    }
}

fn compare(old: Option<&Entry>, new: Option<&Entry>, changes: &mut Vec<PriceChange>) {
    let Some(named) = old.or(new) else { return };
    let tiers = |entry: Option<&Entry>| entry.map_or(Vec::new(), |entry| entry.price.tiers.clone());
    let (old, new) = (tiers(old), tiers(new));
    let mut begins: Vec<Decimal> = old.iter().chain(&new).map(|tier| tier.begin).collect();
    begins.sort();
    begins.dedup();
    let at = |tiers: &[Tier], begin| tiers.iter().find(|tier| tier.begin == begin).cloned();
    for begin in begins {
        let (one, other) = (at(&old, begin), at(&new, begin));
        let price = |tier: &Option<Tier>| tier.as_ref().map(|tier| tier.unit_price);
        let (before, after) = (price(&one), price(&other));
        if before == after {
            continue;
        }
        changes.push(PriceChange {
            kind: match (before, after) {
                (Some(_), Some(_)) => ChangeKind::Changed,
                (None, Some(_) | None) => ChangeKind::Added,
                (Some(_), None) => ChangeKind::Gone,
            },
            offer: named.offer.clone(),
            usage: named.usage.clone(),
            operation: named.operation.clone(),
            begin,
            before,
            after,
            percent: percent(before, after),
        });
    }
}

fn percent(before: Option<Decimal>, after: Option<Decimal>) -> Option<Decimal> {
    let (before, after) = (before?, after?);
    let by = (after - before).checked_div(before)?;
    Some((by * Decimal::ONE_HUNDRED).round_dp(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Region;

    fn sheet(prices: &[(&str, &str)]) -> PriceSheet {
        let json = |f: &dyn Fn(&str, &str) -> String| -> String {
            prices.iter().map(|(sku, usd)| f(sku, usd)).collect::<Vec<_>>().join(",")
        };
        let products = json(&|sku, _| {
            format!(
                r#""{sku}":{{"sku":"{sku}","attributes":{{"usagetype":"Fee-{sku}","regionCode":"us-east-1"}}}}"#
            )
        });
        let terms = json(&|sku, usd| {
            format!(
                r#""{sku}":{{"T":{{"sku":"{sku}","priceDimensions":{{"R":{{"rateCode":"R","beginRange":"0","endRange":"Inf","pricePerUnit":{{"USD":"{usd}"}}}}}}}}}}"#
            )
        });
        let file = format!(
            r#"{{"offerCode":"AmazonTest","publicationDate":"2026-03-04","products":{{{products}}},"terms":{{"OnDemand":{{{terms}}}}}}}"#
        );
        PriceSheet::from_offers(Region::UsEast1, [file.as_str()]).unwrap()
    }

    #[test]
    fn a_price_is_changed_added_or_gone_and_the_same_is_no_change() {
        let before = sheet(&[("A", "0.40"), ("B", "0.5"), ("C", "7"), ("E", "0")]);
        let after = sheet(&[("A", "0.4"), ("B", "0.45"), ("D", "9"), ("E", "3")]);
        let changes = price_changes(&before, &after);
        let found: Vec<_> =
            changes.iter().map(|change| (change.kind, change.usage.as_str())).collect();
        assert_eq!(
            found,
            [
                (ChangeKind::Changed, "Fee-B"),
                (ChangeKind::Gone, "Fee-C"),
                (ChangeKind::Added, "Fee-D"),
                (ChangeKind::Changed, "Fee-E"),
            ]
        );
        assert_eq!(changes[0].percent, Some("-10".parse().unwrap()));
        assert_eq!((changes[1].before, changes[2].after), (Some(7.into()), Some(9.into())));
        assert_eq!(changes[3].percent, None);
        assert_eq!(price_changes(&after, &after), []);
    }
}
