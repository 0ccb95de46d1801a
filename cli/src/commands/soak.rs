//! `vazao soak`: a long steady run, its gates, and the nights before.

use loadgen::{LoadProfile, ProfileOverrides, Shape};

use super::{check, run};
use crate::args::{RunArguments, ShardArguments, SoakArguments};
use crate::failure::Failure;
use crate::profiles;

/// A soak that lasts less tells no leak, minutes.
const MINUTES_MIN: f64 = 1.0;

/// The share of a shortened soak in which its rate is reached, and left.
const RAMP_SHARE: f64 = 0.02;

pub(crate) fn execute(arguments: &SoakArguments) -> Result<u8, Failure> {
    // What is wrong with the limits is said before the night, not after it.
    check::limits(arguments.gates.gates.as_deref())?;
    let minutes = arguments.minutes.or(arguments.hours.map(|hours| 60.0 * hours));
    let profile = profiles::find("soak").map_err(Failure::usage)?;
    let profile = match minutes {
        Some(minutes) => shortened(profile, minutes)?,
        None => profile,
    };
    let flags =
        ProfileOverrides { orders: arguments.orders, seed: arguments.seed, ..<_>::default() };
    let profile = profile.resolve(flags).map_err(Failure::usage)?;
    let as_run = RunArguments {
        profile: profile.name.clone(),
        orders: None,
        per_day: None,
        speed: None,
        seed: None,
        out: arguments.out.clone(),
        drain_timeout: arguments.drain_timeout,
        database: None,
        keep_cloud: false,
        stack: String::new(),
        meters_after: 0,
        json: false,
        shards: ShardArguments::default(),
        system: arguments.system.clone(),
    };
    let ended = run::run(&as_run, profile, arguments.json)?;
    let checked = check::check_run(&ended.root, &arguments.gates, arguments.json)?;
    // A stopped soak says that it was, unless something worse is found.
    let was_stopped = matches!(ended.exit_code, 130 | 143);
    Ok(if was_stopped && checked == 21 { ended.exit_code } else { checked })
}

/// The same rate for another time.
fn shortened(mut profile: LoadProfile, minutes: f64) -> Result<LoadProfile, Failure> {
    if !(minutes.is_finite() && minutes >= MINUTES_MIN) {
        return Err(Failure::usage(format!(
            "--minutes or --hours: a soak lasts at least {MINUTES_MIN} minute, not {minutes}"
        )));
    }
    let Shape::Soak { duration_s, ramp_s } = profile.shape else {
        return Err(Failure::internal("the profile soak is no soak"));
    };
    let per_s = profile.orders as f64 / (duration_s - ramp_s);
    let duration_s = minutes * 60.0;
    let ramp_s = ramp_s.min(duration_s * RAMP_SHARE);
    profile.orders = (per_s * (duration_s - ramp_s)).round().max(1.0) as u64;
    profile.shape = Shape::Soak { duration_s, ramp_s };
    Ok(profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_soak_has_the_rate_of_the_long_one() {
        let long = profiles::find("soak").unwrap();
        let short = shortened(long.clone(), 10.0).unwrap();
        // 1,000,000 orders in 86,400 s, 600 s of which are each half a ramp: 11.655/s; 600 s less 12.
        assert_eq!(short.orders, 6_853);
        assert_eq!(short.shape, Shape::Soak { duration_s: 600.0, ramp_s: 12.0 });
        let [long, short] = [long, short].map(|profile| profile.schedule().peak_rate_per_s());
        assert!((long / short - 1.0).abs() < 1e-3, "{long} {short}");
    }

    #[test]
    fn a_time_that_is_none_names_the_flag() {
        for minutes in [0.0, -5.0, f64::NAN, f64::INFINITY] {
            let long = profiles::find("soak").unwrap();
            assert!(shortened(long, minutes).unwrap_err().message.contains("--minutes"));
        }
    }
}
