//! `[[partners]]` and `[mix]` of a profile: who sends, and what of it is not simply an order.

use orders::{Mix, OrderMix};
use serde::{Deserialize, Serialize};

/// One partner's share of the orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerShare {
    /// The partner's name in the system, such as `partner-03`.
    pub partner: String,
    /// Its share, relative to the others: percent, or any whole numbers.
    pub share: u32,
    /// Where its secret is, as `env:NAME` or `file:PATH`; the local cloud makes one for each
    /// partner that has none here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Where its AWS user is, for Signature Version 4, as `env:NAME` or `file:PATH`:
    /// `ACCESS_KEY_ID SECRET_ACCESS_KEY`, and `SESSION_TOKEN` after them if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// Requests a second that it may send, by contract. Its key gets a usage plan of this rate in
    /// the local cloud, and `vazao plan` refuses a profile that asks more of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_s_max: Option<f64>,
    /// What it may send at once; as much as in a second where this is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst_max: Option<f64>,
}

/// Arrivals that are not simply an order, percent of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixShares {
    /// Bodies of a wrong form, which the gateway must refuse with 400.
    #[serde(default)]
    pub malformed_percent: f64,
    /// Bodies of the right form that are no order, which must be accepted, refused with a reason,
    /// and never billed.
    #[serde(default)]
    pub refused_percent: f64,
    /// The same order again under the same number, as a partner sends it that got no answer.
    #[serde(default)]
    pub repeated_percent: f64,
    /// Another order under a number that was used: one of the two stands, the other is a conflict.
    #[serde(default)]
    pub conflicting_percent: f64,
}

impl MixShares {
    /// Whether every arrival is simply an order.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn named(&self) -> [(&'static str, f64); 4] {
        [
            ("malformed_percent", self.malformed_percent),
            ("refused_percent", self.refused_percent),
            ("repeated_percent", self.repeated_percent),
            ("conflicting_percent", self.conflicting_percent),
        ]
    }

    pub(super) fn problem(&self) -> Option<String> {
        let wrong = self.named().into_iter().find(|(_, percent)| !(0.0..=50.0).contains(percent));
        if let Some((key, percent)) = wrong {
            return Some(format!("mix.{key} must be 0 to 50, not {percent}"));
        }
        let sum: f64 = self.named().iter().map(|(_, percent)| percent).sum();
        (sum > 50.0).then(|| {
            format!("the percentages of mix add up to {sum}: half of the arrivals must be orders")
        })
    }

    /// In parts per million, as the orders' arithmetic wants them.
    pub(super) fn order_mix(&self, seed: u64) -> OrderMix {
        let ppm = |percent: f64| (percent * 10_000.0).round() as u32;
        OrderMix::new(
            seed,
            Mix {
                malformed_ppm: ppm(self.malformed_percent),
                refused_ppm: ppm(self.refused_percent),
                repeated_ppm: ppm(self.repeated_percent),
                conflicting_ppm: ppm(self.conflicting_percent),
            },
        )
    }
}

/// What is wrong with the list of partners, if anything.
pub(super) fn problem(partners: &[PartnerShare]) -> Option<String> {
    let positive = |number: Option<f64>| number.is_none_or(|n| n.is_finite() && n > 0.0);
    partners.iter().enumerate().find_map(|(position, each)| {
        let name = &each.partner;
        if partners[..position].iter().any(|other| other.partner == *name) {
            Some(format!("partners: {name} is there twice"))
        } else if each.share == 0 {
            Some(format!("partners: the share of {name} must be at least 1"))
        } else if !positive(each.rate_per_s_max) {
            Some(format!("partners: rate_per_s_max of {name} must be above 0"))
        } else if !positive(each.burst_max) {
            Some(format!("partners: burst_max of {name} must be above 0"))
        } else {
            None
        }
    })
}
