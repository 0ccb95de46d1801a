//! What a plan may ask: the account's quotas, the stage, the partners' usage plans, the machine.

use loadgen::LoadProfile;
use localcloud::{CloudConfig, Throttle};
use serde::Serialize;
use simulator::Quotas;

use super::Demand;
use crate::partners::Partners;

/// The share of what a machine can send that a run may ask of it.
const MACHINE_SHARE_MAX: f64 = 0.8;

/// One limit, and what the plan asks of it.
#[derive(Debug, Serialize)]
pub(crate) struct Limit {
    /// Whose limit it is.
    pub(crate) name: String,
    /// Of what.
    pub(crate) unit: &'static str,
    /// How much the plan asks.
    pub(crate) asked: f64,
    /// How much there is.
    pub(crate) allowed: f64,
    /// What to change where it is too much.
    pub(crate) to_change: String,
}

impl Limit {
    pub(crate) fn is_kept(&self) -> bool {
        self.asked <= self.allowed
    }

    pub(crate) fn is_rate(&self) -> bool {
        self.unit == "orders/s"
    }

    pub(crate) fn line(&self) -> String {
        let mark = if self.is_kept() { "ok" } else { "XX" };
        let Self { name, unit, asked, allowed, .. } = self;
        format!("{mark} {name:<52} {} of {} {unit}", number(*asked), number(*allowed))
    }

    pub(crate) fn refusal(&self) -> String {
        let Self { name, unit, asked, allowed, to_change } = self;
        format!(
            "{name}: {} {unit}, and {} are allowed: {to_change}",
            number(*asked),
            number(*allowed)
        )
    }
}

/// Whole numbers where there are no others.
fn number(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 {
        claims::words::grouped(value.round() as u64)
    } else {
        format!("{value:.1}")
    }
}

/// The machine that is to send, or the machines.
#[derive(Debug)]
pub(crate) struct Machine {
    /// None if nobody knows it.
    pub(crate) capacity: Option<MachineCapacity>,
    pub(crate) shards: u64,
}

/// What one machine can send, and who says so.
#[derive(Debug)]
pub(crate) struct MachineCapacity {
    pub(crate) per_s: f64,
    pub(crate) source: String,
}

/// Every limit that the plan meets.
pub(crate) fn all(
    profile: &LoadProfile,
    partners: &Partners,
    config: &CloudConfig,
    demand: &Demand,
    machine: Machine,
) -> Vec<Limit> {
    let mut limits = of_account(demand);
    limits.extend(of_stage(config, demand));
    for (partner, share) in partners.shares() {
        limits.extend(of_partner(&partner, share, config, profile, demand));
    }
    limits.extend(of_machine(profile, demand, &machine));
    limits
}

fn of_account(demand: &Demand) -> Vec<Limit> {
    let quotas = Quotas::defaults();
    let (rate, burst) = (&quotas.api_gateway_throttle, &quotas.api_gateway_burst);
    vec![
        Limit {
            name: "account quota: API Gateway throttle rate".to_owned(),
            unit: "orders/s",
            asked: demand.peak_per_s,
            allowed: f64::from(rate.value),
            to_change: "lower --speed or --per-day, or ask AWS for more".to_owned(),
        },
        Limit {
            name: "account quota: API Gateway burst".to_owned(),
            unit: "orders at once",
            asked: demand.largest_batch as f64,
            allowed: f64::from(burst.value),
            to_change: "make the batches of the profile smaller".to_owned(),
        },
    ]
}

fn of_stage(config: &CloudConfig, demand: &Demand) -> Vec<Limit> {
    let throttles =
        config.api.iter().flat_map(|api| &api.routes).filter_map(|r| r.throttle.as_ref());
    throttles
        .flat_map(|throttle| {
            throttled(
                "stage",
                throttle,
                demand.peak_per_s,
                demand.largest_batch as f64,
                ["StageRateLimit", "StageBurstLimit"],
            )
        })
        .collect()
}

fn throttled(
    whose: &str,
    throttle: &Throttle,
    rate: f64,
    batch: f64,
    [rate_key, burst_key]: [&str; 2],
) -> [Limit; 2] {
    [
        Limit {
            name: format!("{whose}: rate"),
            unit: "orders/s",
            asked: rate,
            allowed: throttle.rate_per_s,
            to_change: format!("lower --speed or --per-day, or raise {rate_key}"),
        },
        Limit {
            name: format!("{whose}: burst"),
            unit: "orders at once",
            asked: batch,
            allowed: throttle.burst,
            to_change: format!("make the batches smaller, or raise {burst_key}"),
        },
    ]
}

/// A partner's share of the peak, against its own usage plan.
fn of_partner(
    partner: &str,
    share: f64,
    config: &CloudConfig,
    profile: &LoadProfile,
    demand: &Demand,
) -> Vec<Limit> {
    let Some(api) = &config.api else { return Vec::new() };
    let own = api.usage_plans.iter().find(|plan| plan.name == partner);
    let Some(plan) = own.or(api.usage_plans.first()) else { return Vec::new() };
    let keys = match own {
        Some(_) => ["rate_per_s_max of the profile", "burst_max of the profile"],
        None => ["PartnerRateLimit", "PartnerBurstLimit"],
    };
    let whose = format!("usage plan of {partner}");
    let (rate, batch) = (demand.peak_per_s * share, (demand.largest_batch as f64 * share).ceil());
    let mut limits: Vec<Limit> = plan
        .throttle
        .iter()
        .flat_map(|throttle| throttled(&whose, throttle, rate, batch, keys))
        .collect();
    if let Some(quota) = &plan.quota {
        let days = (demand.duration_s / 86_400.0).max(1.0);
        limits.push(Limit {
            name: format!("{whose}: quota"),
            unit: "orders a period",
            asked: (profile.orders as f64 * share / days).round(),
            allowed: quota.limit as f64,
            to_change: "lower --orders, or raise PartnerDailyQuota".to_owned(),
        });
    }
    limits
}

fn of_machine(profile: &LoadProfile, demand: &Demand, machine: &Machine) -> Vec<Limit> {
    let each = demand.peak_per_s / machine.shards as f64;
    let mut limits = vec![Limit {
        name: "profile: in_flight_max".to_owned(),
        unit: "orders at once",
        asked: (demand.largest_batch as f64 / machine.shards as f64).ceil(),
        allowed: profile.in_flight_max as f64,
        to_change: "raise in_flight_max, or the generator is the bottleneck".to_owned(),
    }];
    if let Some(capacity) = &machine.capacity {
        limits.push(Limit {
            name: format!(
                "machine: {:.0} % of what it can send ({})",
                MACHINE_SHARE_MAX * 100.0,
                capacity.source
            ),
            unit: "orders/s",
            asked: each,
            allowed: capacity.per_s * MACHINE_SHARE_MAX,
            to_change: "lower --speed, or send from more machines (--shards)".to_owned(),
        });
    }
    limits
}
