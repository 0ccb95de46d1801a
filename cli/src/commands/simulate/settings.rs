//! The pipeline that the flags describe: what the template deploys, under quotas, with what has to
//! be assumed or what a run measured.

use simulator::{
    ASSUMPTIONS, Assumption, Calibration, Database, Deployed, Fault, PipelineSettings, Pollers,
    Quotas,
};

use crate::args::{SimulateArguments, SystemArguments};
use crate::failure::Failure;
use crate::system::System;

/// How long a function tries during an outage of the database before it gives up, µs: the
/// processor's own limit on a connection, 2 s.
const OUTAGE_FAILS_AFTER_US: u64 = 2_000_000;

/// What is deployed, by the template and the flags in its place.
pub(super) fn deployed(arguments: &SimulateArguments) -> Result<Deployed, Failure> {
    let system = SystemArguments {
        port: None,
        bootstrap: None,
        template: arguments.template.clone(),
        parameter: arguments.parameter.clone(),
        concurrency: arguments.concurrency,
        batch_size: arguments.batch_size,
        freeze: false,
        memory: None,
        region: arguments.region.clone(),
        fault: Vec::new(),
    };
    // The executable does not bear on it.
    let mut deployed = System::described(&system)?.deployed();
    if let Some(pollers) = pollers(&arguments.pollers)? {
        (deployed.provisioned, deployed.maximum_concurrency) = (Some(pollers), None);
    }
    Ok(deployed)
}

/// Whether a flag says something about what is deployed.
pub(super) fn says_deployed(arguments: &SimulateArguments) -> bool {
    arguments.template.is_some()
        || !arguments.parameter.is_empty()
        || arguments.concurrency.is_some()
        || arguments.batch_size.is_some()
        || !arguments.pollers.is_empty()
}

/// The pipeline: deployed, calibrated if a run was read, and then as the flags say.
pub(super) fn pipeline(
    arguments: &SimulateArguments,
    deployed: &Deployed,
    calibration: Option<&Calibration>,
) -> Result<PipelineSettings, Failure> {
    let mut settings = PipelineSettings::deployed(deployed, &quotas(&arguments.quota)?);
    if let Some(calibration) = calibration {
        calibration.apply(&mut settings);
    }
    as_flags_say(arguments, settings)
}

/// The pipeline of a run, to simulate the run again: at the pace of its time.
pub(super) fn replay(
    arguments: &SimulateArguments,
    deployed: &Deployed,
    calibration: &Calibration,
) -> Result<PipelineSettings, Failure> {
    let mut settings = PipelineSettings::deployed(deployed, &quotas(&arguments.quota)?);
    calibration.apply_to_replay(&mut settings);
    as_flags_say(arguments, settings)
}

fn as_flags_say(
    arguments: &SimulateArguments,
    mut settings: PipelineSettings,
) -> Result<PipelineSettings, Failure> {
    for written in &arguments.assume {
        assume(&mut settings, written)?;
    }
    settings.database = arguments.database.as_deref().map(database).transpose()?;
    settings.faults = arguments.fault.iter().map(|text| fault(text)).collect::<Result<_, _>>()?;
    Ok(settings)
}

fn pollers(written: &[u32]) -> Result<Option<Pollers>, Failure> {
    match written {
        [] => Ok(None),
        [minimum, maximum]
            if (2..=200).contains(minimum) && minimum <= maximum && *maximum <= 2_000 =>
        {
            Ok(Some(Pollers { minimum: *minimum, maximum: *maximum }))
        }
        _ => {
            Err(Failure::usage("--pollers must be MIN,MAX with MIN from 2 to 200 and MAX to 2000"))
        }
    }
}

fn quotas(written: &[String]) -> Result<Quotas, Failure> {
    let mut quotas = Quotas::defaults();
    for text in written {
        let (key, value) = name_value("--quota", text)?;
        let value = u32::try_from(value as i64).ok().filter(|number| *number > 0);
        let mut all = quotas.by_key();
        let keys: Vec<&str> = all.iter().map(|(key, _)| *key).collect();
        match (all.iter_mut().find(|(name, _)| *name == key), value) {
            (Some((_, quota)), Some(value)) => quota.value = value,
            (Some(_), None) => {
                return Err(Failure::usage(format!("--quota {text}: it must be 1 or more")));
            }
            (None, _) => {
                return Err(Failure::usage(format!(
                    "--quota {key}: not known; there are {}",
                    keys.join(", ")
                )));
            }
        }
    }
    Ok(quotas)
}

fn assume(settings: &mut PipelineSettings, written: &str) -> Result<(), Failure> {
    let (name, value) = name_value("--assume", written)?;
    let assumption = Assumption::named(name).ok_or_else(|| {
        let names: Vec<&str> = ASSUMPTIONS.iter().map(|one| one.name).collect();
        Failure::usage(format!("--assume {name}: not known; there are {}", names.join(", ")))
    })?;
    if !(value.is_finite() && value >= 0.0) {
        return Err(Failure::usage(format!("--assume {written}: it must be 0 or more")));
    }
    (assumption.set)(settings, value);
    Ok(())
}

fn name_value<'a>(flag: &str, written: &'a str) -> Result<(&'a str, f64), Failure> {
    let wrong =
        || Failure::usage(format!("{flag} is written NAME=VALUE with a number, not {written:?}"));
    let (name, value) = written.split_once('=').ok_or_else(wrong)?;
    Ok((name, value.parse().map_err(|_| wrong())?))
}

fn database(written: &str) -> Result<Database, Failure> {
    let parsed = written.split_once(',').and_then(|(connections, ms)| {
        let (connections, ms): (u32, f64) = (connections.parse().ok()?, ms.parse().ok()?);
        let sound = connections > 0 && ms > 0.0 && ms < 1e6;
        sound.then(|| Database { connections, order_us: (ms * 1e3).round() as u64 })
    });
    parsed.ok_or_else(|| {
        Failure::usage(format!(
            "--database is written CONNECTIONS,MS such as 80,2.5, not {written:?}"
        ))
    })
}

fn fault(written: &str) -> Result<Fault, Failure> {
    let wrong = || {
        Failure::usage(format!(
            "--fault is written database-outage=09:00/15 or slow-storage=09:00/15/200, not \
             {written:?}"
        ))
    };
    let (kind, rest) = written.split_once('=').ok_or_else(wrong)?;
    let parts: Vec<&str> = rest.split('/').collect();
    let (from, minutes) = match parts.as_slice() {
        [from, minutes] | [from, minutes, _] => (clock(from), minutes.parse::<f64>().ok()),
        _ => (None, None),
    };
    let (from_us, minutes) = from.zip(minutes).ok_or_else(wrong)?;
    let until_us = from_us + (minutes.clamp(0.0, 1e6) * 60e6) as u64;
    match (kind, parts.get(2).map(|ms| ms.parse::<f64>())) {
        ("database-outage", None) => {
            Ok(Fault::DatabaseOutage { from_us, until_us, fails_after_us: OUTAGE_FAILS_AFTER_US })
        }
        ("slow-storage", Some(Ok(ms))) if ms >= 0.0 => {
            Ok(Fault::SlowStorage { from_us, until_us, order_us: (ms * 1e3).round() as u64 })
        }
        _ => Err(wrong()),
    }
}

/// `09:30` as µs from midnight.
fn clock(written: &str) -> Option<u64> {
    let (hours, minutes) = written.split_once(':')?;
    let (hours, minutes): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some((hours * 60 + minutes) * 60_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_a_time_of_day_and_a_length() {
        let outage = fault("database-outage=09:30/15").unwrap();
        let (from_us, until_us) = (34_200_000_000, 35_100_000_000);
        let fails_after_us = 2_000_000;
        assert_eq!(outage, Fault::DatabaseOutage { from_us, until_us, fails_after_us });
        let slow = fault("slow-storage=09:30/15/0.25").unwrap();
        assert_eq!(slow, Fault::SlowStorage { from_us, until_us, order_us: 250 });
        for wrong in
            ["database-outage=24:00/1", "database-outage=9/1", "slow-storage=09:30/15", "x"]
        {
            assert!(fault(wrong).unwrap_err().message.contains("--fault"), "{wrong}");
        }
    }

    #[test]
    fn a_name_that_does_not_exist_is_answered_with_those_that_do() {
        let error = quotas(&["lambda=3".to_owned()]).unwrap_err();
        assert!(error.message.contains("lambda_account_concurrency"), "{}", error.message);
        let quotas = quotas(&["esm_ceiling=77".to_owned()]).unwrap();
        assert_eq!(quotas.esm_ceiling.value, 77);
        let mut settings = PipelineSettings::assumed(&quotas);
        let error = assume(&mut settings, "idle=3").unwrap_err();
        assert!(error.message.contains("idle_lifetime_s"), "{}", error.message);
    }
}
