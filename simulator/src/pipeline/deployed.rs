//! What a template deploys, as far as it bears on throughput: the part of a pipeline that is known
//! and not assumed.

use serde::{Deserialize, Serialize};

use super::settings::{EventSourceMapping, PipelineSettings};
use crate::Quotas;

/// The settings of a deployed pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployed {
    /// The stage's or method's throttle, requests a second; none leaves the account's.
    pub gateway_rate_per_s: Option<f64>,
    /// What it lets through at once, requests.
    pub gateway_burst: Option<f64>,
    /// `VisibilityTimeout` of the queue, ms.
    pub visibility_timeout_ms: u64,
    /// `maxReceiveCount` of its redrive policy, at least 1.
    pub max_receive_count: u32,
    /// `BatchSize` of the event source mapping.
    pub batch_size: u32,
    /// `MaximumBatchingWindowInSeconds`, ms.
    pub batch_window_ms: u64,
    /// `MaximumConcurrency`, when it is set.
    pub maximum_concurrency: Option<u32>,
    /// `ProvisionedPollerConfig`, when it is set.
    pub provisioned: Option<Pollers>,
    /// `MemorySize` of the function, MB.
    pub memory_mb: u32,
    /// `Timeout` of the function, ms.
    pub timeout_ms: u64,
    /// `ReservedConcurrentExecutions`, when it is set.
    pub reserved_concurrency: Option<u32>,
}

/// Event pollers of provisioned mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pollers {
    /// At least.
    pub minimum: u32,
    /// At most.
    pub maximum: u32,
}

impl PipelineSettings {
    /// What is deployed, under the quotas of an account; the function's times, cold starts and
    /// failures are assumed, as in [`PipelineSettings::assumed`].
    pub fn deployed(deployed: &Deployed, quotas: &Quotas) -> Self {
        let mut settings = Self::assumed(quotas);
        let least = |of: Option<f64>, quota: f64| of.map_or(quota, |own| own.min(quota));
        settings.gateway_rate_per_s =
            least(deployed.gateway_rate_per_s, settings.gateway_rate_per_s);
        settings.gateway_burst = least(deployed.gateway_burst, settings.gateway_burst);
        settings.visibility_timeout_us = deployed.visibility_timeout_ms * 1_000;
        settings.max_receive_count = u16::try_from(deployed.max_receive_count).unwrap_or(u16::MAX);
        settings.mapping = EventSourceMapping::deployed(deployed, quotas);
        let function = &mut settings.function;
        function.memory_mb = deployed.memory_mb;
        function.timeout_us = deployed.timeout_ms * 1_000;
        function.concurrency_max =
            deployed.reserved_concurrency.unwrap_or(function.concurrency_max);
        settings
    }
}

impl EventSourceMapping {
    fn deployed(deployed: &Deployed, quotas: &Quotas) -> Self {
        let mode = match deployed.provisioned {
            Some(pollers) => Self::provisioned(quotas, pollers.minimum, pollers.maximum),
            None => Self::standard(quotas),
        };
        Self {
            batch_size: deployed.batch_size,
            batch_window_us: deployed.batch_window_ms * 1_000,
            // The two exclude each other.
            maximum_concurrency: deployed
                .maximum_concurrency
                .filter(|_| deployed.provisioned.is_none()),
            ..mode
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOYED: Deployed = Deployed {
        gateway_rate_per_s: Some(700.0),
        gateway_burst: Some(90_000.0),
        visibility_timeout_ms: 31_000,
        max_receive_count: 6,
        batch_size: 9,
        batch_window_ms: 2_000,
        maximum_concurrency: Some(17),
        provisioned: None,
        memory_mb: 384,
        timeout_ms: 5_500,
        reserved_concurrency: Some(40),
    };

    #[test]
    fn each_setting_goes_to_its_own_place_and_quotas_bound_what_is_asked_for() {
        let settings = PipelineSettings::deployed(&DEPLOYED, &Quotas::defaults());
        // The account's burst is 5,000 whatever a stage asks for.
        assert_eq!((settings.gateway_rate_per_s, settings.gateway_burst), (700.0, 5_000.0));
        assert_eq!((settings.visibility_timeout_us, settings.max_receive_count), (31_000_000, 6));
        let mapping = &settings.mapping;
        assert_eq!((mapping.batch_size, mapping.batch_window_us), (9, 2_000_000));
        assert_eq!((mapping.maximum_concurrency, mapping.start), (Some(17), 5));
        let function = &settings.function;
        assert_eq!((function.memory_mb, function.timeout_us), (384, 5_500_000));
        assert_eq!((function.concurrency_max, settings.concurrency_max()), (40, 17));
    }

    #[test]
    fn provisioned_pollers_make_ten_invocations_each() {
        let pollers = Pollers { minimum: 3, maximum: 8 };
        let deployed =
            Deployed { provisioned: Some(pollers), maximum_concurrency: None, ..DEPLOYED };
        let mapping = PipelineSettings::deployed(&deployed, &Quotas::defaults()).mapping;
        assert_eq!((mapping.start, mapping.ceiling, mapping.ramp_per_min), (30, 80, 1_000));
    }
}
