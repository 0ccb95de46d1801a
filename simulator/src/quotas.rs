//! The quotas of AWS, read from `simulator/quotas.toml`.

use serde::Deserialize;

const FILE: &str = include_str!("../quotas.toml");

/// One quota.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// AWS's name of it, with its unit.
    pub name: String,
    /// Its default.
    pub value: u32,
    /// Whether AWS raises it on request.
    pub adjustable: bool,
    /// The page that says so.
    pub page: String,
}

/// The quotas that bound the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each says its own name")]
pub struct Quotas {
    pub api_gateway_throttle: Quota,
    pub api_gateway_burst: Quota,
    pub sqs_in_flight: Quota,
    pub esm_start: Quota,
    pub esm_ramp_per_min: Quota,
    pub esm_ceiling: Quota,
    pub provisioned_ramp_per_min: Quota,
    pub provisioned_per_poller: Quota,
    pub lambda_account_concurrency: Quota,
    pub lambda_environments_per_10_s: Quota,
}

impl Quotas {
    /// The defaults of an account.
    ///
    /// # Panics
    /// If the file that is compiled in is none; a test reads it.
    pub fn defaults() -> Self {
        #[expect(clippy::expect_used, reason = "compiled in, and read by a test")]
        toml::from_str(FILE).expect("simulator/quotas.toml")
    }

    /// Each, by its key in the file.
    pub fn by_key(&mut self) -> [(&'static str, &mut Quota); 10] {
        [
            ("api_gateway_throttle", &mut self.api_gateway_throttle),
            ("api_gateway_burst", &mut self.api_gateway_burst),
            ("sqs_in_flight", &mut self.sqs_in_flight),
            ("esm_start", &mut self.esm_start),
            ("esm_ramp_per_min", &mut self.esm_ramp_per_min),
            ("esm_ceiling", &mut self.esm_ceiling),
            ("provisioned_ramp_per_min", &mut self.provisioned_ramp_per_min),
            ("provisioned_per_poller", &mut self.provisioned_per_poller),
            ("lambda_account_concurrency", &mut self.lambda_account_concurrency),
            ("lambda_environments_per_10_s", &mut self.lambda_environments_per_10_s),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_pages() {
        let quotas = Quotas::defaults();
        assert_eq!(quotas.esm_ceiling.value, 1_250);
        assert_eq!(quotas.lambda_account_concurrency.value, 1_000);
        assert!(!quotas.esm_ramp_per_min.adjustable);
    }

    #[test]
    fn every_quota_of_the_file_has_its_key() {
        let file: toml::Table = toml::from_str(FILE).unwrap();
        let mut quotas = Quotas::defaults();
        let by_key = quotas.by_key();
        assert_eq!(file.len(), by_key.len());
        for (key, quota) in by_key {
            assert_eq!(file[key]["name"].as_str(), Some(quota.name.as_str()));
        }
    }
}
