//! Which faults of the local cloud strike, and how often: often enough that each strikes in a
//! short proof, and rarely enough that a long one is mostly work.

use std::collections::{BTreeMap, BTreeSet};

use proof::{Fault, FaultCount};

use crate::failure::Failure;

/// A fault of the local cloud: its name, its share of the chances in a long proof, the time of its
/// effect, and how many orders there are to a chance.
struct Rate {
    fault: Fault,
    name: &'static str,
    share: f64,
    time: &'static str,
    orders_a_chance: f64,
}

const fn rate(
    fault: Fault,
    name: &'static str,
    share: f64,
    time: &'static str,
    orders_a_chance: f64,
) -> Rate {
    Rate { fault, name, share, time, orders_a_chance }
}

/// An invocation has some four orders at the rates of a proof; an order makes three puts.
const RATES: [Rate; 17] = [
    rate(Fault::F1, "sqs-refuse", 0.01, "", 1.0),
    rate(Fault::F1, "sqs-deny", 0.005, "", 1.0),
    rate(Fault::F1, "sqs-invalid", 0.005, "", 1.0),
    rate(Fault::F2, "sqs-timeout", 0.01, "", 1.0),
    rate(Fault::F4, "message-duplicate", 0.03, "", 1.0),
    rate(Fault::F4, "message-reorder", 0.05, "", 1.0),
    rate(Fault::F4, "message-delay", 0.03, ":1s", 1.0),
    rate(Fault::F5, "function-kill", 0.01, ":20ms", 4.0),
    // Most of these last longer than the function may take.
    rate(Fault::F6, "function-freeze", 0.004, ":20s", 4.0),
    rate(Fault::F8, "s3-error-before", 0.01, "", 0.33),
    rate(Fault::F8, "s3-error-after", 0.01, "", 0.33),
    rate(Fault::F8, "s3-conflict", 0.01, "", 0.33),
    rate(Fault::F8, "s3-slow-down", 0.01, "", 0.33),
    rate(Fault::F8, "s3-slow", 0.005, ":800ms", 0.33),
    rate(Fault::F11, "response-lost", 0.01, "", 4.0),
    rate(Fault::F12, "throttled-receives", 0.0, "", 4.0),
    rate(Fault::F16, "clock-skew", 0.01, ":300s", 4.0),
];

/// A fault is planned to strike so often at the least.
const STRIKES_MIN: f64 = 5.0;

/// More than this share of the chances would leave no work.
const SHARE_MAX: f64 = 0.15;

/// What `--faults` names.
pub(crate) fn parse(text: &str) -> Result<BTreeSet<Fault>, Failure> {
    match text {
        "all" => Ok(Fault::ALL.into_iter().collect()),
        list => list
            .split(',')
            .map(|name| {
                name.trim().parse().map_err(|error| Failure::usage(format!("--faults: {error}")))
            })
            .collect(),
    }
}

/// The `--fault` flags of a cloud through which so many orders go.
pub(crate) fn flags(faults: &BTreeSet<Fault>, orders: u64) -> Vec<String> {
    let planned = |rate: &&Rate| faults.contains(&rate.fault) && rate.share > 0.0;
    let written = |rate: &Rate| {
        let chances = (orders as f64 / rate.orders_a_chance).max(1.0);
        let share = rate.share.max(STRIKES_MIN / chances).min(SHARE_MAX);
        format!("{}={share:.5}{}", rate.name, rate.time)
    };
    RATES.iter().filter(planned).map(written).collect()
}

/// How often each fault struck: what the cloud counted, and what the proof itself did.
pub(crate) fn count(
    faults: &BTreeSet<Fault>,
    cloud: &BTreeMap<String, u64>,
    own: &[(Fault, &str, u64)],
) -> Vec<FaultCount> {
    let counted = |fault: Fault| {
        let of_cloud = RATES.iter().filter(move |rate| rate.fault == fault);
        // That a process stood still is F6 only if its time was up.
        let of_cloud = of_cloud.filter(|rate| rate.fault != Fault::F6);
        let mut made_of: Vec<(String, u64)> = of_cloud
            .map(|rate| (rate.name.to_owned(), cloud.get(rate.name).copied().unwrap_or(0)))
            .collect();
        let of_us = own.iter().filter(|(of, ..)| *of == fault);
        made_of.extend(of_us.map(|(_, name, count)| ((*name).to_owned(), *count)));
        FaultCount { fault, count: made_of.iter().map(|(_, count)| count).sum(), made_of }
    };
    faults.iter().copied().map(counted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_proof_has_each_fault_five_times_and_a_long_one_the_rates() {
        let all = parse("all").unwrap();
        let short = flags(&all, 400);
        // 400 orders are 100 invocations: five of them.
        assert!(short.contains(&"response-lost=0.05000".to_owned()), "{short:?}");
        assert!(short.contains(&"sqs-timeout=0.01250".to_owned()), "{short:?}");
        let long = flags(&all, 1_000_000);
        assert!(long.contains(&"response-lost=0.01000".to_owned()), "{long:?}");
        assert!(long.contains(&"s3-slow=0.00500:800ms".to_owned()), "{long:?}");
        assert!(flags(&all, 1).contains(&"sqs-refuse=0.15000".to_owned()));
    }

    #[test]
    fn every_flag_is_one_that_the_local_cloud_knows() {
        let mut plan = localcloud::FaultPlan::none();
        for flag in flags(&parse("all").unwrap(), 1_000) {
            plan.add(&flag).unwrap();
        }
        assert_eq!(plan.rates().count(), 16);
    }

    #[test]
    fn only_what_is_listed_strikes_and_is_counted() {
        let some = parse("F1,f8").unwrap();
        assert_eq!(flags(&some, 1_000).len(), 8);
        let cloud = BTreeMap::from([("sqs-refuse".to_owned(), 7), ("s3-slow".to_owned(), 2)]);
        let counts = count(&some, &cloud, &[(Fault::F8, "more", 3), (Fault::F9, "none", 9)]);
        assert_eq!(counts.iter().map(|one| one.count).collect::<Vec<_>>(), [7, 5]);
        assert!(parse("F1,F99").unwrap_err().message.contains("--faults"));
    }
}
