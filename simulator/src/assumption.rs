//! What AWS does not document and what nobody has measured, by name: its value, the range in which
//! it may lie, and so how much results depend on it.

use crate::{PipelineSettings, QuantileTable};

/// A number that a simulation has to assume.
pub struct Assumption {
    /// Its name, with its unit last.
    pub name: &'static str,
    /// What it is, and why it is not known.
    pub about: &'static str,
    /// The range in which it may lie.
    pub range: [f64; 2],
    /// Reads it.
    pub get: fn(&PipelineSettings) -> f64,
    /// Sets it.
    pub set: fn(&mut PipelineSettings, f64),
}

/// Every one.
pub const ASSUMPTIONS: &[Assumption] = &[
    Assumption {
        name: "idle_lifetime_s",
        about: "how long an idle environment lives; AWS does not document it",
        // 5 to 45 minutes: what publications on Lambda have measured lies between.
        range: [300.0, 2_700.0],
        get: |settings| settings.function.idle_lifetime_us as f64 / 1e6,
        set: |settings, value| settings.function.idle_lifetime_us = whole(value * 1e6),
    },
    Assumption {
        name: "scale_in_per_s",
        about: "how fast the event source mapping scales in; AWS does not document it",
        range: [0.5, 50.0],
        get: |settings| settings.mapping.scale_in_per_s,
        set: |settings, value| settings.mapping.scale_in_per_s = value,
    },
    Assumption {
        name: "throttle_pause_ms",
        about: "the first pause after a throttle, which then doubles; AWS does not document it",
        range: [10.0, 1_000.0],
        get: |settings| settings.mapping.throttle_pause_us as f64 / 1e3,
        set: |settings, value| settings.mapping.throttle_pause_us = whole(value * 1e3).max(1),
    },
    Assumption {
        name: "poll_ms",
        about: "from a deletion to the next batch of the same poller; AWS does not document it",
        range: [0.0, 20.0],
        get: |settings| settings.mapping.poll_us as f64 / 1e3,
        set: |settings, value| settings.mapping.poll_us = whole(value * 1e3),
    },
    Assumption {
        name: "cold_start_ms",
        about: "what a cold start adds; measure it",
        range: [10.0, 500.0],
        get: |settings| settings.function.cold_start.mean_us() / 1e3,
        set: |settings, value| {
            settings.function.cold_start = QuantileTable::constant(narrow(value * 1e3));
        },
    },
    Assumption {
        name: "service_factor",
        about: "the function's times, multiplied; measure them where it is deployed",
        range: [0.5, 2.0],
        get: |_| 1.0,
        set: |settings, value| settings.function.service = settings.function.service.scaled(value),
    },
    Assumption {
        name: "order_failure_probability",
        about: "the chance that an order fails and is tried again; measure it",
        range: [0.0, 0.01],
        get: |settings| settings.function.order_failure_probability,
        set: |settings, value| settings.function.order_failure_probability = value.clamp(0.0, 1.0),
    },
    Assumption {
        name: "duplicate_probability",
        about: "the chance that a deleted message comes again; SQS does not say",
        range: [0.0, 0.001],
        get: |settings| settings.duplicate_probability,
        set: |settings, value| settings.duplicate_probability = value.clamp(0.0, 1.0),
    },
];

impl Assumption {
    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ASSUMPTIONS.iter().find(|assumption| assumption.name == name)
    }
}

/// A number of µs that was written with a fraction; negative is nothing.
fn whole(us: f64) -> u64 {
    us.round().max(0.0) as u64
}

fn narrow(us: f64) -> u32 {
    us.round().max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Quotas;

    #[test]
    fn what_is_set_is_what_is_read_and_nothing_else_changes() {
        let before = PipelineSettings::assumed(&Quotas::defaults());
        for assumption in ASSUMPTIONS.iter().filter(|one| one.name != "service_factor") {
            let mut settings = before.clone();
            (assumption.set)(&mut settings, assumption.range[1]);
            let name = assumption.name;
            assert!(
                ((assumption.get)(&settings) / assumption.range[1] - 1.0).abs() < 1e-9,
                "{name}"
            );
            for other in ASSUMPTIONS.iter().filter(|other| other.name != name) {
                assert_eq!((other.get)(&settings), (other.get)(&before), "{name} {}", other.name);
            }
        }
    }

    #[test]
    fn a_factor_multiplies_the_times() {
        let mut settings = PipelineSettings::assumed(&Quotas::defaults());
        let before = settings.function.service.mean_us(3);
        (ASSUMPTIONS[5].set)(&mut settings, 2.0);
        assert!((settings.function.service.mean_us(3) / before - 2.0).abs() < 1e-3);
    }
}
