//! `vazao plan`: what a profile asks for, what it costs, and whether it can be had. Nothing is sent.

mod cost;
mod curve;
mod limits;

use costmodel::Usd;
use loadgen::{ArrivalSchedule, Capacity, LoadProfile, ProfileOverrides};
use serde::Serialize;

use crate::args::PlanArguments;
use crate::commands::plan::cost::Expected;
use crate::commands::plan::curve::Demand;
use crate::commands::plan::limits::{Limit, MachineCapacity};
use crate::failure::Failure;
use crate::partners::Partners;
use crate::profiles;
use crate::system::System;

/// Exit code of a plan that asks more than a limit.
const OUT_OF_REACH: u8 = 22;

/// All that is printed, or written as JSON.
#[derive(Debug, Serialize)]
struct Plan {
    version: u32,
    profile: String,
    description: String,
    seed: u64,
    orders: u64,
    /// Time compression: seconds of the profile per second of the clock.
    speed: f64,
    shards: u64,
    demand: Demand,
    expected: Expected,
    limits: Vec<Limit>,
    /// Whether it is known what the machine that sends can do.
    capacity_checked: bool,
    possible: bool,
}

pub(crate) fn execute(arguments: &PlanArguments) -> Result<u8, Failure> {
    let flags = ProfileOverrides {
        orders: arguments.orders,
        per_day: arguments.per_day,
        speed: arguments.speed,
        seed: arguments.seed,
    };
    let profile = profiles::find(&arguments.profile)
        .and_then(|profile| profile.resolve(flags))
        .map_err(Failure::usage)?;
    check(arguments)?;
    let partners = Partners::of(&profile)?;
    let system = System::described(&arguments.system)?;
    let schedule = profile.schedule();
    let plan = make(arguments, &profile, &partners, &system, &schedule)?;
    if let Some(path) = &arguments.chart {
        // A limit that is far away would flatten the curve.
        let near = first_to_bind(&plan).filter(|(_, rate)| *rate < 3.0 * plan.demand.peak_per_s);
        let limit = near.map(|(limit, rate)| (limit.name.as_str(), rate));
        let svg = reports::plan_chart(&plan.demand.curve, limit, plan.speed)
            .map_err(Failure::internal)?;
        std::fs::write(path, svg)
            .map_err(|error| Failure::usage(format!("--chart {}: {error}", path.display())))?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&plan).map_err(Failure::internal)?);
    } else {
        print(&plan, arguments.explain);
    }
    Ok(if plan.possible { 0 } else { OUT_OF_REACH })
}

/// What the whole of a profile is expected to cost, or the most that it can.
pub(crate) fn expected_usd(profile: &LoadProfile, system: &System) -> Result<Usd, Failure> {
    let schedule = profile.schedule();
    let demand = Demand::of(&schedule);
    Ok(cost::expect(profile, &schedule, system, &demand)?.total)
}

/// What this machine can send: as the flag says, or as `vazao calibrate` found.
fn capacity(arguments: &PlanArguments) -> Result<Option<MachineCapacity>, Failure> {
    if let Some(per_s) = arguments.capacity_per_second {
        return Ok(Some(MachineCapacity { per_s, source: "--capacity-per-second".to_owned() }));
    }
    let Some(path) = Capacity::default_path().filter(|path| path.is_file()) else {
        return Ok(None);
    };
    let measured = Capacity::read(&path).map_err(Failure::usage)?;
    let day = measured.measured_at.strftime("%Y-%m-%d");
    Ok(Some(MachineCapacity {
        per_s: measured.rate_per_s_max,
        source: format!("vazao calibrate, {day}"),
    }))
}

/// The limit that is met first when the whole load grows, and the peak rate at which it is.
fn first_to_bind(plan: &Plan) -> Option<(&Limit, f64)> {
    let peak = plan.demand.peak_per_s;
    let binds_at = |limit: &Limit| limit.allowed * peak / limit.asked.max(f64::MIN_POSITIVE);
    let rates = plan.limits.iter().filter(|limit| limit.is_rate());
    rates.map(|limit| (limit, binds_at(limit))).min_by(|one, other| one.1.total_cmp(&other.1))
}

fn check(arguments: &PlanArguments) -> Result<(), Failure> {
    if arguments.shards == 0 {
        return Err(Failure::usage("--shards must be at least 1"));
    }
    match arguments.capacity_per_second {
        Some(rate) if !(rate.is_finite() && rate > 0.0) => {
            Err(Failure::usage(format!("--capacity-per-second must be above 0, not {rate}")))
        }
        Some(_) | None => Ok(()),
    }
}

fn make(
    arguments: &PlanArguments,
    profile: &LoadProfile,
    partners: &Partners,
    system: &System,
    schedule: &ArrivalSchedule,
) -> Result<Plan, Failure> {
    let demand = Demand::of(schedule);
    let mut config = system.config().clone();
    partners.apply(&mut config);
    let machine = limits::Machine { capacity: capacity(arguments)?, shards: arguments.shards };
    let capacity_checked = machine.capacity.is_some();
    let limits = limits::all(profile, partners, &config, &demand, machine);
    let possible = limits.iter().all(Limit::is_kept);
    let expected = cost::expect(profile, schedule, system, &demand)?;
    Ok(Plan {
        version: 1,
        profile: profile.name.clone(),
        description: profile.description.clone(),
        seed: profile.seed,
        orders: profile.orders,
        speed: profile.speed,
        shards: arguments.shards,
        demand,
        expected,
        limits,
        capacity_checked,
        possible,
    })
}

fn print(plan: &Plan, explain: bool) {
    let demand = &plan.demand;
    println!("vazao plan {}   {}\n", plan.profile, plan.description);
    println!(
        "  load       {} orders in {}, seed {}, {}",
        grouped(plan.orders),
        clock(demand.duration_s),
        plan.seed,
        compression(plan.speed)
    );
    println!(
        "             {:.1} orders/s on average, {} in the busiest second, {} orders an hour",
        demand.mean_per_s,
        if demand.is_counted {
            grouped(demand.peak_per_s as u64)
        } else {
            format!("{:.0}", demand.peak_per_s)
        },
        grouped(demand.per_hour.round() as u64),
    );
    if demand.largest_batch > 1 {
        println!("             up to {} orders at one instant", grouped(demand.largest_batch));
    }
    if explain {
        println!("\n{}", curve::drawing(&demand.curve, plan.speed));
    }
    cost::print(&plan.expected, explain);
    println!();
    print_limits(plan, explain);
    for limit in plan.limits.iter().filter(|limit| !limit.is_kept()) {
        eprintln!("vazao: cannot be run: {}", limit.refusal());
    }
}

/// Every limit, or those that are broken and the one that comes next.
fn print_limits(plan: &Plan, explain: bool) {
    for limit in plan.limits.iter().filter(|limit| explain || !limit.is_kept()) {
        println!("  {}", limit.line());
    }
    if !plan.capacity_checked {
        println!("  machine    what this one can send is not known: vazao calibrate measures it");
    }
    if explain {
        return;
    }
    let kept = plan.limits.iter().filter(|limit| limit.is_kept()).count();
    println!("  limits     {kept} of {} kept (--explain names them)", plan.limits.len());
    if let Some((limit, rate)) = first_to_bind(plan) {
        println!("             {} binds first, at a peak of {rate:.0} orders/s", limit.name);
    }
}

fn compression(speed: f64) -> String {
    if (speed - 1.0).abs() < f64::EPSILON {
        "in real time (--speed 1)".to_owned()
    } else {
        format!(
            "time x{speed} (--speed {speed}: arrivals are compressed, AWS's timeouts and ramps are not)"
        )
    }
}

/// Seconds as a person says them.
fn clock(seconds: f64) -> String {
    match seconds {
        hours if hours >= 7_200.0 => format!("{:.1} h", hours / 3_600.0),
        minutes if minutes >= 120.0 => format!("{:.1} min", minutes / 60.0),
        _ => format!("{seconds:.2} s"),
    }
}

fn grouped(number: u64) -> String {
    claims::words::grouped(number)
}
